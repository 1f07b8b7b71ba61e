//! What is the path of an image.

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

/// Checks a path below the media directory, or an address.
pub(super) fn image_path(text: &str) -> Result<String, ImagePathError> {
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
