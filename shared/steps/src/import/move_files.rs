//! `move_files`: takes the files of the bunch from the drop area into the working directory.
//!
//! Copy, then delete; a repetition finds the copy and deletes what is left. A file that was dropped anew in the meantime
//! (another fingerprint) belongs to the next bunch and is left where it is.
//!
//! A packed file, and one in other characters than UTF-8, is written in readable form beside it. All files are readable
//! before the first leaves the drop area: one that cannot be made so keeps its bunch there, where a person can replace it.

use std::sync::Arc;

use async_trait::async_trait;
use encoding_rs::Encoding;
use engine::accepts::{Accepts, Argument, Parsed, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use import::bunch::{self, Bunch, BunchFile, DropFile, MAX_OK_FILE_BYTES};
use import::configuration::{Configuration, Scope};
use store::files::Range;

use super::bunch_files::{BUNCH, bunch, moved_key};
use super::configuration::{self, CONFIGURATION};
use super::drop_area::DROP_PREFIX;
use super::history::{self, ImportRecord};
use super::readable::Making;

/// The executor.
pub struct MoveFiles;

#[async_trait]
impl Executor for MoveFiles {
    fn name(&self) -> &'static str {
        "move_files"
    }

    fn description(&self) -> &'static str {
        "takes the files of the bunch from the drop area into the working directory"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&CHARSET, &FOLDER, &CONFIGURATION, &BUNCH])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let bunch = bunch(work)?;
        let charsets = Charsets::of(work).await?;
        check_names(&bunch)?;
        let folder = folder(work)?;
        if history::is_import(work.pipeline) {
            let record = ImportRecord::beginning(work.pipeline, &bunch);
            history::begin(work.store, &record, &*work.settings().await?, work.now()).await?;
        }
        // All before the first: if one cannot be moved, the others stay with it and are imported with what replaced it.
        let mut places = Vec::new();
        for file in &bunch.files {
            let place = FilePlace::find(work, &folder, file).await?;
            place.copy(work, charsets.of_file(work, file)).await?;
            places.push(place);
        }
        for (file, place) in bunch.files.iter().zip(places) {
            place.clear(work).await?;
            work.info(&format!("moved `{}` ({} bytes)", file.name, file.size_bytes));
        }
        for note in &bunch.left_behind {
            work.warn(&note.text);
        }
        for ok_file in &bunch.ok_files {
            move_ok_file(work, ok_file).await?;
        }
        Ok(Outcome::Done)
    }
}

const CHARSET: Argument<Parsed<&'static Encoding>> = Argument {
    name: "charset",
    kind: Parsed {
        kind: "name of a character set",
        example: "windows-1252",
        read: |name| Ok(Encoding::for_label(name.trim().as_bytes()).ok_or(NoCharset)?),
    },
    presence: Presence::Optional,
    meaning: "the characters in which the files are written, as `from-charset` of the configuration says if there is no such \
              argument; the byte order mark of a file counts more",
};

const FOLDER: Argument<Parsed<String>> = Argument {
    name: "folder",
    kind: Parsed {
        kind: "folder below `checks/`",
        example: "checks/0a1b2c/",
        read: |folder| Ok(below_checks(folder)?),
    },
    presence: Presence::Optional,
    meaning: "where the files lie that are only checked; the drop area if there is no such argument",
};

/// What the folders of files begin with that are only checked.
pub const CHECK_PREFIX: &str = "checks/";

/// A folder that is none of those from which files may be taken.
#[derive(Debug, thiserror::Error)]
#[error("it is no folder of files to check (expected `{CHECK_PREFIX}` and a name, with a slash at the end)")]
struct NoCheckFolder;

fn below_checks(folder: &str) -> Result<String, NoCheckFolder> {
    let name = folder.strip_prefix(CHECK_PREFIX).and_then(|rest| rest.strip_suffix('/'));
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if name.is_some_and(is_name) { Ok(folder.to_owned()) } else { Err(NoCheckFolder) }
}

/// The folder from which the files are taken.
fn folder(work: &Work<'_>) -> Result<String, ExecutorError> {
    Ok(work.optional_argument(&FOLDER)?.unwrap_or_else(|| DROP_PREFIX.to_owned()))
}

/// In which characters the files are said to be written.
struct Charsets {
    argument: Option<&'static Encoding>,
    configuration: Arc<Configuration>,
}

impl Charsets {
    async fn of(work: &Work<'_>) -> Result<Self, ExecutorError> {
        let argument = work.optional_argument(&CHARSET)?;
        Ok(Self { argument, configuration: configuration::of_pipeline(work).await? })
    }

    /// What the argument says, or else the configuration of the file's entity.
    fn of_file(&self, work: &Work<'_>, file: &BunchFile) -> Option<&'static Encoding> {
        let definition = &work.pipeline.definition;
        let scope = Scope {
            pipeline: Some(definition.name.to_string()),
            entity: configuration::entity_of(definition, file.name.prefix()).map(str::to_owned),
            operation: None,
        };
        let configured = || self.configuration.settings(&scope).charset;
        self.argument.or_else(configured).filter(|charset| *charset != encoding_rs::UTF_8)
    }
}

/// A text that names no character set.
#[derive(Debug, thiserror::Error)]
#[error("it is no character set (examples: `windows-1252`, `iso-8859-15`, `utf-16le`)")]
struct NoCharset;

/// Two files whose readable forms would be one cannot be in one bunch.
fn check_names(bunch: &Bunch) -> Result<(), ExecutorError> {
    for (index, file) in bunch.files.iter().enumerate() {
        let twin = bunch.files[..index].iter().find(|other| other.name.unpacked() == file.name.unpacked());
        if let Some(twin) = twin {
            return Err(ExecutorError::permanent(format!(
                "files `{}` and `{}` differ in how they are packed only; take one of them out of the drop area",
                twin.name, file.name
            )));
        }
    }
    Ok(())
}

/// Where a file of the bunch is.
struct FilePlace {
    from: String,
    to: String,
    /// Where its readable form is; the same as `to` if it is readable as it came.
    readable: String,
    is_moved: bool,
    /// Whether the file lies in the drop area as it lay there when the pipeline was spawned.
    is_there: bool,
}

impl FilePlace {
    async fn find(work: &Work<'_>, folder: &str, file: &BunchFile) -> Result<Self, ExecutorError> {
        let files = &work.store.files;
        let name = file.name.to_string();
        let directory = work.working_directory()?;
        let (from, to) = (format!("{folder}{name}"), moved_key(&directory, &name));
        let readable = moved_key(&directory, &file.name.unpacked().to_string());
        let is_moved = files.info(&to).await?.is_some();
        let source = files.info(&from).await?;
        let is_there = source.as_ref().is_some_and(|source| source.fingerprint == file.fingerprint);
        match (is_moved || is_there, source) {
            (true, _) => Ok(FilePlace { from, to, readable, is_moved, is_there }),
            (false, Some(_)) => Err(ExecutorError::permanent(format!(
                "file `{from}` was replaced before it was moved; its bunch stays in the drop area for another pipeline"
            ))),
            (false, None) => Err(gone(&from)),
        }
    }

    /// Copies the file, and writes its readable form; the copy comes last, as it tells that both are there.
    async fn copy(&self, work: &mut Work<'_>, charset: Option<&'static Encoding>) -> Result<(), ExecutorError> {
        if self.is_moved {
            return Ok(());
        }
        let making = Making::look(work, &self.from, charset).await?.ok_or_else(|| gone(&self.from))?;
        if making.is_readable() && self.readable == self.to {
            return self.copy_as_it_is(work).await;
        }
        let bytes = making.write(work, &self.from, &self.readable).await?;
        work.info(&format!("made `{}` of `{}` ({bytes} bytes)", self.readable, self.from));
        if self.readable == self.to {
            return Ok(());
        }
        self.copy_as_it_is(work).await
    }

    async fn copy_as_it_is(&self, work: &Work<'_>) -> Result<(), ExecutorError> {
        match work.store.files.copy(&self.from, &self.to).await? {
            true => Ok(()),
            false => Err(gone(&self.from)),
        }
    }

    async fn clear(self, work: &Work<'_>) -> Result<(), ExecutorError> {
        // Between the look and this deletion somebody may drop another file under the name. S3 knows no deletion under a
        // condition; the time in between is that of the copies.
        if self.is_there {
            work.store.files.delete(&self.from).await?;
        }
        Ok(())
    }
}

fn gone(key: &str) -> ExecutorError {
    ExecutorError::permanent(format!("file `{key}` is gone; somebody took it away before it was moved"))
}

/// Copies an ok file, and removes it once nothing in the drop area needs it any more.
async fn move_ok_file(work: &mut Work<'_>, name: &str) -> Result<(), ExecutorError> {
    let files = work.store.files.clone();
    let from = format!("{DROP_PREFIX}{name}");
    // What is larger than any ok file was put there since; it stays as it is.
    let range = Range { start: 0, length: MAX_OK_FILE_BYTES + 1 };
    let Some(content) = files.get(&from, Some(range)).await? else { return Ok(()) };
    if content.len() as u64 > MAX_OK_FILE_BYTES {
        work.warn(&format!("`{name}` stays in the drop area: it has more than {MAX_OK_FILE_BYTES} bytes now"));
        return Ok(());
    }
    files.copy(&from, &moved_key(&work.working_directory()?, name)).await?;
    // Asked behind the move of the bunch: what is left then belongs to others, who may need the ok file.
    let remaining: Vec<DropFile> = files
        .list(DROP_PREFIX, None, 10_000)
        .await?
        .into_iter()
        .filter_map(|file| {
            let name = file.key.strip_prefix(DROP_PREFIX)?.to_owned();
            let (modified, fingerprint) = (file.modified_at, file.fingerprint);
            Some(DropFile { name, size_bytes: file.size_bytes, modified, fingerprint })
        })
        .collect();
    if bunch::is_spent(name, &String::from_utf8_lossy(&content), &remaining) {
        files.delete(&from).await?;
        work.info(&format!("moved `{name}`"));
    } else {
        work.info(&format!("copied `{name}`: it also names files that are still in the drop area"));
    }
    Ok(())
}
