//! Every executor that ships, told something that it does not take: each mistake is refused where it is written.

use engine::reference::{self, Entry};
use insta::assert_snapshot;
use pipeline::accepts::ArgumentDescription;
use pipeline::merge::load;
use workshop::Workshop;

/// A value that is none of any kind but text.
const NONSENSE: &str = "no such value!";

/// The arguments of a step as they are written: one a line, from line 5 on.
type Written = Vec<(String, String)>;

/// A definition whose step `tried` is told this. It comes behind steps `validate` and `transform`, which arguments can name.
fn definition(executor: &str, arguments: &Written) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let lines =
        arguments.iter().map(|(key, value)| format!("<argument key=\"{key}\" value=\"{}\"/>\n", escaped(value)));
    let lines: String = lines.collect();
    format!(
        "<config><pipeline name=\"p\"><conditions><pipeline_condition type=\"no_auto_spawn\"/></conditions>\n\
         <step name=\"validate\" executorType=\"archive\" sortOrder=\"10\"/><step name=\"transform\" executorType=\"archive\" sortOrder=\"10\"/>\n\
         <step name=\"tried\" sortOrder=\"20\"\nexecutorType=\"{executor}\"><arguments>\n{lines}</arguments></step></pipeline></config>"
    )
}

/// What is wrong with that definition.
fn problems(executor: &str, arguments: &Written) -> Vec<String> {
    let text = definition(executor, arguments);
    let merged = load([("x.xml", text.as_bytes())], &steps::shipped().vocabulary());
    assert_eq!(merged.definitions.is_empty(), !merged.errors.is_empty(), "half a definition: {text}");
    merged.errors.iter().map(ToString::to_string).collect()
}

/// The least that an executor must be told.
fn needed(executor: &Entry) -> Written {
    let is_needed = |it: &&ArgumentDescription| it.is_required || it.one_of.first() == Some(&it.name);
    executor.arguments.iter().filter(is_needed).map(example).collect()
}

/// An argument with the value of its example.
fn example(argument: &ArgumentDescription) -> (String, String) {
    (argument.name.replace('*', "Accept"), argument.form.example.to_owned())
}

/// The least with an argument more, in the last line, and without those that exclude it.
fn with(executor: &Entry, argument: &ArgumentDescription, given: (String, String)) -> (Written, usize) {
    let excluded = |key: &str| key == argument.name || argument.one_of.contains(&key);
    let mut written: Written = needed(executor).into_iter().filter(|(key, _)| !excluded(key)).collect();
    written.push(given);
    let line = 4 + written.len();
    (written, line)
}

/// Calls `check` with each argument of each executor that ships.
fn for_each_argument(mut check: impl FnMut(&Entry, &ArgumentDescription)) -> usize {
    let mut count = 0;
    for executor in reference::executors(&steps::shipped()) {
        for argument in &executor.arguments {
            check(&executor, argument);
            count += 1;
        }
    }
    count
}

#[test]
fn every_executor_takes_each_argument_with_the_value_of_its_example() {
    let count = for_each_argument(|executor, argument| {
        let (written, _) = with(executor, argument, example(argument));
        assert_eq!(problems(executor.name, &written), [""; 0], "{}: {}", executor.name, argument.name);
    });
    assert!(count >= 20, "{count} arguments");
}

#[test]
fn every_executor_refuses_a_misspelt_argument_where_it_is_written_and_knows_which_was_meant() {
    for_each_argument(|executor, argument| {
        // One letter too few in the middle of the word, as fingers do it: `mthod`, `hader.Accept`.
        let mut key = example(argument).0;
        key.remove(1);
        if key.len() < 3 {
            return;
        }
        let (written, line) = with(executor, argument, (key.clone(), argument.form.example.to_owned()));
        let problems = problems(executor.name, &written).join("\n");
        let here = format!("x.xml:{line}:16: step `tried`: the argument `{key}` is not known");
        let (_, said) = problems.split_once(&here).unwrap_or_else(|| panic!("{}: {problems}", executor.name));
        let said = said.lines().next().unwrap();
        let meant = example(argument).0;
        assert!(
            said.contains(&format!("did you mean `{meant}`?")) || said == format!(" (expected `{meant}`)"),
            "{said}"
        );
    });
}

#[test]
fn an_executor_that_hands_nothing_on_refuses_what_it_has_never_heard_of() {
    for executor in reference::executors(&steps::shipped()) {
        let mut written = needed(&executor);
        written.push(("colour".to_owned(), "red".to_owned()));
        let line = 4 + written.len();
        let problems = problems(executor.name, &written);
        if executor.other_arguments.is_some() {
            assert_eq!(problems, [""; 0], "{}", executor.name);
        } else {
            let start = format!("x.xml:{line}:16: step `tried`: the argument `colour` is not known (expected ");
            assert!(problems.len() == 1 && problems[0].starts_with(&start), "{}: {problems:?}", executor.name);
        }
    }
}

#[test]
fn every_executor_refuses_to_go_without_what_it_needs_and_says_what_that_is() {
    let mut missing = String::new();
    for executor in reference::executors(&steps::shipped()) {
        for index in 0..needed(&executor).len() {
            let mut written = needed(&executor);
            written.remove(index);
            missing += &format!("{}: {}\n", executor.name, problems(executor.name, &written).join("\n"));
        }
    }
    assert_snapshot!(missing, @r#"
    export: x.xml:4:15: step `tried`: the argument `entities` is missing; expected what to write files of: `products`, `categories` and so on, in the order in which an import needs them, as list of entities (example: `products, prices`); or `from="pipeline"`, if that hands it on
    http_request: x.xml:4:15: step `tried`: the argument `url` is missing; expected what is called: `https://…`, or `http://…` for listed ports of this machine, as URL (example: `https://api.example.com/orders`); or `from="pipeline"`, if that hands it on
    lambda_invoke: x.xml:4:15: step `tried`: the argument `function` is missing; expected the name or ARN of the function, as text (example: `systole-vat-rates`); or `from="pipeline"`, if that hands it on
    shell: x.xml:4:15: step `tried`: the argument `command` is missing; expected the command, which `sh -c` runs, as text (example: `ls /srv/orders | wc -l`); or `from="pipeline"`, if that hands it on
    spawn_pipeline: x.xml:4:15: step `tried`: the argument `pipeline` is missing; expected the name of its definition, as name of a pipeline (example: `nightly_check`); or `from="pipeline"`, if that hands it on
    wait: x.xml:4:15: step `tried`: the argument `for` or `until` is missing; expected how long to wait, as duration in words (example: `2 hours`); or `from="pipeline"`, if that hands it on
    "#);
}

/// What is said of a value of another kind, for each argument of each executor; and the arguments that take any text.
fn refusals() -> (String, Vec<String>) {
    let mut texts = Vec::new();
    let mut said = String::new();
    let others = import::entity::all().into_iter().filter(|entity| entity.about.name != "products");
    let like_those_of_products: Vec<&str> =
        others.flat_map(|entity| [entity.about.validate.name, entity.about.import.name]).collect();
    for_each_argument(|executor, argument| {
        let (key, _) = example(argument);
        let (written, line) = with(executor, argument, (key.clone(), NONSENSE.to_owned()));
        let problems = problems(executor.name, &written);
        if argument.form.kind == "text" {
            assert_eq!(problems, [""; 0]);
            return texts.push(format!("{} {}", executor.name, argument.name));
        }
        let here = format!("x.xml:{line}:{}: step `tried`: argument `{key}`: ", 16 + key.len() + 9);
        let problem = problems.iter().find_map(|problem| problem.strip_prefix(&here));
        let problem = problem.unwrap_or_else(|| panic!("{here}: {problems:?}"));
        // Those of products stand for those of every entity.
        if !like_those_of_products.contains(&executor.name) {
            said += &format!("{} {key}: {problem}\n", executor.name);
        }
    });
    (said, texts)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a line per argument")]
fn every_executor_refuses_a_value_of_another_kind_where_it_is_written() {
    let (said, texts) = refusals();
    assert_snapshot!(said, @"
    compare_shop prefixes: `value!` is not a file prefix (expected ASCII letters, digits, `-` or `.`, or `advanced_pricing`, `catalog_product`, `customer_address`, `customer_composite`, `stock_sources`)
    compare_shop configuration: it is no digest of a configuration (expected 24 hexadecimal digits)
    compare_shop bunch: it is no bunch of files as JSON, expected ident at line 1 column 2 (expected what the condition `bunch_complete` hands on)
    create_categories validated_by: `no such value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    create_categories dry_run: `no such value!` is neither `true` nor `false`
    create_categories single_transaction: `no such value!` is neither `true` nor `false`
    create_options missing_options: `no such value!` is none of the words that are possible (expected `create` or `leave`)
    create_options validated_by: `no such value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    create_options dry_run: `no such value!` is neither `true` nor `false`
    create_options single_transaction: `no such value!` is neither `true` nor `false`
    drop_file from.Accept: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    drop_file from: `no such value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    drop_file name: `no such value!` is not a file name of letters, digits, `.`, `_` and `-` (example: `tax-rates_2.json`)
    export entities: `no` is no entity (expected one of `attribute_sets`, `attributes`, `categories`, `products`, `prices`, `tier_prices`, `stock`, `source_items`, `media`, `links`, `variants`, `custom_options`, `url_rewrites`, `customers`, `customer_addresses`)
    http_request url: it cannot be read, relative URL without a base; it should look like `https://api.example.com/orders`
    http_request method: `no such value!` is none of the words that are possible (expected `GET`, `POST`, `PUT`, `PATCH` or `DELETE`)
    http_request body_from: `no such value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    http_request timeout_seconds: `no such value!` is not a whole number of seconds from 1 on (example: `3`)
    http_request expect: `no such value!` is not a status (examples: `2xx`, `404`)
    http_request save_as: `no such value!` is not a file name of letters, digits, `.`, `_` and `-` (example: `tax-rates_2.json`)
    image_cache configuration: it is no digest of a configuration (expected 24 hexadecimal digits)
    image_cache bunch: it is no bunch of files as JSON, expected ident at line 1 column 2 (expected what the condition `bunch_complete` hands on)
    import_products operation: `no such value!` is none of the words that are possible (expected `add-update`, `replace` or `delete`)
    import_products dry_run: `no such value!` is neither `true` nor `false`
    import_products single_transaction: `no such value!` is neither `true` nor `false`
    import_products skip_older: `no such value!` is none of the words that are possible (expected `no`, `updated_at` or `file_time`)
    import_products prefixes: `value!` is not a file prefix (expected ASCII letters, digits, `-` or `.`, or `advanced_pricing`, `catalog_product`, `customer_address`, `customer_composite`, `stock_sources`)
    import_products configuration: it is no digest of a configuration (expected 24 hexadecimal digits)
    import_products bunch: it is no bunch of files as JSON, expected ident at line 1 column 2 (expected what the condition `bunch_complete` hands on)
    move_files charset: it is no character set (examples: `windows-1252`, `iso-8859-15`, `utf-16le`)
    move_files folder: it is no folder of files to check (expected `checks/` and a name, with a slash at the end)
    move_files configuration: it is no digest of a configuration (expected 24 hexadecimal digits)
    move_files bunch: it is no bunch of files as JSON, expected ident at line 1 column 2 (expected what the condition `bunch_complete` hands on)
    reindex scope: `no such value!` is none of the words that are possible (expected `changed` or `all`)
    report imported_by: `value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    report validated_by: `no such value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    report bunch: it is no bunch of files as JSON, expected ident at line 1 column 2 (expected what the condition `bunch_complete` hands on)
    shell artifact: `no such value!` is not a file name of letters, digits, `.`, `_` and `-` (example: `tax-rates_2.json`)
    spawn_pipeline pipeline: `no such value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    spawn_pipeline wait: `no such value!` is neither `true` nor `false`
    transform_order is_retry: `no such value!` is neither `true` nor `false`
    transport_order is_retry: `no such value!` is neither `true` nor `false`
    transport_order from: `no such value!` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    validate strict: `no such value!` is neither `true` nor `false`
    validate operation: `no such value!` is none of the words that are possible (expected `add-update`, `replace` or `delete`)
    validate missing_parents: `no such value!` is none of the words that are possible (expected `refuse` or `create`)
    validate prefixes: `value!` is not a file prefix (expected ASCII letters, digits, `-` or `.`, or `advanced_pricing`, `catalog_product`, `customer_address`, `customer_composite`, `stock_sources`)
    validate configuration: it is no digest of a configuration (expected 24 hexadecimal digits)
    validate bunch: it is no bunch of files as JSON, expected ident at line 1 column 2 (expected what the condition `bunch_complete` hands on)
    validate_products strict: `no such value!` is neither `true` nor `false`
    validate_products operation: `no such value!` is none of the words that are possible (expected `add-update`, `replace` or `delete`)
    validate_products missing_parents: `no such value!` is none of the words that are possible (expected `refuse` or `create`)
    validate_products prefixes: `value!` is not a file prefix (expected ASCII letters, digits, `-` or `.`, or `advanced_pricing`, `catalog_product`, `customer_address`, `customer_composite`, `stock_sources`)
    validate_products configuration: it is no digest of a configuration (expected 24 hexadecimal digits)
    validate_products bunch: it is no bunch of files as JSON, expected ident at line 1 column 2 (expected what the condition `bunch_complete` hands on)
    wait for: `no such value!` is not a duration (example: `2 hours`)
    wait until: `no such value!` is not a time with its offset (example: `2026-08-01T18:00:00Z`)
    ");
    assert_snapshot!(texts.join(", "), @"check_shop shop, compare_shop shop, http_request header.*, http_request body, import_orders file, import_orders fingerprint, lambda_invoke function, refresh_shop_facts shop, reset_exports entity, shell command, spawn_pipeline argument.*, transform_order entity, transform_order entity_id, transport_order entity, transport_order entity_id");
}

/// Steps that are added when a pipeline runs come from code and not from a file; nobody has checked them before.
#[tokio::test]
async fn a_step_that_is_added_is_refused_for_its_arguments_as_one_that_is_loaded() {
    let stages = "10: fans-a to=20 runs=wait · 30: done-b";
    let workshop = Workshop::extended(&[workshop::xml("work", "", "no_auto_spawn", stages)], steps::shipped());
    let id = workshop.spawn().await;
    workshop.run_all().await;
    assert_snapshot!(workshop.shown(&id).await, @"error: fans-a error for good (step `s0000` cannot be added: the argument `for` or `until` is missing; expected how long to wait, as duration in words (example: `2 hours`)), done-b cancelled");
}
