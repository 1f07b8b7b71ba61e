//! What follows from a status that does not count as success: wait, try again, or give up.

use std::time::Duration;

use chrono::{DateTime, Utc};
use engine::{ExecutorError, Outcome, Work};
use http::StatusCode;
use http::header::{DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use serde_json::json;

use super::{Deferral, without_query};

/// Statuses of the 4xx class that say nothing about the request itself: timeout, too early, too many requests.
const PASSING: [StatusCode; 3] = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];

/// Statuses of a server that is busy: it is waited for, also if it does not say how long.
const BUSY: [StatusCode; 2] = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];

/// Longest wait that a server may ask for without using up an attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How often a server may ask one attempt to wait.
const MOST_DEFERRALS: u32 = 20;

/// The first wait for a busy server that does not say how long; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(10);

/// Longest of these waits.
const LONGEST_UNASKED_WAIT: Duration = Duration::from_secs(300);

/// How often a busy server that does not say how long is waited for: about twenty minutes in all.
const MOST_UNASKED: u32 = 8;

/// What a server says of the time after which to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RetryAfter {
    Wait(Duration),
    /// It says something else than a number of seconds or a date.
    Unreadable,
    Unsaid,
}

/// A status as people know it: `status 404 Not Found`.
pub(super) fn named(status: StatusCode) -> String {
    let reason = status.canonical_reason().map_or(String::new(), |reason| format!(" {reason}"));
    format!("status {}{reason}", status.as_u16())
}

/// What follows from a status that does not count as success.
pub(super) fn unexpected(
    work: &mut Work<'_>,
    request: &str,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Outcome, ExecutorError> {
    let named = named(status);
    if !status.is_server_error() && !PASSING.contains(&status) {
        return Err(ExecutorError::permanent(format!("{request}: {named}{}", hint(status, headers))));
    }
    // The checkpoint is the number of deferrals that this attempt has had.
    let deferrals = Deferral::of(work)?.and_then(|deferral| deferral.checkpoint().as_u64()).unwrap_or(0);
    let deferrals = u32::try_from(deferrals).unwrap_or(MOST_DEFERRALS);
    let (wait, most) = match retry_after(headers, work.now()) {
        RetryAfter::Wait(asked) if asked > LONGEST_WAIT => {
            let (asked, longest) = (asked.as_secs(), LONGEST_WAIT.as_secs());
            let message = format!("{request}: {named} for {asked} s, and {longest} s at most are waited");
            return Err(ExecutorError::retryable(message));
        }
        RetryAfter::Wait(asked) => (asked, MOST_DEFERRALS),
        RetryAfter::Unreadable | RetryAfter::Unsaid if BUSY.contains(&status) => (unasked(deferrals), MOST_UNASKED),
        RetryAfter::Unreadable | RetryAfter::Unsaid => {
            return Err(ExecutorError::retryable(format!("{request}: {named}")));
        }
    };
    if deferrals >= most {
        return Err(ExecutorError::retryable(format!("{request}: {named}, also after {deferrals} waits")));
    }
    work.warn(&format!("{named}: waits {} s, for the {}. of {most} times", wait.as_secs(), deferrals + 1));
    Ok(Deferral::begin(work, json!(deferrals + 1), wait))
}

/// What a person can do about a status, where it is known.
fn hint(status: StatusCode, headers: &HeaderMap) -> String {
    let text = match status {
        StatusCode::NOT_MODIFIED => {
            "nothing has changed since what its headers name; `304` in `expect` makes that success"
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "the server does not let it in; look at the secret in its headers"
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => "there is nothing at this address",
        StatusCode::METHOD_NOT_ALLOWED => "the server takes another method there",
        StatusCode::PAYLOAD_TOO_LARGE => "the server takes no body of this size",
        _ if status.is_redirection() => {
            let target = headers.get(LOCATION).and_then(|target| target.to_str().ok()).map(without_query);
            let leads = target.map_or_else(String::new, |target| format!(" leads to `{target}`;"));
            return format!("{leads} redirects are not followed");
        }
        _ => return String::new(),
    };
    format!(": {text}")
}

/// The wait that the server asks for, by seconds or by a date. What it calls now counts as now, for its clock may be
/// another one.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> RetryAfter {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let Some(said) = text(RETRY_AFTER) else { return RetryAfter::Unsaid };
    if !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than can be counted are too many.
        return RetryAfter::Wait(Duration::from_secs(said.parse().unwrap_or(u64::MAX)));
    }
    let Some(until) = date(said) else { return RetryAfter::Unreadable };
    let now = text(DATE).and_then(date).unwrap_or(now);
    RetryAfter::Wait((until - now).to_std().unwrap_or_default())
}

/// A date in one of the three forms of RFC 9110.
fn date(text: &str) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(text).ok().map(DateTime::from)
}

fn unasked(deferrals: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(deferrals)).min(LONGEST_UNASKED_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(headers: &[(HeaderName, &str)]) -> RetryAfter {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        retry_after(&headers, "2026-08-01T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_wait_is_said_in_seconds_or_by_a_date() {
        let wait = |seconds| RetryAfter::Wait(Duration::from_secs(seconds));
        for (text, expected) in [
            ("120", wait(120)),
            ("0", wait(0)),
            ("99999999999999999999", wait(u64::MAX)),
            ("Sat, 01 Aug 2026 12:10:00 GMT", wait(600)),
            ("Saturday, 01-Aug-26 12:10:00 GMT", wait(600)),
            ("Sat Aug  1 12:10:00 2026", wait(600)),
            ("Sat, 01 Aug 2026 11:00:00 GMT", wait(0)),
            ("soon", RetryAfter::Unreadable),
            ("1.5", RetryAfter::Unreadable),
            ("-1", RetryAfter::Unreadable),
            ("", RetryAfter::Unreadable),
        ] {
            assert_eq!(said(&[(RETRY_AFTER, text)]), expected, "{text}");
        }
        assert_eq!(said(&[]), RetryAfter::Unsaid);
    }

    #[test]
    fn a_date_is_meant_by_the_clock_of_the_server() {
        let retry = (RETRY_AFTER, "Sat, 01 Aug 2026 15:00:30 GMT");
        let date = (DATE, "Sat, 01 Aug 2026 15:00:00 GMT");
        assert_eq!(said(&[retry, date]), RetryAfter::Wait(Duration::from_secs(30)));
    }

    #[test]
    fn a_busy_server_is_waited_for_longer_and_longer() {
        let waits: Vec<u64> = (0..MOST_UNASKED).map(|deferrals| unasked(deferrals).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(unasked(u32::MAX), LONGEST_UNASKED_WAIT);
    }
}
