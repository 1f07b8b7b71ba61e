//! What the conditions that are built in can be told.

use crate::accepts::{
    Argument, BadArgument, DeclaredArgument, DurationInWords, Elsewhere, NameList, NamesOf, Parsed, Presence,
    WholeNumber,
};
use crate::schedule::Cron;
use crate::settings::SETTINGS;
use crate::status::PipelineStatus;
use crate::words::words;
use crate::xml::grammar::trimmed;
use crate::xml::{quoted, suggest};

/// Our word and the original's.
pub(in crate::merge) const STEP_FILTER: &[&str] = &["steps", "step_filter"];

pub(super) const NEEDED_STEPS: &[&dyn DeclaredArgument] =
    &[&steps(STEP_FILTER[0], "the names of the steps"), &steps(STEP_FILTER[1], ORIGINAL)];
pub(super) const SOME_STEPS: &[&dyn DeclaredArgument] = &[&some_steps(STEP_FILTER[0]), &some_steps(STEP_FILTER[1])];

/// What the original's word means.
const ORIGINAL: &str = "the same as `steps`, in the word of the original";

const fn steps(name: &'static str, meaning: &'static str) -> Argument<NamesOf> {
    Argument { name, kind: NamesOf(Elsewhere::Steps), presence: Presence::OneOf(STEP_FILTER), meaning }
}

pub(super) const fn some_steps(name: &'static str) -> Argument<NameList> {
    let meaning = "which of the steps of lower order; without it all of them";
    Argument { name, kind: NameList("step names"), presence: Presence::AtMostOneOf(STEP_FILTER), meaning }
}

pub(super) const EXPRESSION: Argument<Parsed<String>> = Argument {
    name: "expression",
    kind: Parsed {
        kind: "cron expression",
        example: "30 2 * * *",
        read: |text| {
            Cron::parse(text, None)?;
            Ok(text.to_owned())
        },
    },
    presence: Presence::Required,
    meaning: "when it falls due",
};

pub(super) const TIME_ZONE: Argument<Parsed<String>> = Argument {
    name: "time_zone",
    kind: Parsed {
        kind: "time zone of IANA",
        example: "Europe/Berlin",
        read: |text| {
            Cron::parse("* * * * *", Some(trimmed(text)))?;
            Ok(trimmed(text).to_owned())
        },
    },
    presence: Presence::Default("UTC"),
    meaning: "the zone in which the expression is read",
};

pub(super) const SETTING: Argument<Parsed<String>> = Argument {
    name: "setting",
    kind: Parsed {
        kind: "name of a setting that holds a cron expression",
        example: "pipeline.cron",
        read: cron_setting,
    },
    presence: Presence::Required,
    meaning: "the setting that holds the expression (`pipeline.cron` each pipeline can have for itself)",
};

pub(super) const WEBSITES: Argument<NameList> = Argument {
    name: "websites",
    kind: NameList("website codes"),
    presence: Presence::Required,
    meaning: "the codes of the websites",
};

pub(super) const PIPELINES: Argument<NamesOf> = Argument {
    name: "pipelines",
    kind: NamesOf(Elsewhere::Pipelines),
    presence: Presence::Required,
    meaning: "the names of the pipelines",
};

pub(super) const STATUSES: Argument<Parsed<Vec<PipelineStatus>>> = Argument {
    name: "statuses",
    kind: Parsed {
        kind: "list of `pending`, `running`, `paused`, `success`, `error`, `cancelled`",
        example: "success, error",
        read: |text| Ok(words(text, str::parse)?),
    },
    presence: Presence::Required,
    meaning: "the statuses of which each pipeline has one",
};

pub(super) const ATTEMPTS: Argument<WholeNumber> = Argument {
    name: "limit",
    kind: WholeNumber { from: 1, to: WholeNumber::UNLIMITED, unit: "attempts" },
    presence: Presence::Required,
    meaning: "how many attempts there may be",
};

pub(super) const RUNS: Argument<WholeNumber> = Argument {
    name: "limit",
    kind: WholeNumber { from: 1, to: WholeNumber::UNLIMITED, unit: "runs" },
    presence: Presence::Required,
    meaning: "how often it runs in all, failed attempts included",
};

pub(super) const MINUTES: Argument<WholeNumber> = Argument {
    name: "minutes",
    kind: WholeNumber { from: 1, to: 366 * 24 * 60, unit: "minutes" },
    presence: Presence::OneOf(&["minutes", "wait"]),
    meaning: "how long to wait",
};

pub(super) const WAIT_BETWEEN: Argument<DurationInWords> = Argument {
    name: "wait",
    kind: DurationInWords,
    presence: Presence::OneOf(&["minutes", "wait"]),
    meaning: "how long to wait",
};

pub(super) const WAIT_AFTER_RUN: Argument<DurationInWords> = Argument {
    name: "wait",
    kind: DurationInWords,
    presence: Presence::Optional,
    meaning: "how long after a run the next one begins; without it at once",
};

fn cron_setting(text: &str) -> Result<String, BadArgument> {
    let name = trimmed(text);
    let crons = SETTINGS.iter().filter(|setting| setting.kind.is_cron()).map(|setting| setting.name);
    if crons.clone().any(|cron| cron == name) {
        return Ok(name.to_owned());
    }
    Err(NoCronSetting { found: name.to_owned(), expected: suggest::expected(name, crons) })?
}

/// Why a text names no setting of a cron expression.
#[derive(Debug, thiserror::Error)]
#[error("{} is no setting of a cron expression{expected}", quoted(found))]
struct NoCronSetting {
    found: String,
    expected: String,
}
