//! Secrets of the deployment, by the names that definitions and settings use.

use engine::{ExecutorError, Work};
use store::services::Secret;

/// The secret of a name: of the environment, or read where the environment says. `asks` says who asks, for messages.
///
/// # Errors
/// There is none, or it cannot be read. The error names the secret and never its value.
pub(crate) async fn secret(work: &Work<'_>, asks: &str, name: &str) -> Result<Secret, ExecutorError> {
    let read = work.services().secret(name, work.now()).await.map_err(|error| unread(asks, name, error))?;
    let missing = || format!("{asks} asks for the secret `{name}`, which is not there (set SECRET_{name})");
    read.ok_or_else(|| ExecutorError::permanent(missing()))
}

fn unread(asks: &str, name: &str, error: store::Error) -> ExecutorError {
    let message = format!("{asks} asks for the secret `{name}`, which cannot be read");
    let is_retryable = error.is_retryable();
    let source: Option<Box<dyn std::error::Error + Send + Sync>> = Some(Box::new(error));
    if is_retryable {
        ExecutorError::Retryable { message, source }
    } else {
        ExecutorError::Permanent { message, source }
    }
}
