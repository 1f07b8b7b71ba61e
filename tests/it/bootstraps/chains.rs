//! Chains of steps whose effects are counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use difference::assert_same;
use pipeline::Arguments;
use pipeline::{PipelineId, PipelineStatus, StepStatus};
use store::message::StepMessage;
use tests::seen;

use super::Stage;
use super::proxy::Death;

/// More than a step takes requests, its mini beat included: the last ones are never reached.
const STEPS: usize = 23;

/// How many requests the step of an effect takes.
const EFFECT_REQUESTS: usize = 7;

/// Steps one behind the other, each of which leaves a pipeline in the table that says who spawned it, and waits for a second.
fn chain() -> String {
    let by_hand = r#"<conditions><pipeline_condition type="no_auto_spawn"/></conditions>"#;
    let mut steps = String::new();
    for step in 1..=STEPS {
        write!(
            steps,
            r#"<step name="s{step}" executorType="spawn_pipeline" sortOrder="{step}">
                <arguments>
                    <argument key="pipeline" value="effect"/>
                    <argument key="argument.of" value="s{step}"/>
                </arguments>
                <conditions>
                    <step_condition type="attempts_limit"><argument key="limit" value="9"/></step_condition>
                    <step_condition type="previous_steps_completed"/>
                </conditions>
            </step>"#
        )
        .unwrap();
    }
    format!(
        r#"<config>
            <pipeline name="chain">{by_hand}{steps}</pipeline>
            <pipeline name="effect">{by_hand}
                <step name="rest" executorType="wait" sortOrder="10">
                    <arguments><argument key="for" value="1 second"/></arguments>
                    <conditions>
                        <step_condition type="attempts_limit"><argument key="limit" value="9"/></step_condition>
                    </conditions>
                </step>
            </pipeline>
        </config>"#
    )
}

/// Kills the runner of each step behind one request further than that of the step before, and that of its second attempt
/// before one further; and likewise those of what the steps spawn.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_killed_at_every_request_loses_no_effect_and_doubles_none() {
    let mut stage = Stage::new().await;
    stage.storage.files.put("pipelines/chain.xml", chain().into()).await.unwrap();
    let by_hand = stage.invocation("person");
    let id = operate::init(
        &stage.context,
        "chain",
        Arguments::new(),
        operate::Operator { name: "test", invocation: &by_hand },
    )
    .await
    .unwrap();
    let mut effects: Vec<PipelineId> = Vec::new();
    let death_of = |message: &StepMessage, deliveries: usize| {
        if deliveries > 0 {
            return None;
        }
        let number = match message.step.as_str().strip_prefix('s') {
            Some(number) => number.parse().unwrap(),
            None => {
                let place = effects.iter().position(|effect| *effect == message.pipeline);
                if place.is_none() {
                    effects.push(message.pipeline.clone());
                }
                1 + place.unwrap_or(effects.len() - 1) % EFFECT_REQUESTS
            }
        };
        match (message.attempt, message.continuation) {
            (1, 0) => Some(Death::After(number)),
            (1, 1) | (2, 0) => Some(Death::Before(number)),
            _ => None,
        }
    };
    let places = stage.run(&id, death_of).await;
    let story = places.join("\n");
    assert!(places.len() >= 50, "{} kills:\n{story}", places.len());
    // The first attempts were killed at each of their requests, the last one included.
    let reached = |step: usize| places.iter().any(|place| place.starts_with(&format!("s{step} 1:")));
    let last = (1..=STEPS).take_while(|step| reached(*step)).count();
    assert!((10..STEPS).contains(&last), "{last} requests:\n{story}");
    assert_each_step_had_its_effect_once(&stage, &id).await;
}

async fn assert_each_step_had_its_effect_once(stage: &Stage, id: &PipelineId) {
    let ended = stage.pipeline(id).await;
    assert_eq!(ended.status, PipelineStatus::Success, "{}", seen(&ended));
    let mut expected = BTreeMap::new();
    for step in &ended.steps {
        assert_eq!(step.record.status, StepStatus::Success);
        expected.insert(step.definition.name.to_string(), step.record.output.clone().unwrap());
    }
    assert_eq!(expected.len(), STEPS);
    assert_same(&stage.effects().await, &expected, "the effects by their steps");
}
