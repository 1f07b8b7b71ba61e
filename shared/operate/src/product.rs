//! One product of the own catalogue, and which row changed it last.

use catalog::own::{self, KeptThing, LastChange};
use engine::Context;
use import::entity::Thing;
use import::entity::product::Product;
use serde::Serialize;

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

/// Reads a product by its sku, in upper or lower case.
///
/// # Errors
/// There is no such product, what is stored cannot be read, or the store did not answer.
pub async fn product(context: &Context, sku: &str) -> Result<ProductDetails, Error> {
    let key = Product::key(sku);
    let kept = own::things::<Product>(context.store.table.as_ref(), std::slice::from_ref(&key)).await;
    let mut kept = kept.map_err(|error| of_catalogue(&key, error))?;
    let kept = kept.remove(&key);
    let last_change = kept.as_ref().map(KeptThing::last_change).transpose().map_err(|error| unreadable(&key, error))?;
    let last_change = last_change.flatten();
    match (kept.and_then(|kept| kept.thing), last_change) {
        (Some(product), last_change) => Ok(ProductDetails { product, last_change }),
        (None, Some(deletion)) => Err(Error::DeletedProduct { sku: shortened(sku), deletion: Box::new(deletion) }),
        (None, None) => Err(Error::UnknownProduct { sku: shortened(sku) }),
    }
}

fn of_catalogue(key: &str, error: own::Error) -> Error {
    // Only writers contend or draft.
    let own::Error::Store(error) = error else { return unreadable(key, error) };
    Error::Store(error)
}

fn unreadable(key: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Store(store::Error::permanent(format!("read {} `{key}`", Product::NAME), error))
}

fn shortened(sku: &str) -> String {
    sku.chars().take(100).collect()
}
