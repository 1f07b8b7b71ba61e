//! The body of a product: what rows say, in the shop's words.

use std::collections::BTreeMap;

use import::entity::product::{ProductChange, ProductType, ProductValue, Products, SourceItem};
use import::entity::{Entity, Stated};
use import::finding::ChangeRefusal;
use import::name_key::name_key;
use serde_json::{Map, Value, json};

use super::downloads::{self, Download};
use super::refusal::{Unsent, of_column};
use super::values::TypeHas;
use super::variations::Variations;
use super::{custom_options, stock_item, tiers, values};
use crate::facts::ShopKnowledge;
use crate::target::bundle;
use crate::target::images::WantedImages;
use crate::target::relations::{Relations, listed};

/// The body of a product. What it does not say is left alone by the shop.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ProductBody {
    /// What has a field of its own, such as `price`.
    pub(super) fields: Map<String, Value>,
    /// Everything else that has a value, by code.
    pub(super) attributes: BTreeMap<String, Value>,
    /// Numbers of websites.
    pub(super) websites: Option<Vec<i64>>,
    /// Categories by number, with the place in each. These are all that it shall be in.
    pub(super) categories: Option<BTreeMap<i64, Option<i64>>>,
    /// Stock settings.
    pub(super) stock_item: Map<String, Value>,
    /// Tier prices: all that it shall have.
    pub(super) tier_prices: Option<Vec<Value>>,
    /// The products that it is a choice of.
    pub(super) variations: Option<Variations>,
    /// What it has to do with other products, as rows say it.
    pub(super) relations: Relations,
    /// Links to others, as they are sent.
    pub(super) links: Option<Value>,
    /// Options of a bundle, as they are sent.
    pub(super) bundle: Option<Value>,
    /// Custom options: all that it shall have.
    pub(super) options: Option<Vec<Value>>,
    /// Files that are sold, and samples of them, as rows say it.
    pub(super) downloads: [Option<Vec<Download>>; 2],
    /// The same as it is sent.
    pub(super) files: Map<String, Value>,
    /// Images. They go by calls of their own.
    pub(super) images: WantedImages,
    /// Stock by source, as rows say it. It goes by a call of its own.
    pub(super) source_items: Option<Vec<SourceItem>>,
    /// Name of the attribute set, as far as rows or the shop say it.
    pub(super) set: Option<String>,
}

impl ProductBody {
    /// Takes over what a row says. Returns what is not sent of it.
    pub(super) fn take(
        &mut self,
        known: &ShopKnowledge,
        change: &ProductChange,
        (set, kind): (Option<&str>, Option<ProductType>),
    ) -> Result<Vec<Unsent>, ChangeRefusal> {
        let mut unsent = parts_not_sent(change);
        self.set = set.map(str::to_owned);
        // What all store views share is said by rows for all of them; those of a store view repeat it.
        if let Some(name) = change.attribute_set.as_ref().filter(|_| change.store_view.is_none()) {
            let id = known.ids.attribute_sets.get(&name_key(name));
            let unknown = || of_column("attribute_set_code", format!("`{name}` is no attribute set of the shop"));
            self.fields.insert("attribute_set_id".to_owned(), json!(id.ok_or_else(unknown)?));
        }
        if let Some(kind) = change.product_type.filter(|_| change.store_view.is_none()) {
            self.fields.insert("type_id".to_owned(), json!(kind.as_str()));
        }
        for (column, stated) in &change.values {
            unsent.extend(self.take_value(known, (column, stated), (set, kind))?);
        }
        self.images.take(change);
        // A store view has nothing of its own but values and images.
        if change.store_view.is_none() {
            self.take_relations(known, change)?;
            let alike = self.variations.as_ref().and_then(|variations| variations.alike.clone());
            unsent.extend(alike.map(|told| ("configurable_variations".to_owned(), told)));
            self.take_parts(known, change)?;
            unsent.extend(stock_item::take(&mut self.stock_item, change)?);
        }
        Ok(unsent)
    }

    fn take_parts(&mut self, known: &ShopKnowledge, change: &ProductChange) -> Result<(), ChangeRefusal> {
        self.relations.take(change).map_err(|(column, problem)| of_column(column, problem))?;
        if let Some(stated) = &change.custom_options {
            let options = custom_options::options(&change.sku, listed(stated));
            self.options = Some(options.map_err(|problem| of_column("custom_options", problem))?);
        }
        let files = [
            ("downloadable_links", &change.downloadable_links, "links_title"),
            ("downloadable_samples", &change.downloadable_samples, "samples_title"),
        ];
        for (place, (column, stated, title)) in files.into_iter().enumerate() {
            let Some(stated) = stated else { continue };
            let read = downloads::downloads(listed(stated));
            self.downloads[place] = Some(read.map_err(|problem| of_column(column, problem))?);
            if let Some(text) =
                downloads::group_title(listed(stated)).filter(|_| known.facts.attribute(title).is_some())
            {
                self.attributes.insert(title.to_owned(), json!(text));
            }
        }
        if let Some(stated) = &change.source_items {
            for item in listed(stated) {
                let source = known.facts.basics.source(&item.source);
                source
                    .map_err(|unknown| of_column("inventory_source_items", format!("`{}` {unknown}", item.source)))?;
            }
            self.source_items = Some(listed(stated).to_vec());
        }
        Ok(())
    }

    fn take_value(
        &mut self,
        known: &ShopKnowledge,
        (column, stated): (&str, &Stated<ProductValue>),
        (set, kind): (Option<&str>, Option<ProductType>),
    ) -> Result<Option<Unsent>, ChangeRefusal> {
        let code = code_of(column);
        // The price of these is made up of those of their parts, and the shop says 0 whatever it was sent.
        if code == "price" && matches!(kind, Some(ProductType::Configurable | ProductType::Grouped)) {
            return Ok(None);
        }
        match values::place_of(code) {
            values::Place::Field(field) => {
                let value = values::field(code, stated).map_err(|problem| of_column(column, problem))?;
                self.fields.insert(field.to_owned(), value);
            }
            values::Place::Attribute => {
                match values::type_has(known, code, kind) {
                    TypeHas::It => {}
                    TypeHas::NotIt(problem) => return Ok(Some((column.to_owned(), problem))),
                    TypeHas::NotItAsUsual => return Ok(None),
                }
                let value =
                    values::attribute(known, set, code, stated).map_err(|problem| of_column(column, problem))?;
                self.attributes.insert(code.to_owned(), value);
            }
            values::Place::Nowhere(why) => return Ok(why.map(|why| (column.to_owned(), why.to_owned()))),
        }
        Ok(None)
    }

    fn take_relations(&mut self, known: &ShopKnowledge, change: &ProductChange) -> Result<(), ChangeRefusal> {
        if let Some(stated) = &change.websites {
            let mut websites = Vec::new();
            for code in listed(stated) {
                let unknown = || of_column("product_websites", format!("`{code}` is no website of the shop"));
                websites.push(*known.ids.websites.get(code).ok_or_else(unknown)?);
            }
            self.websites = Some(websites);
        }
        if let Some(stated) = &change.categories {
            let mut categories = BTreeMap::new();
            for link in listed(stated) {
                // The shop drops a category that it does not have, and says nothing.
                let id = known.ids.categories.get(&link.path.key()).copied();
                let unknown =
                    || of_column("categories", format!("`{}` is no category of the shop; import it first", link.path));
                categories.insert(id.ok_or_else(unknown)?, link.position.map(i64::from));
            }
            self.categories = Some(categories);
        }
        if let Some(Stated::Set(stated)) = &change.variations
            && !stated.is_empty()
        {
            let variations = Variations::of(known, change, stated);
            self.variations = Some(variations.map_err(|problem| of_column("configurable_variations", problem))?);
        }
        if let Some(stated) = &change.tier_prices {
            let mut prices = Vec::new();
            for price in listed(stated) {
                prices.push(tiers::entry(known, price).map_err(|problem| of_column("tier_prices", problem))?);
            }
            self.tier_prices = Some(prices);
        }
        Ok(())
    }

    /// Adds what the shop would choose itself for a new product, and otherwise than files mean it.
    pub(super) fn begin(&mut self) {
        // Without them the shop offers a new product on all websites.
        self.websites.get_or_insert_default();
    }

    /// Says whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        let Self { fields, attributes, websites, categories, stock_item, tier_prices, variations, .. } = self;
        let Self { links, bundle, options, files, .. } = self;
        let has_values = !fields.is_empty() || !attributes.is_empty() || !stock_item.is_empty();
        let has_lists = websites.is_some() || categories.is_some() || tier_prices.is_some() || variations.is_some();
        let has_parts = links.is_some() || bundle.is_some() || options.is_some() || !files.is_empty();
        !has_values && !has_lists && !has_parts
    }

    /// The item of a list.
    pub(super) fn into_item(self, sku: &str) -> Value {
        let mut product = Map::from_iter([("sku".to_owned(), json!(sku))]);
        product.extend(self.fields);
        let mut extension = Map::new();
        if let Some(websites) = self.websites {
            extension.insert("website_ids".to_owned(), json!(websites));
        }
        if let Some(categories) = self.categories {
            let link = |(id, position): (i64, Option<i64>)| json!({ "category_id": id.to_string(), "position": position.unwrap_or(0) });
            extension.insert("category_links".to_owned(), categories.into_iter().map(link).collect());
        }
        if !self.stock_item.is_empty() {
            extension.insert("stock_item".to_owned(), Value::Object(self.stock_item));
        }
        if let Some(variations) = self.variations {
            extension.extend(variations.into_fields());
        }
        extension.extend(self.bundle.map(|bundle| (bundle::PART.to_owned(), bundle)));
        extension.extend(self.files);
        if !extension.is_empty() {
            product.insert("extension_attributes".to_owned(), Value::Object(extension));
        }
        if let Some(prices) = self.tier_prices {
            product.insert("tier_prices".to_owned(), Value::Array(prices));
        }
        product.extend(self.links.map(|links| ("product_links".to_owned(), links)));
        product.extend(self.options.map(|options| ("options".to_owned(), Value::Array(options))));
        if !self.attributes.is_empty() {
            let attribute = |(code, value)| json!({ "attribute_code": code, "value": value });
            product.insert("custom_attributes".to_owned(), self.attributes.into_iter().map(attribute).collect());
        }
        json!({ "product": product })
    }
}

/// The code in the shop of what a column stands for.
fn code_of(column: &str) -> &str {
    Products::OTHER_NAMES.iter().find(|(_, name)| *name == column).map_or(column, |(code, _)| code)
}

/// The parts of a row that this target does not send yet; each is told, none is left out without a word.
fn parts_not_sent(change: &ProductChange) -> Vec<Unsent> {
    // None at all would take every choice away from a product that is nothing else.
    let clears_variations = change.variations.as_ref().is_some_and(|stated| listed(stated).is_empty());
    let has_own_options = change.store_view.is_some() && change.custom_options.is_some();
    let parts = [
        ("videos", change.videos.is_some()),
        ("configurable_variations", clears_variations),
        ("custom_options", has_own_options),
    ];
    let told = |(column, _): (&str, &bool)| {
        (column.to_owned(), "and what belongs to it is not sent to the shop yet".to_owned())
    };
    parts.iter().filter(|(_, is_stated)| *is_stated).map(|(column, is_stated)| told((column, is_stated))).collect()
}
