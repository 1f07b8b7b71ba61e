//! Telling which shop it is.

use std::collections::BTreeMap;

use catalog::own::{self, Update};
use import::entity::Thing;
use import::entity::product::Product;
use import::shop::ShopFacts;
use insta::assert_snapshot;
use operate::AuditStamp;
use operate::shop::{Error, Purpose, ShopImport, ShopText, import_shop, shop};
use workshop::Workshop;

const SHOP: &str = "\
websites:
- code: base
  root_category: Default Category
store_views:
- code: default
  website: base
- code: de
  website: base
currency: EUR
attribute_sets:
- name: Bag
  based_on: Default
attributes:
- code: colour
  input: select
  is_user_defined: true
  sets: [{set: Bag}]
  options: [{label: Red}, {label: Blue}]
";

async fn told(workshop: &Workshop, text: &str, purpose: Purpose) -> Result<ShopImport, Error> {
    let stamp = AuditStamp { by: "Ann", at: workshop.now() };
    import_shop(&workshop.context, ShopText { file: "shop.yaml", text, purpose }, stamp).await
}

async fn put_product(workshop: &Workshop) {
    let json = r#"{"schema":1,"sku":"A-1","product_type":"simple","attribute_set":"Bag",
        "default":{"values":{"colour":"Red"}},"store_views":{"de":{"values":{"name":"Tasche"}}}}"#;
    let thing = Some(Product::from_json(json).unwrap());
    let update = Update { key: "a-1".to_owned(), before: None, thing, mark: "a test".to_owned(), change: None };
    own::write_things(workshop.store().table.as_ref(), &[update]).await.unwrap();
}

fn shown(done: &ShopImport) -> String {
    serde_json::to_string_pretty(done).unwrap()
}

#[tokio::test]
async fn a_shop_that_is_told_is_known_and_telling_it_again_changes_nothing() {
    let workshop = Workshop::new("10: done-a");
    let plan = told(&workshop, SHOP, Purpose::Plan).await.unwrap();
    assert!(!shop(&workshop.context).await.unwrap().is_told);
    let done = told(&workshop, SHOP, Purpose::Write).await.unwrap();
    assert_eq!(ShopImport { is_plan: true, ..done.clone() }, plan);
    assert_snapshot!(shown(&done), @r#"
    {
      "is_plan": false,
      "added": [
        "store view `de`",
        "attribute set `Bag`",
        "attribute `colour`",
        "option `Blue` of attribute `colour`",
        "option `Red` of attribute `colour`"
      ],
      "changed": [
        "setting `currency`"
      ],
      "removed": [],
      "used": []
    }
    "#);
    let known = shop(&workshop.context).await.unwrap();
    assert!(known.is_told && known.attribute("colour").is_some() && known.attribute("name").is_some());
    workshop.wait(1);
    let versions = versions(&workshop).await;
    let again = told(&workshop, SHOP, Purpose::Write).await.unwrap();
    assert!(again.changes.is_empty());
    assert_eq!(self::versions(&workshop).await, versions, "nothing is written");
    let audit = workshop.store().audit(10).await.unwrap();
    assert_eq!(
        audit.iter().map(|line| line.what.as_str()).collect::<Vec<_>>(),
        ["told the shop with shop.yaml: 5 added, 1 changed, 0 removed"]
    );
}

/// The items of the shop with their versions.
async fn versions(workshop: &Workshop) -> BTreeMap<String, u64> {
    let page = workshop.store().table.query(&store::table::Query::prefix("shop", "")).await.unwrap();
    page.entries.iter().map(|item| (item.key.sort.clone(), item.version)).collect()
}

#[tokio::test]
async fn what_is_exported_is_imported_into_another_store_and_exported_the_same() {
    let first = Workshop::new("10: done-a");
    let without = format!("{SHOP}without:\n  attributes: [{{code: special_price}}]\n");
    told(&first, &without, Purpose::Write).await.unwrap();
    let exported = shop(&first.context).await.unwrap();
    assert_eq!(exported.attribute("special_price"), None);
    for text in [exported.to_yaml(), exported.to_json()] {
        let second = Workshop::new("10: done-a");
        told(&second, &text, Purpose::Write).await.unwrap();
        let again = shop(&second.context).await.unwrap();
        assert_eq!((again.to_yaml(), again.to_json()), (exported.to_yaml(), exported.to_json()));
    }
}

#[tokio::test]
async fn what_is_used_is_removed_only_if_somebody_says_so() {
    let workshop = Workshop::new("10: done-a");
    told(&workshop, SHOP, Purpose::Write).await.unwrap();
    put_product(&workshop).await;
    let less = SHOP.replace("- code: de\n  website: base\n", "").replace("{label: Red}, ", "");
    let refused = told(&workshop, &less, Purpose::Write).await.unwrap_err();
    assert_snapshot!(refused, @"shop.yaml lacks what is in use: store view `de` by 1 (product `A-1`), option `Red` of attribute `colour` by 1 (product `A-1`); add it to the file, change what uses it, or say that it shall be removed all the same (`--remove-used`, `remove_used=true`)");
    assert!(shop(&workshop.context).await.unwrap().basics.store_view("de").is_ok(), "nothing is written");
    let done = told(&workshop, &less, Purpose::WriteAndRemoveUsed).await.unwrap();
    assert_eq!((done.changes.removed.len(), done.used.len()), (2, 2));
    assert!(shop(&workshop.context).await.unwrap().basics.store_view("de").is_err());
}

#[tokio::test]
async fn a_file_that_cannot_be_used_writes_nothing() {
    let workshop = Workshop::new("10: done-a");
    let wrong = SHOP.replace("website: base", "website: bass");
    assert_snapshot!(told(&workshop, &wrong, Purpose::Write).await.unwrap_err(), @"
    shop.yaml:6: /store_views/0/website: `bass`, website of store view `default`, is not a website of the shop (did you mean `base`?)
    shop.yaml:8: /store_views/1/website: `bass`, website of store view `de`, is not a website of the shop (did you mean `base`?)
    ");
    assert_eq!(shop(&workshop.context).await.unwrap(), ShopFacts::plain());
    assert!(versions(&workshop).await.is_empty());
}
