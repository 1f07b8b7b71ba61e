//! Cron expressions and the pulse that a beat answers for.
//!
//! An expression has the five fields of crontab (minute, hour, day of month, month, day of week) or one of `@hourly`,
//! `@daily`, `@weekly`, `@monthly`, `@yearly`, and an IANA time zone, UTC if none is given. Day of week counts 0 or 7 as
//! Sunday. If both days are restricted, either of them makes a day due, as in crontab(5); a field that begins with `*`
//! counts as not restricted, so that `*/2` only narrows what the other one says. docs/PIPELINES.md has the whole table.
//!
//! Daylight saving: a local time that the clocks skip is due when the gap ends; one that they show twice is due the first
//! time only. An expression that is due in each of the 24 hours follows real time instead: nothing of it is moved, and it
//! is due in both passes.
//!
//! The crate `cron` finds dates; days, daylight saving and refusals are ours. `croner`, which knows time zones itself, was
//! looked at: it takes `30 */2 * * *` for an interval that the clocks may skip, and lets `*/2` widen the other day.

use std::str::FromStr;

use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use cron::TimeUnitSpec;
use serde::{Deserialize, Serialize};

/// The time span that a beat answers for, `(since, until]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// The end of the beat before; exclusive.
    pub since: DateTime<Utc>,
    /// Now; inclusive.
    pub until: DateTime<Utc>,
}

/// A checked cron expression with its time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredCron", into = "StoredCron")]
pub struct Cron {
    expression: String,
    time_zone: Tz,
}

/// Why a text is no cron expression, or no time zone for one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The time zone is unknown.
    #[error("`{found}` is not a time zone (example: `Europe/Berlin`)")]
    TimeZone {
        /// Its name as it was given, shortened.
        found: String,
    },
    /// The expression cannot be read.
    #[error("`{found}` is not a cron expression: {problem} (example: `0 3 * * *`, every day at 03:00)")]
    Expression {
        /// The expression, shortened.
        found: String,
        /// What is wrong with it.
        problem: ExpressionProblem,
    },
    /// The expression can be read and names no day that there is.
    #[error("cron `{found}` is never due: no month that it names has such a day (example: `0 0 28 2 *`)")]
    NeverDue {
        /// The expression, shortened.
        found: String,
    },
}

/// What is wrong with a cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionProblem {
    /// It is longer than any that is meant.
    #[error("it is longer than {EXPRESSION_LIMIT_BYTES} characters")]
    TooLong,
    /// It has not the five fields of crontab.
    #[error("expected 5 fields, found {found}")]
    FieldCount {
        /// How many it has.
        found: usize,
    },
    /// A field has another form than those of crontab.
    #[error("`{field}` is no list of values, ranges and steps")]
    FieldForm {
        /// The field, shortened.
        field: String,
    },
    /// The last field names no days.
    #[error("`{field}` is not a day of the week")]
    Weekday {
        /// The field.
        field: String,
    },
    /// A field has a value that it cannot have.
    #[error("one of the fields cannot be read")]
    FieldValue,
}

/// Longest expression that is read: crontab lines are far shorter, and every list entry costs time.
const EXPRESSION_LIMIT_BYTES: usize = 200;

/// How far local clocks jump at most; Antarctica/Troll moves by two hours, nobody by more than three.
const LONGEST_JUMP: Duration = Duration::hours(3);

/// Most due times looked at for one pulse: the seconds of two jumps never add up to more minutes than this.
const LOOK_LIMIT: usize = 1_000;

const SHORTCUTS: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];
const DAYS: [&str; 7] = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"];

impl Cron {
    /// Checks an expression and a time zone name.
    ///
    /// # Errors
    /// The time zone is unknown, or the expression cannot be read; the message quotes which.
    pub fn parse(expression: &str, time_zone: Option<&str>) -> Result<Self, Error> {
        let zone = time_zone.unwrap_or("UTC");
        let Ok(time_zone) = zone.parse() else { return Err(Error::TimeZone { found: shortened(zone) }) };
        let schedules = match schedules(expression) {
            Ok(schedules) => schedules,
            Err(problem) => return Err(Error::Expression { found: shortened(expression), problem }),
        };
        // `0 0 31 2 *` can be read, and nobody means it.
        if schedules.either.iter().all(is_never_due) {
            return Err(Error::NeverDue { found: shortened(expression) });
        }
        Ok(Cron { expression: expression.trim().to_owned(), time_zone })
    }

    /// The latest time within the pulse at which the expression fell due.
    #[must_use]
    pub fn latest_due(&self, pulse: Pulse) -> Option<DateTime<Utc>> {
        let schedules = schedules(&self.expression).ok()?;
        let latest = |schedule| self.latest_due_of(schedule, schedules.runs_every_hour, pulse);
        schedules.either.iter().filter_map(latest).max()
    }

    /// The first time after `after` at which the expression falls due, before the year 2100.
    #[must_use]
    pub fn next_due(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let schedules = schedules(&self.expression).ok()?;
        let next = |schedule| self.next_due_of(schedule, schedules.runs_every_hour, after);
        schedules.either.iter().filter_map(next).min()
    }

    /// A moment, in the zone of the expression and in UTC.
    #[must_use]
    pub fn spelled(&self, moment: DateTime<Utc>) -> String {
        let in_utc = moment.to_rfc3339_opts(SecondsFormat::Secs, true);
        if self.time_zone == Tz::UTC {
            return in_utc;
        }
        let in_zone = moment.with_timezone(&self.time_zone).format("%Y-%m-%d %H:%M");
        format!("{in_zone} {} ({in_utc})", self.time_zone)
    }

    /// The expression and the zone, as people read them.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!("`{}` ({})", self.expression, self.time_zone)
    }

    fn latest_due_of(&self, schedule: &cron::Schedule, every_hour: bool, pulse: Pulse) -> Option<DateTime<Utc>> {
        let local = local_as_utc(pulse.until.with_timezone(&self.time_zone).naive_local() + LONGEST_JUMP);
        let oldest = pulse.since.with_timezone(&self.time_zone).naive_local() - LONGEST_JUMP;
        let mut latest: Option<(DateTime<Utc>, NaiveDateTime)> = None;
        // Local clocks jump, so neighbours in local time may swap in real time: look at all that could be the latest.
        for due in schedule.after(&local).rev().take(LOOK_LIMIT) {
            let due = due.naive_utc();
            let is_beaten = match latest {
                Some((_, best)) => due < best - LONGEST_JUMP,
                None => false,
            };
            if due < oldest || is_beaten {
                break;
            }
            for instant in self.instants(due, every_hour) {
                let is_within = pulse.since < instant && instant <= pulse.until;
                if is_within && latest.is_none_or(|(best, _)| instant > best) {
                    latest = Some((instant, due));
                }
            }
        }
        latest.map(|(instant, _)| instant)
    }

    fn next_due_of(&self, schedule: &cron::Schedule, every_hour: bool, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = local_as_utc(after.with_timezone(&self.time_zone).naive_local() - LONGEST_JUMP);
        let mut next: Option<(DateTime<Utc>, NaiveDateTime)> = None;
        // As above: neighbours in local time may swap in real time.
        for due in schedule.after(&local).take(LOOK_LIMIT) {
            let due = due.naive_utc();
            if let Some((_, best)) = next
                && due > best + LONGEST_JUMP
            {
                break;
            }
            for instant in self.instants(due, every_hour) {
                if instant > after && next.is_none_or(|(best, _)| instant < best) {
                    next = Some((instant, due));
                }
            }
        }
        next.map(|(instant, _)| instant)
    }

    fn instants(&self, local: NaiveDateTime, every_hour: bool) -> Vec<DateTime<Utc>> {
        match self.time_zone.from_local_datetime(&local) {
            LocalResult::Single(time) => vec![time.to_utc()],
            // What is due each hour keeps its distances: in both passes, and not at the end of a gap.
            LocalResult::Ambiguous(first, second) if every_hour => vec![first.to_utc(), second.to_utc()],
            LocalResult::Ambiguous(first, _) => vec![first.to_utc()],
            LocalResult::None if every_hour => Vec::new(),
            LocalResult::None => self.end_of_gap(local).into_iter().collect(),
        }
    }

    fn end_of_gap(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let start = local.date().and_time(chrono::NaiveTime::MIN).max(local - LONGEST_JUMP);
        let minutes = (local - start).num_minutes() + LONGEST_JUMP.num_minutes();
        let first_minute = (local - start).num_minutes();
        // Gaps begin and end at whole minutes.
        for minute in first_minute..minutes {
            let shown = self.time_zone.from_local_datetime(&(start + Duration::minutes(minute)));
            if let Some(time) = shown.earliest() {
                return Some(time.to_utc());
            }
        }
        None
    }
}

/// A [`Cron`] as items hold it.
#[derive(Serialize, Deserialize)]
struct StoredCron {
    expression: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
}

impl TryFrom<StoredCron> for Cron {
    type Error = Error;

    fn try_from(stored: StoredCron) -> Result<Self, Error> {
        Cron::parse(&stored.expression, stored.time_zone.as_deref())
    }
}

impl From<Cron> for StoredCron {
    fn from(cron: Cron) -> Self {
        let time_zone = (cron.time_zone != Tz::UTC).then(|| cron.time_zone.name().to_owned());
        StoredCron { expression: cron.expression, time_zone }
    }
}

/// A cron expression as the crate reads it.
struct Schedules {
    /// One schedule, or two if both days are restricted: crontab then means either, the crate means both.
    either: Vec<cron::Schedule>,
    runs_every_hour: bool,
}

fn schedules(expression: &str) -> Result<Schedules, ExpressionProblem> {
    if expression.len() > EXPRESSION_LIMIT_BYTES {
        return Err(ExpressionProblem::TooLong);
    }
    let fields: Vec<&str> = spelled_out(expression.trim()).split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return Err(ExpressionProblem::FieldCount { found: fields.len() });
    };
    // Joined to one text, fields of another form could be read as one or more others.
    if let Some(field) = fields.iter().find(|field| !is_field(field)) {
        return Err(ExpressionProblem::FieldForm { field: shortened(field) });
    }
    let Some(weekdays) = weekday_names(weekday) else {
        return Err(ExpressionProblem::Weekday { field: weekday.to_owned() });
    };
    let is_restricted = |field: &str| !field.starts_with('*') && field != "?";
    let pairs = if is_restricted(day) && is_restricted(weekday) {
        vec![(day, "*"), ("*", weekdays.as_str())]
    } else {
        vec![(day, weekdays.as_str())]
    };
    let mut either = Vec::new();
    for (day, weekday) in pairs {
        // The crate counts seconds, too.
        let spelled = format!("0 {minute} {hour} {day} {month} {weekday}");
        match cron::Schedule::from_str(&spelled) {
            Ok(schedule) => either.push(schedule),
            Err(_) => return Err(ExpressionProblem::FieldValue),
        }
    }
    let runs_every_hour = either.iter().all(|schedule| schedule.hours().count() == 24);
    Ok(Schedules { either, runs_every_hour })
}

/// A shortcut as five fields; everything else as it is.
fn spelled_out(expression: &str) -> &str {
    for (short, long) in SHORTCUTS {
        if short == expression {
            return long;
        }
    }
    expression
}

fn is_never_due(schedule: &cron::Schedule) -> bool {
    schedule.after(&DateTime::UNIX_EPOCH).next().is_none()
}

/// Whether a field has the form of crontab(5): `*`, `5`, `mon-fri`, `*/15`, `8-18/2`, or several of these with commas.
fn is_field(field: &str) -> bool {
    let is_value = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_range = |text: &str| match text.split_once('-') {
        Some((first, last)) => is_value(first) && is_value(last),
        None => text == "*" || is_value(text),
    };
    field == "?"
        || field.split(',').all(|part| match part.split_once('/') {
            Some((range, step)) => is_range(range) && is_value(step),
            None => is_range(part),
        })
}

/// Spells crontab's numbered days (0 and 7 are Sunday) as names: the `cron` crate counts from 1 for Sunday.
fn weekday_names(field: &str) -> Option<String> {
    if field == "*" || field == "?" {
        return Some("*".to_owned());
    }
    let mut names = Vec::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step: usize = step.parse().ok()?;
        if !(1..=7).contains(&step) {
            return None;
        }
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (0, 6),
            Some((first, last)) => (weekday_number(first)?, weekday_number(last)?),
            None if part.contains('/') => (weekday_number(range)?, 6),
            None => (weekday_number(range)?, weekday_number(range)?),
        };
        // `FRI-MON` goes over the week's end.
        let last = if last < first { last + 7 } else { last };
        for day in (first..=last).step_by(step) {
            names.push(DAYS[day % 7]);
        }
    }
    Some(names.join(","))
}

fn weekday_number(text: &str) -> Option<usize> {
    if let Ok(number) = text.parse::<usize>() {
        return (number <= 7).then_some(number);
    }
    let is_named = |day: &&str| text.eq_ignore_ascii_case(day) || text.eq_ignore_ascii_case(&day[..3]);
    DAYS.iter().position(is_named)
}

fn local_as_utc(local: NaiveDateTime) -> DateTime<Utc> {
    local.and_utc()
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests;
