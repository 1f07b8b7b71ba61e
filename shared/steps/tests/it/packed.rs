//! Files that are packed, or written in other characters than UTF-8: what comes of them, and what is said of those that
//! nothing can be made of.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use import::entity::product::ProductValue;
use insta::assert_snapshot;
use pipeline::{PipelineId, PipelineStatus};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::dying_files::Death;
use super::dying_imports::run_until_death;
use super::shop::{APPLE, HEADER, PEAR, Shop};

const STEM: &str = "product-import_20260801-120000_01";

fn rows() -> String {
    format!("{HEADER}\n{APPLE}\n{PEAR}\n")
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn utf16(text: &str) -> Vec<u8> {
    let units = [0xfeff].into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

async fn drop(shop: &Shop, suffix: &str, content: &[u8]) {
    shop.drop_file(&format!("{STEM}.{suffix}"), content.to_vec()).await;
    shop.drop_file("product-import_20260801-120000.ok", "").await;
}

/// What a person sees of an import: its counts, or the first error of a step.
async fn seen(shop: &Shop, id: &PipelineId) -> String {
    let pipeline = shop.workshop.pipeline(id).await;
    let mut steps = pipeline.steps.iter();
    match steps.find_map(|step| step.record.message.as_deref().filter(|_| pipeline.status != PipelineStatus::Success)) {
        Some(message) => message.to_owned(),
        None => shop.totals(id).await,
    }
}

async fn imported(suffix: &str, content: &[u8]) -> String {
    let shop = Shop::new();
    drop(&shop, suffix, content).await;
    let id = shop.import().await;
    seen(&shop, &id).await
}

#[tokio::test]
async fn a_packed_file_is_unpacked_and_kept_as_it_came() {
    let packed = [("csv.gz", gzip(rows().as_bytes())), ("zip", zip(&[("../../etc/passwd.csv", rows().as_bytes())]))];
    for (suffix, content) in packed {
        let shop = Shop::new();
        drop(&shop, suffix, &content).await;
        let id = shop.import().await;
        assert_eq!(seen(&shop, &id).await, "2 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated");
        let archive = steps::import::archive::prefix(&id);
        let archived = shop.files(&format!("{archive}files/")).await;
        assert_eq!(archived, format!("product-import_20260801-120000.ok, {STEM}.csv, {STEM}.{suffix}"));
        assert_eq!(shop.files("incoming/").await, "");
    }
}

#[tokio::test]
async fn text_in_utf_16_is_read_whether_it_is_packed_or_not() {
    let text = rows().replace("Apple", "Äpfel");
    for (suffix, content) in [("csv", utf16(&text)), ("csv.gz", gzip(&utf16(&text)))] {
        let shop = Shop::new();
        drop(&shop, suffix, &content).await;
        let id = shop.import().await;
        let products = shop.left(&id).await.products;
        assert_eq!(products["a-1"].value("name", None), Some(&ProductValue::Text("Äpfel".to_owned())), "{suffix}");
    }
}

#[tokio::test]
async fn what_no_import_reads_is_named_with_what_to_do() {
    let workbook = zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")]);
    assert_snapshot!(imported("csv", &workbook).await, @"product-import_20260801-120000_01.csv:1: the file is a workbook of a spreadsheet program and no CSV file; open it there and save it as `CSV UTF-8 (comma delimited)`");
    assert_snapshot!(imported("csv", b"<!DOCTYPE html><html>403</html>").await, @"product-import_20260801-120000_01.csv:1: the file is a web page and no CSV file; was the download refused?");
    assert_snapshot!(imported("csv.gz", &gzip(&workbook)).await, @"file `incoming/product-import_20260801-120000_01.csv.gz` is a workbook of a spreadsheet program and no CSV file; open it there and save it as `CSV UTF-8 (comma delimited)`");
    assert_snapshot!(imported("zip", &zip(&[("a.csv", b"sku\n"), ("b.csv", b"sku\n")])).await, @"file `incoming/product-import_20260801-120000_01.zip` holds 2 files (`a.csv`, `b.csv`); expected exactly one CSV file in an archive");
    assert_snapshot!(imported("zip", &zip(&[])).await, @"file `incoming/product-import_20260801-120000_01.zip` holds no file; expected exactly one CSV file in an archive");
    let half = gzip(rows().as_bytes());
    assert_snapshot!(imported("csv.gz", &half[..half.len() / 2]).await, @"file `incoming/product-import_20260801-120000_01.csv.gz` cannot be unpacked: incomplete deflate stream; was it sent completely?");
}

#[tokio::test]
async fn a_file_that_grows_beyond_all_measure_is_refused_and_stays() {
    let shop = Shop::new();
    // 100 MB of zeros come to 100 kB.
    let bomb = gzip(&vec![b'a'; 100_000_000]);
    drop(&shop, "csv.gz", &bomb).await;
    let id = shop.import().await;
    assert_snapshot!(seen(&shop, &id).await, @"file `incoming/product-import_20260801-120000_01.csv.gz` grows to more than 67108864 bytes when it is unpacked; nothing of it was imported");
    assert_snapshot!(shop.files("incoming/").await, @"product-import_20260801-120000.ok, product-import_20260801-120000_01.csv.gz");
}

#[tokio::test]
async fn a_step_that_dies_while_it_unpacks_begins_anew() {
    for death in [Death::Before, Death::After] {
        for changes in 0..5 {
            let shop = Shop::new();
            drop(&shop, "csv.gz", &gzip(rows().as_bytes())).await;
            let id = shop.spawn().await;
            assert!(run_until_death(&shop, &id, changes, death).await);
            shop.run_with_deaths(&id).await;
            let seen = seen(&shop, &id).await;
            assert_eq!(seen, "2 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated", "{death:?} {changes}");
        }
    }
}
