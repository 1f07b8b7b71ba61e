//! Rows that speak of a part of products, such as their links: they change products that there are.

use catalog::target::{self, Block, BlockOutcome};
use import::Entity;
use import::entity::Stated;
use import::entity::custom_option::CustomOptions;
use import::entity::link::Links;
use import::entity::media::Media;
use import::entity::product::{ImageChange, LinkType, ProductChange};
use import::entity::variant::Variants;
use import::operation::Operation;

use super::products::{ProductRow, import_rows};
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};

target_of!(Links, import_links);
target_of!(Media, import_media);
target_of!(CustomOptions, import_custom_options);
target_of!(Variants, import_variants);

async fn import_links(target: &MagentoTarget, block: Block<Links>) -> Result<BlockOutcome, target::Error> {
    let clear = |change: &mut ProductChange| {
        change.links =
            [LinkType::Related, LinkType::Crosssell, LinkType::Upsell].map(|kind| (kind, Stated::Clear)).into();
        change.associated = Some(Stated::Clear);
    };
    import_part(target, block, Some(clear)).await
}

async fn import_media(target: &MagentoTarget, block: Block<Media>) -> Result<BlockOutcome, target::Error> {
    let clear = |change: &mut ProductChange| {
        for role in ["base_image", "small_image", "thumbnail_image", "swatch_image"] {
            let gone = ImageChange { path: Some(Stated::Clear), ..ImageChange::default() };
            change.images.insert(role.to_owned(), gone);
        }
        change.additional_images = Some(Stated::Clear);
    };
    import_part(target, block, Some(clear)).await
}

async fn import_custom_options(
    target: &MagentoTarget,
    block: Block<CustomOptions>,
) -> Result<BlockOutcome, target::Error> {
    import_part(target, block, Some(|change: &mut ProductChange| change.custom_options = Some(Stated::Clear))).await
}

async fn import_variants(target: &MagentoTarget, block: Block<Variants>) -> Result<BlockOutcome, target::Error> {
    import_part(target, block, None::<fn(&mut ProductChange)>).await
}

/// Imports rows of a part. To delete it is to clear it; to replace it is to clear what the row does not say.
async fn import_part<E>(
    target: &MagentoTarget,
    block: Block<E>,
    clear: Option<impl Fn(&mut ProductChange)>,
) -> Result<BlockOutcome, target::Error>
where
    E: Entity<EntityChange = ProductChange>,
{
    let known = target.known().await?;
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    let mut rows = Vec::new();
    for (row, taken) in block.rows.into_iter().enumerate() {
        let stated = taken.if_known.unwrap_or(taken.change);
        let mut change = match block.operation {
            Operation::AddUpdate => stated,
            Operation::Replace | Operation::Delete => {
                let Some(clear) = &clear else {
                    let problem = "variations of a product of the shop are not taken away as a whole; name those that it shall \
                                   have with `add-update`";
                    tally.refuse(row, refused(problem));
                    continue;
                };
                let place = (stated.sku.clone(), stated.store_view.clone());
                let mut cleared = ProductChange { sku: place.0, store_view: place.1, ..ProductChange::default() };
                clear(&mut cleared);
                if block.operation == Operation::Replace {
                    cleared.links.extend(stated.links);
                    cleared.associated = stated.associated.or(cleared.associated);
                    cleared.images.extend(stated.images);
                    cleared.additional_images = stated.additional_images.or(cleared.additional_images);
                    cleared.hidden_images = stated.hidden_images;
                    cleared.custom_options = stated.custom_options.or(cleared.custom_options);
                }
                cleared
            }
        };
        change.product_type = None;
        rows.push(ProductRow { row, change, if_known: None });
    }
    import_rows(target, &known, &mut tally, (E::ABOUT.name, rows)).await?;
    Ok(tally.finish())
}
