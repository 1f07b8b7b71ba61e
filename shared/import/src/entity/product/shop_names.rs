//! What a row may name because the shop has it: store views, websites, attribute sets, tax classes.

use super::cell_place::CellPlace;
use super::read::ProductReading;
use super::row_scope::is_code;
use crate::entity::UnknownNames;
use crate::entity::stated::Stated;
use crate::finding::Severity;
use crate::shop::ShopFacts;

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

fn tax_class(shop: &ShopFacts, text: &str, takes_names: bool) -> Result<String, crate::nearest::UnknownName> {
    if text.eq_ignore_ascii_case("none") || text == "0" {
        return Ok("None".to_owned());
    }
    match shop.basics.product_tax_class(text) {
        Ok(name) => Ok(name.to_owned()),
        Err(_) if takes_names => Ok(text.to_owned()),
        Err(unknown) => Err(unknown),
    }
}
