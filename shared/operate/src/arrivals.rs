//! What people see of the drop area.

use engine::Context;
use steps::import::drop_area;

use crate::view::{self, ArrivalRow};

/// Lists the files of the drop area, and those that left it with a pipeline lately.
///
/// # Errors
/// The store did not answer.
pub async fn arrivals(context: &Context) -> store::Result<Vec<ArrivalRow>> {
    Ok(drop_area::list(&context.store).await?.iter().map(view::arrival).collect())
}
