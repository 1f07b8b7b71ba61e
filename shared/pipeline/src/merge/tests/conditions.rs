//! The conditions that ask beyond the steps before: what they may say, and what becomes of it.

use std::collections::BTreeSet;
use std::fmt::Write;

use insta::assert_snapshot;

use super::grammar::refused_condition;
use super::{merged, refused};
use crate::accepts::{Accepts, Argument, DeclaredArgument, Parsed, PipelineName, Presence};
use crate::condition::{BUILT_IN, PipelineCondition, Registered, StepCondition};
use crate::definition::Definition;
use crate::merge::condition::{PIPELINE_CONDITIONS, RECURRING_CONDITIONS, STEP_CONDITIONS};
use crate::merge::{Vocabulary, load};
use crate::words::words;

/// What is wrong with conditions of a pipeline, each on its own.
fn refused_pipeline_condition(cases: &[&str]) -> String {
    let before = r#"<pipeline name="p"><conditions>"#;
    let after = r#"</conditions><step name="s" executorType="e"/></pipeline>"#;
    let cases: Vec<String> = cases.iter().map(|case| format!("{before}{case}{after}")).collect();
    refused(&cases.iter().map(String::as_str).collect::<Vec<_>>()).replace(before, "").replace(after, "")
}

#[test]
fn step_conditions_about_others_are_built_or_refused() {
    let cases = [
        r#"<step_condition type="depending_on_named_steps"/>"#,
        r#"<step_condition type="depending_on_named_steps"><argument key="steps" value="s"/></step_condition>"#,
        r#"<step_condition type="wait_for_step_is_not_running"/>"#,
        r#"<step_condition type="wait_for_step_is_not_running"><argument key="steps" value="s, reindex"/></step_condition>"#,
        r#"<step_condition type="wait_for_step_is_not_running"><argument key="step_filter" value="a/b"/></step_condition>"#,
        r#"<step_condition type="named_pipelines_have_status"><argument key="pipelines" value="exports"/></step_condition>"#,
        r#"<step_condition type="named_pipelines_have_status"><argument key="pipelines" value="exports"/><argument key="statuses" value="success, done"/></step_condition>"#,
        r#"<step_condition type="named_pipelines_have_status"><argument key="pipelines" value="exports stock"/><argument key="statuses" value="success error"/></step_condition>"#,
        r#"<step_condition type="recurring"><argument key="limit" value="3"/></step_condition>"#,
    ];
    assert_snapshot!(refused_condition(&cases), @r#"
    > <step_condition type="depending_on_named_steps"/>
       x.xml:2:64: step `s`: condition `depending_on_named_steps`: the argument `steps` or `step_filter` is missing; expected the names of the steps, as list of step names (example: `first, second`)
    > <step_condition type="depending_on_named_steps"><argument key="steps" value="s"/></step_condition>
       x.xml:2:141: step `s`: `s` is not a step before this one: its order is 0, that of this one 0
    > <step_condition type="wait_for_step_is_not_running"/>
       x.xml:2:64: step `s`: condition `wait_for_step_is_not_running`: the argument `steps` or `step_filter` is missing; expected the names of the steps, as list of step names (example: `first, second`)
    > <step_condition type="wait_for_step_is_not_running"><argument key="steps" value="s, reindex"/></step_condition>
       fine
    > <step_condition type="wait_for_step_is_not_running"><argument key="step_filter" value="a/b"/></step_condition>
       x.xml:2:151: step `s`: condition `wait_for_step_is_not_running`: argument `step_filter`: `a/b` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    > <step_condition type="named_pipelines_have_status"><argument key="pipelines" value="exports"/></step_condition>
       x.xml:2:64: step `s`: condition `named_pipelines_have_status`: the argument `statuses` is missing; expected the statuses of which each pipeline has one, as list of `pending`, `running`, `paused`, `success`, `error`, `cancelled` (example: `success, error`)
    > <step_condition type="named_pipelines_have_status"><argument key="pipelines" value="exports"/><argument key="statuses" value="success, done"/></step_condition>
       x.xml:2:190: step `s`: condition `named_pipelines_have_status`: argument `statuses`: `done` is not a pipeline status (expected one of `pending`, `running`, `paused`, `success`, `error`, `cancelled`)
    > <step_condition type="named_pipelines_have_status"><argument key="pipelines" value="exports stock"/><argument key="statuses" value="success error"/></step_condition>
       fine
    > <step_condition type="recurring"><argument key="limit" value="3"/></step_condition>
       x.xml:2:86: step `s`: condition `recurring`: there is no such condition (expected `attempts_limit`, `time_between_attempts`, `previous_steps_completed`, `previous_steps_finished`, `depending_on_named_steps`, `wait_for_step_is_not_running` or `named_pipelines_have_status`); `recurring` is a recurring condition
    "#);
}

#[test]
fn recurring_conditions_are_built_or_refused() {
    let cases = [
        r#"<recurring_condition type="recurring"><argument key="limit" value="0"/></recurring_condition>"#,
        r#"<recurring_condition type="recurring"><argument key="limit" value="3"/></recurring_condition>"#,
        r#"<recurring_condition type="recurring"><argument key="limit" value="3"/><argument key="wait" value="5 minutes"/></recurring_condition>"#,
        r#"<recurring_condition type="recurring"><argument key="limit" value="3"/><argument key="wait" value="soon"/></recurring_condition>"#,
        r#"<recurring_condition type="recurring"><argument key="limit" value="3"/><argument key="pause" value="1 hour"/></recurring_condition>"#,
        r#"<recurring_condition type="daily"/>"#,
        r#"<recurring_condition type="recurring"><argument key="limit" value="3"/></recurring_condition><recurring_condition type="recurring"><argument key="limit" value="4"/></recurring_condition>"#,
    ];
    assert_snapshot!(refused_condition(&cases), @r#"
    > <recurring_condition type="recurring"><argument key="limit" value="0"/></recurring_condition>
       x.xml:2:131: step `s`: recurring condition `recurring`: argument `limit`: `0` is not a whole number of runs from 1 on (example: `3`)
    > <recurring_condition type="recurring"><argument key="limit" value="3"/></recurring_condition>
       fine
    > <recurring_condition type="recurring"><argument key="limit" value="3"/><argument key="wait" value="5 minutes"/></recurring_condition>
       fine
    > <recurring_condition type="recurring"><argument key="limit" value="3"/><argument key="wait" value="soon"/></recurring_condition>
       x.xml:2:163: step `s`: recurring condition `recurring`: argument `wait`: `soon` is not a duration (example: `2 hours`)
    > <recurring_condition type="recurring"><argument key="limit" value="3"/><argument key="pause" value="1 hour"/></recurring_condition>
       x.xml:2:150: step `s`: recurring condition `recurring`: the argument `pause` is not known (expected `limit` or `wait`)
    > <recurring_condition type="daily"/>
       x.xml:2:91: step `s`: recurring condition `daily`: there is no such condition (expected `recurring`)
    > <recurring_condition type="recurring"><argument key="limit" value="3"/></recurring_condition><recurring_condition type="recurring"><argument key="limit" value="4"/></recurring_condition>
       x.xml:2:184: step `s`: the recurring condition `recurring` is defined twice (first at x.xml:2:91)
    "#);
}

#[test]
fn pipeline_conditions_about_others_are_built_or_refused() {
    let cases = [
        r#"<pipeline_condition type="configurable_cron_expression"/>"#,
        r#"<pipeline_condition type="configurable_cron_expression"><argument key="setting" value=" clean_up.cron "/></pipeline_condition>"#,
        r#"<pipeline_condition type="configurable_cron_expression"><argument key="setting" value="pipeline.corn"/></pipeline_condition>"#,
        r#"<pipeline_condition type="configurable_cron_expression"><argument key="setting" value="maintenance"/></pipeline_condition>"#,
        r#"<pipeline_condition type="clean_up"><argument key="expression" value="0 3 * * *"/></pipeline_condition>"#,
        r#"<pipeline_condition type="website_active"/>"#,
        r#"<pipeline_condition type="website_active"><argument key="websites" value=","/></pipeline_condition>"#,
        r#"<pipeline_condition type="website_active"><argument key="websites" value="de, de"/></pipeline_condition>"#,
        r#"<pipeline_condition type="website_active"><argument key="websites" value="de at"/></pipeline_condition>"#,
        r#"<pipeline_condition type="no_conflicting_step"/>"#,
        r#"<pipeline_condition type="no_conflicting_step"><argument key="steps" value="import"/></pipeline_condition>"#,
        r#"<pipeline_condition type="named_pipelines_have_status"><argument key="statuses" value="success"/></pipeline_condition>"#,
        r#"<pipeline_condition type="named_pipelines_have_status"><argument key="pipelines" value="p"/><argument key="statuses" value="Success"/></pipeline_condition>"#,
        r#"<pipeline_condition type="pipeline_enabled"/><pipeline_condition type="maintenance"/><pipeline_condition type="clean_up"/>"#,
    ];
    assert_snapshot!(refused_pipeline_condition(&cases), @r#"
    <pipeline_condition type="configurable_cron_expression"/>
        x.xml:1:40: pipeline `p`: condition `configurable_cron_expression`: the argument `setting` is missing; expected the setting that holds the expression (`pipeline.cron` each pipeline can have for itself), as name of a setting that holds a cron expression (example: `pipeline.cron`)
    <pipeline_condition type="configurable_cron_expression"><argument key="setting" value=" clean_up.cron "/></pipeline_condition>
        defines p
    <pipeline_condition type="configurable_cron_expression"><argument key="setting" value="pipeline.corn"/></pipeline_condition>
        x.xml:1:127: pipeline `p`: condition `configurable_cron_expression`: argument `setting`: `pipeline.corn` is no setting of a cron expression (expected `clean_up.cron` or `pipeline.cron`; did you mean `pipeline.cron`?)
    <pipeline_condition type="configurable_cron_expression"><argument key="setting" value="maintenance"/></pipeline_condition>
        x.xml:1:127: pipeline `p`: condition `configurable_cron_expression`: argument `setting`: `maintenance` is no setting of a cron expression (expected `clean_up.cron` or `pipeline.cron`)
    <pipeline_condition type="clean_up"><argument key="expression" value="0 3 * * *"/></pipeline_condition>
        x.xml:1:91: pipeline `p`: condition `clean_up`: the argument `expression` is not known (expected none)
    <pipeline_condition type="website_active"/>
        x.xml:1:40: pipeline `p`: condition `website_active`: the argument `websites` is missing; expected the codes of the websites, as list of website codes (example: `first, second`)
    <pipeline_condition type="website_active"><argument key="websites" value=","/></pipeline_condition>
        x.xml:1:114: pipeline `p`: condition `website_active`: argument `websites`: the list is empty
    <pipeline_condition type="website_active"><argument key="websites" value="de, de"/></pipeline_condition>
        x.xml:1:114: pipeline `p`: condition `website_active`: argument `websites`: `de` occurs twice
    <pipeline_condition type="website_active"><argument key="websites" value="de at"/></pipeline_condition>
        defines p
    <pipeline_condition type="no_conflicting_step"/>
        x.xml:1:40: pipeline `p`: condition `no_conflicting_step`: the argument `steps` or `step_filter` is missing; expected the names of the steps, as list of step names (example: `first, second`)
    <pipeline_condition type="no_conflicting_step"><argument key="steps" value="import"/></pipeline_condition>
        defines p
    <pipeline_condition type="named_pipelines_have_status"><argument key="statuses" value="success"/></pipeline_condition>
        x.xml:1:40: pipeline `p`: condition `named_pipelines_have_status`: the argument `pipelines` is missing; expected the names of the pipelines, as list of pipeline names (example: `first, second`)
    <pipeline_condition type="named_pipelines_have_status"><argument key="pipelines" value="p"/><argument key="statuses" value="Success"/></pipeline_condition>
        x.xml:1:164: pipeline `p`: condition `named_pipelines_have_status`: argument `statuses`: `Success` is not a pipeline status (expected one of `pending`, `running`, `paused`, `success`, `error`, `cancelled`)
    <pipeline_condition type="pipeline_enabled"/><pipeline_condition type="maintenance"/><pipeline_condition type="clean_up"/>
        defines p
    "#);
}

/// Every condition that asks beyond the steps before.
const ALL: &str = r#"<config><pipeline name="p">
    <conditions>
        <pipeline_condition type="configurable_cron_expression"><argument key="setting" value="pipeline.cron"/></pipeline_condition>
        <pipeline_condition type="clean_up"/>
        <pipeline_condition type="website_active"><argument key="websites" value="de at"/></pipeline_condition>
        <pipeline_condition type="pipeline_enabled"/>
        <pipeline_condition type="no_conflicting_step"><argument key="steps" value="import"/></pipeline_condition>
        <pipeline_condition type="named_pipelines_have_status">
            <argument key="pipelines" value="exports"/><argument key="statuses" value="success,error"/>
        </pipeline_condition>
        <pipeline_condition type="maintenance"/>
        <pipeline_condition type="office_open" description="not at night"><argument key="until" value="8 pm"/></pipeline_condition>
    </conditions>
    <step name="a" executorType="e" sortOrder="10"/>
    <step name="b" executorType="e" sortOrder="20"><conditions>
        <step_condition type="depending_on_named_steps"><argument key="steps" value="a"/></step_condition>
        <step_condition type="wait_for_step_is_not_running"><argument key="steps" value="b, reindex"/></step_condition>
        <step_condition type="named_pipelines_have_status">
            <argument key="pipelines" value="exports"/><argument key="statuses" value="success"/>
        </step_condition>
        <step_condition type="stock_counted"/>
        <recurring_condition type="recurring"><argument key="limit" value="3"/><argument key="wait" value="1 hour"/></recurring_condition>
    </conditions></step>
</pipeline></config>"#;

/// What a condition takes that says so.
const PARCELS_WAIT: &[&dyn DeclaredArgument] = &[
    &Argument {
        name: "depots",
        kind: Parsed { kind: "list of depots", example: "B, HH", read: |text| Ok(words(text, depot)?) },
        presence: Presence::Required,
        meaning: "where parcels wait",
    },
    &Argument {
        name: "least",
        kind: Parsed { kind: "number", example: "3", read: |text| Ok(number(text)?) },
        presence: Presence::Optional,
        meaning: "how many there must be",
    },
];

fn depot(word: &str) -> Result<String, String> {
    let is_depot = word.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_depot { Ok(word.to_owned()) } else { Err(format!("`{word}` is no depot (expected capital letters)")) }
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

/// The conditions that some program registers.
fn vocabulary() -> Vocabulary {
    Vocabulary {
        pipeline_conditions: [
            ("office_open".to_owned(), Accepts::Anything),
            ("parcels_wait".to_owned(), Accepts::Only(PARCELS_WAIT)),
        ]
        .into(),
        step_conditions: [("stock_counted".to_owned(), Accepts::Anything)].into(),
        executors: None,
    }
}

#[test]
fn conditions_about_others_become_what_they_say_and_are_stored() {
    let merged = load([("x.xml", ALL.as_bytes())], &vocabulary());
    assert_eq!(merged.errors, []);
    let definition = &merged.definitions[0];
    let stored = serde_json::to_string(definition).unwrap();
    assert_eq!(serde_json::from_str::<Definition>(&stored).unwrap(), *definition);
    let mut lines = String::new();
    for described in &definition.conditions {
        writeln!(lines, "{}", serde_json::to_string(described).unwrap()).unwrap();
    }
    for described in &definition.steps[1].conditions {
        writeln!(lines, "b {}", serde_json::to_string(described).unwrap()).unwrap();
    }
    assert_snapshot!(lines, @r#"
    {"type":"configurable_cron_expression","setting":"pipeline.cron"}
    {"type":"clean_up"}
    {"type":"website_active","websites":["de","at"]}
    {"type":"pipeline_enabled"}
    {"type":"no_conflicting_step","steps":["import"]}
    {"type":"named_pipelines_have_status","pipelines":["exports"],"statuses":["success","error"]}
    {"type":"maintenance"}
    {"type":"office_open","arguments":{"until":"8 pm"},"description":"not at night"}
    b {"type":"depending_on_named_steps","steps":["a"]}
    b {"type":"wait_for_step_is_not_running","steps":["b","reindex"]}
    b {"type":"named_pipelines_have_status","pipelines":["exports"],"statuses":["success"]}
    b {"type":"stock_counted"}
    b {"type":"recurring","limit":3,"wait":3600}
    "#);
}

#[test]
fn what_nobody_registered_is_refused() {
    let errors = load([("x.xml", ALL.as_bytes())], &Vocabulary::default()).errors;
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let errors: Vec<&str> = errors.iter().filter_map(|error| error.split(" (expected").next()).collect();
    assert_snapshot!(errors.join("\n"), @r"
    x.xml:12:35: pipeline `p`: condition `office_open`: there is no such condition
    x.xml:21:31: step `b`: condition `stock_counted`: there is no such condition
    ");
    let near = ALL.replace("stock_counted", "stock_count");
    let errors = load([("x.xml", near.as_bytes())], &vocabulary()).errors;
    assert!(errors[0].message.ends_with("; did you mean `stock_counted`?)"), "{errors:?}");
}

#[test]
fn what_a_registered_condition_does_not_take_is_refused_where_it_is_written() {
    let cases = [
        r#"<argument key="depots" value="HAM, BER"/><argument key="least" value="3"/>"#,
        r#"<argument key="depot" value="HAM"/>"#,
        r#"<argument key="least" value="3"/>"#,
        r#"<argument key="depots" value="HAM, ber"/>"#,
        r#"<argument key="depots" value="HAM HAM"/>"#,
        r#"<argument key="depots" value=","/>"#,
        r#"<argument key="depots" value="HAM"/><argument key="least" value="many"/>"#,
    ];
    let mut table = String::new();
    for case in cases {
        let condition = format!(r#"<pipeline_condition type="parcels_wait">{case}</pipeline_condition>"#);
        let text = format!(
            r#"<config><pipeline name="p"><conditions>{condition}</conditions><step name="s" executorType="e"/></pipeline></config>"#
        );
        let merged = load([("x.xml", text.as_bytes())], &vocabulary());
        writeln!(table, "{case}").unwrap();
        for error in merged.errors {
            writeln!(table, "    {error}").unwrap();
        }
        for definition in merged.definitions {
            writeln!(table, "    {}", serde_json::to_string(&definition.conditions).unwrap()).unwrap();
        }
    }
    assert_snapshot!(table, @r#"
    <argument key="depots" value="HAM, BER"/><argument key="least" value="3"/>
        [{"type":"parcels_wait","arguments":{"depots":"HAM, BER","least":"3"}}]
    <argument key="depot" value="HAM"/>
        x.xml:1:95: pipeline `p`: condition `parcels_wait`: the argument `depot` is not known (expected `depots` or `least`; did you mean `depots`?)
    <argument key="least" value="3"/>
        x.xml:1:40: pipeline `p`: condition `parcels_wait`: the argument `depots` is missing; expected where parcels wait, as list of depots (example: `B, HH`)
    <argument key="depots" value="HAM, ber"/>
        x.xml:1:110: pipeline `p`: condition `parcels_wait`: argument `depots`: `ber` is no depot (expected capital letters)
    <argument key="depots" value="HAM HAM"/>
        x.xml:1:110: pipeline `p`: condition `parcels_wait`: argument `depots`: `HAM` occurs twice
    <argument key="depots" value=","/>
        x.xml:1:110: pipeline `p`: condition `parcels_wait`: argument `depots`: the list is empty
    <argument key="depots" value="HAM"/><argument key="least" value="many"/>
        x.xml:1:145: pipeline `p`: condition `parcels_wait`: argument `least`: `many` is no number
    "#);
}

#[test]
fn the_list_of_built_in_conditions_is_that_of_the_grammar() {
    let known = PIPELINE_CONDITIONS.iter().map(|known| known.name);
    let known = known.chain(STEP_CONDITIONS.iter().chain(RECURRING_CONDITIONS).map(|known| known.name));
    let known: BTreeSet<&str> = known.collect();
    assert_eq!(known, BTreeSet::from(BUILT_IN));
}

#[test]
fn a_built_in_condition_that_cannot_be_read_is_not_taken_for_a_registered_one() {
    for (stored, name) in [
        (r#"{"type":"attempts_limit","limit":"three"}"#, "attempts_limit"),
        (r#"{"type":"registered","name":"recurring"}"#, "recurring"),
    ] {
        let error = serde_json::from_str::<StepCondition>(stored).unwrap_err().to_string();
        assert!(!error.is_empty(), "{name}");
    }
    assert!(serde_json::from_str::<PipelineCondition>(r#"{"type":"cron_expression"}"#).is_err());
}

/// As an item holds it that an earlier version wrote: the conditions of its steps are still asked.
#[test]
fn conditions_that_an_earlier_version_stored_are_read() {
    let stored = r#"{"type":"registered","name":"stock_counted","arguments":{"until":"8 pm"}}"#;
    let condition: StepCondition = serde_json::from_str(stored).unwrap();
    let arguments = [("until".to_owned(), "8 pm".to_owned())].into();
    assert_eq!(condition, StepCondition::Registered(Registered { name: "stock_counted".to_owned(), arguments }));
    // One that was built in and is registered now.
    let stored = r#"{"type":"parcels_wait","depots":["HAM","BER"]}"#;
    let condition: PipelineCondition = serde_json::from_str(stored).unwrap();
    let arguments = Default::default();
    assert_eq!(condition, PipelineCondition::Registered(Registered { name: "parcels_wait".to_owned(), arguments }));
}

#[test]
fn classes_of_the_original_without_their_arguments_say_what_is_missing() {
    let class = r"TechDivision\ProcessPipelines\Helper\Condition\";
    let text = format!(
        r#"<config><pipeline name="p"><conditions>
            <pipeline_condition type="{class}Pipeline\CleanUp"/>
            <pipeline_condition type="{class}Pipeline\ConfigurableCronExpression"/>
            <pipeline_condition type="{class}Pipeline\WebsiteActive"/>
            <pipeline_condition type="{class}Pipeline\NamedPipelinesHasStatus"/>
        </conditions><step name="s" executorType="e"><conditions>
            <step_condition type="{class}Step\WaitForStepIsNotRunning"/>
            <step_condition type="{class}Step\DependingOnNamedSteps"/>
            <step_condition type="{class}Step\NamedPipelinesHasStatus"/>
        </conditions></step></pipeline></config>"#
    );
    assert_snapshot!(merged(&[("x.xml", &text)]), @r"
    x.xml:3:13: pipeline `p`: condition `TechDivision\ProcessPipelines\Helper\Condition\Pipeline\ConfigurableCronExpression`: the argument `setting` is missing; expected the setting that holds the expression (`pipeline.cron` each pipeline can have for itself), as name of a setting that holds a cron expression (example: `pipeline.cron`)
    x.xml:4:13: pipeline `p`: condition `TechDivision\ProcessPipelines\Helper\Condition\Pipeline\WebsiteActive`: the argument `websites` is missing; expected the codes of the websites, as list of website codes (example: `first, second`)
    x.xml:5:13: pipeline `p`: condition `TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NamedPipelinesHasStatus`: the argument `pipelines` is missing; expected the names of the pipelines, as list of pipeline names (example: `first, second`)
    x.xml:7:13: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\WaitForStepIsNotRunning`: the argument `steps` or `step_filter` is missing; expected the names of the steps, as list of step names (example: `first, second`)
    x.xml:8:13: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\DependingOnNamedSteps`: the argument `steps` or `step_filter` is missing; expected the names of the steps, as list of step names (example: `first, second`)
    x.xml:9:13: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\NamedPipelinesHasStatus`: the argument `pipelines` is missing; expected the names of the pipelines, as list of pipeline names (example: `first, second`)
    ");
}

/// What is told of the names in these files, with an executor `spawn` that is told a pipeline's name.
fn told_of_names(files: &[(&str, &str)]) -> String {
    const PIPELINE: Argument<PipelineName> =
        Argument { name: "pipeline", kind: PipelineName, presence: Presence::Required, meaning: "what to spawn" };
    let spawn: Accepts = Accepts::Only(&[&PIPELINE]);
    let executors = [("spawn".to_owned(), spawn), ("e".to_owned(), Accepts::Anything)];
    let vocabulary = Vocabulary { executors: Some(executors.into()), ..Vocabulary::default() };
    let merged = load(files.iter().map(|(name, text)| (*name, text.as_bytes())), &vocabulary);
    let warnings = merged.warnings.iter().filter(|warning| warning.message.contains("no definition here"));
    warnings.map(|warning| format!("{warning}\n")).collect()
}

const OTHERS: (&str, &str) = (
    "others.xml",
    r#"<config><pipeline name="stock_import"><conditions><pipeline_condition type="no_auto_spawn"/></conditions>
    <step name="reindex" executorType="e"/></pipeline></config>"#,
);

#[test]
fn names_of_pipelines_and_steps_that_nobody_has_are_told_with_their_place() {
    let naming = r#"<config><pipeline name="p"><conditions>
    <pipeline_condition type="named_pipelines_have_status"><argument key="pipelines" value="stock_import, stock_imprt"/><argument key="statuses" value="success"/></pipeline_condition>
    <pipeline_condition type="no_conflicting_step"><argument key="steps" value="reindx"/></pipeline_condition></conditions>
    <stepDefaults><conditions>
    <step_condition type="wait_for_step_is_not_running"><argument key="step_filter" value="reindexx s"/></step_condition></conditions></stepDefaults>
    <step name="s" executorType="spawn"><arguments><argument key="pipeline" value="stock-import"/></arguments></step>
    </pipeline></config>"#;
    assert_snapshot!(told_of_names(&[("naming.xml", naming), OTHERS]), @"
    naming.xml:2:93: argument `pipelines`: no definition here has a pipeline `stock_imprt`; did you mean `stock_import`?
    naming.xml:3:81: argument `steps`: no definition here has a step `reindx`; did you mean `reindex`?
    naming.xml:5:92: argument `step_filter`: no definition here has a step `reindexx`; did you mean `reindex`?
    naming.xml:6:84: argument `pipeline`: no definition here has a pipeline `stock-import`; did you mean `stock_import`?
    ");
    // The names are looked for in all files, so a change of another one counts.
    let change = r#"<config><referencePipeline name="p"><referenceStep name="s"><arguments>
    <referenceArgument key="pipeline" value="stock_import"/></arguments></referenceStep></referencePipeline></config>"#;
    let told = told_of_names(&[("naming.xml", naming), OTHERS, ("reference.xml", change)]);
    assert!(!told.contains("stock-import") && told.contains("stock_imprt"), "{told}");
}

#[test]
fn a_name_in_a_broken_definition_is_no_unknown_one() {
    let naming = r#"<config><pipeline name="p"><conditions>
    <pipeline_condition type="named_pipelines_have_status"><argument key="pipelines" value="broken"/><argument key="statuses" value="success"/></pipeline_condition>
    <pipeline_condition type="no_conflicting_step"><argument key="steps" value="of_broken"/></pipeline_condition></conditions>
    <step name="s" executorType="e"/></pipeline>"#;
    let broken =
        r#"<pipeline name="broken" expire-in="1 yaer"><step name="of_broken" executorType="e"/></pipeline></config>"#;
    assert_eq!(told_of_names(&[("naming.xml", &format!("{naming}{broken}"))]), "");
}
