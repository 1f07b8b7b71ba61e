//! Things that are wrong: each with a clear word in the right place, nothing lost, everything else going on.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use pipeline::Priority;
use serde_json::{Value, json};
use store::queue::{MAX_RECEIVES, Outgoing};
use store_embedded::Options;
use tokio::runtime::Runtime;

use crate::systole::{Ran, Systole, fixture, names, program};

const HEADER: &str = "sku,attribute_set_code,product_type,name,price";

/// A definition that is fine.
const FINE: &str = r#"<config>
    <pipeline name="fine" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="a" executorType="archive" sortOrder="10"/>
    </pipeline>
</config>"#;

#[test]
fn a_broken_definition_is_told_by_place_and_the_others_go_on() {
    for (xml, expected) in [
        ("<config>\n    <pipeline name=\"half\"\n</config>", "broken.xml:3:9: an attribute needs `=` and a value"),
        (
            "<config><pipeline name=\"p\">\n<step name=\"a\" executorType=\"archiv\" sortOrder=\"10\"/></pipeline></config>",
            "broken.xml:2:30: step `a`: there is no executor `archiv` (expected ",
        ),
        (
            "<config><pipeline name=\"p\" expire-in=\"2 hourz\">\n<step name=\"a\" executorType=\"archive\" sortOrder=\"10\"/></pipeline></config>",
            "broken.xml:1:39: pipeline `p`: `2 hourz` is not a duration (example: `2 hours`)",
        ),
        (
            "<config><pipeline name=\"p\">\n<step name=\"a\" executorType=\"archive\" sortOrder=\"10\" expireIn=\"soon\"/></pipeline></config>",
            "broken.xml:2:64: step `a`: `soon` is not a duration (example: `2 hours`)",
        ),
    ] {
        let systole = Systole::new();
        systole.overlay("broken.xml", xml);
        systole.overlay("fine.xml", FINE);
        let listed = systole.json(&["pipeline", "list", "--definitions"]);
        let [problem] = &listed["problems"].as_array().unwrap()[..] else { panic!("{listed}") };
        assert!(problem.as_str().unwrap().starts_with(expected), "{problem}");
        let listed: Vec<_> = listed["definitions"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
        assert!(listed.contains(&json!("catalog_import")) && listed.contains(&json!("fine")), "{listed:?}");
        assert_eq!(systole.json(&["heartbeat"])["problems"], json!([problem]));

        let ran = systole.run(&["pipeline", "init", "p"]);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains(expected), "{ran}");
        systole.json(&["pipeline", "init", "fine"]);
        systole.json(&["import", "drop", &fixture("header-only")]);
    }
}

/// What becomes of a file that has something wrong with it: the exit code, what is said of it, and how many of its rows are
/// usable and skipped.
#[test]
fn a_broken_file_is_told_by_line_and_its_usable_rows_are_imported() {
    for (case, code, expected, created, skipped) in [
        ("ragged-row", 13, "product-import_ragged_01.csv:3: expected 5 columns, found 4", 2, 2),
        (
            "invalid-utf8",
            13,
            "product-import_latin1_01.csv:3: character 4 of the cell in column `name` is not UTF-8",
            2,
            1,
        ),
        (
            "store-view-first",
            13,
            "product-import_views_01.csv:2: product `A-1` does not exist; a row for store view `de` cannot create it",
            1,
            2,
        ),
        ("header-only", 13, "", 0, 0),
        ("unterminated-quote", 3, "product-import_quote_01.csv:3: a quoted cell starts here and never ends", 0, 0),
        ("missing-sku-column", 3, "product-import_nosku_01.csv:1: the header has no column `sku`", 0, 0),
        ("empty-file", 3, "product-import_empty_01.csv:1: the file is empty, but a header row was expected", 0, 0),
    ] {
        let systole = Systole::new();
        let ran = systole.run(&["--json", "import", "drop", &fixture(case)]);
        assert_eq!(ran.code, Some(code), "{ran}");
        let pipeline = &ran.json()["pipelines"][0];
        let id = pipeline["id"].as_str().unwrap();
        let report = std::fs::read_to_string(systole.files().join("archive").join(id).join("report.txt")).unwrap();
        assert!(report.contains(expected), "{case}: {report}");
        let totals = pipeline["steps"].as_array().unwrap().iter().find_map(|step| step["output"].get("totals"));
        if matches!(code, 0 | 13) {
            assert_eq!(totals.unwrap()["created"], created, "{case}");
            assert_eq!(totals.unwrap()["skipped"], skipped, "{case}");
        } else {
            assert!(step(pipeline, "validate")["message"].as_str().unwrap().contains(expected), "{case}: {pipeline:#}");
            assert_eq!(step(pipeline, "import_products")["status"], "cancelled");
            assert_eq!(
                step(pipeline, "import_products")["waits_for"],
                json!(["step `validate` before it did not succeed"])
            );
            assert_eq!(step(pipeline, "report")["status"], "success");
            assert_eq!(systole.run(&["catalog", "export"]).stdout, "");
            // It is not lost, and the command says where it is.
            let files = systole.files().join("work").join(id).join("files");
            let dropped = names(fixture(case).as_ref());
            assert!(dropped.iter().all(|name| names(&files).contains(name)), "{case}: {:?}", names(&files));
            let people = systole.run(&["pipeline", "details", id]).stdout;
            assert!(people.contains(files.to_str().unwrap()), "{people}");
        }
        assert_eq!(systole.dropped(), Vec::<String>::new());
    }
}

#[test]
fn a_file_without_ok_file_waits_and_goes_on_when_there_is_one() {
    let systole = Systole::new();
    let ran = systole.run(&["import", "drop", "--no-ok", &fixture("header-only")]);
    assert_eq!(ran.code, Some(4), "{ran}");
    let expected = "no ok file for `product-import_header_01.csv`; expected `product-import.ok`, \
                    `product-import_header.ok` or `product-import_header_01.ok`";
    for part in expected.split("; ") {
        assert!(ran.stdout.contains(part), "{ran}");
    }
    let listed = systole.json(&["import", "list"]);
    assert_eq!(listed[0]["key"], "incoming/product-import_header_01.csv");
    assert_eq!(listed[0]["waits_for"], expected);

    let ok_file = systole.folder("later").join("product-import_header.ok");
    std::fs::write(&ok_file, "").unwrap();
    let imported = systole.json(&["import", "drop", ok_file.to_str().unwrap()]);
    assert_eq!(imported["dropped"]["files"], json!(["product-import_header_01.csv"]));
    assert_eq!(imported["pipelines"][0]["status"], "success");
}

#[test]
fn a_bunch_waits_for_its_second_file_and_goes_on_when_it_comes() {
    let systole = Systole::new();
    let folder = systole.folder("files");
    let [first, second] = ["product-import_late_01.csv", "product-import_late_02.csv"];
    std::fs::write(folder.join(first), format!("{HEADER}\nA-1,Default,simple,One,1\n")).unwrap();
    std::fs::write(folder.join("product-import_late.ok"), format!("{first}\n{second}\n")).unwrap();
    let ran = systole.run(&["--json", "import", "drop", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(4), "{ran}");
    let expected = json!({ first: format!("`product-import_late.ok` line 2 names `{second}`, which has not arrived") });
    assert_eq!(ran.json()["waiting"], expected);

    let folder = systole.folder("later");
    std::fs::write(folder.join(second), format!("{HEADER}\nA-2,Default,simple,Two,2\n")).unwrap();
    let imported = systole.json(&["import", "drop", folder.to_str().unwrap()]);
    // The ok file that lies there names it, so none is written.
    assert_eq!(imported["dropped"]["ok_files"], json!([]));
    let archive = systole.files().join("archive").join(imported["pipelines"][0]["id"].as_str().unwrap());
    assert_eq!(names(&archive.join("files")), ["product-import_late.ok", first, second]);
    assert_eq!(systole.run(&["catalog", "export"]).stdout.lines().count(), 2);
}

#[test]
fn files_dropped_one_after_the_other_without_ok_files_are_all_imported() {
    let systole = Systole::new();
    let folder = systole.folder("files");
    for number in 1..=3 {
        let file = folder.join(format!("product-import_single_0{number}.csv"));
        std::fs::write(&file, format!("{HEADER}\nA-{number},Default,simple,One {number},1\n")).unwrap();
        systole.json(&["import", "drop", "--no-wait", file.to_str().unwrap()]);
    }
    let imported = systole.run(&["--json", "import", "drop", &fixture("header-only")]).json();
    assert_eq!(imported["pipelines"][0]["status"], "success");
    // It waited for its own import only; the others have begun.
    for _ in 0..3 {
        systole.json(&["heartbeat"]);
        systole.json(&["run"]);
    }
    assert_eq!(systole.dropped(), Vec::<String>::new());
    assert_eq!(systole.run(&["catalog", "export"]).stdout.lines().count(), 3);
}

#[test]
fn an_ok_file_that_cannot_be_understood_is_told_by_line() {
    let systole = Systole::new();
    let area = systole.drop_area();
    std::fs::copy(
        format!("{}/product-import_header_01.csv", fixture("header-only")),
        area.join("product-import_header_01.csv"),
    )
    .unwrap();
    std::fs::write(area.join("product-import_header.ok"), "product-import_header_01.csv\nall of them\n").unwrap();
    systole.json(&["heartbeat"]);
    let expected = "`product-import_header.ok` line 2: `all of them` is not the name of an import file \
                    (example: `product-import_20260801-120000_01.csv`)";
    for arrival in systole.json(&["import", "list"]).as_array().unwrap() {
        assert_eq!(arrival["waits_for"], expected, "{arrival}");
    }
    // Mended, it goes on.
    std::fs::write(area.join("product-import_header.ok"), "product-import_header_01.csv\n").unwrap();
    assert_eq!(systole.json(&["heartbeat"])["spawned"].as_array().unwrap().len(), 1);
}

#[test]
fn every_file_of_the_drop_area_says_what_becomes_of_it() {
    let systole = Systole::new();
    let area = systole.drop_area();
    for (name, _) in FATES {
        std::fs::write(area.join(name), HEADER).unwrap();
    }
    systole.json(&["heartbeat"]);
    let listed = systole.json(&["import", "list"]);
    for (name, expected) in FATES {
        let key = format!("incoming/{name}");
        let arrival = listed.as_array().unwrap().iter().find(|arrival| arrival["key"] == key.as_str()).unwrap();
        let reason = arrival["waits_for"].as_str().unwrap_or_default();
        assert!(reason.starts_with(expected), "{name}: {reason}");
    }
    // Whoever takes a file away again leaves no trace of it.
    std::fs::remove_file(area.join("notes.txt")).unwrap();
    assert_eq!(systole.json(&["import", "list"]).as_array().unwrap().len(), FATES.len() - 1);
}

const FATES: [(&str, &str); 5] = [
    ("notes.txt", "no pipeline takes files named `notes_…` (taken are: `advanced_pricing_…`, `attribute-import_…`, "),
    ("video-import_x_01.csv", "no pipeline takes files named `video-import_…`"),
    ("product-import_x.csv", "`product-import_x.csv` is not the name of an import file: it has only one underscore"),
    ("product-import_x_01.csv", "no ok file for `product-import_x_01.csv`"),
    ("product-import_y_01.csv.part", "it is neither a CSV nor an ok file"),
];

#[test]
fn a_message_that_nobody_understands_ends_in_the_dead_letters_and_others_go_on() {
    let newer = json!({ "schema": 2, "whole": "catalogue" }).to_string();
    for (body, expected) in [
        ("no json", "message `no json` is no step message: expected ident at line 1 column 2"),
        (newer.as_str(), "message has schema 2; this version knows 1"),
    ] {
        let systole = Systole::new();
        send(&systole, body);
        for delivery in 1..=MAX_RECEIVES {
            let ran = systole.run(&["--json", "run"]);
            assert_eq!(ran.code, Some(1), "{ran}");
            assert_eq!(ran.json(), json!({ "messages": 0, "failed": 1 }));
            let told = format!("was not dealt with, delivery {delivery} of {MAX_RECEIVES}: {expected}");
            assert!(ran.stderr.contains(&told), "{ran}");
            // Others are not held up by it.
            if delivery == 2 {
                systole.json(&["import", "drop", &fixture("header-only")]);
            }
            let database = rusqlite::Connection::open(systole.store().join("store.sqlite3")).unwrap();
            database.execute("UPDATE message SET visible_at = 0 WHERE body = ?1", [body]).unwrap();
        }
        assert_eq!(systole.json(&["run"]), json!({ "messages": 0, "failed": 0 }));
        let store = store_embedded::open(&systole.store(), Options::default()).unwrap();
        let dead = runtime().block_on(store.queue.peek_dead_letters(10)).unwrap();
        assert_eq!(dead.iter().map(|letter| letter.body.as_str()).collect::<Vec<_>>(), [body]);
    }
}

#[test]
fn a_message_for_a_pipeline_that_is_gone_is_dropped() {
    let systole = Systole::new();
    let message = json!({
        "schema": 1, "pipeline": "01jd9x4k7m3fq8zt0v2c", "step": "archive", "sort_order": 50, "attempt": 1,
        "token": "0123456789abcdef", "version": 1,
    });
    send(&systole, &message.to_string());
    assert_eq!(systole.json(&["run"]), json!({ "messages": 1, "failed": 0 }));
    assert_eq!(systole.json(&["run"]), json!({ "messages": 0, "failed": 0 }));
}

#[test]
fn a_store_that_cannot_be_used_says_why() {
    let systole = Systole::new();
    systole.json(&["heartbeat"]);
    let database = systole.store().join("store.sqlite3");
    let refused = |expected: &str| {
        let ran = systole.run(&["pipeline", "list"]);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains(expected), "{ran}");
        assert!(ran.stderr.contains(systole.store().to_str().unwrap()), "{ran}");
    };
    rusqlite::Connection::open(&database).unwrap().pragma_update(None, "user_version", 99).unwrap();
    refused("has schema 99, this program knows 1 at most: use a newer systole");
    for left in ["store.sqlite3", "store.sqlite3-wal", "store.sqlite3-shm"] {
        let _ = std::fs::remove_file(systole.store().join(left));
    }
    std::fs::write(&database, "a shopping list, much longer than the header of a database would be ".repeat(20))
        .unwrap();
    refused("is no SQLite database");
    std::fs::remove_dir_all(systole.store()).unwrap();
    std::fs::write(systole.store(), "").unwrap();
    refused("Not a directory");
}

#[test]
fn a_host_says_why_it_does_not_listen() {
    let systole = Systole::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = systole.run(&["dev", "--listen", &address]);
    assert_eq!(ran.code, Some(1), "{ran}");
    let expected = format!("failed to listen on {address} (--listen names another address): Address already in use");
    assert!(ran.stderr.contains(&expected), "{ran}");

    let ran = systole.run(&["dev", "--listen", "0.0.0.0:8330"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("`0.0.0.0:8330` is no loopback address"), "{ran}");
    let ran = systole.run(&["dev", "--listen", "everywhere"]);
    assert_eq!(ran.code, Some(2), "{ran}");
}

#[test]
fn nothing_to_drop_is_said_before_anything_is_dropped() {
    let systole = Systole::new();
    let empty = systole.folder("empty");
    let other = systole.folder("other");
    for (folder, csv) in [(&other, "A-1"), (&systole.folder("twice"), "A-2")] {
        std::fs::write(folder.join("product-import_x_01.csv"), format!("{HEADER}\n{csv},Default,simple,One,1\n"))
            .unwrap();
    }
    std::fs::write(other.join("prices.xlsx"), "").unwrap();
    let path = |name: &str| systole.folder("").join(name).to_str().unwrap().to_owned();
    for (paths, expected) in [
        (vec![path("empty")], "there is no file to drop".to_owned()),
        (vec![path("nowhere")], format!("there is no file or folder `{}`", path("nowhere"))),
        (vec![path("other/prices.xlsx")], "it is neither a CSV nor an ok file".to_owned()),
        (vec![path("other"), path("twice")], "have the same name; drop one after the other".to_owned()),
        (vec![path("other"), path("nowhere")], "there is no file or folder".to_owned()),
    ] {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let ran = systole.run(&[&["import", "drop"], paths.as_slice()].concat());
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains(&expected), "{ran}");
        assert_eq!(systole.dropped(), Vec::<String>::new());
    }
    assert!(names(&empty).is_empty());
}

#[test]
fn a_file_that_is_replaced_after_the_spawn_is_imported_by_another_pipeline() {
    let systole = Systole::new();
    let area = systole.drop_area();
    let file = |number: u32| area.join(format!("product-import_replaced_0{number}.csv"));
    for number in [1, 2] {
        std::fs::write(file(number), format!("{HEADER}\nA-{number},Default,simple,Old,1\n")).unwrap();
    }
    std::fs::write(area.join("product-import_replaced.ok"), "").unwrap();
    systole.json(&["heartbeat"]);
    std::fs::write(file(2), format!("{HEADER}\nA-2,Default,simple,New and longer,1\n")).unwrap();
    systole.json(&["run"]);
    let [failed] = pipelines(&systole).try_into().unwrap();
    assert_eq!(failed["status"], "error");
    let details = systole.json(&["pipeline", "details", failed["id"].as_str().unwrap()]);
    assert_eq!(
        step(&details, "move_files")["message"],
        "file `incoming/product-import_replaced_02.csv` was replaced before it was moved; its bunch stays in the drop \
         area for another pipeline"
    );
    assert_eq!(systole.dropped().len(), 3);

    systole.json(&["heartbeat"]);
    systole.json(&["run"]);
    let statuses: Vec<_> = pipelines(&systole).iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["success", "error"]);
    let product: Value = systole.json(&["catalog", "show", "A-2"]);
    assert!(product.to_string().contains("New and longer"), "{product:#}");
}

/// What a beat sees while a runner moves the files one after the other.
#[test]
fn a_half_moved_bunch_stays_with_its_pipeline() {
    let systole = Systole::new();
    let area = systole.drop_area();
    let name = |number: u32| format!("product-import_half_0{number}.csv");
    for number in [1, 2, 3] {
        std::fs::write(area.join(name(number)), format!("{HEADER}\nA-{number},Default,simple,One {number},1\n"))
            .unwrap();
    }
    std::fs::write(area.join("product-import_half.ok"), "").unwrap();
    systole.json(&["heartbeat"]);
    let id = pipelines(&systole)[0]["id"].as_str().unwrap().to_owned();
    let moved = systole.files().join("work").join(&id).join("files");
    std::fs::create_dir_all(&moved).unwrap();
    std::fs::rename(area.join(name(1)), moved.join(name(1))).unwrap();
    assert_eq!(systole.json(&["heartbeat"])["spawned"], json!([]));
    for arrival in systole.json(&["import", "list"]).as_array().unwrap() {
        assert_eq!((&arrival["pipeline"], &arrival["waits_for"]), (&json!(id), &Value::Null), "{arrival}");
    }
    systole.json(&["run"]);
    assert_eq!(pipelines(&systole)[0]["status"], "success");
    assert_eq!(systole.run(&["catalog", "export"]).stdout.lines().count(), 3);
}

/// The runner that moved it died between the copy and the deletion.
#[test]
fn a_file_that_is_dropped_anew_after_it_was_copied_is_imported_once_more() {
    let systole = Systole::new();
    let name = "product-import_anew_01.csv";
    let write = |folder: &Path, label: &str| {
        std::fs::write(folder.join(name), format!("{HEADER}\nA-1,Default,simple,{label},1\n")).unwrap();
    };
    write(&systole.drop_area(), "Old");
    std::fs::write(systole.drop_area().join("product-import_anew.ok"), "").unwrap();
    systole.json(&["heartbeat"]);
    let first = pipelines(&systole)[0]["id"].clone();
    let moved = systole.files().join("work").join(first.as_str().unwrap()).join("files");
    std::fs::create_dir_all(&moved).unwrap();
    std::fs::copy(systole.drop_area().join(name), moved.join(name)).unwrap();

    let folder = systole.folder("anew");
    write(&folder, "New");
    let imported = systole.json(&["import", "drop", folder.to_str().unwrap()]);
    let [second] = imported["pipelines"].as_array().unwrap().as_slice() else { panic!("{imported:#}") };
    assert_ne!(second["id"], first);
    let statuses: Vec<_> = pipelines(&systole).iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["success", "success"]);
    assert_eq!(systole.json(&["catalog", "show", "A-1"])["default"]["values"]["name"], "New");
    assert_eq!(systole.dropped(), Vec::<String>::new());
}

#[test]
fn a_bunch_of_too_many_files_says_so_and_holds_up_no_other() {
    let systole = Systole::new();
    let area = systole.drop_area();
    // The list of a bunch's files must fit into the item of its pipeline.
    for number in 0..1_200 {
        std::fs::write(area.join(format!("product-import_{}_{number:09}.csv", "x".repeat(200))), "").unwrap();
    }
    std::fs::write(area.join("product-import.ok"), "").unwrap();
    systole.json(&["heartbeat"]);
    let listed = systole.json(&["import", "list"]);
    let reason = listed[1]["waits_for"].as_str().unwrap();
    assert!(reason.starts_with("its 1200 files are too many for one pipeline"), "{reason}");
    systole.json(&["import", "drop", &fixture("header-only")]);
}

/// A definition that changes while a pipeline runs does not change the pipeline.
#[test]
fn a_running_pipeline_keeps_its_definition_when_the_file_breaks() {
    let systole = Systole::new();
    systole.overlay("fine.xml", FINE);
    let id = systole.json(&["pipeline", "init", "fine"])["id"].as_str().unwrap().to_owned();
    systole.overlay("fine.xml", "<config>");
    systole.json(&["run"]);
    let details = systole.json(&["pipeline", "details", &id]);
    assert_eq!((&details["status"], &details["steps"][0]["status"]), (&json!("success"), &json!("skipped")));
}

/// The demo needs its folder, and says so from wherever it is called.
#[test]
fn the_demo_says_what_it_misses() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = program();
    command.current_dir(elsewhere.path()).arg("demo");
    let ran: Ran = crate::systole::Running::start(command).end();
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("there is no folder `demo/catalog`"), "{ran}");
}

fn pipelines(systole: &Systole) -> Vec<Value> {
    systole.json(&["pipeline", "list"]).as_array().unwrap().clone()
}

fn step<'a>(pipeline: &'a Value, name: &str) -> &'a Value {
    pipeline["steps"].as_array().unwrap().iter().find(|step| step["name"] == name).unwrap()
}

fn send(systole: &Systole, body: &str) {
    systole.json(&["heartbeat"]);
    let store = store_embedded::open(&systole.store(), Options::default()).unwrap();
    let message = Outgoing { body: body.to_owned(), delay: Duration::ZERO };
    runtime().block_on(store.queue.send(Priority::Normal, vec![message])).unwrap();
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
