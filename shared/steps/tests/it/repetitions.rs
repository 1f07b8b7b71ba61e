//! Executors that need nothing of a pipeline around them, each run twice for one attempt.

use engine::Outcome;
use engine::testing::Trial;
use serde_json::json;
use steps::general::shell::Shell;
use steps::general::wait::Wait;
use store::services::{Services, ShellPolicy};
use workshop::Workshop;

#[tokio::test]
async fn a_wait_that_is_over_can_be_repeated() {
    let workshop = Workshop::with(&[]);
    let trial = Trial::new(workshop.store().clone(), Wait).with_argument("until", "2026-08-01T11:00:00Z");
    let tried = trial.assert_repeatable().await.unwrap();
    assert!(matches!(tried.outcome, Ok(Outcome::Done)), "{tried:?}");
}

#[tokio::test]
async fn a_command_can_be_repeated() {
    let workshop = Workshop::with(&[]);
    let environment = Default::default();
    let services = Services { shell: ShellPolicy::Allowed { environment }, ..Services::default() };
    let trial = Trial::new(workshop.store().clone(), Shell).with_argument("command", "echo a line");
    let tried = trial.with_services(services).assert_repeatable().await.unwrap();
    assert!(matches!(tried.outcome, Ok(Outcome::Done)), "{tried:?}");
    assert!(tried.log.contains("a line"), "{}", tried.log);
    assert_ne!(tried.output, Some(json!(null)));
}
