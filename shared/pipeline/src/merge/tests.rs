use std::fmt::Write;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::definition::STEP_LIMIT;

mod conditions;
mod grammar;
mod reference;
mod schema;
mod step_arguments;
mod step_defaults;

const SHIPPED: &str = include_str!("../../../../pipelines/clean_up_pipelines.xml");

/// What is wrong with the content of a `config`; each case on its own, in line 1 of `x.xml` behind `<config>`.
fn refused(cases: &[&str]) -> String {
    let mut table = String::new();
    for case in cases {
        let merged = load([("x.xml", format!("<config>{case}</config>").as_bytes())], &Vocabulary::default());
        writeln!(table, "{case}").unwrap();
        for error in merged.errors {
            writeln!(table, "    {error}").unwrap();
        }
        for definition in merged.definitions {
            writeln!(table, "    defines {}", definition.name).unwrap();
        }
    }
    table
}

/// The definitions that some files make, and what is wrong with them.
fn merged(files: &[(&str, &str)]) -> String {
    let merged = load(files.iter().map(|(name, text)| (*name, text.as_bytes())), &Vocabulary::default());
    let mut table = String::new();
    for error in &merged.errors {
        writeln!(table, "{error}").unwrap();
    }
    for definition in &merged.definitions {
        writeln!(table, "{}", serde_json::to_string_pretty(definition).unwrap()).unwrap();
    }
    table
}

/// A pipeline `p` with steps `a` and `b`, in `base.xml`.
const BASE: (&str, &str) = (
    "base.xml",
    r#"<config><pipeline name="p" description="old">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="a" executorType="x" sortOrder="10"><arguments><argument key="k" value="1"/></arguments></step>
        <step name="b" executorType="y" sortOrder="20"><conditions>
            <step_condition type="attempts_limit"><argument key="limit" value="3"/></step_condition>
        </conditions></step>
    </pipeline></config>"#,
);

/// What becomes of [`BASE`] with a change to it, in `change.xml`.
fn changed(change: &str) -> String {
    merged(&[BASE, ("change.xml", &format!("<config>\n{change}\n</config>"))])
}

#[test]
fn unknown_executors_are_refused_where_they_are_named() {
    let change = r#"<config><referencePipeline name="p"><referenceStep name="b"
        executorType="writereport"/></referencePipeline>
        <pipeline name="q"><step name="a" executorType="x"/></pipeline></config>"#;
    let executors = ["x", "write_report"].map(|name| (name.to_owned(), Accepts::Anything));
    let vocabulary = Vocabulary { executors: Some(executors.into()), ..Vocabulary::default() };
    let merged = load([("change.xml", change.as_bytes()), (BASE.0, BASE.1.as_bytes())], &vocabulary);
    assert_eq!(merged.definitions.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["q"]);
    assert_snapshot!(merged.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @"change.xml:2:23: step `b`: there is no executor `writereport` (expected `write_report` or `x`; did you mean `write_report`?)");
}

#[test]
fn what_is_too_much_is_refused() {
    let steps =
        |count: usize| (0..count).map(|i| format!(r#"<step name="s{i}" executorType="e"/>"#)).collect::<String>();
    let pipeline = |content: &str| format!(r#"<config><pipeline name="p">{content}</pipeline></config>"#);
    let argument = |i: usize| format!(r#"<argument key="k{i}" value="{}"/>"#, "x".repeat(i));
    let arguments = |count: usize, length: usize| {
        let arguments: String = (0..count).map(|i| argument(i + length)).collect();
        format!(r#"<step name="s" executorType="e"><arguments>{arguments}</arguments></step>"#)
    };
    let added =
        format!(r#"<config><referencePipeline name="p">{}</referencePipeline></config>"#, &steps(STEP_LIMIT + 5)[..]);
    let many: String = (0..=limits::DEFINITIONS)
        .map(|i| format!(r#"<pipeline name="p{i:04}"><step name="s" executorType="e"/></pipeline>"#))
        .collect();
    let messages = [
        merged(&[("x.xml", &pipeline(&steps(10_000)))]),
        merged(&[("x.xml", &pipeline(&arguments(101, 0)))]),
        merged(&[("x.xml", &pipeline(&arguments(50, 7_000)))]),
        merged(&[("x.xml", &pipeline(r#"<step name="z" executorType="e"/>"#)), ("y.xml", &added)]),
        merged(&[("x.xml", &pipeline(&"<stage/>".repeat(15_000)))]),
        merged(&[("x.xml", &format!("<config>{}</config>", "<stage/>".repeat(15_000)))]),
        merged(&[("x.xml", &format!("<config>{many}</config>"))]).lines().filter(|it| it.contains("xml")).collect(),
    ];
    let counted: Vec<String> =
        messages.iter().map(|it| format!("{}\n    {} lines", it.lines().next().unwrap(), it.lines().count())).collect();
    assert_snapshot!(counted.join("\n"), @"
    x.xml:1:35918: pipeline `p`: 10000 steps, more than 1000
        1 lines
    x.xml:1:8011: step `s`: 101 arguments, more than 100
        1 lines
    x.xml:1:9: pipeline `p`: the definition has 351874 bytes, more than 300000
        1 lines
    y.xml:1:35927: pipeline `p`: 1005 steps, more than 1000
        1 lines
    x.xml:1:28: pipeline `p`: the element `stage` is not allowed in `pipeline` (expected `conditions`, `stepDefaults` or `step`); steps of one `sortOrder` form a stage
        20 lines
    x.xml:1:9: the element `stage` is not allowed in `config` (expected `pipeline` or `referencePipeline`); steps of one `sortOrder` form a stage
        20 lines
    x.xml:1:67025: more than 1000 pipelines; this one and those with later names are left out
        1 lines
    ");
}

#[test]
fn a_file_full_of_errors_takes_bounded_time() {
    let word = |i: usize| format!("{:x<59}", format!("a{i}"));
    let steps: String = (0..900).map(|i| format!(r#"<step name="{}" executorType="e"/>"#, word(i))).collect();
    let full = |part: &dyn Fn(usize) -> String, count: usize| (0..count).map(part).collect::<String>();
    let defined = format!(r#"<config><pipeline name="p">{steps}</pipeline></config>"#);
    let in_p =
        |content: String| format!(r#"<config><referencePipeline name="p">{content}</referencePipeline></config>"#);
    let filter = |i: usize| {
        let awaited: String = (0..130).map(|j| word(1_000 + i * 130 + j) + " ").collect();
        format!(
            r#"<step name="z{i}" executorType="e"><conditions><step_condition type="previous_steps_finished"><argument key="steps" value="{awaited}"/></step_condition></conditions></step>"#
        )
    };
    let files = [
        in_p(full(&|i| format!(r#"<referenceStep name="{}"/>"#, word(1_000 + i)), 9_000)),
        in_p(full(&|i| format!(r#"<referenceStep name="{}"/>"#, word(i % 900)), 9_000)),
        in_p(full(&filter, 90)),
        format!("<config>{}</config>", full(&|i| format!(r#"<referencePipeline name="{}"/>"#, word(i)), 9_000)),
        format!("<config>{}</config>", full(&|i| format!(r#"<pipeline name="{}"/>"#, word(i)), 9_000)),
        in_p(r#"<referenceStep name="s"/>"#.repeat(15_000)),
    ];
    let started = std::time::Instant::now();
    for file in &files {
        assert!(file.len() < limits::FILE_BYTES);
        let errors = load([("a.xml", defined.as_bytes()), ("b.xml", file.as_bytes())], &Vocabulary::default()).errors;
        assert!(errors.len() <= 9_000);
    }
    // A second or two where optimized; what follows the square of the size takes minutes.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

/// Files that touch each other in every way.
fn files() -> Vec<(String, String)> {
    let pipeline = |name: &str, content: &str| format!(r#"<config><{name} name="p"{content}</{name}></config>"#);
    vec![
        (BASE.0.to_owned(), BASE.1.to_owned()),
        (
            "a.xml".to_owned(),
            pipeline("referencePipeline", r#" description="a"><step name="c" executorType="c" sortOrder="10"/>"#),
        ),
        (
            "c.xml".to_owned(),
            pipeline("referencePipeline", r#" description="c"><referenceStep name="c" sortOrder="5"/>"#),
        ),
        ("d.xml".to_owned(), pipeline("referencePipeline", r#"><referenceStep name="a" remove="true"/>"#)),
        ("e.xml".to_owned(), "<config><pipeline name=\"q\"/><referencePipeline name=\"none\"/></config>".to_owned()),
        ("f.xml".to_owned(), "<config><pipeline".to_owned()),
        ("shipped.xml".to_owned(), SHIPPED.to_owned()),
        ("twice.xml".to_owned(), SHIPPED.replace("clean_up_pipelines", "second_clean_up")),
        ("g.xml".to_owned(), SHIPPED.replace("clean_up_pipelines", "second_clean_up")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_order_of_reading_does_not_matter(order in Just((0..files().len()).collect::<Vec<_>>()).prop_shuffle()) {
        let files = files();
        let read = |index: &usize| (files[*index].0.as_str(), files[*index].1.as_bytes());
        let expected = load((0..files.len()).collect::<Vec<_>>().iter().map(read), &Vocabulary::default());
        prop_assert_eq!(load(order.iter().map(read), &Vocabulary::default()), expected);
    }

    #[test]
    fn any_change_of_bytes_is_read_or_refused(
        changes in proptest::collection::vec((0..SHIPPED.len(), any::<u8>()), 1..4),
        cut in proptest::option::of(0..SHIPPED.len()),
    ) {
        let mut bytes = SHIPPED.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(cut.unwrap_or(bytes.len()));
        let merged = load([("x.xml", bytes.as_slice())], &Vocabulary::default());
        prop_assert!(merged.definitions.len() <= 1);
        prop_assert!(!merged.definitions.is_empty() || !merged.errors.is_empty());
    }

    #[test]
    fn what_is_loaded_is_stored_and_comes_back(order in -1000..1000_i32, key in "[a-z&<\" \u{e4}]{1,9}", value in "[ -~\u{e4}\n]{0,30}") {
        let escaped = |text: &str| quick_xml::escape::escape(text).replace('\n', "&#10;");
        let (key_text, value_text) = (escaped(&key), escaped(&value));
        let text = format!(
            r#"<config><pipeline name="p"><step name="s" executorType="e" sortOrder="{order}"><arguments><argument key="{key_text}" value="{value_text}"/></arguments></step></pipeline></config>"#
        );
        let merged = load([("x.xml", text.as_bytes())], &Vocabulary::default());
        let step = &merged.definitions[0].steps[0];
        prop_assert_eq!(step.sort_order, order);
        prop_assert_eq!(step.arguments.get(&key), Some(&value));
        let stored = serde_json::to_string(&merged.definitions[0]).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Definition>(&stored).unwrap(), &merged.definitions[0]);
    }
}
