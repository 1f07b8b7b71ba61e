//! Files that are made to hurt, or that something went wrong with: each gets a clear word, and nothing else suffers.

use std::fmt::Write as _;
use std::io::Write as _;

use import::entity::product::ProductValue;
use insta::assert_snapshot;
use zip::write::SimpleFileOptions;

use super::shop::Shop;

const FILE: &str = "product-import_20260801-120000_01";
const HEADER: &str = "sku,attribute_set_code,product_type,name,price,description,base_image,additional_images";

/// Most findings of a file that are shown.
const SHOWN: usize = 5;

/// Imports one file; what became of its steps, if that is not the usual, of its rows, and what was found.
async fn imported(shop: &Shop, suffix: &str, content: impl Into<bytes::Bytes>) -> String {
    shop.drop_file(&format!("{FILE}.{suffix}"), content).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
    let id = shop.import().await;
    let shown = shop.workshop.shown(&id).await;
    let told = shown.split(", ").filter(|step| step.contains(" for good (") || step.contains("warning ("));
    let mut text: String = told.map(|step| format!("{}\n", shortened(step))).collect();
    if shop.files(&steps::import::archive::prefix(&id)).await.contains("report.json") {
        let report = shop.report(&id).await;
        writeln!(text, "{}", shop.totals(&id).await).unwrap();
        for file in report["files"].as_object().unwrap().values() {
            let unknown = file["unknown_columns"].as_array().map_or(0, Vec::len);
            if unknown > 0 {
                writeln!(text, "{unknown} unknown columns").unwrap();
            }
            for finding in file["findings"].as_array().into_iter().flatten().take(SHOWN) {
                let [column, problem] = ["column", "problem"].map(|part| finding[part].as_str().unwrap_or("-"));
                writeln!(text, "{} {column}: {}", finding["line"], shortened(problem)).unwrap();
            }
        }
    }
    text
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn rows(rows: &[&str]) -> String {
    [HEADER].iter().chain(rows).map(|row| format!("{row}\n")).collect()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const GOOD: &str = "A-1,Default,simple,Apple,1,,,";

#[tokio::test]
async fn a_cell_of_200_000_characters_costs_its_value() {
    let shop = Shop::new();
    let long = "x".repeat(200_000);
    let text =
        rows(&[GOOD, &format!("B-1,Default,simple,Banana,1,{long},,"), &format!("{long},Default,simple,C,1,,,")]);
    assert_snapshot!(imported(&shop, "csv", text).await, @"
    validate success with a warning (2 findings in 3 rows; the first one: product-import_20260801-120000_01.csv:3: column `description`: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    import_products success with a warning (1 of 3 rows was skipped; 1 value was skipped; the report names them)
    2 created, 0 deleted, 3 rows, 1 skipped, 0 unchanged, 0 updated
    3 description: is longer than 65535 characters
    4 sku: is longer than 64 characters
    ");
}

#[tokio::test]
async fn five_thousand_columns_are_more_than_a_file_may_have() {
    let shop = Shop::new();
    let names: String = (0..5_000).map(|number| format!(",column_{number}")).collect();
    let text = format!("{HEADER}{names}\n{GOOD}{}\n", ",".repeat(5_000));
    assert_snapshot!(imported(&shop, "csv", text).await, @"
    validate error for good (product-import_20260801-120000_01.csv:1: the row has more than 2000 cells)
    0 created, 0 deleted, 0 rows, 0 skipped, 0 unchanged, 0 updated
    1 -: the row has more than 2000 cells
    ");
}

#[tokio::test]
async fn a_quote_that_never_closes_stops_before_the_first_write() {
    let shop = Shop::new();
    let text = rows(&[GOOD, "B-1,Default,simple,\"Banana,1,,,", "C-1,Default,simple,Cherry,1,,,"]);
    assert_snapshot!(imported(&shop, "csv", text).await, @"
    validate error for good (product-import_20260801-120000_01.csv:3: a quoted cell starts here and never ends)
    0 created, 0 deleted, 1 rows, 0 skipped, 1 unchanged, 0 updated
    3 -: a quoted cell starts here and never ends
    ");
}

#[tokio::test]
async fn zero_bytes_are_no_text() {
    let shop = Shop::new();
    let text = rows(&[GOOD]).replace("Apple", "Ap\0ple");
    assert_snapshot!(imported(&shop, "csv", text).await, @"
    validate error for good (product-import_20260801-120000_01.csv:1: the file holds zero bytes
    0 created, 0 deleted, 0 rows, 0 skipped, 0 unchanged, 0 updated
    1 -: the file holds zero bytes, as a text in UTF-16 without its mark does; save it as `CSV UTF-8`
    ");
}

/// Beyond the first bytes, by which a file is recognised.
#[tokio::test]
async fn a_zero_byte_far_behind_the_header_costs_its_value() {
    let shop = Shop::new();
    let mut lines: Vec<String> =
        (0..100).map(|number| format!("S-{number},Default,simple,Thing {number},1,,,")).collect();
    lines.push("Z-1,Default,simple,Zu\0cchini,1,a\0b,,".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_snapshot!(imported(&shop, "csv", rows(&lines)).await, @r#"
    validate success with a warning (2 findings in 101 rows; the first one: product-import_20260801-120000_01.csv:102: column `description`: `a\u{0}b` holds a control character)
    import_products success with a warning (1 of 101 rows was skipped; 1 value was skipped; the report names them)
    100 created, 0 deleted, 101 rows, 1 skipped, 0 unchanged, 0 updated
    102 description: holds a control character
    102 name: holds a control character
    "#);
}

#[tokio::test]
async fn characters_of_another_set_cost_their_row_and_are_never_guessed() {
    let shop = Shop::new();
    let text: Vec<u8> = rows(&[GOOD, "B-1,Default,simple,T\u{fc}te,1,,,"]).chars().map(|c| c as u8).collect();
    assert_snapshot!(imported(&shop, "csv", text).await, @"
    validate success with a warning (product-import_20260801-120000_01.csv:3: character 2 of the cell in column `name` is not UTF-8; the file seems to be saved in an older character set such as Windows-12…
    import_products success with a warning (1 of 2 rows was skipped; the report names it)
    1 created, 0 deleted, 2 rows, 1 skipped, 0 unchanged, 0 updated
    3 -: character 2 of the cell in column `name` is not UTF-8; the file seems to be saved in an older character set such as Windows-1252: save it as `CSV UTF-8`, or set `from-charset` to it in the configurati…
    ");
}

#[tokio::test]
async fn the_name_of_a_file_in_an_archive_is_shown_and_no_path() {
    let shop = Shop::new();
    let text = rows(&[GOOD]);
    assert_snapshot!(imported(&shop, "zip", zip(&[("../../../etc/a.csv", text.as_bytes())])).await, @"1 created, 0 deleted, 1 rows, 0 skipped, 0 unchanged, 0 updated");
    let everything = shop.workshop.store().files.list("", None, 1_000).await.unwrap();
    assert!(everything.iter().all(|file| !file.key.contains("..") && !file.key.contains("etc")), "{everything:?}");
    let shop = Shop::new();
    let two = zip(&[("../a.csv", text.as_bytes()), ("/etc/passwd", b"root")]);
    assert_snapshot!(imported(&shop, "zip", two).await, @"
    error: move_files error for good (file `incoming/product-import_20260801-120000_01.zip` holds 2 files (`../a.csv`
    0 created, 0 deleted, 0 rows, 0 skipped, 0 unchanged, 0 updated
    ");
}

#[tokio::test]
async fn an_archive_that_grows_beyond_all_measure_is_refused() {
    let shop = Shop::new();
    let bomb = zip(&[("a.csv", &vec![b'a'; 100_000_000])]);
    assert!(bomb.len() < 1_000_000);
    assert_snapshot!(imported(&shop, "zip", bomb).await, @"
    error: move_files error for good (file `incoming/product-import_20260801-120000_01.zip` grows to more than 67108864 bytes when it is unpacked; nothing of it was imported)
    0 created, 0 deleted, 0 rows, 0 skipped, 0 unchanged, 0 updated
    ");
}

#[tokio::test]
async fn a_formula_is_a_text_like_any_other() {
    let shop = Shop::new();
    let formula = "=HYPERLINK(\"\"http://evil\"\";\"\"A\"\")";
    let text = rows(&[&format!("A-1,Default,simple,\"{formula}\",1,,,"), "B-1,Default,simple,@SUM(A1),-1,+1,,"]);
    assert_snapshot!(imported(&shop, "csv", text).await, @"
    validate success with a warning (product-import_20260801-120000_01.csv:3: column `price`: `-1` is negative)
    import_products success with a warning (1 of 2 rows was skipped; the report names it)
    1 created, 0 deleted, 2 rows, 1 skipped, 0 unchanged, 0 updated
    3 price: is negative
    ");
    let left =
        catalog::own::all::<import::entity::product::Product>(shop.workshop.store().table.as_ref()).await.unwrap();
    let name = ProductValue::Text(formula.replace("\"\"", "\""));
    assert_eq!(left["a-1"].value("name", None), Some(&name));
}

#[tokio::test]
async fn images_cannot_be_taken_from_outside_of_the_media_directory() {
    let shop = Shop::new();
    let text = rows(&[
        "A-1,Default,simple,Apple,1,,/../../app/etc/env.php,",
        "B-1,Default,simple,Banana,1,,..\\..\\env.php,",
        "C-1,Default,simple,Cherry,1,,,\"/c/1.jpg,/../2.jpg\"",
    ]);
    assert_snapshot!(imported(&shop, "csv", text).await, @"
    validate success with a warning (3 findings in 3 rows; the first one: product-import_20260801-120000_01.csv:2: column `base_image`: `/../../app/etc/env.php` leads out of the media directory)
    import_products success with a warning (3 values were skipped; the report names them)
    3 created, 0 deleted, 3 rows, 0 skipped, 0 unchanged, 0 updated
    2 base_image: leads out of the media directory
    3 base_image: leads out of the media directory
    4 additional_images: holds `/../2.jpg`, which leads out of the media directory
    ");
}

#[tokio::test]
async fn an_ok_file_cannot_name_files_outside_of_the_drop_area() {
    let shop = Shop::new();
    shop.drop_file(&format!("{FILE}.csv"), rows(&[GOOD])).await;
    shop.drop_file("product-import_20260801-120000.ok", format!("{FILE}.csv\n../secret_x_01.csv\n")).await;
    assert!(shop.workshop.beat().await.spawned.is_empty());
    assert_snapshot!(shop.arrivals().await, @"
    product-import_20260801-120000.ok waits: `product-import_20260801-120000.ok` line 2: `../secret_x_01.csv` is not the name of an import file (example: `product-import_20260801-120000_01.csv`)
    product-import_20260801-120000_01.csv waits: `product-import_20260801-120000.ok` line 2: `../secret_x_01.csv` is not the name of an import file (example: `product-import_20260801-120000_01.csv`)
    ");
}
