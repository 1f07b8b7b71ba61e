//! One ok file may release several bunches: it stays until the last of them has been taken.

use super::shop::{APPLE, PEAR, Shop};
use steps::import::DROP_PREFIX;
use steps::import::archive;

const FIRST: &str = "product-import_20260801-120000_01.csv";
const SECOND: &str = "product-import_20260801-130000_01.csv";

/// Two bunches and one ok file with this content.
async fn two_bunches(ok_file: &str) -> Shop {
    let shop = Shop::new();
    shop.drop_rows(FIRST, &[APPLE]).await;
    shop.workshop.wait(1);
    shop.drop_rows(SECOND, &[PEAR]).await;
    shop.drop_file("product-import.ok", ok_file.to_owned()).await;
    shop
}

#[tokio::test]
async fn an_ok_file_for_two_bunches_stays_until_both_are_moved() {
    // With names, and empty, which releases everything.
    for content in [format!("{FIRST}\n{SECOND}\n"), String::new()] {
        let shop = two_bunches(&content).await;
        let first = shop.spawn().await;
        shop.workshop.run_one().await.unwrap().unwrap();
        let left = shop.files(DROP_PREFIX).await;
        assert_eq!(left, format!("product-import.ok, {SECOND}"), "after the first `move_files`, ok file `{content}`");
        shop.workshop.run_all().await;
        shop.workshop.wait(1);

        let second = shop.spawn().await;
        shop.workshop.run_one().await.unwrap().unwrap();
        assert_eq!(shop.files(DROP_PREFIX).await, "", "after the second `move_files`, ok file `{content}`");
        shop.workshop.run_all().await;
        for (id, name) in [(first, FIRST), (second, SECOND)] {
            assert_eq!(shop.totals(&id).await, "1 created, 0 deleted, 1 rows, 0 skipped, 0 unchanged, 0 updated");
            let archived = shop.files(&archive::prefix(&id)).await;
            assert_eq!(
                archived,
                format!("files/product-import.ok, files/{name}, report.html, report.json, report.txt")
            );
        }
        assert_eq!(shop.workshop.beat().await.spawned, [""; 0], "nothing is imported twice");
    }
}
