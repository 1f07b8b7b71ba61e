//! The sample files of other systems: what they mean here, beside what their own test suites expect.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::DateTime;
use import::bunch::{BunchSet, DropFile, resolve};
use import::dialect::Dialect;
use import::entity::ReadingRules;
use import::entity::Stated;
use import::entity::product::{ProductType, ProductValue};
use import::finding::Severity;
use import::number;
use insta::assert_snapshot;

use crate::files::{ProductFile, any_shop, samples};

const M2IF: &str = "techdivision-import-sample-data/generic/data/";
const CATALOG: &str = "magento2-2.4.7/dev/tests/integration/testsuite/Magento/CatalogImportExport/Model/Import/_files/";
const SUITE: &str = "magento2-2.4.7/dev/tests/integration/testsuite/Magento/";
const ACCEPTANCE: &str = "magento2-2.4.7/dev/tests/acceptance/tests/_data/";

/// The CSV files of the index, with their number of records.
fn index() -> Vec<(PathBuf, usize)> {
    let index = std::fs::read_to_string(samples().join("INDEX.tsv")).unwrap();
    let rows = index.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|cells| cells[0].ends_with(".csv"))
        .map(|cells| (samples().join(cells[0]), cells[6].parse().unwrap()))
        .collect()
}

fn rules(dialect: Dialect) -> ReadingRules {
    ReadingRules { dialect, ..any_shop() }
}

fn read(path: &str) -> ProductFile {
    ProductFile::read(&samples().join(path), &any_shop()).unwrap()
}

/// What is wrong with a file, without mere notices.
fn errors(path: &str) -> String {
    let file = match ProductFile::read(&samples().join(path), &any_shop()) {
        Ok(file) => file,
        Err(finding) => return format!("{finding} ({:?})", finding.severity),
    };
    let errors = file.findings.iter().filter(|finding| finding.severity != Severity::Notice);
    let lines: Vec<String> = errors.map(|finding| format!("{finding} ({:?})", finding.severity)).collect();
    if lines.is_empty() { "none".to_owned() } else { lines.join("\n") }
}

fn is_product_import(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    path.to_str().unwrap().contains(M2IF) && name.starts_with("product-import")
}

#[test]
fn every_file_has_as_many_rows_as_the_index_says() {
    let mut checked = 0;
    for (path, records) in index() {
        // Files without a sku column are those of other entities.
        let Ok(file) = ProductFile::read(&path, &any_shop()) else { continue };
        assert_eq!(file.row_count, records, "{}", path.display());
        checked += 1;
    }
    assert_eq!(checked, 128);
}

#[test]
fn every_product_file_of_the_original_parses() {
    let english = rules(Dialect { numbers: number::NumberFormat::ENGLISH, ..Dialect::m2if() });
    let usual = any_shop();
    let mut rows = 0;
    let mut files = 0;
    for (path, _) in index().into_iter().filter(|(path, _)| is_product_import(path)) {
        // One file groups the thousands of its prices, which the original leaves to its number converter.
        let rules = if path.to_str().unwrap().contains("/delta/") { &english } else { &usual };
        let file = ProductFile::read(&path, rules).unwrap();
        let errors: Vec<_> = file.findings.iter().filter(|finding| finding.severity != Severity::Notice).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        assert!(file.rows.iter().all(|row| row.change.is_some()));
        files += 1;
        rows += file.rows.len();
    }
    assert_eq!((files, rows), (30, 6_391));
}

#[test]
fn the_four_bunch_files_of_the_original_are_read_in_full() {
    let mut counts = Vec::new();
    let mut types: BTreeMap<ProductType, usize> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for counter in ["01", "02", "03", "04"] {
        let file = read(&format!("{M2IF}products/add-update/product-import_20161021-161909_{counter}.csv"));
        counts.push(file.row_count);
        unknown.extend(file.unknown_columns);
        for row in &file.rows {
            *types.entry(row.change.as_ref().unwrap().product_type.unwrap()).or_default() += 1;
        }
    }
    assert_eq!(counts, [494, 500, 500, 554]);
    assert_eq!(unknown, BTreeSet::new());
    assert_snapshot!(format!("{types:?}"), @"{Simple: 1897, Configurable: 148, Bundle: 1, Giftcard: 2}");
}

#[test]
fn relations_of_the_original_are_understood() {
    let file = read(&format!("{M2IF}products/add-update/product-import_20161021-161909_04.csv"));
    let mut counts = [0; 3];
    for row in &file.rows {
        let change = row.change.as_ref().unwrap();
        if let Some(Stated::Set(variations)) = &change.variations {
            counts[0] += variations.len();
            counts[1] += variations.iter().map(|variation| variation.options.len()).sum::<usize>();
        }
        if let Some(Stated::Set(selections)) = &change.bundle_values {
            counts[2] += selections.len();
        }
    }
    // Variations, their options, selections of bundles.
    assert_snapshot!(format!("{counts:?}"), @"[1847, 1847, 8]");
}

#[test]
fn quoted_attribute_values_are_taken_off_their_quotes() {
    let file = read(&format!("{CATALOG}products_to_import_with_additional_attributes.csv"));
    let values = |index: usize, code: &str| match &file.rows[index].change.as_ref().unwrap().values[code] {
        Stated::Set(ProductValue::Text(text)) => format!("[{text}]"),
        Stated::Set(ProductValue::List(list)) => list.iter().map(|text| format!("[{text}]")).collect(),
        Stated::Clear => "cleared".to_owned(),
    };
    assert_snapshot!(values(0, "text_attribute"), @r#"['", =|]"#);
    assert_snapshot!(values(0, "multiselect_attribute"), @r#"[Option 3 "!@#$%^&*, "|"][Opt||,ion 2]"#);
    assert_snapshot!(values(1, "multiselect_attribute"), @"[Opt|,=ion 1][Opt||,ion 2]");
    assert!(!file.rows[1].change.as_ref().unwrap().values.contains_key("text_attribute"));
}

#[test]
fn an_empty_cell_says_nothing_and_the_empty_value_clears() {
    let file = read(&format!("{CATALOG}products_to_import_with_product_links_with_empty_data.csv"));
    let links = &file.rows[0].change.as_ref().unwrap().links;
    assert_snapshot!(format!("{links:?}"), @"{Upsell: Clear}");
    let file = read(&format!("{CATALOG}import_product_with_empty_attribute_value.csv"));
    let codes: Vec<_> = file.rows[0].change.as_ref().unwrap().values.keys().collect();
    assert_snapshot!(format!("{codes:?}"), @r#"["name", "price"]"#);
}

#[test]
fn category_names_with_a_slash_are_one_level_with_either_separator() {
    let paths = |file: &ProductFile| match &file.rows[0].change.as_ref().unwrap().categories {
        Some(Stated::Set(links)) => links.iter().map(|link| link.path.to_string()).collect::<Vec<_>>().join(" and "),
        other => format!("{other:?}"),
    };
    let comma = read(&format!("{CATALOG}import_new_categories_default_separator.csv"));
    let path = samples().join(format!("{CATALOG}import_new_categories_custom_separator.csv"));
    let pipe = ProductFile::read(&path, &rules(Dialect::magento('|'))).unwrap();
    assert_snapshot!(paths(&comma), @r#"Default Category/Category 1 and Default Category/"Category/ 2""#);
    assert_eq!(paths(&pipe), paths(&comma));
}

#[test]
fn url_keys_are_made_fit_for_an_address() {
    let file = read(&format!("{CATALOG}products_to_import_with_invalid_url_keys.csv"));
    let keys: Vec<_> = file.rows.iter().map(|row| &row.change.as_ref().unwrap().values["url_key"]).collect();
    assert_snapshot!(format!("{keys:?}"), @r#"[Set(Text("cuvee-merlot-cabernet-igp-pays-d-oc-frankrijk")), Set(Text("normal-url")), Set(Text("some-wrong-url"))]"#);
}

#[test]
fn files_that_the_original_suites_accept_have_no_errors() {
    for path in [
        format!("{CATALOG}products_to_import.csv"),
        format!("{CATALOG}products_to_import_with_invalid_url_keys.csv"),
        format!("{CATALOG}products_to_import_without_url_keys.csv"),
        format!("{CATALOG}products_to_import_without_url_key_column.csv"),
        format!("{CATALOG}products_to_import_without_url_keys_and_name.csv"),
        format!("{CATALOG}products_to_import_with_changed_sku_case.csv"),
        format!("{CATALOG}products_duplicate_category.csv"),
        format!("{CATALOG}product_tax_class_none_import.csv"),
        format!("{CATALOG}products_to_import_zero_qty.csv"),
        format!("{CATALOG}products_to_import_with_new_attribute_set.csv"),
        format!("{CATALOG}products_to_import_with_use_config_settings.csv"),
        format!("{SUITE}ConfigurableImportExport/Model/Import/_files/import_configurable.csv"),
        format!("{SUITE}ConfigurableImportExport/Model/Import/_files/import_configurable_for_multiple_store_views.csv"),
        format!("{SUITE}BundleImportExport/Model/Import/_files/import_bundle.csv"),
        format!("{SUITE}DownloadableImportExport/Model/Import/_files/import_downloadable.csv"),
        format!("{SUITE}GroupedImportExport/Model/Import/_files/grouped_product.csv"),
        format!("{ACCEPTANCE}BB-ProductsWorking.csv"),
        format!("{ACCEPTANCE}catalog_import_products.csv"),
        format!("{ACCEPTANCE}catalog_products.csv"),
        format!("{ACCEPTANCE}import_simple_product.csv"),
        "magento2-2.4.7/vendor/magento/module-import-export/Files/Sample/catalog_product.csv".to_owned(),
    ] {
        assert_eq!(errors(&path), "none", "{path}");
    }
}

#[test]
fn a_number_below_zero_is_no_weight() {
    assert_snapshot!(errors(&format!("{CATALOG}product_to_import_invalid_weight.csv")), @"product_to_import_invalid_weight.csv:3: column `weight`: `-5` is negative (Value)");
}

#[test]
fn a_row_of_another_width_is_named_by_its_line() {
    assert_snapshot!(errors(&format!("{ACCEPTANCE}BB-Products.csv")), @r#"
    BB-Products.csv:85: the quoted cell in column `short_description` goes on behind its closing quote; is a quote inside of the cell not doubled (`""`)? (Row)
    BB-Products.csv:86: the quoted cell in column `short_description` goes on behind its closing quote; is a quote inside of the cell not doubled (`""`)? (Row)
    "#);
}

#[test]
fn variations_do_not_belong_to_a_store_view() {
    let path = "ConfigurableImportExport/Model/Import/_files/import_configurable_for_multiple_store_views_error.csv";
    assert_snapshot!(errors(&format!("{SUITE}{path}")), @"import_configurable_for_multiple_store_views_error.csv:4: column `configurable_variations`: variations belong on the row without store view code (Value)");
}

#[test]
fn an_unknown_visibility_lists_the_known_ones() {
    let path = "ImportExport/Controller/Adminhtml/Import/_files/incorrect_catalog_product_comma.csv";
    assert_snapshot!(errors(&format!("{SUITE}{path}")), @"incorrect_catalog_product_comma.csv:2: column `visibility`: `Catalo g, Search` is not a visibility (expected `Not Visible Individually`, `Catalog`, `Search` or `Catalog, Search`) (Value)");
}

#[test]
fn another_delimiter_is_guessed_from_the_header() {
    let path = "ImportExport/Controller/Adminhtml/Import/_files/incorrect_catalog_product_semicolon.csv";
    assert_snapshot!(errors(&format!("{SUITE}{path}")), @"incorrect_catalog_product_semicolon.csv:1: the header has no column `sku`; is the delimiter of this file `;`? (File)");
    let mut semicolon = Dialect::m2if();
    semicolon.format.delimiter = b';';
    let file = ProductFile::read(&samples().join(format!("{SUITE}{path}")), &rules(semicolon)).unwrap();
    let lines: Vec<_> = file.findings.iter().map(ToString::to_string).collect();
    assert_snapshot!(lines.join("\n"), @r"
    incorrect_catalog_product_semicolon.csv:2: column `visibility`: `Catalo g, Search` is not a visibility (expected `Not Visible Individually`, `Catalog`, `Search` or `Catalog, Search`)
    incorrect_catalog_product_semicolon.csv:2: column `created_at`: `10/25/17, 8,21 AM` is not a date (examples: `2026-08-01 12:00:00`, `8/1/26, 12:00 PM`)
    incorrect_catalog_product_semicolon.csv:2: column `updated_at`: `10/25/17, 8,21 AM` is not a date (examples: `2026-08-01 12:00:00`, `8/1/26, 12:00 PM`)
    ");
}

#[test]
fn a_row_without_sku_is_skipped() {
    let path = "ImportExport/Controller/Adminhtml/Import/_files/invalid_catalog_products.csv";
    assert_snapshot!(errors(&format!("{SUITE}{path}")), @r"
    invalid_catalog_products.csv:2: column `sku`: is empty (Row)
    invalid_catalog_products.csv:3: column `sku`: is empty (Row)
    ");
}

/// Magento's own form lets the running numbers pass that a spreadsheet has put into this column.
#[test]
fn a_status_must_be_one_that_exists() {
    assert_snapshot!(errors(&format!("{ACCEPTANCE}catalog_product_err_img.csv")), @r"
    catalog_product_err_img.csv:4: column `product_online`: `3` is not a status (expected `1` for enabled or `2` for disabled) (Value)
    catalog_product_err_img.csv:5: column `product_online`: `4` is not a status (expected `1` for enabled or `2` for disabled) (Value)
    catalog_product_err_img.csv:6: column `product_online`: `5` is not a status (expected `1` for enabled or `2` for disabled) (Value)
    catalog_product_err_img.csv:7: column `product_online`: `6` is not a status (expected `1` for enabled or `2` for disabled) (Value)
    catalog_product_err_img.csv:8: column `product_online`: `7` is not a status (expected `1` for enabled or `2` for disabled) (Value)
    catalog_product_err_img.csv:9: column `product_online`: `8` is not a status (expected `1` for enabled or `2` for disabled) (Value)
    catalog_product_err_img.csv:10: column `product_online`: `9` is not a status (expected `1` for enabled or `2` for disabled) (Value)
    catalog_product_err_img.csv:11: column `product_online`: `10` is not a status (expected `1` for enabled or `2` for disabled) (Value)
    ");
}

#[test]
fn a_file_of_another_entity_is_refused_by_its_header() {
    let path = format!("{M2IF}categories/add-update/category-import_20161024-194026_01.csv");
    assert_snapshot!(errors(&path), @"category-import_20161024-194026_01.csv:1: the header has no column `sku`; the first line must name the columns, and it holds `store_view_code`, `attribute_set_code`, `path`, `name`, … (File)");
}

#[test]
fn every_ok_file_of_the_original_releases_its_bunch_or_says_what_is_missing() {
    let mut folders = BTreeSet::new();
    collect_folders(&samples().join(M2IF), &mut folders);
    let told: Vec<String> = folders.iter().flat_map(|folder| told_of_folder(folder)).collect();
    assert_snapshot!(told.join("\n"), @r"
    attributes/add-update: 1 files by attribute-import.ok
    attributes/add-update-examples: 1 files by attribute-import.ok
    attributes/delete: 1 files by attribute-import.ok
    attributes/multi-storeview: 1 files by attribute-import.ok
    attributes/replace: 1 files by attribute-import.ok
    attributes/sorting: 1 files by attribute-import.ok
    attributes-set/add-update: 1 files by attribute-set-import.ok
    categories/add-update: 1 files by category-import.ok
    categories/delete: 1 files by category-import.ok
    categories/multi-storeview: 1 files by category-import.ok
    categories/replace: 1 files by category-import.ok
    categories/sorting: 1 files by category-import.ok
    customers/add-update: 1 files by customer-import_20181213-132802_01.ok
    customers-address/add-update: 1 files by customer-address-import_20181217-085523_01.ok
    customers-address/delete: 1 files by customer-address-import_20181217-085523_01.ok
    customers-address/replace: 1 files by customer-address-import_20181217-085523_01.ok
    msi/add-update: 1 files by product-import-inventory-msi_20190423-100739_01.ok
    msi/replace: 1 files by product-import-inventory-msi_20190423-100739_01.ok
    products/add-update: 4 files by product-import_20161021-161909.ok
    products/configurable: 1 files by product-import_20190226-095345_01.ok
    products/delta: 1 files by product-import_20161021-161909_01.ok
    products/grouped: 1 files by product-import_20161021-161909_01.ok
    products/inventory: 1 files by product-import-inventory_20170829-1115_01.ok
    products/media: 20161021-161909 waits, `product-import_20161021-161909.ok` line 2 names `product-import_20161021-161909_02.csv`, which has not arrived
    products/minimal: 1 files by product-import_20161021-161909_01.ok
    products/multi-storeview: 20161021-161909 waits, `product-import_20161021-161909.ok` line 2 names `product-import_20161021-161909_02.csv`, which has not arrived
    products/multi-storeview: 1 files by product-import_20210211-095345.ok
    products/multi-storeview-media: 20161021-161909 waits, `product-import_20161021-161909.ok` line 2 names `product-import_20161021-161909_02.csv`, which has not arrived
    products/prices: 1 files by product-import-price_20170829-1130_01.ok
    products/replace: 4 files by product-import_20161021-161909.ok
    products/tier-prices: 1 files by product-import_20190226-095345_01.ok
    tier-prices/add-update: 1 files by product-import-tier-price_20190425-131237.ok
    tier-prices/replace: 1 files by product-import-tier-price_20190425-131237.ok
    ");
}

/// Resolves a folder as if it were the drop area; one line for each bunch.
fn told_of_folder(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut ok_contents = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".ok") {
            ok_contents.insert(name.clone(), std::fs::read_to_string(&path).unwrap());
        }
        let size_bytes = std::fs::metadata(&path).unwrap().len();
        files.push(DropFile { name, size_bytes, modified: DateTime::UNIX_EPOCH, fingerprint: String::new() });
    }
    let prefixes: BTreeSet<&str> = files.iter().filter_map(|file| file.name.split(['_', '.']).next()).collect();
    let prefixes: Vec<&str> = prefixes.into_iter().collect();
    let name = folder.strip_prefix(samples().join(M2IF)).unwrap().display();
    let told = |set| match set {
        BunchSet::Complete(bunch) => format!("{name}: {} files by {}", bunch.files.len(), bunch.ok_files.join(" ")),
        BunchSet::Incomplete { identifier, reasons } => format!("{name}: {identifier} waits, {}", reasons[0]),
    };
    resolve(&files, &ok_contents, &prefixes).sets.into_iter().map(told).collect()
}

/// Finds the folders that hold ok files.
fn collect_folders(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_folders(&path, found);
        } else if path.extension().is_some_and(|suffix| suffix == "ok") {
            found.insert(folder.to_owned());
        }
    }
}
