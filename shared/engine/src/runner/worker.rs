//! A runner that deals with message after message, for a host that lives long.
//!
//! What [`run`](super::run) does for one message, with two commits less where the back end allows it: a message is deleted
//! and the next one taken together, and that in the commit that ends the step if there is a next one by then.

use std::time::Duration;

use store::queue::{Receipt, Received};

use crate::context::{Context, Invocation};
use crate::runner::attempt::Ahead;
use crate::runner::{Begun, Error, RunReport, Start, Taken, start, work};

/// Deals with messages, one after the other.
pub struct Worker<'a> {
    context: &'a Context,
    begin: Box<dyn Fn() -> Invocation + Send + Sync + 'a>,
    goes_on: Box<dyn Fn() -> bool + Send + Sync + 'a>,
    /// Dealt with, and to be deleted.
    done: Option<Receipt>,
    /// Taken with the last commit.
    ahead: Option<(Taken, Invocation)>,
}

/// What became of a look for a message.
#[derive(Debug)]
pub enum Turn {
    /// There was no message.
    Nothing,
    /// A message was dealt with.
    Done(RunReport),
    /// A message was not dealt with; it will be delivered again.
    Failed {
        /// The message.
        message: Box<Received>,
        /// Why.
        error: Error,
    },
}

impl<'a> Worker<'a> {
    /// A worker that begins each message with an invocation of its host.
    pub fn new(context: &'a Context, begin: impl Fn() -> Invocation + Send + Sync + 'a) -> Self {
        Worker { context, begin: Box::new(begin), goes_on: Box::new(|| true), done: None, ahead: None }
    }

    /// The same, which takes no further message with the end of a step when its host says so.
    #[must_use]
    pub fn while_it_may(self, goes_on: impl Fn() -> bool + Send + Sync + 'a) -> Self {
        Worker { goes_on: Box::new(goes_on), ..self }
    }

    /// Whether it holds a step that it has not begun. Its host must give it one more turn before it ends.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// Takes the next message, waiting up to `wait` for it, and deals with it.
    ///
    /// # Errors
    /// The queue did not answer.
    pub async fn turn(&mut self, wait: Duration) -> store::Result<Turn> {
        let (taken, invocation) = match self.ahead.take() {
            Some(ahead) => ahead,
            None => {
                let received = self.context.store.queue.next(self.done.as_ref(), wait).await?;
                self.done = None;
                let Some(received) = received else { return Ok(Turn::Nothing) };
                (Taken { received, begun: None }, (self.begin)())
            }
        };
        let Taken { received, begun } = taken;
        match self.deal_with(&received, begun, &invocation).await {
            Ok(report) => {
                // Where the next one was taken, this one was deleted.
                self.done = if self.is_ahead() { None } else { Some(received.receipt) };
                Ok(Turn::Done(report))
            }
            Err(error) => Ok(Turn::Failed { message: Box::new(received), error }),
        }
    }

    /// Deletes the last message.
    ///
    /// # Errors
    /// The queue did not answer: the message comes again, which does no harm.
    pub async fn end(self) -> store::Result<()> {
        match &self.done {
            Some(receipt) => self.context.store.queue.delete(receipt).await,
            None => Ok(()),
        }
    }

    async fn deal_with(
        &mut self,
        received: &Received,
        begun: Option<Begun>,
        invocation: &Invocation,
    ) -> Result<RunReport, Error> {
        let begun = match begun {
            Some(begun) => begun,
            None => match start(self.context, &received.body, invocation).await? {
                Start::Step(begun) => *begun,
                Start::Dropped(report) => return Ok(report),
            },
        };
        let next = (self.goes_on)().then(|| (self.begin)());
        let ahead = next.as_ref().map(|invocation| Ahead { done: &received.receipt, invocation });
        let (report, taken) = work(self.context, begun, invocation, ahead).await?;
        self.ahead = taken.zip(next);
        Ok(report)
    }
}
