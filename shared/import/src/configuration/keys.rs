//! Every key of a configuration: the one description that checks, documentation and JSON Schema are made of.
//!
//! Names are those of the original where it has them.

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The object that it stands in, such as `params`; empty if it stands by itself.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// What holds if nobody says anything, as JSON.
    pub default: &'static str,
    /// A value, as JSON.
    pub example: &'static str,
    /// What it does, for people.
    pub meaning: &'static str,
}

/// What the value of a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One ASCII character.
    AsciiCharacter,
    /// One ASCII character, or an empty text for none.
    OptionalAsciiCharacter,
    /// One character.
    Character,
    /// Any text but an empty one.
    Text,
    /// Name of a character set.
    Charset,
    /// True or false.
    Flag,
    /// A form of dates, or several.
    DateFormats,
    /// A language, perhaps with a country.
    Locale,
    /// The character before the fraction of a number.
    Separator,
    /// The character between the thousands of a number, or an empty text for none.
    OptionalSeparator,
    /// A list of columns.
    Columns,
    /// From a column of files to one or several columns of the entity.
    Mappings,
    /// From a column to a text.
    Texts,
    /// From a column to a list of texts.
    Lists,
    /// From a column to a list of callbacks.
    Callbacks,
}

/// Every key, in the order in which people read about them.
pub const KEYS: [Key; 26] = [
    key("delimiter", Kind::AsciiCharacter, r#"",""#, r#"";""#, "what separates the cells of a row; `\\t` is a tab"),
    key(
        "enclosure",
        Kind::AsciiCharacter,
        r#""\"""#,
        r#""'""#,
        "what encloses a cell that holds separators or line breaks",
    ),
    key(
        "escape",
        Kind::OptionalAsciiCharacter,
        r#""""#,
        r#""\\""#,
        "what makes an enclosure stand for itself, beside doubling it; empty for nothing",
    ),
    key(
        "from-charset",
        Kind::Charset,
        r#""utf-8""#,
        r#""windows-1252""#,
        "the characters in which files are written; the byte order mark of a file counts more, and so does the argument \
         `charset` of the step `move_files`",
    ),
    key(
        "multiple-field-delimiter",
        Kind::Character,
        r#"",""#,
        r#"";""#,
        "separates the parts of a list in a cell, and pairs",
    ),
    key(
        "multiple-value-delimiter",
        Kind::Character,
        r#""|""#,
        r#""~""#,
        "separates several values of one attribute, and entries that are made of pairs",
    ),
    key("category-delimiter", Kind::Character, r#""/""#, r#"">""#, "separates the levels of a category path"),
    key(
        "empty-attribute-value-constant",
        Kind::Text,
        r#""__EMPTY__VALUE__""#,
        r#""NULL""#,
        "the cell that removes what is stored, while an empty cell says nothing",
    ),
    in_group(
        "date-converter",
        key(
            "source-date-format",
            Kind::DateFormats,
            "[]",
            r#""d.m.Y""#,
            "the form in which dates are written, or a list of them, in the letters of PHP: `d` `j` day, `m` `n` month, `Y` `y` \
             year, `H` `G` hour, `h` `g` hour of half a day, `A` `a` the half, `i` minute, `s` second. Dates in another form are \
             refused then. Without it those of the original and of Magento are read: `8/1/26, 12:00 PM`, `2026-08-01 12:00:00`",
        ),
    ),
    in_group(
        "number-converter",
        key(
            "locale",
            Kind::Locale,
            r#""""#,
            r#""de_DE""#,
            "the language in whose way numbers are written. Without it `1019.99` is a number and `1,019.99` is none",
        ),
    ),
    in_group(
        "number-converter",
        key(
            "decimal-separator",
            Kind::Separator,
            r#"".""#,
            r#"",""#,
            "stands before the fraction of a number; counts more than the locale",
        ),
    ),
    in_group(
        "number-converter",
        key(
            "grouping-separator",
            Kind::OptionalSeparator,
            r#""""#,
            r#"" ""#,
            "stands between the thousands of a number, or nothing does if it is empty; counts more than the locale",
        ),
    ),
    key(
        "header-mappings",
        Kind::Mappings,
        "{}",
        r#"{"Artikelnummer": "sku", "Bild": ["base_image", "small_image"]}"#,
        "the columns as which columns of other names are read, also in the additional attributes. Made once and at the same \
         time: what was mapped is not mapped again",
    ),
    key(
        "default-values",
        Kind::Texts,
        "{}",
        r#"{"attribute_set_code": "Default"}"#,
        "cells of columns that a file does not have, on rows that speak for all store views. What an empty cell of a column \
         that the file has shall mean, says the callback `default`",
    ),
    key(
        "callbacks",
        Kind::Callbacks,
        "{}",
        r#"{"name": ["trim", {"replace": {"search": "&", "replace": "and"}}]}"#,
        "what is done with the cells of a column, one after the other, before they are read; also in the additional attributes",
    ),
    in_group(
        "black-listing",
        key(
            "columns",
            Kind::Columns,
            "[]",
            r#"["cost"]"#,
            "columns that are left out, also in the additional attributes",
        ),
    ),
    in_group(
        "black-listing",
        key(
            "values",
            Kind::Lists,
            "{}",
            r#"{"color": ["n/a", "-"]}"#,
            "values that count as an empty cell, after the callbacks; capitals and outer blanks do not matter",
        ),
    ),
    in_group(
        "black-listing",
        key(
            "rows",
            Kind::Lists,
            "{}",
            r#"{"sku": ["TEST-1"]}"#,
            "rows that are left out because of what a column says, such as the SKUs of test articles",
        ),
    ),
    key(
        "ignore-attribute-value-on-update",
        Kind::Columns,
        "[]",
        r#"["name", "url_key"]"#,
        "columns that count for new things only: what is stored stays, whatever the file says. `*` stands for all columns that \
         do not say which thing is meant",
    ),
    key(
        "strict-mode",
        Kind::Flag,
        "false",
        "true",
        "whether an import stops before its first write if a row or value cannot be used; without it they are left out and told. \
         The argument `strict` of a step counts more",
    ),
    in_group(
        "params",
        key(
            "clean-up-empty-columns",
            Kind::Columns,
            "[]",
            r#"["special_price", "special_price_from_date"]"#,
            "columns whose empty cells remove what is stored, as the empty-value constant does",
        ),
    ),
    in_group(
        "params",
        key(
            "clean-up-website-product-relations",
            Kind::Flag,
            "true",
            "false",
            "whether a product leaves the websites that its row does not name",
        ),
    ),
    in_group(
        "params",
        key(
            "clean-up-category-product-relations",
            Kind::Flag,
            "true",
            "false",
            "whether a product leaves the categories that its row does not name",
        ),
    ),
    in_group(
        "params",
        key(
            "clean-up-media-gallery",
            Kind::Flag,
            "true",
            "false",
            "whether the additional images go that a row does not name",
        ),
    ),
    in_group(
        "params",
        key(
            "clean-up-links",
            Kind::Flag,
            "true",
            "false",
            "whether related, up-sell and cross-sell products go that a row does not name",
        ),
    ),
    in_group(
        "params",
        key(
            "clean-up-variants",
            Kind::Flag,
            "true",
            "false",
            "whether the variants of a configurable product go that a row does not name",
        ),
    ),
];

/// Keys of the original that have no meaning here, and where to say it instead.
pub(super) const FOREIGN: [(&str, &str); 25] = [
    ("to-charset", "what is stored is always UTF-8; the characters of files are set with `from-charset`"),
    ("source-dir", "files are dropped below `incoming/`"),
    ("target-dir", "each pipeline has a working directory of its own"),
    ("archive-dir", "archives lie below `archive/`"),
    ("archive-artefacts", "the step `archive` of a pipeline does this"),
    ("clear-artefacts", "the pipeline `clean_up_pipelines` does this"),
    ("databases", "the target of an import is set by its step"),
    ("single-transaction", "this is a setting, see `systole settings describe`"),
    ("debug-mode", "every report says where each finding is"),
    ("cache-enabled", "there is nothing to switch on"),
    ("shortcuts", "steps and their order are those of a pipeline definition"),
    ("plugins", "steps and their order are those of a pipeline definition"),
    ("subjects", "steps and their order are those of a pipeline definition"),
    ("observers", "what is done with cells is set with `callbacks`"),
    ("frontend-input-callbacks", "what is done with cells is set with `callbacks`, by column"),
    ("listeners", "what happens before and after an import are steps of its pipeline"),
    ("loggers", "the setting `log.level` says what is logged"),
    ("log-level", "the setting `log.level` says what is logged"),
    ("file-resolver", "the names of files are the argument `prefixes` of the condition `bunch_complete`"),
    ("image-types", "every attribute with the input `media_image` is one"),
    ("customer-group-code-mappings", "use the callback `map` on the column of the group"),
    ("website-code-mappings", "use the callback `map` on the column of the website"),
    ("clean-up-tier-prices", "prices that a row does not name go; files of tier prices change what they name only"),
    ("clean-up-url-rewrites", "url rewrites are changed by files of their own"),
    ("clean-up-empty-image-columns", "name the image columns in `clean-up-empty-columns`"),
];

/// Names of entities in the original.
pub(super) const ORIGINAL_ENTITIES: [(&str, &str); 11] = [
    ("catalog_product", "products"),
    ("catalog_category", "categories"),
    ("eav_attribute", "attributes"),
    ("eav_attribute_set", "attribute_sets"),
    ("catalog_product_price", "prices"),
    ("catalog_product_tier_price", "tier_prices"),
    ("catalog_product_inventory", "stock"),
    ("catalog_product_inventory_msi", "source_items"),
    ("catalog_product_url", "url_rewrites"),
    ("customer", "customers"),
    ("customer_address", "customer_addresses"),
];

impl Key {
    /// Returns the name with the group before it.
    #[must_use]
    pub fn path(&self) -> String {
        if self.group.is_empty() { self.name.to_owned() } else { format!("{}/{}", self.group, self.name) }
    }

    /// Says whether each entry of its value is merged by itself.
    #[must_use]
    pub fn has_entries(&self) -> bool {
        match self.kind {
            Kind::Mappings | Kind::Texts | Kind::Lists | Kind::Callbacks => true,
            Kind::AsciiCharacter
            | Kind::OptionalAsciiCharacter
            | Kind::Character
            | Kind::Text
            | Kind::Charset
            | Kind::Flag
            | Kind::DateFormats
            | Kind::Locale
            | Kind::Separator
            | Kind::OptionalSeparator
            | Kind::Columns => false,
        }
    }
}

impl Kind {
    /// Says what a value is, for people: `one character`.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::AsciiCharacter => "one ASCII character",
            Self::OptionalAsciiCharacter => "one ASCII character, or an empty text",
            Self::Character => "one character",
            Self::Text => "text",
            Self::Charset => "name of a character set",
            Self::Flag => "`true` or `false`",
            Self::DateFormats => "form of dates, or a list of them",
            Self::Locale => "locale",
            Self::Separator => "one character that is no letter or digit",
            Self::OptionalSeparator => "one character that is no letter or digit, or an empty text",
            Self::Columns => "list of columns",
            Self::Mappings => "object from columns of files to a column or a list of columns",
            Self::Texts => "object from columns to texts",
            Self::Lists => "object from columns to lists of texts",
            Self::Callbacks => "object from columns to lists of callbacks",
        }
    }
}

const fn key(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    example: &'static str,
    meaning: &'static str,
) -> Key {
    Key { group: "", name, kind, default, example, meaning }
}

const fn in_group(group: &'static str, key: Key) -> Key {
    Key { group, ..key }
}
