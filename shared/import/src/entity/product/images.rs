//! Images of a product: paths, labels and places.

use std::collections::HashSet;

use super::parts::AdditionalImage;
use super::read::{CellPlace, ProductReading};
use super::relations::{RelationError, positions_in};
use crate::cell;
use crate::entity::stated::Stated;

/// Why a text is not the path of an image; reads as the end of a sentence that starts with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ImagePathError {
    #[error("leads out of the media directory")]
    Outside,
    #[error("is not the path of one image; several are separated by `,` and stand in `additional_images`")]
    Several,
    #[error("holds a control character")]
    Control,
}

/// The role of an image column: its name without what the column tells about the image.
pub(super) fn role(column: &str) -> &str {
    let role = column.strip_suffix("_label").or_else(|| column.strip_suffix("_position"));
    role.unwrap_or(column)
}

impl ProductReading<'_, '_> {
    pub(super) fn read_image_path(&mut self, place: CellPlace<'_>, stated: Stated<&str>) {
        let path = match stated {
            // The word with which shops say that there is no image. It has never removed one.
            Stated::Set(text) if text.trim() == "no_selection" => return,
            Stated::Set(text) => {
                let Some(path) = self.cells.usable(place.label, text, path(text)) else { return };
                Stated::Set(path)
            }
            Stated::Clear => Stated::Clear,
        };
        self.image(place.name).path = Some(path);
    }

    pub(super) fn read_additional_images(&mut self, column: &str, stated: Stated<&str>) {
        let [labels, positions, disabled, hidden] =
            ["additional_image_labels", "additional_image_positions", "additional_image_disabled", "disabled_images"]
                .map(|name| self.cells.cell(name));
        let disabled = if disabled.trim().is_empty() { hidden } else { disabled };
        self.change.additional_images = self.read_list(column, stated, |text, dialect| {
            let labels = cell::places(labels, dialect)?;
            let positions = positions_in(positions, dialect)?;
            let disabled: HashSet<String> = cell::list(disabled, dialect)?.into_iter().collect();
            let mut images = Vec::new();
            for (index, path) in cell::places(text, dialect)?.into_iter().enumerate() {
                if path.is_empty() {
                    continue;
                }
                images.push(AdditionalImage {
                    path: self::path(&path).map_err(|problem| RelationError::Image { path: path.clone(), problem })?,
                    label: labels.get(index).cloned().unwrap_or_default(),
                    position: positions.get(index).copied().flatten(),
                    is_disabled: disabled.contains(&path),
                });
            }
            Ok(images)
        });
    }
}

/// Checks a path below the media directory, or an address.
fn path(text: &str) -> Result<String, ImagePathError> {
    let text = text.trim();
    let is_address = text.contains("://");
    if text.chars().any(char::is_control) {
        return Err(ImagePathError::Control);
    }
    if !is_address && text.split(['/', '\\']).any(|part| part == "..") {
        return Err(ImagePathError::Outside);
    }
    if !is_address && text.contains([',', ';', '|']) {
        return Err(ImagePathError::Several);
    }
    Ok(text.to_owned())
}
