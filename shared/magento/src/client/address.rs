//! Where a shop is, and how its addresses are made up.
//!
//! An installed shop has its store code in the path (`/rest/all/V1/…`), a hosted one in the header `Store`. Without a code
//! both would mean the default store view, and writing there hides values for everybody from it: what a caller does not
//! say goes to `all`.

use http::HeaderValue;
use http::header::{HeaderMap, HeaderName};
use url::Url;

use super::call::{Lane, ShopCall};
use super::scope::ShopScope;

/// Where a shop is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopAddress {
    base: Url,
    form: AddressForm,
}

/// How the addresses of a shop are made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressForm {
    /// Magento Open Source or Adobe Commerce: below `/rest`, with the store code in the path.
    Installed,
    /// Adobe Commerce as a Cloud Service: the tenant in the path, the store code in a header.
    Hosted,
}

/// Why an address is none of a shop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It cannot be read.
    #[error("`{0}` is not an address (example: `https://shop.example.com`)")]
    NoUrl(String),
    /// It has another scheme.
    #[error("`{0}` is not an address of the web (expected `https://…`, or `http://…` for this machine)")]
    Scheme(String),
    /// It holds a name or password.
    #[error("the address of the shop holds credentials; they belong into its secret")]
    Credentials,
    /// It has a query or a fragment.
    #[error("the address of the shop goes on behind its path (expected nothing from `?` or `#` on)")]
    Query,
    /// It ends where the addresses of calls begin.
    #[error("`{0}` is the address of a call; leave away what follows the shop's own, from `/rest` or `/V1` on")]
    Call(String),
    /// A name would change the path.
    #[error("`{0}` cannot be part of an address; such a name is used by calls only that take it in their body")]
    Dots(String),
}

impl ShopAddress {
    /// Reads the address of a shop: the one that people open, with the path of the shop if it has one.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str, form: AddressForm) -> Result<Self, AddressError> {
        let text = text.trim();
        let mut base = Url::parse(text).map_err(|_| AddressError::NoUrl(text.to_owned()))?;
        if !matches!(base.scheme(), "https" | "http") || !base.has_host() {
            return Err(AddressError::Scheme(base.scheme().to_owned()));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(AddressError::Credentials);
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(AddressError::Query);
        }
        let path = base.path().trim_end_matches('/').to_owned();
        if path.split('/').any(|part| matches!(part, "rest" | "V1" | "async")) {
            return Err(AddressError::Call(text.to_owned()));
        }
        base.set_path(&path);
        Ok(Self { base, form })
    }

    /// Returns the host, and the port if it is not the usual one.
    #[must_use]
    pub fn host(&self) -> (&str, Option<u16>) {
        (self.base.host_str().unwrap_or_default(), self.base.port())
    }

    /// Returns the address of a call.
    pub(crate) fn of(&self, call: &ShopCall) -> Result<Url, AddressError> {
        if let Some(dots) = call.dots() {
            return Err(AddressError::Dots(dots.to_owned()));
        }
        let base = self.base.path().trim_end_matches('/');
        let store = call.scope.code();
        let way = match (self.form, call.lane) {
            (AddressForm::Installed, Lane::Plain) => format!("{base}/rest/{store}/V1"),
            (AddressForm::Installed, Lane::Bulk) => format!("{base}/rest/{store}/async/bulk/V1"),
            (AddressForm::Hosted, Lane::Plain) => format!("{base}/V1"),
            (AddressForm::Hosted, Lane::Bulk) => format!("{base}/V1/async/bulk"),
        };
        let mut url = self.base.clone();
        url.set_path(&format!("{way}/{}", call.path()));
        let query = call.query_text();
        url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
        Ok(url)
    }

    /// Adds the header that says for whom a call speaks, if the path does not.
    pub(crate) fn add_scope(&self, scope: &ShopScope, headers: &mut HeaderMap) {
        let code = HeaderValue::from_str(scope.code());
        if let (AddressForm::Hosted, Ok(code)) = (self.form, code) {
            headers.insert(HeaderName::from_static("store"), code);
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn read(text: &str) -> String {
        match ShopAddress::parse(text, AddressForm::Installed) {
            Ok(address) => address.of(&ShopCall::get(&["products", "A/B +1"])).unwrap().to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_address_is_that_of_the_shop_and_nothing_more() {
        assert_snapshot!(read(" https://shop.example.com/ "), @"https://shop.example.com/rest/all/V1/products/A%2FB%20%2B1");
        assert_snapshot!(read("https://example.com:8443/shop/"), @"https://example.com:8443/shop/rest/all/V1/products/A%2FB%20%2B1");
        assert_snapshot!(read("shop.example.com"), @"`shop.example.com` is not an address (example: `https://shop.example.com`)");
        assert_snapshot!(read("ftp://shop.example.com"), @"`ftp` is not an address of the web (expected `https://…`, or `http://…` for this machine)");
        assert_snapshot!(read("https://u:p@shop.example.com"), @"the address of the shop holds credentials; they belong into its secret");
        assert_snapshot!(read("https://shop.example.com/?a=b"), @"the address of the shop goes on behind its path (expected nothing from `?` or `#` on)");
        assert_snapshot!(read("https://shop.example.com/rest/V1"), @"`https://shop.example.com/rest/V1` is the address of a call; leave away what follows the shop's own, from `/rest` or `/V1` on");
    }

    #[test]
    fn a_call_goes_to_everybody_unless_it_speaks_for_a_store_view() {
        let shop = ShopAddress::parse("https://shop.example.com", AddressForm::Installed).unwrap();
        let bulk = ShopCall::post(&["products"], &serde_json::json!([])).in_bulk();
        let german = bulk.clone().in_scope(ShopScope::of(Some("de_DE")));
        assert_eq!(shop.of(&bulk).unwrap().path(), "/rest/all/async/bulk/V1/products");
        assert_eq!(shop.of(&german).unwrap().path(), "/rest/de_DE/async/bulk/V1/products");
        let hosted = ShopAddress::parse("https://na1.api.commerce.adobe.com/tenant", AddressForm::Hosted).unwrap();
        let mut headers = HeaderMap::new();
        hosted.add_scope(&german.scope, &mut headers);
        assert_eq!(hosted.of(&german).unwrap().path(), "/tenant/V1/async/bulk/products");
        assert_eq!(headers["store"], "de_DE");
    }

    #[test]
    fn a_name_of_dots_does_not_lead_to_another_call() {
        let shop = ShopAddress::parse("https://shop.example.com", AddressForm::Installed).unwrap();
        for name in [".", ".."] {
            let error = shop.of(&ShopCall::get(&["products", name])).unwrap_err();
            assert_eq!(error, AddressError::Dots(name.to_owned()));
        }
    }
}
