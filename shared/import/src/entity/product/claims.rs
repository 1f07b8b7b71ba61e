//! What a product row says that only shows across rows: which other products it names, and what must be its own.

use std::borrow::Cow;

use super::change::{ProductChange, ProductValue};
use super::parts::LinkType;
use super::thing::Product;
use crate::across::claims::{Claim, ClaimOrigin, ClaimScope, Reference};
use crate::entity::stated::Stated;
use crate::entity::{ListedUnder, Thing};
use crate::shop::ShopFacts;
use crate::url_key;

/// Who is only shown as a part of others needs no address of its own.
const HIDDEN: &str = "Not Visible Individually";

/// The products that a row names.
pub(super) fn references(change: &ProductChange) -> Vec<Reference> {
    let mut named = Vec::new();
    let mut name = |column: &'static str, sku: &str| {
        named.push(Reference { column, key: Product::key(sku), name: sku.to_owned() });
    };
    for (link_type, links) in &change.links {
        let column = match link_type {
            LinkType::Related => "related_skus",
            LinkType::Crosssell => "crosssell_skus",
            LinkType::Upsell => "upsell_skus",
        };
        set(Some(links)).iter().for_each(|link| name(column, &link.sku));
    }
    set(change.associated.as_ref()).iter().for_each(|member| name("associated_skus", &member.sku));
    set(change.variations.as_ref()).iter().for_each(|variation| name("configurable_variations", &variation.sku));
    let selections = set(change.bundle_values.as_ref()).iter().filter_map(|selection| selection.get("sku"));
    selections.for_each(|sku| name("bundle_values", sku));
    named
}

/// The values of a row that no other product may have: its address, and those of unique attributes.
pub(super) fn claims(change: &ProductChange, shop: &ShopFacts) -> Vec<Claim> {
    let mut claims = Vec::new();
    claims.extend(address(change));
    if change.store_view.is_some() {
        return claims;
    }
    for (code, value) in &change.values {
        let Stated::Set(ProductValue::Text(value)) = value else { continue };
        if shop.attribute(code).is_some_and(|attribute| attribute.is_unique) {
            // Compared as written: to a shop `a` and `A` are two values.
            claims.push(Claim {
                column: Cow::Owned(code.clone()),
                scope: ClaimScope::Attribute { code: code.clone() },
                value: value.clone(),
                origin: ClaimOrigin::Stated,
            });
        }
    }
    claims
}

/// The address that a row states, or the one that a new product gets from its name.
fn address(change: &ProductChange) -> Option<Claim> {
    let text = |code: &str| match change.values.get(code) {
        Some(Stated::Set(ProductValue::Text(text))) => Some(text.clone()),
        _ => None,
    };
    if text("visibility").as_deref() == Some(HIDDEN) {
        return None;
    }
    let scope = ClaimScope::Address { store_view: change.store_view.clone() };
    if let Some(value) = text("url_key") {
        return Some(Claim { column: Cow::Borrowed("url_key"), scope, value, origin: ClaimOrigin::Stated });
    }
    let name = text("name").filter(|_| change.store_view.is_none())?;
    let value = url_key::from_text(&name);
    let claim = Claim { column: Cow::Borrowed("name"), scope, value, origin: ClaimOrigin::MadeOfName };
    (!claim.value.is_empty()).then_some(claim)
}

/// Says whether nobody else may have an address that a stored product has.
pub(super) fn holds(product: &Product, under: &ListedUnder) -> bool {
    let ListedUnder::UrlKey { store_view, .. } = under else { return false };
    let visibility = product.value("visibility", store_view.as_deref());
    let is_hidden = visibility == Some(&ProductValue::Text(HIDDEN.to_owned()));
    !is_hidden && product.listed_under().contains(under)
}

fn set<T>(stated: Option<&Stated<Vec<T>>>) -> &[T] {
    match stated {
        Some(Stated::Set(list)) => list,
        Some(Stated::Clear) | None => &[],
    }
}
