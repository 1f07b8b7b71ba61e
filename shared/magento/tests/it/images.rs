//! Images: each is sent once, whatever the shop makes of its name, and shown as rows want it.

use std::sync::Arc;

use catalog::target::ItemOutcome;
use import::entity::media::Media;
use import::entity::product::Products;
use import::operation::Operation;
use insta::assert_snapshot;
use magento::target::VolatileMemory;
use serde_json::Value;

use crate::importing::{Shop, give};

const FILE: &str = "\
sku,attribute_set_code,product_type,name,price,product_websites,url_key,base_image,base_image_label,small_image,thumbnail_image,additional_images,additional_image_labels
A,Default,simple,A,10,base,a,/a/front.png,Front,/a/front.png,/a/front.png,\"/a/back side.png,/a/inside.png\",\"Back,Inside\"
B,Default,simple,B,20,base,b,/a/front.png,,,,,
";

/// The images of a product: file, label, roles.
async fn gallery(shop: &Shop, sku: &str) -> String {
    let product = shop.product(sku).await;
    let one = |entry: &Value| {
        let types: Vec<&str> = entry["types"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        format!("{} {} {}", entry["file"].as_str().unwrap(), entry["label"], types.join(","))
    };
    product["media_gallery_entries"].as_array().unwrap().iter().map(one).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn images_arrive_once_and_a_second_import_sends_no_write() {
    let shop = Shop::start().await;
    assert_snapshot!(shop.import::<Products>(FILE).await, @"2 created");
    assert_snapshot!(gallery(&shop, "A").await, @r#"
    /f/r/front.png "Front" image,small_image,thumbnail
    /b/a/back_side.png "Back" 
    /i/n/inside.png "Inside"
    "#);
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Products>(FILE).await, @"2 unchanged");
    assert_eq!(shop.sent(), Vec::<Value>::new());
}

#[tokio::test]
async fn what_images_hold_is_asked_for_once_if_it_is_remembered() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    let memory = Arc::new(VolatileMemory::default());
    let mut asked = Vec::new();
    for _ in 0..2 {
        shop.local.forget_exchanges();
        let target = shop.target().remembering(memory.clone());
        let media = "sku,base_image\nA,/a/front.png\n";
        let outcome = give::<Media>(&target, Operation::AddUpdate, media).await.unwrap();
        assert_eq!(outcome.items, [ItemOutcome::Unchanged]);
        let reads = shop.local.exchanges();
        asked.push(reads.iter().filter(|read| read.path.ends_with("/media")).count());
    }
    assert_eq!(asked, [1, 0]);
}

#[tokio::test]
async fn images_change_their_roles_and_labels_and_go() {
    let shop = Shop::start().await;
    shop.import::<Products>(FILE).await;
    let file = "sku,base_image,additional_images,additional_image_labels\nA,/a/back side.png,/a/new.png,New\n";
    assert_snapshot!(shop.import::<Media>(file).await, @"1 updated");
    assert_snapshot!(gallery(&shop, "A").await, @r#"
    /f/r/front.png "Front" small_image,thumbnail
    /b/a/back_side.png "Back" image
    /n/e/new.png "New"
    "#);
    shop.local.forget_exchanges();
    assert_snapshot!(shop.import::<Media>(file).await, @"1 unchanged");
    assert_eq!(shop.sent(), Vec::<Value>::new());
    let german = "sku,store_view_code,base_image_label\nA,de_DE,Hinten\n";
    assert_snapshot!(shop.import::<Media>(german).await, @"1 updated");
    assert_snapshot!(shop.import::<Media>(german).await, @"1 unchanged");
    assert_snapshot!(shop.operate::<Media>(Operation::Delete, "sku\nA\n").await, @"1 updated");
    assert_eq!(gallery(&shop, "A").await, "");
}

#[tokio::test]
async fn an_image_that_is_not_there_is_told_and_the_product_arrives() {
    let shop = Shop::start().await;
    assert_snapshot!(shop.import::<Products>(&FILE.replace("/a/inside.png", "/a/missing.png")).await, @"
    2 created
    a.csv:2: column `base_image`: image `/a/missing.png` is not in the bucket, and was not sent
    ");
    assert_snapshot!(gallery(&shop, "A").await, @r#"
    /f/r/front.png "Front" image,small_image,thumbnail
    /b/a/back_side.png "Back"
    "#);
}
