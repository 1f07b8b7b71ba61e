use super::address::AddressColumn;
use crate::entity::{Cells, Column, Form, Need, column};

/// What a cell of a customer file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerColumn {
    /// Together with the website, who it is.
    Email,
    /// Code of the website.
    Website,
    /// Code of the store view.
    StoreView,
    /// The customer group.
    Group,
    /// A text that every customer has.
    Needed,
    /// Something else about the customer.
    Value(Form),
    /// One of three words.
    Gender,
    /// What another shop made of the password.
    PasswordHash,
    /// A password in plain text, which is refused.
    Password,
    /// A part of an address.
    Address(AddressColumn),
    /// Known, but without a meaning here.
    Ignored,
}

const TEXT: CustomerColumn = CustomerColumn::Value(Form::Text);
const DATE: CustomerColumn = CustomerColumn::Value(Form::Date);
const FLAG: CustomerColumn = CustomerColumn::Value(Form::Flag);
const NOT_KEPT: &str = "not kept: it opens the account once, in the shop that made it";

/// Every column with a meaning, in the order of the reference.
pub(super) const COLUMNS: &[Column<CustomerColumn>] = &[
    Column {
        need: Need::Always,
        ..column(
            "email",
            CustomerColumn::Email,
            "jon@example.com",
            "with `_website` who it is; upper and lower case are the same",
        )
    },
    Column {
        need: Need::Always,
        ..column("_website", CustomerColumn::Website, "base", "code of the website, or `admin`")
    },
    column("_store", CustomerColumn::StoreView, "default", "the store view in which the customer signed up"),
    column("increment_id", TEXT, "1000", "number of the customer in another system"),
    column("confirmation", TEXT, "c0ffee", "what the customer has yet to confirm the account with"),
    column("created_at", DATE, "2026-08-01 12:00:00", "when the customer signed up"),
    column("created_in", TEXT, "Admin", "where the customer signed up"),
    column("disable_auto_group_change", FLAG, "0", "whether the group stays, whatever the tax number says"),
    column("dob", DATE, "1980-01-31", "date of birth"),
    Column { need: Need::New, ..column("firstname", CustomerColumn::Needed, "Jon", "first name") },
    column("gender", CustomerColumn::Gender, "Male", "gender"),
    Column {
        need: Need::New,
        ..column("group_id", CustomerColumn::Group, "1", "the customer group: its name, or its number from 0 on")
    },
    Column { need: Need::New, ..column("lastname", CustomerColumn::Needed, "Doe", "last name") },
    column("middlename", TEXT, "M.", "middle name"),
    column(
        "password_hash",
        CustomerColumn::PasswordHash,
        "fd124cc8ba50e8cdba98810add3f54cb56b1e189e3e11d0507f598e3a679ce4a:mZ4LCKQdZXNmZHKs:2",
        "the password as another shop keeps it; no finding shows it",
    ),
    column("prefix", TEXT, "Mr.", "title"),
    column("rp_token", CustomerColumn::Ignored, "0a1b2c", NOT_KEPT),
    column("rp_token_created_at", CustomerColumn::Ignored, "2026-08-01 12:00:00", NOT_KEPT),
    column("session_cutoff", CustomerColumn::Ignored, "2026-08-01 12:00:00", NOT_KEPT),
    column(
        "store_id",
        CustomerColumn::Ignored,
        "1",
        "number of the store view in another shop; not read, `_store` counts",
    ),
    column("suffix", TEXT, "Jr.", "what follows the name"),
    column("taxvat", TEXT, "DE123456", "tax number"),
    column("is_active", FLAG, "1", "whether the customer can log in"),
    column(
        "updated_at",
        CustomerColumn::Ignored,
        "2026-08-01 12:00:00",
        "when another shop changed the customer; not read",
    ),
    column(
        "website_id",
        CustomerColumn::Ignored,
        "1",
        "number of the website in another shop; not read, `_website` counts",
    ),
    column("default_billing", CustomerColumn::Ignored, "1", "number of an address in another shop; not read"),
    column("default_shipping", CustomerColumn::Ignored, "1", "number of an address in another shop; not read"),
    column(
        "password",
        CustomerColumn::Password,
        "__EMPTY__VALUE__",
        "a password in plain text, which is refused; leave the column empty, or out",
    ),
    column(
        "_address_city",
        CustomerColumn::Address(AddressColumn::Value("city", Form::Text)),
        "Campbell",
        "the city of the address",
    ),
    column(
        "_address_company",
        CustomerColumn::Address(AddressColumn::Value("company", Form::Text)),
        "Acme",
        "the company of the address",
    ),
    column(
        "_address_country_id",
        CustomerColumn::Address(AddressColumn::Value("country_id", Form::Text)),
        "US",
        "code of the country of the address",
    ),
    column(
        "_address_fax",
        CustomerColumn::Address(AddressColumn::Value("fax", Form::Text)),
        "+1 555 0100",
        "fax number of the address",
    ),
    column(
        "_address_firstname",
        CustomerColumn::Address(AddressColumn::Value("firstname", Form::Text)),
        "Jon",
        "first name of the address",
    ),
    column(
        "_address_lastname",
        CustomerColumn::Address(AddressColumn::Value("lastname", Form::Text)),
        "Doe",
        "last name of the address",
    ),
    column(
        "_address_middlename",
        CustomerColumn::Address(AddressColumn::Value("middlename", Form::Text)),
        "M.",
        "middle name of the address",
    ),
    column(
        "_address_postcode",
        CustomerColumn::Address(AddressColumn::Value("postcode", Form::Text)),
        "95008",
        "postal code of the address",
    ),
    column(
        "_address_prefix",
        CustomerColumn::Address(AddressColumn::Value("prefix", Form::Text)),
        "Mr.",
        "title of the address",
    ),
    column(
        "_address_region",
        CustomerColumn::Address(AddressColumn::Value("region", Form::Text)),
        "California",
        "state or region of the address",
    ),
    column(
        "_address_street",
        CustomerColumn::Address(AddressColumn::Value("street", Form::Text)),
        "Main Street 1",
        "street and number; lines of their own are kept of the address",
    ),
    column(
        "_address_suffix",
        CustomerColumn::Address(AddressColumn::Value("suffix", Form::Text)),
        "Jr.",
        "what follows the name of the address",
    ),
    column(
        "_address_telephone",
        CustomerColumn::Address(AddressColumn::Value("telephone", Form::Text)),
        "+1 555 0100",
        "telephone number of the address",
    ),
    column(
        "_address_vat_id",
        CustomerColumn::Address(AddressColumn::Value("vat_id", Form::Text)),
        "DE987654",
        "tax number of the company of the address",
    ),
    column(
        "_address_default_billing_",
        CustomerColumn::Address(AddressColumn::DefaultBilling),
        "1",
        "whether bills go to the address",
    ),
    column(
        "_address_default_shipping_",
        CustomerColumn::Address(AddressColumn::DefaultShipping),
        "1",
        "whether goods go to the address",
    ),
    column(
        "_address_increment_id",
        CustomerColumn::Address(AddressColumn::IncrementId),
        "1000-1",
        "number of the address in another system, by which it is found again",
    ),
];

/// Says what the cells of a kind of column hold.
pub(super) fn cells(kind: CustomerColumn) -> Cells {
    let key = |holds: &'static str| Cells { empty_value: "costs the row", ..Cells::holding(holds) };
    match kind {
        CustomerColumn::Email => key("e-mail address"),
        CustomerColumn::Website => key("code of a website, or `admin`"),
        CustomerColumn::StoreView => Cells::holding("code of a store view, or `admin`").kept(),
        CustomerColumn::Group => Cells::holding("name or number of a customer group").kept(),
        CustomerColumn::Needed => Cells { empty_value: "is refused", ..Cells::holding("text") },
        CustomerColumn::Value(form) => form.cells(),
        CustomerColumn::Gender => Cells::holding("`Male`, `Female` or `Not Specified`"),
        CustomerColumn::PasswordHash => Cells::holding("`hash:salt:version` as a shop stores it"),
        CustomerColumn::Password => Cells::saying_nothing("nothing: a password in plain text is refused"),
        CustomerColumn::Address(kind) => address_cells(kind),
        CustomerColumn::Ignored => Cells::saying_nothing("anything"),
    }
}

/// Says what the cells about an address hold.
pub(in crate::entity) fn address_cells(kind: AddressColumn) -> Cells {
    match kind {
        AddressColumn::Value(_, form) => form.cells(),
        AddressColumn::IncrementId | AddressColumn::EntityId => Cells::holding("text").kept(),
        AddressColumn::DefaultBilling | AddressColumn::DefaultShipping => Form::Flag.cells(),
    }
}
