//! Images of a product: their files, roles and labels, and what the shop does to them on the way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::state::product::{Image, Product, next};

/// Roles an image can have; any other word is left out without a word.
const ROLES: [&str; 4] = ["image", "small_image", "thumbnail", "swatch_image"];

/// What a role holds that once had an image.
const NOTHING: &str = "no_selection";

/// A file name with only letters, digits, hyphens, dots and underscores in it.
pub(crate) fn clean(name: &str) -> String {
    let mut cleaned = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || "-._".contains(c) {
            cleaned.push(c.to_ascii_lowercase());
        } else if !cleaned.ends_with('_') {
            cleaned.push('_');
        }
    }
    cleaned
}

/// The place of a file: below its first two letters.
pub(crate) fn path_of(name: &str) -> String {
    let letters: Vec<char> = name.chars().take(2).map(|c| if c == '.' { '_' } else { c }).collect();
    letters.iter().map(|letter| format!("/{letter}")).chain([format!("/{name}")]).collect()
}

/// Reads the content of an image, or says why it is none.
fn content(sent: &Value) -> Result<(String, String, String), Refusal> {
    // A missing content is null where an object is wanted.
    let content = sent.get("content").filter(|content| !content.is_null()).ok_or(Refusal::TypeError)?;
    let part = |name: &str| text_of(content, name).unwrap_or_default();
    let [data, mime, name] = ["base64_encoded_data", "type", "name"].map(part);
    let not_one = || Refusal::bad("The image content must be valid base64 encoded data.");
    let bytes = STANDARD.decode(&data).map_err(|_| not_one())?;
    let found = mime_of(&bytes).ok_or_else(not_one)?;
    if found != mime {
        return Err(Refusal::bad("The image MIME type is not valid or not supported."));
    }
    if name.is_empty()
        || name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '`', ';', '\'', '{', '}', '(', ')'])
    {
        return Err(Refusal::bad("Provided image name contains forbidden characters."));
    }
    Ok((data, mime, name))
}

fn mime_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        _ => None,
    }
}

/// Adds an image and gives its id.
pub(super) fn add(call: &mut Call<'_>, product: &mut Product, sent: &Value) -> Result<i64, Refusal> {
    let (data, mime, name) = content(sent)?;
    let id = next(&mut call.state.products.next_image);
    let same = product.images.iter().position(|image| image.content.0 == data && is_named(&image.file, &clean(&name)));
    let image = Image {
        id,
        media_type: text_of(sent, "media_type").unwrap_or_default(),
        file: free_path(product, &clean(&name)),
        position: whole_of(sent, "position").unwrap_or(0),
        labels: [(0, label(sent))].into(),
        content: (data, mime),
    };
    let roles = roles(sent);
    if let (Some(same), true) = (same, roles.is_empty()) {
        take_over(product, same, &image);
    }
    let file = image.file.clone();
    product.images.push(image);
    for role in roles {
        product.put(role, 0, &file);
    }
    Ok(id)
}

/// The same file sent again without roles gets those of the first one, which takes the label and place of the new one.
fn take_over(product: &mut Product, first: usize, image: &Image) {
    let old = product.images[first].file.clone();
    product.images[first].position = image.position;
    product.images[first].labels.clone_from(&image.labels);
    for role in ROLES {
        if product.value(role, 0) == Some(&old) {
            product.put(role, 0, &image.file);
        }
    }
}

fn is_named(file: &str, name: &str) -> bool {
    let stem = |name: &str| name.rsplit_once('.').map_or(name.to_owned(), |(stem, _)| stem.to_owned());
    let own = stem(file.rsplit('/').next().unwrap_or_default());
    own == stem(name)
        || own.strip_prefix(&stem(name)).is_some_and(|rest| rest.starts_with('_') && rest[1..].parse::<u32>().is_ok())
}

/// A path that no image of the product has: the second file of a name is `…_1`.
fn free_path(product: &Product, name: &str) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let mut path = path_of(name);
    let mut number = 0;
    while product.images.iter().any(|image| image.file == path) {
        number += 1;
        path = path_of(&format!("{stem}_{number}.{ending}"));
    }
    path
}

fn label(sent: &Value) -> (Option<String>, bool) {
    (text_of(sent, "label"), sent.get("disabled").and_then(Value::as_bool).unwrap_or(false))
}

fn roles(sent: &Value) -> Vec<&'static str> {
    let types: Vec<&str> =
        sent.get("types").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    ROLES.into_iter().filter(|role| types.contains(role)).collect()
}

/// Changes an image: label and visibility at the store view, place and roles for all of them.
pub(super) fn change(product: &mut Product, id: i64, sent: &Value, store: u32) -> bool {
    let Some(image) = product.images.iter_mut().find(|image| image.id == id) else { return false };
    if let Some(position) = whole_of(sent, "position") {
        image.position = position;
    }
    image.labels.insert(store, label(sent));
    let file = image.file.clone();
    if sent.get("types").is_some_and(|types| !types.is_null()) {
        let wanted = roles(sent);
        for role in ROLES {
            if wanted.contains(&role) {
                product.put(role, 0, &file);
            } else if product.value(role, 0) == Some(&file) {
                product.put(role, 0, NOTHING);
            }
        }
    }
    true
}

/// Removes an image and empties its roles.
pub(super) fn remove(product: &mut Product, id: i64) -> bool {
    let Some(at) = product.images.iter().position(|image| image.id == id) else { return false };
    let file = product.images.remove(at).file;
    for role in ROLES {
        if product.value(role, 0) == Some(&file) {
            product.put(role, 0, NOTHING);
        }
    }
    true
}

/// The list of a product's body: entries without an id are added, entries with one are kept, and if there is one with an
/// id, all others go. An empty list removes everything.
pub(super) fn replace(call: &mut Call<'_>, product: &mut Product, list: &[Value]) -> Result<(), Refusal> {
    let kept: Vec<i64> = list.iter().filter_map(|entry| whole_of(entry, "id")).collect();
    let old: Vec<i64> = product.images.iter().map(|image| image.id).collect();
    if list.is_empty() || !kept.is_empty() {
        for id in old.into_iter().filter(|id| !kept.contains(id)) {
            remove(product, id);
        }
    }
    for entry in list {
        match whole_of(entry, "id") {
            Some(id) => {
                change(product, id, entry, call.store);
            }
            None => {
                let roles = roles(entry);
                add(call, product, entry)?;
                // Roles that the new image did not get are empty if the image before it had them.
                let file = product.images.last().map(|image| image.file.clone()).unwrap_or_default();
                empty_roles_of_twins(product, &file, &roles);
            }
        }
    }
    Ok(())
}

fn empty_roles_of_twins(product: &mut Product, file: &str, roles: &[&str]) {
    let is_held =
        |product: &Product, role: &str| product.value(role, 0).is_some_and(|held| held != NOTHING && held != file);
    if roles.is_empty() {
        return;
    }
    for role in ROLES.into_iter().filter(|role| !roles.contains(role)) {
        if is_held(product, role) {
            product.put(role, 0, NOTHING);
        }
    }
}

/// Images in their order, as products show them.
pub(super) fn view(product: &Product, store: u32) -> Value {
    sorted(product).into_iter().map(|image| entry(product, image, store)).collect()
}

/// Images with their content, as the media calls show them.
pub(super) fn view_with_content(product: &Product, store: u32) -> Vec<Value> {
    let with_content = |image: &Image| {
        let mut entry = entry(product, image, store);
        let name = image.file.rsplit('/').next().unwrap_or_default();
        entry["content"] = json!({"base64_encoded_data": image.content.0, "type": image.content.1, "name": name});
        entry
    };
    sorted(product).into_iter().map(with_content).collect()
}

fn sorted(product: &Product) -> Vec<&Image> {
    let mut images: Vec<&Image> = product.images.iter().collect();
    images.sort_by_key(|image| (image.position, -image.id));
    images
}

fn entry(product: &Product, image: &Image, store: u32) -> Value {
    let (label, disabled) = image.labels.get(&store).or_else(|| image.labels.get(&0)).cloned().unwrap_or_default();
    let types: Vec<&str> = ROLES.into_iter().filter(|role| product.value(role, 0) == Some(&image.file)).collect();
    json!({
        "id": image.id, "media_type": image.media_type, "label": label, "position": image.position, "disabled": disabled,
        "types": types, "file": image.file,
    })
}

/// The labels of the images in the three first roles, which stand among the custom attributes.
pub(super) fn labels_view(product: &Product, store: u32) -> Vec<Value> {
    let mut labels = Vec::new();
    for role in &ROLES[..3] {
        let image = product.images.iter().find(|image| product.value(role, 0) == Some(&image.file));
        let label = image.and_then(|image| image.labels.get(&store).or_else(|| image.labels.get(&0)));
        if let Some((Some(label), _)) = label {
            labels.push(json!({"attribute_code": format!("{role}_label"), "value": label}));
        }
    }
    labels
}

/// Saving a product through the calls of its variants writes that it has no images in the first three roles; the media
/// calls write it for all of them.
pub(crate) fn put_no_selection(product: &mut Product, roles: usize) {
    for role in &ROLES[..roles] {
        if product.value(role, 0).is_none() {
            product.put(role, 0, NOTHING);
        }
    }
}
