//! The fields that attributes and their options may have in a request.

use crate::shape::{Kind, Shape};

const LABEL: Shape = Shape {
    name: "\\Magento\\Eav\\Api\\Data\\AttributeFrontendLabelInterface",
    fields: &[("store_id", Kind::Int), ("label", Kind::Text)],
};

/// An option.
pub(super) const OPTION: Shape = Shape {
    name: "\\Magento\\Eav\\Api\\Data\\AttributeOptionInterface",
    fields: &[
        ("label", Kind::Text),
        ("value", Kind::Text),
        ("sort_order", Kind::Int),
        ("is_default", Kind::Flag),
        ("store_labels", Kind::List(&Kind::Object(&LABEL))),
    ],
};

/// An attribute.
pub(super) const ATTRIBUTE: Shape = Shape {
    name: "\\Magento\\Catalog\\Api\\Data\\ProductAttributeInterface",
    fields: &[
        ("is_wysiwyg_enabled", Kind::Flag),
        ("is_html_allowed_on_front", Kind::Flag),
        ("used_for_sort_by", Kind::Flag),
        ("is_filterable", Kind::Flag),
        ("is_filterable_in_search", Kind::Flag),
        ("is_used_in_grid", Kind::Flag),
        ("is_visible_in_grid", Kind::Flag),
        ("is_filterable_in_grid", Kind::Flag),
        ("position", Kind::Int),
        ("apply_to", Kind::List(&Kind::Text)),
        ("is_searchable", Kind::Text),
        ("is_visible_in_advanced_search", Kind::Text),
        ("is_comparable", Kind::Text),
        ("is_used_for_promo_rules", Kind::Text),
        ("is_visible_on_front", Kind::Text),
        ("used_in_product_listing", Kind::Text),
        ("is_visible", Kind::Flag),
        ("scope", Kind::Text),
        ("attribute_id", Kind::Int),
        ("attribute_code", Kind::Text),
        ("frontend_input", Kind::Text),
        ("entity_type_id", Kind::Text),
        ("is_required", Kind::Flag),
        ("options", Kind::List(&Kind::Object(&OPTION))),
        ("is_user_defined", Kind::Flag),
        ("default_frontend_label", Kind::Text),
        ("frontend_labels", Kind::List(&Kind::Object(&LABEL))),
        ("note", Kind::Text),
        ("backend_type", Kind::Text),
        ("backend_model", Kind::Text),
        ("source_model", Kind::Text),
        ("default_value", Kind::Text),
        ("is_unique", Kind::Text),
        ("frontend_class", Kind::Text),
        ("validation_rules", Kind::Any),
        ("custom_attributes", Kind::Any),
        ("extension_attributes", Kind::Any),
    ],
};
