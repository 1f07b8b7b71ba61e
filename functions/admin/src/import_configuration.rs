//! What imports are done with.

use axum::Json;
use axum::extract::{Query, State};
use engine::Context;
use operate::import_configuration::{ConfigurationView, ImportAsked, import_configuration};

use crate::answer::Parameters;
use crate::error::ApiError;

pub(crate) async fn configuration(
    State(context): State<Context>,
    asked: Parameters<ImportAsked>,
) -> Result<Json<ConfigurationView>, ApiError> {
    let Query(asked) = asked?;
    Ok(Json(import_configuration(&context, &asked).await?))
}
