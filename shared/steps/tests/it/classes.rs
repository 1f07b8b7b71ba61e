//! Classes of the original in definitions: what ours do is read, everything else is named as it is written, with what to
//! use instead.

use engine::reference;
use insta::assert_snapshot;
use pipeline::merge::load;
use pipeline::xml::suggest;

use crate::samples::report;

/// Every executor that the original's documentation names, and some as people have or spell them.
const EXECUTORS: &[&str] = &[
    r"TechDivision\ProcessPipelines\Model\Executor\Reindex",
    r"\TechDivision\ProcessPipelines\Model\Executor\DropCache",
    r"TechDivision\ProcessPipelines\Model\Executor\CompressExecutor",
    r"TechDivision\ProcessPipelines\Model\Executor\CompressPipelineExecutor",
    r"TechDivision\ProcessPipelines\Model\Executor\DeleteExecutor",
    r"TechDivision\ProcessPipelines\Model\Executor\DeletePipelineExecutor",
    r"TechDivision\ProcessPipelines\Model\Executor\AbstractExecutor",
    r"TechDivision\ProcessPipelines\Model\Executor\AbstractArchiveExecutor",
    r"TechDivision\ProcessPipelines\Model\Executor\AbstractShellExecutor",
    r"TechDivision\ProcessPipelines\Api\ExecutorInterface",
    r"TechDivision\PacemakerImportBase\Model\Executor\ImportExecutor",
    r"techdivision\processpipelines\model\executor\reindex",
    r"TechDivision\ProcessPipelines\Model\Executor\ReIndex ",
    r"Vendor\Shop\Model\Executor\WarmCache",
    r"Vendor\Shop\Executor\Price\Update",
    "TechDivision/ProcessPipelines/Model/Executor/Reindex",
    "Reindex",
    "DropCache",
    "reindex",
    "drop_cache",
    "HttpRequest",
    "http-request",
];

/// The same for conditions of pipelines and of steps.
const CONDITIONS: &[(&str, &str)] = &[
    ("pipeline", r"TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoAutoSpawn"),
    ("pipeline", r"TechDivision\ProcessPipelines\Helper\Condition\Pipeline\CronExpression"),
    ("pipeline", r"TechDivision\ProcessPipelines\Helper\Condition\Pipeline\CleanUp"),
    ("pipeline", r"Vendor\Shop\Helper\Condition\Pipeline\CronExpression\Nightly"),
    ("pipeline", r"TechDivision\PacemakerImportBase\Helper\Condition\Pipeline\HasImportBunches"),
    ("pipeline", r"TechDivision\PacemakerImportBase\Helper\Condition\Pipeline\IsPipelineEnabled"),
    ("pipeline", r"TechDivision\ProcessPipelines\Helper\Condition\Pipeline\noautospawn"),
    ("pipeline", r"TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit1"),
    ("pipeline", "NoAutoSpawn"),
    ("pipeline", r"Vendor\Shop\MoonIsFull"),
    ("step", r"TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit5"),
    ("step", r"TechDivision\ProcessPipelines\Helper\Condition\Step\TimeBetweenAttempts\Hours5"),
    ("step", r"TechDivision\ProcessPipelines\Helper\Condition\Step\PreviousStepsSuccessful"),
    ("step", r"TechDivision\PacemakerImportBase\Helper\Condition\Step\NoConflictingStepsInProcess"),
    ("step", r"TechDivision\PacemakerImportBase\Helper\Condition\Step\NoConflictingIndexStepProcess"),
    ("step", r"TechDivision\PacemakerImportBase\Helper\Condition\Step\NoConflictingIndexingProcess"),
    ("step", r"TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoSiblingInProgress"),
    ("step", "AttemptsLimit"),
    ("recurring", r"TechDivision\ProcessPipelines\Helper\Condition\Recurring\Something"),
];

/// What is said of a definition by the vocabulary that ships.
fn said(text: &str) -> String {
    let merged = load([("x.xml", text.as_bytes())], &steps::shipped().vocabulary());
    let said: Vec<String> = merged.errors.iter().map(ToString::to_string).collect();
    if said.is_empty() { "fine".to_owned() } else { without_list(&said.join("\n")) }
}

/// What is said, without the names of all executors: there will be more of them.
pub(crate) fn without_list(said: &str) -> String {
    let program = steps::shipped();
    let names: Vec<&str> = reference::executors(&program).iter().map(|entry| entry.name).collect();
    let list = suggest::expected("", names);
    let list = list.strip_suffix(')').expect("there are several executors");
    assert!(list.contains("`wait`"), "{list}");
    said.replace(list, " (expected one of all")
}

#[test]
fn an_executor_of_the_original_is_read_or_named_as_it_is_written() {
    let mut table = String::new();
    for executor in EXECUTORS {
        let said = said(&format!(
            "<config><pipeline name=\"p\">\n<step name=\"s\" executorType=\"{executor}\"/></pipeline></config>"
        ));
        assert!(said == "fine" || said.contains("x.xml:2:30: step `s`: "), "{said}");
        assert!(said == "fine" || said.contains(&format!("`{executor}`")), "{said}");
        table += &format!("{executor}\n    {said}\n");
    }
    assert_snapshot!(table, @r#"
    TechDivision\ProcessPipelines\Model\Executor\Reindex
        x.xml:2:30: step `s`: there is no executor for the class `TechDivision\ProcessPipelines\Model\Executor\Reindex`; indexes belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work; `reindex` is for what is listed here
    \TechDivision\ProcessPipelines\Model\Executor\DropCache
        x.xml:2:30: step `s`: there is no executor for the class `\TechDivision\ProcessPipelines\Model\Executor\DropCache`; caches belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work, or an executor that is registered as `drop_cache`
    TechDivision\ProcessPipelines\Model\Executor\CompressExecutor
        fine
    TechDivision\ProcessPipelines\Model\Executor\CompressPipelineExecutor
        fine
    TechDivision\ProcessPipelines\Model\Executor\DeleteExecutor
        fine
    TechDivision\ProcessPipelines\Model\Executor\DeletePipelineExecutor
        fine
    TechDivision\ProcessPipelines\Model\Executor\AbstractExecutor
        x.xml:2:30: step `s`: there is no executor for the class `TechDivision\ProcessPipelines\Model\Executor\AbstractExecutor`; PHP does not run here: use `http_request`, `lambda_invoke` or `shell` to call it where it runs (`systole executors` lists all executors)
    TechDivision\ProcessPipelines\Model\Executor\AbstractArchiveExecutor
        x.xml:2:30: step `s`: there is no executor for the class `TechDivision\ProcessPipelines\Model\Executor\AbstractArchiveExecutor`; use `archive`, `compress` or `delete_files`
    TechDivision\ProcessPipelines\Model\Executor\AbstractShellExecutor
        x.xml:2:30: step `s`: there is no executor for the class `TechDivision\ProcessPipelines\Model\Executor\AbstractShellExecutor`; use `shell`
    TechDivision\ProcessPipelines\Api\ExecutorInterface
        x.xml:2:30: step `s`: there is no executor for the class `TechDivision\ProcessPipelines\Api\ExecutorInterface`; PHP does not run here: use `http_request`, `lambda_invoke` or `shell` to call it where it runs (`systole executors` lists all executors)
    TechDivision\PacemakerImportBase\Model\Executor\ImportExecutor
        x.xml:2:30: step `s`: there is no executor for the class `TechDivision\PacemakerImportBase\Model\Executor\ImportExecutor`; use those whose names begin with `validate` and `import` (`systole executors` lists all executors)
    techdivision\processpipelines\model\executor\reindex
        x.xml:2:30: step `s`: there is no executor for the class `techdivision\processpipelines\model\executor\reindex`; indexes belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work; `reindex` is for what is listed here
    TechDivision\ProcessPipelines\Model\Executor\ReIndex 
        x.xml:2:30: step `s`: there is no executor for the class `TechDivision\ProcessPipelines\Model\Executor\ReIndex `; indexes belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work; `reindex` is for what is listed here
    Vendor\Shop\Model\Executor\WarmCache
        x.xml:2:30: step `s`: there is no executor for the class `Vendor\Shop\Model\Executor\WarmCache`; caches belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work, or an executor that is registered as `drop_cache`
    Vendor\Shop\Executor\Price\Update
        x.xml:2:30: step `s`: there is no executor for the class `Vendor\Shop\Executor\Price\Update`; PHP does not run here: use `http_request`, `lambda_invoke` or `shell` to call it where it runs (`systole executors` lists all executors)
    TechDivision/ProcessPipelines/Model/Executor/Reindex
        x.xml:2:30: step `s`: `TechDivision/ProcessPipelines/Model/Executor/Reindex` is not the name of an executor (expected `a-z`, `0-9`, `_`, `-` or `.`; did you mean `TechDivision\ProcessPipelines\Model\Executor\Reindex`?)
    Reindex
        x.xml:2:30: step `s`: `Reindex` is not the name of an executor (expected `a-z`, `0-9`, `_`, `-` or `.`; did you mean `reindex`?)
    DropCache
        x.xml:2:30: step `s`: `DropCache` is not the name of an executor (expected `a-z`, `0-9`, `_`, `-` or `.`; did you mean `drop_cache`?); caches belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work, or an executor that is registered as `drop_cache`
    reindex
        fine
    drop_cache
        x.xml:2:30: step `s`: there is no executor `drop_cache` (expected one of all); caches belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work, or an executor that is registered as `drop_cache`
    HttpRequest
        x.xml:2:30: step `s`: `HttpRequest` is not the name of an executor (expected `a-z`, `0-9`, `_`, `-` or `.`; did you mean `http_request`?)
    http-request
        x.xml:2:30: step `s`: there is no executor `http-request` (expected one of all; did you mean `http_request`?)
    "#);
}

#[test]
fn a_condition_of_the_original_is_read_or_named_as_it_is_written() {
    let mut table = String::new();
    for (kind, class) in CONDITIONS {
        let conditions = format!("<conditions>\n<{kind}_condition type=\"{class}\"/></conditions>");
        let (of_pipeline, of_step) = if *kind == "pipeline" { (conditions.as_str(), "") } else { ("", &*conditions) };
        let said = said(&format!(
            "<config><pipeline name=\"p\">{of_pipeline}<step name=\"s\" executorType=\"archive\">{of_step}</step></pipeline></config>"
        ));
        assert!(said == "fine" || said.contains(&format!("condition `{class}`: ")), "{said}");
        assert!(said == "fine" || said.starts_with("x.xml:2:"), "{said}");
        table += &format!("{class}\n    {said}\n");
    }
    assert_snapshot!(table, @r#"
    TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoAutoSpawn
        fine
    TechDivision\ProcessPipelines\Helper\Condition\Pipeline\CronExpression
        x.xml:2:1: pipeline `p`: condition `TechDivision\ProcessPipelines\Helper\Condition\Pipeline\CronExpression`: the argument `expression` is missing; expected when it falls due, as cron expression (example: `30 2 * * *`)
    TechDivision\ProcessPipelines\Helper\Condition\Pipeline\CleanUp
        fine
    Vendor\Shop\Helper\Condition\Pipeline\CronExpression\Nightly
        x.xml:2:27: pipeline `p`: condition `Vendor\Shop\Helper\Condition\Pipeline\CronExpression\Nightly`: there is no condition for this class; use `cron_expression` with the argument `expression`
    TechDivision\PacemakerImportBase\Helper\Condition\Pipeline\HasImportBunches
        x.xml:2:27: pipeline `p`: condition `TechDivision\PacemakerImportBase\Helper\Condition\Pipeline\HasImportBunches`: there is no condition for this class; use the one that finds sets of files that have arrived completely (`systole conditions` lists all conditions)
    TechDivision\PacemakerImportBase\Helper\Condition\Pipeline\IsPipelineEnabled
        fine
    TechDivision\ProcessPipelines\Helper\Condition\Pipeline\noautospawn
        x.xml:2:27: pipeline `p`: condition `TechDivision\ProcessPipelines\Helper\Condition\Pipeline\noautospawn`: there is no condition for this class; use `no_auto_spawn`
    TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit1
        x.xml:2:27: pipeline `p`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit1`: it is a condition of a step, and this one stands in a pipeline
    NoAutoSpawn
        x.xml:2:27: pipeline `p`: condition `NoAutoSpawn`: `NoAutoSpawn` is not a type of condition (expected `a-z`, `0-9`, `_`, `-` or `.`; did you mean `no_auto_spawn`?)
    Vendor\Shop\MoonIsFull
        x.xml:2:27: pipeline `p`: condition `Vendor\Shop\MoonIsFull`: there is no condition for this class; PHP does not run here: use a condition that there is, or have a program register one of its own (`systole conditions` lists all conditions)
    TechDivision\ProcessPipelines\Helper\Condition\Step\AttemptsLimit\Limit5
        fine
    TechDivision\ProcessPipelines\Helper\Condition\Step\TimeBetweenAttempts\Hours5
        x.xml:2:23: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\TimeBetweenAttempts\Hours5`: there is no condition for this class; use `time_between_attempts` with the argument `wait`
    TechDivision\ProcessPipelines\Helper\Condition\Step\PreviousStepsSuccessful
        x.xml:2:23: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Step\PreviousStepsSuccessful`: there is no condition for this class; use `previous_steps_completed`
    TechDivision\PacemakerImportBase\Helper\Condition\Step\NoConflictingStepsInProcess
        x.xml:2:1: step `s`: condition `TechDivision\PacemakerImportBase\Helper\Condition\Step\NoConflictingStepsInProcess`: the argument `steps` or `step_filter` is missing; expected the names of the steps, as list of step names (example: `first, second`)
    TechDivision\PacemakerImportBase\Helper\Condition\Step\NoConflictingIndexStepProcess
        fine
    TechDivision\PacemakerImportBase\Helper\Condition\Step\NoConflictingIndexingProcess
        fine
    TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoSiblingInProgress
        x.xml:2:23: step `s`: condition `TechDivision\ProcessPipelines\Helper\Condition\Pipeline\NoSiblingInProgress`: it is a condition of a pipeline, and this one stands in a step
    AttemptsLimit
        x.xml:2:23: step `s`: condition `AttemptsLimit`: `AttemptsLimit` is not a type of condition (expected `a-z`, `0-9`, `_`, `-` or `.`; did you mean `attempts_limit`?)
    TechDivision\ProcessPipelines\Helper\Condition\Recurring\Something
        x.xml:2:28: step `s`: recurring condition `TechDivision\ProcessPipelines\Helper\Condition\Recurring\Something`: there is no recurring condition for this class; use `recurring` with the argument `limit`
    "#);
}

#[test]
fn the_classes_of_the_samples_are_named_as_they_are_written() {
    assert_snapshot!(said(&report("newcomer/original-reindex.xml")), @r#"
    x.xml:2:31: step `a`: there is no executor for the class `TechDivision\ProcessPipelines\Model\Executor\Reindex`; indexes belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work; `reindex` is for what is listed here
    x.xml:3:31: step `b`: there is no executor for the class `TechDivision\ProcessPipelines\Model\Executor\DropCache`; caches belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work, or an executor that is registered as `drop_cache`
    "#);
}

#[test]
fn a_program_that_registers_a_name_of_the_original_reads_its_class() {
    let mut vocabulary = steps::shipped().vocabulary();
    let executors = vocabulary.executors.as_mut().expect("a program has executors");
    executors.insert("drop_cache".to_owned(), pipeline::accepts::Accepts::Anything);
    let text = r#"<config><pipeline name="p"><step name="s" executorType="TechDivision\ProcessPipelines\Model\Executor\DropCache"/></pipeline></config>"#;
    let merged = load([("x.xml", text.as_bytes())], &vocabulary);
    assert_eq!(merged.errors, []);
    assert_eq!(merged.definitions[0].steps[0].executor, "drop_cache");
}

#[test]
fn what_is_hardly_meant_is_told_with_its_place() {
    let text = r#"<config>
<pipeline name="p">
  <step name="a" executorType="archive" sortOrder="10"/>
  <step name="b" executorType="archive" sortOrder="20"/>
  <step name="c" executorType="report" sortOrder="30" runAlwaysStep="true"/>
</pipeline>
<referencePipeline name="p">
  <referenceStep name="a"
                 sort_order="15"/>
</referencePipeline>
</config>"#;
    let merged = load([("x.xml", text.as_bytes())], &steps::shipped().vocabulary());
    assert_eq!(merged.errors, []);
    let warnings: Vec<String> = merged.warnings.iter().map(ToString::to_string).collect();
    assert_snapshot!(warnings.join("\n"), @"
    x.xml:2:1: pipeline `p` has no condition, so every heartbeat spawns one more (`no_auto_spawn` leaves it to people and other pipelines, `cron_expression` to the clock)
    x.xml:4:3: step `b` has no condition, so it does not wait for the steps before it (`previous_steps_completed` does) and is tried until its pipeline expires (`attempts_limit` ends that)
    x.xml:9:18: step `a`: `sort_order` is read as `sortOrder`, which is how it is spelled
    ");
    assert!(merged.warnings.iter().all(|warning| warning.pipeline == "p"), "{:?}", merged.warnings);
}

#[test]
fn what_ships_is_all_meant() {
    let program = steps::shipped();
    let shipped = program.definitions.iter().map(|(name, xml)| (name.as_str(), xml.as_ref()));
    assert_eq!(load(shipped, &program.vocabulary()).warnings, []);
}

#[test]
fn spellings_that_are_traps_are_refused_with_the_right_one() {
    let cases = [
        r#"<pipeline name="p" expireIn="2 hours"/>"#,
        r#"<pipeline name="p" useWorkingDirectory="true"/>"#,
        r#"<pipeline name="p"><step name="s" executorType="archive" expire-in="2 hours"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="archive" sort_order="10"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="archive" sort-order="10"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="archive" SortOrder="10"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executor-type="archive"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="archive" allow-failure="true" run_always_step="1"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="archive" timeout="2 hours" priority="high"/></pipeline>"#,
        r#"<pipeline name="p"><step name="s" executorType="archive"><step_condition type="previous_steps_completed"/></step></pipeline>"#,
        r#"<pipeline name="p"><conditions><pipelineCondition type="no_auto_spawn"/></conditions></pipeline>"#,
    ];
    let said = cases
        .map(|case| format!("{case}\n    {}\n", said(&format!("<config>\n{case}</config>")).replace('\n', "\n    ")));
    assert_snapshot!(said.concat(), @r#"
    <pipeline name="p" expireIn="2 hours"/>
        x.xml:2:20: pipeline `p`: the attribute `expireIn` is not allowed in `pipeline` (expected `name`, `description`, `use-working-directory`, `expire-in` or `priority`; did you mean `expire-in`?)
    <pipeline name="p" useWorkingDirectory="true"/>
        x.xml:2:20: pipeline `p`: the attribute `useWorkingDirectory` is not allowed in `pipeline` (expected `name`, `description`, `use-working-directory`, `expire-in` or `priority`; did you mean `use-working-directory`?)
    <pipeline name="p"><step name="s" executorType="archive" expire-in="2 hours"/></pipeline>
        x.xml:2:58: step `s`: the attribute `expire-in` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`; did you mean `expireIn`?)
    <pipeline name="p"><step name="s" executorType="archive" sort_order="10"/></pipeline>
        x.xml:2:58: step `s`: the attribute `sort_order` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`; did you mean `sortOrder`?)
    <pipeline name="p"><step name="s" executorType="archive" sort-order="10"/></pipeline>
        x.xml:2:58: step `s`: the attribute `sort-order` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`; did you mean `sortOrder`?)
    <pipeline name="p"><step name="s" executorType="archive" SortOrder="10"/></pipeline>
        x.xml:2:58: step `s`: the attribute `SortOrder` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`; did you mean `sortOrder`?)
    <pipeline name="p"><step name="s" executor-type="archive"/></pipeline>
        x.xml:2:20: step `s`: the attribute `executorType` is missing
        x.xml:2:35: step `s`: the attribute `executor-type` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`; did you mean `executorType`?)
    <pipeline name="p"><step name="s" executorType="archive" allow-failure="true" run_always_step="1"/></pipeline>
        x.xml:2:58: step `s`: the attribute `allow-failure` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`; did you mean `allowFailure`?)
        x.xml:2:79: step `s`: the attribute `run_always_step` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`; did you mean `runAlwaysStep`?)
    <pipeline name="p"><step name="s" executorType="archive" timeout="2 hours" priority="high"/></pipeline>
        x.xml:2:58: step `s`: the attribute `timeout` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`); the most time that it may take is `expireIn`
        x.xml:2:76: step `s`: the attribute `priority` is not allowed in `step` (expected `name`, `executorType`, `sortOrder`, `description`, `expireIn`, `allowFailure` or `runAlwaysStep`)
    <pipeline name="p"><step name="s" executorType="archive"><step_condition type="previous_steps_completed"/></step></pipeline>
        x.xml:2:58: step `s`: the element `step_condition` is not allowed in `step` (expected `arguments` or `conditions`); it belongs into `conditions`
    <pipeline name="p"><conditions><pipelineCondition type="no_auto_spawn"/></conditions></pipeline>
        x.xml:2:32: pipeline `p`: the element `pipelineCondition` is not allowed in `conditions` (expected `pipeline_condition`)
    "#);
}
