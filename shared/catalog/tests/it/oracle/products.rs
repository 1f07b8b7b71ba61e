//! What the shop of the referee had before a run, as products of ours.

use import::entity::product::{
    AdditionalImage, CategoryLink, Image, Link, LinkType, Product, ProductChange, ProductValue, StoreViewContent,
    Variation,
};
use serde_json::Value;

use super::fields;

pub(super) fn product(sku: &str, json: &Value) -> Product {
    let change = ProductChange {
        sku: sku.to_owned(),
        product_type: Some(json["type"].as_str().unwrap().parse().unwrap()),
        attribute_set: json["set"].as_str().map(str::to_owned),
        ..ProductChange::default()
    };
    let mut product = Product::create(&change).unwrap();
    let websites = json["websites"].as_array().into_iter().flatten();
    product.websites = websites.map(|code| code.as_str().unwrap().to_owned()).collect();
    let categories = json["categories"].as_array().into_iter().flatten();
    product.categories = categories
        .map(|path| CategoryLink { path: fields::category(path.as_str().unwrap()).parse().unwrap(), position: None })
        .collect();
    for (view, values) in json["values"].as_object().unwrap() {
        let mut content = content(values);
        if view == "all" {
            content.additional_images = additional_images(json);
            product.default = content;
        } else {
            product.store_views.insert(view.clone(), content);
        }
    }
    for (name, value) in fields::of_referee(json) {
        if let Some(column) = name.strip_prefix("stock.") {
            product.stock.insert(column.to_owned(), value);
        }
    }
    // Nothing is there as well if the referee says so; as a field that is the default.
    product.stock.extend(fields::value("qty", &json["stock"]["qty"]).map(|quantity| ("qty".to_owned(), quantity)));
    relate(&mut product, json);
    product
}

fn content(values: &Value) -> StoreViewContent {
    let mut content = StoreViewContent::default();
    for (code, value) in values.as_object().unwrap() {
        let column = fields::column(code);
        let Some(text) = fields::value(code, value).filter(|_| !fields::UNSAID.contains(&code.as_str())) else {
            continue;
        };
        if let Some(role) = column.strip_suffix("_label").filter(|role| role.ends_with("_image")) {
            content.images.entry(role.to_owned()).or_default().label = Some(text);
        } else if column.ends_with("_image") {
            content.images.entry(column).or_insert_with(Image::default).path = Some(text);
        } else if let Some(several) = value.as_array().filter(|values| values.len() > 1) {
            let several = several.iter().map(|value| value.as_str().unwrap().to_owned()).collect();
            content.values.insert(column, ProductValue::List(several));
        } else {
            content.values.insert(column, ProductValue::Text(text));
        }
    }
    content
}

fn additional_images(json: &Value) -> Vec<AdditionalImage> {
    let roles = ["image", "small_image", "thumbnail", "swatch_image"].map(|role| &json["values"]["all"][role]);
    let images = json["images"].as_array().into_iter().flatten();
    let others = images.filter(|image| !roles.contains(&&image["path"]));
    let others = others.map(|image| AdditionalImage {
        path: image["path"].as_str().unwrap().to_owned(),
        label: image["label"].as_str().unwrap_or_default().to_owned(),
        position: None,
        is_disabled: false,
    });
    others.collect()
}

fn relate(product: &mut Product, json: &Value) {
    let types = [("relation", LinkType::Related), ("cross_sell", LinkType::Crosssell), ("up_sell", LinkType::Upsell)];
    for (name, link_type) in types {
        let links = json["links"][name].as_array().into_iter().flatten();
        let links: Vec<Link> = (1..)
            .zip(links)
            .map(|(position, link)| Link { sku: link["sku"].as_str().unwrap().to_owned(), position })
            .collect();
        if !links.is_empty() {
            product.links.insert(link_type, links);
        }
    }
    let children = json["configurable"]["children"].as_array().into_iter().flatten();
    let attributes = json["configurable"]["attributes"].as_array().into_iter().flatten();
    let options: Vec<&str> = attributes.map(|attribute| attribute["code"].as_str().unwrap()).collect();
    // What the options are, the children say; the referee's list of them has the skus only.
    product.variations = children
        .map(|sku| Variation {
            sku: sku.as_str().unwrap().to_owned(),
            options: options.iter().map(|code| ((*code).to_owned(), sku.as_str().unwrap().to_owned())).collect(),
        })
        .collect();
}
