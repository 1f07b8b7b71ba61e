//! The files that people reported, each dropped into a shop of its own: what becomes of it, and what is said.
//!
//! The folders are read as they are, so a case that is added needs its lines here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use pipeline::{PipelineId, PipelineStatus};
use serde_json::Value;

use super::shop::Shop;

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/reports")).join(name);
    assert!(folder.is_dir(), "the reports are expected in {}", folder.display());
    folder
}

/// The files and folders in a folder, sorted.
fn inside(folder: &Path) -> Vec<PathBuf> {
    let mut inside: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inside.sort();
    inside
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"))
}

/// The drops of a case, in their order: each a folder `drop1`, or the folder of the case itself.
fn drops(case: &Path) -> Vec<Vec<PathBuf>> {
    let folders: Vec<PathBuf> = inside(case).into_iter().filter(|path| path.is_dir()).collect();
    let folders = if folders.is_empty() { vec![case.to_owned()] } else { folders };
    folders.iter().map(|folder| inside(folder).into_iter().filter(|path| is_table(path)).collect()).collect()
}

/// What becomes of every case of a folder.
async fn told(cases: &Path, is_wanted: impl Fn(&str) -> bool) -> String {
    let mut told = String::new();
    for case in inside(cases).into_iter().filter(|case| case.is_dir() && is_wanted(name(case))) {
        let several = drops(&case);
        // Drops named by numbers are cases of their own.
        let is_sequence = several.iter().flatten().all(|file| !file.to_str().unwrap().contains("-drop"));
        let mut shop = Shop::new();
        for (number, files) in (1..).zip(&several) {
            if !is_sequence {
                shop = Shop::new();
            }
            let title = if several.len() == 1 { String::new() } else { format!(" {number}") };
            writeln!(told, "{}{title}: {}", name(&case), outcome(&shop, files).await).unwrap();
        }
    }
    told
}

/// What becomes of files that are dropped with an ok file for each.
async fn outcome(shop: &Shop, files: &[PathBuf]) -> String {
    for file in files {
        shop.drop_file(name(file), fs::read(file).unwrap()).await;
        let stem = name(file).rsplit_once('.').unwrap().0;
        let stem = stem.rsplit_once('_').filter(|(_, counter)| counter.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some((bunch, _)) = stem {
            shop.drop_file(&format!("{bunch}.ok"), "").await;
        }
    }
    shop.workshop.wait(60);
    let report = shop.workshop.beat().await;
    let Some(spawned) = report.spawned.first() else { return format!("waits\n{}", indented(&shop.arrivals().await)) };
    let id: PipelineId = spawned.split(' ').nth(1).unwrap().parse().unwrap();
    shop.workshop.run_all().await;
    let status = shop.workshop.pipeline(&id).await.status;
    let report = shop.report(&id).await;
    let verdict = report["verdict"].as_str().unwrap_or_default();
    let how = if status == PipelineStatus::Success { "imported" } else { "refused" };
    let mut told = findings(&report);
    let steps = shop.workshop.pipeline(&id).await.steps;
    let failed = steps
        .into_iter()
        .find(|step| step.definition.name.as_str() == "move_files" && status != PipelineStatus::Success);
    if told.is_empty() {
        told = failed.and_then(|step| step.record.message).unwrap_or_default();
    }
    let told = if told.is_empty() { String::new() } else { format!("\n{}", indented(&told)) };
    format!("{how}, {verdict}{told}")
}

/// The findings of a report, those of one kind on one line, with the lines of the file.
fn findings(report: &Value) -> String {
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let files = report["files"].as_object().unwrap();
    for finding in report["findings"].as_array().into_iter().flatten() {
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        let kind = format!("{} {}: {}", text("severity"), text("column"), without_names(text("problem")));
        kinds.entry(kind).or_default().push(finding["line"].to_string());
    }
    let mut told: Vec<String> = kinds
        .into_iter()
        .map(|(kind, lines)| match &lines[..] {
            [line] => format!("{line} {kind}"),
            [first, ..] => format!("{first} and {} more {kind}", lines.len() - 1),
            [] => unreachable!("a kind has a line"),
        })
        .collect();
    let unknown = files.values().flat_map(|file| file["unknown_columns"].as_array().cloned().unwrap_or_default());
    told.extend(unknown.map(|column| format!("unknown column {column}")));
    told.join("\n")
}

/// A sentence without what it names between backticks, unless that is short.
fn without_names(problem: &str) -> String {
    let parts = problem.split('`').enumerate();
    let parts = parts.map(|(number, part)| if number % 2 == 1 && part.contains('-') { "…" } else { part });
    parts.collect::<Vec<_>>().join("`")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect::<String>().trim_end().to_owned()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a line or two per case")]
async fn files_of_newcomers_end_with_a_word_that_they_can_follow() {
    assert_snapshot!(told(&folder("newcomer"), |_| true).await, @r#"
    01-semicolon: imported, all 38 rows were used
      1 notice : its cells are separated by `;`, as its header shows
    02-decimal-comma: imported, 27 of 38 rows were skipped; 1 value was skipped
      23 and 2 more notice associated_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      24 and 2 more notice bundle_values: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      10 and 7 more notice configurable_variations: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      32 and 2 more row : product `…` does not exist; a row for store view `de` cannot create it
      36 and 2 more row : product `…` does not exist; a row for store view `fr` cannot create it
      2 and 20 more row price: is not a number (expected digits with a decimal point, such as `1019.99`)
      10 value price: is not a number (expected digits with a decimal point, such as `1019.99`)
    02b-thousands: imported, all 38 rows were used
      12 notice price: is read with three digits behind the decimal point; if the point separates thousands, say so with `…` in the configuration
    03-excel-de: imported, 27 of 38 rows were skipped; 1 value was skipped
      1 notice : its cells are separated by `;`, as its header shows
      23 and 2 more notice associated_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      24 and 2 more notice bundle_values: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      10 and 7 more notice configurable_variations: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      12 row : character 10 of the cell in column `name` is not UTF-8; the file seems to be saved in an older character set such as Windows-1252: save it as `…`, or set `…` to it in the configuration, such as `…`
      32 and 2 more row : product `…` does not exist; a row for store view `de` cannot create it
      36 and 2 more row : product `…` does not exist; a row for store view `fr` cannot create it
      2 and 19 more row price: is not a number (expected digits with a decimal point, such as `1019.99`)
      10 value price: is not a number (expected digits with a decimal point, such as `1019.99`)
    03b-excel-bom: imported, all 38 rows were used
    03c-excel-sep-line: imported, all 38 rows were used
      1 notice : its first line says that cells are separated by `,`
    03d-excel-utf16: imported, 20 values were skipped
      1 notice : its cells are separated by tabs, as its header shows
      23 notice associated_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      13 and 9 more notice related_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      10 value additional_images: holds `…`, which holds a control character
      24 value bundle_values: has no `sku` in entry 1
      10 value configurable_variations: has no attribute that tells variation `…` apart
      11 value tier_prices: has no `qty` in entry 1
      10 and 15 more value visibility: is not a visibility (expected `Not Visible Individually`, `Catalog`, `Search` or `Catalog, Search`)
    03e-excel-xlsx: refused, the files hold no rows
      file `incoming/product-import_m03e_01.csv` cannot be unpacked: invalid Zip archive: Could not find EOCD; was it sent completely? If it is a workbook of a spreadsheet program, open it there and save it as `CSV UTF-8 (comma delimited)`
    03f-scientific: imported, 2 of 38 rows were skipped
      23 notice associated_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      24 notice bundle_values: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      13 and 9 more notice related_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      12 notice sku: looks like a long number that a spreadsheet program has rounded; there, make the column text and enter it again
      33 row : product `…` does not exist; a row for store view `de` cannot create it
      37 row : product `…` does not exist; a row for store view `fr` cannot create it
    04-missing-ok: imported, all 38 rows were used
    04b-bad-name: waits
      products.csv waits: no pipeline takes files named `products_…` (taken are: `advanced_pricing_…`, `attribute-import_…`, `attribute-set-import_…`, `catalog_product_…`, `category-import_…`, `custom-options_…`, `customer_…`, `customer-address-import_…`, `customer-import_…`, `customer_address_…`, `customer_composite_…`, `media-import_…`, `product-import_…`, `product-import-additional-attribute_…`, `product-import-bundle_…`, `product-import-inventory_…`, `product-import-inventory-msi_…`, `product-import-link_…`, `product-import-price_…`, `product-import-simple_…`, `product-import-tier-price_…`, `product-import-variant_…`, `product-media-import_…`, `stock_sources_…`, `url-rewrite_…`)
    04c-upper-suffix: imported, all 38 rows were used
    04d-other-prefix: waits
      magento-products_m04d.ok waits: no pipeline takes files named `magento-products_…` (taken are: `advanced_pricing_…`, `attribute-import_…`, `attribute-set-import_…`, `catalog_product_…`, `category-import_…`, `custom-options_…`, `customer_…`, `customer-address-import_…`, `customer-import_…`, `customer_address_…`, `customer_composite_…`, `media-import_…`, `product-import_…`, `product-import-additional-attribute_…`, `product-import-bundle_…`, `product-import-inventory_…`, `product-import-inventory-msi_…`, `product-import-link_…`, `product-import-price_…`, `product-import-simple_…`, `product-import-tier-price_…`, `product-import-variant_…`, `product-media-import_…`, `stock_sources_…`, `url-rewrite_…`)
      magento-products_m04d_01.csv waits: no pipeline takes files named `magento-products_…` (taken are: `advanced_pricing_…`, `attribute-import_…`, `attribute-set-import_…`, `catalog_product_…`, `category-import_…`, `custom-options_…`, `customer_…`, `customer-address-import_…`, `customer-import_…`, `customer_address_…`, `customer_composite_…`, `media-import_…`, `product-import_…`, `product-import-additional-attribute_…`, `product-import-bundle_…`, `product-import-inventory_…`, `product-import-inventory-msi_…`, `product-import-link_…`, `product-import-price_…`, `product-import-simple_…`, `product-import-tier-price_…`, `product-import-variant_…`, `product-media-import_…`, `stock_sources_…`, `url-rewrite_…`)
    05-misspelled-column: imported, 33 of 38 rows were skipped; column `prise` is unknown and was left out
      23 and 2 more notice associated_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      24 and 2 more notice bundle_values: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      10 and 7 more notice configurable_variations: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      32 and 2 more row : product `…` does not exist; a row for store view `de` cannot create it
      36 and 2 more row : product `…` does not exist; a row for store view `fr` cannot create it
      2 and 26 more row price: is needed because product `…` is new
      unknown column "prise"
    05b-sku-cap: imported, all 38 rows were used
      1 notice : is read as column `sku`; write it like this, without blanks and capitals
    05c-blank-column: imported, all 38 rows were used
      1 notice : is read as column `price`; write it like this, without blanks and capitals
    06-attribute-set: imported, all 38 rows were used
    07-image: imported, all 38 rows were used
    08-duplicate-sku: imported, all 40 rows were used
      40 notice sku: is on line 12 already; both rows count, and what this one says stays
      41 notice sku: is on line 13 already; both rows count, and what this one says stays
    09-date: imported, 1 value was skipped
      13 value special_price_to_date: is not a date (examples: `…`, `8/1/26, 12:00 PM`)
    09b-date-ambiguous: imported, all 38 rows were used
      13 notice special_price_to_date: is read with the month first; if the day comes first, say so with `…` in the configuration
    10-cp1252: imported, 4 of 38 rows were skipped
      23 notice associated_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      24 notice bundle_values: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      13 and 9 more notice related_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      12 and 1 more row : character 4 of the cell in column `name` is not UTF-8; the file seems to be saved in an older character set such as Windows-1252: save it as `…`, or set `…` to it in the configuration, such as `…`
      33 row : product `…` does not exist; a row for store view `de` cannot create it
      37 row : product `…` does not exist; a row for store view `fr` cannot create it
    10b-mojibake: imported, all 38 rows were used
      12 notice name: looks as if it was saved with one character set and opened with another (`Ã¼` instead of `ü`); export it again, and open it as UTF-8
    11-dangling: imported, 3 of 38 rows were skipped; 3 values were skipped
      23 notice associated_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      24 notice bundle_values: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      20 notice categories: counts only on the row without store view code and is left out here; so are 5 other columns
      15 and 1 more notice related_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      20 row : product `…` does not exist; a row for store view `german_typo` cannot create it
      16 row product_type: is not a product type (expected `simple`, `virtual`, `configurable`, `bundle`, `grouped`, `downloadable` or `giftcard`)
      22 row url_key: is taken by the row in line 11; no two products may have the same
      10 value configurable_variations: gives variations `…` and `…` different attributes
      18 value tier_prices: holds `abc`, which is not a number
      17 value visibility: is not a visibility (expected `Not Visible Individually`, `Catalog`, `Search` or `Catalog, Search`)
    12-required-missing: imported, nothing came of it: all 6 rows were skipped
      2 and 5 more row name: is needed because product `…` is new
    13-empty: refused, a file could not be read to its end
      1 file : the file is empty, but a header row was expected
    14-header-only: imported, the files hold no rows
    15-magento-export: imported, the row was used
    "#);
}

/// Those with a flow of their own are told below; of many findings there are tests of their own.
const OTHERS: [&str; 3] = ["flow-sub-folder", "flow-same-name-while-running", "more-than-100-findings"];

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a line or two per case")]
async fn files_that_people_reported_are_told_as_they_should_be() {
    let table = fs::read_to_string(folder("imports").join("CASES.tsv")).unwrap();
    let listed: Vec<&str> = table.lines().skip(1).map(|line| line.split('\t').next().unwrap()).collect();
    let cases: Vec<PathBuf> = inside(&folder("imports")).into_iter().filter(|path| path.is_dir()).collect();
    assert!(cases.iter().all(|case| listed.contains(&name(case))) && cases.len() == listed.len(), "{listed:?}");
    assert_snapshot!(told(&folder("imports"), |case| !OTHERS.contains(&case)).await, @r#"
    all-rows-skipped 1: imported, nothing came of it: all 3 rows were skipped
      2 and 1 more row sku: is empty
      4 row sku: starts or ends with a blank
    all-rows-skipped 2: imported, nothing came of it: all 2 rows were skipped
      2 and 1 more row name: is needed because product `…` is new
    attribute-columns: imported, column `material` is unknown and was left out
      unknown column "material"
    broken-file-behind-100-findings 1: refused, a file could not be read to its end
      202 file : a quoted cell starts here and never ends
      2 and 149 more value qty: is not a number (expected digits with a decimal point, such as `1019.99`)
    broken-file-behind-100-findings 2: refused, a file could not be read to its end
      2622 file : a quoted cell starts here and never ends
      2 and 119 more value qty: is not a number (expected digits with a decimal point, such as `1019.99`)
    category-case: imported, all 3 rows were used
    columns-through-additional-attributes: imported, 7 values were skipped
      2 value additional_attributes: price: is not a number (expected digits with a decimal point, such as `1019.99`)
      2 value additional_attributes: product_online: is not a status (expected `1` for enabled or `2` for disabled)
      3 value additional_attributes: sku: counts only in a column of its own
      2 value additional_attributes: special_price: is negative
      2 value additional_attributes: special_price_from_date: is not a date (examples: `…`, `8/1/26, 12:00 PM`)
      2 value additional_attributes: visibility: is not a visibility (expected `Not Visible Individually`, `Catalog`, `Search` or `Catalog, Search`)
      2 value additional_attributes: weight: is not a number (expected digits with a decimal point, such as `1019.99`)
    control-characters: refused, a file could not be read to its end
      1 file : the file holds zero bytes, as a text in UTF-16 without its mark does; save it as `…`
    decimal-comma-message: imported, 5 of 7 rows were skipped; 2 values were skipped
      6 notice price: is read with three digits behind the decimal point; if the point separates thousands, say so with `…` in the configuration
      2 and 4 more row price: is not a number (expected digits with a decimal point, such as `1019.99`)
      6 and 1 more value weight: is not a number (expected digits with a decimal point, such as `1019.99`)
    empty-rows: imported, all 2 rows were used
    links-to-nothing: imported, 1 value was skipped
      3 notice associated_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      3 notice associated_skus: names the product of the row itself
      4 notice bundle_values: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      5 notice related_skus: is a product that neither the shop nor a file has; it is kept, and leads nowhere until the product comes
      5 notice related_skus: names the product of the row itself
      2 value configurable_variations: names `…` twice
    long-texts: imported, 2 of 3 rows were skipped; 1 value was skipped
      2 row name: is longer than 255 characters
      4 row sku: is longer than 64 characters
      3 value meta_title: is longer than 255 characters
    odd-store-view-codes: imported, 5 of 8 rows were skipped
      6 notice qty: counts only on the row without store view code and is left out here
      2 row : product `…` does not exist; a row for store view `de` cannot create it
      9 row : product `…` does not exist; a row for store view `default` cannot create it
      4 and 1 more row store_view_code: is no store view; leave the cell empty for what all store views show
      5 row store_view_code: is not one store view; write one row for each
    restock-without-flag 1: imported, all 5 rows were used
    restock-without-flag 2: imported, all 3 rows were used
    semicolon-in-list-cells: imported, 3 values were skipped
      2 value additional_images: holds `/a/1.jpg;/a/2.jpg;/a/3.jpg`, which is not the path of one image; several are separated by `,` and stand in `additional_images`
      2 value categories: holds `;`; several of them are separated by `,`
      2 value product_websites: is not a website of the shop (did you mean `base`?)
    trailing-empty-cells: imported, 1 of 3 rows was skipped
      4 row : expected 5 columns, found 4
    two-digit-year-dates: imported, 18 values were skipped
      11 notice special_price_from_date: is read with the month first; if the day comes first, say so with `…` in the configuration
      11 notice special_price_to_date: is read with the month first; if the day comes first, say so with `…` in the configuration
      2 and 8 more value special_price_from_date: is not a date (examples: `…`, `8/1/26, 12:00 PM`)
      2 and 8 more value special_price_to_date: is not a date (examples: `…`, `8/1/26, 12:00 PM`)
    unclosed-quote-swallows-rows 1: imported, 1 of 2 rows was skipped
      2 row : the quoted cell in column `description` goes on behind its closing quote on line 3; is the closing quote of a cell before that line missing, so that the rows from line 2 on became one?
    unclosed-quote-swallows-rows 2: imported, 1 of 2 rows was skipped
      2 row : the quoted cell in column `description` goes on behind its closing quote on line 13; is the closing quote of a cell before that line missing, so that the rows from line 2 on became one?
    unicode-forms: imported, all 2 rows were used
      3 notice sku: is on line 2 already; both rows count, and what this one says stays
    upper-case-attribute-code: imported, all 2 rows were used
      3 notice additional_attributes: is stated twice; the later value counts
    windows-1252-message: imported, 1 of 2 rows was skipped
      2 row : character 12 of the cell in column `name` is not UTF-8; the file seems to be saved in an older character set such as Windows-1252: save it as `…`, or set `…` to it in the configuration, such as `…`
    "#);
}
