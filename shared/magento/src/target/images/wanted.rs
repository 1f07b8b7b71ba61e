//! What rows say of the images of a product.

use std::collections::BTreeMap;

use import::Entity;
use import::configuration::ListPart;
use import::entity::Stated;
use import::entity::product::{AdditionalImage, ImageChange, ProductChange, Products};
use serde::{Deserialize, Serialize};

use super::gallery::Entry;

/// What rows say of the images of a product.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::target) struct WantedImages {
    /// By role in the shop's words, such as `image`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) roles: BTreeMap<String, ImageChange>,
    /// Images without a role: all that there shall be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) additional: Option<Vec<AdditionalImage>>,
    /// Paths of all images that the page does not show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hidden: Option<Vec<String>>,
    /// Whether images without a role stay that no row names.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) keeps_others: bool,
    /// Whether it is what one store view shows: all of them share the images themselves, so none goes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_of_view: bool,
}

impl WantedImages {
    /// Takes over what a row says; what it does not speak of stays as earlier rows have it.
    pub(in crate::target) fn take(&mut self, change: &ProductChange) {
        self.is_of_view = change.store_view.is_some();
        for (column, image) in &change.images {
            let known = Products::OTHER_NAMES.iter().find(|(_, name)| name == column);
            let role = known.map_or(column.as_str(), |(code, _)| code);
            let wanted = self.roles.entry(role.to_owned()).or_default();
            if image.path.is_some() {
                // Label and position belong to the image that goes.
                *wanted = ImageChange { path: image.path.clone(), ..ImageChange::default() };
            }
            wanted.label = image.label.clone().or(wanted.label.take());
            wanted.position = image.position.or(wanted.position);
        }
        if let Some(stated) = &change.additional_images {
            self.additional = Some(listed(stated));
            self.keeps_others = change.added_to.contains(&ListPart::AdditionalImages);
        }
        if let Some(stated) = &change.hidden_images {
            self.hidden = Some(listed(stated));
        }
    }

    /// Says whether a label or place is stated for a role that no image has.
    pub(super) fn labels_nothing(&self, entries: &[Entry]) -> bool {
        let is_had = |role: &String| entries.iter().any(|entry| entry.types.contains(role));
        let is_set = |image: &ImageChange| matches!(image.label, Some(Stated::Set(_))) || image.position.is_some();
        self.roles.iter().any(|(role, image)| image.path.is_none() && is_set(image) && !is_had(role))
    }

    pub(in crate::target) fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.additional.is_none() && self.hidden.is_none()
    }
}

fn listed<T: Clone>(stated: &Stated<Vec<T>>) -> Vec<T> {
    match stated {
        Stated::Set(items) => items.clone(),
        Stated::Clear => Vec::new(),
    }
}
