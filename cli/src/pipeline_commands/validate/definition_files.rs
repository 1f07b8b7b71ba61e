//! The definition files that are checked together: those that are given, those of the store, and those that ship.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use engine::Program;
use engine::definitions::{OVERLAY_PREFIX, is_definition_file, place_of, why_unread};
use pipeline::xml::limits;
use store::files::Range;

use crate::installation::Installation;

/// The files, in the order in which the heartbeat reads them.
pub(super) struct DefinitionFiles {
    pub(super) all: Vec<DefinitionFile>,
    /// The files of the store and those that ship whose place is taken, as a person would name them.
    pub(super) replaced: Vec<String>,
    /// What to say of files that were given and are not read.
    pub(super) unread: Vec<String>,
    /// Files of the configuration of imports among those that were given.
    pub(super) configurations: Vec<PathBuf>,
}

pub(super) struct DefinitionFile {
    /// How problems name it.
    pub(super) shown: String,
    pub(super) bytes: Bytes,
}

/// Most files of the store that are read; as many as the heartbeat reads.
const STORED: usize = 200;

/// How deep folders are looked into.
const DEPTH: usize = 8;

impl DefinitionFiles {
    pub(super) async fn read(
        program: &Program,
        installation: Option<&Installation>,
        paths: &[PathBuf],
    ) -> anyhow::Result<Self> {
        let mut unread = Vec::new();
        let mut configurations = Vec::new();
        let given = given(paths, &mut unread, &mut configurations)?;
        let stored = match installation {
            Some(installation) => stored(installation, &mut unread).await?,
            None => BTreeMap::new(),
        };
        let (mut all, mut replaced) = (Vec::new(), Vec::new());
        for (name, bytes) in &program.definitions {
            if given.contains_key(name) {
                replaced.push(format!("the shipped file `{name}`"));
            } else if !stored.keys().any(|stored| place_of(stored) == *name) {
                all.push(DefinitionFile { shown: name.clone(), bytes: bytes.clone() });
            }
        }
        for (name, bytes) in stored {
            let given = given.get(&place_of(&name));
            if given.is_some_and(|(_, given)| *given != bytes) {
                replaced.push(format!("`{OVERLAY_PREFIX}{name}` of the store"));
            } else if given.is_none() {
                all.push(DefinitionFile { shown: format!("{OVERLAY_PREFIX}{name}"), bytes });
            }
        }
        let given =
            given.into_values().map(|(path, bytes)| DefinitionFile { shown: path.display().to_string(), bytes });
        all.extend(given);
        Ok(DefinitionFiles { all, replaced, unread, configurations })
    }
}

/// The given files, by the places that they would take in the store.
fn given(
    paths: &[PathBuf],
    unread: &mut Vec<String>,
    configurations: &mut Vec<PathBuf>,
) -> anyhow::Result<BTreeMap<String, (PathBuf, Bytes)>> {
    let mut given: BTreeMap<String, (PathBuf, Bytes)> = BTreeMap::new();
    for path in paths {
        let files = if path.is_dir() {
            let mut found = Found::default();
            found.look(path, path, DEPTH)?;
            if found.definitions.is_empty() && found.configurations.is_empty() {
                bail!("there is no file `*.xml` in the folder `{}`, and none `*.json`", path.display());
            }
            unread.append(&mut found.unread);
            configurations.append(&mut found.configurations);
            found.definitions
        } else if is_configuration(path) {
            configurations.push(path.clone());
            continue;
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            vec![(name, path.clone())]
        };
        for (name, path) in files {
            let bytes = std::fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
            if let Some((before, _)) = given.insert(place_of(&name), (path.clone(), bytes.into()))
                && before != path
            {
                let (before, path) = (before.display(), path.display());
                bail!("`{before}` and `{path}` would take the same place in the store; check one after the other");
            }
        }
    }
    Ok(given)
}

/// What lies below a folder.
#[derive(Debug, Default)]
struct Found {
    /// The definition files, with their names as the store would have them.
    definitions: Vec<(String, PathBuf)>,
    configurations: Vec<PathBuf>,
    /// What to say of the others.
    unread: Vec<String>,
}

impl Found {
    fn look(&mut self, root: &Path, folder: &Path, depth: usize) -> anyhow::Result<()> {
        let what = || format!("failed to read the folder `{}`", folder.display());
        for entry in std::fs::read_dir(folder).with_context(what)? {
            let path = entry.with_context(what)?.path();
            if path.is_dir() && depth > 0 {
                self.look(root, &path, depth - 1)?;
                continue;
            }
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            if is_definition_file(&name) {
                self.definitions.push((name, path));
            } else if is_configuration(&path) {
                self.configurations.push(path);
            } else {
                self.unread.extend(why_unread(&path.to_string_lossy()));
            }
        }
        self.definitions.sort();
        self.configurations.sort();
        Ok(())
    }
}

/// Whether a file is one of the configuration of imports; schemas for editors lie beside them.
fn is_configuration(path: &Path) -> bool {
    let name = path.to_string_lossy().to_ascii_lowercase();
    name.ends_with(".json") && !name.ends_with(".schema.json")
}

/// The definition files of the store, by name.
async fn stored(installation: &Installation, unread: &mut Vec<String>) -> anyhow::Result<BTreeMap<String, Bytes>> {
    let files = &installation.context.store.files;
    let mut stored = BTreeMap::new();
    for file in files.list(OVERLAY_PREFIX, None, STORED).await? {
        let Some(name) = file.key.strip_prefix(OVERLAY_PREFIX).filter(|name| is_definition_file(name)) else {
            unread.extend(why_unread(&file.key));
            continue;
        };
        // Of a file that is too large, as much as shows that it is.
        let range = Range { start: 0, length: limits::FILE_BYTES as u64 + 1 };
        if let Some(bytes) = files.get(&file.key, Some(range)).await? {
            stored.insert(name.to_owned(), bytes);
        }
    }
    Ok(stored)
}
