//! What a row may name because the shop has it: store views, websites, attribute sets, tax classes.

use super::kind::ProductColumn;
use super::read::{CellPlace, ProductReading};
use crate::entity::UnknownNames;
use crate::entity::reading::Reading;
use crate::entity::stated::Stated;
use crate::finding::Severity;
use crate::shop::ShopFacts;

/// What a row speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowScope {
    /// The product as a whole.
    All,
    /// What one store view shows of it.
    StoreView(String),
    /// A store view that the shop does not have; the row cannot be used.
    Unknown,
}

/// Finds out what a row speaks for, and notes if the shop does not have it.
pub(super) fn row_scope(cells: &mut Reading<'_, ProductColumn>) -> RowScope {
    let code = cells.cell("store_view_code").trim();
    if code.is_empty() {
        return RowScope::All;
    }
    let known = match cells.columns().unknown_names() {
        UnknownNames::Taken if is_code(code) => Ok(()),
        UnknownNames::Taken | UnknownNames::OptionsTaken | UnknownNames::Refused => {
            cells.shop().basics.store_view(code).map(|_| ())
        }
    };
    let problem = match (code, known) {
        ("admin" | "all", _) => "is no store view; leave the cell empty for what all store views show".to_owned(),
        (_, Ok(())) => return RowScope::StoreView(code.to_owned()),
        _ if code.contains([',', ';', '|']) => "is not one store view; write one row for each".to_owned(),
        (_, Err(unknown)) => unknown.to_string(),
    };
    cells.note("store_view_code", Some(code), problem, Severity::Row);
    RowScope::Unknown
}

/// Whether a text can be the code of a store view or a website at all.
fn is_code(text: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || ['_', '-'].contains(&character);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_part)
}

impl ProductReading<'_, '_> {
    fn takes_names(&self) -> bool {
        self.cells.columns().unknown_names() == UnknownNames::Taken
    }

    pub(super) fn read_attribute_set(&mut self, place: CellPlace<'_>, stated: Stated<&str>) {
        let Stated::Set(text) = stated else { return self.refuse_removal(place) };
        let name = text.trim();
        if self.takes_names() {
            self.change.attribute_set = Some(name.to_owned());
            return;
        }
        match self.cells.shop().attribute_set(name) {
            Ok(set) => self.change.attribute_set = Some(set.name.clone()),
            Err(unknown) => {
                self.cells.note(place.label, Some(name), unknown, Severity::Row);
                self.is_usable = false;
            }
        }
    }

    pub(super) fn read_websites(&mut self, place: CellPlace<'_>, stated: Stated<&str>) {
        let websites = self.list(place.label, stated);
        if let Some(Stated::Set(codes)) = &websites {
            let shop = self.cells.shop();
            let mut judged = codes.iter().filter(|code| !(self.takes_names() && is_code(code)));
            let unknown = judged.find_map(|code| Some((code, shop.basics.website(code).err()?)));
            if let Some((code, unknown)) = unknown {
                self.cells.note(place.label, Some(code), unknown, Severity::Value);
                return;
            }
        }
        self.change.websites = websites;
    }

    pub(super) fn read_tax_class(&mut self, place: CellPlace<'_>, stated: Stated<&str>) {
        let class = match stated {
            Stated::Clear => Stated::Clear,
            Stated::Set(text) => {
                let text = text.trim();
                let class = tax_class(self.cells.shop(), text, self.takes_names());
                match self.cells.usable(place.label, text, class) {
                    Some(class) => Stated::Set(class),
                    None => return,
                }
            }
        };
        self.set_value(place.name, class.map(super::ProductValue::Text));
    }
}

fn tax_class(shop: &ShopFacts, text: &str, takes_names: bool) -> Result<String, crate::shop::UnknownName> {
    if text.eq_ignore_ascii_case("none") || text == "0" {
        return Ok("None".to_owned());
    }
    match shop.basics.product_tax_class(text) {
        Ok(name) => Ok(name.to_owned()),
        Err(_) if takes_names => Ok(text.to_owned()),
        Err(unknown) => Err(unknown),
    }
}
