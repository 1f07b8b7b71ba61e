//! Media: the images of products, with their roles, labels and places in the gallery.

use super::product::{Product, ProductColumn};
use super::product_part::{ProductPart, columns, contents};
use super::{About, Column, ExecutorAbout};

/// Images of products, for all store views or for one.
pub struct Media;

impl ProductPart for Media {
    const PART: About = About {
        name: "media",
        singular: "media row",
        prefix: "product-media-import",
        summary: "images and videos of products that there are: roles, labels, places in the gallery, and what the page hides",
        key: &["sku"],
        validate: ExecutorAbout { name: "validate_media", description: "checks every row of the media files" },
        import: ExecutorAbout {
            name: "import_media",
            description: "merges the rows of the media files into the products",
        },
    };
    const PART_OTHER_PREFIXES: &'static [&'static str] = &["media-import"];
    const PART_COLUMNS: &'static [Column<ProductColumn>] = &columns([
        "sku",
        "store_view_code",
        "base_image",
        "base_image_label",
        "base_image_position",
        "small_image",
        "small_image_label",
        "small_image_position",
        "thumbnail_image",
        "thumbnail_image_label",
        "thumbnail_image_position",
        "swatch_image",
        "swatch_image_label",
        "swatch_image_position",
        "additional_images",
        "additional_image_labels",
        "additional_image_positions",
        "additional_image_disabled",
        "disabled_images",
        "hide_from_product_page",
        "videos",
        "original_data",
    ]);

    fn is_of_part(kind: &ProductColumn) -> bool {
        matches!(kind, ProductColumn::ImagePath | ProductColumn::ImageLabel | ProductColumn::ImagePosition)
    }

    fn take(product: &mut Product, store_view: Option<&str>) {
        for shown in contents(product, store_view) {
            shown.images.clear();
            shown.additional_images.clear();
            shown.hidden_images.clear();
            shown.videos.clear();
        }
    }
}
