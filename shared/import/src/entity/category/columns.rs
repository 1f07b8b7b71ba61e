use crate::entity::Form;
use crate::entity::description::{Cells, Column, Need, column};
use crate::misfit::Misfit;
use crate::name_key::name_key;

/// What a column of a category file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoryColumn {
    /// The path from the root on.
    Path,
    /// The store view that the row speaks for.
    StoreView,
    /// Name of the attribute set.
    AttributeSet,
    /// What the shop shows as its name.
    Name,
    /// The part of an address that names it.
    UrlKey,
    /// Its place among the categories beside it.
    Position,
    /// A value that each store view may have of its own.
    Value(Form),
    /// A value that is the same for all store views.
    ForAll(Form),
    /// One of some words.
    Choice(Choice),
    /// One of some words, or the code of an attribute.
    ChoiceOrCode(Choice),
    /// Several of them.
    Choices(Choice),
    /// Attributes of categories that have no column.
    AdditionalAttributes,
    /// Known, so that nobody is told about it, but without a meaning here.
    Ignored,
}

/// Words of which a cell holds one: as people read them, and as the shop stores them. Both can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    kind: &'static str,
    words: &'static [(&'static str, &'static str)],
}

const TEXT: CategoryColumn = CategoryColumn::Value(Form::Text);
const FLAG: CategoryColumn = CategoryColumn::Value(Form::Flag);
const DATE: CategoryColumn = CategoryColumn::Value(Form::Date);

const DISPLAY_MODE: Choice = Choice {
    kind: "a display mode",
    words: &[
        ("Products only", "PRODUCTS"),
        ("Static block only", "PAGE"),
        ("Static block and products", "PRODUCTS_AND_PAGE"),
    ],
};

const PAGE_LAYOUT: Choice = Choice {
    kind: "a page layout",
    words: &[
        ("No layout updates", ""),
        ("Empty", "empty"),
        ("1 column", "1column"),
        ("2 columns with left bar", "2columns-left"),
        ("2 columns with right bar", "2columns-right"),
        ("3 columns", "3columns"),
        ("Page -- Full Width", "cms-full-width"),
        ("Category -- Full Width", "category-full-width"),
        ("Product -- Full Width", "product-full-width"),
    ],
};

const SORT_BY: Choice = Choice {
    kind: "an order of products",
    words: &[("Position", "position"), ("Product Name", "name"), ("Price", "price")],
};

impl Choice {
    /// Returns what a shop stores for a word; a text that is none of them is stored as it is.
    #[must_use]
    pub fn code(self, word: &str) -> &str {
        self.words.iter().find(|(known, _)| *known == word).map_or(word, |(_, code)| code)
    }

    /// Finds a word as people read it.
    ///
    /// # Errors
    /// Lists the words.
    pub(super) fn find(self, text: &str) -> Result<&'static str, Misfit> {
        let key = name_key(text);
        let is_it = |(word, code): &&(&str, &str)| name_key(word) == key || (!code.is_empty() && name_key(code) == key);
        match self.words.iter().find(is_it) {
            Some((word, _)) => Ok(word),
            None => Err(Misfit::new(format!("is not {} (expected {})", self.kind, self.listed()))),
        }
    }

    /// Finds a word, or takes the code of an attribute.
    ///
    /// # Errors
    /// Lists the words.
    pub(super) fn find_or_code(self, text: &str, is_code: impl Fn(&str) -> bool) -> Result<String, Misfit> {
        match self.find(text) {
            Ok(word) => Ok(word.to_owned()),
            Err(_) if is_code(text) => Ok(name_key(text)),
            Err(_) => Err(Misfit::new(format!(
                "names `{text}`, which is not {} (expected {} or the code of an attribute)",
                self.kind,
                self.listed()
            ))),
        }
    }

    fn listed(self) -> String {
        let words: Vec<String> = self.words.iter().map(|(word, _)| format!("`{word}`")).collect();
        words.join(", ")
    }
}

/// Makes a column with a default.
const fn or(default: &'static str, column: Column<CategoryColumn>) -> Column<CategoryColumn> {
    Column { default, ..column }
}

/// Every column with a meaning, in the order of the reference.
pub(super) const COLUMNS: &[Column<CategoryColumn>] = &[
    column("store_view_code", CategoryColumn::StoreView, "default", "the store view for which the row speaks"),
    or(
        "Default",
        column("attribute_set_code", CategoryColumn::AttributeSet, "Default", "name of an attribute set of categories"),
    ),
    Column {
        need: Need::Always,
        ..column(
            "path",
            CategoryColumn::Path,
            "Default Category/Gear/\"Bags/Backpacks\"",
            "the category: the names from the root down; upper and lower case are the same",
        )
    },
    or("the last name of `path`", column("name", CategoryColumn::Name, "Bags & Backpacks", "name shown in the shop")),
    or("1", column("is_active", FLAG, "1", "whether the shop shows the category")),
    or("1", column("is_anchor", FLAG, "1", "whether it shows the products of the categories below it, too")),
    or("1", column("include_in_menu", FLAG, "1", "whether the menu has it")),
    or("1", column("use_name_in_product_search", FLAG, "1", "whether the search finds products by its name")),
    or(
        "Products only",
        column(
            "display_mode",
            CategoryColumn::Choice(DISPLAY_MODE),
            "Static block and products",
            "what its page shows",
        ),
    ),
    or(
        "made from `name`",
        column(
            "url_key",
            CategoryColumn::UrlKey,
            "bags-and-backpacks",
            "the part of an address that names it; among the categories beside it each has its own",
        ),
    ),
    column("description", TEXT, "<p>Room for everything.</p>", "text above its products, HTML allowed"),
    column("image_path", TEXT, "/gear/bags.jpg", "image above its products, below the media directory"),
    column("meta_title", TEXT, "Bags", "title for search engines"),
    column("meta_keywords", TEXT, "bags, backpacks", "keywords for search engines"),
    column("meta_description", TEXT, "Bags for sport and school", "description for search engines"),
    column("landing_page", TEXT, "12", "the static block that its page shows"),
    column("position", CategoryColumn::Position, "3", "place among the categories beside it"),
    column(
        "path_in_store",
        CategoryColumn::Ignored,
        "gear/bags",
        "an address that an earlier tool worked out; not read",
    ),
    column("custom_design", TEXT, "4", "theme"),
    column("custom_design_from", DATE, "2026-08-01", "first day of that theme"),
    column("custom_design_to", DATE, "2026-08-31", "last day of that theme"),
    column("page_layout", CategoryColumn::Choice(PAGE_LAYOUT), "1 column", "layout of its page"),
    column(
        "custom_layout_update",
        TEXT,
        "<referenceContainer name=\"catalog.leftnav\" remove=\"true\"/>",
        "changes to the layout, as XML",
    ),
    or(
        "those of the shop",
        column(
            "available_sort_by",
            CategoryColumn::Choices(SORT_BY),
            "Position|Price",
            "orders of products that customers choose among",
        ),
    ),
    or(
        "that of the shop",
        column("default_sort_by", CategoryColumn::ChoiceOrCode(SORT_BY), "Position", "order of products at first"),
    ),
    or("0", column("custom_use_parent_settings", FLAG, "1", "whether the design is that of the category above")),
    or("0", column("custom_apply_to_products", FLAG, "1", "whether its products have its design")),
    column("filter_price_range", CategoryColumn::Value(Form::NotNegative), "10", "step of the filter by price"),
    column("created_at", CategoryColumn::ForAll(Form::Date), "2026-08-01 12:00:00", "when it was made"),
    column("updated_at", CategoryColumn::ForAll(Form::Date), "2026-08-02 12:00:00", "when it was last changed"),
    column(
        "additional_attributes",
        CategoryColumn::AdditionalAttributes,
        "custom_layout_update_file=__no_update__",
        "attributes of categories that have no column",
    ),
    column(
        "original_data",
        CategoryColumn::Ignored,
        "original_filename=a.csv",
        "where an earlier tool took the row from; not read",
    ),
];

/// Says what the cells of a kind of column hold.
pub(super) fn cells(kind: CategoryColumn) -> Cells {
    match kind {
        CategoryColumn::Path => Cells {
            empty_value: "is taken as text",
            ..Cells::holding("names from the root on, separated by `/`; a name with a slash is quoted")
        },
        CategoryColumn::StoreView => Cells {
            holds: "code of a store view".into(),
            empty: "lets the row speak for the category as a whole",
            empty_value: "is taken as text",
        },
        CategoryColumn::AttributeSet => Cells::holding("name of an attribute set").kept(),
        CategoryColumn::Name => Cells {
            empty_value: "removes what the store view of the row shows; cannot be used on other rows",
            ..Cells::holding("text")
        },
        CategoryColumn::UrlKey => Cells {
            empty_value: "removes what the store view of the row has; says nothing on other rows",
            ..Cells::holding("text, made fit for an address")
        },
        CategoryColumn::Position => Cells::holding("whole number, 0 or more"),
        CategoryColumn::Value(form) | CategoryColumn::ForAll(form) => form.cells(),
        CategoryColumn::Choice(choice) => Cells::holding(choice.listed()),
        CategoryColumn::ChoiceOrCode(choice) => {
            Cells::holding(format!("{} or the code of an attribute", choice.listed()))
        }
        CategoryColumn::Choices(choice) => {
            Cells::holding(format!("{} or codes of attributes, separated by `|`", choice.listed()))
        }
        CategoryColumn::AdditionalAttributes => Cells::holding("`code=value`, separated by `,`").kept(),
        CategoryColumn::Ignored => Cells::saying_nothing("anything"),
    }
}
