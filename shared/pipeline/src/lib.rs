//! The domain of Systole, pure: definitions, conditions, steps, pipelines, and the plan that a beat carries out.
//!
//! **Invariant:** nothing here does I/O, reads a clock or draws a random number.

pub mod accepts;
mod arguments;
pub mod condition;
pub mod definition;
pub mod duration;
pub mod facts;
mod id;
pub mod merge;
pub mod pipeline;
pub mod plan;
pub mod schedule;
pub mod settings;
mod status;
pub mod step;
pub mod transition;
pub mod visible;
pub mod words;
pub mod xml;

pub use arguments::Arguments;
pub use definition::{BadPriority, Definition, DefinitionHash, Priority, StepDefinition};
pub use id::{BadName, BadPipelineId, Name, PipelineId};
pub use pipeline::Pipeline;
pub use schedule::Pulse;
pub use status::{BadPipelineStatus, BadStepStatus, PipelineStatus, StepStatus};
pub use step::{Step, StepRecord, Token};
