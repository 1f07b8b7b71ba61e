//! Conditions that find: one look a beat at something outside, one pipeline for each thing, and a note of what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use engine::accepts::{Accepts, Argument, BadArgument, DeclaredArgument, Parsed, Presence};
use engine::conditions::finding::{
    DiscoveryFate, DiscoveryOutcome, FindingCondition, LookQuestion, SourceLook, SourceProblem,
};
use engine::{Program, heartbeat};
use pipeline::Arguments;
use pipeline::Name;
use pipeline::facts::Answer;
use pipeline::facts::Discovery;
use pipeline::plan::Spawn;
use store::{Error, Store};
use workshop::{Fault, Workshop};

/// Parcels at a depot, which somebody else counts: no file, and nothing of the table.
#[derive(Clone, Default)]
struct ParcelWaits {
    depot: Arc<Mutex<Depot>>,
}

#[derive(Default)]
struct Depot {
    /// The numbers of the parcels, by country.
    parcels: BTreeMap<String, Vec<u32>>,
    /// What the next look meets instead of the depot.
    failure: Option<Error>,
    looks: usize,
    /// What was noted last, a line for each parcel.
    noted: BTreeSet<String>,
}

/// What one look has seen: for each definition its oldest parcel without a pipeline.
struct Seen {
    depot: Arc<Mutex<Depot>>,
    found: BTreeMap<Name, Answer>,
    problems: Vec<SourceProblem>,
}

#[async_trait]
impl FindingCondition for ParcelWaits {
    fn name(&self) -> &'static str {
        "parcel_waits"
    }

    fn description(&self) -> &'static str {
        "finds parcels that nobody has sent"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(COUNTRY)
    }

    async fn look(&self, question: &LookQuestion<'_>) -> store::Result<Box<dyn SourceLook>> {
        let parcels = {
            let mut depot = self.depot.lock().unwrap();
            depot.looks += 1;
            if let Some(failure) = depot.failure.take() {
                return Err(failure);
            }
            depot.parcels.clone()
        };
        let mut found = BTreeMap::new();
        for asking in question.asking {
            let name = &asking.definition.name;
            let numbers = parcels.get(&asking.arguments["country"]).cloned().unwrap_or_default();
            let keys: Vec<String> = numbers.iter().map(|number| format!("parcel {number}")).collect();
            let spawned = question.store.spawned_for(name, &keys).await?;
            let is_new = |key: &&String| !spawned.iter().any(|(known, _)| known == *key);
            let answer = match keys.iter().find(is_new) {
                Some(key) => Answer::Found(parcel(key)),
                None => Answer::Unmet("no parcel waits".to_owned()),
            };
            found.insert(name.clone(), answer);
        }
        let lost = parcels.values().flatten().filter(|number| **number == 0).map(ToString::to_string).collect();
        let lost = SourceProblem { reason: "a parcel has lost its number".to_owned(), things: lost };
        let problems = if lost.things.is_empty() { Vec::new() } else { vec![lost] };
        Ok(Box::new(Seen { depot: self.depot.clone(), found, problems }))
    }
}

const COUNTRY: &[&dyn DeclaredArgument] = &[&Argument {
    name: "country",
    kind: Parsed { kind: "country", example: "de", read: country },
    presence: Presence::Required,
    meaning: "where the depot is",
}];

fn country(text: &str) -> Result<String, BadArgument> {
    match text {
        "de" | "at" => Ok(text.to_owned()),
        other => Err(format!("`{other}` is no country with a depot (expected `de` or `at`)").into()),
    }
}

fn parcel(key: &str) -> Discovery {
    Discovery {
        key: key.to_owned(),
        at: "2026-08-01T11:00:00Z".parse().unwrap(),
        arguments: Arguments::from([("parcel".to_owned(), key.to_owned())]),
        things: vec![key.to_owned()],
    }
}

#[async_trait]
impl SourceLook for Seen {
    fn answer(&self, definition: &Name) -> Answer {
        self.found[definition].clone()
    }

    fn problems(&self) -> &[SourceProblem] {
        &self.problems
    }

    async fn note(&self, _: &Store, outcomes: &[DiscoveryOutcome], _: DateTime<Utc>) -> store::Result<()> {
        let told = |outcome: &DiscoveryOutcome| {
            let fate = match &outcome.fate {
                DiscoveryFate::Spawned(_) => "has a pipeline".to_owned(),
                DiscoveryFate::NotSpawned(reasons) => format!("waits: {}", reasons.join("; ")),
            };
            format!("{} of {} {fate}", outcome.found.things.join(", "), outcome.definition)
        };
        self.depot.lock().unwrap().noted = outcomes.iter().map(told).collect();
        Ok(())
    }
}

impl ParcelWaits {
    fn with(country: &str, parcels: &[u32]) -> Self {
        let condition = ParcelWaits::default();
        condition.depot.lock().unwrap().parcels.insert(country.to_owned(), parcels.to_vec());
        condition
    }

    fn looks(&self) -> usize {
        self.depot.lock().unwrap().looks
    }

    fn noted(&self) -> String {
        self.depot.lock().unwrap().noted.iter().map(String::as_str).collect::<Vec<_>>().join(" · ")
    }
}

/// A definition that asks for parcels of a country.
fn sends(name: &str, country: &str, more: &str) -> String {
    format!(
        "<config><pipeline name=\"{name}\"><conditions><pipeline_condition type=\"parcel_waits\">\
         <argument key=\"country\" value=\"{country}\"/></pipeline_condition>{more}</conditions>\
         <step name=\"done-a\" executorType=\"done\"/></pipeline></config>"
    )
}

fn workshop(definitions: &[String], condition: &ParcelWaits) -> Workshop {
    Workshop::extended(definitions, Program::default().with_finding_condition(condition.clone()))
}

#[tokio::test]
async fn each_thing_found_gets_one_pipeline_that_is_told_of_it() {
    let condition = ParcelWaits::with("de", &[17, 18]);
    let workshop = workshop(&[sends("send", "de", ""), sends("count", "de", "")], &condition);
    assert_eq!(workshop.spawned().await, ["count", "send"]);
    assert_eq!(condition.looks(), 1, "one look for two definitions");
    assert_eq!(condition.noted(), "parcel 17 of count has a pipeline · parcel 17 of send has a pipeline");
    let id = workshop.store().latest_pipeline(&"send".parse().unwrap()).await.unwrap().id.unwrap();
    let pipeline = workshop.pipeline(&id).await;
    assert_eq!(pipeline.arguments["parcel"], "parcel 17");
    assert_eq!(pipeline.spawned_by, "heartbeat, parcel 17");
    workshop.wait(1);
    assert_eq!(workshop.spawned().await, ["count", "send"]);
    workshop.wait(1);
    assert!(workshop.spawned().await.is_empty(), "both parcels have their pipelines");
    assert_eq!((condition.looks(), condition.noted().as_str()), (3, ""));
    assert_eq!(why(&workshop, "send").await, ["no parcel waits"]);
}

#[tokio::test]
async fn nobody_looks_for_what_no_definition_asks_for() {
    let condition = ParcelWaits::with("de", &[17]);
    let workshop = workshop(&[workshop::xml("work", "", "no_auto_spawn", "10: done-a")], &condition);
    workshop.beat().await;
    assert_eq!(condition.looks(), 0);
}

#[tokio::test]
async fn what_is_found_and_held_back_is_noted_with_the_reasons_of_the_other_conditions() {
    let condition = ParcelWaits::with("de", &[17, 18]);
    let alone = "<pipeline_condition type=\"no_sibling_in_progress\"/>";
    let workshop = workshop(&[sends("send", "de", alone)], &condition);
    assert_eq!(workshop.spawned().await, ["send"]);
    let id = workshop.store().latest_pipeline(&"send".parse().unwrap()).await.unwrap().id.unwrap();
    workshop.wait(1);
    assert!(workshop.spawned().await.is_empty());
    let held = format!("pipeline {id} of the same name has not ended");
    assert_eq!(condition.noted(), format!("parcel 18 of send waits: {held}"));
    workshop.set("maintenance", "default", "on").await;
    workshop.beat().await;
    assert_eq!(condition.noted(), format!("parcel 18 of send waits: maintenance mode is on; {held}"));
    workshop.set("maintenance", "default", "off").await;
    workshop.run_all().await;
    workshop.wait(1);
    assert_eq!(workshop.spawned().await, ["send"]);
    assert_eq!(condition.noted(), "parcel 18 of send has a pipeline");
}

#[tokio::test]
async fn a_thing_whose_pipeline_cannot_be_stored_is_held_back_and_found_again() {
    let condition = ParcelWaits::with("de", &[17]);
    let workshop = workshop(&[sends("send", "de", "")], &condition);
    workshop.table.arm(Fault::Forbidden, "pipeline/", 0);
    let report = workshop.beat().await;
    assert_eq!((report.spawned.len(), report.problems.len()), (0, 1), "{report:?}");
    assert_eq!(condition.noted(), format!("parcel 17 of send waits: {}", report.problems[0]));
    workshop.wait(1);
    assert_eq!(workshop.spawned().await, ["send"]);
}

#[tokio::test]
async fn a_beat_that_dies_behind_the_spawn_leaves_one_pipeline() {
    let condition = ParcelWaits::with("de", &[17]);
    let workshop = workshop(&[sends("send", "de", "")], &condition);
    workshop.table.arm(Fault::DeadAfter, "pipeline/", 0);
    workshop.try_beat().await;
    assert!(workshop.table.is_spent() && condition.noted().is_empty());
    workshop.wait(3);
    assert!(workshop.spawned().await.is_empty());
    assert_eq!(workshop.store().open_pipelines(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_at_the_source_is_a_problem_of_the_beat_and_holds_nothing_else_up() {
    let condition = ParcelWaits::with("de", &[0]);
    let definitions = [sends("send", "de", ""), workshop::xml("work", "", "", "10: done-a")];
    let workshop = workshop(&definitions, &condition);
    let report = workshop.beat().await;
    assert_eq!(report.problems, ["a parcel has lost its number"]);
    // The source answers for good that it does not.
    condition.depot.lock().unwrap().failure = Some(Error::permanent("count parcels", "the depot is closed"));
    workshop.wait(1);
    let report = workshop.beat().await;
    assert_eq!(report.problems, ["condition `parcel_waits`: failed to count parcels: the depot is closed"]);
    assert!(report.spawned[0].starts_with("work "), "{report:?}");
    condition.depot.lock().unwrap().failure = Some(Error::permanent("count parcels", "the depot is closed"));
    assert_eq!(
        why(&workshop, "send").await,
        ["condition `parcel_waits`: failed to count parcels: the depot is closed"]
    );
    // One that may answer later ends the beat, as every failure of the store does.
    condition.depot.lock().unwrap().failure = Some(Error::retryable("count parcels", "the depot is busy"));
    workshop.wait(1);
    assert!(heartbeat::beat(&workshop.context, &workshop.invocation()).await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn what_the_condition_does_not_take_is_refused_when_the_file_is_loaded() {
    let condition = ParcelWaits::default();
    let workshop = workshop(&[sends("send", "fr", "")], &condition);
    let report = workshop.beat().await;
    assert_eq!(
        report.problems,
        [
            "0.xml:1:114: pipeline `send`: condition `parcel_waits`: argument `country`: `fr` is no country with a depot (expected `de` or `at`)"
        ]
    );
}

/// Why nothing is spawned from a definition now; asking changes nothing.
async fn why(workshop: &Workshop, definition: &str) -> Vec<String> {
    let definition = workshop.context.definitions.find(workshop.store().files.as_ref(), definition).await.unwrap();
    match heartbeat::outlook(&workshop.context, &definition, workshop.now()).await.unwrap().spawn {
        Spawn::No(reasons) => reasons,
        Spawn::Yes { reason, .. } => panic!("it is spawned for {reason}"),
    }
}
