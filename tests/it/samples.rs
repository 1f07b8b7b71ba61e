//! The product files of the original's sample data, dropped through the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::systole::{Systole, names};

/// What became of the rows of one import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Rows {
    rows: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    skipped: u64,
}

/// Makes a test of each set: its folder, and what comes of its rows on an empty store.
macro_rules! sets {
    ($($test:ident: $folder:literal $rows:literal rows, $created:literal created, $updated:literal updated, $skipped:literal skipped;)*) => {
        $(
            #[test]
            fn $test() {
                let first = Rows { rows: $rows, created: $created, updated: $updated, unchanged: 0, skipped: $skipped };
                assert_imports(&[folder($folder).to_str().unwrap()], first);
            }
        )*

        #[test]
        fn no_set_is_left_out() {
            let mut tested = BTreeSet::from([$($folder.to_owned()),*]);
            tested.extend(SETS_THAT_WAIT.map(str::to_owned));
            // Has a test of its own.
            tested.insert("category-create".to_owned());
            let has_products = |name: &String| names(&folder(name)).iter().any(|file| is_product_file(file));
            let all: BTreeSet<String> = names(&folder("")).into_iter().filter(has_products).collect();
            assert_eq!(tested, all);
        }
    };
}

// Rows of store views update the product that the row above them created. The row that is skipped has a price with a
// thousands separator; without its price the product, which is new, cannot be created.
sets! {
    add_update: "add-update" 2048 rows, 2041 created, 7 updated, 0 skipped;
    bundle: "bundle" 1 rows, 1 created, 0 updated, 0 skipped;
    bundle_clean_up: "bundle-clean-up" 1 rows, 1 created, 0 updated, 0 skipped;
    category_sorting: "category-sorting" 9 rows, 9 created, 0 updated, 0 skipped;
    configurable: "configurable" 5 rows, 5 created, 0 updated, 0 skipped;
    delta: "delta" 5 rows, 4 created, 0 updated, 1 skipped;
    grouped: "grouped" 4 rows, 4 created, 0 updated, 0 skipped;
    minimal: "minimal" 2 rows, 2 created, 0 updated, 0 skipped;
    original: "original" 2046 rows, 2039 created, 7 updated, 0 skipped;
    replace: "replace" 2048 rows, 2041 created, 7 updated, 0 skipped;
    tier_prices: "tier-prices" 5 rows, 5 created, 0 updated, 0 skipped;
    variants: "variants" 151 rows, 150 created, 1 updated, 0 skipped;
}

/// Sets with an ok file that names files which are not in the folder.
const SETS_THAT_WAIT: [&str; 3] = ["media", "multi-storeview", "multi-storeview-media"];

#[test]
fn a_set_whose_ok_file_names_absent_files_waits_for_them() {
    let systole = Systole::new();
    let ran = systole.run(&["--json", "import", "drop", folder("media").to_str().unwrap()]);
    assert_eq!(ran.code, Some(4), "{ran}");
    let reason = &ran.json()["waiting"]["product-import_20161021-161909_01.csv"];
    let expected = "`product-import_20161021-161909.ok` line 2 names `product-import_20161021-161909_02.csv`, which has not arrived";
    assert!(reason.as_str().unwrap().starts_with(expected), "{reason}");
    assert_eq!(ran.json()["pipelines"], json!([]));
}

#[test]
fn of_two_identifiers_the_complete_one_is_imported() {
    let systole = Systole::new();
    let ran = systole.run(&["--json", "import", "drop", folder("multi-storeview").to_str().unwrap()]);
    assert_eq!(ran.code, Some(4), "{ran}");
    let waiting: Vec<_> = ran.json()["waiting"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(waiting, ["product-import_20161021-161909_01.csv"]);
    assert_eq!(rows(&ran.json()), [Rows { rows: 5, created: 1, updated: 4, ..Rows::default() }]);
}

/// Who drops a CSV file alone means that file, whatever an ok file beside it promises.
#[test]
fn a_file_by_itself_needs_no_ok_file() {
    let rows = |rows, created, updated| Rows { rows, created, updated, ..Rows::default() };
    for (file, expected) in [
        ("media/product-import_20161021-161909_01.csv", rows(1, 1, 0)),
        ("multi-storeview/product-import_20161021-161909_01.csv", rows(27, 9, 18)),
        ("multi-storeview-media/product-import_20161021-161909_01.csv", rows(3, 1, 2)),
    ] {
        assert_imports(&[folder(file).to_str().unwrap()], expected);
    }
}

/// Steps that have nothing to do where only products are dropped, and all options and categories exist.
const MAY_BE_SKIPPED: [&str; 9] = [
    "import_attribute_sets",
    "import_attributes",
    "create_options",
    "import_categories",
    "create_categories",
    "import_variants",
    "import_links",
    "import_custom_options",
    "publish",
];

/// Prices and stock are imported by pipelines of their own.
#[test]
fn sets_of_prices_and_stock_are_taken_by_their_pipelines() {
    for (set, pipeline) in [("prices", "price_import"), ("inventory", "stock_import")] {
        let systole = Systole::new();
        let ran = systole.run(&["--json", "import", "drop", folder(set).to_str().unwrap()]);
        assert_eq!(ran.json()["pipelines"][0]["name"], pipeline, "{ran}");
    }
}

#[test]
fn of_a_mixed_folder_the_files_that_no_pipeline_takes_are_left_out() {
    let systole = Systole::new();
    let mixed = tempfile::tempdir().unwrap();
    let product = "product-import_20161021-161909_01.csv";
    std::fs::copy(folder("minimal").join(product), mixed.path().join(product)).unwrap();
    std::fs::write(mixed.path().join("video-import_20161021-161909_01.csv"), "sku,video\n").unwrap();
    let imported = systole.json(&["import", "drop", mixed.path().to_str().unwrap()]);
    assert_eq!(
        imported["dropped"],
        json!({
            "files": [product],
            "ok_files": ["product-import_20161021-161909.ok"],
            "left_out": {
                "video-import_20161021-161909_01.csv":
                    "no pipeline takes files named `video-import_…` (taken are: `advanced_pricing_…`, `attribute-import_…`, `attribute-set-import_…`, `catalog_product_…`, `category-import_…`, `custom-options_…`, `customer_…`, `customer-address-import_…`, `customer-import_…`, `customer_address_…`, `customer_composite_…`, `media-import_…`, `product-import_…`, `product-import-additional-attribute_…`, `product-import-bundle_…`, `product-import-inventory_…`, `product-import-inventory-msi_…`, `product-import-link_…`, `product-import-price_…`, `product-import-simple_…`, `product-import-tier-price_…`, `product-import-variant_…`, `product-media-import_…`, `stock_sources_…`, `url-rewrite_…`)",
            },
        })
    );
}

/// Products and the categories that the original derived from them, under two identifiers.
#[test]
fn a_folder_with_files_of_two_identifiers_is_imported_by_two_pipelines() {
    let systole = Systole::new();
    let imported = systole.json(&["import", "drop", folder("category-create").to_str().unwrap()]);
    let mut imported = rows(&imported);
    imported.sort_by_key(|rows| rows.rows);
    // All of them have one name; all but the first get an address with a number behind it.
    assert_eq!((imported[0].rows, imported[0].created), (9, 9));
    // Categories that the products have named before are there already.
    assert_eq!((imported[1].rows, imported[1].created + imported[1].updated + imported[1].unchanged), (28, 28));
    assert_eq!(imported.len(), 2);
}

/// Drops files twice: the first time something becomes of them, the second time nothing does.
fn assert_imports(paths: &[&str], first: Rows) {
    let systole = Systole::new();
    let drop = [&["import", "drop"], paths].concat();
    let imported = systole.json(&drop);
    assert_eq!(rows(&imported), [first]);
    assert_eq!(first.created, distinct_skus(paths) - first.skipped);
    assert_eq!(first.rows, records(paths));
    assert_ended(&systole, &imported);

    let repeated = systole.json(&drop);
    let unchanged = first.rows - first.skipped;
    assert_eq!(rows(&repeated), [Rows { created: 0, updated: 0, unchanged, ..first }]);
    let products = systole.run(&["catalog", "export"]).stdout.lines().count();
    assert_eq!(u64::try_from(products).unwrap(), first.created);
}

/// Asserts that an import has gone through all its steps and left its files in the archive and nowhere else.
fn assert_ended(systole: &Systole, imported: &Value) {
    let pipeline = &imported["pipelines"][0];
    assert_eq!(pipeline["status"], "success");
    for step in pipeline["steps"].as_array().unwrap() {
        let is_of_other_rows = MAY_BE_SKIPPED.contains(&step["name"].as_str().unwrap()) && step["status"] == "skipped";
        assert!(step["status"] == "success" || is_of_other_rows, "{step}");
    }
    let archive = systole.files().join("archive").join(pipeline["id"].as_str().unwrap());
    // What was found, and rows to correct, are there for some of the samples only.
    let mut archived = names(&archive);
    archived.retain(|name| name != "findings.jsonl" && name != "errors");
    assert_eq!(archived, ["files", "report.html", "report.json", "report.txt"]);
    let archived = names(&archive.join("files"));
    for file in imported["dropped"]["files"].as_array().unwrap() {
        assert!(archived.contains(&file.as_str().unwrap().to_owned()), "{file} is not among {archived:?}");
    }
    assert_eq!(systole.dropped(), Vec::<String>::new());
    let report: Value = serde_json::from_slice(&std::fs::read(archive.join("report.json")).unwrap()).unwrap();
    assert_eq!(Rows::of(&report["totals"]), rows(imported)[0]);
}

/// The rows of each pipeline of a drop.
fn rows(imported: &Value) -> Vec<Rows> {
    let of = |pipeline: &Value| {
        let steps = pipeline["steps"].as_array().unwrap();
        Rows::of(steps.iter().find_map(|step| step["output"].get("totals")).unwrap())
    };
    imported["pipelines"].as_array().unwrap().iter().map(of).collect()
}

impl Rows {
    fn of(totals: &Value) -> Self {
        let count = |key: &str| totals[key].as_u64().unwrap();
        Rows {
            rows: count("rows"),
            created: count("created"),
            updated: count("updated"),
            unchanged: count("unchanged"),
            skipped: count("skipped"),
        }
    }
}

/// A folder or file of the original's product files, which lie beside the project because of their licences.
fn folder(name: &str) -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples/imports/techdivision-import-sample-data");
    let path = Path::new(root).join("generic/data/products").join(name);
    assert!(path.exists(), "the sample files are expected in {}", path.display());
    path
}

fn is_product_file(name: &str) -> bool {
    name.starts_with("product-import_") && name.ends_with(".csv")
}

/// How many records product files have, by another reader than ours.
fn records(paths: &[&str]) -> u64 {
    skus(paths).values().sum()
}

fn distinct_skus(paths: &[&str]) -> u64 {
    u64::try_from(skus(paths).len()).unwrap()
}

/// How many records each sku has.
fn skus(paths: &[&str]) -> BTreeMap<String, u64> {
    let mut skus = BTreeMap::new();
    for path in paths.iter().map(Path::new) {
        let files = match path.is_dir() {
            true => names(path).into_iter().filter(|name| is_product_file(name)).map(|name| path.join(name)).collect(),
            false => vec![path.to_owned()],
        };
        for file in files {
            let mut reader = csv::Reader::from_path(file).unwrap();
            let column = reader.headers().unwrap().iter().position(|name| name == "sku").unwrap();
            for record in reader.records() {
                *skus.entry(record.unwrap()[column].to_lowercase()).or_default() += 1;
            }
        }
    }
    skus
}
