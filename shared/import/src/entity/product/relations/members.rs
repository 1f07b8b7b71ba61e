//! The products of a grouped product.

use super::RelationError;
use super::entries::amount;
use super::positions::{position_at, positions_in};
use crate::cell;
use crate::dialect::Dialect;
use crate::entity::product::parts::AssociatedProduct;
use crate::name_key::name_key;

/// Digits behind a comma that may be those of a decimal number.
const MAX_FRACTION_CHARS: usize = 4;

pub(super) fn associated(
    text: &str,
    positions: &str,
    dialect: &Dialect,
) -> Result<Vec<AssociatedProduct>, RelationError> {
    let positions = positions_in(positions, dialect)?;
    let mut products: Vec<AssociatedProduct> = Vec::new();
    let mut has_quantity = false;
    for (index, entry) in cell::list(text, dialect)?.into_iter().enumerate() {
        // `A=1,5` is read as product `A` and product `5`.
        if has_quantity && entry.len() <= MAX_FRACTION_CHARS && entry.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RelationError::DecimalComma { number: entry });
        }
        has_quantity = entry.contains('=');
        let (sku, quantity) = entry.rsplit_once('=').unwrap_or((&entry, "0"));
        if let Some(foreign) = sku.chars().find(|found| [';', '|'].contains(found)).filter(|_| sku.contains('=')) {
            return Err(RelationError::ForeignSeparator { text: foreign, separator: dialect.field_separator });
        }
        let quantity = if quantity.trim().is_empty() { "0".to_owned() } else { amount(quantity, dialect)? };
        let product =
            AssociatedProduct { sku: sku.trim().to_owned(), quantity, position: position_at(&positions, index) };
        let key = name_key(&product.sku);
        products.retain(|earlier| name_key(&earlier.sku) != key);
        products.push(product);
    }
    Ok(products)
}
