//! The folder of the embedded store: whether there is a store, and what somebody meant who names none.

use std::path::{Path, PathBuf};

use anyhow::bail;
use pipeline::xml::suggest;

use crate::arguments::{DEFAULT_STORE, InstallationArguments};

/// What a command needs of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// To look: nothing of it is changed, so it must be there.
    Look,
    /// To change something of it, so it must be there.
    Change,
    /// To work in it; it is made if it is not there.
    Work,
    /// To work in it, and nobody wonders if it is new.
    Begin,
}

/// Most neighbours of a folder that are looked at for what was meant.
const NEIGHBOURS: usize = 1_000;

impl Need {
    /// Refuses a folder without a store where one must be there; of a new one it returns what to say.
    pub(crate) fn check(self, arguments: &InstallationArguments) -> anyhow::Result<Option<String>> {
        let folder = arguments.folder();
        if self == Need::Begin || store_embedded::is_store(&folder) {
            return Ok(None);
        }
        if folder.is_file() {
            bail!("there is no store at `{}`: Not a directory", folder.display());
        }
        let meant = meant(&folder);
        // Who names a folder and is one letter off would work in an empty store.
        if self == Need::Work && meant.is_none() {
            return Ok(arguments.store.is_some().then(|| format!("made a new store at `{}`", folder.display())));
        }
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{}`?", meant.display()));
        let other = if arguments.store.is_some() { format!(" --store {}", folder.display()) } else { String::new() };
        bail!("there is no store at `{}`{meant}; `systole dev{other}` creates one", folder.display())
    }
}

/// The store that is nearest to a folder without one: around it, or beside it under a similar name.
fn meant(folder: &Path) -> Option<PathBuf> {
    let inside = folder.join(DEFAULT_STORE);
    if store_embedded::is_begun(&inside) {
        return Some(inside);
    }
    let parent = folder.parent()?;
    if store_embedded::is_begun(parent) && !parent.as_os_str().is_empty() {
        return Some(parent.to_owned());
    }
    let here = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let neighbours = std::fs::read_dir(here).ok()?.take(NEIGHBOURS).flatten();
    let names: Vec<String> = neighbours
        .filter(|neighbour| store_embedded::is_begun(&neighbour.path()))
        .filter_map(|neighbour| neighbour.file_name().into_string().ok())
        .collect();
    let name = folder.file_name()?.to_str()?;
    let near = names.iter().find(|known| !suggest::remark(name, [known.as_str()]).is_empty());
    near.map(|near| parent.join(near))
}
