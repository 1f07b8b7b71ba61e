//! `drop_file`: puts what earlier steps left into the drop area, where a definition with `bunch_complete` finds it.
//!
//! | argument | says |
//! |---|---|
//! | `from.PREFIX` | the steps whose files become a bunch with that prefix, in order: `from.product-import`; one for each prefix |
//! | `from`, `name` | instead of that: one step, and the name under which its file is dropped as it is, without an ok file |
//!
//! A step leaves a file by an output that names it as `file`, as those of `http_request` and `shell` do. The files of a
//! bunch are called `PREFIX_TIME-PIPELINE_01.csv`, so no other pipeline drops the same names, and a repetition finds what the
//! first one dropped. The ok files name their files and come last: before that nobody takes anything.
//!
//! **Invariant:** a file that lies there as it should is not written again, and nothing is dropped that was taken already.

use async_trait::async_trait;
use engine::accepts::{Accepts, Argument, EarlierStep, NameList, Parsed, Presence};
use engine::{Executor, ExecutorError, Outcome, Work};
use pipeline::Name;
use serde_json::{Value, json};

use super::drop_area::DROP_PREFIX;
use super::{arrivals, prefixes};
use crate::general::artifact_name;

/// The executor.
pub struct DropFile;

const FROM_PREFIX: Argument<NameList> = Argument {
    name: "from.*",
    kind: NameList("step names"),
    presence: Presence::Optional,
    meaning: "for a prefix such as `product-import`, the steps whose files become a bunch with that prefix, in order",
};

const FROM: Argument<EarlierStep> = Argument {
    name: "from",
    kind: EarlierStep::Needed,
    presence: Presence::Optional,
    meaning: "instead of a bunch, the step whose file is dropped as it is, without an ok file",
};

const NAME: Argument<Parsed<String>> = Argument {
    name: "name",
    kind: artifact_name::FILE_NAME,
    presence: Presence::Optional,
    meaning: "the name under which the file of `from` is dropped",
};

/// What a file is called that has no suffix of its own.
const SUFFIX: &str = "csv";

/// What is to be dropped: the files, and then the ok files.
struct Drop {
    files: Vec<DroppedFile>,
    /// Name and content.
    ok_files: Vec<(String, String)>,
}

/// A file on its way into the drop area.
struct DroppedFile {
    /// Where it lies now.
    key: String,
    name: String,
    /// Whether the name is this pipeline's alone.
    is_of_bunch: bool,
}

#[async_trait]
impl Executor for DropFile {
    fn name(&self) -> &'static str {
        "drop_file"
    }

    fn description(&self) -> &'static str {
        "puts what earlier steps left into the drop area, as a bunch or as it is"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&FROM_PREFIX, &FROM, &NAME])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let drop = Drop::of(work).await?;
        let names: Vec<&str> = drop.files.iter().map(|file| file.name.as_str()).collect();
        let ok_files: Vec<&str> = drop.ok_files.iter().map(|(name, _)| name.as_str()).collect();
        let output = json!({ "files": names, "ok_files": ok_files });
        // What an attempt has dropped whose end was not recorded may be imported by now.
        let is_dropped = work.checkpoint::<Value>()?.is_some_and(|before| before == output);
        if !is_dropped && !drop.is_taken(work).await? {
            drop.put(work).await?;
            work.save(output.clone(), &format!("dropped {} files", names.len())).await?;
        }
        work.set_output(output);
        Ok(Outcome::Done)
    }
}

impl Drop {
    /// Reads the arguments and finds the files. Every failure is permanent but that of the store.
    async fn of(work: &Work<'_>) -> Result<Self, ExecutorError> {
        let prefixed = work.arguments_below(&FROM_PREFIX)?;
        match (work.optional_argument(&FROM)?, work.optional_argument(&NAME)?) {
            (Some(step), Some(name)) if prefixed.is_empty() => Self::single(work, step.as_str(), name).await,
            (None, None) if !prefixed.is_empty() => Self::bunch(work, &prefixed).await,
            _ => Err(ExecutorError::permanent(format!(
                "step `{}` says `from.PREFIX` for the files of a bunch (example: `from.product-import`), or else `from` and \
                 `name` for a single file",
                work.step.name
            ))),
        }
    }

    async fn single(work: &Work<'_>, step: &str, name: String) -> Result<Self, ExecutorError> {
        Ok(Drop {
            files: vec![DroppedFile { key: left_by(work, step).await?, name, is_of_bunch: false }],
            ok_files: Vec::new(),
        })
    }

    async fn bunch(work: &Work<'_>, prefixed: &[(&str, Vec<Name>)]) -> Result<Self, ExecutorError> {
        // Equal for all prefixes and all attempts, and for no other pipeline.
        let id = work.pipeline_id();
        let identifier = format!("{}-{id}", work.pipeline.spawned_at.format("%Y%m%d-%H%M%S"));
        let mut drop = Drop { files: Vec::new(), ok_files: Vec::new() };
        for (prefix, steps) in prefixed {
            check_prefix(work, prefix)?;
            let mut named = String::new();
            for (step, number) in steps.iter().zip(1..) {
                let key = left_by(work, step.as_str()).await?;
                let name = format!("{prefix}_{identifier}_{number:02}.{}", suffix_of(&key));
                named += &format!("{name}\n");
                drop.files.push(DroppedFile { key, name, is_of_bunch: true });
            }
            drop.ok_files.push((format!("{prefix}_{identifier}.ok"), named));
        }
        Ok(drop)
    }

    /// Whether a pipeline has the files already, because an attempt dropped them whose end nobody saw.
    async fn is_taken(&self, work: &mut Work<'_>) -> Result<bool, ExecutorError> {
        if self.ok_files.is_empty() {
            return Ok(false);
        }
        let Some(first) = self.files.first() else { return Ok(false) };
        let seen = arrivals::of_file(work.store, &format!("{DROP_PREFIX}{}", first.name)).await?;
        let Some(pipeline) = seen.and_then(|arrival| arrival.pipeline) else { return Ok(false) };
        work.info(&format!("pipeline {pipeline} has the files already, as an earlier attempt dropped them"));
        Ok(true)
    }

    async fn put(&self, work: &mut Work<'_>) -> Result<(), ExecutorError> {
        for file in &self.files {
            file.put(work).await?;
        }
        for (name, content) in &self.ok_files {
            work.store.files.put_if_absent(&format!("{DROP_PREFIX}{name}"), content.clone().into()).await?;
            work.info(&format!("dropped `{name}`"));
        }
        Ok(())
    }
}

impl DroppedFile {
    async fn put(&self, work: &mut Work<'_>) -> Result<(), ExecutorError> {
        let (files, to) = (&work.store.files, format!("{DROP_PREFIX}{}", self.name));
        let gone = || ExecutorError::permanent(format!("the file `{}` is gone; nothing of it was dropped", self.key));
        let source = files.info(&self.key).await?.ok_or_else(gone)?;
        let there = files.info(&to).await?;
        // What lies under a name of our own is our own copy. Its fingerprint does not tell, which on S3 can be another one
        // for a copy; and a copy that is made anew would look like another drop.
        if there.as_ref().is_some_and(|there| there.size_bytes == source.size_bytes && self.is_of_bunch) {
            return Ok(());
        }
        if there.as_ref().is_some_and(|there| there.fingerprint == source.fingerprint) {
            return Ok(());
        }
        if !files.copy(&self.key, &to).await? {
            return Err(gone());
        }
        if there.is_some() {
            work.warn(&format!("`{}` was in the drop area already; it is replaced", self.name));
        }
        work.info(&format!("dropped `{}` ({} bytes)", self.name, source.size_bytes));
        Ok(())
    }
}

/// The key of the file that the output of a step names.
async fn left_by(work: &Work<'_>, step: &str) -> Result<String, ExecutorError> {
    let output = work.output_of::<Value>(step).await?;
    let Some(key) = output.as_ref().and_then(|output| output.get("file")).and_then(Value::as_str) else {
        let message = match work.pipeline.definition.steps.iter().any(|other| other.name.as_str() == step) {
            true => format!("step `{step}` left no file to drop"),
            false => format!("there is no step `{step}` whose file could be dropped"),
        };
        return Err(ExecutorError::permanent(message));
    };
    work.check_own_file(key)?;
    Ok(key.to_owned())
}

/// Refuses what is no prefix, and one that another step drops: its files would have the same names.
fn check_prefix(work: &Work<'_>, prefix: &str) -> Result<(), ExecutorError> {
    prefixes::parse(prefix).map_err(|error| ExecutorError::permanent(format!("argument `from.{prefix}`: {error}")))?;
    let argument = format!("from.{prefix}");
    let is_other = |other: &&std::sync::Arc<pipeline::StepDefinition>| {
        other.name != work.step.name && other.executor == work.step.executor && other.arguments.contains_key(&argument)
    };
    let other = work.pipeline.definition.steps.iter().find(is_other);
    other.map_or(Ok(()), |other| {
        let message =
            format!("step `{}` drops files of the prefix `{prefix}`, too; name all steps in one place", other.name);
        Err(ExecutorError::permanent(message))
    })
}

/// The suffix of a file's name, or the usual one.
fn suffix_of(key: &str) -> &str {
    let name = key.rsplit('/').next().unwrap_or(key);
    let suffix = name.rsplit_once('.').map(|(_, suffix)| suffix);
    suffix
        .filter(|suffix| suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !suffix.is_empty())
        .unwrap_or(SUFFIX)
}
