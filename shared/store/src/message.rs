//! The message that tells a runner to run one step.

use pipeline::{Name, PipelineId, Token};
use serde::{Deserialize, Serialize};

/// The schema of the messages that this version sends.
const SCHEMA: u32 = 1;

/// Names one attempt of one step; carries nothing that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepMessage {
    schema: u32,
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The step.
    pub step: Name,
    /// The step's sort order, part of its key.
    pub sort_order: i32,
    /// The number of the attempt.
    pub attempt: u32,
    /// The number of the continuation within the attempt.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub continuation: u32,
    /// Fences the attempt: a message with another token than the step's is stale.
    pub token: Token,
    /// The version of the step's item when the message was sent; saves the runner a read.
    pub version: u64,
    /// How many runners have followed each other since the last heartbeat.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hops: u32,
    /// Whether the step's end can make nothing ready while another step of its stage is busy: then its mini beat ends where
    /// it finds one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_gated: bool,
}

/// What messages of every schema have.
#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

/// Why a message body is no step message.
#[derive(Debug, thiserror::Error)]
pub enum BadMessage {
    /// It is not JSON of the right shape.
    #[error("message `{body}` is no step message")]
    Unreadable {
        /// The body, shortened.
        body: String,
        /// What the JSON reader says.
        #[source]
        source: serde_json::Error,
    },
    /// A newer Systole sent it.
    #[error("message has schema {found}; this version knows {SCHEMA}")]
    Newer {
        /// The schema it claims.
        found: u32,
    },
}

/// Most characters of a bad message that are quoted.
const QUOTE_LIMIT: usize = 200;

impl StepMessage {
    /// The message that belongs to a step's latest enqueue.
    #[must_use]
    pub fn new(pipeline: &PipelineId, step: &pipeline::Step, token: Token, hops: u32) -> Self {
        StepMessage {
            schema: SCHEMA,
            pipeline: pipeline.clone(),
            step: step.definition.name.clone(),
            sort_order: step.definition.sort_order,
            attempt: step.record.attempt,
            continuation: step.record.continuations,
            token,
            version: step.record.version,
            hops,
            is_gated: false,
        }
    }

    /// The same message for a step of a stage whose end nobody can go ahead of; see [`pipeline::plan::Plan::gated`].
    #[must_use]
    pub fn gated(self) -> Self {
        StepMessage { is_gated: true, ..self }
    }

    /// Reads a message body.
    ///
    /// # Errors
    /// The body is not a step message, or one of a newer version.
    pub fn parse(body: &str) -> Result<Self, BadMessage> {
        let quoted = || body.chars().take(QUOTE_LIMIT).collect::<String>();
        let unreadable = |source| BadMessage::Unreadable { body: quoted(), source };
        // Of a newer schema nobody knows the other fields: it may be no message to us, or look like one.
        let newer = |schema: u32| (schema > SCHEMA).then_some(BadMessage::Newer { found: schema });
        match serde_json::from_str::<StepMessage>(body) {
            Ok(message) => newer(message.schema).map_or(Ok(message), Err),
            Err(error) => {
                let found = serde_json::from_str(body).ok().and_then(|Schema { schema }| newer(schema));
                Err(found.unwrap_or_else(|| unreadable(error)))
            }
        }
    }

    /// The message as text.
    #[must_use]
    pub fn body(&self) -> String {
        serde_json::to_string(self).expect("a message has only string keys and no failing serializer")
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` hands a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
