//! Roles from what API Gateway's JWT authorizer or IAM has found out about the caller.

use std::collections::HashMap;

use axum::http::Extensions;
use lambda_http::request::RequestContext;

use super::{Identity, Role};
use crate::error::ApiError;

/// How claims and ARNs become roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// `ROLES_CLAIM`: the claim of a token that lists roles by their names; `systole_roles` if it is not set.
    ///
    /// The claims `cognito:groups` and `scope` count, too, with words such as `systole-view` or `systole/operate`.
    pub roles_claim: String,
    /// `ROLE_BINDINGS`: which IAM callers have which role, as `view=arn:…;operate=arn:…,arn:…`. The ARN is that of a role
    /// or user, and may end with `*`.
    pub bindings: Vec<(Role, String)>,
}

/// Why the rules cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("ROLE_BINDINGS has `{part}`; expected `view=arn:…`, `operate=arn:…` or `configure=arn:…`, with `;` between")]
pub struct BadRules {
    /// The part at fault.
    part: String,
}

/// The claims that name a person or a program, the most readable first; `sub` is always there.
const NAMES: [&str; 5] = ["email", "preferred_username", "username", "cognito:username", "client_id"];

/// Most characters of a name in the audit.
const NAME_LIMIT: usize = 200;

impl Rules {
    /// Reads the variables that are named at the fields.
    ///
    /// # Errors
    /// The part of `ROLE_BINDINGS` that cannot be read.
    #[expect(clippy::disallowed_methods, reason = "the one place of this function that reads the environment")]
    pub fn from_env() -> Result<Self, BadRules> {
        Rules::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads the same variables from anywhere else.
    ///
    /// # Errors
    /// The part of `ROLE_BINDINGS` that cannot be read.
    pub fn from_lookup(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, BadRules> {
        let roles_claim = lookup("ROLES_CLAIM").filter(|claim| !claim.is_empty());
        let mut bindings = Vec::new();
        let text = lookup("ROLE_BINDINGS").unwrap_or_default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let bad = || BadRules { part: part.chars().take(100).collect() };
            let (role, arns) = part.split_once('=').ok_or_else(bad)?;
            let role = Role::named(role.trim()).ok_or_else(bad)?;
            for arn in arns.split(',').map(str::trim) {
                if !arn.starts_with("arn:") {
                    return Err(bad());
                }
                bindings.push((role, arn.to_owned()));
            }
        }
        Ok(Rules { roles_claim: roles_claim.unwrap_or_else(|| "systole_roles".to_owned()), bindings })
    }

    pub(super) fn identify(&self, extensions: &Extensions) -> Result<Identity, ApiError> {
        let nobody = || {
            ApiError::unauthorized(
                "nobody is named in the request; expected one that IAM or an authorizer has let through",
            )
        };
        let Some(RequestContext::ApiGatewayV2(context)) = extensions.get() else { return Err(nobody()) };
        let authorizer = context.authorizer.as_ref().ok_or_else(nobody)?;
        if let Some(jwt) = &authorizer.jwt {
            return self.of_claims(&jwt.claims).ok_or_else(nobody);
        }
        let arn = authorizer.iam.as_ref().and_then(|iam| iam.user_arn.as_deref()).filter(|arn| !arn.is_empty());
        arn.map(|arn| self.of_arn(arn)).ok_or_else(nobody)
    }

    fn of_claims(&self, claims: &HashMap<String, String>) -> Option<Identity> {
        let claim = |name: &str| claims.get(name).map(String::as_str).filter(|claim| !claim.is_empty());
        let subject = claim("sub").or_else(|| claim("client_id"))?;
        // A readable name may be chosen by the person; the subject tells two of a name apart.
        let name = match NAMES.into_iter().find_map(claim) {
            Some(name) if name != subject => format!("{name} ({subject})"),
            _ => subject.to_owned(),
        };
        let own = claim(&self.roles_claim).into_iter().flat_map(words);
        let own = own.filter_map(|word| Role::named(word).or_else(|| prefixed(word)));
        let shared = ["cognito:groups", "scope"].into_iter().filter_map(claim).flat_map(words).filter_map(prefixed);
        Some(Identity { name: shown(&name), role: own.chain(shared).max() })
    }

    fn of_arn(&self, arn: &str) -> Identity {
        let role = self.bindings.iter().filter(|(_, bound)| is_bound(bound, arn)).map(|(role, _)| *role).max();
        Identity { name: shown(arn), role }
    }
}

/// The words of a claim: API Gateway shows a list as `[one two]`, others write it as JSON or with commas.
fn words(claim: &str) -> impl Iterator<Item = &str> {
    claim.split(|c: char| c.is_whitespace() || "[],\"".contains(c)).filter(|word| !word.is_empty())
}

/// The role in a word that says that it is one of ours, such as `systole-view`.
fn prefixed(word: &str) -> Option<Role> {
    let rest = word.strip_prefix("systole")?;
    let role = rest.strip_prefix(['-', '_', ':', '/', '.'])?;
    Role::named(role)
}

/// Whether a caller is the one of a binding, or has taken the role of it.
fn is_bound(bound: &str, arn: &str) -> bool {
    let matches = |arn: &str| match bound.strip_suffix('*') {
        Some(prefix) => arn.starts_with(prefix),
        None => arn == bound,
    };
    matches(arn) || role_arn(arn).is_some_and(|role| matches(&role) || is_same_role(bound, &role))
}

/// The role behind `arn:aws:sts::1:assumed-role/name/session`, as `arn:aws:iam::1:role/name`.
fn role_arn(arn: &str) -> Option<String> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(":sts::")?;
    let (account, session) = rest.split_once(":assumed-role/")?;
    let (role, _) = session.split_once('/')?;
    Some(format!("arn:{partition}:iam::{account}:role/{role}"))
}

/// A role may have a path, which the ARN of its session leaves out.
fn is_same_role(bound: &str, role: &str) -> bool {
    let parts = |arn: &str| {
        let (account, path) = arn.split_once(":role/")?;
        Some((account.to_owned(), path.rsplit('/').next()?.to_owned()))
    };
    !bound.ends_with('*') && parts(bound).is_some_and(|bound| Some(bound) == parts(role))
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(NAME_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(bindings: &str) -> Result<Rules, BadRules> {
        Rules::from_lookup(|name| (name == "ROLE_BINDINGS").then(|| bindings.to_owned()))
    }

    fn claims(claims: &[(&str, &str)]) -> Option<(String, Option<Role>)> {
        let claims = claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        rules("").unwrap().of_claims(&claims).map(|identity| (identity.name, identity.role))
    }

    #[test]
    fn a_token_gives_the_greatest_of_its_roles() {
        for (claim, value, role) in [
            ("systole_roles", "view", Some(Role::View)),
            ("systole_roles", "[view operate]", Some(Role::Operate)),
            ("systole_roles", "[\"configure\",\"view\"]", Some(Role::Configure)),
            ("systole_roles", "admin", None),
            ("systole_roles", "viewer", None),
            ("cognito:groups", "[staff systole-operate]", Some(Role::Operate)),
            // A group of somebody else's may be called so.
            ("cognito:groups", "[configure]", None),
            ("scope", "openid systole/configure", Some(Role::Configure)),
            ("scope", "systole", None),
            ("roles", "configure", None),
        ] {
            assert_eq!(claims(&[("sub", "1"), (claim, value)]), Some(("1".to_owned(), role)), "{claim} {value}");
        }
    }

    #[test]
    fn a_token_names_its_bearer_by_subject_and_by_a_readable_name() {
        assert_eq!(claims(&[("sub", "1"), ("email", "ann@example.com")]).unwrap().0, "ann@example.com (1)");
        assert_eq!(claims(&[("client_id", "erp")]).unwrap().0, "erp");
        assert_eq!(claims(&[("sub", "1"), ("username", "a\nb")]).unwrap().0, "ab (1)");
        assert_eq!(claims(&[("email", "ann@example.com"), ("systole_roles", "view")]), None, "no subject");
    }

    #[test]
    fn an_arn_has_the_greatest_role_that_it_is_bound_to() {
        let rules = rules(
            "view=arn:aws:iam::1:*; operate=arn:aws:iam::1:role/ops,arn:aws:iam::1:user/ann;configure=arn:aws:iam::1:role/team/lead",
        );
        let rules = rules.unwrap();
        for (arn, role) in [
            ("arn:aws:iam::1:user/ben", Some(Role::View)),
            ("arn:aws:iam::1:user/ann", Some(Role::Operate)),
            ("arn:aws:iam::1:user/anna", Some(Role::View)),
            ("arn:aws:sts::1:assumed-role/ops/ann", Some(Role::Operate)),
            ("arn:aws:sts::1:assumed-role/lead/ann", Some(Role::Configure)),
            ("arn:aws:sts::1:assumed-role/leader/ann", Some(Role::View)),
            ("arn:aws:sts::2:assumed-role/ops/ann", None),
            ("arn:aws:iam::11:user/ann", None),
        ] {
            assert_eq!(rules.of_arn(arn).role, role, "{arn}");
        }
    }

    #[test]
    fn bindings_that_mean_nothing_are_refused() {
        for part in ["view", "view=", "owner=arn:aws:iam::1:root", "view=*", "operate=arn:aws:iam::1:root,x"] {
            let error = rules(part).unwrap_err().to_string();
            assert!(error.starts_with(&format!("ROLE_BINDINGS has `{part}`; expected ")), "{error}");
        }
        assert_eq!(rules("").unwrap().bindings, []);
    }
}
