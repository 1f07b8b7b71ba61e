//! The turns of a runner that a chain does not take: in a wide stage, when a step fails, and when its pipeline is stopped.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use difference::assert_same;
use pipeline::Arguments;
use pipeline::pipeline::{StopRequest, StoppedBy};
use pipeline::{PipelineId, PipelineStatus, StepStatus};
use store::message::StepMessage;
use tests::seen;

use super::lambda::{Invoked, now};
use super::proxy::Death;
use super::{DEADLY_DELIVERIES, KILLED, Stage};

/// So many steps make a stage that knows that it is wide, and one can die behind each of its requests.
const WIDTH: usize = 12;

/// How often a step is tried: once for each of its requests, and some more.
const LIMIT: usize = 20;

const DEFINITIONS: &str = r#"<config>
    <pipeline name="turns">BY_HAND
        WIDE
        <step name="behind" executorType="spawn_pipeline" sortOrder="20">
            <arguments>EFFECT<argument key="argument.of" value="behind"/></arguments>OFTEN
        </step>
        <step name="failing" executorType="spawn_pipeline" sortOrder="30" allowFailure="true">
            <arguments><argument key="pipeline" value="broken"/><argument key="wait" value="true"/></arguments>OFTEN
        </step>
        <step name="last" executorType="spawn_pipeline" sortOrder="40">
            <arguments>EFFECT<argument key="argument.of" value="last"/></arguments>OFTEN
        </step>
    </pipeline>
    <pipeline name="broken">BY_HAND
        <step name="lost" executorType="move_files" sortOrder="10">
            <conditions><step_condition type="attempts_limit"><argument key="limit" value="1"/></step_condition></conditions>
        </step>
    </pipeline>
    <pipeline name="stopped">BY_HAND
        <step name="never" executorType="spawn_pipeline" sortOrder="10"><arguments>EFFECT</arguments>OFTEN</step>
        <step name="always" executorType="spawn_pipeline" sortOrder="20" runAlwaysStep="true">
            <arguments>EFFECT</arguments>
        </step>
    </pipeline>
    <pipeline name="effect">BY_HAND
        <step name="rest" executorType="wait" sortOrder="10"><arguments>OVER</arguments></step>
    </pipeline>
</config>"#;

/// The definitions, with what they have in common written out.
fn definitions() -> String {
    let mut wide = String::new();
    for number in 1..=WIDTH {
        let step = format!(r#"<step name="wide_{number}" executorType="wait" sortOrder="10">"#);
        write!(wide, "{step}<arguments>OVER</arguments>OFTEN</step>").unwrap();
    }
    let often = format!(
        r#"<conditions>
            <step_condition type="attempts_limit"><argument key="limit" value="{LIMIT}"/></step_condition>
            <step_condition type="previous_steps_completed"/>
        </conditions>"#
    );
    let written_out = [
        ("WIDE", wide.as_str()),
        ("OFTEN", &often),
        ("BY_HAND", r#"<conditions><pipeline_condition type="no_auto_spawn"/></conditions>"#),
        ("EFFECT", r#"<argument key="pipeline" value="effect"/>"#),
        ("OVER", r#"<argument key="until" value="2026-08-01T00:00:00Z"/>"#),
    ];
    written_out.into_iter().fold(DEFINITIONS.to_owned(), |text, (word, xml)| text.replace(word, xml))
}

async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.storage.files.put("pipelines/turns.xml", definitions().into()).await.unwrap();
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn runners_killed_in_a_wide_stage_and_while_a_step_fails_lose_nothing_and_double_nothing() {
    let mut stage = stage().await;
    let by_hand = stage.invocation("person");
    let id = operate::init(
        &stage.context,
        "turns",
        Arguments::new(),
        operate::Operator { name: "test", invocation: &by_hand },
    )
    .await
    .unwrap();
    let death_of = |message: &StepMessage, deliveries: usize| {
        let work = format!("{}, gated {}, again {}", message.sort_order, message.is_gated, deliveries > 0);
        let dies = message.pipeline == id && deliveries < DEADLY_DELIVERIES;
        dies.then_some(Death::AfterNew { work, passed: 0 })
    };
    let places = stage.run(&id, death_of).await;
    let story = places.join("\n");

    let ended = stage.pipeline(&id).await;
    assert_eq!(ended.status, PipelineStatus::Success, "{story}\n{}", seen(&ended));
    let mut expected = BTreeMap::new();
    for step in &ended.steps {
        let name = step.definition.name.as_str();
        let counts = stage.assert_attempts(&ended, step, &[KILLED, "ended, it is error"]).await;
        if name == "failing" {
            assert_eq!((step.record.status, step.record.attempt as usize), (StepStatus::Error, LIMIT), "{story}");
            assert!(counts[0] >= 9 && counts[1] >= 3, "{counts:?}:\n{story}");
            continue;
        }
        assert_eq!(step.record.status, StepStatus::Success, "{story}\n{step:?}");
        assert_eq!(counts[1], 0, "{step:?}");
        expected.extend(step.record.output.clone().map(|effect| (name.to_owned(), effect)));
    }
    assert_eq!(expected.len(), 2);
    assert_same(&stage.effects().await, &expected, &story);
    assert_eq!(stage.ended("broken").await.len(), 1, "{story}");
    // A kill between the end of a step and what it finds of its stage.
    let is_look = |place: &String| place.contains(" 1: ") && place.ends_with("Query behind UpdateItem");
    let mut wide = places.iter().filter(|place| place.starts_with("wide_"));
    assert!(wide.any(is_look), "no kill in a look at the stage:\n{story}");
}

/// A stop that is written when the message is under way, so that the runner finds it behind its claim.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_killed_while_it_gives_a_stopped_step_back_runs_nothing_and_ends_the_pipeline_once() {
    let mut stage = stage().await;
    let mut stopped: Vec<PipelineId> = Vec::new();
    let mut is_killed = true;
    while is_killed {
        assert!(stopped.len() < 100, "the runner makes ever more requests that nobody has died at");
        let arguments = Arguments::from([("argument.of".to_owned(), stopped.len().to_string())]);
        let by_hand = stage.invocation("person");
        let id = operate::init(
            &stage.context,
            "stopped",
            arguments,
            operate::Operator { name: "test", invocation: &by_hand },
        )
        .await
        .unwrap();
        let message = stage.receive().await.unwrap();
        let stop = StopRequest { by: StoppedBy::Cancel, reason: "had enough".to_owned(), at: now() };
        stage.storage.stop_pipeline(&stage.pipeline(&id).await, &stop).await.unwrap();
        let death = Death::AfterNew { work: "stop".to_owned(), passed: 0 };
        is_killed = stage.deliver(&message, Some(death)).await == Invoked::Killed;
        stage.drain().await;
        stopped.push(id);
    }
    // Claim, pipeline, end of the step, and the beat behind it.
    assert!(stopped.len() > 6, "{} kills", stopped.len() - 1);
    let mut expected = BTreeMap::new();
    for (number, id) in stopped.iter().enumerate() {
        let ended = stage.pipeline(id).await;
        assert_eq!(ended.status, PipelineStatus::Cancelled, "{}", seen(&ended));
        let [never, always] = ended.steps.as_slice() else { panic!("{}", seen(&ended)) };
        assert_eq!((&never.record.output, never.record.attempt), (&None, 1), "{}", seen(&ended));
        assert_ne!(never.record.status, StepStatus::Success);
        assert_eq!((always.record.status, always.record.attempt), (StepStatus::Success, 1), "{}", seen(&ended));
        expected.insert(number.to_string(), always.record.output.clone().unwrap());
    }
    assert_same(&stage.effects().await, &expected, "the effects by their pipelines");
}
