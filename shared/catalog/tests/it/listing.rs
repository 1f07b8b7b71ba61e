//! Listings: found by what products say, held back and let go, brought in order.

use std::collections::BTreeSet;
use std::ops::Deref;

use catalog::own::listing::{self, ListingQuery, MendPlace, Resumed, Sight};
use catalog::own::{self, KeptThing, Update};
use catalog::target::Target;
use import::entity::ListedUnder;
use import::entity::product::{CategoryLink, Product, ProductChange, ProductType, ProductValue, Products};
use pipeline::PipelineId;
use store::Store;
use store::table::{Change, Condition, Key, Query, Write};
use store_embedded::Options;
use tempfile::TempDir;

/// A store of its own, for as long as the test holds it.
struct Kept {
    store: Store,
    _folder: TempDir,
}

impl Deref for Kept {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

fn store() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let store = store_embedded::open(folder.path(), Options::default()).unwrap();
    Kept { store, _folder: folder }
}

fn product(sku: &str) -> Product {
    let change = ProductChange {
        sku: sku.to_owned(),
        attribute_set: Some("Default".to_owned()),
        product_type: Some(ProductType::Simple),
        ..ProductChange::default()
    };
    Product::create(&change).unwrap()
}

fn pipeline(cause: &str) -> PipelineId {
    PipelineId::derive(&"p".parse().unwrap(), cause, chrono::DateTime::UNIX_EPOCH)
}

fn bag(sku: &str, category: &str, url_key: &str) -> Product {
    let mut product = product(sku);
    product.categories = vec![CategoryLink { path: category.parse().unwrap(), position: None }];
    product.default.values.insert("url_key".to_owned(), ProductValue::Text(url_key.to_owned()));
    product
}

/// Writes a product over what is stored; none deletes it.
async fn write(store: &Store, sku: &str, product: Option<Product>) {
    let key = Product::key(sku);
    let before = own::things::<Product>(store.table.as_ref(), std::slice::from_ref(&key)).await.unwrap().remove(&key);
    let update = Update { key, before, thing: product, mark: "a test".to_owned(), change: None };
    assert_eq!(own::write_things(store.table.as_ref(), &[update]).await.unwrap(), [""; 0]);
}

/// The skus that are listed under something, page by page with pages of two.
async fn listed(store: &Store, sight: Sight, query: &ListingQuery) -> Vec<String> {
    let mut skus = Vec::new();
    let mut after = None;
    loop {
        let page = listing::products(store.table.as_ref(), sight, query, (2, after.as_deref())).await.unwrap();
        assert!(page.products.len() <= 2);
        skus.extend(page.products.into_iter().map(|found| found.product.sku));
        after = page.next;
        if after.is_none() {
            return skus;
        }
        assert!(skus.len() < 1_000, "pages come to an end");
    }
}

fn of_category(path: &str) -> ListingQuery {
    ListingQuery::Category(path.to_lowercase())
}

async fn entries(store: &Store) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    for product in own::all::<Product>(store.table.as_ref()).await.unwrap().values() {
        let set = import::name_key::name_key(&product.attribute_set);
        for shard in 0..8 {
            let partitions = [format!("listing/set/{set}/{shard}"), format!("listing/category/root/a/{shard}")];
            for partition in partitions {
                let found = store.table.query(&Query::prefix(partition, "")).await.unwrap();
                keys.extend(found.entries.into_iter().map(|item| item.key));
            }
        }
    }
    keys
}

#[tokio::test]
async fn products_are_found_under_what_they_say() {
    let store = store();
    for (number, sku) in ["A-1", "B-1", "C-1", "D-1", "E-1"].iter().enumerate() {
        let category = if number % 2 == 0 { "Root/A" } else { "Root/B" };
        write(&store, sku, Some(bag(sku, category, &format!("bag-{number}")))).await;
    }
    let sight = listing::sight(&store).await.unwrap();
    assert_eq!(sight, Sight::Current);
    assert_eq!(listed(&store, sight, &of_category("Root/A")).await, ["A-1", "C-1", "E-1"]);
    assert_eq!(listed(&store, sight, &ListingQuery::AttributeSet("default".to_owned())).await.len(), 5);
    let mut all = listed(&store, sight, &ListingQuery::All).await;
    all.sort();
    assert_eq!(all, ["A-1", "B-1", "C-1", "D-1", "E-1"]);

    // A product moves, one goes, and one comes in front by its position.
    write(&store, "C-1", Some(bag("C-1", "Root/B", "bag-2"))).await;
    write(&store, "E-1", None).await;
    let mut first = bag("Z-1", "Root/B", "z");
    write(
        &store,
        "B-1",
        Some({
            let mut second = bag("B-1", "Root/B", "bag-1");
            second.categories[0].position = Some(9);
            second
        }),
    )
    .await;
    first.categories[0].position = Some(3);
    write(&store, "Z-1", Some(first)).await;
    assert_eq!(listed(&store, sight, &of_category("Root/A")).await, ["A-1"]);
    assert_eq!(listed(&store, sight, &of_category("Root/B")).await, ["C-1", "D-1", "Z-1", "B-1"]);
}

#[tokio::test]
async fn an_address_leads_to_its_product_in_each_store_view() {
    let store = store();
    let mut product = bag("A-1", "Root/A", "bag");
    let german = product.store_views.entry("de_DE".to_owned()).or_default();
    german.values.insert("url_key".to_owned(), ProductValue::Text("tasche".to_owned()));
    write(&store, "A-1", Some(product)).await;
    let found = async |view: Option<&str>, key: &str| {
        let query = ListingQuery::UrlKey { store_view: view.map(str::to_owned), url_key: key.to_owned() };
        listed(&store, Sight::Current, &query).await.len()
    };
    assert_eq!((found(None, "bag").await, found(Some("en_US"), "bag").await), (1, 1));
    assert_eq!((found(Some("de_DE"), "tasche").await, found(None, "tasche").await), (1, 0));
    assert_eq!(found(Some("de_DE"), "bag").await, 0, "the store view has another address");
}

#[tokio::test]
async fn readers_see_the_old_catalogue_until_all_of_the_new_one_is_let_go() {
    let store = store();
    let table = store.table.as_ref();
    for sku in ["A-1", "B-1", "C-1"] {
        write(&store, sku, Some(bag(sku, "Root/A", &sku.to_lowercase()))).await;
    }
    let none = BTreeSet::new();
    assert!(listing::suspend(table, &pipeline("import"), &none).await.unwrap());
    assert!(!listing::suspend(table, &pipeline("import"), &none).await.unwrap(), "a repetition changes nothing");
    let before = Sight::Before(listing::state(table).await.unwrap().generation);

    // Changed twice, moved, deleted and made anew, deleted, made.
    for category in ["Root/B", "Root/C"] {
        write(&store, "A-1", Some(bag("A-1", category, "other"))).await;
    }
    write(&store, "B-1", None).await;
    write(&store, "B-1", Some(bag("B-1", "Root/C", "b-1"))).await;
    write(&store, "C-1", None).await;
    write(&store, "D-1", Some(bag("D-1", "Root/A", "d-1"))).await;

    let old = ["A-1", "B-1", "C-1"];
    assert_eq!(listed(&store, before, &of_category("Root/A")).await, old);
    assert_eq!(listed(&store, before, &of_category("Root/C")).await, [""; 0]);
    let seen = listing::seen_products(table, before, &["a-1".to_owned()]).await.unwrap();
    assert_eq!(seen["a-1"], bag("A-1", "Root/A", "a-1"), "as it was before the first change");
    let mut all = listed(&store, before, &ListingQuery::All).await;
    all.sort();
    assert_eq!(all, old);

    assert_eq!(listing::resume(table, &pipeline("import"), &none).await.unwrap(), Resumed::Shown);
    assert_eq!(listing::resume(table, &pipeline("import"), &none).await.unwrap(), Resumed::NotHeld);
    let sight = listing::sight(&store).await.unwrap();
    assert_eq!(listed(&store, sight, &of_category("Root/A")).await, ["D-1"]);
    assert_eq!(listed(&store, sight, &of_category("Root/C")).await, ["A-1", "B-1"]);

    // The next generation begins with what there is now.
    listing::suspend(table, &pipeline("next"), &none).await.unwrap();
    let before = Sight::Before(listing::state(table).await.unwrap().generation);
    write(&store, "A-1", None).await;
    assert_eq!(listed(&store, before, &of_category("Root/C")).await, ["A-1", "B-1"]);
}

#[tokio::test]
async fn a_pipeline_that_has_ended_without_letting_go_holds_nothing_back() {
    let store = store();
    let table = store.table.as_ref();
    write(&store, "A-1", Some(bag("A-1", "Root/A", "a"))).await;
    // No pipeline of this id is known, as after the clean-up.
    listing::suspend(table, &pipeline("gone"), &BTreeSet::new()).await.unwrap();
    write(&store, "A-1", Some(bag("A-1", "Root/B", "a"))).await;
    assert_eq!(listing::sight(&store).await.unwrap(), Sight::Current);
    let holders = listing::state(table).await.unwrap().holders;
    let ended = listing::ended(&store, &holders).await.unwrap();
    assert_eq!(ended, BTreeSet::from([pipeline("gone")]));
    listing::suspend(table, &pipeline("next"), &ended).await.unwrap();
    let state = listing::state(table).await.unwrap();
    assert_eq!((state.generation, state.holders), (2, BTreeSet::from([pipeline("next")])));
    let before = Sight::Before(2);
    assert_eq!(listed(&store, before, &of_category("Root/B")).await, ["A-1"], "what everybody saw when it began");
}

#[tokio::test]
async fn two_pipelines_hold_back_until_both_have_let_go() {
    let store = store();
    let table = store.table.as_ref();
    let none = BTreeSet::new();
    listing::suspend(table, &pipeline("one"), &none).await.unwrap();
    listing::suspend(table, &pipeline("two"), &none).await.unwrap();
    assert_eq!(listing::resume(table, &pipeline("one"), &none).await.unwrap(), Resumed::HeldByOthers);
    assert_eq!(listing::resume(table, &pipeline("two"), &none).await.unwrap(), Resumed::Shown);
}

#[tokio::test]
async fn tidying_leaves_what_is_needed_and_nothing_else() {
    let store = store();
    let table = store.table.as_ref();
    for sku in ["A-1", "B-1"] {
        write(&store, sku, Some(bag(sku, "Root/A", &sku.to_lowercase()))).await;
    }
    let none = BTreeSet::new();
    listing::suspend(table, &pipeline("import"), &none).await.unwrap();
    write(&store, "A-1", Some(bag("A-1", "Root/B", "a-1"))).await;
    write(&store, "B-1", None).await;
    let count = |keys: &BTreeSet<Key>| keys.iter().filter(|key| key.partition.contains("category/root/a")).count();
    assert_eq!(count(&entries(&store).await), 2, "readers need them");
    assert_eq!(tidied(&store, Sight::Before(1)).await.dropped, 0);
    assert_eq!(count(&entries(&store).await), 2, "readers need them still");
    listing::resume(table, &pipeline("import"), &none).await.unwrap();
    assert_eq!(tidied(&store, Sight::Current).await.dropped, 2);
    assert_eq!(count(&entries(&store).await), 0);
    assert_eq!(tidied(&store, Sight::Current).await.things, 0, "there is nothing more to look at");
    assert_eq!(listed(&store, Sight::Current, &of_category("Root/B")).await, ["A-1"]);
}

async fn tidied(store: &Store, sight: Sight) -> listing::Mended {
    let mut place = MendPlace::default();
    while listing::tidy(store.table.as_ref(), sight, &mut place).await.unwrap() {}
    place.mended
}

#[tokio::test]
async fn entries_that_are_missing_are_put_and_counted() {
    let store = store();
    let table = store.table.as_ref();
    for sku in ["A-1", "B-1", "C-1"] {
        write(&store, sku, Some(bag(sku, "Root/A", &sku.to_lowercase()))).await;
    }
    let rebuilt = async || {
        let mut place = MendPlace::default();
        while listing::rebuild(table, &mut place).await.unwrap() {}
        place.mended
    };
    assert_eq!(rebuilt().await.missing, 0);
    for key in entries(&store).await {
        table.write(Write { key, condition: Condition::Any, change: Change::Delete }).await.unwrap();
    }
    assert_eq!(listed(&store, Sight::Current, &of_category("Root/A")).await, [""; 0]);
    let mended = rebuilt().await;
    assert_eq!((mended.things, mended.missing), (3, 6), "a set and a category of each");
    assert_eq!(listed(&store, Sight::Current, &of_category("Root/A")).await, ["A-1", "B-1", "C-1"]);
}

#[tokio::test]
async fn a_write_that_meets_another_leaves_no_thing_without_its_entries() {
    let store = store();
    write(&store, "A-1", Some(bag("A-1", "Root/A", "a"))).await;
    let key = "a-1".to_owned();
    let read =
        async || own::things::<Product>(store.table.as_ref(), std::slice::from_ref(&key)).await.unwrap().remove(&key);
    let update = |before: Option<KeptThing<Product>>, category: &str, mark: &str| {
        let thing = Some(bag("A-1", category, "a"));
        Update { key: key.clone(), before, thing, mark: mark.to_owned(), change: None }
    };
    // Both have read the same; the second one reads again, as an import does.
    let before = read().await;
    let (first, second) = (update(before.clone(), "Root/B", "first"), update(before, "Root/C", "second"));
    assert_eq!(own::write_things(store.table.as_ref(), &[first]).await.unwrap(), [""; 0]);
    assert_eq!(own::write_things(store.table.as_ref(), &[second]).await.unwrap(), ["a-1"]);
    assert_eq!(listed(&store, Sight::Current, &of_category("Root/C")).await, [""; 0]);
    let again = update(read().await, "Root/C", "second");
    assert_eq!(own::write_things(store.table.as_ref(), &[again]).await.unwrap(), [""; 0]);
    assert_eq!(listed(&store, Sight::Current, &of_category("Root/C")).await, ["A-1"]);
    assert_eq!(listed(&store, Sight::Current, &of_category("Root/B")).await, [""; 0]);
}

#[tokio::test]
async fn an_address_is_held_by_visible_products_that_have_it_now() {
    let store = store();
    let mut hidden = bag("H-1", "Default Category/Bags", "tote");
    let visibility = ProductValue::Text("Not Visible Individually".to_owned());
    hidden.default.values.insert("visibility".to_owned(), visibility);
    write(&store, "H-1", Some(hidden)).await;
    write(&store, "B-1", Some(bag("B-1", "Default Category/Bags", "tote"))).await;
    // While listings are held back, the entry of what a product had before stays.
    listing::suspend(store.table.as_ref(), &pipeline("held"), &BTreeSet::new()).await.unwrap();
    write(&store, "C-1", Some(bag("C-1", "Default Category/Bags", "sack"))).await;
    write(&store, "B-1", Some(bag("B-1", "Default Category/Bags", "duffle"))).await;
    let address = |url_key: &str| ListedUnder::UrlKey { store_view: None, url_key: url_key.to_owned() };
    let own = own::OwnCatalogue::new(store.table.clone());
    let target: &dyn Target<Products> = &own;
    let asked = ["tote", "duffle", "sack", "nobodys"].map(address);
    let holders = target.holders(&asked).await.unwrap();
    let held: Vec<String> = asked.iter().map(|under| holders[under].join(", ")).collect();
    assert_eq!(held, ["", "b-1", "c-1", ""]);
}
