//! An import whose runner dies at a change of a file: nothing is lost on the way from the drop area into the archive.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::runner;
use pipeline::PipelineId;
use steps::import::{DROP_PREFIX, archive};

use super::dying_files::{Death, DyingFiles};
use super::shop::{APPLE, HEADER, PEAR, Shop};

/// Runs until a runner has died at the change after `changes` others, or the pipeline has ended; whether one has died.
pub(crate) async fn run_until_death(shop: &Shop, id: &PipelineId, changes: usize, death: Death) -> bool {
    let dying = DyingFiles::at(shop.workshop.store().files.clone(), changes, death);
    let mut context = shop.workshop.context.clone();
    context.store.files = Arc::new(dying.clone());
    while !dying.has_died() {
        let Some(body) = shop.next_message(id).await else { return false };
        let invocation = shop.workshop.invocation();
        tokio::select! {
            biased;
            () = dying.dead.notified() => {}
            _ = runner::run(&context, &body, &invocation) => {}
        }
    }
    true
}

/// What is in the archive, without the reports: these name the pipeline.
async fn archived(shop: &Shop, id: &PipelineId) -> BTreeMap<String, Bytes> {
    let prefix = format!("{}files/", archive::prefix(id));
    let files = shop.workshop.store().files.clone();
    let mut archived = BTreeMap::new();
    for file in files.list(&prefix, None, 100).await.unwrap() {
        let content = files.get(&file.key, None).await.unwrap().unwrap();
        archived.insert(file.key[prefix.len()..].to_owned(), content);
    }
    archived
}

#[tokio::test]
async fn an_import_that_dies_at_any_change_of_a_file_loses_none() {
    let undisturbed = {
        let shop = Shop::new();
        shop.drop_fruit().await;
        let id = shop.import().await;
        (shop.left(&id).await, archived(&shop, &id).await)
    };
    assert_eq!(undisturbed.1.len(), 3);
    let mut deaths = 0;
    for death in [Death::Before, Death::After] {
        for changes in 0.. {
            let shop = Shop::new();
            shop.drop_fruit().await;
            let id = shop.spawn().await;
            let has_died = run_until_death(&shop, &id, changes, death).await;
            shop.run_with_deaths(&id).await;
            let when = format!("dead {death:?} change {changes}");
            shop.left(&id).await.assert_is(&undisturbed.0, &when);
            assert_eq!(archived(&shop, &id).await, undisturbed.1, "{when}: another archive");
            assert_eq!(shop.files(DROP_PREFIX).await, "", "{when}: left in the drop area");
            assert_eq!(shop.files(&format!("work/{id}/files/")).await, "", "{when}: left in the working directory");
            if !has_died {
                break;
            }
            deaths += 1;
        }
    }
    // Three files go into the working directory and from there into the archive, each copied and deleted.
    assert!(deaths >= 2 * 3 * 4, "only {deaths} runners died");
}

#[tokio::test]
async fn what_is_dropped_anew_while_its_name_is_moved_belongs_to_the_next_import() {
    const FIRST: &str = "product-import_20260801-120000_01.csv";
    // The configuration is kept; then the first file is copied and not deleted, or gone already.
    for changes in [1, 2] {
        let shop = Shop::new();
        shop.drop_fruit().await;
        let id = shop.spawn().await;
        assert!(run_until_death(&shop, &id, changes, Death::After).await);
        shop.workshop.wait(1);
        let dearer = format!("{HEADER}\n{}\n", APPLE.replace("1.50", "1.75"));
        shop.drop_file(FIRST, dearer.clone()).await;
        shop.workshop.beat().await;
        let arrivals = shop.arrivals().await;
        assert!(!arrivals.contains(&format!("{FIRST} is taken")), "dead after {changes} changes: {arrivals}");
        shop.run_with_deaths(&id).await;
        let archived = archived(&shop, &id).await;
        assert_eq!(archived[FIRST], format!("{HEADER}\n{APPLE}\n"), "dead after {changes} changes");
        assert!(archived["product-import_20260801-120000_02.csv"].ends_with(format!("{PEAR}\n").as_bytes()));
        let dropped = shop.workshop.store().files.get(&format!("{DROP_PREFIX}{FIRST}"), None).await.unwrap();
        assert_eq!(dropped, Some(Bytes::from(dearer)), "dead after {changes} changes: what was dropped anew is gone");
        shop.workshop.wait(1);
        // Its ok file has stayed for it.
        let next = shop.import().await;
        assert_eq!(shop.totals(&next).await, "0 created, 0 deleted, 1 rows, 0 skipped, 0 unchanged, 1 updated");
    }
}
