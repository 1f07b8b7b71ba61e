//! What one file may say.

use std::fmt::Write;

use insta::assert_snapshot;

use super::{load, merged, refused};

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn unknown_and_missing_words_are_refused_with_what_is_known() {
    let cases = [
        r#"<pipline name="p"/>"#,
        r#"<pipeline/>"#,
        r#"<pipeline name="a/b"/>"#,
        r#"<pipeline name="p"/>"#,
        r#"<pipeline name="p" expireIn="1 hour"><step name="s" executorType="e"/></pipeline>"#,
        r#"<pipeline name="p" colour="red"><step name="s" executorType="e"/></pipeline>"#,
        r#"<pipeline name="p"><stage/></pipeline>"#,
        r#"<pipeline name="p"><step name="s"/></pipeline>"#,
        r#"<pipeline name="p"><step executorType="e"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="e" sortorder="1"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="e" sort_order="1"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="e"><argument key="k" value="v"/></step></pipeline>"#,
        r#"<pipeline name="p"><pipeline_condition type="no_auto_spawn"/></pipeline>"#,
        r#"<pipeline name="p"><conditions a="b"><step_condition type="x"/></conditions></pipeline>"#,
        r#"<pipeline name="p"><referenceStep name="s" remove="true"/></pipeline>"#,
        r#"<pipeline name="p" expire-in="6 hourz" priority="urgent" use-working-directory="yes"/>"#,
        r#"<pipeline name="bad"/><pipeline name="good"><step name="s" executorType="e"/></pipeline>"#,
    ];
    assert_snapshot!(refused(&cases), @r#"
    <pipline name="p"/>
        x.xml:1:9: the element `pipline` is not allowed in `config` (expected `pipeline` or `referencePipeline`; did you mean `pipeline`?)
    <pipeline/>
        x.xml:1:9: pipeline: the attribute `name` is missing
    <pipeline name="a/b"/>
        x.xml:1:25: pipeline `a/b`: `a/b` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    <pipeline name="p"/>
        x.xml:1:9: pipeline `p`: there is no step
    <pipeline name="p" expireIn="1 hour"><step name="s" executorType="e"/></pipeline>
        x.xml:1:28: pipeline `p`: the attribute `expireIn` is not allowed in `pipeline` (expected `name`, `description`, `use-working-directory`, `expire-in` or `priority`; did you mean `expire-in`?)
    <pipeline name="p" colour="red"><step name="s" executorType="e"/></pipeline>
        x.xml:1:28: pipeline `p`: the attribute `colour` is not allowed in `pipeline` (expected `name`, `description`, `use-working-directory`, `expire-in` or `priority`)
    <pipeline name="p"><stage/></pipeline>
        x.xml:1:28: pipeline `p`: the element `stage` is not allowed in `pipeline` (expected `conditions`, `stepDefaults` or `step`); steps of one `sortOrder` form a stage
    <pipeline name="p"><step name="s"/></pipeline>
        x.xml:1:28: step `s`: the attribute `executorType` is missing
    <pipeline name="p"><step executorType="e"/></pipeline>
        x.xml:1:28: step: the attribute `name` is missing
    <pipeline name="p"><step name="s" executorType="e" sortorder="1"/></pipeline>
        x.xml:1:60: step `s`: the attribute `sortorder` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`; did you mean `sortOrder`?)
    <pipeline name="p"><step name="s" executorType="e" sort_order="1"/></pipeline>
        x.xml:1:60: step `s`: the attribute `sort_order` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`; did you mean `sortOrder`?)
    <pipeline name="p"><step name="s" executorType="e"><argument key="k" value="v"/></step></pipeline>
        x.xml:1:60: step `s`: the element `argument` is not allowed in `step` (expected `arguments` or `conditions`; did you mean `arguments`?); it belongs into `arguments`
    <pipeline name="p"><pipeline_condition type="no_auto_spawn"/></pipeline>
        x.xml:1:28: pipeline `p`: the element `pipeline_condition` is not allowed in `pipeline` (expected `conditions`, `stepDefaults` or `step`); it belongs into `conditions`
    <pipeline name="p"><conditions a="b"><step_condition type="x"/></conditions></pipeline>
        x.xml:1:40: pipeline `p`: the attribute `a` is not allowed in `conditions` (expected none)
        x.xml:1:46: pipeline `p`: the element `step_condition` is not allowed in `conditions` (expected `pipeline_condition`)
    <pipeline name="p"><referenceStep name="s" remove="true"/></pipeline>
        x.xml:1:28: pipeline `p`: the element `referenceStep` is not allowed in `pipeline` (expected `conditions`, `stepDefaults` or `step`)
    <pipeline name="p" expire-in="6 hourz" priority="urgent" use-working-directory="yes"/>
        x.xml:1:39: pipeline `p`: `6 hourz` is not a duration (example: `2 hours`)
        x.xml:1:58: pipeline `p`: `urgent` is not a priority (expected `high`, `normal` or `low`)
        x.xml:1:89: pipeline `p`: `yes` is neither `true` nor `false`
    <pipeline name="bad"/><pipeline name="good"><step name="s" executorType="e"/></pipeline>
        x.xml:1:9: pipeline `bad`: there is no step
        defines good
    "#);
    assert_snapshot!(merged(&[("x.xml", "<configuration/>"), ("y.xml", "<config name='x'/>")]), @"
    x.xml:1:1: the root element is `configuration` (expected `config`)
    y.xml:1:9: the attribute `name` is not allowed in `config` (expected `xmlns:xsi`, `xsi:noNamespaceSchemaLocation` or `xsi:schemaLocation`)
    ");
}

#[test]
fn steps_are_checked_where_they_stand() {
    let cases = [
        (r#" expireIn="2 hourz""#, ""),
        (r#" expireIn="367 days""#, ""),
        (r#" sortOrder="ten""#, ""),
        (r#" sortOrder="-10" allowFailure="1" runAlwaysStep="false""#, ""),
        (r#" sortOrder="99999999999""#, ""),
        (r#" allowFailure="maybe""#, ""),
        ("", r#"<arguments><argument key="k"/></arguments>"#),
        ("", r#"<arguments><argument value="v"/></arguments>"#),
        ("", r#"<arguments><argument key="" value="v"/></arguments>"#),
        ("", r#"<arguments><argument key="k" value="v"><argument/></argument></arguments>"#),
        (
            "",
            r#"<arguments><argument key="k" value="1"/></arguments><arguments><argument key="k" value="2"/></arguments>"#,
        ),
        ("", r#"<arguments/><conditions/><arguments><argument key="k" value=""/></arguments><conditions/>"#),
    ];
    assert_snapshot!(refused_in_step(&cases), @r#"
    expireIn="2 hourz"
        x.xml:2:62: step `s`: `2 hourz` is not a duration (example: `2 hours`)
    expireIn="367 days"
        x.xml:2:62: step `s`: `367 days` is out of range (more than zero, at most 366 days)
    sortOrder="ten"
        x.xml:2:63: step `s`: `ten` is not a whole number (example: `10`)
    sortOrder="-10" allowFailure="1" runAlwaysStep="false"
        fine
    sortOrder="99999999999"
        x.xml:2:63: step `s`: `99999999999` is not a whole number (example: `10`)
    allowFailure="maybe"
        x.xml:2:66: step `s`: `maybe` is neither `true` nor `false`
     > <arguments><argument key="k"/></arguments>
        x.xml:2:63: step `s`: argument `k`: the attribute `value` is missing
     > <arguments><argument value="v"/></arguments>
        x.xml:2:63: step `s`: argument: the attribute `key` is missing
     > <arguments><argument key="" value="v"/></arguments>
        x.xml:2:78: step `s`: argument: the key is empty
     > <arguments><argument key="k" value="v"><argument/></argument></arguments>
        x.xml:2:91: step `s`: argument `k`: the element `argument` is not allowed in `argument` (expected none)
     > <arguments><argument key="k" value="1"/></arguments><arguments><argument key="k" value="2"/></arguments>
        x.xml:2:130: step `s`: the argument `k` is defined twice (first at x.xml:2:78)
     > <arguments/><conditions/><arguments><argument key="k" value=""/></arguments><conditions/>
        fine
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn step_conditions_are_built_or_refused() {
    let cases = [
        r#"<step_condition type="attempts_limit"><argument key="limit" value="5"/></step_condition>"#,
        r#"<step_condition type="attempts_limit"><arguments><argument key="limit" value="5"/></arguments></step_condition>"#,
        r#"<step_condition type="attempts_limit"/>"#,
        r#"<step_condition type="attempts_limit"><argument key="limit" value="0"/></step_condition>"#,
        r#"<step_condition type="attempts_limit"><argument key="limit" value="many"/></step_condition>"#,
        r#"<step_condition type="attempts_limit"><argument key="limits" value="5"/></step_condition>"#,
        r#"<step_condition type="attempt_limit"/>"#,
        r#"<step_condition type="no_auto_spawn"/>"#,
        r#"<step_condition type="Attempts Limit"/>"#,
        r#"<step_condition/>"#,
        r#"<step_condition type="previous_steps_completed"/><step_condition type="previous_steps_completed"/>"#,
        r#"<step_condition type="time_between_attempts"/>"#,
        r#"<step_condition type="time_between_attempts"><argument key="wait" value="soon"/></step_condition>"#,
        r#"<step_condition type="time_between_attempts"><argument key="minutes" value="5"/></step_condition>"#,
        r#"<step_condition type="time_between_attempts"><argument key="minutes" value="600000"/></step_condition>"#,
        r#"<step_condition type="time_between_attempts"><argument key="minutes" value="5"/><argument key="wait" value="1 hour"/></step_condition>"#,
        r#"<step_condition type="previous_steps_finished"><argument key="steps" value=" , "/></step_condition>"#,
        r#"<step_condition type="previous_steps_finished"><argument key="steps" value="s"/></step_condition>"#,
        r#"<step_condition type="previous_steps_finished"><argument key="steps" value="a, a"/></step_condition>"#,
        r#"<step_condition type="previous_steps_finished"><argument key="steps" value="a"/><argument key="step_filter" value="a"/></step_condition>"#,
        r#"<recurring_condition type="recurring"/>"#,
        r#"<pipeline_condition type="no_auto_spawn"/>"#,
    ];
    assert_snapshot!(refused_condition(&cases), @r#"
    > <step_condition type="attempts_limit"><argument key="limit" value="5"/></step_condition>
       fine
    > <step_condition type="attempts_limit"><arguments><argument key="limit" value="5"/></arguments></step_condition>
       fine
    > <step_condition type="attempts_limit"/>
       x.xml:2:64: step `s`: condition `attempts_limit`: the argument `limit` is missing; expected how many attempts there may be, as whole number of attempts from 1 on (example: `3`)
    > <step_condition type="attempts_limit"><argument key="limit" value="0"/></step_condition>
       x.xml:2:131: step `s`: condition `attempts_limit`: argument `limit`: `0` is not a whole number of attempts from 1 on (example: `3`)
    > <step_condition type="attempts_limit"><argument key="limit" value="many"/></step_condition>
       x.xml:2:131: step `s`: condition `attempts_limit`: argument `limit`: `many` is not a whole number of attempts from 1 on (example: `3`)
    > <step_condition type="attempts_limit"><argument key="limits" value="5"/></step_condition>
       x.xml:2:117: step `s`: condition `attempts_limit`: the argument `limits` is not known (expected `limit`)
    > <step_condition type="attempt_limit"/>
       x.xml:2:86: step `s`: condition `attempt_limit`: there is no such condition (expected `attempts_limit`, `time_between_attempts`, `previous_steps_completed`, `previous_steps_finished`, `depending_on_named_steps`, `wait_for_step_is_not_running` or `named_pipelines_have_status`; did you mean `attempts_limit`?)
    > <step_condition type="no_auto_spawn"/>
       x.xml:2:86: step `s`: condition `no_auto_spawn`: there is no such condition (expected `attempts_limit`, `time_between_attempts`, `previous_steps_completed`, `previous_steps_finished`, `depending_on_named_steps`, `wait_for_step_is_not_running` or `named_pipelines_have_status`); `no_auto_spawn` is a pipeline condition
    > <step_condition type="Attempts Limit"/>
       x.xml:2:86: step `s`: condition `Attempts Limit`: `Attempts Limit` is not a type of condition (expected `a-z`, `0-9`, `_`, `-` or `.`; did you mean `attempts_limit`?)
    > <step_condition/>
       x.xml:2:64: step `s`: condition: the attribute `type` is missing
    > <step_condition type="previous_steps_completed"/><step_condition type="previous_steps_completed"/>
       x.xml:2:135: step `s`: the condition `previous_steps_completed` is defined twice (first at x.xml:2:86)
    > <step_condition type="time_between_attempts"/>
       x.xml:2:64: step `s`: condition `time_between_attempts`: the argument `minutes` or `wait` is missing; expected how long to wait, as whole number of minutes from 1 to 527040 (example: `3`)
    > <step_condition type="time_between_attempts"><argument key="wait" value="soon"/></step_condition>
       x.xml:2:137: step `s`: condition `time_between_attempts`: argument `wait`: `soon` is not a duration (example: `2 hours`)
    > <step_condition type="time_between_attempts"><argument key="minutes" value="5"/></step_condition>
       fine
    > <step_condition type="time_between_attempts"><argument key="minutes" value="600000"/></step_condition>
       x.xml:2:140: step `s`: condition `time_between_attempts`: argument `minutes`: `600000` is not a whole number of minutes from 1 to 527040 (example: `3`)
    > <step_condition type="time_between_attempts"><argument key="minutes" value="5"/><argument key="wait" value="1 hour"/></step_condition>
       x.xml:2:159: step `s`: condition `time_between_attempts`: give either `minutes` or `wait`, not both
    > <step_condition type="previous_steps_finished"><argument key="steps" value=" , "/></step_condition>
       x.xml:2:140: step `s`: condition `previous_steps_finished`: argument `steps`: the list is empty
    > <step_condition type="previous_steps_finished"><argument key="steps" value="s"/></step_condition>
       x.xml:2:140: step `s`: `s` is not a step before this one: its order is 0, that of this one 0
    > <step_condition type="previous_steps_finished"><argument key="steps" value="a, a"/></step_condition>
       x.xml:2:140: step `s`: condition `previous_steps_finished`: argument `steps`: `a` occurs twice
    > <step_condition type="previous_steps_finished"><argument key="steps" value="a"/><argument key="step_filter" value="a"/></step_condition>
       x.xml:2:159: step `s`: condition `previous_steps_finished`: give either `steps` or `step_filter`, not both
    > <recurring_condition type="recurring"/>
       x.xml:2:64: step `s`: recurring condition `recurring`: the argument `limit` is missing; expected how often it runs in all, failed attempts included, as whole number of runs from 1 on (example: `3`)
    > <pipeline_condition type="no_auto_spawn"/>
       x.xml:2:64: step `s`: the element `pipeline_condition` is not allowed in `conditions` (expected `step_condition` or `recurring_condition`)
    "#);
}

#[test]
fn pipeline_conditions_are_built_or_refused() {
    let cases = [
        r#"<pipeline_condition type="no_auto_spawn"><argument key="k" value="v"/></pipeline_condition>"#,
        r#"<pipeline_condition type="cron_expression"/>"#,
        r#"<pipeline_condition type="cron_expression"><argument key="expression" value="* * *"/></pipeline_condition>"#,
        r#"<pipeline_condition type="cron_expression"><argument key="expression" value="0 3 * * *"/><argument key="time_zone" value="Berlin"/></pipeline_condition>"#,
    ];
    let cases: Vec<String> = cases
        .iter()
        .map(|it| {
            format!(r#"<pipeline name="p"><conditions>{it}</conditions><step name="s" executorType="e"/></pipeline>"#)
        })
        .collect();
    assert_snapshot!(refused(&cases.iter().map(String::as_str).collect::<Vec<_>>()), @r#"
    <pipeline name="p"><conditions><pipeline_condition type="no_auto_spawn"><argument key="k" value="v"/></pipeline_condition></conditions><step name="s" executorType="e"/></pipeline>
        x.xml:1:96: pipeline `p`: condition `no_auto_spawn`: the argument `k` is not known (expected none)
    <pipeline name="p"><conditions><pipeline_condition type="cron_expression"/></conditions><step name="s" executorType="e"/></pipeline>
        x.xml:1:40: pipeline `p`: condition `cron_expression`: the argument `expression` is missing; expected when it falls due, as cron expression (example: `30 2 * * *`)
    <pipeline name="p"><conditions><pipeline_condition type="cron_expression"><argument key="expression" value="* * *"/></pipeline_condition></conditions><step name="s" executorType="e"/></pipeline>
        x.xml:1:117: pipeline `p`: condition `cron_expression`: argument `expression`: `* * *` is not a cron expression: expected 5 fields, found 3 (example: `0 3 * * *`, every day at 03:00)
    <pipeline name="p"><conditions><pipeline_condition type="cron_expression"><argument key="expression" value="0 3 * * *"/><argument key="time_zone" value="Berlin"/></pipeline_condition></conditions><step name="s" executorType="e"/></pipeline>
        x.xml:1:162: pipeline `p`: condition `cron_expression`: argument `time_zone`: `Berlin` is not a time zone (example: `Europe/Berlin`)
    "#);
}

#[test]
fn conditions_become_what_they_say() {
    let text = r#"<config><pipeline name="p" priority="high">
        <step name="b" executorType="e" sortOrder="2"><conditions>
            <step_condition type="time_between_attempts" description="not at once"><argument key="minutes" value=" 5 "/></step_condition>
            <step_condition type="previous_steps_completed"><argument key="step_filter" value="a"/></step_condition>
        </conditions></step>
        <conditions>
            <pipeline_condition type="website_active"><argument key="websites" value="de, at"/></pipeline_condition>
            <pipeline_condition type="cron_expression" description="">
                <argument key="time_zone" value="Europe/Berlin"/><argument key="expression" value="0 3 * * *"/>
            </pipeline_condition>
        </conditions>
        <step name="a" executorType="e" sortOrder="1"/>
    </pipeline></config>"#;
    assert_snapshot!(merged(&[("x.xml", text)]), @r#"
    {
      "name": "p",
      "priority": "high",
      "conditions": [
        {
          "type": "website_active",
          "websites": [
            "de",
            "at"
          ]
        },
        {
          "type": "cron_expression",
          "expression": "0 3 * * *",
          "time_zone": "Europe/Berlin"
        }
      ],
      "steps": [
        {
          "name": "a",
          "executor": "e",
          "sort_order": 1
        },
        {
          "name": "b",
          "executor": "e",
          "sort_order": 2,
          "conditions": [
            {
              "type": "time_between_attempts",
              "wait": 300,
              "description": "not at once"
            },
            {
              "type": "previous_steps_completed",
              "steps": [
                "a"
              ]
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn steps_wait_only_for_steps_before_them() {
    let waiting = |order: i32, awaited: &str| {
        format!(
            r#"<pipeline name="p"><step name="first" executorType="e" sortOrder="10"/><step name="second" executorType="e" sortOrder="{order}">
<conditions><step_condition type="previous_steps_completed"><argument key="steps" value="{awaited}"/></step_condition></conditions></step></pipeline>"#
        )
    };
    let cases = [waiting(20, "first"), waiting(20, "frist"), waiting(10, "first"), waiting(20, "second")];
    assert_snapshot!(refused(&cases.iter().map(String::as_str).collect::<Vec<_>>()), @r#"
    <pipeline name="p"><step name="first" executorType="e" sortOrder="10"/><step name="second" executorType="e" sortOrder="20">
    <conditions><step_condition type="previous_steps_completed"><argument key="steps" value="first"/></step_condition></conditions></step></pipeline>
        defines p
    <pipeline name="p"><step name="first" executorType="e" sortOrder="10"/><step name="second" executorType="e" sortOrder="20">
    <conditions><step_condition type="previous_steps_completed"><argument key="steps" value="frist"/></step_condition></conditions></step></pipeline>
        x.xml:2:90: step `second`: there is no step `frist` to wait for; did you mean `first`?
    <pipeline name="p"><step name="first" executorType="e" sortOrder="10"/><step name="second" executorType="e" sortOrder="10">
    <conditions><step_condition type="previous_steps_completed"><argument key="steps" value="first"/></step_condition></conditions></step></pipeline>
        x.xml:2:90: step `second`: `first` is not a step before this one: its order is 10, that of this one 10
    <pipeline name="p"><step name="first" executorType="e" sortOrder="10"/><step name="second" executorType="e" sortOrder="20">
    <conditions><step_condition type="previous_steps_completed"><argument key="steps" value="second"/></step_condition></conditions></step></pipeline>
        x.xml:2:90: step `second`: `second` is not a step before this one: its order is 20, that of this one 20
    "#);
}

#[test]
fn only_run_always_steps_wait_for_run_always_steps() {
    let waiting = |attributes: &str| {
        format!(
            r#"<pipeline name="p"><step name="report" executorType="e" sortOrder="10" runAlwaysStep="true"/><step name="s" executorType="e" sortOrder="20"{attributes}>
<conditions><step_condition type="previous_steps_finished"><argument key="steps" value="report"/></step_condition></conditions></step></pipeline>"#
        )
    };
    let cases = [waiting(r#" runAlwaysStep="true""#), waiting("")];
    assert_snapshot!(refused(&cases.iter().map(String::as_str).collect::<Vec<_>>()), @r#"
    <pipeline name="p"><step name="report" executorType="e" sortOrder="10" runAlwaysStep="true"/><step name="s" executorType="e" sortOrder="20" runAlwaysStep="true">
    <conditions><step_condition type="previous_steps_finished"><argument key="steps" value="report"/></step_condition></conditions></step></pipeline>
        defines p
    <pipeline name="p"><step name="report" executorType="e" sortOrder="10" runAlwaysStep="true"/><step name="s" executorType="e" sortOrder="20">
    <conditions><step_condition type="previous_steps_finished"><argument key="steps" value="report"/></step_condition></conditions></step></pipeline>
        x.xml:2:89: step `s`: `report` is not a step before this one: it has `runAlwaysStep` and runs after all others
    "#);
}

#[test]
fn names_that_occur_twice_are_refused_with_both_places() {
    let cases = [
        r#"<pipeline name="p"><step name="s" executorType="e"/><step name="s" executorType="e"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="e"/></pipeline><pipeline name="p"><step name="s" executorType="e"/></pipeline>"#,
    ];
    assert_snapshot!(refused(&cases), @r#"
    <pipeline name="p"><step name="s" executorType="e"/><step name="s" executorType="e"/></pipeline>
        x.xml:1:73: pipeline `p`: the step `s` is defined twice (first at x.xml:1:40)
    <pipeline name="p"><step name="s" executorType="e"/></pipeline><pipeline name="p"><step name="s" executorType="e"/></pipeline>
        x.xml:1:88: the pipeline `p` is defined twice (first at x.xml:1:25)
    "#);
    let pipeline = r#"<config><pipeline name="p"><step name="s" executorType="e"/></pipeline></config>"#;
    assert_snapshot!(merged(&[("b.xml", pipeline), ("a.xml", pipeline), ("c.xml", pipeline)]), @"
    b.xml:1:25: the pipeline `p` is defined twice (first at a.xml:1:25)
    c.xml:1:25: the pipeline `p` is defined twice (first at a.xml:1:25)
    ");
    assert_snapshot!(merged(&[("a.xml", pipeline), ("a.xml", pipeline), ("a.xml", pipeline)]), @"a.xml:1:1: two files have this name; neither is used");
}

/// What is wrong with a step of these attributes and children.
fn refused_in_step(cases: &[(&str, &str)]) -> String {
    let step = |(attributes, content): &(&str, &str)| {
        format!("<pipeline name=\"p\"><step name=\"s\" executorType=\"e\"{attributes}>{content}</step></pipeline>")
    };
    let mut table = String::new();
    for case in cases {
        let merged = load(
            [("x.xml", format!("<config>\n{}</config>", step(case)).as_bytes())],
            &crate::merge::Vocabulary::default(),
        );
        let errors: Vec<String> = merged.errors.iter().map(ToString::to_string).collect();
        let errors = if errors.is_empty() { "fine".to_owned() } else { errors.join("\n    ") };
        writeln!(table, "{}{}{}\n    {errors}", case.0.trim(), if case.1.is_empty() { "" } else { " > " }, case.1)
            .unwrap();
    }
    table
}

/// The same for a condition of a step.
pub(super) fn refused_condition(cases: &[&str]) -> String {
    let in_conditions: Vec<String> = cases.iter().map(|case| format!("<conditions>{case}</conditions>")).collect();
    let cases: Vec<(&str, &str)> = in_conditions.iter().map(|case| ("", case.as_str())).collect();
    refused_in_step(&cases).replace("<conditions>", "").replace("</conditions>", "")
}
