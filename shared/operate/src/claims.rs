//! Which files of the drop area pipelines take, by their names.

use std::collections::BTreeSet;

use engine::Context;
use import::file_name::{FileName, has_row_suffix, prefix_of};
use steps::import::bunch_complete;

/// The names of files that pipelines take.
#[derive(Debug)]
pub struct Claims {
    prefixes: BTreeSet<String>,
    /// What is wrong with definitions, which may be why a prefix is missing.
    problems: Vec<String>,
}

impl Claims {
    /// Reads them from the definitions in force.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn load(context: &Context) -> store::Result<Self> {
        let loaded = context.definitions.load(context.store.files.as_ref()).await?;
        let mut prefixes = BTreeSet::new();
        for definition in &loaded.definitions {
            prefixes.extend(bunch_complete::prefixes_of(definition));
        }
        Ok(Claims { prefixes, problems: loaded.problems })
    }

    /// Why no pipeline takes a file of this name, if none does.
    #[must_use]
    pub fn refusal(&self, name: &str) -> Option<String> {
        let prefix = prefix_of(name);
        let (_, suffix) = name.rsplit_once('.').unwrap_or_default();
        // Plain or packed.
        let is_csv = has_row_suffix(name);
        if !is_csv && suffix != "ok" {
            return Some("it is neither a CSV nor an ok file".to_owned());
        }
        if !self.prefixes.contains(prefix) {
            let taken: Vec<_> = self.prefixes.iter().map(|prefix| format!("`{prefix}_…`")).collect();
            let mut why = format!("no pipeline takes files named `{prefix}_…` (taken are: {})", taken.join(", "));
            for problem in &self.problems {
                why += &format!("; a definition is broken: {problem}");
            }
            return Some(why);
        }
        match name.parse::<FileName>() {
            Err(error) if is_csv => Some(error.to_string()),
            // Of an ok file only the beginning counts.
            _ => None,
        }
    }
}
