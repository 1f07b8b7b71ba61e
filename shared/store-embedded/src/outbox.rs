//! Items and messages in one transaction of the SQLite file.

use std::sync::Arc;

use async_trait::async_trait;
use pipeline::Priority;
use store::outbox::Outbox;
use store::queue::Outgoing;
use store::table::{GroupWritten, Write};
use store::{Error, Result};

use crate::changes::{self, Prepared};
use crate::limits::check_group;
use crate::queue::{self, EmbeddedQueue};
use crate::writer::{Durability, Writer};
use crate::{Clock, messages};

/// The table and the queue in the SQLite file.
pub(crate) struct EmbeddedOutbox {
    pub(crate) writer: Arc<Writer>,
    pub(crate) queue: Arc<EmbeddedQueue>,
    pub(crate) clock: Clock,
}

#[async_trait]
impl Outbox for EmbeddedOutbox {
    async fn write_and_send(
        &self,
        writes: Vec<Write>,
        priority: Priority,
        messages: Vec<Outgoing>,
    ) -> Result<GroupWritten> {
        let (items, count) = (writes.len(), messages.len());
        let operation = || format!("write {items} items and send {count} messages to queue `{priority}`");
        let refused = |refusal| Error::permanent(operation(), refusal);
        messages.iter().try_for_each(queue::check).map_err(refused)?;
        let group: Vec<Prepared> = check_group(writes).map_err(refused)?.into_iter().map(Prepared::new).collect();
        let clock = self.clock.clone();
        let written = self
            .writer
            .execute(Durability::Flushed, move |connection| {
                let written = changes::write_group(connection, &group, clock())?;
                if written == Ok(GroupWritten::Applied) {
                    messages::send(connection, priority, &messages, clock())?;
                }
                Ok(written)
            })
            .await
            .map_err(|failure| failure.during(operation()))?
            .map_err(refused)?;
        if written == GroupWritten::Applied {
            self.queue.ring(count);
        }
        Ok(written)
    }
}
