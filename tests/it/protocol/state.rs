//! The state of the model: one pipeline in the table, a queue, beats and runners, and what is left of the faults.

use pipeline::{PipelineStatus, StepStatus};

/// Everything that there is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) pipeline: Meta,
    pub(super) steps: Vec<Record>,
    /// The queue, in no order: any message may come next, however late.
    pub(super) messages: Vec<Message>,
    /// Heartbeats; the lease that keeps them apart is an economy, so they may overlap.
    pub(super) heartbeats: Vec<Beat>,
    pub(super) runners: Vec<Runner>,
    /// Whether a process has died that nobody has taken over.
    pub(super) has_dead: bool,
    pub(super) left: Faults,
    /// The first thing that went wrong.
    pub(super) violation: Option<&'static str>,
}

/// The pipeline's own item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Meta {
    pub(super) status: PipelineStatus,
    pub(super) is_stopped: bool,
    pub(super) version: u8,
}

/// The item of a step, and what the checks remember of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Record {
    pub(super) status: StepStatus,
    pub(super) attempt: u8,
    pub(super) continuations: u8,
    /// The version at which the latest enqueue was written: as good as a random one.
    pub(super) token: u8,
    /// The version at which the latest claim was written.
    pub(super) owner: u8,
    pub(super) version: u8,
    /// How many enqueues have been claimed; a continuation is none.
    pub(super) tries: u8,
    /// How many outcomes the latest attempt has.
    pub(super) outcomes: u8,
}

/// A message of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Message {
    pub(super) step: u8,
    pub(super) token: u8,
    pub(super) is_gated: bool,
}

/// A beat at work: what it has planned and not done yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Beat {
    pub(super) ops: Vec<Op>,
    /// How often it has looked.
    pub(super) looks: u8,
    /// Whether it will look again after the last of them.
    pub(super) looks_again: bool,
}

/// One write or message of a beat. Writes name the version that was seen, or the owner that is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Op {
    Ghost { step: u8, version: u8 },
    Cancel { step: u8, version: u8 },
    CarryOn { step: u8, owner: u8 },
    Touch { step: u8, version: u8 },
    Mark { step: u8, version: u8, is_gated: bool },
    Send(Message),
    Settle { status: PipelineStatus, version: u8 },
}

/// Where a runner is. Between any two of these it can be killed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Runner {
    #[default]
    Idle,
    /// It has looked for a stop and not claimed: only in a variant that is wrong.
    Looked(Message),
    /// It has claimed and not looked for a stop.
    Claimed(Hold),
    /// It has found no stop; the executor works.
    Working(Hold),
    /// The executor has ended; nothing of what came of it is committed.
    Committing(JointCommit),
    /// It has written that the step continues, and not sent the message.
    Handing { from: Message, to: Message },
    /// It has found a stop, and gives the step back.
    Dropping(Hold),
    /// It is about to look whether its stage is busy.
    Peeking(Message),
    /// Its mini heartbeat.
    Beating(Message, Beat),
}

/// A step that a runner holds, or believes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Hold {
    pub(super) message: Message,
    pub(super) attempt: u8,
    pub(super) owner: u8,
    /// Whether the pipeline was stopped before the claim.
    pub(super) is_late: bool,
}

/// What goes into one commit: the end of a step, and the mini heartbeat behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct JointCommit {
    pub(super) hold: Hold,
    pub(super) outcome: Outcome,
    pub(super) ops: Vec<Op>,
}

/// How a piece of work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Outcome {
    Success,
    Error,
    Continue,
}

/// How much may go wrong, and how often a person may cancel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Faults {
    /// Processes that die, or whose store does not answer.
    pub(super) crashes: u8,
    /// Messages that are delivered once more.
    pub(super) duplicates: u8,
    /// Messages that vanish.
    pub(super) losses: u8,
    /// Leases and grace times that end although nobody died and nothing got lost.
    pub(super) impatience: u8,
    /// Attempts that fail.
    pub(super) failures: u8,
    /// Times that an executor runs short of time or waits.
    pub(super) continuations: u8,
    pub(super) cancels: u8,
}

impl Record {
    pub(super) fn pending() -> Self {
        Record {
            status: StepStatus::Pending,
            attempt: 0,
            continuations: 0,
            token: 0,
            owner: 0,
            version: 0,
            tries: 0,
            outcomes: 0,
        }
    }

    /// Whether what is written to it for this claim is written.
    pub(super) fn is_held_by(&self, hold: Hold) -> bool {
        self.status == StepStatus::Running && self.owner == hold.owner
    }
}

impl State {
    pub(super) fn initial(steps: usize, heartbeats: usize, runners: usize, left: Faults) -> Self {
        State {
            pipeline: Meta { status: PipelineStatus::Pending, is_stopped: false, version: 1 },
            steps: vec![Record::pending(); steps],
            messages: Vec::new(),
            heartbeats: vec![Beat::default(); heartbeats],
            runners: vec![Runner::Idle; runners],
            has_dead: false,
            left,
            violation: None,
        }
    }

    pub(super) fn record(&self, step: u8) -> &Record {
        &self.steps[usize::from(step)]
    }

    pub(super) fn record_mut(&mut self, step: u8) -> &mut Record {
        &mut self.steps[usize::from(step)]
    }

    /// Whether time alone can end the lease or the grace time of a step: nobody holds it and no message of it is there or
    /// about to be sent.
    pub(super) fn is_abandoned(&self, step: u8) -> bool {
        let record = self.record(step);
        let is_its = |message: &Message| message.step == step && message.token == record.token;
        match record.status {
            StepStatus::Running => !self.runners.iter().any(|runner| match runner {
                Runner::Claimed(hold)
                | Runner::Working(hold)
                | Runner::Committing(JointCommit { hold, .. })
                | Runner::Dropping(hold) => hold.message.step == step && hold.owner == record.owner,
                Runner::Idle | Runner::Looked(_) | Runner::Handing { .. } => false,
                Runner::Peeking(_) | Runner::Beating(..) => false,
            }),
            StepStatus::Enqueued => {
                let is_on_its_way = |op: &Op| matches!(op, Op::Send(message) if is_its(message));
                !self.messages.iter().any(is_its)
                    && !self.heartbeats.iter().any(|beat| beat.ops.iter().any(is_on_its_way))
                    && !self.runners.iter().any(|runner| match runner {
                        Runner::Handing { to: message, .. } | Runner::Looked(message) => is_its(message),
                        Runner::Beating(_, beat) => beat.ops.iter().any(is_on_its_way),
                        Runner::Idle | Runner::Peeking(_) => false,
                        Runner::Claimed(_) | Runner::Working(_) | Runner::Committing(_) | Runner::Dropping(_) => false,
                    })
            }
            StepStatus::Pending
            | StepStatus::Success
            | StepStatus::Skipped
            | StepStatus::Error
            | StepStatus::Cancelled => false,
        }
    }

    /// Takes a message out of the queue.
    pub(super) fn take(&mut self, message: Message) {
        let place = self.messages.iter().position(|other| *other == message).unwrap();
        self.messages.remove(place);
    }

    pub(super) fn violate(&mut self, what: &'static str) {
        self.violation.get_or_insert(what);
    }
}
