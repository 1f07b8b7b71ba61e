//! `bunch_complete`: a pipeline condition that holds when all files of a bunch have arrived, and hands them to the steps.
//!
//! The steps get the bunch as the argument `bunch`. No bunch spawns twice under one definition; the oldest comes first.

use async_trait::async_trait;
use engine::FindingCondition;
use engine::accepts::Accepts;
use engine::conditions::finding::{LookQuestion, SourceLook};
use pipeline::Definition;

use super::drop_area::DropAreaLook;
use super::prefixes::{self, PREFIXES};

/// See the module documentation.
pub struct BunchComplete;

/// The name that definitions use.
const NAME: &str = "bunch_complete";

/// The prefixes of the files that a definition takes; none if it does not ask for bunches.
#[must_use]
pub fn prefixes_of(definition: &Definition) -> Vec<String> {
    let told = definition.conditions.iter().filter_map(|described| described.condition.registered_as(NAME));
    told.flat_map(prefixes::of).collect()
}

#[async_trait]
impl FindingCondition for BunchComplete {
    fn name(&self) -> &'static str {
        NAME
    }

    fn description(&self) -> &'static str {
        "finds sets of files in the drop area that have arrived completely"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&PREFIXES])
    }

    async fn look(&self, question: &LookQuestion<'_>) -> store::Result<Box<dyn SourceLook>> {
        Ok(Box::new(DropAreaLook::look(question).await?))
    }
}
