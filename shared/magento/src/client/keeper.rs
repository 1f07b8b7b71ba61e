//! The pass that requests carry to be let in: a fixed token, a signature for each of them, or a token that
//! the shop gives out for a name and password and that ends.
//!
//! A token that the shop refuses is asked for anew once in a call; a second refusal means a missing right. A password that
//! it refuses is not sent again, because the shop locks the account after a few failures and says the same to all of it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, header};
use http_client::{Request, RequestLimits, Secrets};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::access::{HostedKeys, ShopAccess};
use super::answer;
use super::call::{CallName, ShopCall, encoded};
use super::error::{Arrival, Error, RefusalReason};
use super::oauth::{Moment, OAuthKeys, authorization};
use super::secret::ShopSecret;
use super::settings::ShopSettings;
use super::wire::Wire;

/// What a hosted shop's token may be used for.
const HOSTED_SCOPES: &str =
    "openid,AdobeID,email,profile,additional_info.roles,additional_info.projectedProductContext,commerce.accs";

/// How long a token of unknown life is used; shops give an hour.
const UNKNOWN_LIFE: TimeDelta = TimeDelta::minutes(50);

/// How long before its end a token is not used any more, so that none ends on the way.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// What a request carries to be let in.
#[derive(Clone)]
pub(crate) struct Pass {
    pub(crate) headers: HeaderMap,
    pub(crate) secrets: Arc<Secrets>,
    /// Which token it is, if tokens are given out.
    pub(crate) number: u64,
}

/// Keeps the pass of a shop.
pub(crate) struct Keeper {
    access: ShopAccess,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    pass: Option<(Pass, Option<DateTime<Utc>>)>,
    number: u64,
    /// What the shop said to the password.
    refusal: Option<(CallName, super::error::ShopRefusal)>,
}

/// A token that was given out.
struct GivenToken {
    token: ShopSecret,
    until: DateTime<Utc>,
}

/// What stands around a sign-in.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) wire: &'a dyn Wire,
    pub(crate) settings: &'a ShopSettings,
}

impl Keeper {
    pub(crate) fn new(access: ShopAccess) -> Self {
        Self { access, kept: Mutex::default() }
    }

    /// The pass for a request; asks the shop for a token if there is none or it ends soon.
    pub(crate) async fn pass(&self, call: &ShopCall, url: &Url, around: Around<'_>) -> Result<Pass, Error> {
        match &self.access {
            ShopAccess::Signed(keys) => Ok(signed(keys, call, url, around.wire)),
            ShopAccess::Integration(token) => self.kept.lock().await.fixed(token),
            ShopAccess::Admin { .. } | ShopAccess::Hosted(_) => self.given(around).await,
        }
    }

    /// Forgets a pass that the shop refused. Says whether there may be a better one.
    pub(crate) async fn renews(&self, number: u64) -> bool {
        let mut kept = self.kept.lock().await;
        // Somebody else may have renewed it meanwhile.
        if kept.number == number {
            kept.pass = None;
        }
        match self.access {
            ShopAccess::Admin { .. } | ShopAccess::Hosted(_) => true,
            ShopAccess::Signed(_) | ShopAccess::Integration(_) => false,
        }
    }

    async fn given(&self, around: Around<'_>) -> Result<Pass, Error> {
        // Held while the shop is asked: all who wait need the same token.
        let mut kept = self.kept.lock().await;
        if let Some((call, refusal)) = &kept.refusal {
            return Err(Error::Refused { call: call.clone(), refusal: Box::new(refusal.clone()) });
        }
        let now = around.wire.now();
        if let Some((pass, until)) = &kept.pass
            && until.is_none_or(|until| now + MARGIN < until)
        {
            return Ok(pass.clone());
        }
        let given = match &self.access {
            ShopAccess::Hosted(keys) => hosted_token(keys, around).await,
            ShopAccess::Admin { user, password } => admin_token(user, password, around).await,
            ShopAccess::Signed(_) | ShopAccess::Integration(_) => unreachable!("these are not given out"),
        };
        let given = given.inspect_err(|error| kept.remember(error))?;
        kept.number += 1;
        let mut pass = bearer(&given.token, kept.number)?;
        if let ShopAccess::Hosted(keys) = &self.access {
            add(&mut pass.headers, "x-api-key", &keys.client_id);
            add(&mut pass.headers, "x-gw-ims-org-id", &keys.organisation);
        }
        // A token with a short life is used until its end.
        let until = Some(given.until).filter(|until| now + MARGIN < *until);
        kept.pass = Some((pass.clone(), until));
        Ok(pass)
    }
}

impl Kept {
    fn fixed(&mut self, token: &ShopSecret) -> Result<Pass, Error> {
        if let Some((pass, _)) = &self.pass {
            return Ok(pass.clone());
        }
        let pass = bearer(token, self.number)?;
        self.pass = Some((pass.clone(), None));
        Ok(pass)
    }

    fn remember(&mut self, error: &Error) {
        if let Error::Refused { call, refusal } = error
            && refusal.reason == RefusalReason::SignIn
        {
            self.refusal = Some((call.clone(), refusal.as_ref().clone()));
        }
    }
}

fn bearer(token: &ShopSecret, number: u64) -> Result<Pass, Error> {
    let text = format!("Bearer {}", token.expose());
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| Error::Unsendable("the token of the shop holds a character that no header can hold".to_owned()))?;
    value.set_sensitive(true);
    let mut secrets = Secrets::default();
    secrets.add("token of the shop", &text);
    Ok(Pass { headers: HeaderMap::from_iter([(AUTHORIZATION, value)]), secrets: Arc::new(secrets), number })
}

fn signed(keys: &OAuthKeys, call: &ShopCall, url: &Url, wire: &dyn Wire) -> Pass {
    let nonce = format!("{:016x}{:016x}", wire.random(), wire.random());
    let moment = Moment { nonce, timestamp: wire.now().timestamp() };
    let text = authorization(keys, (&call.method, url), call.query(), &moment);
    let mut secrets = Secrets::default();
    secrets.add("token of the shop", keys.token.expose());
    let mut headers = HeaderMap::new();
    add(&mut headers, "authorization", &text);
    Pass { headers, secrets: Arc::new(secrets), number: 0 }
}

fn add(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(mut value) = HeaderValue::from_str(value) {
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
}

async fn admin_token(user: &str, password: &ShopSecret, around: Around<'_>) -> Result<GivenToken, Error> {
    let body = json!({ "username": user, "password": password.expose() });
    let call = ShopCall::post(&["integration", "admin", "token"], &body);
    let url = around.settings.address.of(&call)?;
    let name = call.name(&url);
    let answer = sign_in(&name, url, ("application/json", call.body().clone(), password), around).await?;
    let Some(token) = answer.as_str() else { return Err(no_token(name)) };
    let until = end_of(token).unwrap_or(around.wire.now() + UNKNOWN_LIFE);
    Ok(GivenToken { token: ShopSecret::new(token), until })
}

async fn hosted_token(keys: &HostedKeys, around: Around<'_>) -> Result<GivenToken, Error> {
    let pairs = [
        ("client_id", keys.client_id.as_str()),
        ("client_secret", keys.client_secret.expose()),
        ("grant_type", "client_credentials"),
        ("scope", HOSTED_SCOPES),
    ];
    let form: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let name = CallName { method: Method::POST, path: keys.token_url.path().to_owned() };
    let sent = ("application/x-www-form-urlencoded", Bytes::from(form.join("&")), &keys.client_secret);
    let answer = sign_in(&name, keys.token_url.clone(), sent, around).await?;
    let Some(token) = answer["access_token"].as_str() else { return Err(no_token(name)) };
    let life = answer["expires_in"].as_i64().map_or(UNKNOWN_LIFE, TimeDelta::seconds);
    Ok(GivenToken { token: ShopSecret::new(token), until: around.wire.now() + life })
}

/// Sends what proves who we are; nothing of it may come back.
async fn sign_in(
    name: &CallName,
    url: Url,
    (kind, body, secret): (&'static str, Bytes, &ShopSecret),
    around: Around<'_>,
) -> Result<Value, Error> {
    let mut secrets = Secrets::default();
    secrets.add("password of the shop", secret.expose());
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
    let limits = &around.settings.limits;
    let limits = RequestLimits { time: limits.answer_time, body_bytes: 1024 * 1024 };
    let request = Request { method: Method::POST, url, headers, body, secrets: Arc::new(secrets), limits };
    let answer = around.wire.send(request).await.map_err(|source| {
        // A second sign-in is as good as the first.
        Error::Unanswered { call: name.clone(), arrival: Arrival::Never, source }
    })?;
    answer::read(name, &answer, around.wire.now())
}

fn no_token(call: CallName) -> Error {
    Error::Unreadable { call, status: 200, problem: "the answer holds no token".to_owned() }
}

/// When a token ends, if it says so itself.
fn end_of(token: &str) -> Option<DateTime<Utc>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    DateTime::from_timestamp(claims["exp"].as_i64()?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_says_when_it_ends_is_believed() {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"uid":1,"iat":1795888000,"exp":1795891600}"#));
        assert_eq!(end_of(&token).unwrap().timestamp(), 1_795_891_600);
        for token in ["", "a.b.c", "0123456789abcdef0123456789abcdef"] {
            assert_eq!(end_of(token), None);
        }
    }

    #[test]
    fn secrets_show_themselves_nowhere() {
        let secret = || ShopSecret::new("hush-hush-hush");
        let keys = OAuthKeys {
            consumer_key: "key".to_owned(),
            consumer_secret: secret(),
            token: secret(),
            token_secret: secret(),
        };
        let hosted = HostedKeys {
            client_id: "id".to_owned(),
            client_secret: secret(),
            organisation: "org".to_owned(),
            token_url: "https://ims-na1.adobelogin.com/ims/token/v3".parse().unwrap(),
        };
        let all = [
            ShopAccess::Integration(secret()),
            ShopAccess::Signed(keys),
            ShopAccess::Admin { user: "u".to_owned(), password: secret() },
            ShopAccess::Hosted(hosted),
        ];
        let pass = bearer(&secret(), 0).unwrap();
        let shown = format!("{all:?} {:?} {:?}", pass.headers, pass.secrets);
        assert!(!shown.contains("hush"), "{shown}");
    }
}
