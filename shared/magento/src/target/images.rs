//! Images of products: each is sent once, and shown as rows want it.
//!
//! `wanted.rs` is what rows say, `gallery.rs` what a product has, `plan.rs` compares the two, and here the requests are made.
//! A request that adds an image must not come twice, so after one that may have arrived the shop is asked what it has.

mod gallery;
mod plan;
#[cfg(test)]
mod tests;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalog::target;
use import::entity::Stated;
use import::entity::product::ProductChange;
use serde_json::{Value, json};

use super::MagentoTarget;
use super::existing;
use super::files::{RowFileError, sent_name};
use super::problem::failed;
use crate::client::{Error, ShopCall, ShopScope, sku_key};
use gallery::{add_digests, digest, entries};
use plan::{ImageStep, WantedFile, plan};
pub(super) use wanted::WantedImages;

/// How often it is looked again what the shop has, after a request that may have arrived.
const ROUNDS: usize = 3;

/// What became of the images of a product.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ImagesDone {
    /// Requests that changed something.
    pub(super) requests: usize,
    /// Whether nothing was done, because images of a store view are not there for all of them yet.
    pub(super) waits: bool,
    /// What could not be done, for people.
    pub(super) problems: Vec<String>,
}

/// Whether images of a store view may come from rows for all of them still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It is waited for them.
    Left,
    /// It was waited long enough.
    Over,
}

/// Says whether a product has the images that rows want, and what stands in the way of it.
pub(super) async fn are_done(
    target: &MagentoTarget,
    product: &Value,
    wanted: &WantedImages,
) -> Result<(bool, Vec<String>), target::Error> {
    let (files, problems) = read_files(target, wanted).await?;
    let steps = steps(target, product, (wanted, &files)).await?;
    Ok((steps.is_empty(), problems))
}

/// Gives a product the images that rows want.
pub(super) async fn bring(
    target: &MagentoTarget,
    (scope, sku): (&ShopScope, &str),
    wanted: &WantedImages,
    patience: Patience,
) -> Result<ImagesDone, target::Error> {
    let (files, problems) = read_files(target, wanted).await?;
    let mut done = ImagesDone { problems, ..ImagesDone::default() };
    for round in 1..=ROUNDS {
        let found = existing::products(&target.client, scope, [sku], "sku,media_gallery_entries").await;
        let Some(product) = found.map_err(failed)?.remove(&sku_key(sku)) else {
            done.problems.push("images were not sent: the product is not in the shop any more".to_owned());
            return Ok(done);
        };
        let steps = steps(target, &product, (wanted, &files)).await?;
        // A row for all store views may bring the image: sent here, it would get the label of this one everywhere.
        let is_new = steps.iter().any(|step| matches!(step, ImageStep::Add { .. }));
        let labels_nothing = wanted.labels_nothing(&entries(&product));
        if (is_new || labels_nothing) && *scope != ShopScope::Global && patience == Patience::Left {
            return Ok(ImagesDone { waits: true, ..ImagesDone::default() });
        }
        if labels_nothing && round == 1 {
            done.problems.push("there is no image in the role of which a label or place is stated".to_owned());
        }
        let guard = target.client.writers().take([sku]).await;
        let made = make(target, (scope, sku), (&steps, &files), &mut done).await;
        drop(guard);
        match made {
            Ok(()) => return Ok(done),
            Err(error) if error.is_retryable() && error.may_have_arrived() && round < ROUNDS => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(done)
}

/// What is in the files that a row names as images, as a text that differs if one of them does.
pub(super) async fn contents_of(target: &MagentoTarget, change: &ProductChange) -> Result<String, target::Error> {
    let mut wanted = WantedImages::default();
    wanted.take(change);
    let (files, problems) = read_files(target, &wanted).await?;
    let digests: Vec<&str> = files.values().map(|file| file.digest.as_str()).collect();
    Ok(format!("{} {}", digests.join(" "), problems.join(" ")))
}

async fn steps(
    target: &MagentoTarget,
    product: &Value,
    (wanted, files): (&WantedImages, &BTreeMap<String, WantedFile>),
) -> Result<Vec<ImageStep>, target::Error> {
    let mut entries = entries(product);
    if !files.is_empty() {
        let sku = product["sku"].as_str().unwrap_or_default();
        add_digests(target, sku, &mut entries).await?;
    }
    Ok(plan(wanted, files, &entries))
}

/// Reads every file that rows name; says which cannot be used.
async fn read_files(
    target: &MagentoTarget,
    wanted: &WantedImages,
) -> Result<(BTreeMap<String, WantedFile>, Vec<String>), target::Error> {
    let of_role = wanted.roles.values().filter_map(|image| match &image.path {
        Some(Stated::Set(path)) => Some(path.as_str()),
        Some(Stated::Clear) | None => None,
    });
    let additional = wanted.additional.iter().flatten().map(|image| image.path.as_str());
    let paths: BTreeSet<&str> = of_role.chain(additional).collect();
    let (mut files, mut problems) = (BTreeMap::new(), Vec::new());
    for path in paths {
        let Some(source) = &target.files else {
            problems.push(format!("image `{path}` was not sent, because nobody said where the files of rows are"));
            continue;
        };
        match source.read(path).await {
            Ok(bytes) if kind_of(&bytes).is_none() => {
                problems.push(format!(
                    "image `{path}` was not sent, because it is none that a shop takes (expected JPEG, PNG or GIF)"
                ));
            }
            Ok(bytes) => {
                files.insert(path.to_owned(), WantedFile { digest: digest(&bytes), bytes });
            }
            Err(RowFileError::Unusable(problem)) => {
                problems.push(format!("image `{path}` {problem}, and was not sent"))
            }
            Err(RowFileError::Passing(problem)) => return Err(target::Error::retryable(problem)),
        }
    }
    Ok((files, problems))
}

/// Makes requests one after the other. What the shop refuses is told, and the others go on.
async fn make(
    target: &MagentoTarget,
    (scope, sku): (&ShopScope, &str),
    (steps, files): (&[ImageStep], &BTreeMap<String, WantedFile>),
    done: &mut ImagesDone,
) -> Result<(), Error> {
    for step in steps {
        let (call, what) = call_of(sku, step, files);
        match target.client.call(&call.in_scope(scope.clone())).await {
            Ok(_) => done.requests += 1,
            Err(error) if error.is_not_there() && matches!(step, ImageStep::Remove { .. }) => {}
            Err(error) => match error.refusal() {
                Some(refusal) if !error.is_retryable() && refusal.is_about_what_was_sent() => {
                    done.problems.push(format!("{what}: {}", refusal.sentence));
                }
                _ => return Err(error),
            },
        }
    }
    Ok(())
}

fn call_of(sku: &str, step: &ImageStep, files: &BTreeMap<String, WantedFile>) -> (ShopCall, String) {
    match step {
        ImageStep::Add { path, entry } => {
            let file = &files[path];
            let mut entry = entry.clone();
            entry["content"] = json!({
                "base64_encoded_data": STANDARD.encode(&file.bytes),
                "type": kind_of(&file.bytes).unwrap_or_default(), "name": sent_name(path),
            });
            (
                ShopCall::post(&["products", sku, "media"], &json!({ "entry": entry })),
                format!("image `{path}` was not taken"),
            )
        }
        ImageStep::Change { id, entry } => {
            let call = ShopCall::put(&["products", sku, "media", &id.to_string()], &json!({ "entry": entry }));
            (call, format!("image {id} was not changed"))
        }
        ImageStep::Remove { id } => {
            (ShopCall::delete(&["products", sku, "media", &id.to_string()]), format!("image {id} was not removed"))
        }
    }
}

/// What a file is by its first bytes; the shop refuses one that says something else of itself.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        _ => None,
    }
}
