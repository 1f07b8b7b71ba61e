//! What is remembered of what the shop has accepted: an import that says the same asks next to nothing.

use std::sync::Arc;

use catalog::target::{BlockOutcome, ItemOutcome};
use import::entity::price::Prices;
use import::entity::product::Products;
use import::operation::Operation;
use magento::target::{MagentoTarget, VolatileMemory};
use serde_json::{Value, json};

use crate::importing::{Shop, give};

const FILE: &str = "\
sku,store_view_code,attribute_set_code,product_type,name,price,qty,url_key,product_websites,base_image,related_skus
A,,Default,simple,A,10,5,a,base,/a/front.png,B
B,,Default,simple,B,20,0,b,base,,
A,de_DE,,,A,,,,,,
";

async fn import(shop: &Shop, target: &MagentoTarget, file: &str) -> BlockOutcome {
    let outcome = give::<Products>(target, Operation::AddUpdate, file).await.unwrap();
    shop.settle::<Products>(target, outcome).await
}

/// The paths that were asked for of products, without what the shop has.
fn asked(shop: &Shop) -> usize {
    shop.local
        .exchanges()
        .iter()
        .filter(|one| one.path.ends_with("/products") || one.path.contains("/products/"))
        .count()
}

fn unchanged(outcome: &BlockOutcome) -> usize {
    outcome.items.iter().filter(|item| **item == ItemOutcome::Unchanged).count()
}

#[tokio::test]
async fn what_is_remembered_is_neither_sent_nor_asked_for() {
    let shop = Shop::start().await;
    let memory = Arc::new(VolatileMemory::default());
    let known = magento::facts::read(&shop.client).await.unwrap();
    let target = || shop.target_knowing(known.clone()).remembering(memory.clone());
    import(&shop, &target(), FILE).await;
    shop.local.forget_exchanges();
    let second = import(&shop, &target(), FILE).await;
    assert_eq!((unchanged(&second), shop.writes(), asked(&shop)), (3, Vec::new(), 0));
    // A person has changed it in the shop: what is remembered does not show it, a full import does.
    shop.client
        .call(&magento::client::ShopCall::put(&["products", "A"], &json!({"product": {"name": "Other"}})))
        .await
        .unwrap();
    assert_eq!(unchanged(&import(&shop, &target(), FILE).await), 3);
    import(&shop, &target().in_full(), FILE).await;
    assert_eq!(shop.product("A").await["name"], "A");
}

#[tokio::test]
async fn one_changed_price_sends_one_item_in_one_call() {
    let shop = Shop::start().await;
    let memory = Arc::new(VolatileMemory::default());
    let target = || shop.target().remembering(memory.clone());
    import(&shop, &target(), FILE).await;
    shop.local.forget_exchanges();
    let third = import(&shop, &target(), &FILE.replace("B,20", "B,21")).await;
    assert_eq!(unchanged(&third), 2);
    assert_eq!(shop.sent(), [json!([{"product": {"sku": "B", "price": 21}}])]);
}

#[tokio::test]
async fn what_other_files_changed_is_compared_again() {
    let shop = Shop::start().await;
    let memory = Arc::new(VolatileMemory::default());
    let target = || shop.target().remembering(memory.clone());
    import(&shop, &target(), FILE).await;
    let prices = give::<Prices>(&target(), Operation::AddUpdate, "sku,price\nA,12\n").await.unwrap();
    assert_eq!(prices.items, [ItemOutcome::Updated]);
    import(&shop, &target(), FILE).await;
    assert_eq!(shop.product("A").await["price"], json!(10));
    shop.local.forget_exchanges();
    import(&shop, &target(), FILE).await;
    assert_eq!(shop.sent(), Vec::<Value>::new());
}
