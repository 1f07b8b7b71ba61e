//! All four functions while the network and AWS fail at every turn: what comes of the work is what comes of it on a calm
//! day.

mod weather;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Timelike;
use difference::assert_same;
use engine::{Context, Invocation, Limits, heartbeat};
use futures::future::join_all;
use import::entity::product::Product;
use patience::wait;
use pipeline::settings::Scope;
use pipeline::{Pipeline, Priority};
use serde_json::{Value, json};
use store::queue::Received;
use store::settings::NewSetting;
use tests::aws_over;

use self::weather::{Fault, Service, Weather};
use super::arrivals::arrival_of;
use super::operators::post;
use super::{Functions, invoked, now};
use crate::bunches::{Files, bunch, patient_import, totals};

/// Everything at once: parallel steps, waits, steps that exclude each other, one that may fail, one that always runs.
const KITCHEN_SINK: &str = r#"<config>
    <pipeline name="kitchen_sink" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        EFFECT(a 10) EFFECT(b 10) EFFECT(c 10)
        <step name="failing" executorType="move_files" sortOrder="20" allowFailure="true">
            <conditions>
                <step_condition type="attempts_limit"><argument key="limit" value="1"/></step_condition>
                <step_condition type="previous_steps_completed"/>
            </conditions>
        </step>
        <step name="rest" executorType="wait" sortOrder="30">
            <arguments><argument key="for" value="1 second"/></arguments>
            <conditions>
                <step_condition type="attempts_limit"><argument key="limit" value="30"/></step_condition>
                <step_condition type="previous_steps_completed"/>
            </conditions>
        </step>
        EFFECT(d 40) EFFECT(e 40) EFFECT(f 50)
        EFFECT(always 90)
    </pipeline>
    <pipeline name="effect">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="rest" executorType="wait" sortOrder="10">
            <arguments><argument key="for" value="1 second"/></arguments>
            <conditions>
                <step_condition type="attempts_limit"><argument key="limit" value="30"/></step_condition>
                <step_condition type="wait_for_step_is_not_running"><argument key="steps" value="failing"/></step_condition>
            </conditions>
        </step>
    </pipeline>
    <pipeline name="doomed">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="long" executorType="wait" sortOrder="10">
            <arguments><argument key="for" value="8 hours"/></arguments>
        </step>
        <step name="never" executorType="wait" sortOrder="20">
            <arguments><argument key="for" value="1 second"/></arguments>
            <conditions><step_condition type="previous_steps_completed"/></conditions>
        </step>
        EFFECT(always 90)
    </pipeline>
</config>"#;

/// The definition, with its effects written out.
fn definitions() -> String {
    let mut text = String::new();
    for (number, part) in KITCHEN_SINK.split("EFFECT(").enumerate() {
        let rest = if number == 0 {
            part
        } else {
            let (step, rest) = part.split_once(')').unwrap();
            let (name, sort_order) = step.split_once(' ').unwrap();
            text += &effect(name, sort_order);
            rest
        };
        text += rest;
    }
    text
}

/// A step that leaves a pipeline in the table, which says who spawned it.
fn effect(name: &str, sort_order: &str) -> String {
    let always = if name == "always" { r#" runAlwaysStep="true""# } else { "" };
    format!(
        r#"<step name="{name}" executorType="spawn_pipeline" sortOrder="{sort_order}"{always}>
            <arguments>
                <argument key="pipeline" value="effect"/>
                <argument key="argument.of" value="{name}"/>
            </arguments>
            <conditions>
                <step_condition type="attempts_limit"><argument key="limit" value="30"/></step_condition>
                <step_condition type="previous_steps_completed"/>
            </conditions>
        </step>"#
    )
}

/// Longer than a day takes, however stormy, and shorter than the limit of this test in `.config/nextest.toml`.
const PATIENCE: Duration = Duration::from_secs(480);

/// What comes of a day's work.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// Of each pipeline, in words without its id: its name, what it was spawned for, its status, and those of its steps.
    pipelines: Vec<String>,
    totals: Value,
    products: BTreeMap<String, Product>,
    files: Vec<String>,
}

/// The functions, and the weather that they work in.
struct Day {
    functions: Functions,
    weather: Weather,
    is_stormy: bool,
    /// How far the clock of the beats is set ahead.
    ahead: Duration,
    beats: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_of_a_stormy_day_is_what_comes_of_a_calm_one() {
    let calm = Weather::new();
    let stormy = Weather::new();
    let (undisturbed, outcome) = tokio::join!(Day::live(&calm, false), Day::live(&stormy, true));
    let (seed, met) = (stormy.seed(), stormy.met());
    assert_same(&outcome, &undisturbed, format!("seed {seed}: {met:?}"));
    for service in Service::ALL {
        for fault in Fault::ALL {
            assert!(met.contains_key(&(service, fault)), "seed {seed}: {fault:?} has never met {service:?}: {met:?}");
        }
    }
    assert_eq!(calm.met(), BTreeMap::new());
}

impl Day {
    async fn live(weather: &Weather, is_stormy: bool) -> Outcome {
        let storage = aws_over(weather.client()).await;
        let context = Context::new(storage.store.clone(), steps::shipped(), Limits::default());
        let functions = Functions { context, storage };
        let mut day = Day { functions, weather: weather.clone(), is_stormy, ahead: Duration::ZERO, beats: 0 };
        let files = bunch("two-files");
        for (name, content) in &files {
            day.functions.drop_file(name, content.clone()).await;
        }
        for (name, xml) in [("kitchen_sink.xml", definitions()), ("catalog_import.xml", patient_import())] {
            day.functions.storage.files.put(&format!("pipelines/{name}"), xml.into()).await.unwrap();
        }
        day.put_off_clean_up().await;
        weather.set_stormy(is_stormy);
        day.arrive(&files).await;
        day.operate().await;
        day.work().await;
        weather.set_stormy(false);
        day.outcome().await
    }

    /// Sets the daily clean-up to the other side of the clock: the two days are of unequal length, and it would be due in one
    /// of them only.
    async fn put_off_clean_up(&self) {
        let cron = format!("0 {} * * *", (now().hour() + 12) % 24);
        let setting = NewSetting { name: "clean_up.cron", scope: &Scope::Default, value: &cron };
        self.functions.storage.set_setting(setting, "a test", now()).await.unwrap();
    }

    /// S3 tells the intake of each file, again and again until it has been dealt with.
    async fn arrive(&self, files: &Files) {
        let arrivals = files.iter().map(|(name, _)| async move {
            for _ in 0..5 {
                let arrival = arrival_of(&format!("incoming/{name}"));
                if intake::handle(&self.functions.context, invoked(arrival)).await.is_ok() {
                    return;
                }
            }
            panic!("file `{name}` would be a dead letter; seed {}", self.weather.seed());
        });
        join_all(arrivals).await;
    }

    /// A person spawns pipelines, holds one and lets it go on, and cancels the other, each until there is an answer.
    async fn operate(&self) {
        let [sink, doomed] = join_all(["kitchen_sink", "doomed"].map(|name| async move {
            let body = json!({ "name": name, "key": format!("the-one-{name}") });
            let answer = self.ask("/pipelines", &body).await;
            answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
        }))
        .await
        .try_into()
        .unwrap();
        self.ask(&format!("/pipelines/{sink}/pause"), &json!({})).await;
        self.ask(&format!("/pipelines/{sink}/resume"), &json!({})).await;
        self.ask(&format!("/pipelines/{doomed}/cancel"), &json!({ "reason": "it is doomed" })).await;
    }

    async fn ask(&self, path: &str, body: &Value) -> Value {
        for _ in 0..20 {
            let (status, answer) = self.functions.ask(post(path, body)).await;
            match status {
                // Conflict: the try before has done it, and its answer was lost.
                200..300 | 409 => return answer,
                500..600 => {}
                _ => panic!("{path}: {status} {answer}"),
            }
        }
        panic!("{path} is never answered; seed {}", self.weather.seed());
    }

    /// Beats and runs messages until nothing is left to do.
    async fn work(&mut self) {
        let wait = wait(format!("the work of the day is done; seed {}", self.weather.seed())).up_to(PATIENCE);
        loop {
            wait.go_on();
            self.beat().await;
            let received = self.functions.storage.queue.receive(8, Duration::ZERO).await;
            let messages = received.unwrap_or_default();
            join_all(messages.iter().map(|message| self.deliver(message))).await;
            // A receive whose answer gets lost hides its messages; they are sent again after the grace time.
            self.ahead += Duration::from_secs(if messages.is_empty() { 360 } else { 1 });
            self.weather.set_stormy(false);
            let is_done =
                self.functions.storage.open_pipelines(1).await.unwrap().is_empty() && self.waiting().await == 0;
            self.weather.set_stormy(self.is_stormy);
            if is_done {
                break;
            }
        }
    }

    async fn beat(&mut self) {
        self.beats += 1;
        let id = format!("beat-{}-{}", self.weather.seed(), self.beats);
        let invocation = Invocation::begin(id, now() + self.ahead, Duration::from_secs(50));
        // A beat that fails leaves its span to the next one.
        let beat = heartbeat::beat(&self.functions.context, &invocation).await;
        assert!(beat.is_ok() || self.is_stormy, "{beat:?}");
    }

    /// Hands a message to the runner; what is not deleted comes again, as after the visibility time.
    async fn deliver(&self, message: &Received) {
        let event = super::delivered("step-message", message);
        let outcome = runner::handle(&self.functions.context, invoked(event)).await;
        assert!(outcome.is_ok() || self.is_stormy, "{outcome:?}");
        let queue = &self.functions.storage.queue;
        if outcome.is_err() || queue.delete(&message.receipt).await.is_err() {
            // It may be deleted although that was not answered; and if this fails too, a beat sends it again.
            let _ = queue.extend(&message.receipt, Duration::ZERO).await;
        }
    }

    async fn waiting(&self) -> u64 {
        let mut waiting = 0;
        for priority in Priority::ALL {
            let depth = self.functions.storage.queue.depth(priority).await.unwrap();
            waiting += depth.waiting + depth.delayed;
        }
        waiting
    }

    async fn outcome(&self) -> Outcome {
        let storage = &self.functions.storage;
        assert_eq!(storage.queue.peek_dead_letters(10).await.unwrap(), []);
        let (mut pipelines, mut report) = (Vec::new(), Value::Null);
        for id in storage.ended_pipelines(1_000, 1, now() + self.ahead).await.unwrap() {
            let pipeline = self.functions.pipeline(&id).await;
            if pipeline.name().as_str() == "catalog_import" {
                report = totals(&storage.store, &id).await;
            }
            pipelines.push(in_words(&pipeline));
        }
        pipelines.sort();
        let mut files = Vec::new();
        for prefix in ["incoming/", "archive/"] {
            files.extend(self.functions.list(prefix).await.into_iter().map(without_id));
        }
        files.sort();
        let products = catalog::own::all(storage.table.as_ref()).await.unwrap();
        Outcome { pipelines, totals: report, products, files }
    }
}

fn in_words(pipeline: &Pipeline) -> String {
    let steps = pipeline.steps.iter().map(|step| format!("{} {}", step.definition.name, step.record.status));
    let of = pipeline.arguments.get("of").map_or("", String::as_str);
    format!("{} {of}: {} ({})", pipeline.name(), pipeline.status, steps.collect::<Vec<_>>().join(", "))
}

/// `archive/ID/…` without the id.
fn without_id(key: String) -> String {
    let mut parts: Vec<&str> = key.split('/').collect();
    if parts[0] == "archive" {
        parts.remove(1);
    }
    parts.join("/")
}
