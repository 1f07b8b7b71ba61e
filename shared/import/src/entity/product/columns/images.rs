//! Images and videos of products.

use crate::entity::description::{Column, column};
use crate::entity::product::kind::ProductColumn;

pub(super) const IMAGES: &[Column<ProductColumn>] = &[
    column("base_image", ProductColumn::ImagePath, "/m/b/mb01-blue-0.jpg", "image of the product page"),
    column("base_image_label", ProductColumn::ImageLabel, "Front", "text shown for the base image"),
    column("base_image_position", ProductColumn::ImagePosition, "1", "place of the base image in the gallery"),
    column("small_image", ProductColumn::ImagePath, "/m/b/mb01-blue-0.jpg", "image of listings"),
    column("small_image_label", ProductColumn::ImageLabel, "Front", "text shown for the small image"),
    column("small_image_position", ProductColumn::ImagePosition, "1", "place of the small image in the gallery"),
    column("thumbnail_image", ProductColumn::ImagePath, "/m/b/mb01-blue-0.jpg", "image of the cart"),
    column("thumbnail_image_label", ProductColumn::ImageLabel, "Front", "text shown for the thumbnail"),
    column("thumbnail_image_position", ProductColumn::ImagePosition, "1", "place of the thumbnail in the gallery"),
    column("swatch_image", ProductColumn::ImagePath, "/m/b/mb01-blue-swatch.jpg", "image of the swatch"),
    column("swatch_image_label", ProductColumn::ImageLabel, "Blue", "text shown for the swatch"),
    column("swatch_image_position", ProductColumn::ImagePosition, "4", "place of the swatch in the gallery"),
    column(
        "additional_images",
        ProductColumn::AdditionalImages,
        "/m/b/mb01-blue-1.jpg,/m/b/mb01-blue-2.jpg",
        "images without a role",
    ),
    column(
        "additional_image_labels",
        ProductColumn::Companion,
        "Back,Inside",
        "texts shown for the `additional_images`",
    ),
    column(
        "additional_image_positions",
        ProductColumn::Companion,
        "2,3",
        "places of the `additional_images` in the gallery",
    ),
    column(
        "additional_image_disabled",
        ProductColumn::Companion,
        "/m/b/mb01-blue-2.jpg",
        "those of the `additional_images` that the shop leaves out",
    ),
    column(
        "disabled_images",
        ProductColumn::Companion,
        "/m/b/mb01-blue-2.jpg",
        "the same as `additional_image_disabled`, which comes first",
    ),
    column(
        "hide_from_product_page",
        ProductColumn::HiddenImages,
        "/m/b/mb01-blue-2.jpg",
        "images that the product page does not show",
    ),
    column(
        "videos",
        ProductColumn::Videos,
        "url=https://vimeo.com/1084537,title=In use,image=/m/b/mb01-video.jpg,position=5",
        "videos of the gallery, each with the image that stands for it",
    ),
];
