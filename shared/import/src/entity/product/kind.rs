use super::parts::LinkType;
use crate::entity::form::Form;

/// What a column of a product file holds, and where in a change it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductColumn {
    Sku,
    StoreView,
    AttributeSet,
    ProductType,
    /// An attribute of its own.
    Value(Form),
    /// A stock setting.
    Stock(Form),
    AdditionalAttributes,
    ImagePath(&'static str),
    ImageLabel(&'static str),
    ImagePosition(&'static str),
    AdditionalImages,
    HiddenImages,
    CustomOptions,
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
