//! Sends what had to wait until a product is there, or those that it names.

use std::collections::BTreeSet;

use catalog::target::{self, ItemOutcome};
use serde_json::{Value, json};

use super::{Asked, SentAgain};
use crate::bulk::{BulkRoute, look_after};
use crate::client::{Error, ShopClient, ShopScope, sku_key};
use crate::target::afterwards::Attached;
use crate::target::existing::{self, Products, SourceItems};
use crate::target::images::{self, Patience};
use crate::target::placed_stock::PlacedStock;
use crate::target::problem::failed;
use crate::target::relations::{NAMED_FIELDS, NamedProducts};
use crate::target::token::BulkToken;
use crate::target::{MagentoTarget, bundle};

/// How often a product is looked for that another one names. It may be in a list that is sent once more.
const LOOKS: u32 = 3;

/// Requests for images of one look: the runner is to be let go in between.
const IMAGE_REQUESTS: usize = 100;

/// How often it is waited for images of all store views before one of them brings its own.
const LOOKS_FOR_IMAGES: u32 = 12;

/// What became of the images of a product.
enum Brought {
    All,
    /// There is no time left for them.
    Later,
    /// Other rows come first.
    Waits,
}

/// What a configurable product has of its variations.
const VARIATIONS: &str = "configurable_product_links";

/// What the shop has of products of which more is sent, and of those that they name.
struct Found {
    own: Products,
    named: NamedProducts,
    source_items: SourceItems,
}

/// What is done with one product.
enum Step {
    Send(Value),
    Nothing,
    Wait,
    Refuse(String),
}

impl Asked {
    /// Sends the rest of products that are there now.
    pub(super) async fn attach(&mut self, target: &MagentoTarget) -> Result<(), target::Error> {
        let entries = std::mem::take(&mut self.attach);
        if entries.is_empty() {
            return Ok(());
        }
        let client = target.client.as_ref();
        let then: Vec<Attached> = entries.iter().map(|entry| self.token.then[entry].clone()).collect();
        let found = read(client, &then).await.map_err(failed)?;
        self.place_stock(client, &entries, &found).await.map_err(failed)?;
        let mut sent = Vec::new();
        let mut waiting = Vec::new();
        let (mut left, mut looks) = (IMAGE_REQUESTS, self.token.looks);
        for (entry, mut attached) in entries.into_iter().zip(then) {
            let (rows, is_new) = (self.rows_of(entry), self.token.new.contains(&entry));
            match self.bring_images(target, (&mut attached, &rows), &mut left).await? {
                Brought::All => {}
                Brought::Later => {
                    waiting.push((entry, is_new, attached));
                    continue;
                }
                Brought::Waits => {
                    looks = self.token.looks + 1;
                    waiting.push((entry, is_new, attached));
                    continue;
                }
            }
            match self.step(target, (&attached, &rows), &found).await? {
                Step::Send(item) => sent.push(SentAgain {
                    rows,
                    item,
                    is_new,
                    then: None,
                    accepted: self.token.accepted.get(&entry).cloned(),
                }),
                Step::Nothing if self.token.is_later() && !attached.was_sent => self.settle_unchanged(entry),
                Step::Nothing => self.settle(entry),
                Step::Wait => {
                    looks = self.token.looks + 1;
                    attached.was_sent |= !self.token.is_later();
                    waiting.push((entry, is_new, attached));
                }
                Step::Refuse(problem) => self.refuse(entry, &problem),
            }
        }
        self.send(client, (BulkRoute::UpdateProducts, 0), sent).await?;
        self.wait(client, looks, waiting);
        Ok(())
    }

    /// Gives a product its images.
    async fn bring_images(
        &mut self,
        target: &MagentoTarget,
        (attached, rows): (&mut Attached, &[usize]),
        left: &mut usize,
    ) -> Result<Brought, target::Error> {
        let Some(wanted) = attached.then.images.take() else { return Ok(Brought::All) };
        attached.was_sent |= !self.token.is_later();
        if *left == 0 {
            attached.then.images = Some(wanted);
            return Ok(Brought::Later);
        }
        let patience = if self.token.looks < LOOKS_FOR_IMAGES { Patience::Left } else { Patience::Over };
        let done = images::bring(target, (&self.token.scope(), &attached.sku), &wanted, patience).await?;
        if done.waits {
            attached.then.images = Some(wanted);
            return Ok(Brought::Waits);
        }
        *left = left.saturating_sub(done.requests);
        attached.was_sent |= done.requests > 0;
        for problem in done.problems {
            rows.first().into_iter().for_each(|row| self.tally.note(*row, Some("base_image"), problem.clone()));
        }
        Ok(Brought::All)
    }

    async fn place_stock(&mut self, client: &ShopClient, entries: &[usize], found: &Found) -> Result<(), Error> {
        let mut placed = PlacedStock::default();
        for entry in entries {
            let (rows, Attached { sku, then, .. }) = (self.rows_of(*entry), &self.token.then[entry]);
            let outcome = if self.token.new.contains(entry) { ItemOutcome::Created } else { ItemOutcome::Updated };
            placed.take(&found.source_items, (sku, &rows, outcome), then.source_items.clone());
        }
        placed.send(client, &mut self.tally).await
    }

    /// Decides about one product.
    async fn step(
        &mut self,
        target: &MagentoTarget,
        (attached, rows): (&Attached, &[usize]),
        found: &Found,
    ) -> Result<Step, target::Error> {
        let Attached { sku, then, .. } = attached;
        let mut relations = then.relations.clone();
        if relations.is_empty() {
            return Ok(Step::Nothing);
        }
        if let Some(missing) = relations.missing(&found.named) {
            let key = sku_key(missing);
            let is_open = || target.in_flight.open_skus(&target.client);
            if self.token.looks < LOOKS || is_open().await.map_err(failed)?.contains(&key) {
                return Ok(Step::Wait);
            }
        }
        for left_out in relations.leave_out_missing(&found.named) {
            let problem = format!("product `{left_out}` is not in the shop, so the link to it was left out");
            rows.first().into_iter().for_each(|row| self.tally.note(*row, None, problem.clone()));
        }
        if let Some(missing) = relations.missing(&found.named) {
            let what = if relations.variations.iter().any(|sku| sku == missing) { "variation" } else { "part" };
            return Ok(Step::Refuse(format!(
                "the product is there, but its {what} `{missing}` is not; import it, then this again"
            )));
        }
        let Some(own) = found.own.get(&sku_key(sku)) else {
            return Ok(Step::Refuse(format!("product `{sku}` is not in the shop any more")));
        };
        let mut product = json!({ "sku": sku });
        if let Some(links) = relations.links_of(sku, &found.named, own) {
            product["product_links"] = links;
        }
        if let Some(options) = relations.bundle_of(own) {
            product["extension_attributes"][bundle::PART] = options;
        }
        let attached = own["extension_attributes"][VARIATIONS].as_array().into_iter().flatten();
        let attached: BTreeSet<i64> = attached.filter_map(Value::as_i64).collect();
        if let Some(ids) = relations.variation_ids(&found.named).filter(|ids| *ids != attached) {
            product["extension_attributes"][VARIATIONS] = json!(ids);
        }
        let has_more = product.as_object().is_some_and(|fields| fields.len() > 1);
        Ok(if has_more { Step::Send(json!({ "product": product })) } else { Step::Nothing })
    }

    /// Leaves rows pending until the products that they name are there.
    fn wait(&mut self, client: &ShopClient, looks: u32, waiting: Vec<(usize, bool, Attached)>) {
        if waiting.is_empty() {
            return;
        }
        let mut token = BulkToken::later(&self.token.scope(), Vec::new(), client.wire().now());
        token.looks = looks;
        let mut rows = Vec::new();
        for (entry, (before, is_new, attached)) in waiting.into_iter().enumerate() {
            let of_entry = self.rows_of(before);
            token.accepted.extend(self.token.accepted.get(&before).cloned().map(|rows| (entry, rows)));
            token.new.extend(is_new.then_some(entry));
            token.then.insert(entry, attached);
            for row in of_entry.into_iter().filter(|row| !self.tally.is_refused(*row)) {
                rows.push(row);
                token.entries.push(entry);
            }
        }
        let after = look_after(Some(std::time::Duration::from_secs(self.token.waited)));
        token.waited = after.as_secs();
        if !rows.is_empty() {
            self.tally.leave(&rows, token.write(), after.as_secs());
        }
    }
}

async fn read(client: &ShopClient, then: &[Attached]) -> Result<Found, Error> {
    let skus: BTreeSet<&str> = then.iter().flat_map(|one| one.then.relations.skus()).collect();
    let named = existing::products(client, &ShopScope::Global, skus, NAMED_FIELDS).await?;
    let related = then.iter().filter(|one| !one.then.relations.is_empty());
    let skus: BTreeSet<&str> = related.map(|one| one.sku.as_str()).collect();
    let mut own = existing::products(client, &ShopScope::Global, skus, "sku,product_links").await?;
    for (part, keys) in [
        (bundle::PART, keys_of(then, |one| one.then.relations.bundle.is_some())),
        (VARIATIONS, keys_of(then, |one| !one.then.relations.variations.is_empty())),
    ] {
        existing::add_parts(client, &mut own, (&keys, &[part])).await?;
    }
    let placed: BTreeSet<&str> =
        then.iter().filter(|one| one.then.source_items.is_some()).map(|one| one.sku.as_str()).collect();
    let source_items = existing::source_items(client, placed).await?;
    Ok(Found { own, named, source_items })
}

fn keys_of(then: &[Attached], has: impl Fn(&&Attached) -> bool) -> Vec<String> {
    then.iter().filter(has).map(|one| sku_key(&one.sku)).collect()
}
