//! Where definitions come from: the files that ship with the program, overlaid by those in the bucket.
//!
//! **A broken file changes nothing.** Each overlay file that is read without an error is kept under [`GOOD_PREFIX`]; when it
//! breaks, that copy stays in force, or the shipped file of its name if it never was good, and every problem says which.
//! A file goes back as a whole: its new definitions may belong together. Only where there is nothing to go back to, what
//! is good in the file is used and the rest left out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use pipeline::Definition;
use pipeline::merge::{self, MergedDefinitions, Vocabulary};
use pipeline::xml::{Warning, limits};
use store::files::{FileInfo, Files};

mod beside;
mod file_names;

pub use beside::CheckedFiles;
use file_names::overlay_name;
pub use file_names::{is_definition_file, place_of, why_unread};

/// The prefix of the overlay in the bucket.
pub const OVERLAY_PREFIX: &str = "pipelines/";

/// The prefix of the last good version of each overlay file.
pub const GOOD_PREFIX: &str = "definitions/good/";

/// Most overlay files that are read; more is a mistake in the bucket and not a set of definitions.
const OVERLAY_LIMIT: usize = 200;

/// How often files that turn out broken are replaced: a good version may refer to what is gone from another file.
const ROUNDS: usize = 3;

/// Reads and keeps definitions; made once per process.
pub struct Definitions {
    shipped: Vec<(String, Bytes)>,
    vocabulary: Vocabulary,
    beside: Vec<Arc<dyn CheckedFiles>>,
    kept: Mutex<Option<Kept>>,
}

/// What a load gave.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The definitions in force, by name.
    pub definitions: Vec<Arc<Definition>>,
    /// Everything that is wrong with definitions, as `file:line:column: …`.
    pub problems: Vec<String>,
    /// What is wrong with the files that are read beside definitions, as `file:line: …`.
    pub problems_beside: Vec<String>,
    /// What is allowed in files and hardly meant, and which files are not read at all.
    pub warnings: Vec<LoadWarning>,
    /// Whether files were read, and not just found unchanged.
    pub is_new: bool,
    /// The overlay files without an error that have not been kept as good ones by this process.
    unkept: Vec<(String, Bytes)>,
}

/// Something that people should know of what was loaded, although it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadWarning {
    /// The pipeline that it concerns, if it is one.
    pub pipeline: Option<String>,
    /// What it is, beginning with the file and the place in it.
    pub text: String,
}

/// Why a definition cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// There is none of this name.
    #[error("there is no pipeline definition `{name}` (known: {known}{broken})")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
        /// What is wrong with definitions, each behind a semicolon.
        broken: String,
    },
    /// It is broken.
    #[error("the definition cannot be used: {problems}")]
    Broken {
        /// What is wrong with it.
        problems: String,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

struct Kept {
    overlay: Vec<FileInfo>,
    beside: Vec<FileInfo>,
    loaded: Loaded,
}

/// A file that takes part in a load.
struct Source {
    name: String,
    bytes: Bytes,
    is_overlay: bool,
}

impl Definitions {
    /// Takes the files that ship, and what definitions may ask for.
    pub fn new(shipped: Vec<(String, Bytes)>, vocabulary: Vocabulary) -> Self {
        Definitions { shipped, vocabulary, beside: Vec::new(), kept: Mutex::new(None) }
    }

    /// The same with files that are checked beside definitions.
    #[must_use]
    pub fn beside(self, beside: Vec<Arc<dyn CheckedFiles>>) -> Self {
        Definitions { beside, ..self }
    }

    /// The definitions in force now.
    ///
    /// A file that is unchanged since the last load is not read again; the listing says so.
    ///
    /// # Errors
    /// The store did not answer. A broken definition is no error but a problem of the answer.
    pub async fn load(&self, files: &dyn Files) -> store::Result<Loaded> {
        // One more than are read, to see that there are more.
        let overlay = files.list(OVERLAY_PREFIX, None, OVERLAY_LIMIT + 1).await?;
        let beside = beside::list(&self.beside, files).await?;
        if let Some(kept) = &*self.lock()
            && kept.overlay == overlay
            && kept.beside == beside
        {
            return Ok(Loaded { is_new: false, ..kept.loaded.clone() });
        }
        let mut sources = self.sources(files, &overlay).await?;
        let mut merged = self.merge(&sources);
        let mut problems: Vec<String> = merged.errors.iter().map(ToString::to_string).collect();
        problems.extend(overlay.get(OVERLAY_LIMIT).map(too_many));
        let warnings = unread(&overlay).chain(merged.warnings.iter().map(LoadWarning::of)).collect();
        let broken = self.broken(&merged);
        let unkept = sources.iter().filter(|source| source.is_overlay && !broken.contains(source.name.as_str()));
        let unkept = unkept.map(|source| (source.name.clone(), source.bytes.clone())).collect();
        for _ in 0..ROUNDS {
            let replaced = self.replace(files, &mut sources, &self.broken(&merged)).await?;
            if replaced.is_empty() {
                break;
            }
            problems.extend(replaced);
            merged = self.merge(&sources);
        }
        let definitions = merged.definitions.into_iter().map(Arc::new).collect();
        let problems_beside = beside::problems(&self.beside, files).await?;
        let loaded = Loaded { definitions, problems, problems_beside, warnings, is_new: true, unkept };
        *self.lock() = Some(Kept { overlay, beside, loaded: loaded.clone() });
        Ok(loaded)
    }

    /// The definition of a name that is in force.
    ///
    /// # Errors
    /// There is no such definition, it is broken, or the store did not answer.
    pub async fn find(&self, files: &dyn Files, name: &str) -> Result<Arc<Definition>, FindError> {
        let loaded = self.load(files).await?;
        if let Some(definition) = loaded.get(name) {
            return Ok(definition.clone());
        }
        let problems = loaded.problems_of_files_about(name);
        if !problems.is_empty() {
            return Err(FindError::Broken { problems: problems.join("; ") });
        }
        let names: Vec<&str> = loaded.definitions.iter().map(|definition| definition.name.as_str()).collect();
        let known = format!("{}{}", names.join(", "), pipeline::xml::suggest::remark(name, names.iter().copied()));
        // One of them may be its own: a file that is no XML does not tell the names in it.
        let broken = loaded.problems.iter().map(|problem| format!("; broken: {problem}")).collect();
        Err(FindError::Unknown { name: name.to_owned(), known, broken })
    }

    /// Keeps the overlay files that are good now, for the day when they break. The heartbeat does so after each load.
    ///
    /// # Errors
    /// The store did not answer; the next beat tries again.
    pub async fn keep_good(&self, files: &dyn Files, loaded: &Loaded) -> store::Result<()> {
        for (name, bytes) in &loaded.unkept {
            let key = format!("{GOOD_PREFIX}{name}");
            if files.get(&key, None).await?.as_ref() != Some(bytes) {
                files.put(&key, bytes.clone()).await?;
            }
        }
        if let Some(kept) = &mut *self.lock()
            && kept.loaded.unkept == loaded.unkept
        {
            kept.loaded.unkept.clear();
        }
        Ok(())
    }

    /// The same files and words in a process that has loaded nothing yet, for tests.
    #[must_use]
    pub fn restarted(&self) -> Self {
        Definitions::new(self.shipped.clone(), self.vocabulary.clone()).beside(self.beside.clone())
    }

    /// The shipped files, each with the overlay file of its name in its place, and the other overlay files.
    async fn sources(&self, files: &dyn Files, overlay: &[FileInfo]) -> store::Result<Vec<Source>> {
        let mut sources: Vec<Source> = self.shipped.iter().map(shipped).collect();
        for file in overlay.iter().take(OVERLAY_LIMIT).filter(|file| is_definition_file(&file.key)) {
            // Of a file that is too large, as much as shows that it is.
            let range = store::files::Range { start: 0, length: limits::FILE_BYTES as u64 + 1 };
            if let Some(bytes) = files.get(&file.key, Some(range)).await? {
                let name = overlay_name(&file.key).to_owned();
                sources.retain(|source| source.is_overlay || place_of(&source.name) != place_of(&name));
                sources.push(Source { name, bytes, is_overlay: true });
            }
        }
        Ok(sources)
    }

    fn merge(&self, sources: &[Source]) -> MergedDefinitions {
        let files = sources.iter().map(|source| (source.name.as_str(), source.bytes.as_ref()));
        merge::load(files, &self.vocabulary)
    }

    /// The names of the files with an error.
    fn broken<'m>(&self, merged: &'m MergedDefinitions) -> BTreeSet<&'m str> {
        merged.errors.iter().map(|error| error.position.file.as_ref()).collect()
    }

    /// Puts what was good before in the place of broken overlay files, and says so of each.
    async fn replace(
        &self,
        files: &dyn Files,
        sources: &mut [Source],
        broken: &BTreeSet<&str>,
    ) -> store::Result<Vec<String>> {
        let mut said = Vec::new();
        for source in sources.iter_mut().filter(|source| source.is_overlay && broken.contains(source.name.as_str())) {
            let good = files.get(&format!("{GOOD_PREFIX}{}", source.name), None).await?;
            if let Some(good) = good.filter(|good| *good != source.bytes) {
                said.push(format!("{}: the last version of the file without an error stays in force", source.name));
                source.bytes = good;
            } else if let Some(file) = self.shipped.iter().find(|(name, _)| *name == place_of(&source.name)) {
                said.push(format!("{}: the shipped file of this name stays in force", source.name));
                *source = shipped(file);
            }
        }
        Ok(said)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unread(overlay: &[FileInfo]) -> impl Iterator<Item = LoadWarning> {
    let names = overlay.iter().take(OVERLAY_LIMIT).map(|file| overlay_name(&file.key));
    names.filter_map(why_unread).map(|text| LoadWarning { pipeline: None, text })
}

fn too_many(first: &FileInfo) -> String {
    let first = overlay_name(&first.key);
    format!(
        "{first}: the folder `{OVERLAY_PREFIX}` has more than {OVERLAY_LIMIT} files; this one and those behind it are not read"
    )
}

fn shipped((name, bytes): &(String, Bytes)) -> Source {
    Source { name: name.clone(), bytes: bytes.clone(), is_overlay: false }
}

impl LoadWarning {
    /// A warning of the merge.
    #[must_use]
    pub fn of(warning: &Warning) -> Self {
        LoadWarning { pipeline: Some(warning.pipeline.clone()), text: warning.to_string() }
    }
}

impl Loaded {
    /// What is wrong in the files in which something is wrong with a definition: a problem of a step does not name its
    /// pipeline, and who mends one problem after the other wants to know of all.
    fn problems_of_files_about(&self, name: &str) -> Vec<&str> {
        let (quoted, mut files) = (format!("`{name}`"), BTreeSet::new());
        for problem in self.problems.iter().filter(|problem| problem.contains(&quoted)) {
            files.extend(problem.split(':').next());
        }
        let concerned = |problem: &&String| problem.split(':').next().is_some_and(|file| files.contains(file));
        self.problems.iter().filter(concerned).map(String::as_str).collect()
    }

    /// All problems, those of definitions first.
    pub fn all_problems(&self) -> impl Iterator<Item = &String> {
        self.problems.iter().chain(&self.problems_beside)
    }

    /// All warnings as texts.
    pub fn warning_texts(&self) -> impl Iterator<Item = &str> {
        self.warnings.iter().map(|warning| warning.text.as_str())
    }

    /// What people should know of the definition of a name.
    pub fn warnings_of(&self, name: &str) -> impl Iterator<Item = &str> {
        let concerned = self.warnings.iter().filter(move |warning| warning.pipeline.as_deref() == Some(name));
        concerned.map(|warning| warning.text.as_str())
    }

    /// The definition of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Definition>> {
        self.definitions.iter().find(|definition| definition.name.as_str() == name)
    }
}
