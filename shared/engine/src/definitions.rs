//! Where definitions come from: the files that ship with the program, overlaid by those in the bucket.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use pipeline::Definition;
use pipeline::merge::{self, Vocabulary};
use store::files::{FileInfo, Files};

/// The prefix of the overlay in the bucket.
pub const OVERLAY_PREFIX: &str = "pipelines/";

/// Most overlay files that are read; more is a mistake in the bucket and not a set of definitions.
const OVERLAY_LIMIT: usize = 200;

/// The definitions that ship, by file name.
pub const SHIPPED: [(&str, &str); 1] = [("catalog_import.xml", include_str!("../../../pipelines/catalog_import.xml"))];

/// Reads and keeps definitions; made once per process.
pub struct Definitions {
    shipped: Vec<(String, Vec<u8>)>,
    executors: BTreeSet<&'static str>,
    vocabulary: Vocabulary,
    kept: Mutex<Option<Kept>>,
}

/// What a load gave.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The definitions without an error, by name.
    pub definitions: Vec<Arc<Definition>>,
    /// Everything that is wrong, as `file:line:column: …`.
    pub problems: Vec<String>,
    /// Whether files were read, and not just found unchanged.
    pub is_new: bool,
}

struct Kept {
    overlay: Vec<FileInfo>,
    loaded: Loaded,
}

impl Definitions {
    /// Takes the files that ship, the names of the executors that steps may ask for, and the registered conditions.
    pub fn new(
        shipped: impl IntoIterator<Item = (String, Vec<u8>)>,
        executors: &[&'static str],
        vocabulary: Vocabulary,
    ) -> Self {
        Definitions {
            shipped: shipped.into_iter().collect(),
            executors: executors.iter().copied().collect(),
            vocabulary,
            kept: Mutex::new(None),
        }
    }

    /// The definitions in force now.
    ///
    /// A file that is unchanged since the last load is not read again; the listing says so.
    ///
    /// # Errors
    /// The store did not answer. A broken definition is no error but a problem of the answer.
    pub async fn load(&self, files: &dyn Files) -> store::Result<Loaded> {
        let overlay = files.list(OVERLAY_PREFIX, None, OVERLAY_LIMIT).await?;
        let overlay: Vec<FileInfo> = overlay.into_iter().filter(|file| file.key.ends_with(".xml")).collect();
        if let Some(kept) = &*self.lock()
            && kept.overlay == overlay
        {
            return Ok(Loaded { is_new: false, ..kept.loaded.clone() });
        }
        let mut sources = self.shipped.clone();
        for file in &overlay {
            if let Some(bytes) = files.get(&file.key, None).await? {
                let name = file.key.strip_prefix(OVERLAY_PREFIX).unwrap_or(&file.key).to_owned();
                // An overlay file takes the place of the shipped file of its name.
                sources.retain(|(shipped, _)| *shipped != name);
                sources.push((name, bytes.to_vec()));
            }
        }
        let mut merged =
            merge::load(sources.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())), &self.vocabulary);
        merged.refuse_unknown_executors(&self.executors);
        let loaded = Loaded {
            definitions: merged.definitions.into_iter().map(Arc::new).collect(),
            problems: merged.errors.iter().map(ToString::to_string).collect(),
            is_new: true,
        };
        *self.lock() = Some(Kept { overlay, loaded: loaded.clone() });
        Ok(loaded)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loaded {
    /// The definition of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Definition>> {
        self.definitions.iter().find(|definition| definition.name.as_str() == name)
    }
}
