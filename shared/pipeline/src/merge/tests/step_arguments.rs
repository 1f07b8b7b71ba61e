//! What steps tell their executors, over several files.

use insta::assert_snapshot;

use crate::accepts::{Accepts, Argument, DeclaredArgument, EarlierStep, Presence, Text};
use crate::merge::{Vocabulary, load};

const TO: Argument<Text> =
    Argument { name: "to", kind: Text { example: "ann" }, presence: Presence::Required, meaning: "who gets it" };
const READS: Argument<EarlierStep> = Argument {
    name: "reads",
    kind: EarlierStep::Needed,
    presence: Presence::Default("count"),
    meaning: "the step whose output is sent",
};
const SEND: &[&dyn DeclaredArgument] = &[&TO, &READS];

/// `count` takes nothing, `send` something, `hand` hands on what it does not know.
fn vocabulary() -> Vocabulary {
    let executors = [
        ("count".to_owned(), Accepts::Only(&[])),
        ("send".to_owned(), Accepts::Only(SEND)),
        ("hand".to_owned(), Accepts::AlsoOthers { known: &[&TO], others: "is handed on" }),
    ];
    Vocabulary { executors: Some(executors.into()), ..Vocabulary::default() }
}

/// A pipeline that counts and sends.
const BASE: &str = r#"<config><pipeline name="p">
    <step name="count" executorType="count" sortOrder="10"/>
    <step name="send" executorType="send" sortOrder="20"><arguments><argument key="to" value="ann"/></arguments></step>
</pipeline></config>"#;

/// What is wrong with that pipeline after a change.
fn problems(change: &str) -> String {
    let change = format!("<config><referencePipeline name=\"p\">\n{change}\n</referencePipeline></config>");
    let files = [("base.xml", BASE.as_bytes()), ("change.xml", change.as_bytes())];
    let errors: Vec<String> = load(files, &vocabulary()).errors.iter().map(ToString::to_string).collect();
    if errors.is_empty() { "fine".to_owned() } else { errors.join("\n") }
}

/// A file that spoils what another one defines is at fault itself: it is the one that is put back.
#[test]
fn the_file_that_makes_arguments_wrong_is_the_one_that_is_named() {
    let changes = [
        r#"<referenceStep name="send"><arguments><referenceArgument key="to" remove="true"/></arguments></referenceStep>"#,
        r#"<referenceStep name="send" executorType="count"/>"#,
        r#"<referenceStep name="count" executorType="send"/>"#,
        r#"<referenceStep name="count" remove="true"/>"#,
        r#"<referenceStep name="count" sortOrder="30"/>"#,
        r#"<referenceStep name="send"><arguments><argument key="reads" value="conut"/></arguments></referenceStep>"#,
        r#"<referenceStep name="send"><arguments><referenceArgument key="to" value=" "/></arguments></referenceStep>"#,
    ];
    assert_snapshot!(changes.map(problems).join("\n"), @r#"
    change.xml:2:39: step `send`: the argument `to` is missing; expected who gets it, as text (example: `ann`); or `from="pipeline"`, if that hands it on
    change.xml:2:42: step `send`: the argument `to` is not known (expected none)
    change.xml:2:43: step `count`: step `count` does not run before this one; argument `reads`, which is `count` where it is left out, expects the step whose output is sent
    change.xml:2:43: step `count`: the argument `to` is missing; expected who gets it, as text (example: `ann`); or `from="pipeline"`, if that hands it on
    change.xml:2:1: step `send`: step `count` is removed here, and this one needs it; argument `reads`, which is `count` where it is left out, expects the step whose output is sent
    change.xml:2:40: step `send`: step `count` does not run before this one; argument `reads`, which is `count` where it is left out, expects the step whose output is sent
    change.xml:2:68: step `send`: argument `reads`: there is no step `conut`; expected the step whose output is sent; did you mean `count`?
    change.xml:2:74: step `send`: argument `to`: it is empty; expected who gets it, as text (example: `ann`)
    "#);
}

#[test]
fn an_argument_can_be_left_to_the_pipeline_where_the_step_says_so() {
    let step = |arguments: &str| {
        problems(&format!(
            r#"<step name="s" executorType="send" sortOrder="30"><arguments>{arguments}</arguments></step>"#
        ))
    };
    let cases = [
        r#"<argument key="to" from="pipeline"/>"#,
        r#"<argument key="to" from="pipeline"/><argument key="reads" from="pipeline"/>"#,
        r#"<argument key="to" from="pipelines"/>"#,
        r#"<argument key="to" from="pipeline" value="ann"/>"#,
        r#"<argument key="to"/>"#,
        r#"<argument key="too" from="pipeline"/>"#,
        "",
    ];
    assert_snapshot!(cases.map(step).join("\n"), @r#"
    fine
    fine
    change.xml:2:87: step `s`: argument `to`: `pipelines` hands on no arguments (expected `pipeline`)
    change.xml:2:87: step `s`: argument `to`: give either `value` or `from`, not both
    change.xml:2:62: step `s`: argument `to`: the attribute `value` is missing
    change.xml:2:30: step `s`: the argument `to` is missing; expected who gets it, as text (example: `ann`); or `from="pipeline"`, if that hands it on
    change.xml:2:77: step `s`: the argument `too` is not known (expected `to` or `reads`)
    change.xml:2:30: step `s`: the argument `to` is missing; expected who gets it, as text (example: `ann`); or `from="pipeline"`, if that hands it on
    "#);
    let condition = r#"<step name="s" executorType="count"><conditions><step_condition type="attempts_limit"><argument key="limit" from="pipeline"/></step_condition></conditions></step>"#;
    assert_snapshot!(problems(condition), @"change.xml:2:102: step `s`: condition `attempts_limit`: the argument `limit` needs a `value`: a condition is handed nothing");
}

#[test]
fn what_is_left_to_the_pipeline_is_not_stored_as_a_value() {
    let text = BASE.replace(r#"value="ann""#, r#"from="pipeline""#);
    let merged = load([("base.xml", text.as_bytes())], &vocabulary());
    assert_eq!(merged.errors, []);
    assert!(merged.definitions[0].steps[1].arguments.is_empty());
}

/// `tto` would be handed on and `to` would be missing, and nobody would know why.
#[test]
fn what_is_nearly_a_known_argument_is_not_handed_on() {
    let step = |arguments: &str| {
        problems(&format!(
            r#"<step name="s" executorType="hand" sortOrder="30"><arguments>{arguments}</arguments></step>"#
        ))
    };
    let cases = [
        r#"<argument key="to" value="ann"/><argument key="colour" value="red"/><argument key="tto" value="b"/>"#,
        r#"<argument key="_to" value="ann"/>"#,
    ];
    assert_snapshot!(cases.map(step).join("\n"), @r#"
    fine
    change.xml:2:30: step `s`: the argument `to` is missing; expected who gets it, as text (example: `ann`); or `from="pipeline"`, if that hands it on
    change.xml:2:77: step `s`: the argument `_to` is not known; did you mean `to`?
    "#);
}
