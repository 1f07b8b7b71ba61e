//! A shop that cannot be reached, is being maintained, or whose consumer rests.

use local_shop::{Fault, Rule};
use pipeline::StepStatus;

use super::Shops;

#[tokio::test]
async fn maintenance_is_waited_out_without_an_attempt() {
    let shops = Shops::writing_to("magento").await;
    shops.shop.drop_fruit().await;
    let id = shops.shop.spawn().await;
    let workshop = &shops.shop.workshop;
    // Until the products' turn comes.
    while workshop.step(&id, "create_categories").await.record.status != StepStatus::Success {
        workshop.run_one().await.unwrap().unwrap();
    }
    shops.local.faults(|faults| faults.maintenance = true);
    workshop.run_one().await.unwrap().unwrap();
    workshop.wait(2);
    workshop.beat().await;
    shops.local.faults(|faults| faults.maintenance = false);
    shops.run(&id).await;
    assert_eq!(workshop.step(&id, "import_products").await.record.attempt, 1);
    insta::assert_snapshot!(shops.shop.totals(&id).await, @"2 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated");
    assert_eq!(shops.product("P-1")["price"], 2);
}

#[tokio::test]
async fn a_reply_that_is_lost_makes_nothing_twice() {
    let shops = Shops::writing_to("magento").await;
    shops.shop.drop_fruit().await;
    shops.local.fail(Rule::once("POST", "/async/bulk/V1/products", Fault::LoseReply));
    let id = shops.import().await;
    insta::assert_snapshot!(shops.shop.totals(&id).await, @"2 created, 0 deleted, 2 rows, 0 skipped, 0 unchanged, 0 updated");
    let ids = [shops.product("A-1")["id"].clone(), shops.product("P-1")["id"].clone()];
    insta::assert_snapshot!(format!("{ids:?}"), @"[Number(1), Number(2)]");
}
