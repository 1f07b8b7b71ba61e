//! What a deployment allows its pipelines to call.

use std::collections::BTreeMap;

use store::services::{AllowedHost, BadList, HttpPolicy, Invokable, Secret};

/// What the environment allows. Nothing by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServicesConfig {
    /// `INVOKABLE_FUNCTIONS`: names or ARNs of functions with commas; with a `*` at the end all that begin so.
    pub invokable: Invokable,
    /// `HTTP_ALLOWED_HOSTS`: hosts with commas, each with or without a port; and `SECRET_…`: the secrets by their names.
    pub http: HttpPolicy,
}

/// Why the lists cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A list has an entry that is none.
    #[error("{name} cannot be read")]
    BadList {
        /// The variable.
        name: &'static str,
        /// The entry at fault.
        #[source]
        source: BadList,
    },
}

/// What the names of variables with secrets begin with.
const SECRET: &str = "SECRET_";

impl ServicesConfig {
    /// Reads the variables that are named at the fields. Variables that are no text are left out.
    ///
    /// # Errors
    /// The first list with an entry that is none.
    pub fn from_env() -> Result<Self, Error> {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::from_variables(std::env::vars_os().filter_map(text))
    }

    /// Reads the same variables from anywhere else.
    ///
    /// # Errors
    /// The first list with an entry that is none.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let mut config = ServicesConfig::default();
        let bad = |name| move |source| Error::BadList { name, source };
        for (name, value) in variables.into_iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "INVOKABLE_FUNCTIONS" => {
                    config.invokable = Invokable::parse(&value).map_err(bad("INVOKABLE_FUNCTIONS"))?
                }
                "HTTP_ALLOWED_HOSTS" => {
                    config.http.hosts = AllowedHost::parse_list(&value).map_err(bad("HTTP_ALLOWED_HOSTS"))?;
                }
                _ => keep_secret(&mut config.http.secrets, &name, value),
            }
        }
        Ok(config)
    }
}

fn keep_secret(secrets: &mut BTreeMap<String, Secret>, name: &str, value: String) {
    if let Some(name) = name.strip_prefix(SECRET).filter(|name| !name.is_empty()) {
        secrets.insert(name.to_owned(), Secret::new(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<ServicesConfig, Error> {
        ServicesConfig::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn lists_and_secrets_land_in_their_fields() {
        let config = read(&[
            ("INVOKABLE_FUNCTIONS", "systole-erp-*,tax"),
            ("HTTP_ALLOWED_HOSTS", "api.example.com"),
            ("SECRET_ERP", "Bearer hush"),
            ("SECRET_", "nameless"),
            ("SECRET_EMPTY", ""),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert!(config.invokable.allows("systole-erp-orders") && config.invokable.allows("tax"));
        assert_eq!(config.http.hosts, AllowedHost::parse_list("api.example.com").unwrap());
        assert_eq!(config.http.secrets.keys().collect::<Vec<_>>(), ["ERP"]);
        assert!(!format!("{config:?}").contains("hush"));
    }

    #[test]
    fn without_variables_nothing_is_allowed() {
        assert_eq!(
            read(&[("INVOKABLE_FUNCTIONS", ""), ("HTTP_ALLOWED_HOSTS", "")]).unwrap(),
            ServicesConfig::default()
        );
    }

    #[test]
    fn a_bad_list_fails_the_start_by_its_name() {
        for (name, value) in [("INVOKABLE_FUNCTIONS", "*"), ("HTTP_ALLOWED_HOSTS", "https://api.example.com")] {
            assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), format!("{name} cannot be read"));
        }
    }
}
