//! Puts files into the drop area so that nobody sees a bunch too early.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use import::bunch::{self, DropFile};
use import::file_name::FileName;
use operate::Claims;
use serde::Serialize;
use steps::import::DROP_PREFIX;
use steps::import::arrivals::{self, Arrival};
use store::files::FileInfo;
use tokio::io::AsyncReadExt;

use crate::installation::{Installation, now};
use crate::output::{Output, count};

const READ_BYTES: usize = 1024 * 1024;

/// Most files of the drop area that are looked at.
const FILE_LIMIT: usize = 10_000;

/// What was put into the drop area.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Dropped {
    /// The CSV files, by base name; those that lay there and were released by a dropped ok file, too.
    pub(crate) files: BTreeSet<String>,
    /// The ok files, by base name.
    pub(crate) ok_files: Vec<String>,
    /// Files of the given folders that were not dropped, and why.
    pub(crate) left_out: BTreeMap<String, String>,
    /// What tells the CSV files from others of the same name, as far as that could be seen.
    #[serde(skip)]
    fingerprints: BTreeMap<String, String>,
}

impl Dropped {
    /// Whether an arrival is of a file that another drop put under the same name.
    pub(super) fn is_of_another_drop(&self, name: &str, arrival: &Arrival) -> bool {
        // Before a heartbeat has looked there is no fingerprint.
        let ours = self.fingerprints.get(name).filter(|_| !arrival.fingerprint.is_empty());
        ours.is_some_and(|ours| *ours != arrival.fingerprint)
    }
}

/// The files to drop, by base name.
#[derive(Debug, Default)]
struct FilesToDrop {
    csv_files: BTreeMap<FileName, PathBuf>,
    ok_files: BTreeMap<String, PathBuf>,
    left_out: BTreeMap<String, String>,
}

/// Puts files into the drop area: CSV files first, ok files last. Nothing is dropped if anything is wrong with them.
pub(crate) async fn put(
    installation: &Installation,
    paths: &[PathBuf],
    with_ok: bool,
    output: &Output,
) -> anyhow::Result<Dropped> {
    let chosen = FilesToDrop::of(paths, &Claims::load(&installation.context).await?)?;
    for (name, reason) in &chosen.left_out {
        output.say(&format!("left out {name}: {reason}"))?;
    }
    let withdrawn = withdraw_ok_files(installation, &chosen).await?;
    let mut dropped = Dropped { left_out: chosen.left_out, ..Dropped::default() };
    for (name, path) in &chosen.csv_files {
        let name = name.to_string();
        let put = upload(installation, &format!("{DROP_PREFIX}{name}"), path).await?;
        output.say(&format!("dropped  {name}"))?;
        if let Some(put) = put {
            dropped.fingerprints.insert(name.clone(), put.fingerprint);
        }
        dropped.files.insert(name);
    }
    for (name, path) in &chosen.ok_files {
        upload(installation, &format!("{DROP_PREFIX}{name}"), path).await?;
        output.say(&format!("dropped  {name}"))?;
        dropped.ok_files.push(name.clone());
    }
    for (name, content) in withdrawn {
        // One that was dropped anew says the latest.
        if !chosen.ok_files.contains_key(&name) {
            write(installation, &name, content).await?;
        }
    }
    let area = DropAreaContent::list(installation).await?;
    let missing = if with_ok { area.missing_ok_files(chosen.csv_files.keys()) } else { BTreeMap::new() };
    for (name, lines) in missing {
        write(installation, &name, lines.join("\n")).await?;
        output.say(&format!("wrote    {name} for {} without one", count(lines.len(), "file")))?;
        dropped.ok_files.push(name);
    }
    dropped.files.extend(area.released_by(&dropped.ok_files));
    Ok(dropped)
}

/// Writes an ok file.
pub(super) async fn write(installation: &Installation, name: &str, content: String) -> anyhow::Result<()> {
    let key = format!("{DROP_PREFIX}{name}");
    Ok(installation.context.store.files.put(&key, Bytes::from(content)).await?)
}

/// Takes the ok files away that would release files of an older drop together with some of this one.
async fn withdraw_ok_files(
    installation: &Installation,
    chosen: &FilesToDrop,
) -> anyhow::Result<BTreeMap<String, String>> {
    let area = DropAreaContent::list(installation).await?;
    let mut replaced = Vec::new();
    for (name, file) in &area.csv_files {
        if chosen.csv_files.contains_key(name) {
            replaced.push(file.clone());
        }
    }
    let mut withdrawn = area.ok_files;
    withdrawn.retain(|name, content| chosen.ok_files.contains_key(name) || !bunch::is_spent(name, content, &replaced));
    for name in withdrawn.keys() {
        installation.context.store.files.delete(&format!("{DROP_PREFIX}{name}")).await?;
    }
    Ok(withdrawn)
}

impl FilesToDrop {
    /// The CSV and ok files among the paths. What was named must be fit to be dropped; of what lies in a named folder, the
    /// rest is left out.
    fn of(paths: &[PathBuf], claims: &Claims) -> anyhow::Result<Self> {
        let mut chosen = FilesToDrop::default();
        for path in paths {
            if path.is_dir() {
                let entries =
                    std::fs::read_dir(path).with_context(|| format!("failed to read `{}`", path.display()))?;
                for entry in entries {
                    let path = entry.with_context(|| format!("failed to read `{}`", path.display()))?.path();
                    if let Some(why) = refusal(&path, claims) {
                        chosen.left_out.insert(name_of(&path), why);
                    } else {
                        chosen.add(path)?;
                    }
                }
            } else if !path.is_file() {
                bail!("there is no file or folder `{}`", path.display());
            } else if let Some(why) = refusal(path, claims) {
                bail!("`{}` cannot be dropped: {why}", path.display());
            } else {
                chosen.add(path.clone())?;
            }
        }
        if chosen.csv_files.is_empty() && chosen.ok_files.is_empty() {
            let reasons = chosen.left_out.iter().map(|(name, reason)| format!("\n  {name}: {reason}"));
            bail!("there is no file to drop{}", reasons.collect::<String>());
        }
        Ok(chosen)
    }

    fn add(&mut self, path: PathBuf) -> anyhow::Result<()> {
        let name = name_of(&path);
        let before = match name.parse() {
            Ok(file) if !is_ok(&path) => self.csv_files.insert(file, path.clone()),
            _ => self.ok_files.insert(name, path.clone()),
        };
        match before {
            Some(before) if before != path => {
                bail!("`{}` and `{}` have the same name; drop one after the other", before.display(), path.display())
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Why a file is not dropped, if it is not.
fn refusal(path: &Path, claims: &Claims) -> Option<String> {
    if path.is_file() { claims.refusal(&name_of(path)) } else { Some("it is no file".to_owned()) }
}

/// What lies in the drop area.
pub(super) struct DropAreaContent {
    csv_files: Vec<(FileName, DropFile)>,
    /// The contents of the ok files, by name.
    ok_files: BTreeMap<String, String>,
}

impl DropAreaContent {
    pub(super) async fn list(installation: &Installation) -> anyhow::Result<Self> {
        let files = &installation.context.store.files;
        let mut area = DropAreaContent { csv_files: Vec::new(), ok_files: BTreeMap::new() };
        for file in files.list(DROP_PREFIX, None, FILE_LIMIT).await? {
            let name = file.key.strip_prefix(DROP_PREFIX).unwrap_or_default().to_owned();
            if name.ends_with(".ok") {
                let content = files.get(&file.key, None).await?.unwrap_or_default();
                area.ok_files.insert(name, String::from_utf8_lossy(&content).into_owned());
            } else if let Ok(parsed) = name.parse::<FileName>() {
                let (modified, fingerprint) = (file.modified_at, file.fingerprint);
                area.csv_files.push((parsed, DropFile { name, size_bytes: file.size_bytes, modified, fingerprint }));
            }
        }
        Ok(area)
    }

    /// The names of the CSV files.
    pub(super) fn names(&self) -> impl Iterator<Item = &FileName> {
        self.csv_files.iter().map(|(name, _)| name)
    }

    /// The CSV files that any of these ok files releases.
    fn released_by(&self, ok_names: &[String]) -> Vec<String> {
        let mut released = Vec::new();
        for (_, file) in &self.csv_files {
            let is_released = ok_names.iter().any(|name| match self.ok_files.get(name) {
                Some(content) => !bunch::is_spent(name, content, std::slice::from_ref(file)),
                None => false,
            });
            if is_released {
                released.push(file.name.clone());
            }
        }
        released
    }

    /// The ok files to write for CSV files that none releases: one for each prefix and identifier, or, where there is such
    /// a one for other files already, one for each file.
    pub(super) fn missing_ok_files<'a>(
        &self,
        csv_files: impl Iterator<Item = &'a FileName>,
    ) -> BTreeMap<String, Vec<String>> {
        let all: Vec<String> = self.ok_files.keys().cloned().collect();
        let released: BTreeSet<String> = self.released_by(&all).into_iter().collect();
        let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in csv_files {
            if released.contains(&file.to_string()) {
                continue;
            }
            let [_, of_bunch, of_file] = file.ok_files();
            let name = if self.ok_files.contains_key(of_bunch.as_str()) { of_file } else { of_bunch };
            missing.entry(name.to_string()).or_default().push(file.to_string());
        }
        missing
    }
}

/// Puts a file into the drop area; what is known of it, if nobody has taken it yet.
async fn upload(installation: &Installation, key: &str, path: &Path) -> anyhow::Result<Option<FileInfo>> {
    let what = || format!("failed to drop `{}`", path.display());
    let file = tokio::fs::File::open(path).await.with_context(what)?;
    // A fresh note: the file may have been here before with the same content, and then names the pipeline of that time.
    // Written before the file is there, so that it cannot wipe out what a heartbeat notes about it.
    let arrival = Arrival {
        key: key.to_owned(),
        size_bytes: file.metadata().await.with_context(what)?.len(),
        fingerprint: String::new(),
        seen_at: now(),
        waits_for: None,
        pipeline: None,
    };
    arrivals::record(&installation.context.store, &arrival, now()).await?;
    copy(installation, key, path).await
}

/// Writes a file of this machine into the store.
pub(super) async fn copy(installation: &Installation, key: &str, path: &Path) -> anyhow::Result<Option<FileInfo>> {
    let what = || format!("failed to read `{}`", path.display());
    let mut file = tokio::fs::File::open(path).await.with_context(what)?;
    let files = &installation.context.store.files;
    let mut upload = files.upload(key).await?;
    loop {
        let mut buffer = vec![0; READ_BYTES];
        let length = file.read(&mut buffer).await.with_context(what)?;
        if length == 0 {
            break;
        }
        buffer.truncate(length);
        upload.write(Bytes::from(buffer)).await?;
    }
    upload.finish().await?;
    Ok(files.info(key).await?)
}

fn is_ok(path: &Path) -> bool {
    path.extension().is_some_and(|suffix| suffix == "ok")
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
