//! How names compare.

use unicode_normalization::UnicodeNormalization;

/// Returns the form in which names compare: composed characters, no outer blanks, no upper case.
///
/// Magento compares skus, category names, attribute codes and option labels without case; composed and decomposed
/// characters look the same to everybody.
#[must_use]
pub fn name_key(name: &str) -> String {
    // Most names are ASCII, whose characters are composed already.
    if name.is_ascii() {
        return name.trim().to_ascii_lowercase();
    }
    name.trim().nfc().collect::<String>().to_lowercase()
}
