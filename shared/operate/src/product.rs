//! One product of the own catalogue, and which row changed it last.

use catalog::own::{self, KeptThing, LastChange};
use engine::Context;
use import::entity::Thing;
use import::entity::product::{Product, StoreViewContent};
use serde::Serialize;

use crate::catalogue::of_catalogue;
use crate::error::Error;

/// A product as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductDetails {
    /// The product.
    #[serde(flatten)]
    pub product: Product,
    /// The row that changed it last; none if it was written before that was noted.
    pub last_change: Option<LastChange>,
}

/// A product, and what a store view shows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownProduct {
    /// The product, and which row changed it last.
    #[serde(flatten)]
    pub details: ProductDetails,
    /// What the store view shows that was asked for: its own values, and for the rest those for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<StoreViewContent>,
}

/// Reads a product by its sku, and what a store view shows of it.
///
/// # Errors
/// As [`product`].
pub async fn product_in(context: &Context, sku: &str, store_view: Option<&str>) -> Result<ShownProduct, Error> {
    let details = product(context, sku).await?;
    let shown = store_view.map(|view| details.product.shown_in(view));
    Ok(ShownProduct { details, shown })
}

/// Reads a product by its sku, in upper or lower case.
///
/// # Errors
/// There is no such product, what is stored cannot be read, or the store did not answer.
pub async fn product(context: &Context, sku: &str) -> Result<ProductDetails, Error> {
    let key = Product::key(sku);
    let kept = own::things::<Product>(context.store.table.as_ref(), std::slice::from_ref(&key)).await;
    let mut kept = kept.map_err(|error| of_catalogue(&format!("{} `{key}`", Product::NAME), error))?;
    let kept = kept.remove(&key);
    let last_change = kept.as_ref().map(KeptThing::last_change).transpose().map_err(|error| unreadable(&key, error))?;
    let last_change = last_change.flatten();
    match (kept.and_then(|kept| kept.thing), last_change) {
        (Some(product), last_change) => Ok(ProductDetails { product, last_change }),
        (None, Some(deletion)) => Err(Error::DeletedProduct { sku: shortened(sku), deletion: Box::new(deletion) }),
        (None, None) => Err(Error::UnknownProduct { sku: shortened(sku) }),
    }
}

fn unreadable(key: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Store(store::Error::permanent(format!("read {} `{key}`", Product::NAME), error))
}

fn shortened(sku: &str) -> String {
    sku.chars().take(100).collect()
}
