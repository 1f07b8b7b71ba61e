//! Fifty kills while work is under way, none of them before it has begun or after it has ended.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use difference::assert_same;
use pipeline::{PipelineId, PipelineStatus};

use super::{Random, assert_ends_undisturbed, assert_nothing_is_left, demo, open, put, runtime, stop};
use crate::systole::{Systole, wait_for};

const KILLS: usize = 50;

/// Longest life of a host, much shorter than the work takes.
const LONGEST_LIFE_MS: u64 = 150;

/// Every so manieth host lives until a step has ended.
const LONG_LIVED: usize = 4;

#[test]
fn fifty_kills_during_imports_of_the_demo_change_nothing() {
    let set = demo();
    let mut killer = Killer::new();
    while killer.is_to_kill() {
        let systole = Systole::new();
        put(set, &systole.drop_area());
        // The drop area is empty as soon as the files have been moved; the pipeline is open until they are archived.
        killer.kill_during(&systole, || !systole.dropped().is_empty() || is_busy(&systole));
        let (dev, _) = systole.dev(&[]);
        assert_ends_undisturbed(&systole, set, &killer.story());
        stop(dev);
    }
}

#[test]
fn fifty_kills_during_short_steps_lose_no_effect_and_double_none() {
    let mut killer = Killer::new();
    while killer.is_to_kill() {
        let systole = Systole::new();
        systole.overlay("short_steps.xml", &short_steps());
        let id = systole.json(&["pipeline", "init", "short_steps"])["id"].as_str().unwrap().to_owned();
        killer.kill_during(&systole, || is_busy(&systole));
        let (dev, _) = systole.dev(&[]);
        wait_for(&format!("no pipeline is open; {}", killer.story()), || (!is_busy(&systole)).then_some(()));
        assert_each_step_had_its_effect_once(&systole, &id, &killer.story());
        assert_nothing_is_left(&systole, &killer.story());
        stop(dev);
    }
}

/// Starts hosts and kills each at a random moment.
struct Killer {
    random: Random,
    kills: usize,
    lives: usize,
    rounds: usize,
}

impl Killer {
    fn new() -> Self {
        Killer { random: Random::seeded(), kills: 0, lives: 0, rounds: 0 }
    }

    /// Whether it goes into a further round.
    fn is_to_kill(&mut self) -> bool {
        self.rounds += 1;
        // Some kills come too late, but not those of most rounds.
        assert!(
            self.rounds <= 2 * KILLS,
            "{} after {} rounds: the work is over before a kill comes",
            self.story(),
            KILLS
        );
        self.kills < KILLS
    }

    fn story(&self) -> String {
        format!("seed {}, {} kills", self.random.seed, self.kills)
    }

    /// Kills host after host until the work is done, or all kills are; counts those that hit unfinished work.
    fn kill_during(&mut self, systole: &Systole, is_unfinished: impl Fn() -> bool) {
        while self.kills < KILLS && is_unfinished() {
            self.lives += 1;
            let (dev, _) = systole.dev(&[]);
            // A step whose host dies seven times in a row is given up; a person lets it get further now and then, too.
            if self.lives.is_multiple_of(LONG_LIVED) {
                let_a_step_end(systole, &self.story());
            }
            std::thread::sleep(Duration::from_millis(self.random.below(LONGEST_LIFE_MS)));
            dev.kill();
            self.kills += usize::from(is_unfinished());
        }
    }
}

/// Whether a pipeline is open.
fn is_busy(systole: &Systole) -> bool {
    !runtime().block_on(open(systole).open_pipelines(1)).unwrap().is_empty()
}

/// Waits until a further step of an open pipeline has ended, or no pipeline is open any more.
fn let_a_step_end(systole: &Systole, story: &str) {
    let before = ended_steps(systole);
    wait_for(&format!("a step ends; {story}"), || (ended_steps(systole) != before).then_some(()));
}

/// How many steps of the open pipelines have ended; `None` if none is open.
fn ended_steps(systole: &Systole) -> Option<usize> {
    let store = open(systole);
    runtime().block_on(async {
        let open = store.open_pipelines(1_000).await.unwrap();
        let mut ended = None;
        for pipeline in &open {
            // It may have been deleted since.
            let Some(pipeline) = store.pipeline_with_steps(&pipeline.id).await.unwrap() else { continue };
            let steps = pipeline.steps.iter().filter(|step| !step.record.status.is_active() && step.record.attempt > 0);
            ended = Some(ended.unwrap_or(0) + steps.count());
        }
        ended
    })
}

const STAGES: u32 = 12;
const STEPS_PER_STAGE: u32 = 4;

/// Stages of steps that each leave a pipeline in the table, which says who spawned it.
fn short_steps() -> String {
    let by_hand = r#"<conditions><pipeline_condition type="no_auto_spawn"/></conditions>"#;
    let mut steps = String::new();
    for stage in 1..=STAGES {
        for number in 1..=STEPS_PER_STAGE {
            write!(
                steps,
                r#"<step name="s{stage}_{number}" executorType="spawn_pipeline" sortOrder="{stage}">
                    <arguments>
                        <argument key="pipeline" value="effect"/>
                        <argument key="argument.of" value="s{stage}_{number}"/>
                    </arguments>
                    <conditions><step_condition type="previous_steps_completed"/></conditions>
                </step>"#
            )
            .unwrap();
        }
    }
    format!(
        r#"<config>
            <pipeline name="short_steps">{by_hand}{steps}</pipeline>
            <pipeline name="effect">{by_hand}
                <step name="rest" executorType="wait" sortOrder="10">
                    <arguments><argument key="for" value="1 second"/></arguments>
                </step>
            </pipeline>
        </config>"#
    )
}

#[track_caller]
fn assert_each_step_had_its_effect_once(systole: &Systole, id: &str, story: &str) {
    let store = open(systole);
    let read = |id: &PipelineId| runtime().block_on(store.pipeline_with_steps(id)).unwrap().unwrap();
    let ended = read(&id.parse().unwrap());
    assert_eq!(ended.status, PipelineStatus::Success, "{story}");
    let mut expected = BTreeMap::new();
    for step in &ended.steps {
        // Interrupted is not failed: no kill uses up an attempt.
        assert_eq!(step.record.attempt, 1, "{story}: {step:?}");
        expected.insert(step.definition.name.to_string(), step.record.output.clone().unwrap());
    }
    assert_eq!(expected.len(), (STAGES * STEPS_PER_STAGE) as usize);
    let listed = systole.json(&["pipeline", "list", "--limit", "200"]);
    let mut effects = BTreeMap::new();
    for pipeline in listed.as_array().unwrap().iter().filter(|pipeline| pipeline["name"] == "effect") {
        let effect = read(&pipeline["id"].as_str().unwrap().parse().unwrap());
        assert_eq!(effect.status, PipelineStatus::Success, "{story}: {effect:?}");
        let of = effect.arguments["of"].clone();
        let doubled = effects.insert(of, serde_json::json!(effect.id));
        assert_eq!(doubled, None, "{story}: {effect:?} is a second effect of its step");
    }
    assert_same(&effects, &expected, story);
}
