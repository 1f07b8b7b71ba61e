//! What steps that run on this machine may call: nothing, unless the command line says so.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use store::services::{AllowedHost, FilesAt, Functions, Services, ShellPolicy};
use store_aws::ServicesConfig;
use store_aws::services::LocalFunctions;

/// Flags of the commands that run steps on this machine.
#[derive(Debug, Args)]
#[command(next_help_heading = "What steps may call")]
pub(crate) struct ServiceArguments {
    /// A function for the executor `lambda_invoke` and where it listens, such as `tax=http://127.0.0.1:9000`.
    ///
    /// Whatever takes the requests of Lambda will do: `cargo lambda watch`, the runtime interface emulator, a program of
    /// your own. May be given several times.
    #[arg(long = "function", value_name = "NAME=URL", value_parser = function)]
    functions: Vec<(String, String)>,
    /// A host for the executor `http_request`, such as `api.example.com`; one of this machine with its port.
    ///
    /// May be given several times. Headers can ask for secrets: `secret:ERP` is the variable `SECRET_ERP`.
    #[arg(long = "allow-host", value_name = "HOST[:PORT]", value_parser = AllowedHost::parse)]
    hosts: Vec<AllowedHost>,
    /// Lets definitions run any command as you, with the executor `shell`.
    #[arg(long)]
    allow_shell: bool,
}

impl ServiceArguments {
    /// The services of a host over an embedded store in that folder.
    pub(crate) fn services(&self, root: &Path) -> anyhow::Result<Services> {
        let functions = LocalFunctions::new(self.functions.iter().cloned());
        let files = std::path::absolute(root.join("files")).context("failed to find the folder of the files")?;
        let ServicesConfig { mut http, secrets, .. } =
            ServicesConfig::from_env().context("the environment cannot be used")?;
        if let Some(name) = secrets.keys().next() {
            bail!(
                "the secret `{name}` is a reference, which only the functions on AWS read; set SECRET_{name} to its value"
            );
        }
        http.hosts.extend(self.hosts.iter().cloned());
        Ok(Services {
            invokable: functions.invokable().context("--function cannot be used")?,
            functions: Some(Arc::new(functions) as Arc<dyn Functions>),
            files_at: Some(FilesAt::Folder(files.display().to_string())),
            http,
            shell: if self.allow_shell { shell() } else { ShellPolicy::Refused },
            ..Services::default()
        })
    }

    /// Whether any of the flags was given.
    pub(crate) fn is_any(&self) -> bool {
        self.allow_shell || !self.functions.is_empty() || !self.hosts.is_empty()
    }
}

/// Commands see where programs are and where they are at home, and nothing else of this process.
#[expect(clippy::disallowed_methods, reason = "the one place where a host reads what its commands get")]
fn shell() -> ShellPolicy {
    let variable = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
    ShellPolicy::Allowed { environment: ["PATH", "HOME"].into_iter().filter_map(variable).collect::<BTreeMap<_, _>>() }
}

/// What is no function and its address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no NAME=URL (example: `tax=http://127.0.0.1:9000`)")]
struct BadFunction {
    found: String,
}

fn function(text: &str) -> Result<(String, String), BadFunction> {
    let is_url = |url: &str| url.starts_with("http://") || url.starts_with("https://");
    match text.split_once('=') {
        Some((name, url)) if !name.is_empty() && is_url(url) => Ok((name.to_owned(), url.to_owned())),
        _ => Err(BadFunction { found: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_a_name_and_an_address() {
        let tax = ("tax".to_owned(), "http://127.0.0.1:9000".to_owned());
        assert_eq!(function("tax=http://127.0.0.1:9000"), Ok(tax));
        for bad in ["tax", "=http://127.0.0.1:9000", "tax=127.0.0.1:9000", "tax="] {
            assert!(function(bad).is_err(), "{bad}");
        }
    }
}
