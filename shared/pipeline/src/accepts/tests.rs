use insta::assert_snapshot;

use super::*;

const STRICT: Argument<Flag> = Argument {
    name: "strict",
    kind: Flag,
    presence: Presence::Default("false"),
    meaning: "stops at the first finding",
};
const SECONDS: Argument<WholeNumber> = Argument {
    name: "seconds",
    kind: WholeNumber { from: 1, to: 60, unit: "seconds" },
    presence: Presence::Required,
    meaning: "how long",
};
const HEADERS: Argument<Text> =
    Argument { name: "header.*", kind: Text { example: "a" }, presence: Presence::Optional, meaning: "a header" };

fn refused<K: ArgumentKind>(kind: &K, value: &str) -> String {
    kind.read(value).err().map_or("fine".to_owned(), |bad| bad.to_string())
}

#[test]
fn a_value_of_another_kind_is_quoted_with_what_is_expected() {
    let table = [
        refused(&Flag, "yes"),
        refused(&SECONDS.kind, "61"),
        refused(&WholeNumber { from: 1, to: WholeNumber::UNLIMITED, unit: "runs" }, "0"),
        refused(&DurationInWords, "2 hourz"),
        refused(&PointInTime, "noon"),
        refused(&OneOf(&["GET", "POST"]), "POTS"),
        refused(&PipelineName, "a/b"),
        refused(&NameList("step names"), "a a"),
    ]
    .join("\n");
    assert_snapshot!(table, @"
    `yes` is neither `true` nor `false`
    `61` is not a whole number of seconds from 1 to 60 (example: `3`)
    `0` is not a whole number of runs from 1 on (example: `3`)
    `2 hourz` is not a duration (example: `2 hours`)
    `noon` is not a time with its offset (example: `2026-08-01T18:00:00Z`)
    `POTS` is none of the words that are possible (expected `GET` or `POST`; did you mean `POST`?)
    `a/b` is not a name (expected 1 to 100 ASCII letters, digits, `_`, `-` or `.`)
    `a` occurs twice
    ");
}

#[test]
fn every_example_of_a_kind_is_read() {
    assert!(Flag.read(Flag.form().example).is_ok());
    let number = WholeNumber { from: 1, to: 60, unit: "seconds" };
    assert!(number.read(number.form().example).is_ok());
    assert!(DurationInWords.read(DurationInWords.form().example).is_ok());
    assert!(PointInTime.read(PointInTime.form().example).is_ok());
    assert!(PipelineName.read(PipelineName.form().example).is_ok());
    assert!(NameList("x").read(NameList("x").form().example).is_ok());
    assert!(EarlierStep::Needed.read(EarlierStep::Needed.form().example).is_ok());
}

#[test]
fn what_is_left_out_has_its_default() {
    assert_eq!(STRICT.of(&Arguments::new()).unwrap(), Some(false));
    assert_eq!(SECONDS.of(&Arguments::new()).unwrap(), None);
    let given = Arguments::from([("strict".to_owned(), "1".to_owned()), ("seconds".to_owned(), " 5 ".to_owned())]);
    assert_eq!(STRICT.of(&given).unwrap(), Some(true));
    assert_eq!(SECONDS.of(&given).unwrap(), Some(5));
}

#[test]
fn a_family_of_keys_needs_more_than_its_beginning() {
    assert!(HEADERS.is_named("header.Accept"));
    assert!(!HEADERS.is_named("header.") && !HEADERS.is_named("header") && !HEADERS.is_named("headers.Accept"));
}

#[test]
fn people_are_told_all_of_an_argument() {
    const ALL: Accepts = Accepts::Only(&[&STRICT, &SECONDS, &HEADERS]);
    let mut table = String::new();
    for argument in ALL.described() {
        let (form, presence) = (argument.form.in_words(), argument.presence_in_words());
        table += &format!("{} | {form} | {presence} | {}\n", argument.name, argument.meaning);
    }
    assert_snapshot!(table, @"
    strict | flag: `true`, `false` | `false` without it | stops at the first finding
    seconds | whole number of seconds from 1 to 60 (example: `3`) | required | how long
    header.* | text (example: `a`) | can be left out | a header
    ");
}
