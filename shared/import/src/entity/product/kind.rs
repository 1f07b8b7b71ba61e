use super::parts::LinkType;
use crate::entity::form::Form;

/// The columns that hold what something costs.
pub(super) const PRICES: [&str; 4] = ["price", "special_price", "cost", "msrp_price"];

/// What a column of a product file holds, and where in a change it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductColumn {
    Sku,
    StoreView,
    AttributeSet,
    ProductType,
    /// An attribute that every shop has.
    Value(Form),
    /// An attribute that this shop has; the name of the column is its code.
    Attribute,
    /// A stock setting.
    Stock(Form),
    AdditionalAttributes,
    /// The image of a role; the name of the column is the role.
    ImagePath,
    /// The role and `_label`.
    ImageLabel,
    /// The role and `_position`.
    ImagePosition,
    AdditionalImages,
    HiddenImages,
    Videos,
    CustomOptions,
    /// Addresses that were replaced and lead to the product still.
    OldUrlKeys,
    /// How the product relates to other things.
    Relation(Relation),
    /// Read together with the column it belongs to, such as the positions of links.
    Companion,
    /// Says whether the quantity of the row is added to the stored one.
    QuantityIsRelative,
    /// Known, so that nobody is told about it, but without a meaning here.
    Ignored,
}

/// What the product has to do with other things: lists, pairs, lists of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Websites,
    Categories,
    Links(LinkType),
    AssociatedSkus,
    Variations,
    VariationLabels,
    VariationPositions,
    BundleValues,
    BundlePositions,
    TierPrices,
    SourceItems,
    DownloadableLinks,
    DownloadableSamples,
}
