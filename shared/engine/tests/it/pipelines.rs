//! Whole pipelines in the store: spawned once, stopped and settled under a version, listed by age.

use std::sync::Arc;

use insta::assert_snapshot;
use pipeline::pipeline::{StopRequest, StoppedBy};
use pipeline::{Pipeline, PipelineStatus};
use store::pipelines::{NewPipeline, PipelineWritten, Spawned};
use store::table::{Change, Condition, Write};
use store::{Store, keys};

use workshop::Fault;
use workshop::{NAME, Workshop, xml};

async fn spawn(workshop: &Workshop, new: &NewPipeline) -> Spawned {
    workshop.store().spawn_pipeline(new, workshop.now()).await.unwrap()
}

async fn settle(workshop: &Workshop, seen: &Pipeline, status: PipelineStatus) -> PipelineWritten {
    workshop.store().settle_pipeline(seen, status, workshop.now()).await.unwrap()
}

async fn open(workshop: &Workshop) -> Vec<String> {
    let open = workshop.store().open_pipelines(100).await.unwrap();
    open.into_iter().map(|open| open.name.to_string()).collect()
}

fn stop(workshop: &Workshop) -> StopRequest {
    StopRequest { by: StoppedBy::Cancel, reason: "Ann had enough".to_owned(), at: workshop.now() }
}

#[tokio::test]
async fn a_pipeline_is_spawned_once() {
    let workshop = Workshop::new("10: done-a");
    let new = workshop.new_pipeline(NAME, "a cause").await;
    assert_eq!(spawn(&workshop, &new).await, Spawned::New);
    workshop.wait(1);
    assert_eq!(spawn(&workshop, &new).await, Spawned::Existed);
    assert_eq!(workshop.store().latest_pipeline(&NAME.parse().unwrap()).await.unwrap().id, Some(new.id.clone()));
    assert_snapshot!(workshop.shown(&new.id).await, @"pending: done-a pending");
}

#[tokio::test]
async fn a_spawn_whose_reply_got_lost_is_ours() {
    let workshop = Workshop::new("10: done-a");
    let new = workshop.new_pipeline(NAME, "a cause").await;
    workshop.table.arm(Fault::Repeated, "pipeline/", 0);
    assert_eq!(spawn(&workshop, &new).await, Spawned::New);
    let new = workshop.new_pipeline(NAME, "another cause").await;
    workshop.table.arm(Fault::ReplyLost, "pipeline/", 0);
    assert!(workshop.store().spawn_pipeline(&new, workshop.now()).await.unwrap_err().is_retryable());
    assert_eq!(spawn(&workshop, &new).await, Spawned::New);
}

#[tokio::test]
async fn what_was_found_spawns_one_pipeline_of_a_name() {
    let workshop = Workshop::with(&[xml("one", "", "", "10: done-a"), xml("two", "", "", "10: done-a")]);
    let found = || vec!["bunch x".to_owned()];
    let first = NewPipeline { found: found(), ..workshop.new_pipeline("one", "bunch x").await };
    assert_eq!(spawn(&workshop, &first).await, Spawned::New);
    let again = NewPipeline { found: found(), ..workshop.new_pipeline("one", "cron + bunch x").await };
    assert_eq!(spawn(&workshop, &again).await, Spawned::Existed);
    assert!(workshop.store().pipeline_without_steps(&again.id).await.unwrap().is_none());
    let other = NewPipeline { found: found(), ..workshop.new_pipeline("two", "bunch x").await };
    assert_eq!(spawn(&workshop, &other).await, Spawned::New);
    let spawned = workshop.store().spawned_for(&"one".parse().unwrap(), &["bunch x".into(), "bunch y".into()]).await;
    assert_eq!(spawned.unwrap(), [("bunch x".to_owned(), first.id)]);
}

#[tokio::test]
async fn two_beats_that_saw_no_sibling_spawn_one() {
    let workshop = Workshop::new("10: done-a");
    let name = NAME.parse().unwrap();
    for round in 0..3 {
        let latest = workshop.store().latest_pipeline(&name).await.unwrap();
        let mut outcomes = Vec::new();
        for beat in 0..2 {
            let new = workshop.new_pipeline(NAME, &format!("round {round}, beat {beat}")).await;
            outcomes.push(spawn(&workshop, &NewPipeline { after: Some(latest.clone()), ..new }).await);
        }
        assert_eq!(outcomes, [Spawned::New, Spawned::Existed]);
    }
    // Whoever does not ask is not held up.
    assert_eq!(spawn(&workshop, &workshop.new_pipeline(NAME, "by hand").await).await, Spawned::New);
}

#[tokio::test]
async fn a_beat_that_saw_no_sibling_sees_a_spawn_by_hand_meanwhile() {
    let workshop = Workshop::new("10: done-a");
    let name = NAME.parse().unwrap();
    // Whatever was there before: nothing, and the trace of one or two spawns that asked for nothing.
    for round in 0..3 {
        let after = Some(workshop.store().latest_pipeline(&name).await.unwrap());
        let by_hand = workshop.new_pipeline(NAME, &format!("round {round}, by hand")).await;
        assert_eq!(spawn(&workshop, &by_hand).await, Spawned::New);
        let new = workshop.new_pipeline(NAME, &format!("round {round}, beat")).await;
        assert_eq!(spawn(&workshop, &NewPipeline { after, ..new }).await, Spawned::Existed);
    }
}

#[tokio::test]
async fn a_pipeline_keeps_the_definition_it_was_spawned_from() {
    let workshop = Workshop::new("10: done-a");
    let old = workshop.place(NAME, "a cause").await;
    let mut edited = workshop.new_pipeline(NAME, "a later cause").await;
    Arc::make_mut(&mut edited.definition).description = Some("edited".to_owned());
    spawn(&workshop, &edited).await;
    // As another process reads it, which has not met either.
    let Store { table, queue, files, .. } = workshop.store().clone();
    let fresh = Store::new(table, queue, files);
    let description = |id| {
        let fresh = fresh.clone();
        async move { fresh.pipeline_with_steps(&id).await.unwrap().unwrap().definition.description.clone() }
    };
    assert_eq!(description(old).await, None);
    assert_eq!(description(edited.id).await, Some("edited".to_owned()));
}

#[tokio::test]
async fn a_definition_that_is_gone_or_too_large_is_named() {
    let workshop = Workshop::new("10: done-a");
    let mut new = workshop.new_pipeline(NAME, "a cause").await;
    spawn(&workshop, &new).await;
    let hash = new.definition.hash();
    let write = Write { key: keys::definition(&hash), condition: Condition::Any, change: Change::Delete };
    workshop.store().table.write(write).await.unwrap();
    let Store { table, queue, files, .. } = workshop.store().clone();
    let error = Store::new(table, queue, files).pipeline_with_steps(&new.id).await.unwrap_err();
    let error = engine::error_chain::chain(&error).replace(hash.as_str(), "…");
    assert_snapshot!(error, @"failed to get item `definition/… definition`: a pipeline refers to it, but it is not there");
    Arc::make_mut(&mut new.definition).description = Some("x".repeat(400 * 1024));
    let error = workshop.store().spawn_pipeline(&new, workshop.now()).await.unwrap_err();
    assert_snapshot!(engine::error_chain::chain(&error), @"failed to store definition `work`: it takes 409805 bytes stored; at most 399360 are possible");
}

#[tokio::test]
async fn a_stop_is_written_once_and_under_the_version_that_was_seen() {
    let workshop = Workshop::new("10: done-a");
    let id = workshop.place(NAME, "a cause").await;
    let seen = workshop.pipeline(&id).await;
    workshop.table.arm(Fault::Repeated, "meta", 0);
    assert_eq!(workshop.store().stop_pipeline(&seen, &stop(&workshop)).await.unwrap(), PipelineWritten::Done);
    assert_eq!(workshop.pipeline(&id).await.stop, Some(stop(&workshop)));
    // Somebody else has stopped it: that is as good.
    assert_eq!(workshop.store().stop_pipeline(&seen, &stop(&workshop)).await.unwrap(), PipelineWritten::Done);
    // What was settled since is to be looked at again.
    let seen = workshop.pipeline(&id).await;
    settle(&workshop, &seen, PipelineStatus::Running).await;
    assert_eq!(settle(&workshop, &seen, PipelineStatus::Cancelled).await, PipelineWritten::Lost);
    let gone = Pipeline { id: "01jd9x4k7m3fq8zt0v2c".parse().unwrap(), ..seen };
    assert_eq!(settle(&workshop, &gone, PipelineStatus::Cancelled).await, PipelineWritten::Gone);
}

#[tokio::test]
async fn a_settled_pipeline_leaves_the_open_ones() {
    let workshop = Workshop::new("10: done-a · 20: done-b");
    let id = workshop.place(NAME, "a cause").await;
    assert_eq!(open(&workshop).await, [NAME]);
    let seen = workshop.pipeline(&id).await;
    assert_eq!(settle(&workshop, &seen, PipelineStatus::Running).await, PipelineWritten::Done);
    assert_eq!(open(&workshop).await, [NAME]);
    workshop.wait(5);
    workshop.table.arm(Fault::Repeated, "meta", 0);
    let seen = workshop.pipeline(&id).await;
    assert_eq!(settle(&workshop, &seen, PipelineStatus::Error).await, PipelineWritten::Done);
    assert!(open(&workshop).await.is_empty());
    assert_eq!(workshop.store().ended_pipelines(10, 12, workshop.now()).await.unwrap(), std::slice::from_ref(&id));
    let ended = workshop.pipeline(&id).await;
    assert_eq!(ended.ended_at, Some(workshop.now()));
    // Nothing was enqueued, and now never will be.
    assert_snapshot!(workshop.shown(&id).await, @"error: done-a cancelled, done-b cancelled");
    // Opened again by a retry.
    assert_eq!(settle(&workshop, &ended, PipelineStatus::Running).await, PipelineWritten::Done);
    assert_eq!(open(&workshop).await, [NAME]);
    assert_eq!(workshop.pipeline(&id).await.ended_at, None);
    assert_snapshot!(workshop.shown(&id).await, @"running: done-a pending, done-b pending");
}

#[tokio::test]
async fn open_pipelines_come_by_priority_and_age() {
    let definition = |name, priority| xml(name, &format!("priority=\"{priority}\""), "", "10: done-a");
    let definitions = [definition("low", "low"), definition("normal", "normal"), definition("high", "high")];
    let workshop = Workshop::with(&definitions);
    for (name, cause) in [("low", "1"), ("normal", "1"), ("normal", "2"), ("high", "1"), ("normal", "3"), ("high", "2")]
    {
        workshop.place(name, cause).await;
        workshop.wait(1);
    }
    let all = open(&workshop).await;
    assert_eq!(all, ["high", "high", "normal", "normal", "normal", "low"]);
    let some = workshop.store().open_pipelines(3).await.unwrap();
    assert_eq!(some.iter().map(|open| open.name.as_str()).collect::<Vec<_>>(), ["high", "high", "normal"]);
    let ids: Vec<_> = workshop.store().open_pipelines(100).await.unwrap().into_iter().map(|open| open.id).collect();
    assert!(ids[2] < ids[3] && ids[3] < ids[4]);
}

#[tokio::test]
async fn ended_pipelines_come_with_the_latest_first_over_months() {
    let workshop = Workshop::new("10: done-a");
    let mut ids = Vec::new();
    for cause in ["1", "2", "3"] {
        let id = workshop.place(NAME, cause).await;
        settle(&workshop, &workshop.pipeline(&id).await, PipelineStatus::Success).await;
        ids.insert(0, id);
        workshop.wait(20 * 24 * 60);
    }
    let ended = |limit, months| workshop.store().ended_pipelines(limit, months, workshop.now());
    assert_eq!(ended(10, 12).await.unwrap(), ids);
    assert_eq!(ended(2, 12).await.unwrap(), ids[..2]);
    // In the month of today.
    assert_eq!(ended(10, 0).await.unwrap(), ids[..1]);
}

#[tokio::test]
async fn a_pipeline_item_that_cannot_be_read_is_named() {
    let workshop = Workshop::new("10: done-a");
    let id = workshop.place(NAME, "a cause").await;
    workshop.spoil(&id).await;
    let error = workshop.store().pipeline_with_steps(&id).await.unwrap_err();
    let error = engine::error_chain::chain(&error).replace(id.as_str(), "…");
    assert_snapshot!(error, @r#"failed to read a stored item: field `status` of item `pipeline/… meta` is `"asleep"`; expected a pipeline status"#);
}
