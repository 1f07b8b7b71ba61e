//! What a step has left for later ones.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::executor::ExecutorError;

/// Reads an output in the shape that the asking step expects.
pub(crate) fn read_output<T: DeserializeOwned>(step: &str, output: Value) -> Result<T, ExecutorError> {
    serde_json::from_value(output)
        .map_err(|error| ExecutorError::permanent(format!("the output of step `{step}` cannot be read: {error}")))
}
