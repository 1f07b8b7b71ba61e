//! `image_cache`: leaves a list of the images that the rows of an import name, for whoever refreshes the image cache of the
//! shop.
//!
//! The list is a CSV file with a sku and a path in each row. It names what rows say, not what has changed by them: an image
//! that is refreshed in vain costs time, one that is left out stays wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use catalog::own;
use engine::accepts::Accepts;
use engine::{Executor, ExecutorError, Outcome, Shortage, Work};
use import::Entity;
use import::bunch::Bunch;
use import::csv::CsvFormat;
use import::entity::Stated;
use import::entity::UnknownNames;
use import::entity::media::Media;
use import::entity::product::{ProductChange, Products};
use import::export::row_text;
use import::operation::Operation;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::archive;
use super::bunch_files::{BUNCH, bunch};
use super::configuration::CONFIGURATION;
use super::entity_file::{EntityFile, FileRules, NextRow};
use super::import_rows::of_target;
use super::progress::{RowPlace, count};

/// Bytes that are kept before they are written on.
const PIECE_BYTES: usize = 1024 * 1024;

/// The executor.
pub struct ImageCache;

#[async_trait]
impl Executor for ImageCache {
    fn name(&self) -> &'static str {
        "image_cache"
    }

    fn description(&self) -> &'static str {
        "leaves a list of the images that the product and media rows name, for the refresh of an image cache"
    }

    fn arguments(&self) -> Accepts {
        Accepts::Only(&[&CONFIGURATION, &BUNCH])
    }

    async fn execute(&self, work: &mut Work<'_>) -> Result<Outcome, ExecutorError> {
        let mut bunch = bunch(work)?;
        let prefixes = [Products::prefixes(), Media::prefixes()].concat();
        bunch.files.retain(|file| prefixes.contains(&file.name.prefix()));
        if bunch.files.is_empty() {
            return Ok(Outcome::Skipped { reason: "the bunch has no files that name images".to_owned() });
        }
        let shop = own::shop_facts(work.store.table.as_ref()).await.map_err(|error| of_target(error.into()))?;
        let rules = FileRules::new(work, shop, Operation::AddUpdate, UnknownNames::OptionsTaken).await?;
        let mut progress: Progress = work.checkpoint()?.unwrap_or_default();
        while progress.place.file < bunch.files.len() {
            write_list(work, &bunch, &rules, &mut progress).await?;
            if progress.place.file < bunch.files.len() {
                return Ok(Outcome::Continue { checkpoint: json!(progress), after: Duration::ZERO });
            }
        }
        publish(work, &progress).await
    }
}

/// How far the lists have come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    place: RowPlace,
    /// The keys of the lists that are written.
    lists: Vec<String>,
    images: u64,
}

/// Writes a list, to the end of the files or until time runs short.
async fn write_list(
    work: &mut Work<'_>,
    bunch: &Bunch,
    rules: &FileRules,
    progress: &mut Progress,
) -> Result<(), ExecutorError> {
    let key = work.artifact_key(&format!("image-cache_{:02}.csv", progress.lists.len() + 1));
    let mut upload = work.store.files.upload(&key).await?;
    let mut text = row_text(["sku", "image"].into_iter(), CsvFormat::RFC_4180);
    while progress.place.file < bunch.files.len() && work.shortage() == Shortage::None {
        let mut file = EntityFile::<Products>::open(work, bunch, progress.place, rules.clone()).await?;
        loop {
            match file.next().await? {
                NextRow::Row(row) => {
                    progress.place.position = Some(row.next);
                    let Some(change) = &row.change else { continue };
                    let images = images(change);
                    progress.images += images.len() as u64;
                    let rows = images
                        .into_iter()
                        .map(|image| row_text([change.sku.as_str(), image].into_iter(), CsvFormat::RFC_4180));
                    text.extend(rows);
                }
                NextRow::Bad { next, .. } => progress.place.position = Some(next),
                NextRow::Notice(_) => {}
                // What is wrong with a file was told when it was checked.
                NextRow::Broken(_) | NextRow::End => {
                    progress.place = RowPlace { file: progress.place.file + 1, ..RowPlace::default() };
                    break;
                }
            }
            if text.len() >= PIECE_BYTES {
                upload.write(std::mem::take(&mut text).into()).await?;
                if work.shortage() == Shortage::Time {
                    break;
                }
            }
        }
    }
    upload.write(text.into()).await?;
    upload.finish().await?;
    progress.lists.push(key);
    Ok(())
}

/// The images that a row names, each once.
fn images(change: &ProductChange) -> BTreeSet<&str> {
    let mut images = BTreeSet::new();
    for image in change.images.values() {
        if let Some(Stated::Set(path)) = &image.path {
            images.insert(path.as_str());
        }
    }
    if let Some(Stated::Set(additional)) = &change.additional_images {
        images.extend(additional.iter().map(|image| image.path.as_str()));
    }
    if let Some(Stated::Set(videos)) = &change.videos {
        images.extend(videos.iter().map(|video| video.image.as_str()).filter(|image| !image.is_empty()));
    }
    images
}

/// Puts the lists where they can be downloaded, and tells what they are.
async fn publish(work: &mut Work<'_>, progress: &Progress) -> Result<Outcome, ExecutorError> {
    let folder = format!("{}image-cache/", archive::prefix(work.pipeline_id()));
    let mut keys = Vec::new();
    for (number, list) in (1..).zip(&progress.lists) {
        let key = format!("{folder}image-cache_{number:02}.csv");
        if !work.store.files.copy(list, &key).await? {
            return Err(ExecutorError::permanent(format!("file `{list}` is not there any more")));
        }
        keys.push(key);
    }
    work.info(&format!("{} named", count(progress.images, "image")));
    work.set_output(json!({ "files": keys, "images": progress.images }));
    Ok(Outcome::Done)
}
