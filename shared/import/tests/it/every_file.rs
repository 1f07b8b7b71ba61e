//! Every file of every sample set: as what it is read, how many of its rows can be used, and what is said about it.

use std::collections::BTreeMap;
use std::fmt::Write;

use import::Entity;
use import::csv::{CsvRow, Header, ReadRow, RowReader};
use import::entity::{RowAbove, Visitor, visit_all};
use import::finding::Severity;
use insta::assert_snapshot;
use patience::wait;

use crate::files::{any_shop, samples};

/// A file whose cells can be told apart.
struct Cells {
    header: Header,
    /// None for a row that cannot be told apart.
    rows: Vec<Option<CsvRow>>,
    broken: bool,
}

fn cells(bytes: &[u8]) -> Option<Cells> {
    let mut reader = RowReader::new(any_shop().dialect.format);
    reader.feed(bytes);
    reader.finish();
    let (mut rows, mut broken) = (Vec::new(), false);
    let wait = wait("the reader comes to the end of the file");
    loop {
        wait.go_on();
        match reader.next_row() {
            Ok(ReadRow::Row(row)) => rows.push(Some(row)),
            Ok(ReadRow::Bad(_)) => rows.push(None),
            Ok(ReadRow::NeedsInput | ReadRow::End) => break,
            Err(_) => {
                broken = true;
                break;
            }
        }
    }
    Some(Cells { header: reader.header()?.clone(), rows, broken })
}

/// What a file is read as, by the entity that knows most of its columns.
struct Told<'a> {
    cells: &'a Cells,
    known: usize,
    text: String,
}

impl Visitor for Told<'_> {
    fn visit<E: Entity>(&mut self) {
        let Ok(columns) = E::columns("a_b_01.csv", &self.cells.header, any_shop()) else { return };
        if columns.known().len() <= self.known {
            return;
        }
        self.known = columns.known().len();
        let mut above = RowAbove::of::<E>(&columns);
        let (mut usable, mut severities) = (0, BTreeMap::<&str, usize>::new());
        for row in &self.cells.rows {
            let Some(mut row) = row.clone() else {
                above.forget();
                *severities.entry("ragged").or_default() += 1;
                continue;
            };
            if above.is_continued_by(&row) {
                above.complete(&mut row);
            } else {
                above.pass(&row);
            }
            let read = E::read(&columns, &row);
            usable += usize::from(read.change.is_some());
            for finding in read.findings {
                let kind = match finding.severity {
                    Severity::Notice => "notice",
                    Severity::Value => "value",
                    Severity::Row => "row",
                    Severity::File => "file",
                };
                *severities.entry(kind).or_default() += 1;
            }
        }
        self.text = format!("{} {usable}/{}", E::ABOUT.name, self.cells.rows.len());
        severities.iter().for_each(|(kind, count)| write!(self.text, " {kind} {count}").unwrap());
        let unknown = columns.unknown();
        if let Some(first) = unknown.first() {
            write!(self.text, " unknown {} ({first})", unknown.len()).unwrap();
        }
        if self.cells.broken {
            self.text += " broken";
        }
    }
}

/// The outcomes of the files of a set, by path.
fn outcomes(set: &str) -> String {
    let index = std::fs::read_to_string(samples().join("INDEX.tsv")).unwrap();
    let mut text = String::new();
    for path in index.lines().skip(1).filter_map(|line| line.split('\t').next()) {
        let Some(name) = path.strip_prefix(set).filter(|name| name.ends_with(".csv")) else { continue };
        let told = match cells(&std::fs::read(samples().join(path)).unwrap()) {
            None => "has no header".to_owned(),
            Some(cells) => {
                let mut told = Told { cells: &cells, known: 0, text: "is of no entity".to_owned() };
                visit_all(&mut told);
                told.text
            }
        };
        writeln!(text, "{}: {told}", name.replace("/Model/Import/_files/", "/…/")).unwrap();
    }
    text
}

#[test]
fn every_file_of_the_original_is_read_as_what_it_is() {
    assert_snapshot!(outcomes("techdivision-import-sample-data/generic/data/"), @"
    attributes-set/add-update/attribute-set-import_20190104-114000_01.csv: attribute_sets 8/8
    attributes/add-update-examples/attribute-import_20190103-180312_01.csv: attributes 8/8 notice 4
    attributes/add-update/attribute-import_20170428-124902_01.csv: attributes 22/22 value 59
    attributes/delete/attribute-import_20170428-124902_01.csv: attributes 4/4
    attributes/multi-storeview/attribute-import_20170428-124902_01.csv: attributes 66/66 value 61
    attributes/replace/attribute-import_20170428-124902_01.csv: attributes 8/8 notice 6
    attributes/sorting/attribute-import_20170428-124902_01.csv: attributes 22/22 value 59
    categories/add-update/category-import_20161024-194026_01.csv: categories 39/39
    categories/delete/category-import_20161024-194026_01.csv: categories 38/38
    categories/multi-root-categories/category-import_20161024-194026_01.csv: categories 43/43
    categories/multi-storeview/category-import_20161024-194026_01.csv: categories 114/114
    categories/replace/category-import_20161024-194026_01.csv: categories 38/38
    categories/root-categories/category-import_20161024-194026_01.csv: categories 11/11
    categories/sorting/category-import_20161024-194026_01.csv: categories 39/39
    customers-address/add-update/customer-address-import_20181217-085523_01.csv: customer_addresses 2/2
    customers-address/delete/customer-address-import_20181217-085523_01.csv: customer_addresses 2/2
    customers-address/replace/customer-address-import_20181217-085523_01.csv: customer_addresses 2/2
    customers/add-update/customer-import_20181213-132802_01.csv: customers 3/3
    msi/add-update/product-import-inventory-msi_20190423-100739_01.csv: source_items 3/3
    msi/replace/product-import-inventory-msi_20190423-100739_01.csv: source_items 3/3
    product-media/media-import_20161021-161909_01.csv: products 3/9 row 6
    product-url-rewrites/url-rewrite_20200314-121301_01.csv: products 494/494 notice 494
    product-url-rewrites/url-rewrite_20200314-121301_02.csv: products 500/500 notice 500
    product-url-rewrites/url-rewrite_20200314-121301_03.csv: products 500/500 notice 500
    product-url-rewrites/url-rewrite_20200314-121301_04.csv: products 547/547 notice 547
    products/add-update/product-import_20161021-161909_01.csv: products 494/494
    products/add-update/product-import_20161021-161909_02.csv: products 500/500
    products/add-update/product-import_20161021-161909_03.csv: products 500/500
    products/add-update/product-import_20161021-161909_04.csv: products 554/554 notice 135
    products/bundle-clean-up/product-import_20200525-161909_01.csv: products 1/1
    products/bundle/product-import_20200525-161909_01.csv: products 1/1
    products/category-create/category-import_20200604-223243_01.csv: categories 28/28
    products/category-create/product-import_20200602-121056_01.csv: products 9/9
    products/category-sorting/product-import_20161021-161909_01.csv: products 9/9
    products/configurable/product-import_20190226-095345_01.csv: products 5/5
    products/delta/product-import_20161021-161909_01.csv: products 5/5 notice 1 value 2
    products/grouped/product-import_20161021-161909_01.csv: products 4/4
    products/inventory/product-import-inventory_20170829-1115_01.csv: products 2/2
    products/media/product-import_20161021-161909_01.csv: products 1/1
    products/minimal/product-import_20161021-161909_01.csv: products 2/2
    products/multi-storeview-media/product-import_20161021-161909_01.csv: products 3/3
    products/multi-storeview-prices/product-import-price_20170829-1130_01.csv: products 6/6
    products/multi-storeview/product-import_20161021-161909_01.csv: products 27/27
    products/multi-storeview/product-import_20210211-095345_01.csv: products 5/5
    products/original/product-import_20161021-161909_01.csv: products 2046/2046 notice 135
    products/prices/product-import-price_20170829-1130_01.csv: products 2/2
    products/replace/product-import_20161021-161909_01.csv: products 494/494
    products/replace/product-import_20161021-161909_02.csv: products 500/500
    products/replace/product-import_20161021-161909_03.csv: products 500/500
    products/replace/product-import_20161021-161909_04.csv: products 554/554 notice 135
    products/tier-prices/product-import_20190226-095345_01.csv: products 5/5
    products/variants/product-import_20201107-130409_01.csv: products 151/151 notice 135
    tier-prices/add-update/product-import-tier-price_20190425-131237_01.csv: tier_prices 3/3
    tier-prices/replace/product-import-tier-price_20190425-131237_01.csv: tier_prices 2/2
    ");
}

#[test]
fn every_file_of_the_tests_of_the_original_is_read_as_what_it_is() {
    assert_snapshot!(outcomes("techdivision-import-unit/"), @"product-import_20170720-125052_01.csv: is of no entity");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line per file")]
fn every_file_of_magento_is_read_as_what_it_is() {
    assert_snapshot!(outcomes("magento2-2.4.7/dev/tests/integration/testsuite/Magento/"), @r#"
    AdvancedPricingImportExport/…/import_advanced_pricing_for_additional_attributes_products.csv: tier_prices 127/127
    AdvancedPricingImportExport/…/import_catalog_product.csv: products 64/64
    BundleImportExport/…/import_bundle.csv: products 4/4
    BundleImportExport/…/import_bundle_multiple_store_views.csv: products 4/4
    BundleImportExport/…/import_bundle_set_all_products_out_of_stock.csv: products 3/3
    BundleImportExport/…/import_bundle_set_option1_products_in_stock.csv: products 1/1
    BundleImportExport/…/import_bundle_set_option1_products_out_of_stock.csv: products 1/1
    BundleImportExport/…/import_bundle_update_values.csv: products 1/1
    CatalogImportExport/…/hide_from_product_page_images.csv: products 1/1 unknown 1 (swatch_image_label1)
    CatalogImportExport/…/import_categories_with_long_names.csv: products 1/1 value 1
    CatalogImportExport/…/import_change_image_label_for_storeview.csv: products 1/1 unknown 1 ( "base_image_label")
    CatalogImportExport/…/import_image_name_without_slash.csv: products 2/2
    CatalogImportExport/…/import_media_additional_images.csv: products 1/1
    CatalogImportExport/…/import_media_additional_images_storeview.csv: products 1/1
    CatalogImportExport/…/import_media_additional_long_name_image.csv: products 1/1
    CatalogImportExport/…/import_media_existing_images.csv: products 1/1 unknown 1 (swatch_image_label1)
    CatalogImportExport/…/import_media_hidden_images.csv: products 1/1 unknown 1 (swatch_image_label1)
    CatalogImportExport/…/import_media_two_stores.csv: products 2/2
    CatalogImportExport/…/import_new_categories_custom_separator.csv: products 1/1 value 1
    CatalogImportExport/…/import_new_categories_default_separator.csv: products 1/1
    CatalogImportExport/…/import_product_with_empty_attribute_value.csv: products 1/1
    CatalogImportExport/…/product_tax_class_none_import.csv: products 2/2
    CatalogImportExport/…/product_to_import_invalid_weight.csv: products 4/4 value 1
    CatalogImportExport/…/product_with_custom_options_and_multiple_store_views.csv: products 10/10 notice 4 unknown 3 (website_code)
    CatalogImportExport/…/product_with_custom_options_new.csv: products 1/1
    CatalogImportExport/…/product_with_custom_store_media_disabled.csv: products 1/1 notice 1
    CatalogImportExport/…/products_duplicate_category.csv: products 3/3
    CatalogImportExport/…/products_multiple_stores.csv: products 4/4
    CatalogImportExport/…/products_to_import.csv: products 3/3
    CatalogImportExport/…/products_to_import_invalid_attribute_set.csv: products 3/3 unknown 1 (_upsell_sku)
    CatalogImportExport/…/products_to_import_with_additional_attributes.csv: products 2/2
    CatalogImportExport/…/products_to_import_with_backorders_disabled_and_not_0_qty.csv: products 1/1
    CatalogImportExport/…/products_to_import_with_changed_sku_case.csv: products 5/5
    CatalogImportExport/…/products_to_import_with_invalid_url_keys.csv: products 3/3
    CatalogImportExport/…/products_to_import_with_new_attribute_set.csv: products 2/2
    CatalogImportExport/…/products_to_import_with_non_existing_image.csv: products 1/1 unknown 1 (swatch_image_label1)
    CatalogImportExport/…/products_to_import_with_product_links.csv: products 4/4
    CatalogImportExport/…/products_to_import_with_product_links_with_empty_data.csv: products 1/1
    CatalogImportExport/…/products_to_import_with_related.csv: products 6/6
    CatalogImportExport/…/products_to_import_with_use_config_settings.csv: products 3/3
    CatalogImportExport/…/products_to_import_with_valid_url_keys.csv: products 3/3
    CatalogImportExport/…/products_to_import_without_url_key_column.csv: products 1/1
    CatalogImportExport/…/products_to_import_without_url_keys.csv: products 3/3
    CatalogImportExport/…/products_to_import_without_url_keys_and_name.csv: products 2/2
    CatalogImportExport/…/products_to_import_zero_qty.csv: products 3/3
    CatalogImportExport/…/products_with_two_store_views.csv: products 9/9
    CatalogImportExport/_files/catalog_import_products_with_same_images.csv: products 2/2
    ConfigurableImportExport/…/import_configurable.csv: products 3/3
    ConfigurableImportExport/…/import_configurable_12345.csv: products 3/3
    ConfigurableImportExport/…/import_configurable_child_products_stock_item_status_in_stock.csv: products 2/2
    ConfigurableImportExport/…/import_configurable_child_products_stock_item_status_out_of_stock.csv: products 2/2
    ConfigurableImportExport/…/import_configurable_for_multiple_store_views.csv: products 4/4 notice 1
    ConfigurableImportExport/…/import_configurable_for_multiple_store_views_error.csv: products 3/3 notice 1 value 1
    CustomerImportExport/…/address_import_delete.csv: customer_addresses 1/1
    CustomerImportExport/…/customer_composite_update.csv: customers 5/5
    CustomerImportExport/…/customers_to_update.csv: customers 3/3
    CustomerImportExport/…/customers_with_gender_to_import.csv: customers 6/6
    DownloadableImportExport/…/import_downloadable.csv: products 1/1
    GroupedImportExport/…/grouped_product.csv: products 3/3
    GroupedImportExport/…/grouped_product_children_out_of_stock.csv: products 2/2
    ImportExport/Controller/Adminhtml/Import/_files/incorrect_catalog_product_comma.csv: products 1/1 value 1
    ImportExport/Controller/Adminhtml/Import/_files/incorrect_catalog_product_semicolon.csv: is of no entity
    ImportExport/Controller/Adminhtml/Import/_files/invalid_catalog_products.csv: products 0/2 row 2 unknown 18 (_related_sku)
    ImportExport/Model/Import/Entity/_files/advanced_price_for_validation_test.csv: tier_prices 2/2
    ImportExport/Model/Import/Entity/_files/customers_for_validation_test.csv: customers 2/2 unknown 6 (attr_pylwhnacmivoekxo)
    TaxImportExport/Model/Rate/_files/correct_rates_import_file.csv: is of no entity
    TaxImportExport/Model/Rate/_files/rates_import_file_incorrect_country.csv: is of no entity
    "#);
    assert_snapshot!(outcomes("magento2-2.4.7/dev/tests/acceptance/"), @"
    tests/_data/BB-Products.csv: products 115/117 notice 26 ragged 2
    tests/_data/BB-ProductsWorking.csv: products 28/28 notice 5
    tests/_data/catalog_import_products.csv: products 3/3
    tests/_data/catalog_import_products_url_rewrite.csv: products 1/1
    tests/_data/catalog_product_err_img.csv: products 10/10 value 8
    tests/_data/catalog_products.csv: products 3/3
    tests/_data/export_import_configurable_product.csv: products 1/1
    tests/_data/import_configurable_product.csv: products 4/4
    tests/_data/import_configurable_product_same_images.csv: products 4/4
    tests/_data/import_downloadable_product_file_links.csv: products 1/1
    tests/_data/import_downloadable_product_url_links.csv: products 1/1
    tests/_data/import_grouped_product.csv: products 4/4
    tests/_data/import_simple_product.csv: products 1/1
    tests/_data/import_simple_product_with_image.csv: products 1/1
    tests/_data/import_tax_rates.csv: is of no entity
    tests/_data/import_updated.csv: products 3/3
    tests/_data/prepared-for-sample-data.csv: products 300/300 unknown 19 (brand)
    tests/_data/simpleProductUpdate.csv: products 1/1
    tests/_data/tablerates.csv: is of no entity
    ");
    assert_snapshot!(outcomes("magento2-2.4.7/vendor/magento/"), @"
    module-catalog-sample-data/fixtures/Links/crosssell.csv: products 29/29 unknown 1 (linked_sku)
    module-catalog-sample-data/fixtures/Links/upsell.csv: products 13/13 unknown 1 (linked_sku)
    module-catalog-sample-data/fixtures/SimpleProduct/images_gear_bags.csv: products 18/18
    module-catalog-sample-data/fixtures/SimpleProduct/products_gear_bags.csv: products 14/14 unknown 13 (category)
    module-catalog-sample-data/fixtures/SimpleProduct/products_gear_fitness_equipment_ball.csv: products 9/9 unknown 7 (category)
    module-catalog-sample-data/fixtures/SimpleProduct/products_gear_fitness_equipment_strap.csv: products 3/3 unknown 7 (category)
    module-catalog-sample-data/fixtures/SimpleProduct/products_gear_watches.csv: products 9/9 unknown 11 (category)
    module-catalog-sample-data/fixtures/attributes.csv: attributes 14/14 unknown 7 (option)
    module-catalog-sample-data/fixtures/categories.csv: categories 4/6 row 2 unknown 1 (active)
    module-customer-sample-data/fixtures/customer_profile.csv: is of no entity
    module-import-export/Files/Sample/catalog_product.csv: products 6/6
    module-import-export/Files/Sample/customer.csv: customers 1/1
    module-import-export/Files/Sample/customer_finance.csv: customer_addresses 1/1 unknown 3 (_finance_website)
    module-import-export/Test/Unit/Model/Import/Source/_files/test.csv: is of no entity
    module-inventory-import-export/Files/Sample/stock_sources.csv: source_items 2/4 row 2
    module-inventory-import-export/Test/Integration/Model/Export/_files/export_empty.csv: source_items 0/0
    module-inventory-import-export/Test/Integration/Model/Export/_files/export_filtered_without_status_column.csv: source_items 0/3 row 3
    module-inventory-import-export/Test/Integration/Model/Export/_files/export_full.csv: source_items 0/6 row 6
    module-inventory-import-export/Test/Integration/…/product_import.csv: products 1/1
    module-inventory-import-export/Test/Integration/…/product_import_SKU-1.csv: products 1/1
    module-inventory-import-export/Test/Integration/…/sample.csv: source_items 2/4 row 2
    module-inventory-import-export/Test/Integration/…/stock_sources.csv: source_items 0/4 row 4
    ");
}

#[test]
fn every_file_of_fast_simple_import_is_read_as_what_it_is() {
    assert_snapshot!(outcomes("firegento/"), @"
    Files/Sample/catalog_category.csv: is of no entity
    doc/fields.csv: products 83/83 unknown 1 (SKU of Product)
    ");
}

#[test]
fn no_set_is_left_out() {
    let sets = ["techdivision-import-sample-data/generic/data/", "techdivision-import-unit/"];
    let of_magento = ["dev/tests/integration/testsuite/Magento/", "dev/tests/acceptance/", "vendor/magento/"];
    let of_magento = of_magento.map(|set| format!("magento2-2.4.7/{set}"));
    let sets: Vec<&str> = sets.into_iter().chain(of_magento.iter().map(String::as_str)).chain(["firegento/"]).collect();
    let index = std::fs::read_to_string(samples().join("INDEX.tsv")).unwrap();
    let paths = index.lines().skip(1).filter_map(|line| line.split('\t').next());
    let left_out: Vec<&str> =
        paths.filter(|path| path.ends_with(".csv") && !sets.iter().any(|set| path.starts_with(set))).collect();
    assert_eq!(left_out, [""; 0]);
}
