//! What files say of each other, and in the words of the original.

use std::fmt::Write;

use insta::assert_snapshot;

use super::grammar::refused_condition;
use super::{BASE, changed, merged, refused};

#[test]
fn references_overwrite_add_and_remove() {
    let change = r#"<referencePipeline name="p" description="new" expire-in="2 hours">
        <conditions>
            <pipeline_condition type="no_sibling_in_progress"/>
            <referencePipeline_condition type="no_auto_spawn" remove="true"/>
        </conditions>
        <referenceStep name="a" sort_order="30" executorType="z"><arguments>
            <referenceArgument key="k" value="2"/><argument key="l" value="3"/>
        </arguments></referenceStep>
        <referenceStep name="b"><conditions>
            <referenceStep_condition type="attempts_limit" description="more"><referenceArgument key="limit" value="5"/></referenceStep_condition>
        </conditions></referenceStep>
        <step name="c" executorType="e" sortOrder="25"/>
    </referencePipeline>"#;
    assert_snapshot!(changed(change), @r#"
    {
      "name": "p",
      "description": "new",
      "expire_in": 7200,
      "priority": "normal",
      "conditions": [
        {
          "type": "no_sibling_in_progress"
        }
      ],
      "steps": [
        {
          "name": "b",
          "executor": "y",
          "sort_order": 20,
          "conditions": [
            {
              "type": "attempts_limit",
              "limit": 5,
              "description": "more"
            }
          ]
        },
        {
          "name": "c",
          "executor": "e",
          "sort_order": 25
        },
        {
          "name": "a",
          "executor": "z",
          "sort_order": 30,
          "arguments": {
            "k": "2",
            "l": "3"
          }
        }
      ]
    }
    "#);
}

#[test]
fn references_without_a_target_are_refused() {
    let cases = [
        r#"<referencePipeline name="q"/>"#,
        r#"<referencePipeline name="P"/>"#,
        r#"<referencePipeline name="p"><referenceStep name="c"/></referencePipeline>"#,
        r#"<referencePipeline name="p"><referenceStep name="a" remove="true"/><referenceStep name="a"/></referencePipeline>"#,
        r#"<referencePipeline name="p"><referenceStep name="a"><arguments><referenceArgument key="j" value=""/></arguments></referenceStep></referencePipeline>"#,
        r#"<referencePipeline name="p"><referenceStep name="b"><conditions><referenceStep_condition type="time_between_attempts"/></conditions></referenceStep></referencePipeline>"#,
        r#"<referencePipeline name="p"><referenceStep name="b"><conditions><referenceRecurring_condition type="x"/></conditions></referenceStep></referencePipeline>"#,
        r#"<referencePipeline name="p"><step name="a" executorType="e"/></referencePipeline>"#,
        r#"<referencePipeline name="p" remove="true" description="x"/>"#,
        r#"<referencePipeline name="p" remove="true"><conditions/></referencePipeline>"#,
        r#"<referencePipeline name="p"><referenceStep name="a"><arguments><referenceArgument key="k"/></arguments></referenceStep></referencePipeline>"#,
        r#"<referencePipeline name="p"><referenceStep name="a" sortOrder="1" sort_order="2"/></referencePipeline>"#,
        r#"<referencePipeline name="p"><referenceStep name="a" remove="true"/><referenceStep name="b" remove="true"/></referencePipeline>"#,
        r#"<referencePipeline name="p" remove="true"/><referencePipeline name="p" description="x"/>"#,
    ];
    let mut table = String::new();
    for case in cases {
        let errors = changed(case);
        let errors = errors.lines().filter(|line| line.contains(".xml:")).collect::<Vec<_>>().join("\n    ");
        writeln!(table, "{case}\n    {errors}").unwrap();
    }
    assert_snapshot!(table, @r#"
    <referencePipeline name="q"/>
        change.xml:2:26: there is no pipeline `q` to refer to
    <referencePipeline name="P"/>
        change.xml:2:26: there is no pipeline `P` to refer to; did you mean `p`?
    <referencePipeline name="p"><referenceStep name="c"/></referencePipeline>
        change.xml:2:50: pipeline `p`: there is no step `c` to refer to
    <referencePipeline name="p"><referenceStep name="a" remove="true"/><referenceStep name="a"/></referencePipeline>
        change.xml:2:89: pipeline `p`: there is no step `a` to refer to (it was removed at change.xml:2:29)
    <referencePipeline name="p"><referenceStep name="a"><arguments><referenceArgument key="j" value=""/></arguments></referenceStep></referencePipeline>
        change.xml:2:88: step `a`: there is no argument `j` to refer to
    <referencePipeline name="p"><referenceStep name="b"><conditions><referenceStep_condition type="time_between_attempts"/></conditions></referenceStep></referencePipeline>
        change.xml:2:96: step `b`: there is no condition `time_between_attempts` to refer to
    <referencePipeline name="p"><referenceStep name="b"><conditions><referenceRecurring_condition type="x"/></conditions></referenceStep></referencePipeline>
        change.xml:2:101: step `b`: there is no recurring condition `x` to refer to
    <referencePipeline name="p"><step name="a" executorType="e"/></referencePipeline>
        change.xml:2:41: pipeline `p`: the step `a` is defined twice (first at base.xml:3:21)
    <referencePipeline name="p" remove="true" description="x"/>
        change.xml:2:56: pipeline `p`: what is removed cannot be changed as well
    <referencePipeline name="p" remove="true"><conditions/></referencePipeline>
        change.xml:2:43: pipeline `p`: what is removed cannot be changed as well
    <referencePipeline name="p"><referenceStep name="a"><arguments><referenceArgument key="k"/></arguments></referenceStep></referencePipeline>
        change.xml:2:64: step `a`: argument `k`: the attribute `value` is missing
    <referencePipeline name="p"><referenceStep name="a" sortOrder="1" sort_order="2"/></referencePipeline>
        change.xml:2:67: step `a`: `sort_order` says `sortOrder` a second time
    <referencePipeline name="p"><referenceStep name="a" remove="true"/><referenceStep name="b" remove="true"/></referencePipeline>
        base.xml:1:9: pipeline `p`: there is no step
    <referencePipeline name="p" remove="true"/><referencePipeline name="p" description="x"/>
        change.xml:2:69: the pipeline `p` was removed at change.xml:2:26
    "#);
}

#[test]
fn what_was_removed_can_be_defined_anew() {
    let change = r#"<referencePipeline name="p"><referenceStep name="a" remove="true"/><referenceStep name="b"><conditions>
        <referenceStep_condition type="attempts_limit" remove="true"/>
        <step_condition type="attempts_limit"><argument key="limit" value="9"/></step_condition>
    </conditions></referenceStep></referencePipeline>"#;
    assert_snapshot!(changed(change), @r#"
    {
      "name": "p",
      "description": "old",
      "priority": "normal",
      "conditions": [
        {
          "type": "no_auto_spawn"
        }
      ],
      "steps": [
        {
          "name": "b",
          "executor": "y",
          "sort_order": 20,
          "conditions": [
            {
              "type": "attempts_limit",
              "limit": 9
            }
          ]
        }
      ]
    }
    "#);
    assert_eq!(changed(r#"<referencePipeline name="p" remove="true"/>"#), "");
    assert!(changed(r#"<referencePipeline name="p" remove="0"/>"#).contains("\"name\": \"p\""));
}

#[test]
fn the_last_file_wins() {
    let change = |text: &str| format!(r#"<config><referencePipeline name="p" description="{text}"/></config>"#);
    let (first, last) = (change("of a.xml"), change("of z.xml"));
    let files = [("z.xml", last.as_str()), BASE, ("a.xml", first.as_str())];
    assert!(merged(&files).contains("of z.xml"));
}

#[test]
fn an_error_in_a_reference_leaves_the_pipeline_out() {
    assert_snapshot!(changed(r#"<referencePipeline name="p" expire-in="soon"/>"#), @"change.xml:2:40: pipeline `p`: `soon` is not a duration (example: `2 hours`)");
}

#[test]
fn class_names_of_the_original_are_other_words_for_ours() {
    let step = r"TechDivision\ProcessPipelines\Helper\Condition\Step\";
    let text = format!(
        r#"<config><pipeline name="p"><conditions>
            <pipeline_condition type="\TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoSiblingInProgress"/>
        </conditions><step name="s" executorType="TechDivision\ProcessPipelines\Model\Executor\DropCache"><conditions>
            <step_condition type="{step}AttemptsLimit\Limit5" description="Try step up to 5 times"/>
            <step_condition type="{step}TimeBetweenAttempts\Minutes5"/>
            <step_condition type="{step}PreviousStepsCompleted"/>
        </conditions></step></pipeline>
        <referencePipeline name="p"><referenceStep name="s"><conditions>
            <referenceStep_condition type="{step}AttemptsLimit\Limit5" remove="true"/>
            <step_condition type="{step}AttemptsLimit\Limit1"/>
        </conditions></referenceStep></referencePipeline></config>"#
    );
    assert_snapshot!(merged(&[("x.xml", &text)]), @r#"
    {
      "name": "p",
      "priority": "normal",
      "conditions": [
        {
          "type": "no_sibling_in_progress"
        }
      ],
      "steps": [
        {
          "name": "s",
          "executor": "drop_cache",
          "sort_order": 0,
          "conditions": [
            {
              "type": "time_between_attempts",
              "wait": 300
            },
            {
              "type": "previous_steps_completed"
            },
            {
              "type": "attempts_limit",
              "limit": 1
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn unknown_class_names_are_refused_by_name() {
    let cases = [
        r#"<step_condition type="MyCompany\MyModule\Helper\Condition\Step\CheckSomeThing"/>"#,
        r#"<step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit"/>"#,
        r#"<step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit0"/>"#,
        r#"<step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimitLimit5"/>"#,
        r#"<step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit5"><argument key="limit" value="4"/></step_condition>"#,
        r#"<step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoAutoSpawn"/>"#,
        r#"<step_condition type="\"/>"#,
        r#"<recurring_condition type="Some\Recurring"/>"#,
    ];
    assert_snapshot!(refused_condition(&cases), @r#"
    > <step_condition type="MyCompany\MyModule\Helper\Condition\Step\CheckSomeThing"/>
       x.xml:2:86: step `s`: condition `MyCompany\MyModule\Helper\Condition\Step\CheckSomeThing`: there is no condition for this class; PHP does not run here: use a condition that there is, or have a program register one of its own (`systole conditions` lists all conditions)
    > <step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit"/>
       x.xml:2:86: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit`: there is no condition for this class; use `attempts_limit` with the argument `limit`
    > <step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit0"/>
       x.xml:2:86: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit0`: argument `limit`: `0` is not a whole number of attempts from 1 on (example: `3`)
    > <step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimitLimit5"/>
       x.xml:2:86: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimitLimit5`: there is no condition for this class; use `attempts_limit` with the argument `limit`
    > <step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit5"><argument key="limit" value="4"/></step_condition>
       x.xml:2:175: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit5`: the argument `limit` is defined twice (first at x.xml:2:86)
    > <step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoAutoSpawn"/>
       x.xml:2:86: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoAutoSpawn`: it is a condition of a pipeline, and this one stands in a step
    > <step_condition type="\"/>
       x.xml:2:86: step `s`: condition `\`: there is no condition for this class; PHP does not run here: use a condition that there is, or have a program register one of its own (`systole conditions` lists all conditions)
    > <recurring_condition type="Some\Recurring"/>
       x.xml:2:91: step `s`: recurring condition `Some\Recurring`: there is no recurring condition for this class; use `recurring` with the argument `limit`
    "#);
    let class = r#"<pipeline name="p"><step name="s" executorType="MyCompany\DoSomeThing"/></pipeline>"#;
    assert_snapshot!(refused(&[class]), @r#"
    <pipeline name="p"><step name="s" executorType="MyCompany\DoSomeThing"/></pipeline>
        x.xml:1:57: step `s`: there is no executor for the class `MyCompany\DoSomeThing`; PHP does not run here: use `http_request`, `lambda_invoke` or `shell` to call it where it runs (`systole executors` lists all executors)
    "#);
    let missing = r#"<referencePipeline name="p"><referenceStep name="b"><conditions><referenceStep_condition
        type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit5" remove="true"/></conditions></referenceStep></referencePipeline>"#;
    assert_snapshot!(changed(missing), @"change.xml:3:15: step `b`: there is no condition `attempts_limit` with `limit` 5 to refer to");
}

#[test]
fn snippets_of_the_original_s_documentation_load_or_name_the_class() {
    let clean_up = r#"<?xml version="1.0"?>
<config xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        xsi:noNamespaceSchemaLocation="urn:magento:module:TechDivision_ProcessPipelines:etc/pipeline.xsd">
    <pipeline name="clean_up_pipelines" description="Clean up" use-working-directory="true" expire-in="2 hours">
        <step name="compress_pipeline_data" executorType="TechDivision\ProcessPipelines\Model\Executor\CompressExecutor" sortOrder="10" description="" expireIn="2 hours">
            <conditions>
                <step_condition type="TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit5" description="Try step up to 5 times"/>
            </conditions>
        </step>
        <step name="delete_pipeline_data" executorType="TechDivision\ProcessPipelines\Model\Executor\DeleteExecutor" sortOrder="20" description="" >
        </step>
    </pipeline>
</config>"#;
    assert!(merged(&[("pipeline.xml", clean_up)]).starts_with('{'));
    let custom = r#"<config>
    <pipeline name="my_custom_pipeline" description="Some description" use-working-directory="true">
        <conditions>
            <pipeline_condition type="MyCompany\MyModule\Helper\Condition\Pipeline\CheckSomeThing" description=""/>
            <pipeline_condition type="TechDivision\ProcessPipelines\Helper\Condition\Pipeline\CleanUp" description=""/>
        </conditions>
        <step name="my_first_step" executorType="MyCompany\MyModule\Model\Executor\DoSomeThing" sortOrder="10" description="" >
            ...
        </step>
    </pipeline>
</config>"#;
    assert_snapshot!(merged(&[("pipeline.xml", custom)]), @"pipeline.xml:8:13: the text `...` stands between the elements, where only elements belong");
    assert_snapshot!(merged(&[("pipeline.xml", &custom.replace("...", ""))]), @r"
    pipeline.xml:4:39: pipeline `my_custom_pipeline`: condition `MyCompany\MyModule\Helper\Condition\Pipeline\CheckSomeThing`: there is no condition for this class; PHP does not run here: use a condition that there is, or have a program register one of its own (`systole conditions` lists all conditions)
    pipeline.xml:7:50: step `my_first_step`: there is no executor for the class `MyCompany\MyModule\Model\Executor\DoSomeThing`; PHP does not run here: use `http_request`, `lambda_invoke` or `shell` to call it where it runs (`systole executors` lists all executors)
    ");
    let change = r#"<config>
    <referencePipeline name="my_pipeline" description="new description">
        <step name="new_step" sortOrder="200">
            <conditions><referenceStep_condition type="old_condition" remove="true"/></conditions>
        </step>
        <referenceStep name="existing_step" sortOrder="5"/>
    </referencePipeline>
</config>"#;
    assert_snapshot!(merged(&[("pipeline.xml", change)]), @"
    pipeline.xml:2:30: there is no pipeline `my_pipeline` to refer to
    pipeline.xml:3:9: step `new_step`: the attribute `executorType` is missing
    pipeline.xml:4:25: step `new_step`: the element `referenceStep_condition` is not allowed in `conditions` (expected `step_condition` or `recurring_condition`)
    ");
}
