//! An address of an order.

use crate::field::Fields;

/// Where goods or an invoice go. What the order does not say is not there, rather than empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// `Dr.`
    pub prefix: Option<Box<str>>,
    /// First name.
    pub first_name: Option<Box<str>>,
    /// Last name.
    pub last_name: Option<Box<str>>,
    /// Company.
    pub company: Option<Box<str>>,
    /// The lines of street, number and what belongs to them.
    pub street: Vec<Box<str>>,
    /// Postcode, a text with its zeros.
    pub postcode: Option<Box<str>>,
    /// City.
    pub city: Option<Box<str>>,
    /// Name of the region.
    pub region: Option<Box<str>>,
    /// Code of the region.
    pub region_code: Option<Box<str>>,
    /// Country, by its two letters (ISO 3166-1).
    pub country: Option<Box<str>>,
    /// Telephone.
    pub telephone: Option<Box<str>>,
    /// Where mails go.
    pub email: Option<Box<str>>,
    /// The number for value added tax.
    pub vat_id: Option<Box<str>>,
}

impl Address {
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        let text = |name: &str| fields.text(name).filter(|text| !text.trim().is_empty()).map(Into::into);
        let street = fields.texts("street").into_iter().filter(|line| !line.trim().is_empty()).map(Into::into);
        Self {
            prefix: text("prefix"),
            first_name: text("firstname"),
            last_name: text("lastname"),
            company: text("company"),
            street: street.collect(),
            postcode: text("postcode"),
            city: text("city"),
            region: text("region"),
            region_code: text("region_code"),
            country: text("country_id"),
            telephone: text("telephone"),
            email: text("email"),
            vat_id: text("vat_id"),
        }
    }
}
