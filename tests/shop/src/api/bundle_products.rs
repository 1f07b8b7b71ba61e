//! `bundle-products`: reads the options of a bundle; they are written with the product.

use super::products::{bundles, product};
use crate::call::Call;
use crate::route::{Answer, Route, get};

pub(super) const ROUTES: &[Route] =
    &[get("/V1/bundle-products/:sku/options/all", "Magento_Catalog::products", options)];

fn options(call: &mut Call<'_>) -> Answer {
    let found = product(call, &call.text("sku"))?;
    Ok(bundles::view(call.state, found))
}
