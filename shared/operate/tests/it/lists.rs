//! Lists of pipelines: what is in them, page by page.

use chrono::{DateTime, Utc};
use pipeline::Arguments;
use pipeline::PipelineStatus;
use serde_json::json;
use store::clean_up::EndedPlace;
use store::table::{Attributes, Change, Condition, Key, Listing, Write};

use operate::PipelineFilter;
use workshop::{Workshop, xml};

/// The names of all pages of a list, a page behind each bar.
async fn pages(workshop: &Workshop, filter: &PipelineFilter) -> String {
    let (mut pages, mut filter) = (Vec::new(), filter.clone());
    let wait = patience::wait("the list has a last page");
    loop {
        wait.go_on();
        let page = operate::list(&workshop.context, &filter, workshop.now()).await.unwrap();
        let name = |row: &operate::ListedPipeline| match &row.pipeline {
            Ok(pipeline) => pipeline.spawned_by.clone(),
            Err(unreadable) => format!("? {}", unreadable.problem),
        };
        pages.push(page.rows.iter().map(name).collect::<Vec<_>>().join(" "));
        let Some(next) = page.next else { return pages.join(" | ") };
        filter.after = Some(next.to_string().parse().unwrap());
    }
}

/// Spawns a pipeline by somebody, and runs it if it is `done`.
async fn one(workshop: &Workshop, name: &str, by: &str, argument: &str) -> pipeline::PipelineId {
    let arguments: Arguments = [("file".to_owned(), argument.to_owned())].into();
    let id = operate::init(
        &workshop.context,
        name,
        arguments,
        operate::Operator { name: by, invocation: &workshop.invocation() },
    )
    .await
    .unwrap();
    if name == "done" {
        workshop.run_all().await;
    }
    workshop.wait(1);
    id
}

/// Pipelines a to f, of which b, d and f have ended.
async fn six() -> Workshop {
    let open = xml("open", "", "no_auto_spawn", "10: fails-a limit=2 pause=100000");
    let workshop = Workshop::with(&[open, xml("done", "", "no_auto_spawn", "10: done-a")]);
    for (name, by) in [("open", "a"), ("done", "b"), ("open", "c"), ("done", "d"), ("open", "e"), ("done", "f")] {
        one(&workshop, name, by, &format!("{by}.csv")).await;
    }
    workshop
}

#[tokio::test]
async fn pages_join_without_a_gap_whatever_their_size() {
    let workshop = six().await;
    for (limit, expected) in [
        (10, "e c a f d b"),
        (1, "e | c | a | f | d | b | "),
        (2, "e c | a f | d b | "),
        (4, "e c a f | d b"),
        (6, "e c a f d b | "),
    ] {
        assert_eq!(pages(&workshop, &PipelineFilter { limit, ..PipelineFilter::default() }).await, expected);
    }
}

#[tokio::test]
async fn what_is_spawned_between_two_pages_does_not_shift_them() {
    let workshop = six().await;
    let filter = PipelineFilter { limit: 2, ..PipelineFilter::default() };
    let first = operate::list(&workshop.context, &filter, workshop.now()).await.unwrap();
    one(&workshop, "open", "g", "").await;
    one(&workshop, "done", "h", "").await;
    let rest = PipelineFilter { after: first.next, limit: 10, ..PipelineFilter::default() };
    assert_eq!(pages(&workshop, &rest).await, "a h f d b");
}

#[tokio::test]
async fn pages_go_on_in_the_months_before() {
    let workshop = six().await;
    workshop.wait(70 * 24 * 60);
    one(&workshop, "done", "later", "").await;
    assert_eq!(
        pages(&workshop, &PipelineFilter { limit: 4, ..PipelineFilter::default() }).await,
        "e c a later | f d b"
    );
    assert_eq!(
        pages(&workshop, &PipelineFilter { limit: 1, name: Some("done".into()), ..PipelineFilter::default() }).await,
        "later | f | d | b | "
    );
}

#[tokio::test]
async fn a_list_is_narrowed_by_status_text_and_time() {
    let workshop = six().await;
    let at = |text: &str| Some(text.parse().unwrap());
    let with = |filter: PipelineFilter| PipelineFilter { limit: 10, ..filter };
    for (filter, expected) in [
        (PipelineFilter { statuses: vec![PipelineStatus::Success], ..PipelineFilter::default() }, "f d b"),
        (
            PipelineFilter {
                statuses: vec![PipelineStatus::Running, PipelineStatus::Success],
                ..PipelineFilter::default()
            },
            "e c a f d b",
        ),
        (PipelineFilter { statuses: vec![PipelineStatus::Error], ..PipelineFilter::default() }, ""),
        (PipelineFilter { search: Some("C.CSV".into()), ..PipelineFilter::default() }, "c"),
        (PipelineFilter { search: Some("done".into()), ..PipelineFilter::default() }, "f d b"),
        (PipelineFilter { spawned_after: at("2026-08-01T12:04:00Z"), ..PipelineFilter::default() }, "e f"),
        (PipelineFilter { spawned_before: at("2026-08-01T12:02:00Z"), ..PipelineFilter::default() }, "a b"),
        (
            PipelineFilter {
                name: Some("open".into()),
                spawned_after: at("2026-08-01T12:01:00Z"),
                ..PipelineFilter::default()
            },
            "e c",
        ),
    ] {
        assert_eq!(pages(&workshop, &with(filter.clone())).await, expected, "{filter:?}");
    }
    let id = one(&workshop, "open", "g", "").await;
    let search = Some(id.as_str()[..14].to_owned());
    assert_eq!(pages(&workshop, &with(PipelineFilter { search, ..PipelineFilter::default() })).await, "g");
}

#[tokio::test]
async fn a_pipeline_that_cannot_be_read_is_a_row_that_says_so() {
    let workshop = six().await;
    let bad = one(&workshop, "open", "g", "").await;
    workshop.spoil(&bad).await;
    let shown = pages(&workshop, &PipelineFilter { limit: 10, ..PipelineFilter::default() }).await;
    assert!(shown.starts_with("? ") && shown.ends_with(" e c a f d b"), "{shown}");
    assert!(shown.contains("expected a pipeline status"), "{shown}");
    let filter = PipelineFilter { limit: 10, name: Some("done".into()), ..PipelineFilter::default() };
    assert_eq!(pages(&workshop, &filter).await, "f d b", "its name is known from the listing");
}

#[tokio::test]
async fn an_entry_that_is_listed_in_another_month_than_its_own_does_not_lead_a_list_or_the_clean_up_in_circles() {
    let workshop = six().await;
    for (month, place) in [("2026-07", "1785585677000/01jd9x4k7m3fq8zt0v2c"), ("2026-06", "+1780000000000/x")] {
        let listing = Some(Listing { shard: format!("ended/{month}"), rank: place.to_owned() });
        let change = Change::Put { attributes: Attributes::new(), listing, expires_at: None };
        let key = Key::new("pipeline/01jd9x4k7m3fq8zt0v2c", format!("meta-{month}"));
        let write = Write { key, condition: Condition::Any, change };
        workshop.store().table.write(write).await.unwrap();
    }
    let page =
        operate::list(&workshop.context, &PipelineFilter { limit: 50, ..PipelineFilter::default() }, workshop.now())
            .await
            .unwrap();
    assert_eq!((page.rows.len(), page.next), (6, None));
    let mut place = EndedPlace::beginning(workshop.now());
    let mut found = 0;
    for _ in 0..10 {
        let page = workshop.store().ended_since(&place, workshop.now(), 1).await.unwrap();
        found += page.pipelines.len();
        let Some(next) = page.next else { break };
        place = next;
    }
    assert_eq!(found, 3);
}

#[tokio::test]
async fn a_list_from_the_beginning_of_time_looks_at_the_months_of_this_century_only() {
    let workshop = six().await;
    let far = "9999-12-31T23:59:59Z".parse().ok();
    let filter = PipelineFilter {
        spawned_after: Some(DateTime::<Utc>::MIN_UTC),
        spawned_before: far,
        limit: 50,
        ..PipelineFilter::default()
    };
    assert_eq!(operate::list(&workshop.context, &filter, workshop.now()).await.unwrap().rows.len(), 6);
    let after = "e999999999999901jd9x4k7m3fq8zt0v2c".parse().ok();
    let ended = operate::list(&workshop.context, &PipelineFilter { after, ..filter }, workshop.now()).await.unwrap();
    assert_eq!(ended.rows.len(), 3);
}

#[test]
fn a_cursor_that_was_made_up_is_refused() {
    for text in [
        "",
        "o",
        "x0000000000000",
        "o17800000000000123",
        "o+780000000000+01jd9x4k7m3fq8zt0v2c",
        "oé",
        "e1234567890123ab",
    ] {
        let error = text.parse::<operate::Cursor>().unwrap_err();
        assert_eq!(error.to_string(), format!("`{text}` is no cursor (expected `next` of the page before)"));
    }
}

#[tokio::test]
async fn no_attempt_is_promised_to_a_step_that_failed_for_good() {
    let failing = |name, step| xml(name, "", "no_auto_spawn", step);
    let definitions = [failing("for-good", "10: broken-a limit=3"), failing("for-now", "10: fails-a limit=3 pause=9")];
    let workshop = Workshop::with(&definitions);
    for (name, last) in [("for-good", 1), ("for-now", 3)] {
        one(&workshop, name, "a", "a.csv").await;
        workshop.beat().await;
        workshop.run_one().await.unwrap().unwrap();
        let page = operate::list(&workshop.context, &PipelineFilter::default(), workshop.now()).await.unwrap();
        let rows = operate::rows(&workshop.context, &page.rows[..1], workshop.now()).await.unwrap();
        let row = serde_json::to_value(&rows[0]).unwrap();
        let at = &row["stands_at"];
        assert_eq!((&at["attempt"], &at["attempts_limit"]), (&json!(1), &json!(last)), "{name}: {row:#}");
    }
}
