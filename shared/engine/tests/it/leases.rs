//! The heartbeat's lease and its pulse.

use chrono::{DateTime, Duration, Utc};
use pipeline::Pulse;
use store::leases::{Lease, LeaseOutcome};

use workshop::Fault;
use workshop::Workshop;

fn workshop() -> Workshop {
    Workshop::new("10: done-a")
}

fn until(workshop: &Workshop) -> DateTime<Utc> {
    workshop.now() + Duration::minutes(2)
}

async fn acquire(workshop: &Workshop, owner: &str) -> LeaseOutcome {
    workshop.store().acquire_lease(owner, until(workshop), workshop.now()).await.unwrap()
}

async fn held(workshop: &Workshop, owner: &str) -> Lease {
    match acquire(workshop, owner).await {
        LeaseOutcome::Acquired(lease) => lease,
        taken @ LeaseOutcome::Taken { .. } => panic!("{owner} does not get the lease: {taken:?}"),
    }
}

#[tokio::test]
async fn one_beat_holds_the_lease() {
    let workshop = workshop();
    held(&workshop, "ann").await;
    let taken = LeaseOutcome::Taken { by: "ann".to_owned(), until: until(&workshop) };
    workshop.wait(1);
    assert_eq!(acquire(&workshop, "bob").await, taken);
}

#[tokio::test]
async fn the_pulse_moves_on_with_the_release() {
    let workshop = workshop();
    let first = held(&workshop, "ann").await;
    let start = workshop.now();
    assert_eq!(first.pulse, Pulse { since: start - Duration::minutes(1), until: start });
    workshop.store().release_lease(&first, None).await.unwrap();
    assert_eq!(workshop.store().last_beat().await.unwrap(), Some(start));
    workshop.wait(3);
    let second = held(&workshop, "bob").await;
    assert_eq!(second.pulse, Pulse { since: start, until: workshop.now() });
    assert!(second.fence > first.fence);
    // A beat that failed leaves its span to the next one.
    workshop.store().abandon_lease(&second).await.unwrap();
    workshop.wait(1);
    assert_eq!(held(&workshop, "cyd").await.pulse, Pulse { since: start, until: workshop.now() });
}

#[tokio::test]
async fn a_lease_that_ended_is_taken_over_and_its_holder_has_no_more_say() {
    let workshop = workshop();
    let dead = held(&workshop, "ann").await;
    workshop.wait(3);
    let alive = held(&workshop, "bob").await;
    assert_eq!(alive.pulse.since, dead.pulse.since);
    workshop.store().release_lease(&dead, None).await.unwrap();
    assert_eq!(workshop.store().last_beat().await.unwrap(), None);
    assert!(matches!(acquire(&workshop, "cyd").await, LeaseOutcome::Taken { by, .. } if by == "bob"));
    workshop.store().release_lease(&alive, None).await.unwrap();
    assert_eq!(workshop.store().last_beat().await.unwrap(), Some(alive.pulse.until));
}

#[tokio::test]
async fn a_lease_whose_reply_got_lost_is_ours() {
    let workshop = workshop();
    for owner in ["ann", "bob"] {
        workshop.table.arm(Fault::Repeated, "lease/", 0);
        let lease = held(&workshop, owner).await;
        workshop.store().release_lease(&lease, None).await.unwrap();
        assert_eq!(workshop.store().last_beat().await.unwrap(), Some(workshop.now()));
        workshop.wait(1);
    }
    // The same invocation, started again after a failure, has it still.
    held(&workshop, "cyd").await;
    held(&workshop, "cyd").await;
}

#[tokio::test]
async fn a_clock_that_runs_behind_answers_for_nothing_new() {
    let workshop = workshop();
    let lease = held(&workshop, "ann").await;
    workshop.store().release_lease(&lease, None).await.unwrap();
    let behind = workshop.now() - Duration::seconds(10);
    let outcome = workshop.store().acquire_lease("bob", until(&workshop), behind).await.unwrap();
    let LeaseOutcome::Acquired(lease) = outcome else { panic!("nobody holds it") };
    assert_eq!(lease.pulse, Pulse { since: behind, until: behind });
}

#[tokio::test]
async fn the_lease_of_a_dead_host_is_freed() {
    let workshop = workshop();
    workshop.store().free_lease(|_| true).await.unwrap();
    held(&workshop, "ann").await;
    workshop.store().free_lease(|owner| owner == "bob").await.unwrap();
    assert!(matches!(acquire(&workshop, "cyd").await, LeaseOutcome::Taken { .. }));
    workshop.store().free_lease(|owner| owner == "ann").await.unwrap();
    held(&workshop, "cyd").await;
}
