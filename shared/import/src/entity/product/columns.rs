//! The columns of product files, by what they are about.

mod basics;
mod enterprise;
mod images;
mod presentation;
mod relations;
mod stock;

use super::kind::{ProductColumn, Relation};
use crate::entity::description::{Cells, Column, column};
use crate::entity::form::Form;

/// In the order of the reference.
const GROUPS: [&[Column<ProductColumn>]; 7] = [
    basics::BASICS,
    images::IMAGES,
    presentation::PRESENTATION,
    stock::STOCK,
    relations::RELATIONS,
    enterprise::ENTERPRISE,
    &[ORIGINAL_DATA],
];

const ORIGINAL_DATA: Column<ProductColumn> = column(
    "original_data",
    ProductColumn::Ignored,
    "original_filename=a.csv",
    "where an earlier tool took the row from; not read",
);

/// Every column with a meaning.
pub(in crate::entity) const COLUMNS: &[Column<ProductColumn>] = &joined();

const COUNT: usize = {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

/// While the build looks the columns up there are no iterators.
const fn joined() -> [Column<ProductColumn>; COUNT] {
    let mut columns = [ORIGINAL_DATA; COUNT];
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut place = 0;
        while place < GROUPS[group].len() {
            columns[count] = GROUPS[group][place];
            count += 1;
            place += 1;
        }
        group += 1;
    }
    columns
}

/// Says what the cells of a kind of column hold.
pub(super) fn cells(kind: ProductColumn) -> Cells {
    match kind {
        ProductColumn::Sku => Cells {
            empty_value: "is taken as text",
            ..Cells::holding("text of at most 64 characters without blanks around it")
        },
        ProductColumn::StoreView => Cells {
            holds: "code of a store view".into(),
            empty: "lets the row speak for the product as a whole",
            empty_value: "is taken as text",
        },
        ProductColumn::AttributeSet => Cells::holding("text").kept(),
        ProductColumn::ProductType => {
            Cells::holding("`simple`, `virtual`, `configurable`, `bundle`, `grouped`, `downloadable` or `giftcard`")
                .kept()
        }
        ProductColumn::Value(form) | ProductColumn::Stock(form) => form.cells(),
        ProductColumn::Attribute => Cells::holding("value of the attribute"),
        ProductColumn::AdditionalAttributes => Cells::holding("`code=value,code=value|value`").kept(),
        ProductColumn::ImagePath => Cells::holding("path below the media directory, or address"),
        ProductColumn::ImageLabel => Form::Line.cells(),
        ProductColumn::ImagePosition => Cells::holding("whole number, 0 or more").kept(),
        ProductColumn::AdditionalImages | ProductColumn::HiddenImages => {
            Cells::holding("paths below the media directory, or addresses, separated by `,`")
        }
        ProductColumn::Videos => Cells::holding("pairs with at least `url`, videos separated by `|`"),
        ProductColumn::CustomOptions => {
            Cells::holding("pairs with at least `name` and `type`, options separated by `|`")
        }
        ProductColumn::OldUrlKeys => Cells::holding("addresses, the oldest first, separated by `,`"),
        ProductColumn::Relation(relation) => Cells::holding(relation.holds()),
        ProductColumn::Companion => Cells::saying_nothing("list, in the order of the column it belongs to"),
        ProductColumn::QuantityIsRelative => Cells::saying_nothing("`1` or `0`"),
        ProductColumn::Ignored => Cells::saying_nothing("anything"),
    }
}

impl Relation {
    fn holds(self) -> &'static str {
        match self {
            Self::Websites => "codes, separated by `,`",
            Self::Categories => "paths from the root on, separated by `,`; a name with a slash is quoted",
            Self::Links(_) => "skus, separated by `,`",
            Self::AssociatedSkus => "`sku=quantity`, separated by `,`",
            Self::Variations => "pairs with `sku` and the same attributes in each, variations separated by `|`",
            Self::VariationLabels => "`code=label`, separated by `,`",
            Self::VariationPositions => "`code=number`, separated by `,`",
            Self::BundleValues => "pairs with at least `name` and `sku`, selections separated by `|`",
            Self::BundlePositions => "`name=number`, separated by `,`",
            Self::TierPrices => "pairs with at least `qty` and `price`, prices separated by `|`",
            Self::SourceItems => "pairs with at least `source_code` and `quantity`, sources separated by `|`",
            Self::DownloadableLinks | Self::DownloadableSamples => {
                "pairs with at least `title`, files separated by `|`"
            }
        }
    }
}
