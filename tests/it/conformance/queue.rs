//! The promises of the queue seam.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use pipeline::Priority;
use store::Store;
use store::queue::{BODY_LIMIT_BYTES, MAX_RECEIVES, Outgoing, Received};
use tests::eventually;
use tokio::task::JoinSet;

use super::permanent;

super::on_every_back_end! {
    what_is_sent_is_received
    bodies_come_back_as_they_were
    many_messages_are_sent_at_once
    sending_nothing_is_fine
    a_message_comes_again_until_deleted
    a_hidden_message_is_not_received
    an_extended_message_stays_hidden
    many_receivers_get_each_message_once
    the_higher_priority_is_received_first
    a_receive_brings_no_more_than_asked_for
    a_receive_waits_for_a_message
    a_receive_without_messages_ends
    a_delayed_message_waits
    the_next_message_comes_when_the_last_is_deleted
    deleting_twice_is_fine
    deleting_an_old_delivery_is_fine
    too_many_receives_lead_to_the_dead_letters
    redrive_brings_them_back
    depth_tells_waiting_in_flight_and_delayed
    what_cannot_be_sent_is_refused
}

/// Long enough for a message that is there, short enough where there is none.
const SHORTLY: Duration = Duration::from_secs(1);

/// Longer than anything takes that must come.
const LONG: Duration = Duration::from_secs(15);

fn message(body: impl Into<String>) -> Outgoing {
    Outgoing { body: body.into(), delay: Duration::ZERO }
}

async fn send(store: &Store, priority: Priority, body: &str) {
    store.queue.send(priority, vec![message(body)]).await.unwrap();
}

async fn receive_one(store: &Store) -> Received {
    let mut received = store.queue.receive(1, LONG).await.unwrap();
    assert_eq!(received.len(), 1);
    received.remove(0)
}

async fn assert_nothing_comes(store: &Store) {
    assert_eq!(store.queue.receive(10, SHORTLY).await.unwrap(), Vec::new());
}

/// Receives and deletes until there are as many as expected, and counts each body.
async fn receive_bodies(store: &Store, expected: usize) -> BTreeMap<String, usize> {
    let mut bodies = BTreeMap::new();
    while bodies.values().sum::<usize>() < expected {
        let received = store.queue.receive(10, LONG).await.unwrap();
        assert!(!received.is_empty(), "only these came: {bodies:?}");
        for message in received {
            store.queue.delete(&message.receipt).await.unwrap();
            *bodies.entry(message.body).or_default() += 1;
        }
    }
    bodies
}

async fn what_is_sent_is_received(store: &Store) {
    for priority in Priority::ALL {
        send(store, priority, "hello").await;
        let received = receive_one(store).await;
        assert_eq!((received.body.as_str(), received.receive_count), ("hello", 1));
        assert_eq!(received.receipt.priority, priority);
        store.queue.delete(&received.receipt).await.unwrap();
    }
    assert_nothing_comes(store).await;
}

async fn bodies_come_back_as_they_were(store: &Store) {
    let bodies = [
        "{\"pipeline\": \"catalog-import/42\"}".to_owned(),
        "größer, 🦀, <&>\"'\\".to_owned(),
        "two\nlines\tand a tab".to_owned(),
        " ".to_owned(),
        "x".repeat(BODY_LIMIT_BYTES),
    ];
    store.queue.send(Priority::Normal, bodies.iter().map(message).collect()).await.unwrap();
    assert_eq!(receive_bodies(store, 5).await, bodies.into_iter().map(|body| (body, 1)).collect());
}

async fn many_messages_are_sent_at_once(store: &Store) {
    let bodies: Vec<String> = (0..25).map(|n| n.to_string()).collect();
    store.queue.send(Priority::Low, bodies.iter().map(message).collect()).await.unwrap();
    assert_eq!(receive_bodies(store, 25).await, bodies.into_iter().map(|body| (body, 1)).collect());
    assert_nothing_comes(store).await;
}

async fn sending_nothing_is_fine(store: &Store) {
    store.queue.send(Priority::High, Vec::new()).await.unwrap();
    assert_nothing_comes(store).await;
}

async fn a_message_comes_again_until_deleted(store: &Store) {
    send(store, Priority::Normal, "hello").await;
    let first = receive_one(store).await;
    store.queue.extend(&first.receipt, Duration::ZERO).await.unwrap();
    let second = receive_one(store).await;
    assert_eq!((&second.id, &second.body, second.receive_count), (&first.id, &first.body, 2));
    store.queue.extend(&second.receipt, Duration::ZERO).await.unwrap();
    let third = receive_one(store).await;
    assert_eq!((&third.id, third.receive_count), (&first.id, 3));
    store.queue.delete(&third.receipt).await.unwrap();
    assert_nothing_comes(store).await;
}

async fn a_hidden_message_is_not_received(store: &Store) {
    send(store, Priority::Normal, "hidden").await;
    let hidden = receive_one(store).await;
    assert_nothing_comes(store).await;
    send(store, Priority::Normal, "other").await;
    assert_eq!(receive_one(store).await.body, "other");
    store.queue.delete(&hidden.receipt).await.unwrap();
}

async fn an_extended_message_stays_hidden(store: &Store) {
    send(store, Priority::Normal, "hello").await;
    let first = receive_one(store).await;
    let begun = Instant::now();
    store.queue.extend(&first.receipt, Duration::from_secs(5)).await.unwrap();
    assert_nothing_comes(store).await;
    let second = receive_one(store).await;
    assert_eq!(second.id, first.id);
    assert!(begun.elapsed() >= Duration::from_millis(4500), "it came after {:?}", begun.elapsed());
}

async fn many_receivers_get_each_message_once(store: &Store) {
    let bodies: BTreeSet<String> = (0..60).map(|n| n.to_string()).collect();
    store.queue.send(Priority::Normal, bodies.iter().map(message).collect()).await.unwrap();
    let mut receivers = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        receivers.spawn(async move {
            let mut bodies = Vec::new();
            loop {
                let received = store.queue.receive(3, SHORTLY).await.unwrap();
                if received.is_empty() {
                    return bodies;
                }
                bodies.extend(received.into_iter().map(|message| message.body));
            }
        });
    }
    let received: Vec<String> = receivers.join_all().await.concat();
    assert_eq!(received.len(), 60);
    assert_eq!(received.into_iter().collect::<BTreeSet<_>>(), bodies);
}

async fn the_higher_priority_is_received_first(store: &Store) {
    for priority in [Priority::Low, Priority::Normal, Priority::High] {
        send(store, priority, priority.as_str()).await;
    }
    for priority in Priority::ALL {
        let received = receive_one(store).await;
        assert_eq!((received.receipt.priority, received.body.as_str()), (priority, priority.as_str()));
    }
}

async fn a_receive_brings_no_more_than_asked_for(store: &Store) {
    for priority in Priority::ALL {
        store.queue.send(priority, (0..5).map(|n| message(n.to_string())).collect()).await.unwrap();
    }
    let mut total = 0;
    while total < 15 {
        let received = store.queue.receive(4, LONG).await.unwrap().len();
        assert!((1..=4).contains(&received), "{received} came after {total}");
        total += received;
    }
    assert_nothing_comes(store).await;
}

async fn a_receive_waits_for_a_message(store: &Store) {
    for priority in Priority::ALL {
        let receiver = store.clone();
        let receiver = tokio::spawn(async move { receive_one(&receiver).await });
        // What came too early would not be waited for.
        assert_eq!(store.queue.depth(priority).await.unwrap().waiting, 0);
        send(store, priority, "hello").await;
        let received = receiver.await.unwrap();
        assert_eq!(received.receipt.priority, priority);
        store.queue.delete(&received.receipt).await.unwrap();
    }
}

async fn a_receive_without_messages_ends(store: &Store) {
    let begun = Instant::now();
    assert_eq!(store.queue.receive(10, Duration::ZERO).await.unwrap(), Vec::new());
    assert_eq!(store.queue.receive(1, Duration::from_secs(2)).await.unwrap(), Vec::new());
    assert!(begun.elapsed() < LONG, "it took {:?}", begun.elapsed());
}

async fn a_delayed_message_waits(store: &Store) {
    let begun = Instant::now();
    let delayed = Outgoing { body: "delayed".to_owned(), delay: Duration::from_secs(5) };
    store.queue.send(Priority::High, vec![delayed, message("at once")]).await.unwrap();
    assert_eq!(receive_one(store).await.body, "at once");
    assert_nothing_comes(store).await;
    let received = receive_one(store).await;
    assert_eq!((received.body.as_str(), received.receive_count), ("delayed", 1));
    assert!(begun.elapsed() >= Duration::from_millis(4500), "it came after {:?}", begun.elapsed());
}

async fn the_next_message_comes_when_the_last_is_deleted(store: &Store) {
    store.queue.send(Priority::Normal, vec![message("first"), message("second")]).await.unwrap();
    let mut bodies = BTreeSet::new();
    let mut done = None;
    while let Some(received) = store.queue.next(done.as_ref(), SHORTLY).await.unwrap() {
        assert!(bodies.insert(received.body.clone()), "`{}` came again", received.body);
        done = Some(received.receipt);
    }
    assert_eq!(bodies, BTreeSet::from(["first".to_owned(), "second".to_owned()]));
    let is_empty = || async {
        let depth = store.queue.depth(Priority::Normal).await.unwrap();
        (depth.waiting + depth.in_flight == 0).then_some(())
    };
    eventually("both messages are deleted", is_empty).await;
}

async fn deleting_twice_is_fine(store: &Store) {
    send(store, Priority::Normal, "hello").await;
    let received = receive_one(store).await;
    store.queue.delete(&received.receipt).await.unwrap();
    store.queue.delete(&received.receipt).await.unwrap();
    assert_nothing_comes(store).await;
}

/// Whether it deletes the message, which somebody else has by now, is not promised.
async fn deleting_an_old_delivery_is_fine(store: &Store) {
    send(store, Priority::Normal, "hello").await;
    let first = receive_one(store).await;
    store.queue.extend(&first.receipt, Duration::ZERO).await.unwrap();
    let second = receive_one(store).await;
    store.queue.delete(&first.receipt).await.unwrap();
    store.queue.delete(&second.receipt).await.unwrap();
    assert_nothing_comes(store).await;
}

/// Delivers a message as often as it may be.
async fn wear_out(store: &Store, priority: Priority, body: &str) {
    send(store, priority, body).await;
    for count in 1..=MAX_RECEIVES {
        let received = receive_one(store).await;
        assert_eq!((received.body.as_str(), received.receive_count), (body, count));
        store.queue.extend(&received.receipt, Duration::ZERO).await.unwrap();
    }
    assert_nothing_comes(store).await;
}

/// The bodies of the dead letters, once there are as many as expected.
async fn dead_letters(store: &Store, expected: usize) -> BTreeSet<String> {
    eventually("the dead letters are there", || async {
        let letters = store.queue.peek_dead_letters(10).await.unwrap();
        (letters.len() == expected).then(|| letters.into_iter().map(|letter| letter.body).collect())
    })
    .await
}

async fn too_many_receives_lead_to_the_dead_letters(store: &Store) {
    assert_eq!(store.queue.peek_dead_letters(10).await.unwrap(), Vec::new());
    assert_eq!(store.queue.count_dead_letters().await.unwrap(), 0);
    wear_out(store, Priority::Normal, "poison").await;
    assert_eq!(dead_letters(store, 1).await, ["poison".to_owned()].into());
    // A look removes nothing.
    assert_eq!(dead_letters(store, 1).await, ["poison".to_owned()].into());
    eventually("the dead letter is counted", || async {
        (store.queue.count_dead_letters().await.unwrap() == 1).then_some(())
    })
    .await;
    assert_nothing_comes(store).await;
}

async fn redrive_brings_them_back(store: &Store) {
    wear_out(store, Priority::Low, "first").await;
    wear_out(store, Priority::High, "second").await;
    assert_eq!(dead_letters(store, 2).await, ["first".to_owned(), "second".to_owned()].into());
    assert!(matches!(store.queue.redrive_dead_letters().await.unwrap(), None | Some(2)));
    let mut priorities = BTreeMap::new();
    while priorities.len() < 2 {
        let received = receive_one(store).await;
        store.queue.delete(&received.receipt).await.unwrap();
        priorities.insert(received.body, received.receipt.priority);
    }
    let expected = [("first".to_owned(), Priority::Low), ("second".to_owned(), Priority::High)];
    assert_eq!(priorities, expected.into());
    assert!(dead_letters(store, 0).await.is_empty());
    assert_nothing_comes(store).await;
}

async fn depth_tells_waiting_in_flight_and_delayed(store: &Store) {
    let mut messages: Vec<Outgoing> = (0..4).map(|n| message(n.to_string())).collect();
    messages.push(Outgoing { delay: Duration::from_secs(900), ..message("delayed") });
    store.queue.send(Priority::Normal, messages).await.unwrap();
    send(store, Priority::Low, "elsewhere").await;
    let mut taken = 0;
    while taken < 2 {
        taken += store.queue.receive(2 - taken, LONG).await.unwrap().len();
    }
    for (priority, expected) in [(Priority::High, (0, 0, 0)), (Priority::Normal, (2, 2, 1)), (Priority::Low, (1, 0, 0))]
    {
        eventually(&format!("queue `{priority}` has {expected:?}"), || async {
            let depth = store.queue.depth(priority).await.unwrap();
            ((depth.waiting, depth.in_flight, depth.delayed) == expected).then_some(())
        })
        .await;
    }
}

async fn what_cannot_be_sent_is_refused(store: &Store) {
    let limit = BODY_LIMIT_BYTES.to_string();
    for (refused, reason) in [
        (message(""), "0 bytes"),
        (message("x".repeat(BODY_LIMIT_BYTES + 1)), limit.as_str()),
        (Outgoing { delay: Duration::from_secs(901), ..message("late") }, "900"),
    ] {
        let error = permanent(store.queue.send(Priority::Normal, vec![message("good"), refused]).await);
        assert!(error.contains(reason), "{error}");
    }
    assert_nothing_comes(store).await;
}
