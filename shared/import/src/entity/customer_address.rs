//! Customer addresses: files with an address of a customer in each row.
//!
//! The customer is there already; a row of anybody else is refused. An address is found again by its number, or by all
//! that its row says. Replacing forgets the addresses that the customer had before the import.

use serde::{Deserialize, Serialize};

use super::customer::{
    AddressCell, AddressChange, AddressColumn, Customer, address_cells, customer_key, email, website, write_address,
};
use super::{
    About, Cells, ChangeEffect, Column, Entity, ExecutorAbout, Form, Need, Reading, Removal, Writing, WrittenRow,
    column,
};
use crate::finding::ChangeRefusal;

/// Addresses of customers.
pub struct CustomerAddresses;

/// What a cell of an address file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerAddressColumn {
    /// Together with the website, whose address it is.
    Email,
    /// Code of the website.
    Website,
    /// A part of the address.
    Address(AddressColumn),
    /// Known, but without a meaning here.
    Ignored,
}

/// What a row says about an address of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerAddressChange {
    /// E-mail of the customer.
    pub email: String,
    /// Code of the customer's website.
    pub website: String,
    /// The address.
    pub address: AddressChange,
}

impl Entity for CustomerAddresses {
    type ColumnKind = CustomerAddressColumn;
    type EntityChange = CustomerAddressChange;
    type Thing = Customer;

    const ABOUT: About = About {
        name: "customer_addresses",
        singular: "customer address",
        prefix: "customer-address-import",
        summary: "addresses of customers that there are",
        key: &["_email", "_website"],
        validate: ExecutorAbout {
            name: "validate_customer_addresses",
            description: "checks every row of the customer address files",
        },
        import: ExecutorAbout {
            name: "import_customer_addresses",
            description: "merges the rows of the customer address files into the customers",
        },
    };
    const OTHER_PREFIXES: &'static [&'static str] = &["customer_address"];
    const MAKES_THINGS: bool = false;
    const COLUMNS: &'static [Column<CustomerAddressColumn>] = &[
        Column {
            need: Need::Always,
            ..column("_website", CustomerAddressColumn::Website, "base", "code of the customer's website")
        },
        Column {
            need: Need::Always,
            ..column("_email", CustomerAddressColumn::Email, "jon@example.com", "the customer")
        },
        column(
            "_entity_id",
            CustomerAddressColumn::Address(AddressColumn::EntityId),
            "51",
            "number of the address in another shop, by which it is found again if it has no `increment_id`",
        ),
        column(
            "increment_id",
            CustomerAddressColumn::Address(AddressColumn::IncrementId),
            "1000-1",
            "number of the address in another system, by which it is found again",
        ),
        column(
            "city",
            CustomerAddressColumn::Address(AddressColumn::Value("city", Form::Text)),
            "Campbell",
            "the city of the address",
        ),
        column(
            "company",
            CustomerAddressColumn::Address(AddressColumn::Value("company", Form::Text)),
            "Acme",
            "the company of the address",
        ),
        column(
            "country_id",
            CustomerAddressColumn::Address(AddressColumn::Value("country_id", Form::Text)),
            "US",
            "code of the country of the address",
        ),
        column(
            "fax",
            CustomerAddressColumn::Address(AddressColumn::Value("fax", Form::Text)),
            "+1 555 0100",
            "fax number of the address",
        ),
        column(
            "firstname",
            CustomerAddressColumn::Address(AddressColumn::Value("firstname", Form::Text)),
            "Jon",
            "first name of the address",
        ),
        column(
            "lastname",
            CustomerAddressColumn::Address(AddressColumn::Value("lastname", Form::Text)),
            "Doe",
            "last name of the address",
        ),
        column(
            "middlename",
            CustomerAddressColumn::Address(AddressColumn::Value("middlename", Form::Text)),
            "M.",
            "middle name of the address",
        ),
        column(
            "postcode",
            CustomerAddressColumn::Address(AddressColumn::Value("postcode", Form::Text)),
            "95008",
            "postal code of the address",
        ),
        column(
            "prefix",
            CustomerAddressColumn::Address(AddressColumn::Value("prefix", Form::Text)),
            "Mr.",
            "title of the address",
        ),
        column(
            "region",
            CustomerAddressColumn::Address(AddressColumn::Value("region", Form::Text)),
            "California",
            "state or region of the address",
        ),
        column(
            "street",
            CustomerAddressColumn::Address(AddressColumn::Value("street", Form::Text)),
            "Main Street 1",
            "street and number; lines of their own are kept of the address",
        ),
        column(
            "suffix",
            CustomerAddressColumn::Address(AddressColumn::Value("suffix", Form::Text)),
            "Jr.",
            "what follows the name of the address",
        ),
        column(
            "telephone",
            CustomerAddressColumn::Address(AddressColumn::Value("telephone", Form::Text)),
            "+1 555 0100",
            "telephone number of the address",
        ),
        column(
            "vat_id",
            CustomerAddressColumn::Address(AddressColumn::Value("vat_id", Form::Text)),
            "DE987654",
            "tax number of the company of the address",
        ),
        column(
            "vat_is_valid",
            CustomerAddressColumn::Address(AddressColumn::Value("vat_is_valid", Form::Flag)),
            "1",
            "whether the tax number was found to be valid",
        ),
        column(
            "vat_request_date",
            CustomerAddressColumn::Address(AddressColumn::Value("vat_request_date", Form::Date)),
            "2026-08-01 12:00:00",
            "when the tax number was checked",
        ),
        column(
            "vat_request_id",
            CustomerAddressColumn::Address(AddressColumn::Value("vat_request_id", Form::Text)),
            "42",
            "number of that check",
        ),
        column(
            "vat_request_success",
            CustomerAddressColumn::Address(AddressColumn::Value("vat_request_success", Form::Flag)),
            "1",
            "whether that check had an answer",
        ),
        column(
            "_address_default_billing_",
            CustomerAddressColumn::Address(AddressColumn::DefaultBilling),
            "1",
            "whether bills go to the address",
        ),
        column(
            "_address_default_shipping_",
            CustomerAddressColumn::Address(AddressColumn::DefaultShipping),
            "1",
            "whether goods go to the address",
        ),
        column("region_id", CustomerAddressColumn::Ignored, "81", "number of the region in another shop; not read"),
    ];

    fn cells(kind: CustomerAddressColumn) -> Cells {
        let key = |holds: &'static str| Cells { empty_value: "costs the row", ..Cells::holding(holds) };
        match kind {
            CustomerAddressColumn::Email => key("e-mail address of a customer"),
            CustomerAddressColumn::Website => key("code of a website, or `admin`"),
            CustomerAddressColumn::Address(kind) => address_cells(kind),
            CustomerAddressColumn::Ignored => Cells::saying_nothing("anything"),
        }
    }

    fn read_cells(reading: &mut Reading<'_, CustomerAddressColumn>) -> Option<CustomerAddressChange> {
        // Both are read, so that a row with two mistakes tells them at once.
        let (email, website) = (email(reading, "_email"), website(reading, "_website"));
        let mut address = AddressChange::default();
        for column in reading.columns().known() {
            if let CustomerAddressColumn::Address(kind) = column.kind
                && let Some(stated) = reading.stated(reading.cell_of(column))
            {
                AddressCell { column: &column.name, kind, stated }.read(reading, &mut address);
            }
        }
        Some(CustomerAddressChange { email: email?, website: website?, address })
    }

    fn key(change: &CustomerAddressChange) -> String {
        customer_key(&change.email, &change.website)
    }

    fn create(change: &CustomerAddressChange) -> Result<Customer, ChangeRefusal> {
        Err(not_there(change))
    }

    fn renew(before: Option<&Customer>, change: &CustomerAddressChange) -> Result<Customer, ChangeRefusal> {
        let mut customer = before.cloned().ok_or_else(|| not_there(change))?;
        customer.addresses.clear();
        customer.apply_address(&change.address)?;
        Ok(customer)
    }

    fn apply(customer: &mut Customer, change: &CustomerAddressChange) -> Result<ChangeEffect, ChangeRefusal> {
        let mut changed = customer.clone();
        changed.apply_address(&change.address)?;
        if *customer == changed {
            return Ok(ChangeEffect::Unchanged);
        }
        *customer = changed;
        Ok(ChangeEffect::Changed)
    }

    fn write(customer: &Customer, writing: &mut Writing<'_>) {
        for address in &customer.addresses {
            let mut row = WrittenRow::default();
            row.set("_email", &customer.email);
            row.set("_website", &customer.website);
            for column in Self::COLUMNS {
                if let CustomerAddressColumn::Address(kind) = column.kind {
                    write_address(address, (column.name, kind), &mut row, writing.dialect.numbers);
                }
            }
            writing.push(row);
        }
    }

    fn is_written(column: &Column<CustomerAddressColumn>) -> bool {
        column.kind != CustomerAddressColumn::Ignored
    }

    fn unwritten(customer: &Customer) -> Option<Customer> {
        Some(Customer { addresses: Vec::new(), ..customer.clone() })
    }

    fn remove(customer: &mut Customer, change: &CustomerAddressChange) -> Removal {
        if customer.remove_address(&change.address) { Removal::Part } else { Removal::Nothing }
    }
}

/// Says that nobody has the e-mail of a row, without repeating it: it is personal.
fn not_there(change: &CustomerAddressChange) -> ChangeRefusal {
    let website = &change.website;
    let problem = format!("is of no customer on website `{website}`, and an address file makes none; import it first");
    ChangeRefusal::of_column("_email", problem)
}
