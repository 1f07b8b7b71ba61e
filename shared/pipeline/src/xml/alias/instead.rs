//! What to use instead of a class of the original, or of somebody's own, that nothing here stands for.
//!
//! Of a class name the last part counts, then the one before (`…\AttemptsLimit\LimitFive`): add-ons have
//! namespaces of their own, and call their classes after those of the original. The first row whose word is part of it
//! holds.

use crate::xml::kind::ElementKind;

/// A word in small letters, and what is used instead of a class that has it in its name.
type Row = (&'static str, &'static str);

const EXECUTORS: &[Row] = &[
    (
        "index",
        "indexes belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work; \
         `reindex` is for what is listed here",
    ),
    (
        "cache",
        "caches belong to the system that has them: use `http_request`, `lambda_invoke` or `shell` to have it work, or an \
         executor that is registered as `drop_cache`",
    ),
    ("shell", "use `shell`"),
    ("archiveexecutor", "use `archive`, `compress` or `delete_files`"),
    ("compress", "use `compress`"),
    ("deletepipeline", "use `delete_pipelines`"),
    ("delete", "use `delete_files`"),
    ("movefile", "use `move_files`"),
    ("import", "use those whose names begin with `validate` and `import` (`systole executors` lists all executors)"),
    ("spawn", "use `spawn_pipeline`"),
    ("initial", "use `fetch_data`"),
    ("http", "use `http_request`"),
];

const OTHER_EXECUTORS: &str = "PHP does not run here: use `http_request`, `lambda_invoke` or `shell` to call it where it \
                               runs (`systole executors` lists all executors)";

const PIPELINE_CONDITIONS: &[Row] = &[
    (
        "hasimport",
        "use the one that finds sets of files that have arrived completely (`systole conditions` lists all conditions)",
    ),
    ("enabled", "use `pipeline_enabled`"),
    ("index", "use the one that asks for no indexing in progress (`systole conditions` lists all conditions)"),
    ("conflict", "use `no_conflicting_step` with the argument `steps`"),
    ("configurable", "use `configurable_cron_expression` with the argument `setting`"),
    ("cron", "use `cron_expression` with the argument `expression`"),
    ("autospawn", "use `no_auto_spawn`"),
    ("sibling", "use `no_sibling_in_progress`"),
    ("pause", "use `no_sibling_in_progress`, which a paused pipeline holds up as well"),
    ("website", "use `website_active` with the argument `websites`"),
    ("cleanup", "use `clean_up`"),
    ("named", NAMED_PIPELINES),
    ("depend", NAMED_PIPELINES),
];

const NAMED_PIPELINES: &str = "use `named_pipelines_have_status` with the arguments `pipelines` and `statuses`";

const STEP_CONDITIONS: &[Row] = &[
    ("attemptslimit", "use `attempts_limit` with the argument `limit`"),
    ("betweenattempts", "use `time_between_attempts` with the argument `wait`"),
    ("finished", "use `previous_steps_finished`"),
    ("previous", "use `previous_steps_completed`"),
    ("namedsteps", "use `depending_on_named_steps` with the argument `steps`"),
    ("named", NAMED_PIPELINES),
    ("indexstep", NOT_RUNNING),
    ("index", "use the one that asks for no indexing in progress (`systole conditions` lists all conditions)"),
    ("conflict", NOT_RUNNING),
    ("running", NOT_RUNNING),
    ("depend", "use `depending_on_named_steps` with the argument `steps`"),
];

const NOT_RUNNING: &str = "use `wait_for_step_is_not_running` with the argument `steps`";

const RECURRING_CONDITION: &str = "use `recurring` with the argument `limit`";

const OTHER_CONDITIONS: &str = "PHP does not run here: use a condition that there is, or have a program register one of \
                                its own (`systole conditions` lists all conditions)";

/// What to use instead of an executor of the original.
pub(crate) fn of_executor(class: &str) -> &'static str {
    row(EXECUTORS, class).unwrap_or(OTHER_EXECUTORS)
}

/// The same for those of our names that only a program can give a meaning to.
pub(crate) fn of_unregistered(name: &str) -> Option<&'static str> {
    if matches!(name, "index" | "drop_cache") { row(EXECUTORS, name) } else { None }
}

/// What to use instead of a condition of the original.
pub(super) fn of_condition(kind: ElementKind, class: &str) -> &'static str {
    let rows = match kind {
        ElementKind::PipelineCondition => PIPELINE_CONDITIONS,
        ElementKind::StepCondition => STEP_CONDITIONS,
        ElementKind::RecurringCondition => return RECURRING_CONDITION,
        ElementKind::Pipeline | ElementKind::StepDefaults | ElementKind::Step | ElementKind::Argument => &[],
    };
    row(rows, class).unwrap_or(OTHER_CONDITIONS)
}

fn row(rows: &[Row], class: &str) -> Option<&'static str> {
    let parts = class.rsplit('\\').take(2).map(str::to_ascii_lowercase);
    let mut instead = parts.filter_map(|part| rows.iter().find(|(word, _)| part.contains(word)));
    instead.next().map(|(_, instead)| *instead)
}
