//! Imports of the demo catalogue, by runners that are killed in each step.

use std::collections::BTreeMap;

use pipeline::{PipelineStatus, StepStatus};
use store::message::StepMessage;
use tests::seen;

use super::proxy::Death;
use super::{DEADLY_DELIVERIES, KILLED, Stage};
use crate::bunches::{Imported, demo_catalogue, import_on_one_machine, patient_import};

const KILLS: usize = 50;

/// So many requests of its own has every step.
const KILLS_PER_STEP: usize = 5;

/// How many requests a step begins with that are the same in each: the claim, the pipeline, the settings.
const ALIKE: usize = 4;

/// Kills the runners of each step, one behind each request of the step and some more where there are hundreds.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_runners_are_killed_in_each_step_comes_to_the_same() {
    let files = demo_catalogue();
    let mut stage = Stage::new().await;
    stage.storage.files.put("pipelines/catalog_import.xml", patient_import().into()).await.unwrap();
    for (name, content) in &files {
        stage.storage.files.put(&format!("incoming/{name}"), content.clone()).await.unwrap();
    }
    let report = stage.beat().await;
    let [spawned] = report.spawned.as_slice() else { panic!("{report:?}") };
    let id = spawned.split_once(' ').unwrap().1.parse().unwrap();
    let death_of = |message: &StepMessage, deliveries: usize| {
        let dies = message.pipeline == id && deliveries < DEADLY_DELIVERIES;
        let passed = if message.step.as_str() == "move_files" { 0 } else { ALIKE };
        dies.then(|| Death::AfterNew { work: message.step.to_string(), passed })
    };
    let places = stage.run(&id, death_of).await;
    let story = places.join("\n");
    assert!(places.len() >= KILLS, "{} kills:\n{story}", places.len());

    let imports = stage.ended("catalog_import").await;
    let [ended] = imports.as_slice() else {
        panic!("{} imports: {:?}", imports.len(), imports.iter().map(seen).collect::<Vec<_>>())
    };
    assert_eq!((&ended.id, ended.status), (&id, PipelineStatus::Success), "{story}\n{}", seen(ended));
    let mut kills: BTreeMap<&str, usize> = BTreeMap::new();
    for place in &places {
        *kills.entry(place.split_once(' ').unwrap().0).or_default() += 1;
    }
    for step in &ended.steps {
        let kills = kills[step.definition.name.as_str()];
        // A step without files of its own ends after one look.
        let least = if step.record.status == StepStatus::Skipped { 1 } else { KILLS_PER_STEP };
        assert!(kills >= least, "{kills} kills in {}:\n{story}", step.definition.name);
        let killed = stage.assert_attempts(ended, step, &[KILLED]).await[0];
        // Who dies behind the end of a step costs it no attempt.
        assert!(killed <= kills, "{killed} attempts of {}:\n{story}", step.definition.name);
    }
    let imported = Imported::by(&stage.storage.store, &id).await;
    imported.assert_same(&import_on_one_machine(&files).await, &story);
}
