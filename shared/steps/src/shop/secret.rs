//! The secret that a shop lets us in with, and what is in it.
//!
//! **Invariant:** no part of a secret is in an error, but for the names of its fields.

use magento::client::{HostedKeys, OAuthKeys, ShopAccess, ShopSecret};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::services::Secret;

use super::settings::SetShop;

/// Where credentials of the Adobe Developer Console become tokens.
const TOKEN_URL: &str = "https://ims-na1.adobelogin.com/ims/token/v3";

#[derive(Deserialize)]
struct SignedFields {
    consumer_key: String,
    consumer_secret: String,
    access_token: String,
    access_token_secret: String,
}

#[derive(Deserialize)]
struct TokenFields {
    access_token: String,
}

#[derive(Deserialize)]
struct AdminFields {
    user: String,
    password: String,
}

#[derive(Deserialize)]
struct HostedFields {
    client_id: String,
    client_secret: String,
    organisation: String,
    token_url: Option<String>,
}

/// Reads how a shop lets us in.
///
/// # Errors
/// Says in a sentence what the secret should look like.
pub(super) fn access(shop: &SetShop, secret: &Secret) -> Result<ShopAccess, String> {
    let text = secret.reveal().trim();
    match shop.access {
        "integration" if !text.starts_with('{') => Ok(ShopAccess::Integration(ShopSecret::new(text))),
        "integration" => {
            let TokenFields { access_token } = fields(shop, text, "`access_token`, or the access token alone")?;
            Ok(ShopAccess::Integration(ShopSecret::new(access_token)))
        }
        "admin" => {
            let AdminFields { user, password } = fields(shop, text, "`user` and `password`")?;
            Ok(ShopAccess::Admin { user, password: ShopSecret::new(password) })
        }
        "hosted" => {
            let names = "`client_id`, `client_secret` and `organisation`";
            let HostedFields { client_id, client_secret, organisation, token_url } = fields(shop, text, names)?;
            let token_url = token_url.as_deref().unwrap_or(TOKEN_URL);
            let token_url = url::Url::parse(token_url).map_err(|_| {
                format!("`token_url` of secret `{}` is not an address (example: `{TOKEN_URL}`)", shop.secret)
            })?;
            let client_secret = ShopSecret::new(client_secret);
            Ok(ShopAccess::Hosted(HostedKeys { client_id, client_secret, organisation, token_url }))
        }
        _ => {
            let names = "`consumer_key`, `consumer_secret`, `access_token` and `access_token_secret`";
            let keys: SignedFields = fields(shop, text, names)?;
            Ok(ShopAccess::Signed(OAuthKeys {
                consumer_key: keys.consumer_key,
                consumer_secret: ShopSecret::new(keys.consumer_secret),
                token: ShopSecret::new(keys.access_token),
                token_secret: ShopSecret::new(keys.access_token_secret),
            }))
        }
    }
}

/// Reads the fields of a secret. What the parser says may repeat some of it, so it is left out.
fn fields<T: DeserializeOwned>(shop: &SetShop, text: &str, names: &str) -> Result<T, String> {
    let (secret, name, access) = (&shop.secret, &shop.name, shop.access);
    serde_json::from_str(text).map_err(|_| {
        format!(
            "secret `{secret}` of shop `{name}` is not what setting `shop.access` = `{access}` needs: a JSON object with the \
             texts {names}"
        )
    })
}

#[cfg(test)]
mod tests {
    use pipeline::settings::Settings;

    use super::*;

    fn read(access_word: &str, secret: &str) -> String {
        let mut settings = Settings::default();
        for (name, value) in [("shop.url", "https://shop.example.com"), ("shop.access", access_word)] {
            settings.insert(name, "default".parse().unwrap(), value);
        }
        let shop = SetShop::read(&settings, "magento").unwrap();
        match access(&shop, &Secret::new(secret)) {
            Ok(access) => format!("{access:?}"),
            Err(problem) => problem,
        }
    }

    #[test]
    fn a_secret_has_the_fields_that_the_access_needs_and_is_never_shown() {
        let keys =
            r#"{"consumer_key":"k","consumer_secret":"hush1","access_token":"hush2","access_token_secret":"hush3"}"#;
        let cases = [
            ("signed", keys),
            ("integration", "hush"),
            ("integration", r#"{"access_token":"hush"}"#),
            ("admin", r#"{"user":"me","password":"hush"}"#),
            ("hosted", r#"{"client_id":"c","client_secret":"hush","organisation":"o"}"#),
        ];
        for (word, secret) in cases {
            let told = read(word, secret);
            assert!(!told.contains("hush") && !told.contains("is not what"), "{word}: {told}");
        }
    }

    #[test]
    fn a_secret_of_another_shape_is_told_by_its_fields() {
        insta::assert_snapshot!(read("signed", r#"{"access_token":"hush"}"#), @"secret `SHOP` of shop `magento` is not what setting `shop.access` = `signed` needs: a JSON object with the texts `consumer_key`, `consumer_secret`, `access_token` and `access_token_secret`");
        insta::assert_snapshot!(read("admin", "hush"), @"secret `SHOP` of shop `magento` is not what setting `shop.access` = `admin` needs: a JSON object with the texts `user` and `password`");
        assert!(!read("hosted", r#"{"client_id":"hush"}"#).contains("hush"));
    }
}
