//! Which rows are left out because they are older than what is stored.

use catalog::own::AgeBy;
use engine::accepts::{Argument, OneOf, Presence};
use engine::{ExecutorError, Work};
use pipeline::settings::Scope;

pub(super) const SKIP_OLDER: Argument<OneOf> = Argument {
    name: "skip_older",
    kind: OneOf(&["no", "updated_at", "file_time"]),
    presence: Presence::Optional,
    meaning: "leaves out rows that are older than what is stored, and says so: by their column `updated_at`, or by the time in \
              the name of their file, such as `20260801-120000`, and of the file that changed the thing last; without it \
              the setting `import.skip_older` counts",
};

/// What the argument says, or else the setting.
pub(super) async fn age_by(work: &Work<'_>) -> Result<AgeBy, ExecutorError> {
    let told = work.optional_argument(&SKIP_OLDER)?;
    let settings = work.settings().await?;
    let scope = Scope::Pipeline(work.pipeline.name().clone());
    Ok(match told.unwrap_or_else(|| settings.text("import.skip_older", &scope)) {
        "updated_at" => AgeBy::UpdatedAt,
        "file_time" => AgeBy::FileTime,
        _ => AgeBy::Nothing,
    })
}
