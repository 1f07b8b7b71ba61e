//! Every condition that ships, told something that it does not take: each mistake is refused where it is written.

use engine::reference::{self, Entry};
use insta::assert_snapshot;
use pipeline::accepts::ArgumentDescription;
use pipeline::merge::load;

/// A value that is none of any kind.
const NONSENSE: &str = "no such value!";

/// The arguments of a condition as they are written: one a line, from line 3 on, below the type in line 2.
type Written = Vec<(String, String)>;

/// A definition with the condition, whose step `s` comes behind those that arguments name in their examples.
fn definition(condition: &Entry, arguments: &Written) -> String {
    let lines = arguments.iter().map(|(key, value)| format!("<argument key=\"{key}\" value=\"{value}\"/>\n"));
    let (lines, name) = (lines.collect::<String>(), condition.name);
    let element = condition.kind.replace(' ', "_");
    let written = format!("<conditions>\n<{element} type=\"{name}\">\n{lines}</{element}></conditions>");
    let (of_pipeline, of_step) =
        if condition.kind == "pipeline condition" { (written.as_str(), "") } else { ("", written.as_str()) };
    let earlier = ["first", "second"].map(|name| format!("<step name=\"{name}\" executorType=\"archive\"/>"));
    let step = format!("<step name=\"s\" executorType=\"archive\" sortOrder=\"20\">{of_step}</step>");
    format!("<config><pipeline name=\"p\">{of_pipeline}{step}{}</pipeline></config>", earlier.concat())
}

fn problems(condition: &Entry, arguments: &Written) -> Vec<String> {
    let text = definition(condition, arguments);
    let merged = load([("x.xml", text.as_bytes())], &steps::shipped().vocabulary());
    assert_eq!(merged.definitions.is_empty(), !merged.errors.is_empty(), "half a definition: {text}");
    merged.errors.iter().map(ToString::to_string).collect()
}

/// The least that a condition must be told.
fn needed(condition: &Entry) -> Written {
    let is_needed = |it: &&ArgumentDescription| it.is_required || it.one_of.first() == Some(&it.name);
    condition.arguments.iter().filter(is_needed).map(example).collect()
}

fn example(argument: &ArgumentDescription) -> (String, String) {
    (argument.name.to_owned(), argument.form.example.to_owned())
}

/// The least with an argument more, in the last line, and without those that exclude it.
fn with(condition: &Entry, argument: &ArgumentDescription, given: (String, String)) -> (Written, usize) {
    let excluded = |key: &str| key == argument.name || argument.one_of.contains(&key);
    let mut written: Written = needed(condition).into_iter().filter(|(key, _)| !excluded(key)).collect();
    written.push(given);
    let line = 2 + written.len();
    (written, line)
}

/// What comes before a problem in the last line.
fn subject(condition: &Entry, line: usize, column: usize) -> String {
    let owner = if condition.kind == "pipeline condition" { "pipeline `p`" } else { "step `s`" };
    let word = if condition.kind == "recurring condition" { "recurring condition" } else { "condition" };
    format!("x.xml:{line}:{column}: {owner}: {word} `{}`: ", condition.name)
}

/// Calls `check` with each argument of each condition that ships.
fn for_each_argument(mut check: impl FnMut(&Entry, &ArgumentDescription)) {
    let conditions = reference::conditions(&steps::shipped());
    assert!(conditions.len() >= 20, "{} conditions", conditions.len());
    for condition in conditions {
        condition.arguments.iter().for_each(|argument| check(&condition, argument));
    }
}

#[test]
fn every_condition_takes_each_argument_with_the_value_of_its_example() {
    for_each_argument(|condition, argument| {
        let (written, _) = with(condition, argument, example(argument));
        assert_eq!(problems(condition, &written), [""; 0], "{}: {}", condition.name, argument.name);
    });
}

#[test]
fn every_condition_refuses_a_misspelt_argument_where_it_is_written_and_knows_which_was_meant() {
    for_each_argument(|condition, argument| {
        let mut key = argument.name.to_owned();
        key.remove(1);
        let (written, line) = with(condition, argument, (key.clone(), argument.form.example.to_owned()));
        let problems = problems(condition, &written).join("\n");
        let here = format!("{}the argument `{key}` is not known", subject(condition, line, 16));
        let (_, said) = problems.split_once(&here).unwrap_or_else(|| panic!("{}: {problems}", condition.name));
        let said = said.lines().next().unwrap();
        let meant = argument.name;
        let is_told = said.contains(&format!("did you mean `{meant}`?")) || said == format!(" (expected `{meant}`)");
        assert!(is_told, "{}: {said}", condition.name);
    });
}

#[test]
fn every_condition_refuses_what_it_has_never_heard_of() {
    for condition in reference::conditions(&steps::shipped()) {
        let mut written = needed(&condition);
        written.push(("colour".to_owned(), "red".to_owned()));
        let problems = problems(&condition, &written);
        let line = 2 + written.len();
        let start = format!("{}the argument `colour` is not known (expected ", subject(&condition, line, 16));
        assert!(problems.len() == 1 && problems[0].starts_with(&start), "{}: {problems:?}", condition.name);
    }
}

#[test]
fn every_condition_refuses_to_go_without_what_it_needs_and_says_what_that_is() {
    let mut missing = String::new();
    for condition in reference::conditions(&steps::shipped()) {
        for index in 0..needed(&condition).len() {
            let mut written = needed(&condition);
            written.remove(index);
            missing += &format!("{}: {}\n", condition.kind, problems(&condition, &written).join("\n"));
        }
    }
    assert_snapshot!(missing, @"
    pipeline condition: x.xml:2:1: pipeline `p`: condition `bunch_complete`: the argument `prefixes` is missing; expected the part of the file names before the first underscore, in the order in which a bunch imports them, as list of file prefixes (example: `product-import, price-import`)
    pipeline condition: x.xml:2:1: pipeline `p`: condition `configurable_cron_expression`: the argument `setting` is missing; expected the setting that holds the expression (`pipeline.cron` each pipeline can have for itself), as name of a setting that holds a cron expression (example: `pipeline.cron`)
    pipeline condition: x.xml:2:1: pipeline `p`: condition `cron_expression`: the argument `expression` is missing; expected when it falls due, as cron expression (example: `30 2 * * *`)
    pipeline condition: x.xml:2:1: pipeline `p`: condition `named_pipelines_have_status`: the argument `pipelines` is missing; expected the names of the pipelines, as list of pipeline names (example: `first, second`)
    pipeline condition: x.xml:2:1: pipeline `p`: condition `named_pipelines_have_status`: the argument `statuses` is missing; expected the statuses of which each pipeline has one, as list of `pending`, `running`, `paused`, `success`, `error`, `cancelled` (example: `success, error`)
    pipeline condition: x.xml:2:1: pipeline `p`: condition `no_conflicting_step`: the argument `steps` or `step_filter` is missing; expected the names of the steps, as list of step names (example: `first, second`)
    pipeline condition: x.xml:2:1: pipeline `p`: condition `website_active`: the argument `websites` is missing; expected the codes of the websites, as list of website codes (example: `first, second`)
    recurring condition: x.xml:2:1: step `s`: recurring condition `recurring`: the argument `limit` is missing; expected how often it runs in all, failed attempts included, as whole number of runs from 1 on (example: `3`)
    step condition: x.xml:2:1: step `s`: condition `attempts_limit`: the argument `limit` is missing; expected how many attempts there may be, as whole number of attempts from 1 on (example: `3`)
    step condition: x.xml:2:1: step `s`: condition `depending_on_named_steps`: the argument `steps` or `step_filter` is missing; expected the names of the steps, as list of step names (example: `first, second`)
    step condition: x.xml:2:1: step `s`: condition `named_pipelines_have_status`: the argument `pipelines` is missing; expected the names of the pipelines, as list of pipeline names (example: `first, second`)
    step condition: x.xml:2:1: step `s`: condition `named_pipelines_have_status`: the argument `statuses` is missing; expected the statuses of which each pipeline has one, as list of `pending`, `running`, `paused`, `success`, `error`, `cancelled` (example: `success, error`)
    step condition: x.xml:2:1: step `s`: condition `time_between_attempts`: the argument `minutes` or `wait` is missing; expected how long to wait, as whole number of minutes from 1 to 527040 (example: `3`)
    step condition: x.xml:2:1: step `s`: condition `wait_for_step_is_not_running`: the argument `steps` or `step_filter` is missing; expected the names of the steps, as list of step names (example: `first, second`)
    ");
}

#[test]
fn every_condition_refuses_a_value_of_another_kind_where_it_is_written() {
    let mut said = String::new();
    for_each_argument(|condition, argument| {
        let key = argument.name;
        let (written, line) = with(condition, argument, (key.to_owned(), NONSENSE.to_owned()));
        let problems = problems(condition, &written);
        let here = format!("{}argument `{key}`: ", subject(condition, line, 16 + key.len() + 9));
        let problem = problems.iter().find_map(|problem| problem.strip_prefix(&here));
        let problem = problem.unwrap_or_else(|| panic!("{here}: {problems:?}"));
        said += &format!("{} {key}: {problem}\n", condition.name);
    });
    assert_snapshot!(said, @"
    bunch_complete prefixes: `value!` is not a file prefix (expected ASCII letters, digits, `-` or `.`, or `advanced_pricing`, `catalog_product`, `customer_address`, `customer_composite`, `stock_sources`)
    configurable_cron_expression setting: `no such value!` is no setting of a cron expression (expected `clean_up.cron` or `pipeline.cron`)
    cron_expression expression: `no such value!` is not a cron expression: expected 5 fields, found 3 (example: `0 3 * * *`, every day at 03:00)
    cron_expression time_zone: `no such value!` is not a time zone (example: `Europe/Berlin`)
    named_pipelines_have_status pipelines: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    named_pipelines_have_status statuses: `no` is not a pipeline status (expected one of `pending`, `running`, `paused`, `success`, `error`, `cancelled`)
    no_conflicting_step steps: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    no_conflicting_step step_filter: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    website_active websites: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    recurring limit: `no such value!` is not a whole number of runs from 1 on (example: `3`)
    recurring wait: `no such value!` is not a duration (example: `2 hours`)
    attempts_limit limit: `no such value!` is not a whole number of attempts from 1 on (example: `3`)
    depending_on_named_steps steps: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    depending_on_named_steps step_filter: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    named_pipelines_have_status pipelines: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    named_pipelines_have_status statuses: `no` is not a pipeline status (expected one of `pending`, `running`, `paused`, `success`, `error`, `cancelled`)
    previous_steps_completed steps: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    previous_steps_completed step_filter: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    previous_steps_finished steps: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    previous_steps_finished step_filter: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    time_between_attempts minutes: `no such value!` is not a whole number of minutes from 1 to 527040 (example: `3`)
    time_between_attempts wait: `no such value!` is not a duration (example: `2 hours`)
    wait_for_step_is_not_running steps: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    wait_for_step_is_not_running step_filter: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    ");
}
