//! What of a product is sent at once, what later, and what not at all because the shop has it.

use std::collections::BTreeSet;

use catalog::target;
use import::finding::ChangeRefusal;

use super::body::ProductBody;
use super::downloads::{self, DownloadKind};
use super::group::ProductGroup;
use super::refusal::of_column;
use super::stored::Stored;
use super::{compare, variations};
use crate::client::{ShopScope, sku_key};
use crate::target::{MagentoTarget, images};

/// The source whose quantity is that of the classic stock.
const DEFAULT_SOURCE: &str = "default";

/// Leaves out of a product what the shop has already, as far as anybody knows what it will have.
pub(super) fn prepare(
    target: &MagentoTarget,
    stored: &Stored,
    (mut group, store_id): (ProductGroup, i64),
    changed: &BTreeSet<String>,
) -> ProductGroup {
    let key = sku_key(&group.sku);
    // What is said of the source itself counts.
    if group.body.source_items.iter().flatten().any(|item| item.source == DEFAULT_SOURCE) {
        ["qty", "is_in_stock"].iter().for_each(|name| drop(group.body.stock_item.remove(*name)));
    }
    group.then.relations.variations = variations::resolve(group.body.variations.as_mut(), &stored.named);
    if stored.sent.contains(&key) {
        return group.put_off().without_making();
    }
    let mut compared = group.clone();
    relate(stored, &mut compared);
    compared.removed = leave_out(stored, changed, &mut compared);
    if !stored.open.contains(&key) {
        return compared;
    }
    // An attempt that died has sent the same, if it found the shop as this one does. Else it is on its way to something
    // that nobody knows: all of it is sent, by a call that makes no second product.
    let item = compared.body.clone().into_item(&compared.sku);
    let is_same = target.in_flight.has_open((compared.route(), store_id), &item);
    if is_same { compared } else { group.put_off().without_making() }
}

/// Says now what a product has to do with others, if all of them are there; else later.
fn relate(stored: &Stored, group: &mut ProductGroup) {
    let for_all = stored.get(&ShopScope::Global, &group.sku).cloned().unwrap_or_default();
    if group.is_new {
        // The shop keeps stock of what is not there, and may write its own over it when it makes the product.
        group.then.source_items = group.body.source_items.take();
    }
    let relations = std::mem::take(&mut group.body.relations);
    if relations.missing(&stored.named).is_some() {
        let variations = std::mem::take(&mut group.then.relations.variations);
        group.then.relations = crate::target::relations::Relations { variations, ..relations };
        return;
    }
    group.body.links = relations.links_of(&group.sku, &stored.named, &for_all);
    group.body.bundle = relations.bundle_of(&for_all);
}

/// Leaves out what the shop has already; returns the categories that the product shall not be in any more.
fn leave_out(stored: &Stored, changed: &BTreeSet<String>, group: &mut ProductGroup) -> Vec<i64> {
    let key = sku_key(&group.sku);
    if group.is_new {
        group.body.begin();
        return Vec::new();
    }
    let Some(for_all) = stored.get(&ShopScope::Global, &group.sku) else { return Vec::new() };
    match &group.scope {
        ShopScope::Global => {
            if variations::leave_out(&mut group.body.variations, for_all) {
                group.then.relations.variations.clear();
            }
            compare::leave_out(&mut group.body, for_all)
        }
        // What all see changes as well, so nobody knows what the store view will show.
        ShopScope::View(_) if changed.contains(&key) => Vec::new(),
        ShopScope::View(_) => {
            if let Some(shown) = stored.get(&group.scope, &group.sku) {
                compare::leave_out_of_view(&mut group.body, shown, for_all);
            }
            Vec::new()
        }
    }
}

/// Puts off images until the product is there, or leaves them out if it has them. Returns what is wrong with those.
pub(super) async fn put_off_images(
    target: &MagentoTarget,
    stored: &Stored,
    group: &mut ProductGroup,
) -> Result<Vec<String>, target::Error> {
    let wanted = std::mem::take(&mut group.body.images);
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let key = sku_key(&group.sku);
    let is_on_its_way = group.is_new || stored.sent.contains(&key) || stored.open.contains(&key);
    if let Some(product) = stored.get(&group.scope, &group.sku).filter(|_| !is_on_its_way)
        && let (true, problems) = images::are_done(target, product, &wanted).await?
    {
        return Ok(problems);
    }
    group.then.images = Some(wanted);
    Ok(Vec::new())
}

/// Reads the files that are sent with a product; says for which of them the row is refused.
pub(super) async fn fill_files(
    target: &MagentoTarget,
    body: &mut ProductBody,
) -> Result<Result<(), ChangeRefusal>, target::Error> {
    let kinds = [(DownloadKind::Link, "downloadable_links"), (DownloadKind::Sample, "downloadable_samples")];
    for (place, (kind, column)) in kinds.into_iter().enumerate() {
        let Some(wanted) = body.downloads[place].take() else { continue };
        match downloads::bodies(target.files.as_deref(), (kind, &wanted)).await? {
            Ok(list) => {
                body.files.insert(downloads::PARTS[place].to_owned(), list);
            }
            Err(problem) => return Ok(Err(of_column(column, problem))),
        }
    }
    Ok(Ok(()))
}
