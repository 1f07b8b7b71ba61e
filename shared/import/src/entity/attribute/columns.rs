use crate::entity::description::{Cells, Column, Need, column};

/// What a column of an attribute file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeColumn {
    /// Code of the attribute.
    Code,
    /// What has it.
    EntityType,
    /// The store view that the row speaks for.
    StoreView,
    /// The attribute sets that it belongs to.
    Sets,
    /// Its groups in them.
    Groups,
    /// Its place in these groups.
    Place,
    /// Its label.
    Label,
    /// How it is entered.
    Input,
    /// What holds its values.
    BackendType,
    /// Where it may differ.
    Scope,
    /// The product types that have it.
    ApplyTo,
    /// A flag that the catalogue knows.
    Flag,
    /// Labels of its options.
    Options,
    /// Goes with the options, by their place.
    OfOptions,
    /// Kept as it is, for the shop.
    Setting(Setting),
}

/// How a setting is written that is kept for the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// Any text.
    Text,
    /// Yes or no.
    Flag,
    /// A number, zero or more.
    Number,
    /// Whether people can filter by it.
    Filter,
    /// `code=value` pairs.
    Pairs,
}

const TEXT: AttributeColumn = AttributeColumn::Setting(Setting::Text);
const FLAG: AttributeColumn = AttributeColumn::Setting(Setting::Flag);
const NUMBER: AttributeColumn = AttributeColumn::Setting(Setting::Number);

impl AttributeColumn {
    /// Says whether it speaks for the attribute as a whole, and is not repeated in rows of store views by habit.
    pub(super) fn is_for_all(self) -> bool {
        match self {
            Self::Code
            | Self::EntityType
            | Self::StoreView
            | Self::Sets
            | Self::Groups
            | Self::Label
            | Self::Input
            | Self::BackendType
            | Self::Options
            | Self::OfOptions => false,
            Self::Place | Self::Scope | Self::ApplyTo | Self::Flag | Self::Setting(_) => true,
        }
    }
}

/// Makes a column with a default.
const fn or(default: &'static str, column: Column<AttributeColumn>) -> Column<AttributeColumn> {
    Column { default, ..column }
}

/// Every column with a meaning, in the order of the reference.
pub(super) const COLUMNS: &[Column<AttributeColumn>] = &[
    column("store_view_code", AttributeColumn::StoreView, "default", "the store view for which the row speaks"),
    column(
        "attribute_set_name",
        AttributeColumn::Sets,
        "Default",
        "the attribute sets that the attribute shall belong to; those that it belongs to already stay",
    ),
    or(
        "the default group of the set",
        column(
            "attribute_group_name",
            AttributeColumn::Groups,
            "Product Details",
            "its group in each of the sets, or one group for all of them",
        ),
    ),
    or(
        "catalog_product",
        column("entity_type_code", AttributeColumn::EntityType, "catalog_product", "what has the attribute"),
    ),
    Column {
        need: Need::Always,
        ..column("attribute_code", AttributeColumn::Code, "color", "the attribute; upper and lower case are the same")
    },
    column("sort_order", AttributeColumn::Place, "10", "its place in the groups of the sets that the row names"),
    column(
        "attribute_option_values",
        AttributeColumn::Options,
        "Black,Blue,\"Red, dark\"",
        "what can be chosen; options that the attribute has already stay. On a row of a store view: what this view shows, \
         for each option at the same place",
    ),
    column(
        "attribute_option_swatch",
        AttributeColumn::OfOptions,
        "type=1,value=#000000|type=1,value=#1857f7|type=2,value=/red.png",
        "what the shop shows instead of the labels, for each option at the same place: a text (type 0), a colour (1), an \
         image (2) or nothing (3)",
    ),
    column("attribute_option_sort_order", AttributeColumn::OfOptions, "1,2,3", "places of the options"),
    column("attribute_model", TEXT, r"Magento\Catalog\Model\ResourceModel\Eav\Attribute", "class in the shop"),
    column("backend_model", TEXT, r"Magento\Eav\Model\Entity\Attribute\Backend\ArrayBackend", "class in the shop"),
    column("backend_table", TEXT, "catalog_product_entity_text", "table in the shop"),
    column("frontend_model", TEXT, r"Magento\Eav\Model\Entity\Attribute\Frontend\Datetime", "class in the shop"),
    Column {
        need: Need::New,
        ..column("frontend_input", AttributeColumn::Input, "select", "how the attribute is entered; it never changes")
    },
    column("frontend_label", AttributeColumn::Label, "Colour", "label, for everybody or for the store view of the row"),
    column("frontend_class", TEXT, "validate-number", "check in the form of the shop"),
    column("source_model", TEXT, r"Magento\Eav\Model\Entity\Attribute\Source\Table", "class in the shop"),
    column(
        "frontend_input_renderer",
        TEXT,
        r"Magento\Config\Block\System\Config\Form\Field\Checkbox",
        "class in the shop",
    ),
    or(
        "every product type",
        column("apply_to", AttributeColumn::ApplyTo, "simple,virtual", "the product types that have the attribute"),
    ),
    or(
        "what the shop takes for the input",
        column(
            "backend_type",
            AttributeColumn::BackendType,
            "int",
            "what holds the values; it must fit `frontend_input`",
        ),
    ),
    or("0", column("is_required", AttributeColumn::Flag, "1", "whether every product needs a value")),
    or("1", column("is_user_defined", AttributeColumn::Flag, "1", "whether the shop's people made the attribute")),
    column("default_value", TEXT, "Blue", "value of products that state none"),
    or("0", column("is_unique", AttributeColumn::Flag, "0", "whether no two products may have the same value")),
    column("note", TEXT, "As on the label", "hint for those who enter values"),
    or(
        "1",
        column(
            "is_global",
            AttributeColumn::Scope,
            "0",
            "where values may differ: store view (0), website (2) or nowhere (1)",
        ),
    ),
    or("1", column("is_visible", FLAG, "1", "whether people see the attribute where they enter products")),
    or("0", column("is_searchable", FLAG, "1", "whether the search of the shop looks into it")),
    or(
        "0",
        column(
            "is_filterable",
            AttributeColumn::Setting(Setting::Filter),
            "1",
            "whether customers can filter by it: not (0), by values with results (1), by all values (2)",
        ),
    ),
    or("0", column("is_comparable", FLAG, "1", "whether the comparison of products shows it")),
    or("0", column("is_visible_on_front", FLAG, "1", "whether the product page shows it")),
    or("0", column("is_html_allowed_on_front", FLAG, "1", "whether HTML in it is shown as such")),
    or("0", column("is_used_for_price_rules", FLAG, "0", "whether price rules of the cart can ask for it")),
    or("0", column("is_filterable_in_search", FLAG, "1", "whether customers can filter search results by it")),
    or("0", column("used_in_product_listing", FLAG, "1", "whether lists of products show it")),
    or("0", column("used_for_sort_by", FLAG, "1", "whether customers can sort by it")),
    or("0", column("is_visible_in_advanced_search", FLAG, "1", "whether the advanced search asks for it")),
    or("0", column("position", NUMBER, "3", "place among the filters")),
    or("0", column("is_wysiwyg_enabled", FLAG, "1", "whether it is entered in an editor")),
    or("0", column("is_used_for_promo_rules", FLAG, "1", "whether price rules can ask for it")),
    or("0", column("is_required_in_admin_store", FLAG, "1", "whether products need a value for everybody")),
    or("0", column("is_used_in_grid", FLAG, "1", "whether the list of products has it as a column")),
    or("0", column("is_visible_in_grid", FLAG, "1", "whether that column shows at first")),
    or("0", column("is_filterable_in_grid", FLAG, "1", "whether that list can be filtered by it")),
    or("1", column("search_weight", NUMBER, "5", "weight in search results, 1 to 10")),
    column("search_weigh", NUMBER, "5", "`search_weight`, as the sample files of the original misspell it"),
    column(
        "additional_data",
        AttributeColumn::Setting(Setting::Pairs),
        "swatch_input_type=visual,update_product_preview_image=1",
        "settings of swatches",
    ),
    column("is_used_in_autocomplete", FLAG, "1", "whether suggestions of the search look into it (Elasticsuite)"),
    column("is_displayed_in_autocomplete", FLAG, "1", "whether suggestions of the search show it (Elasticsuite)"),
    column("is_used_in_spellcheck", FLAG, "1", "whether the search knows its words (Elasticsuite)"),
    column("facet_min_coverage_rate", NUMBER, "90", "share of products from which on the filter shows (Elasticsuite)"),
    column("facet_max_size", NUMBER, "10", "most values that the filter shows (Elasticsuite)"),
    column("facet_sort_order", TEXT, "_count", "order of the values of the filter (Elasticsuite)"),
    column("display_pattern", TEXT, "%s kg", "how its values are shown (Elasticsuite)"),
    column("display_precision", NUMBER, "2", "digits behind the point that are shown (Elasticsuite)"),
];

/// Says what the cells of a kind of column hold.
pub(super) fn cells(kind: AttributeColumn) -> Cells {
    match kind {
        AttributeColumn::Code => Cells {
            empty_value: "is taken as text",
            ..Cells::holding("ASCII letters, digits and `_`, at most 60, a letter first")
        },
        AttributeColumn::EntityType => {
            Cells::saying_nothing("`catalog_product`, `catalog_category`, `customer` or `customer_address`")
        }
        AttributeColumn::StoreView => Cells {
            holds: "code of a store view".into(),
            empty: "lets the row speak for the attribute as a whole",
            empty_value: "is taken as text",
        },
        AttributeColumn::Sets => Cells::saying_nothing("names of attribute sets, separated by `,`"),
        AttributeColumn::Groups => Cells::saying_nothing("names of groups, separated by `,`"),
        AttributeColumn::Place => Cells::holding("whole number, 0 or more").kept(),
        AttributeColumn::Label => Cells::holding("text"),
        AttributeColumn::Input => Cells::holding(
            "`boolean`, `date`, `datetime`, `file`, `gallery`, `hidden`, `image`, `media_image`, `multiline`, \
             `multiselect`, `price`, `select`, `swatch_text`, `swatch_visual`, `text`, `textarea`, `weee` or `weight`",
        )
        .kept(),
        AttributeColumn::BackendType => {
            Cells::holding("`datetime`, `decimal`, `int`, `static`, `text` or `varchar`").kept()
        }
        AttributeColumn::Scope => Cells::holding("`0` (store view), `1` (global) or `2` (website)"),
        AttributeColumn::ApplyTo => Cells::holding("product types, separated by `,`"),
        AttributeColumn::Flag => Cells::holding("`1` or `0`").kept(),
        AttributeColumn::Options => Cells {
            empty_value: "removes all options; of a row for a store view, what its view shows",
            ..Cells::holding("labels, separated by `,`; one with a comma is quoted")
        },
        AttributeColumn::OfOptions => Cells::saying_nothing("list, in the order of `attribute_option_values`"),
        AttributeColumn::Setting(Setting::Text) => Cells::holding("text"),
        AttributeColumn::Setting(Setting::Flag) => Cells::holding("`1` or `0`"),
        AttributeColumn::Setting(Setting::Number) => Cells::holding("number, 0 or more"),
        AttributeColumn::Setting(Setting::Filter) => Cells::holding("`0`, `1` or `2`"),
        AttributeColumn::Setting(Setting::Pairs) => Cells::holding("`code=value`, separated by `,`"),
    }
}
