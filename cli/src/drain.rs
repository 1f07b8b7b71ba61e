//! `systole maintenance on --wait`: until nothing is running any more.

use std::time::{Duration, Instant};

use operate::ActiveSteps;
use pipeline::StepStatus;
use store::queue::Depth;

use crate::host;
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{Output, count};
use crate::signals::Signals;

/// How often it is looked whether something is running.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How many looks in a row must see nothing: between two of them a runner may claim a message that it has just taken.
const QUIET_LOOKS: u32 = 2;

/// Most open pipelines whose steps are looked at.
const PIPELINES: usize = 10_000;

/// Waits until no step is running and no runner has a message. What is enqueued is told of: a runner may still begin it.
pub(crate) async fn wait(
    installation: &Installation,
    timeout: Option<Duration>,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let mut signals = Signals::listen()?;
    let (_stopper, mut stop) = host::stop_signal();
    let (began, mut quiet, mut told) = (Instant::now(), 0, String::new());
    loop {
        let active = operate::active_steps(&installation.context, PIPELINES, None).await?;
        let running = running(&active);
        let is_quiet = running.is_empty() && with_runners(installation).await? == 0;
        quiet = if is_quiet { quiet + 1 } else { 0 };
        if quiet >= QUIET_LOOKS {
            output.say(&in_words(&active))?;
            return Ok(ExitReason::Ok);
        }
        let line = format!("{} running: {}", count(running.len(), "step"), running.join(", "));
        if !running.is_empty() && line != told {
            output.say(&line)?;
            told.clone_from(&line);
        }
        if timeout.is_some_and(|timeout| began.elapsed() >= timeout) {
            Output::complain(&format!("after {} s still {line}", began.elapsed().as_secs()));
            return Ok(ExitReason::TimedOut);
        }
        tokio::select! {
            () = stop.sleep(LOOK_EVERY) => {}
            () = signals.next() => return Ok(ExitReason::Interrupted),
        }
    }
}

fn running(active: &ActiveSteps) -> Vec<String> {
    let running = active.steps.iter().filter(|step| step.status == StepStatus::Running);
    running.map(|step| format!("`{}` of {} {}", step.name, step.pipeline_name, step.pipeline)).collect()
}

/// How many messages runners have.
async fn with_runners(installation: &Installation) -> store::Result<u64> {
    let mut all = 0;
    for priority in pipeline::Priority::ALL {
        let Depth { in_flight, .. } = installation.context.store.queue.depth(priority).await?;
        all += in_flight;
    }
    Ok(all)
}

fn in_words(active: &ActiveSteps) -> String {
    match active.by_status.get(StepStatus::Enqueued.as_str()) {
        None => "nothing is running".to_owned(),
        Some(enqueued) => {
            format!("nothing is running; {} enqueued before, which a runner may still begin", count(*enqueued, "step"))
        }
    }
}
