//! What a deployment allows its pipelines to call.

use std::collections::BTreeMap;

use store::services::{AllowedHost, BadList, HttpPolicy, Invokable, Secret};

use super::secrets::SecretReference;

/// What the environment allows. Nothing by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServicesConfig {
    /// `INVOKABLE_FUNCTIONS`: names or ARNs of functions with commas; with a `*` at the end all that begin so.
    pub invokable: Invokable,
    /// `HTTP_ALLOWED_HOSTS`: hosts with commas, each with or without a port; and `SECRET_…`: the secrets by their names.
    pub http: HttpPolicy,
    /// `SECRET_…` whose value is a reference, and `SECRETS`: names and references as `ERP=ssm:/path,SHOP=arn:…`.
    pub secrets: BTreeMap<String, SecretReference>,
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
    /// A secret is referred to in no way that is known. What stands there may be a secret and is not shown.
    #[error(
        "{name} has no reference for the secret `{secret}`; expected `ssm:/path/of/a/parameter` or the whole ARN of a \
         secret of Secrets Manager"
    )]
    BadReference {
        /// The variable.
        name: String,
        /// The secret.
        secret: String,
    },
    /// An entry of `SECRETS` has no name.
    #[error("entry {number} of SECRETS has no name; expected `NAME=ssm:/path/of/a/parameter`")]
    Nameless {
        /// Counted from 1.
        number: usize,
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
        for (name, value) in variables.into_iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "INVOKABLE_FUNCTIONS" => {
                    config.invokable = list("INVOKABLE_FUNCTIONS", Invokable::parse(&value))?;
                }
                "HTTP_ALLOWED_HOSTS" => {
                    config.http.hosts = list("HTTP_ALLOWED_HOSTS", AllowedHost::parse_list(&value))?;
                }
                "SECRETS" => config.add_references(&value)?,
                _ => config.add_secret(&name, value)?,
            }
        }
        Ok(config)
    }

    /// Keeps what a variable that begins with `SECRET_` holds: a value, or a reference to one.
    fn add_secret(&mut self, variable: &str, value: String) -> Result<(), Error> {
        let Some(secret) = variable.strip_prefix(SECRET).filter(|secret| !secret.is_empty()) else { return Ok(()) };
        if SecretReference::is_meant(&value) {
            return self.add_reference(variable, secret, &value);
        }
        self.http.secrets.insert(secret.to_owned(), Secret::new(value));
        Ok(())
    }

    /// Reads the variable that `infra/functions.yaml` sets, since a template cannot make variables of names that it is given.
    fn add_references(&mut self, list: &str) -> Result<(), Error> {
        for (place, entry) in list.split(',').enumerate() {
            // A list may end with a comma.
            if entry.trim().is_empty() {
                continue;
            }
            match entry.split_once('=') {
                Some((secret, text)) if !secret.trim().is_empty() => {
                    self.add_reference("SECRETS", secret.trim(), text.trim())?;
                }
                _ => return Err(Error::Nameless { number: place + 1 }),
            }
        }
        Ok(())
    }

    fn add_reference(&mut self, variable: &str, secret: &str, text: &str) -> Result<(), Error> {
        let Some(reference) = SecretReference::parse(text) else {
            return Err(Error::BadReference { name: variable.to_owned(), secret: secret.to_owned() });
        };
        self.secrets.insert(secret.to_owned(), reference);
        Ok(())
    }
}

/// Says which variable holds a list that cannot be read.
fn list<T>(name: &'static str, read: Result<T, BadList>) -> Result<T, Error> {
    match read {
        Ok(list) => Ok(list),
        Err(source) => Err(Error::BadList { name, source }),
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
    fn a_secret_is_a_value_or_a_reference() {
        let arn = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:shop-AbC1e2";
        let config = read(&[
            ("SECRET_PLAIN", "Bearer hush"),
            ("SECRET_ERP", "ssm:/systole/dev/erp"),
            ("SECRETS", &format!(" SHOP={arn} , MAIL=ssm:mail,")),
        ])
        .unwrap();
        assert_eq!(config.http.secrets.keys().collect::<Vec<_>>(), ["PLAIN"]);
        let reference = |text| SecretReference::parse(text).unwrap();
        let expected = [("ERP", "ssm:/systole/dev/erp"), ("MAIL", "ssm:mail"), ("SHOP", arn)];
        let expected = expected.map(|(name, text)| (name.to_owned(), reference(text)));
        assert_eq!(config.secrets, expected.into());
    }

    #[test]
    fn a_reference_that_cannot_be_read_fails_the_start_and_is_not_shown() {
        for (name, value, expected) in [
            ("SECRET_ERP", "ssm:/a b", "SECRET_ERP has no reference for the secret `ERP`; expected "),
            ("SECRETS", "ERP=Bearer hush", "SECRETS has no reference for the secret `ERP`; expected "),
            ("SECRETS", "A=ssm:/a,hush", "entry 2 of SECRETS has no name; expected "),
            ("SECRETS", "=ssm:/a", "entry 1 of SECRETS has no name; expected "),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(expected) && !error.contains("hush"), "{error}");
        }
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
