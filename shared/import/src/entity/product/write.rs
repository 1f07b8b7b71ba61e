//! The way back: from a product to the rows that make it again.
//!
//! A value that its own column cannot hold, such as the word that clears a cell, stands among the additional attributes,
//! where quotes say that it is text.

use super::attribute::{form_of, has_known_options};
use super::change::ProductValue;
use super::kind::{PRICES, ProductColumn};
use super::parts::{AdditionalImage, CategoryLink, Link, LinkType, SourceItem, TierPrice, Video};
use super::stock;
use super::thing::{Image, Product, StoreViewContent};
use crate::cell::{self, Pairs};
use crate::dialect::Dialect;
use crate::entity::columns::column_named;
use crate::entity::form::Form;
use crate::entity::writing::{Writing, WrittenRow};
use crate::number;
use crate::shop::ShopFacts;

/// Says whether files that are written have a column.
pub(super) fn is_written(name: &str, kind: ProductColumn) -> bool {
    // Quantities are written as they are, and images that the shop leaves out in one of the two columns for them.
    !matches!(kind, ProductColumn::Ignored | ProductColumn::QuantityIsRelative) && name != "disabled_images"
}

/// The images that only this shop has, each with its label and its position.
pub(super) fn image_columns(shop: &ShopFacts) -> Vec<String> {
    let mut columns = Vec::new();
    for attribute in shop.image_attributes() {
        let Some((role, ProductColumn::ImagePath)) = column_named::<super::Products>(&attribute.code, shop) else {
            continue;
        };
        columns.extend([format!("{role}_label"), format!("{role}_position")]);
        columns.insert(columns.len() - 2, role);
    }
    columns
}

/// Writes a product: a row for it as a whole, and one for each store view that shows something of its own.
pub(super) fn write(product: &Product, writing: &mut Writing<'_>) {
    let mut row = RowOfProduct::begin(product, None, writing);
    row.write_whole(product);
    row.write_content(&product.default);
    let rows = std::iter::once(row.finish());
    let of_views = product.store_views.iter().map(|(view, content)| {
        let mut row = RowOfProduct::begin(product, Some(view), writing);
        row.write_content(content);
        row.finish()
    });
    let rows: Vec<WrittenRow> = rows.chain(of_views).collect();
    rows.into_iter().for_each(|row| writing.push(row));
}

/// A row while it is written.
struct RowOfProduct<'w, 'a> {
    writing: &'w Writing<'a>,
    row: WrittenRow,
    /// Values without a column, and those that their column cannot hold.
    additional: Vec<String>,
}

impl<'w, 'a> RowOfProduct<'w, 'a> {
    fn begin(product: &Product, store_view: Option<&str>, writing: &'w Writing<'a>) -> Self {
        let mut row = WrittenRow::default();
        row.set("sku", &product.sku);
        row.set("store_view_code", store_view.unwrap_or_default());
        // Tools that know attributes by the set of their product look for it in every row.
        row.set("attribute_set_code", &product.attribute_set);
        Self { writing, row, additional: Vec::new() }
    }

    fn finish(mut self) -> WrittenRow {
        let separator = self.dialect().field_separator.to_string();
        self.row.set("additional_attributes", self.additional.join(&separator));
        self.row
    }

    fn dialect(&self) -> &'a Dialect {
        self.writing.dialect
    }

    /// Writes what all store views share.
    fn write_whole(&mut self, product: &Product) {
        let dialect = self.dialect();
        self.row.set("product_type", product.product_type.as_str());
        self.row.set("product_websites", self.writing.list(&product.websites));
        self.write_categories(&product.categories);
        stock::write(&product.stock, &mut self.row, dialect);
        for (link_type, links) in &product.links {
            self.write_links(*link_type, links);
        }
        let associated = product.associated.iter().map(|one| format!("{}={}", one.sku, one.quantity));
        self.row.set("associated_skus", self.writing.list(&associated.collect::<Vec<_>>()));
        self.write_positions("associated_position", product.associated.iter().map(|one| one.position));
        let variations = product.variations.iter().map(|variation| {
            let mut pairs = variation.options.clone();
            pairs.insert("sku".to_owned(), variation.sku.clone());
            pairs
        });
        self.write_entries("configurable_variations", &variations.collect::<Vec<_>>(), &["sku"]);
        self.write_pairs("configurable_variation_labels", &product.variation_labels);
        self.write_pairs("configurable_variations_position", &product.variation_positions);
        self.write_entries("bundle_values", &product.bundle_values, &["name", "type", "required", "sku"]);
        self.write_pairs("bundle_values_position", &product.bundle_positions);
        self.write_entries("downloadable_links", &product.downloadable_links, &["title"]);
        self.write_entries("downloadable_samples", &product.downloadable_samples, &["title"]);
        let prices: Vec<Pairs> = product.tier_prices.iter().map(pairs_of_tier_price).collect();
        self.write_entries("tier_prices", &prices, &["qty", "price", "value_type"]);
        let items: Vec<Pairs> = product.source_items.iter().map(pairs_of_source_item).collect();
        self.write_entries("inventory_source_items", &items, &["source_code"]);
    }

    fn write_categories(&mut self, links: &[CategoryLink]) {
        let dialect = self.dialect();
        let paths: Vec<String> = links.iter().map(|link| link.path.written(dialect.level_separator)).collect();
        self.row.set("categories", cell::write::paths(paths.iter().map(String::as_str), dialect));
        if links.iter().any(|link| link.position.is_some()) {
            let positions = links.iter().map(|link| link.position.map(|position| position.to_string()));
            let positions: Vec<String> = positions.map(Option::unwrap_or_default).collect();
            self.row.set("categories_position", self.places(&positions));
        }
    }

    fn write_links(&mut self, link_type: LinkType, links: &[Link]) {
        let (skus, positions) = match link_type {
            LinkType::Related => ("related_skus", "related_position"),
            LinkType::Crosssell => ("crosssell_skus", "crosssell_position"),
            LinkType::Upsell => ("upsell_skus", "upsell_position"),
        };
        let of_links: Vec<String> = links.iter().map(|link| link.sku.clone()).collect();
        self.row.set(skus, self.writing.list(&of_links));
        self.write_positions(positions, links.iter().map(|link| link.position));
    }

    /// Writes positions, unless they are running numbers: those are understood.
    fn write_positions(&mut self, column: &str, positions: impl Iterator<Item = u32> + Clone) {
        if positions.clone().ne(1..=u32::try_from(positions.clone().count()).unwrap_or(u32::MAX)) {
            let texts: Vec<String> = positions.map(|position| position.to_string()).collect();
            self.row.set(column, self.places(&texts));
        }
    }

    fn places(&self, texts: &[String]) -> String {
        cell::write::places(texts.iter().map(String::as_str), self.dialect())
    }

    fn write_pairs(&mut self, column: &str, pairs: &Pairs) {
        self.row.set(column, cell::write::pairs(pairs, &[], self.dialect()));
    }

    fn write_entries(&mut self, column: &str, entries: &[Pairs], first: &[&str]) {
        self.row.set(column, cell::write::entries(entries, first, self.dialect()));
    }

    /// Writes what a store view shows, or all of them.
    fn write_content(&mut self, content: &StoreViewContent) {
        for (code, value) in &content.values {
            self.write_value(code, value);
        }
        for (role, image) in &content.images {
            self.write_image(role, image);
        }
        self.write_additional_images(&content.additional_images);
        let videos: Vec<Pairs> = content.videos.iter().map(pairs_of_video).collect();
        self.write_entries("videos", &videos, &["url", "title"]);
        self.row.set("hide_from_product_page", self.writing.list(&content.hidden_images));
        self.write_entries("custom_options", &content.custom_options, &["name", "type", "required"]);
        self.row.set("old_url_keys", self.writing.list(&content.old_url_keys));
    }

    fn write_value(&mut self, code: &str, value: &ProductValue) {
        let column = super::COLUMNS.iter().find(|column| column.name == code).map(|column| column.kind);
        match (column, value) {
            (Some(ProductColumn::Value(form)), ProductValue::Text(text)) => {
                let mut text = form.written(text, self.dialect().numbers);
                // Read again, nobody shall ask whether the point separates thousands.
                if PRICES.contains(&code) && number::may_mean_thousands(&text) {
                    text.push('0');
                }
                self.write_alone(code, &text);
            }
            (_, value) => {
                let text = attribute_text(code, value, self.writing);
                self.additional.push(cell::write::raw_pair(code, &text, self.dialect()));
            }
        }
    }

    /// Writes a text into its own column, or behind its name if it cannot stand alone.
    fn write_alone(&mut self, column: &str, text: &str) {
        if self.writing.can_stand_alone(text) || !self.writing.has_additional_attributes {
            return self.row.set(column, text);
        }
        self.additional.push(cell::write::raw_pair(column, &cell::write::quoted(text), self.dialect()));
    }

    fn write_image(&mut self, role: &str, image: &Image) {
        self.write_alone_if(role, image.path.as_deref());
        self.write_alone_if(&format!("{role}_label"), image.label.as_deref());
        self.row.set_order(&format!("{role}_position"), image.position);
    }

    fn write_alone_if(&mut self, column: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.write_alone(column, text);
        }
    }

    fn write_additional_images(&mut self, images: &[AdditionalImage]) {
        let column = |of: fn(&AdditionalImage) -> String| images.iter().map(of).collect::<Vec<String>>();
        self.row.set("additional_images", self.writing.list(&column(|image| image.path.clone())));
        let labels = column(|image| image.label.clone());
        if labels.iter().any(|label| !label.is_empty()) {
            self.row.set("additional_image_labels", self.places(&labels));
        }
        let positions = column(|image| image.position.map(|position| position.to_string()).unwrap_or_default());
        if positions.iter().any(|position| !position.is_empty()) {
            self.row.set("additional_image_positions", self.places(&positions));
        }
        let disabled = images.iter().filter(|image| image.is_disabled).map(|image| image.path.clone());
        self.row.set("additional_image_disabled", self.writing.list(&disabled.collect::<Vec<_>>()));
    }
}

/// Writes the value of an attribute as its input wants it.
fn attribute_text(code: &str, value: &ProductValue, writing: &Writing<'_>) -> String {
    let dialect = writing.dialect;
    match (value, writing.shop.attributes.get(code)) {
        (ProductValue::List(texts), _) => cell::write::values(texts.iter().map(String::as_str), dialect),
        (ProductValue::Text(text), Some(attribute)) if !has_known_options(attribute) => {
            let form: Form = form_of(attribute);
            cell::write::value(&form.written(text, dialect.numbers), dialect).into_owned()
        }
        (ProductValue::Text(text), _) => cell::write::value(text, dialect).into_owned(),
    }
}

fn pairs_of_tier_price(price: &TierPrice) -> Pairs {
    let TierPrice { quantity, price, value_type, website, customer_group } = price;
    let pairs = [
        ("qty", quantity),
        ("price", price),
        ("value_type", value_type),
        ("website", website),
        ("customer_group", customer_group),
    ];
    pairs.into_iter().map(|(key, text)| (key.to_owned(), text.clone())).collect()
}

fn pairs_of_video(video: &Video) -> Pairs {
    let Video { url, title, description, image, position, is_hidden } = video;
    let position = position.map(|position| position.to_string()).unwrap_or_default();
    let hidden = if *is_hidden { "1".to_owned() } else { String::new() };
    let pairs = [
        ("url", url),
        ("title", title),
        ("description", description),
        ("image", image),
        ("position", &position),
        ("hidden", &hidden),
    ];
    let stated = pairs.into_iter().filter(|(_, text)| !text.is_empty());
    stated.map(|(key, text)| (key.to_owned(), text.clone())).collect()
}

fn pairs_of_source_item(item: &SourceItem) -> Pairs {
    let SourceItem { source, quantity, status } = item;
    let pairs = [("source_code", source), ("quantity", quantity), ("status", status)];
    pairs.into_iter().map(|(key, text)| (key.to_owned(), text.clone())).collect()
}
