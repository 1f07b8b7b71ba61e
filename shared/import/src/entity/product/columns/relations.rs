//! What products have to do with other products, with customers and with sources.

use crate::entity::description::{Column, Need, column};
use crate::entity::form::Form;
use crate::entity::product::kind::{ProductColumn, Relation};
use crate::entity::product::parts::LinkType;

const FIXED_OR_DYNAMIC: ProductColumn = ProductColumn::Value(Form::OneOf(["dynamic", "fixed"]));
const PRICE_VIEW: ProductColumn = ProductColumn::Value(Form::OneOf(["Price range", "As low as"]));
const SHIPMENT: ProductColumn = ProductColumn::Value(Form::OneOf(["together", "separately"]));

/// What an empty list of positions stands for.
const RUNNING: &str = "running numbers from 1";

pub(super) const RELATIONS: &[Column<ProductColumn>] = &[
    column(
        "related_skus",
        ProductColumn::Relation(Relation::Links(LinkType::Related)),
        "24-WG080,24-UG05",
        "products shown beside it; they need not be in the file",
    ),
    Column {
        default: RUNNING,
        ..column("related_position", ProductColumn::Companion, "1,2", "places of the `related_skus`")
    },
    column(
        "crosssell_skus",
        ProductColumn::Relation(Relation::Links(LinkType::Crosssell)),
        "24-WG080",
        "products shown in the cart",
    ),
    Column {
        default: RUNNING,
        ..column("crosssell_position", ProductColumn::Companion, "1", "places of the `crosssell_skus`")
    },
    column(
        "upsell_skus",
        ProductColumn::Relation(Relation::Links(LinkType::Upsell)),
        "24-MB04",
        "products shown as the better choice",
    ),
    Column {
        default: RUNNING,
        ..column("upsell_position", ProductColumn::Companion, "1", "places of the `upsell_skus`")
    },
    column(
        "associated_skus",
        ProductColumn::Relation(Relation::AssociatedSkus),
        "24-WG085=1,24-WG086=2",
        "the products of a grouped product, with the quantity proposed",
    ),
    Column {
        default: RUNNING,
        ..column("associated_position", ProductColumn::Companion, "1,2", "places of the `associated_skus`")
    },
    column("bundle_price_type", FIXED_OR_DYNAMIC, "dynamic", "whether the price of a bundle is that of its parts"),
    column(
        "bundle_sku_type",
        FIXED_OR_DYNAMIC,
        "dynamic",
        "whether the sku of a bundle is made up of those of its parts",
    ),
    column("bundle_weight_type", FIXED_OR_DYNAMIC, "dynamic", "whether the weight of a bundle is that of its parts"),
    column("bundle_price_view", PRICE_VIEW, "As low as", "how the price of a bundle is shown"),
    column("bundle_shipment_type", SHIPMENT, "together", "how the parts of a bundle are shipped"),
    column(
        "bundle_values",
        ProductColumn::Relation(Relation::BundleValues),
        "name=Wheel,type=radio,required=1,sku=24-WG085,price=0,default=1",
        "the selections of a bundle; those of one `name` are one option",
    ),
    column(
        "bundle_values_position",
        ProductColumn::Relation(Relation::BundlePositions),
        "Wheel=1",
        "places of the options of a bundle",
    ),
    column(
        "configurable_variations",
        ProductColumn::Relation(Relation::Variations),
        "sku=MH01-S,size=S|sku=MH01-M,size=M",
        "the variations of a configurable product, and what tells them apart",
    ),
    column(
        "configurable_variation_labels",
        ProductColumn::Relation(Relation::VariationLabels),
        "size=Size",
        "names of what tells the variations apart",
    ),
    column(
        "configurable_variations_position",
        ProductColumn::Relation(Relation::VariationPositions),
        "size=1",
        "places of what tells the variations apart",
    ),
    Column {
        need: Need::NewIf("the product is downloadable and has no `downloadable_samples`"),
        ..column(
            "downloadable_links",
            ProductColumn::Relation(Relation::DownloadableLinks),
            "title=Map,price=5,downloads=unlimited,file=/m/map.gpx",
            "the files of a downloadable product",
        )
    },
    column(
        "downloadable_samples",
        ProductColumn::Relation(Relation::DownloadableSamples),
        "title=Part of the map,file=/m/part.gpx",
        "the samples of a downloadable product",
    ),
    column(
        "custom_options",
        ProductColumn::CustomOptions,
        "name=Engraving,type=field,price=5,max_characters=20",
        "what the customer may choose or enter",
    ),
    column(
        "tier_prices",
        ProductColumn::Relation(Relation::TierPrices),
        "qty=10,price=20,value_type=Fixed,website=All Websites,customer_group=ALL GROUPS",
        "prices from a quantity on",
    ),
    column(
        "inventory_source_items",
        ProductColumn::Relation(Relation::SourceItems),
        "source_code=default,quantity=5,status=1",
        "what is there, by source",
    ),
];
