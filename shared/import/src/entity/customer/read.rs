use std::fmt;

use super::CustomerChange;
use super::address::{AddressChange, AddressColumn};
use super::columns::CustomerColumn;
use super::thing::PasswordHash;
use crate::entity::{Form, FormError, Reading, Stated};
use crate::finding::Severity;
use crate::name_key::name_key;
use crate::shop::ShopFacts;

/// Longest address that mail servers deliver to.
const MAX_EMAIL_CHARS: usize = 254;

/// The website and the store view of people who never chose one.
const ADMIN: &str = "admin";

const GENDERS: [&str; 3] = ["Male", "Female", "Not Specified"];

/// The form in which e-mail and website compare.
pub(in crate::entity) fn customer_key(email: &str, website: &str) -> String {
    format!("{}/{}", name_key(website), name_key(email))
}

/// Notes what is wrong with a cell without repeating it: it is personal.
pub(in crate::entity) fn note<K: Clone>(
    reading: &mut Reading<'_, K>,
    column: &str,
    problem: impl fmt::Display,
    severity: Severity,
) {
    reading.note(column, None, problem, severity);
}

/// Reads a row; nothing comes of one without a usable e-mail and a website and store view of the shop.
pub(super) fn read(reading: &mut Reading<'_, CustomerColumn>) -> Option<CustomerChange> {
    // All of them are read, so that a row with several mistakes tells them at once.
    let (email, website) = (email(reading, "email"), website(reading, "_website"));
    let mut change = CustomerChange::default();
    let mut address = AddressChange::default();
    let is_usable = read_store_view(reading, &mut change);
    for column in reading.columns().known() {
        let Some(stated) = reading.stated(reading.cell_of(column)) else { continue };
        if let CustomerColumn::Address(kind) = column.kind {
            AddressCell { column: &column.name, kind, stated }.read(reading, &mut address);
        } else {
            read_cell(reading, (&column.name, column.kind), stated, &mut change);
        }
    }
    change.address = Some(address).filter(|address| !address.is_empty());
    is_usable.then_some(CustomerChange { email: email?, website: website?, ..change })
}

/// Reads the e-mail that says whom a row is about.
pub(in crate::entity) fn email<K: Clone>(reading: &mut Reading<'_, K>, column: &str) -> Option<String> {
    let text = reading.cell(column).trim();
    let is_blank_free = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let has_parts = text.rsplit_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && host.split('.').all(|label| !label.is_empty())
    });
    let problem = match text {
        "" => "is empty",
        _ if text.chars().count() > MAX_EMAIL_CHARS => "is longer than an e-mail address can be (254 characters)",
        _ if !is_blank_free || !has_parts => "is not an e-mail address (example: `name@example.com`)",
        _ => return Some(text.to_owned()),
    };
    note(reading, column, problem, Severity::Row);
    None
}

/// Reads the website that says whom a row is about. Its code is no secret, so it is told.
pub(in crate::entity) fn website<K: Clone>(reading: &mut Reading<'_, K>, column: &str) -> Option<String> {
    let text = reading.cell(column).trim();
    if text.is_empty() {
        note(reading, column, "is empty", Severity::Row);
        return None;
    }
    if text.eq_ignore_ascii_case(ADMIN) {
        return Some(ADMIN.to_owned());
    }
    let shop = reading.shop();
    if let Some(website) = shop.basics.websites.iter().find(|website| name_key(&website.code) == name_key(text)) {
        return Some(website.code.clone());
    }
    if let Err(unknown) = shop.basics.website(text) {
        reading.note(column, Some(text), unknown, Severity::Row);
    }
    None
}

/// Reads the store view, and says whether the row can be used.
fn read_store_view(reading: &mut Reading<'_, CustomerColumn>, change: &mut CustomerChange) -> bool {
    let cell = reading.cell("_store");
    let Some(Stated::Set(text)) = reading.stated(cell) else { return true };
    let code = match text.trim() {
        ADMIN => Ok(ADMIN.to_owned()),
        code => reading.shop().basics.store_view(code).map(|view| view.code.clone()),
    };
    match code {
        Ok(code) => change.store_view = Some(code),
        Err(unknown) => {
            reading.note("_store", Some(text), unknown, Severity::Row);
            return false;
        }
    }
    true
}

fn read_cell(
    reading: &mut Reading<'_, CustomerColumn>,
    (name, kind): (&str, CustomerColumn),
    stated: Stated<&str>,
    change: &mut CustomerChange,
) {
    match kind {
        CustomerColumn::Email | CustomerColumn::Website | CustomerColumn::StoreView | CustomerColumn::Ignored => {}
        // Read by `AddressCell`.
        CustomerColumn::Address(_) => {}
        CustomerColumn::Group => {
            if let Stated::Set(text) = stated {
                change.group = group(reading, text);
            }
        }
        CustomerColumn::Needed | CustomerColumn::Value(_) | CustomerColumn::Gender => {
            if let Some(value) = value(reading, (name, kind), stated) {
                change.values.insert(name.to_owned(), value);
            }
        }
        CustomerColumn::PasswordHash => match stated {
            Stated::Clear => change.password_hash = Some(Stated::Clear),
            Stated::Set(text) => match text.parse::<PasswordHash>() {
                Ok(hash) => change.password_hash = Some(Stated::Set(hash)),
                Err(problem) => note(reading, name, problem, Severity::Value),
            },
        },
        CustomerColumn::Password if stated == Stated::Clear => {}
        CustomerColumn::Password => {
            let problem = "is a password in plain text, which is never read; send its hash as `password_hash`, or let \
                           the customer ask the shop for a new password";
            note(reading, name, problem, Severity::Value);
        }
    }
}

/// A value in its canonical form; nothing, and a finding, if it cannot be used.
fn value(
    reading: &mut Reading<'_, CustomerColumn>,
    (name, kind): (&str, CustomerColumn),
    stated: Stated<&str>,
) -> Option<Stated<String>> {
    let Stated::Set(text) = stated else {
        if kind == CustomerColumn::Needed {
            note(reading, name, "cannot be removed, because every customer has it", Severity::Value);
            return None;
        }
        return Some(Stated::Clear);
    };
    if kind == CustomerColumn::Gender {
        return gender(reading, name, text).map(Stated::Set);
    }
    let read = match kind {
        CustomerColumn::Value(form) => canonical(form, text, reading),
        // A name; the others are read elsewhere.
        CustomerColumn::Needed
        | CustomerColumn::Email
        | CustomerColumn::Website
        | CustomerColumn::StoreView
        | CustomerColumn::Group
        | CustomerColumn::Gender
        | CustomerColumn::PasswordHash
        | CustomerColumn::Password
        | CustomerColumn::Address(_)
        | CustomerColumn::Ignored => Ok(text.trim().to_owned()),
    };
    match read {
        Ok(value) => Some(Stated::Set(value)),
        Err(problem) => {
            note(reading, name, problem, Severity::Value);
            None
        }
    }
}

fn canonical<K: Clone>(form: Form, text: &str, reading: &Reading<'_, K>) -> Result<String, FormError> {
    form.canonical(text, reading.columns().dialect())
}

fn gender(reading: &mut Reading<'_, CustomerColumn>, column: &str, text: &str) -> Option<String> {
    let text = text.trim();
    let named = GENDERS.iter().position(|name| name.eq_ignore_ascii_case(text));
    // The ids under which Magento stores them, from 1 on.
    let place = named.or_else(|| ["1", "2", "3"].iter().position(|id| *id == text));
    if place.is_none() {
        let problem = "is not a gender (expected `Male`, `Female` or `Not Specified`)";
        note(reading, column, problem, Severity::Value);
    }
    place.map(|place| GENDERS[place].to_owned())
}

/// Finds a customer group by its name, or by its number: a shop counts its groups from 0, and the facts keep that order.
fn group(reading: &mut Reading<'_, CustomerColumn>, text: &str) -> Option<String> {
    let found = find_group(reading.shop(), text.trim());
    match found {
        Ok(name) => Some(name),
        Err(unknown) => {
            reading.note("group_id", Some(text), unknown, Severity::Value);
            None
        }
    }
}

fn find_group(shop: &ShopFacts, text: &str) -> Result<String, crate::nearest::UnknownName> {
    let numbered = text.parse::<usize>().ok().and_then(|number| shop.basics.customer_groups.get(number));
    match numbered {
        Some(name) => Ok(name.clone()),
        None => shop.basics.customer_group(text).map(str::to_owned),
    }
}

/// A filled cell about an address, in a file of customers or of addresses.
pub(in crate::entity) struct AddressCell<'c> {
    pub(in crate::entity) column: &'c str,
    pub(in crate::entity) kind: AddressColumn,
    pub(in crate::entity) stated: Stated<&'c str>,
}

impl AddressCell<'_> {
    /// Takes over what the cell says, or notes what is wrong with it.
    pub(in crate::entity) fn read<K: Clone>(self, reading: &mut Reading<'_, K>, change: &mut AddressChange) {
        let Self { column, kind, stated } = self;
        match (kind, stated) {
            (AddressColumn::Value(name, _), Stated::Clear) => {
                change.values.insert(name.to_owned(), Stated::Clear);
            }
            (AddressColumn::Value(name, form), Stated::Set(text)) => match canonical(form, text, reading) {
                Ok(value) => {
                    change.values.insert(name.to_owned(), Stated::Set(value));
                }
                Err(problem) => note(reading, column, problem, Severity::Value),
            },
            (AddressColumn::IncrementId, Stated::Set(text)) => change.increment_id = Some(text.trim().to_owned()),
            (AddressColumn::EntityId, Stated::Set(text)) => change.entity_id = Some(text.trim().to_owned()),
            (AddressColumn::DefaultBilling, stated) => change.is_default_billing = flag(reading, column, stated),
            (AddressColumn::DefaultShipping, stated) => change.is_default_shipping = flag(reading, column, stated),
            // A number is what the address is known by.
            (AddressColumn::IncrementId | AddressColumn::EntityId, Stated::Clear) => {}
        }
    }
}

fn flag<K: Clone>(reading: &mut Reading<'_, K>, column: &str, stated: Stated<&str>) -> Option<bool> {
    let Stated::Set(text) = stated else { return Some(false) };
    match canonical(Form::Flag, text, reading) {
        Ok(flag) => Some(flag == "1"),
        Err(problem) => {
            note(reading, column, problem, Severity::Value);
            None
        }
    }
}
