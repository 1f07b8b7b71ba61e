//! The embedded seams with faults: each call waits for its turn, and may be refused, repeated, lost, late or stale.

mod files;
mod queue;
mod shared_commit;
mod table;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use store::{Error, Result};

use crate::faults::{Fault, Kind};
use crate::stage::{Late, Stage};

pub(crate) use files::Bucket;
pub(crate) use queue::{Messages, VISIBILITY};
pub(crate) use shared_commit::Commits;
pub(crate) use table::{Items, LAG};

/// After so many calls of seams a run goes round in circles: the longest ones make a twentieth of them.
pub(crate) const MOST_CALLS: u64 = 100_000;

/// Makes one call of a seam in its turn, and lets go wrong with it what is to go wrong. `act` makes the call and notes what
/// came of it.
pub(crate) async fn called<T: Send + 'static>(
    stage: &Arc<Stage>,
    kind: Kind,
    word: &'static str,
    label: impl Fn() -> String + Send + Sync,
    mut act: impl FnMut() -> Result<T> + Send + 'static,
) -> Result<T> {
    if stage.lock().counts.calls >= MOST_CALLS {
        return Ok(die(stage, "the run goes on and on").await);
    }
    if stage.lock().is_calm {
        stage.lock().counts.calls += 1;
        return act();
    }
    let fault = stage.fault(kind, &label);
    match fault {
        Some(Fault::Slow(millis)) => stage.turn(word, millis).await,
        Some(Fault::Freezes(millis)) => {
            stage.freeze(millis);
            stage.turn(word, millis).await;
        }
        _ => stage.turn(word, 0).await,
    }
    match fault {
        Some(Fault::Throttled) => Err(Error::retryable(label(), "throttled")),
        Some(Fault::ReplyLost) => {
            act()?;
            Err(Error::retryable(label(), "the reply got lost"))
        }
        Some(Fault::Repeated) => {
            act()?;
            stage.turn(word, 0).await;
            act()
        }
        Some(Fault::DiesBefore) => Ok(die(stage, "before a call").await),
        Some(Fault::DiesAfter) => {
            act()?;
            Ok(die(stage, "after a call").await)
        }
        Some(Fault::ArrivesLate(millis)) => {
            send_off(stage, millis, move || drop(act()));
            Ok(die(stage, "its call is on its way").await)
        }
        Some(Fault::TimesOut(millis)) => {
            send_off(stage, millis, move || drop(act()));
            Err(Error::retryable(label(), "nobody answered in time"))
        }
        Some(Fault::SlowReply(millis)) => {
            let answer = act();
            stage.turn(word, millis).await;
            answer
        }
        Some(Fault::Stale) => {
            stage.lock().is_stale = true;
            let answer = act();
            stage.lock().is_stale = false;
            answer
        }
        Some(Fault::Slow(_) | Fault::Freezes(_)) | None => act(),
    }
}

/// Lets a call of the current actor arrive later. Whether it goes well then, nobody is told.
fn send_off(stage: &Stage, millis: i64, call: impl FnMut() + Send + 'static) {
    let (at, actor) = (stage.now() + millis, stage.lock().current);
    stage.lock().late.push(Late { at, actor, call: Box::new(call) });
}

async fn die<T>(stage: &Stage, why: &'static str) -> T {
    stage.kill(why);
    std::future::pending().await
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for an inner call on this thread, so that nothing else happens meanwhile.
pub(crate) fn alone<F: Future>(call: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut call = pin!(call);
    loop {
        match call.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => thread::park(),
        }
    }
}
