//! Whether a request is sent once more, and when. A pure decision.

use std::time::Duration;

use super::call::Repeat;
use super::error::{Arrival, Error, RefusalReason};
use super::settings::ShopLimits;

/// What a call has cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tries {
    /// How often it was sent.
    pub(crate) sent: u32,
    /// How long it waited in between.
    pub(crate) waited: Duration,
}

/// The first pause; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The first pause of a shop that says it is in maintenance: nobody ends that within a second.
const MAINTENANCE_PAUSE: Duration = Duration::from_secs(5);

/// Returns how long to wait before the next try; nothing if there shall be none.
pub(crate) fn pause(error: &Error, repeat: Repeat, tries: Tries, limits: &ShopLimits, random: u64) -> Option<Duration> {
    let is_possible = match may_repeat(error) {
        May::Always => true,
        May::IfHarmless => repeat == Repeat::Harmless,
        May::Once => repeat == Repeat::Harmless && tries.sent < 2,
        May::Never => false,
    };
    if !is_possible || tries.sent >= limits.tries {
        return None;
    }
    let asked = error.refusal().and_then(|refusal| refusal.retry_after);
    let is_maintenance = error.refusal().is_some_and(|refusal| refusal.reason == RefusalReason::Maintenance);
    let first = if is_maintenance { MAINTENANCE_PAUSE } else { FIRST_PAUSE };
    let pause = asked.unwrap_or_else(|| spread(first * 2_u32.pow(tries.sent.saturating_sub(1).min(10)), random));
    // What takes longer is the caller's to repeat, and a runner is not held for it.
    (tries.waited + pause <= limits.patience).then_some(pause)
}

/// When a failed request may be sent again.
enum May {
    /// The shop did nothing, for certain.
    Always,
    /// Nobody knows what the shop did.
    IfHarmless,
    /// It is unlikely to help.
    Once,
    /// It would fail again.
    Never,
}

fn may_repeat(error: &Error) -> May {
    match error {
        Error::Unanswered { source, .. } if !source.is_retryable() => May::Never,
        Error::Unanswered { arrival: Arrival::Never, .. } => May::Always,
        Error::Unanswered { arrival: Arrival::Perhaps, .. } => May::IfHarmless,
        Error::Refused { refusal, .. } => match &refusal.reason {
            RefusalReason::Busy | RefusalReason::LockConflict | RefusalReason::Maintenance => May::Always,
            RefusalReason::Gateway => May::IfHarmless,
            RefusalReason::Internal => May::Once,
            RefusalReason::Rights { .. }
            | RefusalReason::SignIn
            | RefusalReason::Signature
            | RefusalReason::NotThere
            | RefusalReason::NoRoute
            | RefusalReason::NoMeaning
            | RefusalReason::Invalid
            | RefusalReason::TooMany { .. }
            | RefusalReason::TooLarge
            | RefusalReason::Crash
            | RefusalReason::Moved
            | RefusalReason::Page => May::Never,
        },
        Error::Unreadable { .. } | Error::Misread { .. } | Error::Address(_) | Error::Unsendable(_) => May::Never,
    }
}

/// Somewhere in the second half of a pause, so that clients who failed together do not return together.
fn spread(pause: Duration, random: u64) -> Duration {
    let half = pause / 2;
    let part = u32::try_from(random % 1_000).unwrap_or(0);
    half + half * part / 1_000
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::super::call::CallName;
    use super::super::error::ShopRefusal;
    use super::*;

    fn refused(reason: RefusalReason, retry_after: Option<u64>) -> Error {
        let call = CallName { method: Method::POST, path: "/rest/all/V1/products".to_owned() };
        let retry_after = retry_after.map(Duration::from_secs);
        let refusal = ShopRefusal { status: 400, reason, sentence: String::new(), retry_after };
        Error::Refused { call, refusal: Box::new(refusal) }
    }

    fn lost() -> Error {
        let call = CallName { method: Method::POST, path: "/rest/all/V1/products".to_owned() };
        let source = http_client::Error::Late { request: "POST".to_owned(), limit: Duration::from_secs(5) };
        Error::Unanswered { call, arrival: Arrival::Perhaps, source }
    }

    fn paused(error: &Error, repeat: Repeat, sent: u32) -> Option<u128> {
        let tries = Tries { sent, waited: Duration::ZERO };
        pause(error, repeat, tries, &ShopLimits::default(), 0).map(|pause| pause.as_millis())
    }

    #[test]
    fn a_request_that_may_have_arrived_is_repeated_only_if_that_is_harmless() {
        assert_eq!(paused(&lost(), Repeat::Harmless, 1), Some(250));
        assert_eq!(paused(&lost(), Repeat::Harmful, 1), None);
        assert_eq!(paused(&refused(RefusalReason::Gateway, None), Repeat::Harmful, 1), None);
    }

    #[test]
    fn what_the_shop_rolled_back_or_did_not_begin_is_repeated_always() {
        for reason in [RefusalReason::LockConflict, RefusalReason::Busy] {
            assert_eq!(paused(&refused(reason, None), Repeat::Harmful, 1), Some(250));
        }
        assert_eq!(paused(&refused(RefusalReason::Maintenance, None), Repeat::Harmful, 1), Some(2_500));
        for reason in [RefusalReason::Invalid, RefusalReason::Crash, RefusalReason::Rights { right: None }] {
            assert_eq!(paused(&refused(reason, None), Repeat::Harmless, 1), None);
        }
    }

    #[test]
    fn the_pauses_grow_and_end() {
        let busy = refused(RefusalReason::Busy, None);
        let pauses: Vec<Option<u128>> = (1..=4).map(|sent| paused(&busy, Repeat::Harmful, sent)).collect();
        assert_eq!(pauses, [Some(250), Some(500), Some(1_000), None]);
        let internal = refused(RefusalReason::Internal, None);
        assert_eq!([1, 2].map(|sent| paused(&internal, Repeat::Harmless, sent)), [Some(250), None]);
    }

    #[test]
    fn a_shop_that_names_a_time_is_left_alone_so_long_or_left_to_the_caller() {
        assert_eq!(paused(&refused(RefusalReason::Busy, Some(7)), Repeat::Harmful, 1), Some(7_000));
        assert_eq!(paused(&refused(RefusalReason::Busy, Some(31)), Repeat::Harmful, 1), None);
    }

    #[test]
    fn clients_that_failed_together_do_not_return_together() {
        let pause = Duration::from_secs(8);
        assert_eq!([0, 500, 999].map(|random| spread(pause, random).as_millis()), [4_000, 6_000, 7_996]);
    }
}
