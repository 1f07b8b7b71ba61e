//! Calls for one thing that answer at once.

use serde_json::Value;

use crate::client::{Error, ShopCall, ShopClient};

/// What a shop says to a call for one thing: its answer, or why it does not take what was sent.
pub(super) type Said = Result<Value, String>;

/// Makes a call for one thing.
pub(super) async fn say(client: &ShopClient, call: &ShopCall) -> Result<Said, Error> {
    match client.call(call).await {
        Ok(answer) => Ok(Ok(answer)),
        Err(error) => match error.refusal() {
            Some(refusal) if !error.is_retryable() && refusal.is_about_what_was_sent() => {
                Ok(Err(refusal.sentence.clone()))
            }
            _ => Err(error),
        },
    }
}

/// Takes something away; says whether it was there.
pub(super) async fn take_away(client: &ShopClient, call: &ShopCall) -> Result<Result<bool, String>, Error> {
    match client.call(call).await {
        Ok(_) => Ok(Ok(true)),
        Err(error) if error.is_not_there() => Ok(Ok(false)),
        Err(error) => match error.refusal() {
            Some(refusal) if !error.is_retryable() && refusal.is_about_what_was_sent() => {
                Ok(Err(refusal.sentence.clone()))
            }
            _ => Err(error),
        },
    }
}
