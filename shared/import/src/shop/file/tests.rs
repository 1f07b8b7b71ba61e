use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::entity::attribute::{AttributeOption, SetPlace};
use crate::shop::ShopChanges;

/// The shop that a text makes of a plain one, or what is wrong with the text.
fn shop(text: &str) -> Result<ShopFacts, String> {
    let file = ShopFile::read("shop.yaml", text).map_err(|bad| bad.to_string())?;
    file.over("shop.yaml", &ShopFacts::plain()).map_err(|bad| bad.to_string())
}

fn problems(text: &str) -> String {
    shop(text).unwrap_err()
}

#[test]
fn a_shop_is_read_back_as_it_was_written() {
    let mut plain = ShopFacts::plain();
    plain.is_told = true;
    for text in [plain.to_yaml(), plain.to_json()] {
        let read = shop(&text).unwrap();
        assert_eq!(read, plain);
        assert_eq!((read.to_yaml(), read.to_json()), (plain.to_yaml(), plain.to_json()));
    }
}

#[test]
fn parts_that_a_file_lacks_stay_as_they_are() {
    let shop = shop("customer_groups: [General, VIP]\n").unwrap();
    let changes = ShopChanges::between(&ShopFacts::plain(), &shop);
    let named = |names: &[crate::shop::ShopName]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    assert_snapshot!(named(&changes.added), @"customer group `VIP`");
    assert_snapshot!(named(&changes.removed), @"customer group `NOT LOGGED IN`, customer group `Retailer`, customer group `Wholesale`");
    assert!(shop.is_told);
}

#[test]
fn attributes_of_a_file_come_beside_those_that_every_shop_has() {
    let text = "attributes:\n- code: brand\n  input: select\n  is_user_defined: true\n  sets: [{set: default}]\n  \
                options:\n  - label: Acme\nwithout:\n  attributes: [{code: special_price}]\n";
    let shop = shop(text).unwrap();
    let brand = shop.attribute("brand").unwrap();
    assert!(brand.option("ACME").is_some() && shop.has_attribute(shop.attribute_set("Default").unwrap(), brand));
    assert_eq!((shop.attribute("name").is_some(), shop.attribute("special_price")), (true, None));
    let again = super::super::ShopFile::read("again", &shop.to_yaml()).unwrap().over("again", &ShopFacts::plain());
    assert_eq!(again.unwrap(), shop);
}

#[test]
fn what_cannot_be_read_is_told_with_line_and_pointer() {
    assert_snapshot!(problems("websites: [{code: base}\n"), @"shop.yaml:2: cannot be read as YAML or JSON: while parsing a flow sequence, expected ',' or ']'");
    assert_snapshot!(problems("- code: base\n"), @"shop.yaml:1: holds a list; expected some of `websites`, `store_views`, `customer_groups`, `tax_classes`, `sources`, `stocks`, `currency`, `has_website_prices`, `download_hosts`, `attribute_sets`, `attributes`, `categories`, `without`");
    assert_snapshot!(problems(""), @"shop.yaml: holds nothing; expected some of `websites`, `store_views`, `customer_groups`, `tax_classes`, `sources`, `stocks`, `currency`, `has_website_prices`, `download_hosts`, `attribute_sets`, `attributes`, `categories`, `without`");
    assert_snapshot!(problems("storeviews: []\nwebsites: {}\n"), @"
    shop.yaml:1: /storeviews: `storeviews` is no part of a shop (did you mean `store_views`?)
    shop.yaml:2: /websites: is a map; expected a list
    ");
    assert_snapshot!(problems("websites:\n- kode: base\n- code: 12\n- {}\n"), @"
    shop.yaml:2: /websites/0/kode: `kode` is not known here (did you mean `code`?)
    shop.yaml:3: /websites/1/code: invalid type: integer `12`, expected a string; put it in quotes if it is a text
    shop.yaml:4: /websites/2: missing field `code`
    ");
    assert_snapshot!(problems("tax_classes:\n- name: A\n  kind: produkt\n"), @"shop.yaml:3: /tax_classes/0/kind: `produkt` is not known here (did you mean `product`?)");
    assert_snapshot!(problems("currency: EUR\n\ncurrency: USD\n"), @"shop.yaml:3: /currency: is there twice; what `currency` holds belongs into one place");
    assert_snapshot!(problems("websites: &all\n- code: base\n"), @"shop.yaml:1: /websites: has an anchor or points to one; write the value out");
    assert_snapshot!(problems("attributes:\n- code: a\n  input: text\n  sets: [{set: A}, {set: a}]\n"), @"shop.yaml:4: /attributes/0/sets: names set `A` twice");
    assert_snapshot!(problems("{\"categories\": [{\"path\": \"A//B\"}]}"), @"shop.yaml:1: /categories/0/path: has an empty level (example: `Default Category/Bikes/Touring`)");
}

#[test]
fn what_does_not_fit_together_is_told_with_the_nearest_name() {
    let text = "\
websites:
- code: base
  root_category: Default Categroy
- code: base
store_views:
- code: default
  website: bass
stocks:
- name: Main
  sources: [defautl]
currency: Euro
attribute_sets:
- name: Bag
  based_on: Defolt
attributes:
- code: brand
  input: select
  sets:
  - set: Bagg
  options:
  - label: Acme
    store_labels: {de: Akme}
  - label: 'acme '
categories:
- path: Default Category/Gear/Bags
without:
  attributes: [{code: brand}]
";
    assert_snapshot!(problems(text), @"
    shop.yaml:3: /websites/0/root_category: `Default Categroy`, root category of website `base`, is not a root category of the shop (did you mean `Default Category`?)
    shop.yaml:4: /websites/1/code: `base` is there twice; the first one is `/websites/0`
    shop.yaml:7: /store_views/0/website: `bass`, website of store view `default`, is not a website of the shop (did you mean `base`?)
    shop.yaml:10: /stocks/0/sources/0: `defautl`, source of stock `Main`, is not a source of the shop (did you mean `default`?)
    shop.yaml:11: /currency: `Euro` is not a currency (expected three capitals, such as `EUR`)
    shop.yaml:14: /attribute_sets/0/based_on: `Defolt` is not an attribute set of the shop (did you mean `Default`?)
    shop.yaml:19: /attributes/0/sets: `Bagg` is not an attribute set of the shop (did you mean `Bag`?)
    shop.yaml:22: /attributes/0/options/0/store_labels/de: `de` is not a store view of the shop (did you mean `default`?)
    shop.yaml:23: /attributes/0/options/1/label: `acme ` begins or ends with a blank, or holds a control character
    shop.yaml:23: /attributes/0/options/1/label: `acme ` is there twice; the first one is `/attributes/0/options/0`
    shop.yaml:25: /categories/0/path: is below `Default Category/Gear`, which is not a category of the shop (did you mean `Default Category`?)
    shop.yaml:27: /without/attributes/0/code: `brand` is no attribute that every shop has
    ");
}

#[test]
fn a_website_that_a_store_view_has_cannot_be_left_out() {
    assert_snapshot!(problems("websites: [{code: main}]\n"), @"shop.yaml:1: /websites: `base`, website of store view `default`, is not a website of the shop (known: `main`)");
}

#[test]
fn json_in_all_its_spellings_is_read() {
    let text =
        "{\n\t\"customer_groups\": [\"\\ud83d\\ude00 \\u00e4\\\\u0041\", \"a/\\/b\"],\n\t\"currency\": \"EUR\"\n}";
    let shop = shop(text).unwrap();
    assert_eq!(shop.basics.customer_groups, ["😀 ä\\u0041", "a//b"]);
}

#[test]
fn the_example_of_the_documentation_and_the_shop_of_the_demo_can_be_read() {
    let page = include_str!("../../../../../docs/SHOP.md");
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let documented = shop(example).unwrap();
    assert_eq!(documented.attribute("colour").unwrap().options.len(), 2);
    assert_eq!(documented.attribute("gift_message_available"), None);
    let demo = shop(include_str!("../../../../../demo/shop.yaml")).unwrap();
    assert_eq!(demo.attribute("shoe_size").unwrap().options.len(), 8);
    // Every part is described.
    for part in Reading::PARTS {
        assert!(page.contains(&format!("| `{part}` |")), "docs/SHOP.md does not describe `{part}`");
    }
}

proptest! {
    #[test]
    fn every_text_survives_a_file(label in "\\PC{1,12}", other in any::<String>(), code in "[a-z]{1,8}") {
        let mut shop = ShopFacts::plain();
        let option = |label: String| AttributeOption { label, ..AttributeOption::default() };
        let mut options = vec![option(label.clone()), option(other)];
        options.push(option("no".to_owned()));
        let attribute = Attribute {
            code: format!("x_{code}"),
            input: "select".to_owned(),
            options: options.into(),
            sets: [("default".to_owned(), SetPlace { set: "Default".to_owned(), ..SetPlace::default() })].into(),
            settings: [(label.clone(), label)].into(),
            ..Attribute::default()
        };
        shop.attributes.insert(attribute.code.clone(), attribute);
        let document = |text: &str| Document::read(text).unwrap().value;
        prop_assert_eq!(document(&shop.to_yaml()), document(&shop.to_json()));
        prop_assert_eq!(document(&shop.to_json()), serde_json::from_str::<Value>(&shop.to_json()).unwrap());
    }
}
