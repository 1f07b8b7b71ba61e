//! The calls that are handed over in lists, and what an item of each must have.
//!
//! Most of what is wrong with an item the shop says itself. But a few items it takes, and its consumer dies of them: the
//! item stays open for ever, and everything behind it waits until somebody starts the consumer again. Such an item is
//! never sent, whoever made it.

use http::Method;
use serde_json::Value;

use crate::client::{ShopCall, ShopScope, sku_key};

/// A call that is handed over in lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkRoute {
    /// Makes products or changes them: `{"product": {…}}`.
    SaveProducts,
    /// Changes products that there are: `{"product": {"sku", …}}`. Without an attribute set it makes none.
    UpdateProducts,
    /// Deletes products: `{"sku"}`.
    DeleteProducts,
    /// Makes a product one of the choices of another: `{"sku", "childSku"}`.
    AttachChildren,
}

/// Why an item must not be sent; reads as the end of a sentence that starts with the item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Poison {
    /// A name is missing by which the shop finds what is meant.
    #[error("has no `{0}`, and would end the consumer of the shop")]
    NoName(&'static str),
    /// The name is too long.
    #[error("has a sku of more than 64 characters")]
    LongSku,
    /// Attributes are not a list.
    #[error(
        "has `custom_attributes` that are not a list of `attribute_code` and `value`, which break the shop's program off"
    )]
    Attributes,
    /// A new image has no content.
    #[error("has an image without content, which breaks the shop's program off")]
    Image,
    /// It is larger than a request may be.
    #[error("has {size_bytes} bytes; a request may have {limit_bytes}")]
    Large {
        /// Its size.
        size_bytes: usize,
        /// How large a request may be.
        limit_bytes: usize,
    },
}

/// Characters of a sku.
const SKU_CHARS: usize = 64;

impl BulkRoute {
    /// Returns the call for a list of items.
    #[must_use]
    pub fn call(self, items: &[Value], scope: ShopScope) -> ShopCall {
        let body = Value::Array(items.to_vec());
        let call = match self {
            Self::SaveProducts => ShopCall::post(&["products"], &body),
            Self::UpdateProducts => ShopCall::put(&["products", "bySku"], &body),
            Self::DeleteProducts => ShopCall::sending(Method::DELETE, &["products", "bySku"], &body),
            Self::AttachChildren => ShopCall::post(&["configurable-products", "bySku", "child"], &body),
        };
        call.in_bulk().in_scope(scope)
    }

    /// Returns the name of the shop's queue entries for the call.
    #[must_use]
    pub fn topic(self) -> &'static str {
        match self {
            Self::SaveProducts => "async.magento.catalog.api.productrepositoryinterface.save.post",
            Self::UpdateProducts => "async.magento.catalog.api.productrepositoryinterface.save.put",
            Self::DeleteProducts => "async.magento.catalog.api.productrepositoryinterface.deletebyid.delete",
            Self::AttachChildren => "async.magento.configurableproduct.api.linkmanagementinterface.addchild.post",
        }
    }

    /// Returns the sku that an item writes, as skus compare. Of a product only the inner one counts: the shop does not
    /// look at another beside it.
    #[must_use]
    pub fn sku(self, item: &Value) -> Option<String> {
        let sku = match self {
            Self::SaveProducts | Self::UpdateProducts => &item["product"]["sku"],
            Self::DeleteProducts | Self::AttachChildren => &item["sku"],
        };
        sku.as_str().map(sku_key).filter(|key| !key.is_empty())
    }

    /// Checks that an item ends neither the shop's consumer nor its program.
    ///
    /// # Errors
    /// Says why it would.
    pub fn check(self, item: &Value) -> Result<(), Poison> {
        if self.sku(item).is_none() {
            return Err(Poison::NoName("sku"));
        }
        match self {
            Self::SaveProducts | Self::UpdateProducts => check_product(&item["product"]),
            Self::AttachChildren => {
                let child = item["childSku"].as_str().map(str::trim).unwrap_or_default();
                if child.is_empty() { Err(Poison::NoName("childSku")) } else { Ok(()) }
            }
            Self::DeleteProducts => Ok(()),
        }
    }
}

fn check_product(product: &Value) -> Result<(), Poison> {
    if product["sku"].as_str().is_some_and(|sku| sku.trim().chars().count() > SKU_CHARS) {
        return Err(Poison::LongSku);
    }
    let is_attribute = |value: &Value| value["attribute_code"].is_string() && value.get("value").is_some();
    let are_attributes = match product.get("custom_attributes") {
        None | Some(Value::Null) => true,
        Some(Value::Array(attributes)) => attributes.iter().all(is_attribute),
        Some(_) => false,
    };
    if !are_attributes {
        return Err(Poison::Attributes);
    }
    let entries = product["media_gallery_entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_whole = |entry: &Value| entry["id"].is_number() || entry["content"]["base64_encoded_data"].is_string();
    if entries.iter().all(is_whole) { Ok(()) } else { Err(Poison::Image) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::recording;

    #[test]
    fn what_ended_the_consumer_of_a_real_shop_is_never_sent() {
        let sent = recording("async-bulk/019").request;
        let checked: Vec<_> =
            sent.as_array().unwrap().iter().map(|item| BulkRoute::UpdateProducts.check(item)).collect();
        // The first names its product beside the body only, the last nowhere; both stayed open for ever.
        assert_eq!(checked, [Err(Poison::NoName("sku")), Ok(()), Ok(()), Err(Poison::NoName("sku"))]);
    }

    #[test]
    fn what_broke_the_program_of_a_real_shop_off_is_never_sent() {
        let broke = |name: &str, sku: &str| {
            let mut item = recording(name).request;
            item["product"]["sku"] = json!(sku);
            BulkRoute::SaveProducts.check(&item)
        };
        assert_eq!(broke("products/050", "RIG-3"), Err(Poison::Attributes));
        assert_eq!(broke("products/119", " "), Err(Poison::NoName("sku")));
        assert_eq!(broke("products/088", &"X".repeat(65)), Err(Poison::LongSku));
        let mut image = recording("images/013").request;
        image = json!({"product": {"sku": "A", "media_gallery_entries": [image["entry"]]}});
        assert_eq!(BulkRoute::SaveProducts.check(&image), Err(Poison::Image));
        let child = json!({"sku": "CONF-1", "childSku": ""});
        assert_eq!(BulkRoute::AttachChildren.check(&child), Err(Poison::NoName("childSku")));
    }

    #[test]
    fn calls_have_the_addresses_that_a_real_shop_takes() {
        for (name, route) in [
            ("async-bulk/018", BulkRoute::SaveProducts),
            ("async-bulk/036", BulkRoute::DeleteProducts),
            ("async-bulk/134", BulkRoute::AttachChildren),
        ] {
            let recorded = recording(name);
            let call = route.call(&[], ShopScope::Global);
            let address =
                crate::client::ShopAddress::parse("https://shop.example.com", crate::client::AddressForm::Installed);
            assert_eq!(address.unwrap().of(&call).unwrap().path(), recorded.path, "{name}");
            assert_eq!(call.method, recorded.method.as_str(), "{name}");
        }
    }
}
