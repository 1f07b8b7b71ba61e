//! The areas of the interface, named as in their paths.

mod bulk;
mod bundle_products;
mod categories;
mod configurable_products;
mod customers;
mod directory;
mod integration;
mod inventory;
pub(crate) mod orders;
pub(crate) mod products;
mod store;

use crate::route::Route;

/// Every route the shop has.
pub(crate) fn routes() -> Vec<Route> {
    let areas: [&[Route]; 11] = [
        bulk::ROUTES,
        bundle_products::ROUTES,
        categories::ROUTES,
        configurable_products::ROUTES,
        customers::ROUTES,
        directory::ROUTES,
        integration::ROUTES,
        inventory::ROUTES,
        orders::ROUTES,
        products::ROUTES,
        store::ROUTES,
    ];
    areas.iter().chain(products::AREAS).chain(orders::AREAS).flat_map(|area| area.iter().copied()).collect()
}
