//! Whether what a file tells fits together, and what it leaves as it is.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::document::Document;
use super::{FileProblem, Told};
use crate::entity::attribute::thing::Attribute;
use crate::entity::attribute_set::thing::AttributeSet;
use crate::entity::category::thing::Category;
use crate::name_key::name_key;
use crate::nearest::UnknownName;
use crate::shop::ShopFacts;

/// Everything in a file that does not fit the shop that it makes.
pub(super) fn problems(told: &Told, document: &Document, shop: &ShopFacts) -> Vec<FileProblem> {
    let mut check = Check { document, shop, problems: Vec::new() };
    check.basics(told);
    check.sets(told.attribute_sets.as_deref().unwrap_or_default());
    check.attributes(told.attributes.as_deref().unwrap_or_default());
    check.categories(told.categories.as_deref().unwrap_or_default());
    check.without(told);
    check.problems
}

struct Check<'a> {
    document: &'a Document,
    shop: &'a ShopFacts,
    problems: Vec<FileProblem>,
}

impl Check<'_> {
    fn note(&mut self, pointer: &str, problem: impl Display) {
        self.problems.push(self.document.problem(pointer, problem.to_string()));
    }

    fn basics(&mut self, told: &Told) {
        let exact = str::to_owned;
        let websites = told.websites.as_deref().unwrap_or_default();
        self.names("/websites", "code", websites.iter().map(|website| website.code.as_str()), exact);
        let views = told.store_views.as_deref().unwrap_or_default();
        self.names("/store_views", "code", views.iter().map(|view| view.code.as_str()), exact);
        let groups = told.customer_groups.as_deref().unwrap_or_default();
        self.names("/customer_groups", "", groups.iter().map(String::as_str), exact);
        let classes = told.tax_classes.as_deref().unwrap_or_default();
        let classes: Vec<String> = classes.iter().map(|class| format!("{:?} {}", class.kind, class.name)).collect();
        self.names("/tax_classes", "name", classes.iter().map(String::as_str), name_key);
        let sources = told.sources.as_deref().unwrap_or_default();
        self.names("/sources", "code", sources.iter().map(|source| source.code.as_str()), exact);
        let stocks = told.stocks.as_deref().unwrap_or_default();
        self.names("/stocks", "name", stocks.iter().map(|stock| stock.name.as_str()), exact);
        for (part, is_empty) in [
            ("websites", told.websites.as_ref().is_some_and(Vec::is_empty)),
            ("store_views", told.store_views.as_ref().is_some_and(Vec::is_empty)),
        ] {
            if is_empty {
                self.note(&format!("/{part}"), "is empty, but every shop has one at least");
            }
        }
        let is_code = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if let Some(currency) = told.currency.as_ref().filter(|code| !is_code(code)) {
            self.note("/currency", format!("`{currency}` is not a currency (expected three capitals, such as `EUR`)"));
        }
        self.basics_name_what_is_there(told);
    }

    /// Whether websites, store views and stocks name what is there. Those of the shop count too: a file may tell
    /// websites only, and so take the website of a store view away.
    fn basics_name_what_is_there(&mut self, told: &Told) {
        let shop = self.shop;
        for (index, website) in shop.basics.websites.iter().enumerate() {
            let Some(root) = &website.root_category else { continue };
            let is_root = |category: &&Category| category.path.parent().is_none();
            let roots = || shop.categories.values().filter(is_root).map(|category| category.path.name());
            if !roots().any(|known| name_key(known) == name_key(root)) {
                let pointer = place(told.websites.is_some(), format!("/websites/{index}/root_category"), "/categories");
                let unknown = UnknownName::new("root category", root, roots());
                self.note(&pointer, format!("`{root}`, root category of website `{}`, {unknown}", website.code));
            }
        }
        for (index, view) in shop.basics.store_views.iter().enumerate() {
            if let Err(unknown) = shop.basics.website(&view.website) {
                let pointer = place(told.store_views.is_some(), format!("/store_views/{index}/website"), "/websites");
                self.note(&pointer, format!("`{}`, website of store view `{}`, {unknown}", view.website, view.code));
            }
        }
        for (index, stock) in shop.basics.stocks.iter().enumerate() {
            for (number, source) in stock.sources.iter().enumerate() {
                if let Err(unknown) = shop.basics.source(source) {
                    let pointer = place(told.stocks.is_some(), format!("/stocks/{index}/sources/{number}"), "/sources");
                    self.note(&pointer, format!("`{source}`, source of stock `{}`, {unknown}", stock.name));
                }
            }
        }
    }

    fn sets(&mut self, sets: &[AttributeSet]) {
        let keys: Vec<String> = sets.iter().map(|set| set.entity_type.key(&set.name)).collect();
        self.names("/attribute_sets", "name", keys.iter().map(String::as_str), str::to_owned);
        for (index, set) in sets.iter().enumerate() {
            let Some(base) = &set.based_on else { continue };
            if let Err(unknown) = self.shop.attribute_set_of(set.entity_type, base) {
                self.note(&format!("/attribute_sets/{index}/based_on"), format!("`{base}` {unknown}"));
            }
        }
    }

    fn attributes(&mut self, attributes: &[Attribute]) {
        let keys: Vec<String> = attributes.iter().map(|attribute| attribute.entity_type.key(&attribute.code)).collect();
        self.names("/attributes", "code", keys.iter().map(String::as_str), str::to_owned);
        for (index, attribute) in attributes.iter().enumerate() {
            let pointer = format!("/attributes/{index}");
            let labels = attribute.options.iter().map(|option| option.label.as_str());
            self.names(&format!("{pointer}/options"), "label", labels, name_key);
            for place in attribute.sets.values() {
                if let Err(unknown) = self.shop.attribute_set_of(attribute.entity_type, &place.set) {
                    self.note(&format!("{pointer}/sets"), format!("`{}` {unknown}", place.set));
                }
            }
            self.views(&format!("{pointer}/store_labels"), attribute.store_labels.keys());
            for (number, option) in attribute.options.iter().enumerate() {
                self.views(&format!("{pointer}/options/{number}/store_labels"), option.store_labels.keys());
                self.views(&format!("{pointer}/options/{number}/store_swatches"), option.store_swatches.keys());
            }
        }
    }

    fn categories(&mut self, categories: &[Category]) {
        let keys: Vec<String> = categories.iter().map(|category| category.path.key()).collect();
        self.names("/categories", "path", keys.iter().map(String::as_str), str::to_owned);
        for (index, category) in categories.iter().enumerate() {
            let pointer = format!("/categories/{index}");
            let above = category.path.parent();
            if let Some(above) = above.filter(|above| !self.shop.categories.contains_key(&above.key())) {
                let others = self.shop.categories.values().filter(|other| !other.path.key().starts_with(&above.key()));
                let known: Vec<String> = others.map(|other| other.path.to_string()).collect();
                let known = known.iter().map(String::as_str);
                let unknown = UnknownName::new("category", &above.to_string(), known);
                self.note(&format!("{pointer}/path"), format!("is below `{above}`, which {unknown}"));
            }
            self.views(&format!("{pointer}/store_views"), category.store_views.keys());
        }
    }

    /// Only what every shop has needs to be taken away; anything else is gone when its part does not tell it.
    fn without(&mut self, told: &Told) {
        let plain = ShopFacts::plain();
        for (index, set) in told.without.attribute_sets.iter().enumerate() {
            if let Err(unknown) = plain.attribute_set_of(set.entity_type, &set.name) {
                let problem = format!("`{}` is no attribute set that every shop has{}", set.name, unknown.hint());
                self.note(&format!("/without/attribute_sets/{index}/name"), problem);
            }
        }
        for (index, named) in told.without.attributes.iter().enumerate() {
            if plain.attribute_of(named.entity_type, &named.code).is_none() {
                let known = plain.attributes.values().map(|attribute| attribute.code.as_str());
                let hint = UnknownName::new("attribute", &named.code, known).hint();
                let problem = format!("`{}` is no attribute that every shop has{hint}", named.code);
                self.note(&format!("/without/attributes/{index}/code"), problem);
            }
        }
        for (index, path) in told.without.categories.iter().enumerate() {
            if !plain.categories.contains_key(&path.key()) {
                let problem = format!("`{path}` is no category that every shop has");
                self.note(&format!("/without/categories/{index}"), problem);
            }
        }
    }

    /// Whether the names of a list are there, and each once.
    fn names<'n>(
        &mut self,
        pointer: &str,
        field: &str,
        names: impl Iterator<Item = &'n str>,
        key: impl Fn(&str) -> String,
    ) {
        let mut seen = BTreeMap::new();
        for (index, name) in names.enumerate() {
            let field = if field.is_empty() { String::new() } else { format!("/{field}") };
            let place = format!("{pointer}/{index}{field}");
            if name.trim().is_empty() {
                self.note(&place, "is empty");
            } else if name.trim() != name || name.chars().any(char::is_control) {
                self.note(&place, format!("`{name}` begins or ends with a blank, or holds a control character"));
            }
            if let Some(first) = seen.insert(key(name), index) {
                self.note(&place, format!("`{name}` is there twice; the first one is `{pointer}/{first}`"));
            }
        }
    }

    fn views<'n>(&mut self, pointer: &str, codes: impl Iterator<Item = &'n String>) {
        for code in codes {
            if let Err(unknown) = self.shop.basics.store_view(code) {
                let pointer = format!("{pointer}/{}", super::document::escaped(code));
                self.note(&pointer, format!("`{code}` {unknown}"));
            }
        }
    }
}

/// Where something is told: in its own part if the file has it, else in the one that took away what it names.
fn place(is_told: bool, own: String, other: &str) -> String {
    if is_told { own } else { other.to_owned() }
}
