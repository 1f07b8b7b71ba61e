//! What readers of listings see while a catalogue import runs, and after it has died anywhere.

use catalog::own;
use catalog::own::listing::{self, ListingQuery, MendPlace, Sight};
use import::entity::product::Product;
use pipeline::PipelineId;
use store::message::StepMessage;
use workshop::Fault;

use super::shop::{APPLE, Shop};

/// The skus that readers see in a category.
async fn seen(shop: &Shop, category: &str) -> Vec<String> {
    let store = shop.workshop.store();
    let sight = listing::sight(store).await.unwrap();
    let query = ListingQuery::Category(category.to_lowercase());
    let page = listing::products(store.table.as_ref(), sight, &query, (100, None)).await.unwrap();
    assert_eq!(page.next, None);
    page.products.into_iter().map(|found| found.product.sku).collect()
}

async fn categories(shop: &Shop) -> Vec<String> {
    let store = shop.workshop.store();
    let sight = listing::sight(store).await.unwrap();
    let categories = listing::seen_categories(store.table.as_ref(), sight).await.unwrap();
    categories.into_values().map(|category| category.path.to_string()).collect()
}

/// Drops a second bunch: the apple moves, a plum is new.
async fn drop_moved(shop: &Shop) {
    let moved = APPLE.replace("/Fruit", "/Sale");
    let plum = "P-2,Default,simple,base,Plum,3.00,1,Default Category/Fruit";
    shop.workshop.wait(60);
    shop.drop_rows("product-import_20260801-130000_01.csv", &[&moved, plum]).await;
    shop.drop_file("product-import_20260801-130000.ok", "").await;
}

/// Runs until a step is next.
async fn run_up_to(shop: &Shop, id: &PipelineId, step: &str) -> String {
    loop {
        let body = shop.next_message(id).await.expect("the step comes before the end");
        if StepMessage::parse(&body).unwrap().step.as_str() == step {
            return body;
        }
        let invocation = shop.workshop.invocation();
        engine::runner::run(&shop.workshop.context, &body, &invocation).await.unwrap();
    }
}

const OLD: [&str; 2] = ["A-1", "P-1"];

#[tokio::test]
async fn readers_see_the_old_catalogue_until_the_import_is_through() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    assert_eq!(seen(&shop, "Default Category/Fruit").await, OLD);
    let before = categories(&shop).await;
    drop_moved(&shop).await;
    let id = shop.spawn().await;
    let body = run_up_to(&shop, &id, "index_resume").await;
    // All is written, and nobody sees it yet.
    let written = own::all::<Product>(shop.workshop.store().table.as_ref()).await.unwrap();
    assert_eq!(written.into_keys().collect::<Vec<_>>(), ["a-1", "p-1", "p-2"]);
    assert_eq!(seen(&shop, "Default Category/Fruit").await, OLD);
    assert_eq!(seen(&shop, "Default Category/Sale").await, [""; 0]);
    assert_eq!(categories(&shop).await, before);
    engine::runner::run(&shop.workshop.context, &body, &shop.workshop.invocation()).await.unwrap();
    assert_eq!(seen(&shop, "Default Category/Fruit").await, ["P-1", "P-2"]);
    assert_eq!(seen(&shop, "Default Category/Sale").await, ["A-1"]);
    assert!(categories(&shop).await.contains(&"Default Category/Sale".to_owned()));
    shop.workshop.run_all().await;
    assert_tidy(&shop, "after an undisturbed import").await;
}

#[tokio::test]
async fn an_import_that_is_cancelled_lets_listings_go() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    shop.import().await;
    drop_moved(&shop).await;
    let id = shop.spawn().await;
    let _ = run_up_to(&shop, &id, "archive").await;
    assert_ne!(listing::sight(shop.workshop.store()).await.unwrap(), Sight::Current);
    shop.workshop.cancel(&id, "had enough").await;
    shop.run_with_deaths(&id).await;
    assert_eq!(listing::sight(shop.workshop.store()).await.unwrap(), Sight::Current);
    assert_eq!(seen(&shop, "Default Category/Sale").await, ["A-1"]);
    assert_tidy(&shop, "after a cancelled import").await;
}

#[tokio::test]
async fn an_import_that_dies_at_any_write_to_listings_leaves_them_in_order() {
    let deaths = [Fault::DeadBefore, Fault::DeadAfter].into_iter();
    for (fault, prefix) in deaths.flat_map(|fault| ["listing", "catalog/"].map(|prefix| (fault, prefix))) {
        for write in workshop::every_write() {
            let shop = Shop::new();
            shop.drop_fruit().await;
            shop.import().await;
            drop_moved(&shop).await;
            let id = shop.spawn().await;
            shop.workshop.table.arm(fault, prefix, write);
            shop.run_with_deaths(&id).await;
            let when = format!("{fault:?} at write {write} to {prefix}");
            assert_eq!(seen(&shop, "Default Category/Fruit").await, ["P-1", "P-2"], "{when}");
            assert_eq!(seen(&shop, "Default Category/Sale").await, ["A-1"], "{when}");
            assert_tidy(&shop, &when).await;
            if !shop.workshop.table.is_spent() {
                assert!(write > 2, "{prefix}: only {write} writes");
                break;
            }
        }
    }
}

/// Nothing is missing, and nothing of an earlier generation is left.
async fn assert_tidy(shop: &Shop, when: &str) {
    let store = shop.workshop.store();
    let table = store.table.as_ref();
    let state = listing::state(table).await.unwrap();
    assert!(state.holders.is_empty() && state.indexing.is_empty(), "{when}: {state:?}");
    let mut place = MendPlace::default();
    while listing::rebuild(table, &mut place).await.unwrap() {}
    assert_eq!(place.mended.missing, 0, "{when}: entries are missing");
    let mut place = MendPlace::default();
    while listing::tidy(table, Sight::Current, &mut place).await.unwrap() {}
    assert_eq!(place.mended.things, 0, "{when}: what earlier readers saw is left");
}

#[tokio::test]
async fn a_pipeline_waits_while_another_one_indexes() {
    let shop = Shop::new();
    shop.drop_fruit().await;
    let other = shop.workshop.init("initialize").await;
    let table = shop.workshop.store().table.clone();
    listing::begin_indexing(table.as_ref(), &other, &std::collections::BTreeSet::new()).await.unwrap();
    assert_eq!(shop.workshop.beat().await.spawned, [""; 0]);
    let answered = shop.arrivals().await;
    assert!(
        answered.contains(&format!("pipeline {other} brings the listings of the catalogue in order")),
        "{answered}"
    );
    listing::end_indexing(table.as_ref(), &other).await.unwrap();
    shop.workshop.wait(60);
    shop.spawn().await;
}
