//! All that the shop knows. It stands for the database: no rule of a service lives here.

pub(crate) mod access;
pub(crate) mod attribute;
pub(crate) mod bulk;
pub(crate) mod category;
pub(crate) mod customer;
pub(crate) mod inventory;
pub(crate) mod order;
pub(crate) mod product;
pub(crate) mod store;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use self::access::Access;
use self::attribute::Attributes;
use self::bulk::Bulks;
use self::category::Categories;
use self::customer::Customers;
use self::inventory::Inventory;
use self::order::Orders;
use self::product::Products;
use self::store::Stores;

/// The database.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) access: Access,
    pub(crate) stores: Stores,
    pub(crate) attributes: Attributes,
    pub(crate) categories: Categories,
    pub(crate) products: Products,
    pub(crate) inventory: Inventory,
    pub(crate) customers: Customers,
    pub(crate) orders: Orders,
    pub(crate) bulks: Bulks,
    /// Hosts from which downloadable links may come.
    pub(crate) downloadable_domains: BTreeSet<String>,
    /// Limits of lists and pages, off unless an operator turned them on.
    pub(crate) limits: Option<Limits>,
    /// Number of the next report of an internal error.
    reports: u64,
}

/// Limits that an operator can turn on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most items of a list inside of a request.
    pub items: usize,
    /// Largest page that may be asked for.
    pub page_size: i64,
    /// Page size where none is asked for.
    pub default_page_size: i64,
}

impl State {
    /// A shop right after its installation, with the websites and store views of the recorded one.
    pub(crate) fn installed(now: DateTime<Utc>) -> Self {
        Self {
            access: Access::default(),
            stores: Stores::installed(),
            attributes: Attributes::installed(),
            categories: Categories::installed(now),
            products: Products::default(),
            inventory: Inventory::installed(),
            customers: Customers::default(),
            orders: Orders::default(),
            bulks: Bulks::default(),
            downloadable_domains: BTreeSet::new(),
            limits: None,
            reports: 0x0006_b0b1_a559_f9d1,
        }
    }

    /// A fresh report number.
    pub(crate) fn report(&mut self) -> u64 {
        self.reports += 1;
        self.reports
    }
}
