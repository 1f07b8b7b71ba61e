//! The drop area: which files belong together, and what an import makes of whatever they hold.

use std::collections::{BTreeMap, BTreeSet};

use import::bunch::{self, BunchSet, DropFile};
use steps::import::DROP_PREFIX;

use super::assert_kept;
use crate::fresh_engine::{self, NOW, wait_for};
use crate::input::{Section, sections};

const PREFIXES: [&str; 3] = ["category-import", "product-import", "product-import-price"];

pub(crate) fn bunches(data: &[u8]) {
    let sections = sections(data);
    let by_name: BTreeMap<String, &Section<'_>> = sections.iter().map(|it| (it.title().into_owned(), it)).collect();
    let mut files: Vec<DropFile> = by_name
        .iter()
        .map(|(name, section)| DropFile {
            name: name.clone(),
            size_bytes: section.content.len() as u64,
            modified: NOW,
            fingerprint: format!("{:?}", section.content.first()),
        })
        .collect();
    let is_ok_file = |name: &str| name.ends_with(".ok");
    let ok_contents: BTreeMap<String, String> = by_name
        .iter()
        .filter(|(name, _)| is_ok_file(name))
        .map(|(name, section)| (name.clone(), section.text().into_owned()))
        .collect();
    let resolution = bunch::resolve(&files, &ok_contents, &PREFIXES);
    let mut taken = BTreeSet::new();
    for set in &resolution.sets {
        match set {
            BunchSet::Complete(bunch) => {
                // With its pipeline a bunch keeps the sentences about what it left behind, not the names in them.
                let mut stored = bunch.clone();
                stored.left_behind.iter_mut().for_each(|note| note.files.clear());
                assert_kept(&stored);
                assert!(!bunch.files.is_empty() && !bunch.ok_files.is_empty(), "{bunch:?}");
                for file in &bunch.files {
                    assert!(by_name.contains_key(&file.name.to_string()), "{} is not there", file.name);
                    assert!(taken.insert(file.name.clone()), "{} is taken twice", file.name);
                }
                assert!(bunch.ok_files.iter().all(|ok| ok_contents.contains_key(ok)), "{bunch:?}");
            }
            BunchSet::Incomplete { reasons, .. } => assert!(!reasons.is_empty()),
        }
    }
    files.reverse();
    assert_eq!(bunch::resolve(&files, &ok_contents, &PREFIXES), resolution, "the order of the listing counts");
    for (name, content) in &ok_contents {
        assert!(bunch::is_spent(name, content, &[]), "an ok file of nothing is not needed");
    }
}

/// Drops files and lets heartbeat and runners do what follows.
pub(crate) fn drops(data: &[u8]) {
    let context = fresh_engine::context();
    wait_for(async {
        for section in sections(data) {
            let key = format!("{DROP_PREFIX}{}", section.title());
            // What cannot lie in a bucket does not.
            let _ = context.store.files.put(&key, section.content.to_vec().into()).await;
        }
        fresh_engine::beat_and_run(&context).await.expect("nothing that is dropped ends a beat");
        let open = context.store.open_pipelines(10).await.expect("what a beat wrote can be read");
        for open in &open {
            let pipeline = context.store.pipeline_with_steps(&open.id).await.expect("what a beat wrote can be read");
            let pipeline = pipeline.expect("an open pipeline is there");
            assert!(!pipeline.steps.iter().any(|step| step.record.status.is_active()), "{pipeline:#?}");
        }
    });
}
