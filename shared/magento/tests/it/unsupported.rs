//! Entities that are not sent.

use import::entity::url_rewrite::UrlRewrites;
use insta::assert_snapshot;

use crate::importing::Shop;

#[tokio::test]
async fn entities_that_are_not_sent_refuse_their_rows_by_name() {
    let shop = Shop::start().await;
    let rewrites = "sku,url_key\nA,new-address\n";
    assert_snapshot!(shop.import::<UrlRewrites>(rewrites).await, @"a.csv:2: url rewrites have no call in the REST interface of the shop; a new `url_key` of a product or category makes them, with `save_rewrites_history` those from the old address, too");
    assert_eq!(shop.sent(), Vec::<serde_json::Value>::new());
}
