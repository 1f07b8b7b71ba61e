//! What is done about images, whatever the shop has.

use std::collections::BTreeMap;

use bytes::Bytes;
use import::entity::Stated;
use import::entity::product::{AdditionalImage, ImageChange, ProductChange};
use serde_json::{Value, json};

use super::gallery::{Entry, digest, entries};
use super::plan::{ImageStep, WantedFile, plan};
use super::wanted::WantedImages;

/// Files of which the content is the path.
fn files(paths: &[&str]) -> BTreeMap<String, WantedFile> {
    let file = |path: &&str| {
        let bytes = Bytes::copy_from_slice(path.as_bytes());
        ((*path).to_owned(), WantedFile { digest: digest(&bytes), bytes })
    };
    paths.iter().map(file).collect()
}

/// An image of the shop with the content of a file.
fn there(id: i64, file: &str, of: &str, types: &[&str]) -> Entry {
    let shown = json!({"media_gallery_entries": [{
        "id": id, "media_type": "image", "file": file, "label": null, "position": id, "disabled": false, "types": types,
    }]});
    Entry { digest: Some(digest(of.as_bytes())), ..entries(&shown).remove(0) }
}

fn role(role: &str, path: &str) -> (String, ImageChange) {
    let image = ImageChange { path: Some(Stated::Set(path.to_owned())), ..ImageChange::default() };
    (role.to_owned(), image)
}

fn additional(paths: &[&str]) -> Option<Stated<Vec<AdditionalImage>>> {
    let image = |path: &&str| AdditionalImage {
        path: (*path).to_owned(),
        label: String::new(),
        position: None,
        is_disabled: false,
    };
    Some(Stated::Set(paths.iter().map(image).collect()))
}

fn wanted(change: &ProductChange) -> WantedImages {
    let mut wanted = WantedImages::default();
    wanted.take(change);
    wanted
}

fn told(steps: Vec<ImageStep>) -> Vec<String> {
    let types = |entry: &Value| entry["types"].to_string();
    let step = |step: ImageStep| match step {
        ImageStep::Add { path, entry } => format!("add {path} {}", types(&entry)),
        ImageStep::Change { id, entry } => format!("change {id} {}", types(&entry)),
        ImageStep::Remove { id } => format!("remove {id}"),
    };
    steps.into_iter().map(step).collect()
}

#[test]
fn a_file_is_sent_once_however_the_shop_has_named_it() {
    let change = ProductChange {
        images: [role("base_image", "/a.png"), role("small_image", "/a.png")].into(),
        additional_images: additional(&["/b.png"]),
        ..ProductChange::default()
    };
    let files = files(&["/a.png", "/b.png"]);
    let wanted = wanted(&change);
    assert_eq!(told(plan(&wanted, &files, &[])), [r#"add /a.png ["image","small_image"]"#, "add /b.png []"]);
    let has = [there(1, "/a/_/a_1.png", "/a.png", &["image", "small_image"]), there(2, "/b/_/b.png", "/b.png", &[])];
    assert_eq!(plan(&wanted, &files, &has), []);
    // Another content under the same name is another image, and takes the place of the first.
    let other = [there(1, "/a/_/a.png", "older", &["image", "small_image"]), has[1].clone()];
    assert_eq!(told(plan(&wanted, &files, &other)), [r#"add /a.png ["image","small_image"]"#, "remove 1"]);
}

#[test]
fn an_image_that_lost_its_last_role_goes_and_others_stay_unless_all_are_named() {
    let change = ProductChange { images: [role("base_image", "/new.png")].into(), ..ProductChange::default() };
    let files = files(&["/new.png"]);
    let has = [
        there(1, "/o/l/old.png", "old", &["image"]),
        there(2, "/t/w/two.png", "two", &["image", "thumbnail"]),
        there(3, "/e/x/extra.png", "extra", &[]),
    ];
    assert_eq!(told(plan(&wanted(&change), &files, &has)), [r#"add /new.png ["image"]"#, "remove 1"]);
    let all = ProductChange { additional_images: Some(Stated::Clear), ..change };
    assert_eq!(told(plan(&wanted(&all), &files, &has)), [r#"add /new.png ["image"]"#, "remove 1", "remove 3"]);
    // A store view shows others, and takes none away from everybody.
    let of_view = ProductChange { store_view: Some("de_DE".to_owned()), ..all };
    assert_eq!(told(plan(&wanted(&of_view), &files, &has)), [r#"add /new.png ["image"]"#]);
}

#[test]
fn what_is_said_of_a_role_alone_is_said_of_the_image_that_has_it() {
    let label = ImageChange { label: Some(Stated::Set("Front".to_owned())), ..ImageChange::default() };
    let change = ProductChange { images: [("base_image".to_owned(), label)].into(), ..ProductChange::default() };
    let has = [there(1, "/a.png", "a", &["image"]), there(2, "/b.png", "b", &[])];
    let steps = plan(&wanted(&change), &BTreeMap::new(), &has);
    let entry =
        json!({"id": 1, "media_type": "image", "label": "Front", "position": 1, "disabled": false, "types": ["image"]});
    assert_eq!(steps, [ImageStep::Change { id: 1, entry }]);
    let gone = ImageChange { path: Some(Stated::Clear), ..ImageChange::default() };
    let change = ProductChange { images: [("base_image".to_owned(), gone)].into(), ..ProductChange::default() };
    assert_eq!(told(plan(&wanted(&change), &BTreeMap::new(), &has)), ["remove 1"]);
}
