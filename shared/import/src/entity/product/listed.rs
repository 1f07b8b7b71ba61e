//! Under what a catalogue lists a product.

use std::collections::BTreeSet;

use super::change::ProductValue;
use super::thing::{Product, StoreViewContent};
use crate::entity::ListedUnder;
use crate::name_key::name_key;

/// Everything under which a product is found, each once.
pub(super) fn listed_under(product: &Product) -> Vec<ListedUnder> {
    let mut places = BTreeSet::from([ListedUnder::AttributeSet { set: name_key(&product.attribute_set) }]);
    for link in &product.categories {
        places.insert(ListedUnder::Category { category: link.path.key(), position: link.position.unwrap_or(0) });
    }
    let contents = product.store_views.iter().map(|(view, shown)| (Some(view.clone()), shown));
    for (store_view, shown) in [(None, &product.default)].into_iter().chain(contents) {
        if let Some(url_key) = url_key(shown) {
            places.insert(ListedUnder::UrlKey { store_view, url_key });
        }
    }
    places.into_iter().collect()
}

fn url_key(shown: &StoreViewContent) -> Option<String> {
    match shown.values.get("url_key") {
        Some(ProductValue::Text(key)) if !key.is_empty() => Some(key.clone()),
        Some(ProductValue::Text(_) | ProductValue::List(_)) | None => None,
    }
}
