//! What came of an import, as a person in the shop sees it: files are dropped, read about, corrected and dropped again.

use std::path::{Path, PathBuf};

use crate::systole::{Systole, root};

const FILE: &str = "product-import_spring_01.csv";
const HEADER: &str = "sku,attribute_set_code,product_type,name,price,description";

/// Writes a file of products into a folder of its own.
fn write(systole: &Systole, folder: &str, text: &str) -> PathBuf {
    let path = systole.folder(folder).join(FILE);
    std::fs::write(&path, text).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_broken_file_is_read_about_corrected_and_dropped_again() {
    let systole = Systole::new();
    let rows =
        "A-1,Default,simple,Apple,1.50,\nB-1,Default,simple,Bread,\"1,20\",+49 170 1234567\n,Default,simple,None,1,\n";
    let broken = write(&systole, "broken", &format!("{HEADER}\n{rows}"));

    let checked = systole.run(&["import", "validate", text(&broken)]);
    assert_eq!(checked.code, Some(13), "{checked}");
    assert!(checked.stdout.contains(&format!("{FILE}:3: column `price`: `1,20` is not a number")), "{checked}");
    assert!(checked.stdout.contains(&format!("{FILE}:4: column `sku`: is empty (row skipped)")), "{checked}");
    assert_eq!(systole.run(&["catalog", "export"]).stdout, "");

    let ran = systole.run(&["import", "run", text(&broken)]);
    assert_eq!(ran.code, Some(13), "{ran}");
    assert!(ran.stdout.contains(": success with findings after "), "{ran}");
    let listed = systole.run(&["pipeline", "list"]);
    assert!(listed.stdout.contains("catalog_import  success with findings"), "{listed}");
    let shown = systole.run(&["import", "show", "spring"]);
    assert!(shown.stdout.contains("verdict  2 of 3 rows were skipped"), "{shown}");

    let errors = systole.run(&["import", "errors", "spring"]);
    assert_eq!(errors.code, Some(0), "{errors}");
    assert!(errors.stdout.contains("'+49 170 1234567"), "{errors}");
    let corrected =
        errors.stdout.replace("\"1,20\"", "1.20").replace(",,Default,simple,None", ",C-1,Default,simple,None");
    let corrected = write(&systole, "corrected", &corrected);
    let ran = systole.run(&["import", "run", text(&corrected)]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("rows     2: 2 created"), "{ran}");
    let bread = systole.json(&["catalog", "show", "B-1"]);
    assert!(bread.to_string().contains("\"+49 170 1234567\""), "{bread}");

    let none = systole.run(&["import", "errors", "spring"]);
    assert!(none.code == Some(1) && none.stderr.contains("no row of the import of pipeline"), "{none}");
    let history = systole.json(&["import", "history"]);
    let statuses: Vec<_> = history["imports"].as_array().unwrap().iter().map(|row| row["status"].as_str()).collect();
    assert_eq!(statuses, [Some("imported"), Some("imported_with_findings")]);
}

#[test]
fn a_dry_run_counts_and_writes_nothing() {
    let systole = Systole::new();
    let first = write(&systole, "first", &format!("{HEADER}\nA-1,Default,simple,Apple,1.50,\n"));
    assert_eq!(systole.run(&["import", "run", text(&first)]).code, Some(0));
    let catalogue = systole.run(&["import", "export", "products"]).stdout;
    let rows = "A-1,Default,simple,Apple,1.75,\nB-1,Default,simple,Bread,1,\nC-1,Default,simple,Cherry,\"1,20\",\n";
    let second = write(&systole, "second", &format!("{HEADER}\n{rows}"));
    let ran = systole.run(&["import", "run", "--dry-run", text(&second)]);
    assert_eq!(ran.code, Some(13), "{ran}");
    let counts = "rows     3: would create 1, update 1, leave 0 unchanged, delete 0; 1 skipped; nothing is written";
    assert!(ran.stdout.contains(counts), "{ran}");
    assert_eq!(systole.run(&["import", "export", "products"]).stdout, catalogue);
    assert!(second.exists() && systole.dropped().is_empty(), "the files stay where they are");
    assert_eq!(systole.json(&["import", "history"])["imports"][0]["status"], "unpublished");
    let ran = systole.run(&["import", "run", text(&second)]);
    assert!(ran.stdout.contains("rows     3: 1 created, 1 updated, 0 unchanged, 1 skipped"), "{ran}");
}

#[test]
fn an_import_that_fails_ends_with_3_and_one_of_which_nothing_comes_with_13() {
    let systole = Systole::new();
    let unreadable = write(&systole, "unreadable", "name,price\nApple,1\n");
    let ran = systole.run(&["import", "run", text(&unreadable)]);
    assert_eq!(ran.code, Some(3), "{ran}");
    let shown = systole.run(&["import", "show", "spring"]);
    assert!(shown.stdout.contains("next     correct the files and drop all of them again"), "{shown}");
    assert_eq!(systole.run(&["import", "validate", text(&unreadable)]).code, Some(3));
    let cases = root().join("../shared/samples/reports/imports/all-rows-skipped");
    for case in ["56-drop1", "70-drop1"] {
        let ran = systole.run(&["import", "run", text(&cases.join(case).join("product-import_t_01.csv"))]);
        assert_eq!(ran.code, Some(13), "{ran}");
        assert!(ran.stdout.contains("every row skipped, the report says why"), "{ran}");
    }
    assert_eq!(systole.run(&["import", "run"]).code, Some(2));
}

#[test]
fn an_ok_file_releases_what_lies_in_the_drop_area() {
    let systole = Systole::new();
    let file = write(&systole, "files", &format!("{HEADER}\nA-1,Default,simple,Apple,1.50,\n"));
    let dropped = systole.run(&["import", "drop", "--no-ok", "--no-wait", text(&file)]);
    assert_eq!(dropped.code, Some(0), "{dropped}");
    let unknown = systole.run(&["import", "ok-file", "summer"]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains(FILE), "{unknown}");
    let ran = systole.run(&["import", "ok-file", "spring"]);
    assert!(ran.code == Some(0) && ran.stdout == "wrote product-import_spring.ok for 1 file\n", "{ran}");
    let again = systole.run(&["import", "ok-file", FILE]);
    assert!(again.code == Some(0) && again.stdout == "ok files release them already\n", "{again}");
    assert_eq!(systole.dropped(), ["product-import_spring.ok", FILE]);
}

/// The second drop comes while the first waits for its import.
#[test]
fn a_drop_answers_for_its_own_files_when_another_one_uses_their_name() {
    let systole = Systole::new();
    let row = |number: usize| format!("S-{number},Default,simple,Thing {number},1.50,\n");
    let many: String = (0..20_000).map(row).collect();
    let large = write(&systole, "large", &format!("{HEADER}\n{many}"));
    let small = write(&systole, "small", &format!("{HEADER}\nA-1,Default,simple,Apple,1.50,\n"));
    let first = systole.start(&["import", "run", text(&large)]);
    first.line("which pipeline took the file", |line| line.starts_with("pipeline "));
    let second = systole.run(&["import", "drop", "--no-wait", text(&small)]);
    assert_eq!(second.code, Some(0), "{second}");
    let first = first.end();
    assert_eq!(first.code, Some(0), "{first}");
    assert!(first.stdout.contains("rows     20000: 20000 created"), "{first}");
}
