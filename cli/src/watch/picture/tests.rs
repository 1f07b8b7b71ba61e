//! What is drawn of made-up pipelines.

use chrono::DateTime;
use operate::view::PipelineRow;
use pipeline::PipelineStatus;

use super::*;

fn step(name: &str, sort_order: i32, status: StepStatus, note: Option<&str>) -> StepRow {
    StepRow {
        attempt: u32::from(status != StepStatus::Pending),
        duration_ms: (status != StepStatus::Pending).then_some(1_234),
        message: note.map(str::to_owned),
        ..row(name, sort_order, status)
    }
}

fn row(name: &str, sort_order: i32, status: StepStatus) -> StepRow {
    StepRow {
        name: name.to_owned(),
        sort_order,
        executor: "archive".to_owned(),
        status,
        attempt: 0,
        attempts_limit: None,
        started_at: None,
        duration_ms: None,
        message: None,
        progress: None,
        waits_for: Vec::new(),
        log: String::new(),
        output: None,
    }
}

fn details(steps: Vec<StepRow>) -> PipelineDetails {
    let pipeline = PipelineRow {
        id: "01jd9x4k7m3fq8zt0v2c".to_owned(),
        name: "work".to_owned(),
        status: PipelineStatus::Running,
        outcome: None,
        spawned_at: DateTime::UNIX_EPOCH,
        spawned_by: "a test".to_owned(),
        ended_at: None,
        duration_ms: 61_000,
        stopped: None,
        arguments: pipeline::Arguments::new(),
        stands_at: None,
    };
    PipelineDetails { pipeline, steps }
}

fn drawn(steps: Vec<StepRow>, width: usize, height: usize) -> String {
    Picture { paint: Paint::Plain }.draw(&[details(steps)], None, width, height).join("\n")
}

#[test]
fn stages_steps_and_their_notes_are_drawn() {
    let steps = vec![
        step("move", 10, StepStatus::Success, None),
        step("check", 20, StepStatus::Running, Some("5 of 9 rows")),
        step("count", 20, StepStatus::Error, Some("the shop\x1b[2Jdid not answer")),
        step("import", 30, StepStatus::Pending, None),
    ];
    let expected = "\
work 01jd9x4k7m3fq8zt0v2c: running, 2 of 4 steps, 1 min 1 s
   10 ✓ move   success          1.2 s
   20 ▶ check  running          1.2 s  5 of 9 rows
      ✗ count  error            1.2 s  the shop␛[2Jdid not answer
   30 · import pending";
    assert_eq!(drawn(steps, 80, 24), expected);
}

#[test]
fn a_picture_fits_the_terminal_and_keeps_what_tells_most() {
    let mut steps: Vec<StepRow> =
        (0..50).map(|n| step(&format!("step-{n:02}"), n, StepStatus::Success, None)).collect();
    steps[40] = step("step-40", 40, StepStatus::Running, Some("a long note that the terminal has no room for"));
    let picture = drawn(steps, 40, 8);
    let lines: Vec<&str> = picture.lines().collect();
    assert_eq!(lines.len(), 6, "{picture}");
    assert!(lines.iter().all(|line| line.chars().count() <= 40), "{picture}");
    assert!(lines[4].contains("▶ step-40 running") && lines[4].ends_with('…'), "{picture}");
    assert_eq!(lines[5], "      … and 46 more lines");
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let draw = |paint| {
        let steps = vec![step("a", 10, StepStatus::Success, None)];
        Picture { paint }.draw(&[details(steps)], Some("no heartbeat for 3 min"), 80, 24).join("\n")
    };
    assert!(draw(Paint::Coloured).contains("\x1b[32m✓\x1b[0m"));
    let plain = draw(Paint::Plain);
    assert!(!plain.contains('\x1b') && plain.ends_with("\nno heartbeat for 3 min"), "{plain}");
}
