//! Files that no import takes: they lie in a folder of their own, and a pipeline is spawned with them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use import::bunch::{Bunch, DropFile};
use import::file_name::FileName;
use pipeline::Arguments;
use steps::import::CHECK_PREFIX;
use steps::import::bunch_argument::BUNCH_ARGUMENT;

use super::put::{copy, name_of};
use crate::installation::Installation;

/// The CSV files among the paths and in the folders among them.
pub(crate) fn files_of(paths: &[PathBuf]) -> anyhow::Result<Vec<(FileName, PathBuf)>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            let name = name_of(path).parse().with_context(|| format!("`{}` cannot be checked", path.display()))?;
            files.push((name, path.clone()));
            continue;
        }
        let entries = std::fs::read_dir(path).with_context(|| format!("failed to read `{}`", path.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("failed to read `{}`", path.display()))?.path();
            // Other files may lie in a folder, such as ok files.
            if let Ok(name) = name_of(&path).parse() {
                files.push((name, path));
            }
        }
    }
    files.retain(|(name, _): &(FileName, PathBuf)| name.is_of_rows());
    if files.is_empty() {
        bail!("there is no CSV file to check (expected names as in `product-import_spring_01.csv`)");
    }
    files.sort();
    Ok(files)
}

/// Puts files where a pipeline takes them that is spawned with these arguments.
pub(crate) async fn put_to_check(
    installation: &Installation,
    files: &[(FileName, PathBuf)],
) -> anyhow::Result<Arguments> {
    let folder = format!("{CHECK_PREFIX}{}/", uuid::Uuid::new_v4().simple());
    let mut put = Vec::new();
    for (name, path) in files {
        put.push((name.clone(), put_file(installation, &folder, name, path).await?));
    }
    let bunch = Bunch::to_check(&put).context("there is no file to check")?;
    let bunch = (BUNCH_ARGUMENT.to_owned(), serde_json::to_string(&bunch)?);
    Ok(Arguments::from([bunch, ("folder".to_owned(), folder)]))
}

async fn put_file(installation: &Installation, folder: &str, name: &FileName, path: &Path) -> anyhow::Result<DropFile> {
    let put = copy(installation, &format!("{folder}{name}"), path).await?;
    let put = put.with_context(|| format!("`{name}` went away while it was put into the store"))?;
    let (modified, fingerprint) = (put.modified_at, put.fingerprint);
    Ok(DropFile { name: name.to_string(), size_bytes: put.size_bytes, modified, fingerprint })
}
