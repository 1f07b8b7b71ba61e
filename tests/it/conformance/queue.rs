//! The promises of the queue seam.

use std::time::Duration;

use pipeline::Priority;
use store::Store;
use store::queue::Outgoing;

super::on_every_back_end! {
    what_is_sent_is_received
}

async fn what_is_sent_is_received(store: &Store) {
    let queue = &store.queue;
    let message = Outgoing { body: "hello".to_owned(), delay: Duration::ZERO };
    queue.send(Priority::High, vec![message]).await.unwrap();
    let received = queue.receive(10, Duration::from_secs(5)).await.unwrap();
    assert_eq!(received.len(), 1);
    queue.delete(&received[0].receipt).await.unwrap();
}
