//! The table of docs/PIPELINES.md, a second time and slowly: every minute of ten years is looked at.
//!
//! Nothing here uses the crate `cron` or the code beside it; only the offsets of the zones come from the same place.

use chrono::{DateTime, Datelike, Duration, NaiveDateTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::super::Cron;

/// No clock in these years jumps but at a quarter of an hour, and every offset is a multiple of one.
const QUARTER: Duration = Duration::minutes(15);

const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// What an expression allows, a bit for each value.
struct Allowed {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether a day must fit both fields, since one of them begins with `*`.
    is_both: bool,
}

impl Allowed {
    fn read(expression: &str) -> Self {
        let fields: Vec<&str> = expression.split(' ').collect();
        let [minute, hour, day, month, weekday] = fields[..] else { panic!("`{expression}` has not five fields") };
        let weekdays = bits(weekday, 0, 7, &DAYS);
        Allowed {
            minutes: bits(minute, 0, 59, &[]),
            hours: bits(hour, 0, 23, &[]),
            days: bits(day, 1, 31, &[]),
            months: bits(month, 1, 12, &MONTHS),
            // 7 is Sunday too, and a range over the week's end counts on from there.
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            is_both: day.starts_with(['*', '?']) || weekday.starts_with(['*', '?']),
        }
    }

    fn is_every_hour(&self) -> bool {
        self.hours == (1 << 24) - 1
    }

    fn has_hour(&self, local: NaiveDateTime) -> bool {
        let has = |bits: u64, value: u32| bits >> value & 1 == 1;
        let day = has(self.days, local.day());
        let weekday = has(self.weekdays, local.weekday().num_days_from_sunday());
        let is_day = if self.is_both { day && weekday } else { day || weekday };
        is_day && has(self.months, local.month()) && has(self.hours, local.hour())
    }

    fn has(&self, local: NaiveDateTime) -> bool {
        self.has_hour(local) && self.minutes >> local.minute() & 1 == 1
    }
}

fn bits(field: &str, first: u32, last: u32, names: &[&str]) -> u64 {
    let value = |text: &str| {
        let named = names.iter().position(|name| text.to_lowercase().starts_with(name));
        named.map_or_else(|| text.parse().unwrap(), |at| u32::try_from(at).unwrap() + first)
    };
    let mut found = 0;
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap()));
        let (from, to) = match range.split_once('-') {
            // A week has no eighth day: `*` and `0/2` end with Saturday.
            _ if matches!(range, "*" | "?") => (first, if last == 7 { 6 } else { last }),
            Some((from, to)) => (value(from), value(to)),
            None if part.contains('/') => (value(range), if last == 7 { 6 } else { last }),
            None => (value(range), value(range)),
        };
        let to = if to < from { to + 7 } else { to };
        for allowed in (from..=to).step_by(step) {
            found |= 1 << allowed;
        }
    }
    found
}

/// Every moment in `(since, until]` at which the expression is due. Both are full quarters of an hour.
pub(super) fn due(expression: &str, zone: Tz, since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let allowed = Allowed::read(expression);
    let mut found = Vec::new();
    // A day earlier, so that a change of the clocks just before the span is seen.
    let mut start = since - Duration::days(1);
    let mut shown_until = local(zone, start);
    while start <= until {
        let shown = local(zone, start);
        if !allowed.is_every_hour() && minutes(shown_until, shown).any(|skipped| allowed.has(skipped)) {
            found.push(start);
        }
        // The clocks go back: what they have shown before is not due again.
        let is_repeated = shown < shown_until && !allowed.is_every_hour();
        if allowed.has_hour(shown) && !is_repeated {
            let due = minutes(shown, shown + QUARTER).filter(|minute| allowed.has(*minute));
            found.extend(due.map(|minute| start + (minute - shown)));
        }
        shown_until = shown_until.max(shown + QUARTER);
        start += QUARTER;
    }
    found.dedup();
    found.retain(|moment| since < *moment && *moment <= until);
    found
}

fn local(zone: Tz, moment: DateTime<Utc>) -> NaiveDateTime {
    moment.with_timezone(&zone).naive_local()
}

fn minutes(since: NaiveDateTime, until: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
    let count = (until - since).num_minutes().max(0);
    (0..count).map(move |minute| since + Duration::minutes(minute))
}

/// The moments at which the clocks of a zone jump.
pub(super) fn jumps(zone: Tz, since: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let offset = |moment: DateTime<Utc>| zone.offset_from_utc_datetime(&moment.naive_utc()).fix();
    let mut found = Vec::new();
    let mut moment = since;
    while moment < until {
        if offset(moment) != offset(moment + QUARTER) {
            found.push(moment + QUARTER);
        }
        moment += QUARTER;
    }
    found
}

/// What the code says, for comparison.
pub(super) fn said(cron: &Cron, since: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    let next = move |after: &DateTime<Utc>| cron.next_due(*after).filter(|due| *due <= until);
    std::iter::successors(next(&since), next)
}
