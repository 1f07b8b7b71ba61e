//! What goes wrong between an import and the shop, and how it ends.

use catalog::target::Target;
use import::entity::price::Prices;
use import::entity::product::Products;
use import::operation::Operation;
use insta::assert_snapshot;
use local_shop::{Fault, Rule, Setup};
use magento::client::{ShopAccess, ShopLimits, ShopSecret};
use serde_json::Value;

use crate::importing::{Shop, ask, client, give, told};

/// A file of so many new products.
fn products(count: usize) -> String {
    let mut file = "sku,attribute_set_code,product_type,name,price,visibility,product_websites,url_key\n".to_owned();
    for number in 0..count {
        file.push_str(&format!("S-{number},Default,simple,Product {number},{number}.5,Search,base,s-{number}\n"));
    }
    file
}

async fn count(shop: &Shop) -> u64 {
    let call =
        magento::client::ShopCall::get(&["products"]).asking([("searchCriteria[pageSize]".to_owned(), "1".to_owned())]);
    shop.client.call(&call).await.unwrap()["total_count"].as_u64().unwrap()
}

#[tokio::test]
async fn a_reply_that_is_lost_makes_nothing_twice() {
    let shop = Shop::start().await;
    shop.local.fail(Rule::once("POST", "/async/bulk/V1/products", Fault::LoseReply));
    assert_snapshot!(shop.import::<Products>(&products(30)).await, @"30 created");
    assert_eq!(count(&shop).await, 30);
    assert_eq!(shop.writes(), ["POST /V1/products 30"]);
}

#[tokio::test]
async fn an_attempt_that_died_after_it_sent_is_repeated_without_a_second_product() {
    let shop = Shop::start().await;
    let file = products(450);
    // It died before anybody kept what it left pending, and before the consumer came to it.
    give::<Products>(&shop.target(), Operation::AddUpdate, &file).await.unwrap();
    assert_eq!(shop.writes().len(), 3);
    assert_snapshot!(shop.import::<Products>(&file).await, @"450 created");
    assert_eq!((count(&shop).await, shop.writes().len()), (450, 3));
    // The same when the consumer was half through.
    let changed = file.replace(".5,", ".25,");
    give::<Products>(&shop.target(), Operation::AddUpdate, &changed).await.unwrap();
    shop.local.consume(100);
    assert_snapshot!(shop.import::<Products>(&changed).await, @"
    350 updated
    100 unchanged
    ");
    assert_eq!((count(&shop).await, shop.writes().len()), (450, 6));
}

#[tokio::test]
async fn one_poisoned_item_among_many_costs_itself() {
    let shop = Shop::start().await;
    let file = products(60).replace(
        "S-17,Default,simple,Product 17,17.5,Search,base,s-17",
        "S-17,Default,simple,Product 17,17.5,Search,base,s-16",
    );
    assert_snapshot!(shop.import::<Products>(&file).await, @"
    59 created
    a.csv:19: URL key for specified store already exists.
    ");
    assert_eq!(count(&shop).await, 59);
}

#[tokio::test]
async fn lock_conflicts_pass() {
    let shop = Shop::start().await;
    shop.local.faults(|faults| faults.lock_conflicts = 0.2);
    let told = shop.import::<Products>(&products(100)).await;
    assert_eq!(told, "100 created");
    assert_eq!(count(&shop).await, 100);
}

#[tokio::test]
async fn rows_wait_while_the_consumer_rests_and_no_runner_is_held() {
    let shop = Shop::start().await;
    let target = shop.target();
    let mut outcome = give::<Products>(&target, Operation::AddUpdate, &products(5)).await.unwrap();
    let mut waits = Vec::new();
    for _ in 0..5 {
        let pending = outcome.pending.pop().unwrap();
        waits.push(pending.ask_after_seconds);
        // Somebody else asks each time: what is kept is enough.
        outcome = ask::<Products>(&shop.target(), pending).await.unwrap();
    }
    assert_eq!(waits, [2, 3, 5, 8, 12]);
    assert_eq!(told(shop.settle::<Products>(&target, outcome).await), "5 created");
}

#[tokio::test]
async fn a_shop_in_maintenance_is_a_failure_that_passes() {
    let limits = ShopLimits { patience: std::time::Duration::ZERO, ..ShopLimits::default() };
    let shop = Shop::with(Setup::default(), limits).await;
    shop.local.faults(|faults| faults.maintenance = true);
    let error = give::<Products>(&shop.target(), Operation::AddUpdate, &products(1)).await.unwrap_err();
    assert!(matches!(error, catalog::target::Error::Retryable { .. }), "{error:?}");
    assert_snapshot!(error.to_string(), @"GET /rest/all/V1/categories/list: 503: the shop is in maintenance mode");
    shop.local.faults(|faults| faults.maintenance = false);
    assert_eq!(shop.import::<Products>(&products(1)).await, "1 created");
}

#[tokio::test]
async fn a_price_call_that_fails_fails_the_block() {
    let limits = ShopLimits { patience: std::time::Duration::ZERO, ..ShopLimits::default() };
    let shop = Shop::with(Setup::default(), limits).await;
    shop.import::<Products>(&products(2)).await;
    for path in ["/V1/products/base-prices", "/V1/products/special-price"] {
        // The question before it passes, and so does everything behind it.
        let fault = Fault::Page { status: 502 };
        shop.local.fail(Rule { after: 1, ..Rule::once("POST", path, fault) });
        let file = "sku,price,special_price\nS-0,7,6\n";
        let error = give::<Prices>(&shop.target(), Operation::AddUpdate, file).await.unwrap_err();
        assert!(matches!(error, catalog::target::Error::Retryable { .. }), "{error:?}");
        assert!(error.to_string().starts_with(&format!("POST /rest/all{path}: 502: ")), "{error}");
    }
    assert_eq!(shop.import::<Prices>("sku,price,special_price\nS-0,7,6\n").await, "1 updated");
}

#[tokio::test]
async fn a_token_that_is_revoked_on_the_way_is_a_failure_that_a_person_ends() {
    let shop = Shop::start().await;
    let target = shop.target();
    let mut outcome = give::<Products>(&target, Operation::AddUpdate, &products(3)).await.unwrap();
    shop.local.integrations(|integrations| integrations[0].is_revoked = true);
    let pending = outcome.pending.pop().unwrap();
    let error = Target::<Products>::ask(&target, pending.clone()).await.unwrap_err();
    assert!(matches!(error, catalog::target::Error::Permanent { .. }), "{error:?}");
    shop.local.integrations(|integrations| integrations[0].is_revoked = false);
    outcome.pending.push(pending);
    assert_eq!(told(shop.settle::<Products>(&target, outcome).await), "3 created");
}

#[tokio::test]
async fn a_token_for_the_catalogue_alone_is_told_which_right_it_lacks() {
    let shop = Shop::start().await;
    let access = ShopAccess::Integration(ShopSecret::new(local_shop::CATALOG_TOKEN));
    let client = client(&shop.local.url(), access, ShopLimits::default());
    let error = magento::facts::read(&client).await.unwrap_err();
    assert_snapshot!(error.to_string(), @"GET /rest/all/V1/store/websites: 401: The consumer isn't authorized to access Magento_Backend::store. (the token is wrong, expired or revoked, or its integration lacks this right; the shop says the same to all of it)");
    assert!(!format!("{error:?}").contains(local_shop::CATALOG_TOKEN));
}

#[tokio::test]
async fn what_another_client_did_to_the_consumer_is_waited_for() {
    let shop = Shop::start().await;
    let target = shop.target();
    // Somebody else's item ends the consumer in front of ours.
    let poison = serde_json::json!([{"product": {"name": "no sku"}}]);
    let call = magento::client::ShopCall::put(&["products", "bySku"], &poison).in_bulk();
    let _: Value = shop.client.call(&call).await.unwrap();
    let outcome = give::<Products>(&target, Operation::AddUpdate, &products(4)).await.unwrap();
    shop.local.consume_all();
    assert!(shop.local.consumer_is_dead());
    let pending = outcome.pending[0].clone();
    assert_eq!(ask::<Products>(&target, pending).await.unwrap().pending.len(), 1);
    shop.local.restart_consumer();
    assert_eq!(told(shop.settle::<Products>(&target, outcome).await), "4 created");
}
