//! What a step does with rows.

use engine::accepts::{Argument, OneOf, Presence};
use engine::{ExecutorError, Work};
use import::operation::Operation;

pub(super) const OPERATION: Argument<OneOf> = Argument {
    name: "operation",
    kind: OneOf(&["add-update", "replace", "delete"]),
    presence: Presence::Default("add-update"),
    meaning: "what to do with the rows: `add-update` changes what they say, `replace` makes things anew from them alone, \
              `delete` takes things away",
};

/// What the step's arguments want done with the rows.
pub(super) fn operation(work: &Work<'_>) -> Result<Operation, ExecutorError> {
    let found = work.argument(&OPERATION)?;
    let known = Operation::ALL.into_iter().find(|(name, _)| *name == found);
    Ok(known.expect("the argument takes no other word").1)
}
