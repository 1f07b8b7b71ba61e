//! Fuzz targets for every reader of outside bytes.
//!
//! A target hands bytes to a reader as the outside would, and asserts more than that it does not panic: what is accepted
//! is written and read back equal, what is refused names a place within the input, what runs twice does nothing twice.
//! `tests/fuzz/corpus/<target>/` keeps the inputs that each begins with, hostile ones and those that once broke
//! something included; `tests/fuzz/dictionaries/` the words that mutations are made of.
//!
//! `tests/short.rs` replays the kept inputs and some mutations in `make test`; `make fuzz` runs libFuzzer over the same
//! targets for as long as one likes.
//!
//! | reader | target |
//! |---|---|
//! | `pipeline::xml::read`, `pipeline::merge::load` of one file; `plan` on what it accepts | `definitions` |
//! | `pipeline::merge::load` of several files | `definition_files` |
//! | stored definitions (`Definition` from JSON), `plan` on them | `stored_definitions` |
//! | `engine::definitions` overlay of the bucket, in a beat | `overlays` |
//! | `import::csv` | `csv` |
//! | `import::entity::product`, rows and `Product::{create, apply}` | `products` |
//! | rows of every entity, for every operation | `entities` |
//! | what the first bytes of a file tell (`import::content`) | `contents` |
//! | files of the configuration of imports (`import::configuration`), and rows that are read with one | `configurations` |
//! | files that say which shop it is (`import::shop::ShopFile`) | `shops` |
//! | `import::{cell, number, date, url_key}`, category paths | `cells` |
//! | `import::file_name`, bunch ids, file keys | `file_names` |
//! | ok files, `import::bunch::resolve` | `bunches` |
//! | the drop area as a whole: beat, move, validate, import, report | `drops` |
//! | stored products (`catalog::Product::from_json`) | `stored_products` |
//! | `store::message` and the SQS event of `functions/runner` | `step_messages` |
//! | S3 events in the SQS event of `functions/intake`, percent-encoding of keys | `intake_events` |
//! | items of the table (`store::{pipelines, steps, added, leases, arrivals, settings, clean_up}`), read by beat and API | `items` |
//! | replies of DynamoDB, SQS and S3 (`store-aws`, attribute values included) | `replies` |
//! | API paths, queries, headers and bodies (`functions/admin`) | `api` |
//! | API Gateway events with claims and ARNs (`functions/admin`, roles) | `gateway_events` |
//! | `ROLE_BINDINGS`, `HTTP_ALLOWED_HOSTS`, `INVOKABLE_FUNCTIONS`, the other variables | `variables` |
//! | settings and their scopes | `settings` |
//! | cron expressions and time zones | `crons` |
//! | durations in words | `durations` |
//! | names, ids, statuses, cursors, parts of keys | `names` |
//! | arguments, checkpoints and outputs of steps (all executors that ship, but `shell`) | `executors` |
//! | answers of functions in other languages (`lambda_invoke`) | `answers` |
//! | addresses that `http_request` may call | `addresses` |
//! | responses of web servers (`http_request`): status, headers, body, a secret that comes back | `responses` |
//!
//! Not here: the command line, which is its user's own.

pub mod corpus;
pub mod fresh_engine;
pub mod input;
pub mod memory;
pub mod mutation;
mod targets;

/// A reader, and what must hold of it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of its folder in the corpus.
    pub name: &'static str,
    /// Reads bytes; panics if something does not hold.
    pub run: fn(&[u8]),
}

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    Target { name: "addresses", run: targets::executors::addresses },
    Target { name: "answers", run: targets::executors::answers },
    Target { name: "api", run: targets::api::requests },
    Target { name: "bunches", run: targets::drops::bunches },
    Target { name: "cells", run: targets::files::cells },
    Target { name: "configurations", run: targets::configurations::configurations },
    Target { name: "contents", run: targets::entities::contents },
    Target { name: "crons", run: targets::values::crons },
    Target { name: "csv", run: targets::files::csv },
    Target { name: "definition_files", run: targets::definitions::several },
    Target { name: "definitions", run: targets::definitions::one },
    Target { name: "drops", run: targets::drops::drops },
    Target { name: "durations", run: targets::values::durations },
    Target { name: "entities", run: targets::entities::rows_of_every_entity },
    Target { name: "executors", run: targets::executors::executors },
    Target { name: "file_names", run: targets::files::file_names },
    Target { name: "gateway_events", run: targets::api::gateway_events },
    Target { name: "intake_events", run: targets::events::intake },
    Target { name: "items", run: targets::items::items },
    Target { name: "names", run: targets::values::names },
    Target { name: "overlays", run: targets::definitions::overlays },
    Target { name: "products", run: targets::products::products },
    Target { name: "replies", run: targets::replies::replies },
    Target { name: "responses", run: targets::responses::responses },
    Target { name: "settings", run: targets::values::settings },
    Target { name: "shops", run: targets::entities::shops },
    Target { name: "step_messages", run: targets::events::step_messages },
    Target { name: "stored_definitions", run: targets::definitions::stored },
    Target { name: "stored_products", run: targets::products::stored },
    Target { name: "variables", run: targets::values::variables },
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
