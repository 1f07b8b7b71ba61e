//! Lambda function `intake`: notes the files that arrive in the drop area.
//!
//! A note is for people and for the next beat's log; nothing is decided from the event. What the bucket says of the file
//! is looked up, and a file that is gone by then is not noted.

use anyhow::Context as _;
use aws_lambda_events::event::sqs::SqsEvent;
use chrono::{DateTime, Utc};
use engine::{Context, Limits, Program};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use steps::import::DROP_PREFIX;
use steps::import::arrivals::{self, Arrival};
use store_aws::Config;

/// Serves the function with a program, as the environment says.
///
/// # Errors
/// The environment does not say what it must, or the runtime ends.
pub async fn serve(program: Program) -> Result<(), lambda_runtime::Error> {
    store_aws::logging::init();
    let store = store_aws::connect(&Config::from_env()?).await;
    let context = Context::new(store, program, Limits::default());
    lambda_runtime::run(service_fn(|event| handle(&context, event))).await
}

/// Notes every file that the S3 event in the message names. The trigger's batch size is 1.
///
/// # Errors
/// The message is no S3 event, so that it ends in the dead letters as evidence; or the store did not answer.
pub async fn handle(context: &Context, event: LambdaEvent<SqsEvent>) -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the handler hands its clock to the engine")]
    let now = Utc::now();
    for record in &event.payload.records {
        let message = record.message_id.as_deref().unwrap_or("without id");
        for key in keys(record.body.as_deref().unwrap_or_default()).with_context(|| format!("message {message}"))? {
            arrive(context, &key, now).await.with_context(|| format!("failed to note file `{key}`"))?;
        }
    }
    Ok(())
}

async fn arrive(context: &Context, key: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    // As the beat sees it: deeper files, and the empty ones that stand for folders, belong to somebody else.
    if key.strip_prefix(DROP_PREFIX).is_none_or(|name| name.is_empty() || name.contains('/')) {
        return Ok(());
    }
    let Some(file) = context.store.files.info(key).await? else {
        tracing::warn!("file `{key}` arrived and is gone");
        return Ok(());
    };
    let arrival = Arrival {
        key: file.key,
        size_bytes: file.size_bytes,
        fingerprint: file.fingerprint,
        seen_at: now,
        waits_for: None,
        pipeline: None,
    };
    let known = arrivals::of_file(&context.store, key).await?;
    if known.is_none_or(|known| known.fingerprint != arrival.fingerprint) {
        tracing::info!(size_bytes = arrival.size_bytes, "file `{key}` arrived");
        arrivals::record(&context.store, &arrival, now).await?;
    }
    Ok(())
}

/// The keys of the created objects in an S3 event. S3's test event, sent when the notification is set up, names none.
fn keys(body: &str) -> anyhow::Result<Vec<String>> {
    let event: Value = serde_json::from_str(body).context("the body is not JSON")?;
    if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Vec::new());
    }
    let records = event.get("Records").and_then(Value::as_array).context("the body is no S3 event: no `Records`")?;
    let key = |record: &Value| {
        let key = record.pointer("/s3/object/key").and_then(Value::as_str);
        key.map(decoded).context("an S3 record has no `s3.object.key`")
    };
    records.iter().map(key).collect()
}

/// S3 writes keys into events as in a form: `+` is a space, the rest is percent-encoded.
fn decoded(key: &str) -> String {
    let spaced = key.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded() {
        let body = r#"{"Records":[{"s3":{"object":{"key":"incoming/a+b%2Bc%C3%A4.csv"}}}]}"#;
        assert_eq!(keys(body).unwrap(), ["incoming/a b+cä.csv"]);
    }

    #[test]
    fn a_test_event_names_no_file() {
        assert!(keys(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#).unwrap().is_empty());
    }

    #[test]
    fn other_messages_are_refused() {
        assert!(keys("hello").unwrap_err().to_string().contains("not JSON"));
        assert!(keys("{}").unwrap_err().to_string().contains("no `Records`"));
        assert!(keys(r#"{"Records":[{}]}"#).unwrap_err().to_string().contains("s3.object.key"));
    }
}
