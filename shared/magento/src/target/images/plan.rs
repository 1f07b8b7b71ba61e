//! What is to be done so that a product has the images that rows want.
//!
//! The shop takes the same file any number of times, renames it and hands roles on in its own way. So an image is known by
//! its content and its name, and only what is not there is sent.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use import::entity::Stated;
use import::entity::product::ImageChange;
use serde_json::{Value, json};

use super::gallery::Entry;
use super::wanted::WantedImages;
use crate::target::files::is_named;

/// A file that rows name.
#[derive(Debug, Clone)]
pub(super) struct WantedFile {
    pub(super) digest: String,
    pub(super) bytes: Bytes,
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ImageStep {
    /// The file of this path is new. Its entry lacks the content still.
    Add { path: String, entry: Value },
    /// An image is shown otherwise.
    Change { id: i64, entry: Value },
    /// An image goes.
    Remove { id: i64 },
}

/// An image that there shall be.
#[derive(Debug, Default)]
struct Desired {
    path: String,
    types: BTreeSet<String>,
    label: Option<Option<String>>,
    position: Option<i64>,
    is_disabled: Option<bool>,
    /// Which of the images of the product it is.
    entry: Option<usize>,
}

/// Returns what is to be done. Files that could not be read count as not spoken of.
pub(super) fn plan(wanted: &WantedImages, files: &BTreeMap<String, WantedFile>, entries: &[Entry]) -> Vec<ImageStep> {
    let mut desired = desired(wanted, files);
    find(&mut desired, files, entries);
    let mut steps = Vec::new();
    // Roles that go to other images, and roles that nothing shall have.
    let given: BTreeSet<&str> = desired.iter().flat_map(|one| one.types.iter().map(String::as_str)).collect();
    let is_cleared = |role: &&String| matches!(wanted.roles[*role].path, Some(Stated::Clear));
    let cleared: BTreeSet<&str> = wanted.roles.keys().filter(is_cleared).map(String::as_str).collect();
    let mut last = entries.iter().map(|entry| entry.position).max().unwrap_or(0);
    for one in desired.iter().filter(|one| one.entry.is_none()) {
        last += 1;
        let entry = json!({
            "media_type": "image", "label": one.label.clone().flatten(), "position": one.position.unwrap_or(last),
            "disabled": one.is_disabled.unwrap_or(false), "types": one.types,
        });
        steps.push(ImageStep::Add { path: one.path.clone(), entry });
    }
    let mut gone = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let found = desired.iter().find(|one| one.entry == Some(place));
        let kept = |role: &&String| !given.contains(role.as_str()) && !cleared.contains(role.as_str());
        let mut types: BTreeSet<String> = entry.types.iter().filter(kept).cloned().collect();
        types.extend(found.iter().flat_map(|one| one.types.iter().cloned()));
        let is_taken_from = !entry.types.is_empty() && types.is_empty();
        let is_all = wanted.additional.is_some() && !wanted.keeps_others;
        let may_go = entry.is_image && !wanted.is_of_view;
        if found.is_none() && may_go && types.is_empty() && (is_all || is_taken_from) {
            gone.push(ImageStep::Remove { id: entry.id });
            continue;
        }
        steps.extend(change(entry, found, (wanted, types), &cleared));
    }
    steps.extend(gone);
    steps
}

/// Puts together what is said of each file, whatever role it is said for.
fn desired(wanted: &WantedImages, files: &BTreeMap<String, WantedFile>) -> Vec<Desired> {
    let mut desired: Vec<Desired> = Vec::new();
    for (role, image) in &wanted.roles {
        let Some(Stated::Set(path)) = &image.path else { continue };
        if files.contains_key(path) {
            let one = at(&mut desired, path);
            one.types.insert(role.clone());
            say(one, image);
        }
    }
    for image in wanted.additional.iter().flatten().filter(|image| files.contains_key(&image.path)) {
        let one = at(&mut desired, &image.path);
        if one.label.is_none() && !image.label.is_empty() {
            one.label = Some(Some(image.label.clone()));
        }
        one.position = one.position.or(image.position.map(i64::from));
        one.is_disabled = Some(image.is_disabled);
    }
    if let Some(hidden) = &wanted.hidden {
        for one in &mut desired {
            let is_hidden = hidden.contains(&one.path);
            one.is_disabled = Some(is_hidden || one.is_disabled == Some(true));
        }
    }
    desired
}

fn at<'d>(desired: &'d mut Vec<Desired>, path: &str) -> &'d mut Desired {
    let place = desired.iter().position(|one| one.path == path).unwrap_or_else(|| {
        desired.push(Desired { path: path.to_owned(), ..Desired::default() });
        desired.len() - 1
    });
    &mut desired[place]
}

fn say(one: &mut Desired, image: &ImageChange) {
    if one.label.is_none() {
        one.label = label_of(image);
    }
    one.position = one.position.or(image.position.map(i64::from));
}

fn label_of(image: &ImageChange) -> Option<Option<String>> {
    match &image.label {
        Some(Stated::Set(label)) => Some(Some(label.clone())),
        Some(Stated::Clear) => Some(None),
        None => None,
    }
}

/// Finds the images that are there already, each once.
fn find(desired: &mut [Desired], files: &BTreeMap<String, WantedFile>, entries: &[Entry]) {
    let mut taken = BTreeSet::new();
    for one in desired {
        let file = &files[&one.path];
        let is_it = |entry: &Entry| entry.digest.as_ref() == Some(&file.digest) && is_named(&entry.file, &one.path);
        one.entry = (0..entries.len()).find(|place| !taken.contains(place) && is_it(&entries[*place]));
        taken.extend(one.entry);
    }
}

/// Returns the request that shows an image as it shall be shown, if it is shown otherwise.
fn change(
    entry: &Entry,
    found: Option<&Desired>,
    (wanted, types): (&WantedImages, BTreeSet<String>),
    cleared: &BTreeSet<&str>,
) -> Option<ImageStep> {
    let own = Desired::default();
    let found = found.unwrap_or(&own);
    // What is said of a role without a path is said of the image that has it.
    let of_roles = || {
        let of_role = |role: &String| wanted.roles.get(role).filter(|image| image.path.is_none());
        entry.types.iter().filter_map(of_role)
    };
    let label = found.label.clone().or_else(|| of_roles().find_map(label_of));
    let position = found.position.or_else(|| of_roles().find_map(|image| image.position.map(i64::from)));
    let label = label.unwrap_or_else(|| entry.label.clone());
    let position = position.unwrap_or(entry.position);
    let is_disabled = found.is_disabled.unwrap_or(entry.is_disabled);
    // A role that goes to another image goes by itself.
    let gains = !types.is_subset(&entry.types);
    let loses = entry.types.iter().any(|role| cleared.contains(role.as_str()));
    let is_same = label == entry.label && position == entry.position && is_disabled == entry.is_disabled;
    if is_same && !gains && !loses {
        return None;
    }
    let media_type = if entry.is_image { "image" } else { "external-video" };
    let body = json!({
        "id": entry.id, "media_type": media_type, "label": label, "position": position, "disabled": is_disabled,
        "types": types,
    });
    Some(ImageStep::Change { id: entry.id, entry: body })
}
