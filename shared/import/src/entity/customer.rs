//! Customers: who buys, on which website, with an address or several.
//!
//! A customer is known by e-mail and website, both without regard to case. Rows hold personal data, so **findings name
//! places and never repeat a cell** of them. Passwords come as the hashes that another shop has made; plain ones are
//! refused, and what a shop needs for a single mail or session is not kept.

mod address;
mod address_book;
mod columns;
mod read;
#[cfg(test)]
mod tests;
mod thing;
mod write;

pub use address::{Address, AddressChange, AddressColumn};
pub use columns::CustomerColumn;
pub(in crate::entity) use columns::address_cells;
pub(in crate::entity) use read::{AddressCell, customer_key, email, website};
pub use thing::{Customer, PasswordHash};
pub(in crate::entity) use write::write_address;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{About, Cells, ChangeEffect, Column, Entity, ExecutorAbout, Reading, Stated, Thing, Writing};
use crate::finding::ChangeRefusal;

/// Customers, with the addresses that stand in their rows.
pub struct Customers;

/// What a row says about a customer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CustomerChange {
    /// As written in the file.
    pub email: String,
    /// Code of the website.
    pub website: String,
    /// The store view in which the customer signed up, or `admin`.
    pub store_view: Option<String>,
    /// Name of the customer group.
    pub group: Option<String>,
    /// Everything else by column.
    pub values: BTreeMap<String, Stated<String>>,
    /// What another shop made of the password.
    pub password_hash: Option<Stated<PasswordHash>>,
    /// The address that stands in the row, if any of its cells is filled.
    pub address: Option<AddressChange>,
}

impl Entity for Customers {
    type ColumnKind = CustomerColumn;
    type EntityChange = CustomerChange;
    type Thing = Customer;

    const ABOUT: About = About {
        name: "customers",
        singular: "customer",
        prefix: "customer-import",
        summary: "customers with their groups and addresses; passwords as hashes only",
        key: &["email", "_website"],
        validate: ExecutorAbout { name: "validate_customers", description: "checks every row of the customer files" },
        import: ExecutorAbout {
            name: "import_customers",
            description: "merges the rows of the customer files into the customers",
        },
    };
    const OTHER_PREFIXES: &'static [&'static str] = &["customer", "customer_composite"];
    const COLUMNS: &'static [Column<CustomerColumn>] = columns::COLUMNS;

    fn cells(kind: CustomerColumn) -> Cells {
        columns::cells(kind)
    }

    fn read_cells(reading: &mut Reading<'_, CustomerColumn>) -> Option<CustomerChange> {
        read::read(reading)
    }

    /// As in the files of customers with their addresses that Magento exports.
    fn goes_on(kind: &CustomerColumn) -> bool {
        matches!(kind, CustomerColumn::Address(_))
    }

    fn key(change: &CustomerChange) -> String {
        customer_key(&change.email, &change.website)
    }

    fn missing_if_new(change: &CustomerChange) -> Vec<ChangeRefusal> {
        let has = |column: &str| matches!(change.values.get(column), Some(Stated::Set(_)));
        let needed =
            [("firstname", has("firstname")), ("lastname", has("lastname")), ("group_id", change.group.is_some())];
        let missing = needed.into_iter().filter(|(_, is_there)| !is_there);
        let problem = || "is needed because the customer is new".to_owned();
        missing.map(|(column, _)| ChangeRefusal::of_column(column, problem())).collect()
    }

    fn changed_at(change: &CustomerChange) -> Option<&str> {
        match change.values.get("updated_at")? {
            Stated::Set(at) => Some(at),
            Stated::Clear => None,
        }
    }

    fn was_changed_at(thing: &Customer) -> Option<&str> {
        thing.values.get("updated_at").map(String::as_str)
    }

    fn create(change: &CustomerChange) -> Result<Customer, ChangeRefusal> {
        let mut customer = Customer {
            email: change.email.clone(),
            website: change.website.clone(),
            store_view: None,
            group: None,
            values: BTreeMap::new(),
            password_hash: None,
            addresses: Vec::new(),
        };
        // Whether an empty customer becomes another one by this does not matter: it is new.
        let _ = Self::apply(&mut customer, change)?;
        Ok(customer)
    }

    fn apply(customer: &mut Customer, change: &CustomerChange) -> Result<ChangeEffect, ChangeRefusal> {
        let mut changed = customer.clone();
        changed.apply(change)?;
        if *customer == changed {
            return Ok(ChangeEffect::Unchanged);
        }
        *customer = changed;
        Ok(ChangeEffect::Changed)
    }

    fn write(customer: &Customer, writing: &mut Writing<'_>) {
        write::write(customer, writing);
    }

    /// Addresses have a file of their own, in which more can be said of them.
    fn is_written(column: &Column<CustomerColumn>) -> bool {
        !matches!(column.kind, CustomerColumn::Ignored | CustomerColumn::Password | CustomerColumn::Address(_))
    }
}

impl Thing for Customer {
    const NAME: &'static str = "customer";
    const SCHEMA: u32 = 1;
}
