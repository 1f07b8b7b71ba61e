use std::sync::LazyLock;

use super::ShopFacts;

/// Codes, inputs and scopes of the attributes that Magento Open Source 2.4.7 comes with.
const JSON: &str = include_str!("plain.json");

/// Read once: targets ask for it with each block of rows.
static FACTS: LazyLock<ShopFacts> = LazyLock::new(|| serde_json::from_str(JSON).expect("a test reads what ships"));

pub(super) fn facts() -> ShopFacts {
    FACTS.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_shop_has_what_every_shop_has() {
        let facts = facts();
        assert!(facts.basics.website("base").is_ok() && facts.basics.store_view("default").is_ok());
        let set = facts.attribute_set("default").unwrap();
        assert!(facts.has_attribute(set, facts.attribute("color").unwrap()));
        let images: Vec<&str> = facts.image_attributes().map(|attribute| attribute.code.as_str()).collect();
        assert_eq!(images, ["image", "small_image", "swatch_image", "thumbnail"]);
    }
}
