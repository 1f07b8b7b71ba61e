//! The key of every item kind, and the way back.
//!
//! | item | partition | sort | listing |
//! |---|---|---|---|
//! | pipeline | `pipeline/<id>` | `meta` | `open/<0-7>` by priority and age, later `ended/<year-month>` by age |
//! | step, once it was enqueued | `pipeline/<id>` | `step/<sort order>/<name>` | – |
//! | some of the steps that a step added | `pipeline/<id>` | `added/<step>/<attempt>-<token>/<number>` | – |
//! | log of an earlier attempt | `attempts/<id>` | `<name>/<attempt>` | – |
//! | definition as spawned from | `definition/<hash>` | `definition` | – |
//! | what a pipeline was spawned for | `spawned/<name>` | `<key of what was found>` | – |
//! | latest pipeline of a name | `name/<name>` | `latest` | – |
//! | lease of the heartbeat, with the pulse | `lease/heartbeat` | `lease` | – |
//! | steps that are busy under a name that others wait for | `busy/<step name>` | `busy` | – |
//! | setting | `settings` | `<name>/<scope>` | – |
//! | line of the audit | `audit` | `<time>/<hash>` | – |
//!
//! Packages above keep items of their own in partitions of their own; each names them in one place, and none begins with
//! one of these words.
//!
//! Numbers in keys are zero-padded, so that byte order is their order.

use chrono::{DateTime, Datelike, Utc};
use pipeline::settings::Scope;
use pipeline::{DefinitionHash, Name, PipelineId, Priority};
use sha2::{Digest, Sha256};

use crate::items::LATEST_YEAR;
use crate::table::{Key, Listed, Listing};

/// Over how many shards the open pipelines are spread: one index partition takes about 1,000 writes a second.
pub const OPEN_SHARDS: u8 = 8;

/// The sort key of a pipeline's own item; it sorts before its steps.
pub(crate) const META: &str = "meta";

/// The item of a pipeline.
#[must_use]
pub fn pipeline(id: &PipelineId) -> Key {
    Key::new(pipeline_partition(id), META)
}

/// The partition that holds a pipeline and its steps.
#[must_use]
pub fn pipeline_partition(id: &PipelineId) -> String {
    format!("pipeline/{id}")
}

/// The item of a step.
#[must_use]
pub fn step(id: &PipelineId, sort_order: i32, name: &Name) -> Key {
    Key::new(pipeline_partition(id), stage_prefix(sort_order) + name.as_str())
}

/// What the sort keys of all steps of a stage begin with.
#[must_use]
pub(crate) fn stage_prefix(sort_order: i32) -> String {
    let place = i64::from(sort_order) - i64::from(i32::MIN);
    format!("step/{place:010}/")
}

/// The name in the sort key of a step.
#[must_use]
pub fn step_name(sort: &str) -> Option<Name> {
    let (place, name) = sort.strip_prefix("step/")?.split_once('/')?;
    (place.len() == 10).then(|| name.parse().ok()).flatten()
}

/// What the sort keys of all added steps of a pipeline begin with.
pub(crate) const ADDED: &str = "added/";

/// The item of some of the steps that one invocation of a step added.
#[must_use]
pub fn added(id: &PipelineId, adder: &Name, batch: &str, number: u32) -> Key {
    Key::new(pipeline_partition(id), format!("{ADDED}{adder}/{batch}/{number:06}"))
}

/// The partition that holds the logs of a pipeline's earlier attempts.
#[must_use]
pub fn attempts_partition(id: &PipelineId) -> String {
    format!("attempts/{id}")
}

/// The item of the log of an earlier attempt.
#[must_use]
pub fn attempt(id: &PipelineId, step: &Name, attempt: u32) -> Key {
    Key::new(attempts_partition(id), format!("{step}/{attempt:06}"))
}

/// The item of a definition as pipelines were spawned from.
#[must_use]
pub fn definition(hash: &DefinitionHash) -> Key {
    Key::new(format!("definition/{hash}"), "definition")
}

/// The item that names the latest pipeline of a definition.
#[must_use]
pub fn latest(name: &Name) -> Key {
    Key::new(format!("name/{name}"), "latest")
}

/// The item that tells which pipeline was spawned for something that a condition found.
#[must_use]
pub fn spawned(name: &Name, found: &str) -> Key {
    Key::new(format!("spawned/{name}"), found)
}

/// The item of the heartbeat's lease.
#[must_use]
pub fn heartbeat_lease() -> Key {
    Key::new("lease/heartbeat", "lease")
}

/// The item that tells who is busy under a step name that others wait for.
#[must_use]
pub fn busy(step: &Name) -> Key {
    Key::new(format!("busy/{step}"), "busy")
}

/// The partition of the settings.
pub const SETTINGS: &str = "settings";

/// The item of a setting's value for one scope.
#[must_use]
pub fn setting(name: &str, scope: &Scope) -> Key {
    stored_setting(name, &scope.to_string())
}

/// The item of a setting's value for a scope as it was found.
#[must_use]
pub(crate) fn stored_setting(name: &str, scope: &str) -> Key {
    Key::new(SETTINGS, format!("{name}/{scope}"))
}

/// The name and the scope in the sort key of a setting, both unchecked.
#[must_use]
pub fn setting_parts(sort: &str) -> Option<(String, String)> {
    let (name, scope) = sort.split_once('/')?;
    Some((name.to_owned(), scope.to_owned()))
}

/// The partition of the audit.
pub const AUDIT: &str = "audit";

/// The item of one line of the audit; the hash keeps two lines of one millisecond apart.
#[must_use]
pub fn audit(at: DateTime<Utc>, by: &str, what: &str) -> Key {
    let digest = Sha256::digest(format!("{by}\n{what}"));
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Key::new(AUDIT, format!("{}/{hash}", millis(at)))
}

/// The time in the sort key of a line of the audit.
#[must_use]
pub fn audit_time(sort: &str) -> Option<DateTime<Utc>> {
    moment(sort.split_once('/')?.0)
}

/// The shard of the listing in which an open pipeline is.
#[must_use]
pub fn open_shard(number: u8) -> String {
    format!("open/{number}")
}

/// The place of an open pipeline in the listing: by priority, then by age; the name is there to be read without the item.
#[must_use]
pub fn open_listing(id: &PipelineId, name: &Name, priority: Priority, spawned_at: DateTime<Utc>) -> Listing {
    let sum = id.as_str().bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    let rank = match priority {
        Priority::High => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    };
    Listing { shard: open_shard(sum % OPEN_SHARDS), rank: format!("{rank}/{}/{name}", millis(spawned_at)) }
}

/// The name in the rank of an open pipeline.
#[must_use]
pub fn open_name(rank: &str) -> Option<Name> {
    rank.splitn(3, '/').nth(2)?.parse().ok()
}

/// The moment of the spawn in the rank of an open pipeline.
#[must_use]
pub fn open_spawned_at(rank: &str) -> Option<DateTime<Utc>> {
    moment(rank.split('/').nth(1)?)
}

/// The moment of the spawn in the rank of an ended pipeline.
#[must_use]
pub fn ended_spawned_at(rank: &str) -> Option<DateTime<Utc>> {
    moment(rank.split('/').next()?)
}

/// The pipeline that an entry of a shard of ended ones names, and the moment of its spawn; `None` for an entry that does
/// not belong there. A walk through the shards goes on behind what it found. An entry that leads to another month or to
/// another item would make it go round in a circle.
pub(crate) fn ended_entry(shard: &str, listed: &Listed) -> Option<(PipelineId, DateTime<Utc>)> {
    let (id, spawned_at) = (pipeline_id(&listed.key.partition)?, ended_spawned_at(&listed.rank)?);
    let place = ended_listing(&id, spawned_at);
    let is_its_own = listed.key == pipeline(&id) && place.shard == shard && place.rank == listed.rank;
    is_its_own.then_some((id, spawned_at))
}

/// The shard of the listing in which pipelines are that were spawned in a month and have ended.
#[must_use]
pub fn ended_shard(month: DateTime<Utc>) -> String {
    format!("ended/{}", month.format("%Y-%m"))
}

/// The place of an ended pipeline in the listing: by the month and the moment of its spawn.
#[must_use]
pub fn ended_listing(id: &PipelineId, spawned_at: DateTime<Utc>) -> Listing {
    Listing { shard: ended_shard(spawned_at), rank: format!("{}/{id}", millis(spawned_at)) }
}

/// The pipeline that a listed key names.
#[must_use]
pub fn pipeline_id(partition: &str) -> Option<PipelineId> {
    partition.strip_prefix("pipeline/")?.parse().ok()
}

fn millis(at: DateTime<Utc>) -> String {
    format!("{:013}", at.timestamp_millis().max(0))
}

/// The way back from [`millis`], as far as a stored time can be.
fn moment(millis: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis.parse().ok()?).filter(|at| (1970..=LATEST_YEAR).contains(&at.year()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(key: &str) -> PipelineId {
        PipelineId::derive(&"p".parse().unwrap(), key, DateTime::from_timestamp_millis(1_780_000_000_000).unwrap())
    }

    #[test]
    fn a_time_that_no_stored_one_can_be_is_none() {
        assert_eq!(open_spawned_at("1/1780000000000/p"), DateTime::from_timestamp_millis(1_780_000_000_000));
        for millis in ["-1", "9223372036854775807", "8210266876799999", "x", ""] {
            assert_eq!(audit_time(&format!("{millis}/h")), None, "{millis}");
            assert_eq!(open_spawned_at(&format!("1/{millis}/p")), None, "{millis}");
            assert_eq!(ended_spawned_at(&format!("{millis}/p")), None, "{millis}");
        }
    }

    #[test]
    fn an_entry_of_an_ended_pipeline_is_none_under_any_other_key_shard_or_rank() {
        let (id, spawned_at) = (id("x"), DateTime::from_timestamp_millis(1_780_000_000_000).unwrap());
        let Listing { shard, rank } = ended_listing(&id, spawned_at);
        let listed = Listed { key: pipeline(&id), rank };
        assert_eq!(ended_entry(&shard, &listed), Some((id.clone(), spawned_at)));
        let other_key = Listed { key: Key::new(pipeline(&id).partition, "met-1a"), ..listed.clone() };
        assert_eq!(ended_entry(&shard, &other_key), None);
        assert_eq!(ended_entry("ended/1999-12", &listed), None);
        let other_rank = Listed { rank: format!("0{}", listed.rank), ..listed };
        assert_eq!(ended_entry(&shard, &other_rank), None);
    }

    proptest! {
        #[test]
        fn step_keys_lead_back_and_sort_by_order(a in any::<i32>(), b in any::<i32>(), name in "[a-zA-Z0-9_.-]{1,40}") {
            let name: Name = name.parse().unwrap();
            let (first, second) = (step(&id("x"), a, &name), step(&id("x"), b, &name));
            prop_assert_eq!(step_name(&first.sort), Some(name));
            prop_assert_eq!(a.cmp(&b), first.sort.cmp(&second.sort));
            prop_assert!(META < first.sort.as_str());
        }

        #[test]
        fn pipeline_keys_lead_back(key in ".{0,20}") {
            prop_assert_eq!(pipeline_id(&pipeline(&id(&key)).partition), Some(id(&key)));
        }
    }
}
