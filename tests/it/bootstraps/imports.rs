//! Imports of the demo catalogue, by runners that are killed in each step.

use std::collections::BTreeSet;

use pipeline::PipelineStatus;
use store::message::StepMessage;

use super::Stage;
use super::proxy::Death;
use crate::bunches::{assert_same_products, demo_catalogue, import_on_one_machine, totals};
use crate::kills::Random;

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_runners_are_killed_in_each_step_comes_to_the_same() {
    let files = demo_catalogue();
    let mut random = Random::seeded();
    let seed = random.seed;
    let mut stage = Stage::new().await;
    for (name, content) in &files {
        stage.storage.files.put(&format!("incoming/{name}"), content.clone()).await.unwrap();
    }
    let report = stage.beat().await;
    let [spawned] = report.spawned.as_slice() else { panic!("{report:?}") };
    let id = spawned.split_once(' ').unwrap().1.parse().unwrap();
    // Three attempts are allowed, so two may die: one early, one anywhere.
    let death_of = |message: &StepMessage| {
        let (early, anywhere) = (1 + random.below(8), 1 + random.below(60));
        match message.attempt {
            1 => Some(Death::After(usize::try_from(early).unwrap())),
            2 => Some(Death::Before(usize::try_from(anywhere).unwrap())),
            _ => None,
        }
    };
    let places = stage.run(&id, death_of).await;
    let story = format!("seed {seed}\n{}", places.join("\n"));

    let ended = stage.pipeline(&id).await;
    assert_eq!(ended.status, PipelineStatus::Success, "{story}\n{ended:#?}");
    for step in &ended.steps {
        let name = &step.definition.name;
        assert!(places.iter().any(|place| place.starts_with(&format!("{name} "))), "no kill in {name}: {story}");
    }
    let (products, undisturbed) = import_on_one_machine(&files).await;
    assert_same_products(&catalog::table::all_products(stage.storage.table.as_ref()).await.unwrap(), &products);
    assert_eq!(totals(&stage.storage.store, &id).await, undisturbed, "{story}");
    assert_eq!(keys(&stage, "incoming/").await, BTreeSet::new(), "{story}");
    let archived = files.iter().map(|(name, _)| format!("archive/{id}/files/{name}")).collect();
    assert_eq!(keys(&stage, &format!("archive/{id}/files/")).await, archived, "{story}");
}

async fn keys(stage: &Stage, prefix: &str) -> BTreeSet<String> {
    let files = stage.storage.files.list(prefix, None, 1_000).await.unwrap();
    files.into_iter().map(|file| file.key).collect()
}
