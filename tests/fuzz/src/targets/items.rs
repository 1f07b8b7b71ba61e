//! Items of the table that somebody has written into.

use admin::Gate;
use axum::body::Body;
use axum::http::Request;
use engine::Context;
use pipeline::Arguments;
use pipeline::{Name, PipelineId};
use store::clean_up::EndedPlace;
use store::table::{Attributes, Change, Condition, Key, Listing, Write};
use tower::ServiceExt;

use crate::fresh_engine::{self, NOW, wait_for};
use crate::input::{Section, sections};

/// What the API is asked over these items.
const QUESTIONS: [&str; 11] = [
    "/health",
    "/pipelines",
    "/pipelines/{id}",
    "/pipelines/{id}/why-not-running",
    "/pipelines/{id}/steps/move_files",
    "/pipelines/{id}/steps/move_files/log",
    "/steps/active",
    "/definitions/catalog_import/why-not-running",
    "/settings",
    "/arrivals",
    "/audit",
];

/// Items, one a section: the mark names partition, sort key and, if it is listed, shard and rank, with spaces between;
/// below are its attributes as JSON. `{id}` is a pipeline that is there.
pub(crate) fn items(data: &[u8]) {
    let context = fresh_engine::context();
    wait_for(async {
        let invocation = fresh_engine::invocation("spawn");
        let id = operate::init(
            &context,
            "catalog_import",
            Arguments::new(),
            operate::Operator { name: "an input", invocation: &invocation },
        )
        .await;
        let id = id.expect("what ships can be spawned");
        for section in sections(data) {
            if let Some(write) = item(&section, &id) {
                let _ = context.store.table.write(write).await;
            }
        }
        read(&context, &id).await;
        ask(&context, &id).await;
        // An item that cannot be read may well end a beat; nothing may end the process.
        let _ = fresh_engine::beat_and_run(&context).await;
        let _ = operate::cancel(
            &context,
            &id,
            "enough",
            operate::Operator { name: "an input", invocation: &fresh_engine::invocation("cancel") },
        )
        .await;
        let _ = fresh_engine::beat_and_run(&context).await;
    });
}

fn item(section: &Section<'_>, id: &PipelineId) -> Option<Write> {
    let place = section.title().replace("{id}", id.as_str());
    let mut words = place.split(' ');
    let key = Key::new(words.next()?, words.next()?);
    let listing = match (words.next(), words.next()) {
        (Some(shard), Some(rank)) => Some(Listing { shard: shard.to_owned(), rank: rank.to_owned() }),
        _ => None,
    };
    let attributes: Attributes = serde_json::from_str(&section.text().replace("{id}", id.as_str())).ok()?;
    Some(Write { key, condition: Condition::Any, change: Change::Put { attributes, listing, expires_at: None } })
}

/// Reads everything that has a reader of its own; an error is as good as a value.
async fn read(context: &Context, id: &PipelineId) {
    let store = &context.store;
    let _ = store.settings().await;
    let _ = store.stored_settings().await;
    let _ = store.audit(10).await;
    let _ = steps::import::arrivals::all(store).await;
    let _ = store.last_beat().await;
    let _ = store.open_pipelines(100).await;
    let _ = store.ended_pipelines(100, 3, NOW).await;
    let _ = store.ended_since(&EndedPlace::beginning(NOW), NOW, 10).await;
    let _ = store.pipeline_with_steps(id).await;
    let _ = store.pipeline_without_steps(id).await;
    let _ = store.count_added_steps(id).await;
    for name in ["move_files", "validate", "catalog_import"] {
        let Ok(name) = name.parse::<Name>() else { continue };
        let _ = store.attempts(id, &name).await;
        let _ = store.latest_pipeline(&name).await;
        let _ = store.step_record(id, 10, &name).await;
    }
    let table = store.table.as_ref();
    let _ = catalog::own::all::<import::entity::product::Product>(table).await;
    let _ = catalog::own::categories(table).await;
}

async fn ask(context: &Context, id: &PipelineId) {
    let router = admin::router(context.clone(), Gate::Loopback);
    for question in QUESTIONS {
        let request = Request::get(question.replace("{id}", id.as_str())).header("host", "localhost");
        let request = request.body(Body::empty()).expect("the questions are well formed");
        match router.clone().oneshot(request).await {
            Ok(_) => {}
            Err(never) => match never {},
        }
    }
}
