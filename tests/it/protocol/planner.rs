//! The real planner, asked about the records of the model.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipeline::Arguments;
use pipeline::facts::Facts;
use pipeline::merge::{self, Vocabulary};
use pipeline::pipeline::{StopRequest, StoppedBy};
use pipeline::plan::{Grace, plan};
use pipeline::{Definition, Name, Pipeline, PipelineStatus, StepRecord, StepStatus};

/// What a look sees of a step.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    pub(super) status: StepStatus,
    pub(super) attempt: u8,
    /// Whether its lease or its grace time is over.
    pub(super) is_overdue: bool,
}

/// What a look sees of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sight {
    pub(super) status: PipelineStatus,
    pub(super) is_stopped: bool,
    pub(super) steps: Vec<Seen>,
}

/// A plan, with steps by their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Planned {
    pub(super) ghosted: Vec<usize>,
    pub(super) cancel: Vec<usize>,
    pub(super) resend: Vec<usize>,
    pub(super) enqueue: Vec<usize>,
    pub(super) settle: Option<PipelineStatus>,
}

/// Plans for one definition, each sight once.
pub(super) struct Planner {
    definition: Arc<Definition>,
    known: RefCell<HashMap<Sight, Rc<Planned>>>,
}

const GRACE: Grace = Grace { resend_after: Duration::from_secs(300) };

impl Planner {
    pub(super) fn new(xml: &str) -> Self {
        let merged = merge::load([("model.xml", xml.as_bytes())], &Vocabulary::default());
        assert!(merged.errors.is_empty(), "{:?}", merged.errors);
        let definition = Arc::new(merged.definitions.into_iter().next().unwrap());
        Planner { definition, known: RefCell::default() }
    }

    pub(super) fn definition(&self) -> &Definition {
        &self.definition
    }

    pub(super) fn plan(&self, sight: Sight) -> Rc<Planned> {
        if let Some(known) = self.known.borrow().get(&sight) {
            return known.clone();
        }
        let planned = Rc::new(self.ask(&sight));
        self.known.borrow_mut().insert(sight, planned.clone());
        planned
    }

    fn ask(&self, sight: &Sight) -> Planned {
        let now: DateTime<Utc> = "2026-08-01T12:00:00Z".parse().unwrap();
        let pipeline = self.pipeline(sight, now);
        let plan = plan(&pipeline, &Facts::default(), GRACE, now);
        assert_eq!(plan.stop, None, "nothing expires here");
        let place = |name: &Name| pipeline.steps.iter().position(|step| step.definition.name == *name).unwrap();
        let places = |names: &[Name]| names.iter().map(place).collect();
        Planned {
            ghosted: places(&plan.ghosted),
            cancel: places(&plan.cancel),
            resend: places(&plan.resend),
            enqueue: places(&plan.enqueue),
            settle: plan.settle,
        }
    }

    fn pipeline(&self, sight: &Sight, now: DateTime<Utc>) -> Pipeline {
        let stop = StopRequest { by: StoppedBy::Cancel, reason: "cancelled".to_owned(), at: now };
        let mut seen = sight.steps.iter();
        let record_of =
            |_: &Name| seen.next().filter(|seen| seen.status != StepStatus::Pending).map(|seen| record(seen, now));
        Pipeline {
            id: "01jd9x4k7m3fq8zt0v2b".parse().unwrap(),
            definition: self.definition.clone(),
            arguments: Arguments::new(),
            status: sight.status,
            spawned_at: now,
            spawned_by: String::new(),
            ended_at: None,
            stop: sight.is_stopped.then_some(stop),
            paused_at: None,
            paused_for: Duration::ZERO,
            warnings: 0,
            reruns: 0,
            steps: Pipeline::join_steps(&self.definition, Vec::new(), sight.status, record_of),
            version: 1,
        }
    }
}

fn record(seen: &Seen, now: DateTime<Utc>) -> StepRecord {
    let edge = if seen.is_overdue { now - Duration::from_secs(600) } else { now };
    StepRecord {
        status: seen.status,
        attempt: seen.attempt.into(),
        sent_at: Some(edge),
        enqueued_at: Some(edge),
        lease_until: Some(edge + Duration::from_secs(60)),
        finished_at: Some(now),
        version: 1,
        ..StepRecord::pending()
    }
}
