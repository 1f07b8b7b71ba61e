//! The runner and the heartbeats as the tests call them: a call that never ends fails the test, and says so.

use engine::{Context, Invocation};
use patience::wait;

/// As [`engine::runner`].
pub mod runner {
    pub use engine::runner::{Error, RunReport};

    use super::{Context, Invocation, wait};

    /// As [`engine::runner::run`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn run(
        context: &Context,
        body: &str,
        invocation: &Invocation,
    ) -> impl Future<Output = Result<RunReport, Error>> {
        let run = Box::pin(engine::runner::run(context, body, invocation));
        wait(format!("the runner is done with message {body}")).until(run)
    }
}

/// As [`engine::heartbeat`].
pub mod heartbeat {
    pub use engine::heartbeat::BeatReport;

    use super::{Context, Invocation, wait};

    /// As [`engine::heartbeat::beat`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn beat(context: &Context, invocation: &Invocation) -> impl Future<Output = store::Result<BeatReport>> {
        wait("the heartbeat ends").until(Box::pin(engine::heartbeat::beat(context, invocation)))
    }
}

/// As [`engine::mini_heartbeat`].
pub mod mini_heartbeat {
    use engine::apply::AdvanceReport;
    use pipeline::PipelineId;

    use super::{Context, Invocation, wait};

    /// As [`engine::mini_heartbeat::beat`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn beat(
        context: &Context,
        id: &PipelineId,
        hops: u32,
        invocation: &Invocation,
    ) -> impl Future<Output = store::Result<AdvanceReport>> {
        let beat = Box::pin(engine::mini_heartbeat::beat(context, id, hops, invocation));
        wait(format!("the mini heartbeat of pipeline {id} ends")).until(beat)
    }
}
