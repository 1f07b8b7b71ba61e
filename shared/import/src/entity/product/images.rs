//! Images of a product: paths, labels and places.

use std::collections::HashSet;

use super::cell_place::CellPlace;
use super::change::ImageChange;
use super::image_path::image_path;
use super::parts::AdditionalImage;
use super::read::ProductReading;
use super::relations::{RelationError, positions_in};
use crate::cell;
use crate::entity::stated::Stated;

/// The role of an image column: its name without what the column tells about the image.
fn role(column: &str) -> &str {
    let role = column.strip_suffix("_label").or_else(|| column.strip_suffix("_position"));
    role.unwrap_or(column)
}

impl ProductReading<'_, '_> {
    /// What the row says of the image of a column, be it its path, its label or its position.
    pub(super) fn image_of(&mut self, column: &str) -> &mut ImageChange {
        self.image(role(column))
    }

    pub(super) fn read_image_path(&mut self, place: CellPlace<'_>, stated: Stated<&str>) {
        let path = match stated {
            // The word with which shops say that there is no image. It has never removed one.
            Stated::Set(text) if text.trim() == "no_selection" => return,
            Stated::Set(text) => {
                let Some(path) = self.cells.usable(place.label, text, image_path(text)) else { return };
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
                    path: image_path(&path).map_err(|problem| RelationError::Image { path: path.clone(), problem })?,
                    label: labels.get(index).cloned().unwrap_or_default(),
                    position: positions.get(index).copied().flatten(),
                    is_disabled: disabled.contains(&path),
                });
            }
            Ok(images)
        });
    }
}
