//! How a shop lets us in.

use url::Url;

use super::oauth::OAuthKeys;
use super::secret::ShopSecret;

/// How a shop lets us in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShopAccess {
    /// The access token of an integration, as it is. Shops since 2.4.4 take it only if they are set to.
    Integration(ShopSecret),
    /// All four keys of an integration, with which each request is signed.
    Signed(OAuthKeys),
    /// The name and password of a person of the shop, without a second factor.
    Admin {
        /// The name.
        user: String,
        /// The password.
        password: ShopSecret,
    },
    /// The credentials of a hosted shop, from the Adobe Developer Console.
    Hosted(HostedKeys),
}

/// The credentials of a hosted shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostedKeys {
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: ShopSecret,
    /// The organisation.
    pub organisation: String,
    /// Where tokens are given out.
    pub token_url: Url,
}
