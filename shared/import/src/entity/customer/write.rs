//! The way back: from a customer to its row, and from an address to the cells of one.

use super::address::{Address, AddressColumn};
use super::columns::{COLUMNS, CustomerColumn};
use super::thing::Customer;
use crate::entity::{Writing, WrittenRow};
use crate::number::NumberFormat;

/// Writes a customer, without addresses.
pub(super) fn write(customer: &Customer, writing: &mut Writing<'_>) {
    let mut row = WrittenRow::default();
    row.set("email", &customer.email);
    row.set("_website", &customer.website);
    row.set("_store", customer.store_view.clone().unwrap_or_default());
    row.set("group_id", customer.group.clone().unwrap_or_default());
    for (name, value) in &customer.values {
        let column = COLUMNS.iter().find(|column| column.name == name).map(|column| column.kind);
        let text = match column {
            Some(CustomerColumn::Value(form)) => form.written(value, writing.dialect.numbers),
            _ => value.clone(),
        };
        row.set(name, text);
    }
    if let Some(hash) = &customer.password_hash {
        row.set("password_hash", hash.as_str());
    }
    writing.push(row);
}

/// Writes the cell of an address that belongs into a column.
pub(in crate::entity) fn write_address(
    address: &Address,
    (column, kind): (&str, AddressColumn),
    row: &mut WrittenRow,
    numbers: NumberFormat,
) {
    let is_set = |flag: bool| if flag { "1" } else { "" };
    match kind {
        AddressColumn::Value(name, form) => {
            row.set(column, address.values.get(name).map_or_else(String::new, |text| form.written(text, numbers)));
        }
        AddressColumn::IncrementId => row.set(column, address.increment_id.clone().unwrap_or_default()),
        AddressColumn::EntityId => row.set(column, address.entity_id.clone().unwrap_or_default()),
        AddressColumn::DefaultBilling => row.set(column, is_set(address.is_default_billing)),
        AddressColumn::DefaultShipping => row.set(column, is_set(address.is_default_shipping)),
    }
}
