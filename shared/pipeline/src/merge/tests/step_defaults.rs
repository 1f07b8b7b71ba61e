//! What a pipeline says once for all its steps.

use std::fmt::Write;

use insta::assert_snapshot;

use super::{load, refused};
use crate::merge::Vocabulary;

/// The steps of the one pipeline that files make, each with its conditions, and what is wrong.
fn steps(files: &[&str]) -> String {
    let names: Vec<String> = (1..=files.len()).map(|number| format!("{number}.xml")).collect();
    let texts: Vec<String> = files.iter().map(|text| format!("<config>{text}</config>")).collect();
    let merged = load(names.iter().map(String::as_str).zip(texts.iter().map(String::as_bytes)), &Vocabulary::default());
    let mut table = String::new();
    for error in &merged.errors {
        writeln!(table, "{error}").unwrap();
    }
    for step in merged.definitions.iter().flat_map(|definition| &definition.steps) {
        let conditions: Vec<String> = step
            .conditions
            .iter()
            .map(|described| serde_json::to_string(described).unwrap().replace('"', ""))
            .collect();
        let expires = step.expire_in.map_or(String::new(), |span| format!(" expires in {} s", span.as_secs()));
        writeln!(table, "{}{expires}: {}", step.name, conditions.join(" ")).unwrap();
    }
    table
}

const PIPELINE: &str = r#"<pipeline name="p">
    <step name="a" executorType="x" sortOrder="10"/>
    <step name="b" executorType="x" sortOrder="20" expireIn="5 minutes"><conditions>
        <step_condition type="attempts_limit"><argument key="limit" value="7"/></step_condition>
    </conditions></step>
    <stepDefaults expireIn="1 hour"><conditions>
        <step_condition type="attempts_limit"><argument key="limit" value="3"/></step_condition>
        <step_condition type="previous_steps_completed"/>
    </conditions></stepDefaults>
</pipeline>"#;

#[test]
fn a_step_has_what_it_does_not_say_itself() {
    assert_snapshot!(steps(&[PIPELINE]), @r"
    a expires in 3600 s: {type:attempts_limit,limit:3} {type:previous_steps_completed}
    b expires in 300 s: {type:attempts_limit,limit:7} {type:previous_steps_completed}
    ");
}

#[test]
fn other_files_change_the_defaults_of_all_steps_with_their_own() {
    let change = r#"<referencePipeline name="p">
        <referenceStepDefaults expireIn="2 hours"><conditions>
            <referenceStep_condition type="attempts_limit"><referenceArgument key="limit" value="4"/></referenceStep_condition>
            <referenceStep_condition type="previous_steps_completed" remove="true"/>
            <step_condition type="previous_steps_finished"/>
        </conditions></referenceStepDefaults>
        <step name="c" executorType="x" sortOrder="30"/>
    </referencePipeline>"#;
    assert_snapshot!(steps(&[PIPELINE, change]), @r"
    a expires in 7200 s: {type:attempts_limit,limit:4} {type:previous_steps_finished}
    b expires in 300 s: {type:attempts_limit,limit:7} {type:previous_steps_finished}
    c expires in 7200 s: {type:attempts_limit,limit:4} {type:previous_steps_finished}
    ");
    let none = r#"<referencePipeline name="p"><referenceStepDefaults remove="true"/></referencePipeline>"#;
    assert_snapshot!(steps(&[PIPELINE, none]), @r"
    a: 
    b expires in 300 s: {type:attempts_limit,limit:7}
    ");
    let bare = r#"<pipeline name="p"><step name="a" executorType="x"/></pipeline>"#;
    let given = r#"<referencePipeline name="p"><stepDefaults expireIn="1 hour"/></referencePipeline>"#;
    assert_snapshot!(steps(&[bare, given]), @"a expires in 3600 s:");
}

#[test]
fn what_is_wrong_in_defaults_is_said_once() {
    let cases = [
        r#"<pipeline name="p"><stepDefaults><conditions><step_condition type="attempts_limt"/></conditions></stepDefaults><step name="a" executorType="e"/><step name="b" executorType="e"/></pipeline>"#,
        r#"<pipeline name="p"><stepDefaults expireIn="1 hourz"/><step name="a" executorType="e"/></pipeline>"#,
        r#"<pipeline name="p"><stepDefaults sortOrder="1"/><step name="a" executorType="e"/></pipeline>"#,
        r#"<pipeline name="p"><stepDefaults><conditions><recurring_condition type="recurring"/></conditions></stepDefaults><step name="a" executorType="e"/></pipeline>"#,
        r#"<pipeline name="p"><stepDefaults/><stepDefaults/><step name="a" executorType="e"/></pipeline>"#,
        r#"<pipeline name="p"><step name="a" executorType="e"/></pipeline><referencePipeline name="p"><referenceStepDefaults expireIn="1 hour"/></referencePipeline>"#,
    ];
    assert_snapshot!(refused(&cases), @r#"
    <pipeline name="p"><stepDefaults><conditions><step_condition type="attempts_limt"/></conditions></stepDefaults><step name="a" executorType="e"/><step name="b" executorType="e"/></pipeline>
        x.xml:1:76: pipeline `p`: step defaults: condition `attempts_limt`: there is no such condition (expected `attempts_limit`, `time_between_attempts`, `previous_steps_completed`, `previous_steps_finished`, `depending_on_named_steps`, `wait_for_step_is_not_running` or `named_pipelines_have_status`; did you mean `attempts_limit`?)
    <pipeline name="p"><stepDefaults expireIn="1 hourz"/><step name="a" executorType="e"/></pipeline>
        x.xml:1:52: pipeline `p`: step defaults: `1 hourz` is not a duration (example: `2 hours`)
    <pipeline name="p"><stepDefaults sortOrder="1"/><step name="a" executorType="e"/></pipeline>
        x.xml:1:42: pipeline `p`: step defaults: the attribute `sortOrder` is not allowed in `stepDefaults` (expected `expireIn`)
    <pipeline name="p"><stepDefaults><conditions><recurring_condition type="recurring"/></conditions></stepDefaults><step name="a" executorType="e"/></pipeline>
        x.xml:1:54: pipeline `p`: step defaults: the element `recurring_condition` is not allowed in `conditions` (expected `step_condition`)
    <pipeline name="p"><stepDefaults/><stepDefaults/><step name="a" executorType="e"/></pipeline>
        x.xml:1:43: pipeline `p`: the `stepDefaults` is defined twice (first at x.xml:1:28)
    <pipeline name="p"><step name="a" executorType="e"/></pipeline><referencePipeline name="p"><referenceStepDefaults expireIn="1 hour"/></referencePipeline>
        x.xml:1:100: pipeline `p`: there is no `stepDefaults` to refer to
    "#);
}

#[test]
fn a_reference_to_a_step_changes_what_it_has_by_default() {
    let change = r#"<referencePipeline name="p">
        <referenceStep name="a"><conditions>
            <referenceStep_condition type="attempts_limit"><referenceArgument key="limit" value="9"/></referenceStep_condition>
            <referenceStep_condition type="previous_steps_completed" remove="true"/>
        </conditions></referenceStep>
    </referencePipeline>"#;
    assert_snapshot!(steps(&[PIPELINE, change]), @r"
    a expires in 3600 s: {type:attempts_limit,limit:9}
    b expires in 300 s: {type:attempts_limit,limit:7} {type:previous_steps_completed}
    ");
    let again = r#"<referencePipeline name="p"><referenceStep name="a"><conditions>
        <referenceStep_condition type="previous_steps_completed" remove="true"/>
    </conditions></referenceStep></referencePipeline>"#;
    assert_snapshot!(steps(&[PIPELINE, change, again]), @"3.xml:2:40: step `a`: there is no condition `previous_steps_completed` to refer to (it was removed at 2.xml:4:13)");
    let unknown = again.replace("previous_steps_completed", "time_between_attempts");
    assert_snapshot!(steps(&[PIPELINE, &unknown]), @"2.xml:2:40: step `a`: there is no condition `time_between_attempts` to refer to");
}
