//! The logs of steps that run long or say much: where they can be read, and until when.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::accepts::Accepts;
use engine::take_over::take_over;
use engine::{Executor, ExecutorError, LogPart, Outcome, Program, StepLog, Work, log_file};
use patience::{Bell, wait};
use pipeline::PipelineId;
use serde_json::json;
use workshop::{NAME, Workshop, xml};

/// Says a line, waits until a test lets it go on, and says another one. The argument `lines` makes it say more.
struct Talks {
    opened: Arc<Bell>,
}

#[async_trait]
impl Executor for Talks {
    fn name(&self) -> &'static str {
        "talks"
    }

    fn description(&self) -> &'static str {
        "says something"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Anything
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let number: u64 = work.checkpoint()?.unwrap_or(0);
        let lines: usize = work.free_argument("lines").map_or(1, |lines| lines.parse().unwrap());
        for line in 0..lines {
            work.info(&format!("{number}, line {line}"));
        }
        if work.free_argument("waits").is_some() {
            self.opened.notified().await;
        }
        work.warn(&format!("the end of {number}"));
        if number < 2 && work.free_argument("continues").is_some() {
            return Ok(Outcome::Continue { checkpoint: json!(number + 1), after: Duration::ZERO });
        }
        Ok(Outcome::Done)
    }
}

/// A workshop with a step that talks, and the bell that lets it go on.
fn talking(arguments: &str) -> (Workshop, Arc<Bell>) {
    let opened = Arc::new(Bell::of("a test lets it go on"));
    let program = Program::default().with_executor(Talks { opened: opened.clone() });
    let mut workshop =
        Workshop::extended(&[xml(NAME, "", "no_auto_spawn", &format!("10: talks-a {arguments}"))], program);
    workshop.context.limits.log_every = Duration::from_millis(5);
    (workshop, opened)
}

/// The log of the step as people read it.
async fn log(workshop: &Workshop, id: &PipelineId) -> String {
    let step = workshop.step(id, "talks-a").await;
    log_file::latest(workshop.store(), id, &step).await.unwrap()
}

/// The keys of all files of logs.
async fn files(workshop: &Workshop, id: &PipelineId) -> Vec<String> {
    let listed = workshop.store().files.list(&format!("work/{id}/logs/"), None, 100).await.unwrap();
    listed.into_iter().map(|file| file.key).collect()
}

#[tokio::test]
async fn the_log_of_a_running_step_can_be_followed() {
    let (workshop, opened) = talking("waits=yes");
    let id = workshop.spawn().await;
    let following = async {
        let seen = wait("the first line can be read")
            .ask(async || Some(log(&workshop, &id).await).filter(|log| !log.is_empty()))
            .await;
        assert_eq!(seen, "2026-08-01 12:00:00 talks-a info: 0, line 0\n");
        opened.notify_one();
        StepLog::part(&seen, 0).next_offset
    };
    let (ran, offset) = tokio::join!(workshop.run_one(), following);
    ran.unwrap().unwrap();
    let LogPart { text, .. } = StepLog::part(&log(&workshop, &id).await, offset);
    assert_eq!(text, "2026-08-01 12:00:00 talks-a warning: the end of 0\n");
    // What fits the item needs no file.
    assert_eq!(files(&workshop, &id).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_log_of_a_runner_that_died_tells_how_far_it_came() {
    let (workshop, _) = talking("waits=yes limit=1");
    let id = workshop.spawn().await;
    tokio::select! {
        _ = workshop.run_one() => panic!("nobody lets it go on"),
        _ = async { wait("the log is written").ask(async || files(&workshop, &id).await.pop()).await } => {}
    }
    workshop.wait(60);
    workshop.beat().await;
    let record = workshop.step(&id, "talks-a").await.record;
    assert_eq!((record.status, record.log.as_str()), (pipeline::StepStatus::Error, ""));
    assert_eq!(log(&workshop, &id).await, "2026-08-01 12:00:00 talks-a info: 0, line 0\n");
}

/// Runs the step until its log shows so many lines, and dies with it; the next process of the machine takes over.
async fn die_talking(workshop: &Workshop, id: &PipelineId, lines: usize) {
    let written = || async { Some(log(workshop, id).await).filter(|log| log.lines().count() == lines) };
    tokio::select! {
        _ = workshop.run_one() => panic!("nobody lets it go on"),
        _ = async { wait("the log is written").ask(written).await } => {}
    }
    take_over(&workshop.context, |_| true, &workshop.invocation()).await.unwrap();
}

#[tokio::test]
async fn the_log_of_a_process_that_died_goes_on_in_the_next() {
    // The second does not fit the item.
    for lines in [1, 60] {
        let (workshop, opened) = talking(&format!("waits=yes lines={lines}"));
        let id = workshop.spawn().await;
        die_talking(&workshop, &id, lines).await;
        die_talking(&workshop, &id, 2 * lines + 1).await;
        opened.notify_one();
        workshop.run_all().await;
        let log = log(&workshop, &id).await;
        let said: Vec<&str> = log.lines().map(|line| line.split(": ").last().unwrap()).collect();
        let talk = || (0..lines).map(|line| format!("0, line {line}"));
        let gone = || ["the process that ran the step is gone; it is carried on".to_owned()];
        let expected =
            talk().chain(gone()).chain(talk()).chain(gone()).chain(talk()).chain(["the end of 0".to_owned()]);
        assert_eq!(said, expected.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_long_log_of_several_invocations_is_whole() {
    let (workshop, _) = talking("lines=40 continues=yes");
    let id = workshop.spawn().await;
    workshop.run_all().await;
    let log = log(&workshop, &id).await;
    let said: Vec<&str> = log.lines().map(|line| line.split(": ").last().unwrap()).collect();
    let expected = (0..3).flat_map(|number| {
        (0..40).map(move |line| format!("{number}, line {line}")).chain([format!("the end of {number}")])
    });
    assert_eq!(said, expected.collect::<Vec<_>>());
}
