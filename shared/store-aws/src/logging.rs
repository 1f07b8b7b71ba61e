//! The log of a process that calls AWS: what an operator asks for, without what libraries would tell of requests.
//!
//! At its lower levels the SDK tells of the credentials that it has found and of the requests that it signs, and the
//! runtime of Lambda of the events that come in, with the tokens of their senders. Logs are read by more people than
//! may have these.
//!
//! **Invariant:** no filter that an operator can set makes a library say more than [`LIMITS`] allow it.

use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets};
use tracing_subscriber::layer::{Filter, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt;

/// What libraries may say at the most, by how the names of their modules begin.
pub const LIMITS: [(&str, LevelFilter); 5] = [
    // At `INFO` it shows an access key with where it comes from, at `TRACE` whole requests.
    ("aws_", LevelFilter::WARN),
    // The connections that requests go through; at `TRACE` what passes there may be shown.
    ("h2", LevelFilter::DEBUG),
    ("hyper", LevelFilter::DEBUG),
    ("rustls", LevelFilter::DEBUG),
    // `lambda_runtime` and `lambda_http`: at `TRACE` an event that cannot be read is shown as it is.
    ("lambda_", LevelFilter::DEBUG),
];

/// Sets up the log of a function on standard output, as its log level and format at Lambda say.
///
/// `RUST_LOG` may say something else about single modules.
///
/// # Panics
/// If the process has a log already.
#[expect(clippy::disallowed_methods, reason = "the variables of Lambda's own logging controls")]
pub fn init() {
    let variable = |name| std::env::var(name).ok();
    let filter = filter(wanted(variable));
    // CloudWatch notes the time of each line.
    let lines = tracing_subscriber::fmt::layer().with_target(false).without_time();
    let lines: Box<dyn Layer<Registry> + Send + Sync> =
        if variable("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json")) {
            lines.json().with_filter(filter).boxed()
        } else {
            lines.with_filter(filter).boxed()
        };
    tracing_subscriber::registry().with(lines).init();
}

/// Lets through what is wanted, but of libraries no more than [`LIMITS`] allow.
pub fn filter<S: 'static>(wanted: Targets) -> impl Filter<S> + Send + Sync + 'static {
    wanted.and(Targets::new().with_default(LevelFilter::TRACE).with_targets(LIMITS))
}

/// What an operator wants to see of a function, by its variables; `INFO` if they do not say.
fn wanted(variable: impl Fn(&'static str) -> Option<String>) -> Targets {
    let modules = variable("RUST_LOG").unwrap_or_default();
    let level = variable("AWS_LAMBDA_LOG_LEVEL").and_then(|text| level_of_lambda(&text));
    // Of two levels for all modules the later one counts.
    readable(&match level {
        Some(level) => format!("{modules},{level}"),
        None => format!("info,{modules}"),
    })
}

/// A level as Lambda names it; it knows one more than we do.
fn level_of_lambda(text: &str) -> Option<LevelFilter> {
    match text.parse() {
        Ok(level) => Some(level),
        Err(_) if text.eq_ignore_ascii_case("FATAL") => Some(LevelFilter::ERROR),
        Err(_) => None,
    }
}

/// What can be read of a text as `module=level,level`: a program logs even if somebody has mistyped how.
#[must_use]
pub fn readable(text: &str) -> Targets {
    let mut all = Targets::new();
    for part in text.split(',').map(str::trim) {
        // An empty text would be read as the level `error` of all modules.
        if part.is_empty() {
            continue;
        }
        let Ok(targets) = part.parse::<Targets>() else { continue };
        all = match targets.default_level() {
            Some(level) => all.with_default(level),
            None => all.with_targets(targets),
        };
    }
    all
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    /// What has been written.
    #[derive(Clone, Default)]
    struct WrittenLines(Arc<Mutex<Vec<u8>>>);

    impl Write for WrittenLines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is written of one event of each level of each of some modules.
    fn written(wanted: Targets) -> Vec<String> {
        let written = WrittenLines::default();
        let writer = written.clone();
        let lines = tracing_subscriber::fmt::layer().without_time().with_ansi(false);
        let lines = lines.with_writer(move || writer.clone()).with_filter(filter(wanted));
        with_default(tracing_subscriber::registry().with(lines), || {
            macro_rules! say {
                ($($module:literal)*) => {$(
                    tracing::trace!(target: $module, "said");
                    tracing::debug!(target: $module, "said");
                    tracing::info!(target: $module, "said");
                    tracing::warn!(target: $module, "said");
                )*};
            }
            say!("aws_sigv4::http_request::sign" "hyper_util::client" "lambda_runtime::layers" "engine::runner" "ours");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.trim().trim_end_matches(": said").to_owned()).collect()
    }

    #[test]
    fn the_noisiest_filter_makes_no_library_tell_of_requests() {
        let all = [
            "WARN aws_sigv4::http_request::sign",
            "DEBUG hyper_util::client",
            "INFO hyper_util::client",
            "WARN hyper_util::client",
            "DEBUG lambda_runtime::layers",
            "INFO lambda_runtime::layers",
            "WARN lambda_runtime::layers",
            "TRACE engine::runner",
            "DEBUG engine::runner",
            "INFO engine::runner",
            "WARN engine::runner",
            "TRACE ours",
            "DEBUG ours",
            "INFO ours",
            "WARN ours",
        ];
        for wanted in ["trace", "trace,aws_sigv4::http_request=trace", "trace,aws_sigv4=trace,[span]=no,,x=y=z"] {
            assert_eq!(written(readable(wanted)), all, "{wanted}");
        }
    }

    #[test]
    fn what_is_not_wanted_is_not_written() {
        assert_eq!(written(readable("off")), Vec::<String>::new());
        let some = ["WARN aws_sigv4::http_request::sign", "INFO engine::runner", "WARN engine::runner"];
        assert_eq!(written(readable("aws_sigv4=info,engine=info")), some);
    }

    /// What a function writes with these variables.
    fn of_function(variables: &[(&str, &str)]) -> Vec<String> {
        let variable = |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        written(wanted(variable))
            .into_iter()
            .filter(|line| line.ends_with("engine::runner") || line.ends_with("ours"))
            .collect()
    }

    #[test]
    fn a_function_logs_at_the_level_that_lambda_is_told() {
        let info = ["INFO engine::runner", "WARN engine::runner", "INFO ours", "WARN ours"];
        let warn = ["WARN engine::runner", "WARN ours"];
        assert_eq!(of_function(&[]), info);
        assert_eq!(of_function(&[("AWS_LAMBDA_LOG_LEVEL", "nonsense")]), info);
        assert_eq!(of_function(&[("AWS_LAMBDA_LOG_LEVEL", "WARN")]), warn);
        assert_eq!(of_function(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")]), Vec::<String>::new());
        assert_eq!(of_function(&[("RUST_LOG", "warn")]), warn);
        assert_eq!(of_function(&[("AWS_LAMBDA_LOG_LEVEL", "WARN"), ("RUST_LOG", "trace")]), warn);
        let more = of_function(&[("RUST_LOG", "engine=warn")]);
        assert_eq!(more, ["WARN engine::runner", "INFO ours", "WARN ours"]);
        let more = of_function(&[("AWS_LAMBDA_LOG_LEVEL", "WARN"), ("RUST_LOG", "ours=info")]);
        assert_eq!(more, ["WARN engine::runner", "INFO ours", "WARN ours"]);
    }
}
