//! The lease of a step: renewed while its runner works, and lost when somebody else has the step.

use std::time::Duration;

use patience::wait;
use pipeline::StepStatus;

use workshop::runner::{self, RunReport};
use workshop::{Fault, Workshop};

#[tokio::test]
async fn a_renewed_lease_keeps_a_long_step_and_ends_a_lost_one() {
    let mut workshop = Workshop::new("10: gate-a limit=1");
    workshop.context.limits.renewed_lease = Some(Duration::from_millis(6));
    let id = workshop.spawn().await;
    let message = workshop.receive().await.unwrap();
    let invocation = workshop.invocation();
    let working = runner::run(&workshop.context, &message.body, &invocation);
    let meanwhile = async {
        workshop.gate.entered().await;
        let claimed = workshop.step(&id, "gate-a").await.record;
        // Until it has been renewed a few times, and then the step is taken away.
        let renewed = wait("the runner renews its lease three times")
            .ask(async || {
                let record = workshop.step(&id, "gate-a").await.record;
                if record.version < claimed.version + 3 { Err(record) } else { Ok(record) }
            })
            .await;
        assert!(renewed.lease_until > claimed.lease_until);
        wait("no renewal comes between the look and the ghosting")
            .ask(async || {
                let step = workshop.step(&id, "gate-a").await;
                let is_ghosted = workshop.store().ghost_step(&id, &step, "it is gone", workshop.now()).await.unwrap();
                is_ghosted.then_some(()).ok_or(step.record)
            })
            .await;
    };
    // The gate stays shut: the runner ends because it learns that it lost the step.
    let (report, ()) = tokio::join!(working, meanwhile);
    assert_eq!(report.unwrap(), RunReport::TakenOver);
}

#[tokio::test]
async fn a_renewal_that_fails_once_does_not_end_the_attempt() {
    let mut workshop = Workshop::new("10: gate-a limit=1");
    workshop.context.limits.renewed_lease = Some(Duration::from_millis(300));
    let id = workshop.spawn().await;
    let meanwhile = async {
        workshop.gate.entered().await;
        workshop.table.arm(Fault::Refused, "gate-a", 0);
        while !workshop.table.is_spent() {
            tokio::task::yield_now().await;
        }
        workshop.gate.open();
    };
    let both = async { tokio::join!(workshop.run_one(), meanwhile).0 };
    let report = tokio::time::timeout(Duration::from_secs(20), both).await.expect("a renewal comes after 100 ms");
    assert_eq!(report.unwrap().unwrap(), RunReport::Finished { status: StepStatus::Success });
    assert_eq!(workshop.shown(&id).await, "success: gate-a success");
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_long_before_it_ends() {
    let mut workshop = Workshop::new("10: gate-a limit=1");
    let lease = Duration::from_secs(30);
    workshop.context.limits.renewed_lease = Some(lease);
    let id = workshop.spawn().await;
    let meanwhile = async {
        workshop.gate.entered().await;
        let claimed = workshop.step(&id, "gate-a").await.record.version;
        // The clock is the test's: nothing of this takes time.
        #[expect(clippy::disallowed_methods, reason = "half of a lease has to pass")]
        tokio::time::sleep(lease / 2).await;
        let renewed = workshop.step(&id, "gate-a").await.record.version;
        assert!(renewed > claimed, "no renewal in the first half of the lease");
        workshop.gate.open();
    };
    let (report, ()) = tokio::join!(workshop.run_one(), meanwhile);
    assert_eq!(report.unwrap().unwrap(), RunReport::Finished { status: StepStatus::Success });
}
