//! What an operator's program gets when something does not work: a status and a sentence.

use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
}

impl ApiError {
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::UNAUTHORIZED, message: message.into() }
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::FORBIDDEN, message: message.into() }
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::CONFLICT, message: message.into() }
    }

    pub(crate) fn wrong_method(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::METHOD_NOT_ALLOWED, message: message.into() }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        ApiError { status: StatusCode::NOT_FOUND, message: message.into() }
    }
}

/// What is wrong with a request before anybody looked at its meaning.
impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        ApiError { status: rejection.status(), message: format!("the query cannot be read: {}", cause(&rejection)) }
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        ApiError { status: rejection.status(), message: format!("the body cannot be read: {}", cause(&rejection)) }
    }
}

/// The innermost reason, in which the reader of the request says what it expected.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        // Details of the back end belong into the log, not into an answer.
        tracing::error!("request failed: {:#}", anyhow_chain(&error));
        let status =
            if error.is_retryable() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR };
        ApiError { status, message: "the store did not answer; the log has the reason".to_owned() }
    }
}

impl From<operate::Error> for ApiError {
    fn from(error: operate::Error) -> Self {
        let status = match &error {
            operate::Error::Store(_) => {
                let operate::Error::Store(error) = error else { unreachable!("matched above") };
                return error.into();
            }
            operate::Error::UnknownDefinition { .. }
            | operate::Error::UnknownPipeline(_)
            | operate::Error::NoneBegins(_)
            | operate::Error::UnknownEntity { .. }
            | operate::Error::UnknownProduct { .. }
            | operate::Error::DeletedProduct { .. }
            | operate::Error::UnknownImport { .. }
            | operate::Error::ImportInProgress { .. }
            | operate::Error::NoErrors { .. }
            | operate::Error::WhichErrors { .. }
            | operate::Error::CleanedUp { .. }
            | operate::Error::UnknownStep { .. } => StatusCode::NOT_FOUND,
            operate::Error::ArgumentKey { .. }
            | operate::Error::SeveralFilters
            | operate::Error::BadCursor { .. }
            | operate::Error::BadCategory { .. } => StatusCode::BAD_REQUEST,
            operate::Error::ArgumentsTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            operate::Error::BrokenDefinition { .. } | operate::Error::BrokenConfiguration(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            operate::Error::Ended { .. }
            | operate::Error::Stopping { .. }
            | operate::Error::Paused { .. }
            | operate::Error::NotPaused(_)
            | operate::Error::NothingFailed { .. }
            | operate::Error::StepActive { .. }
            | operate::Error::KeyReused { .. }
            | operate::Error::KeyOfOther { .. }
            | operate::Error::Ambiguous { .. }
            | operate::Error::Busy(_) => StatusCode::CONFLICT,
        };
        ApiError { status, message: error.to_string() }
    }
}

impl From<operate::settings::Error> for ApiError {
    fn from(error: operate::settings::Error) -> Self {
        use pipeline::settings::Error as Bad;
        match error {
            operate::settings::Error::Store(error) => error.into(),
            operate::settings::Error::Setting(error @ Bad::Unknown { .. }) => ApiError::not_found(error.to_string()),
            operate::settings::Error::Setting(error @ (Bad::Scope { .. } | Bad::Value { .. })) => {
                ApiError::bad_request(error.to_string())
            }
        }
    }
}

impl From<operate::shop::Error> for ApiError {
    fn from(error: operate::shop::Error) -> Self {
        use operate::shop::Error;
        match error {
            Error::Store(error) => error.into(),
            error @ Error::File(_) => ApiError::bad_request(error.to_string()),
            error @ Error::Used { .. } => ApiError::conflict(error.to_string()),
        }
    }
}

impl From<operate::orders::Error> for ApiError {
    fn from(error: operate::orders::Error) -> Self {
        use operate::orders::{Error, ResetError};
        match error {
            Error::Store(error) | Error::Reset(ResetError::Store(error)) => error.into(),
            error @ (Error::Unknown(_) | Error::Reset(ResetError::Unknown { .. })) => {
                ApiError::not_found(error.to_string())
            }
            error @ (Error::NoOrders(_) | Error::Month(_)) => ApiError::bad_request(error.to_string()),
            error @ (Error::Ambiguous { .. }
            | Error::Busy(_)
            | Error::Reset(ResetError::Illegal(_) | ResetError::MayBeReceived { .. } | ResetError::Busy(_))) => {
                ApiError::conflict(error.to_string())
            }
        }
    }
}

impl From<operate::import_configuration::Error> for ApiError {
    fn from(error: operate::import_configuration::Error) -> Self {
        use operate::import_configuration::Error;
        match error {
            Error::Store(error) => error.into(),
            Error::Definition(error) => error.into(),
            error @ Error::Unknown { .. } => ApiError::not_found(error.to_string()),
        }
    }
}

impl From<operate::upload::Error> for ApiError {
    fn from(error: operate::upload::Error) -> Self {
        use operate::upload::Error;
        match error {
            Error::Store(error) => error.into(),
            error @ Error::Size { .. } => {
                ApiError { status: StatusCode::PAYLOAD_TOO_LARGE, message: error.to_string() }
            }
            error @ Error::Unclaimed { .. } => {
                ApiError { status: StatusCode::UNPROCESSABLE_ENTITY, message: error.to_string() }
            }
            error @ (Error::Name { .. } | Error::BrokeOff { .. }) => ApiError::bad_request(error.to_string()),
        }
    }
}

fn anyhow_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}
