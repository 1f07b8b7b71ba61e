//! `systole import ok-file`: releases files that lie in the drop area already.

use anyhow::bail;
use import::file_name::FileName;
use serde_json::json;

use super::put::{DropAreaContent, write};
use crate::arguments::OkFileArguments;
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{Output, count};

pub(super) async fn run(
    installation: &Installation,
    options: &OkFileArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let area = DropAreaContent::list(installation).await?;
    let mut chosen: Vec<&FileName> = Vec::new();
    for name in &options.names {
        let found: Vec<&FileName> = area.names().filter(|file| is_meant(name, file)).collect();
        if found.is_empty() {
            let known: Vec<String> = area.names().map(|file| format!("\n  {file}")).collect();
            let known = if known.is_empty() { " it is empty".to_owned() } else { known.concat() };
            bail!("no file of the drop area is called `{name}` or has that identifier; in it lie:{known}");
        }
        chosen.extend(found);
    }
    let missing = area.missing_ok_files(chosen.into_iter());
    for (name, lines) in &missing {
        write(installation, name, lines.join("\n")).await?;
    }
    let written: Vec<&String> = missing.keys().collect();
    output.show(&json!({ "written": written }), |_| {
        if missing.is_empty() {
            return "ok files release them already".to_owned();
        }
        let line = |(name, lines): (&String, &Vec<String>)| format!("wrote {name} for {}", count(lines.len(), "file"));
        missing.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(ExitReason::Ok)
}

/// Whether a person means a file: by its name, its identifier, or its prefix with that.
fn is_meant(name: &str, file: &FileName) -> bool {
    let of_prefix = format!("{}_{}", file.prefix(), file.filename());
    name == file.to_string() || name == file.filename() || name == of_prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_meant_by_its_name_its_identifier_or_both_with_its_prefix() {
        let file: FileName = "product-import_spring_01.csv".parse().unwrap();
        assert!(
            ["product-import_spring_01.csv", "spring", "product-import_spring"]
                .iter()
                .all(|name| is_meant(name, &file))
        );
        assert!(["spring_01", "product-import", "summer", ""].iter().all(|name| !is_meant(name, &file)));
    }
}
