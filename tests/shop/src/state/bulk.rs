//! Bulks, their operations and the queue in front of the consumer.

use std::collections::VecDeque;

use serde_json::{Map, Value};

/// Where an operation stands. The numbers are those of the interface; 2 was not seen on the recorded
/// shop, 5 is set by nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stage {
    /// 4: not taken up, or taken up by a consumer that died.
    Open,
    /// 1: the service answered, possibly with errors inside.
    Done,
    /// 2: a lock of the database; sending it again helps.
    Retriable,
    /// 3: the service refused.
    Failed,
}

impl Stage {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Open => 4,
            Self::Done => 1,
            Self::Retriable => 2,
            Self::Failed => 3,
        }
    }
}

/// One item of a bulk.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// Its place in what was sent.
    pub id: usize,
    pub stage: Stage,
    pub store: u32,
    /// What the service gets.
    pub sent: Map<String, Value>,
    pub result: Option<Value>,
    pub message: Option<String>,
    pub error_code: Option<i64>,
}

/// A bulk.
#[derive(Debug, Clone)]
pub(crate) struct Bulk {
    pub uuid: String,
    pub topic: String,
    /// Place of its route in the list of routes.
    pub route: usize,
    pub start_time: String,
    pub user_id: i64,
    pub operations: Vec<Operation>,
}

/// All of them, and the queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bulks {
    pub list: Vec<Bulk>,
    /// Places of bulks and operations that wait.
    pub queue: VecDeque<(usize, usize)>,
    /// Whether a poisoned operation ended the consumer.
    pub is_dead: bool,
}

impl Bulks {
    pub(crate) fn by_uuid(&self, uuid: &str) -> Option<&Bulk> {
        self.list.iter().find(|bulk| bulk.uuid == uuid)
    }
}
