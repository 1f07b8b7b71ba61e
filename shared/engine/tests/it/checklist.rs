//! What the original can do, row by row of `docs/CHECKLIST.md`; each test is named after its row.

mod definitions;
mod engine;

/// A pipeline with everything that an author can say, as XML.
fn written(attributes: &str, conditions: &str, steps: &str) -> String {
    format!(
        "<config><pipeline name=\"work\" {attributes}><conditions>{conditions}</conditions>{steps}</pipeline></config>"
    )
}

const BY_HAND: &str = "<pipeline_condition type=\"no_auto_spawn\"/>";
