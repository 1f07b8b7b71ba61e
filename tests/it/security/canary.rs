//! A canary: a secret that is looked for in everything that came out, in every spelling that it may have there.

use std::collections::BTreeMap;
use std::path::Path;

/// Everything that came out, and what must not be in it.
pub(super) struct Canary {
    spellings: Vec<(String, Vec<u8>)>,
    all: BTreeMap<String, Vec<u8>>,
}

impl Canary {
    /// A canary whose parts nothing else contains.
    pub(super) fn new(parts: &[&str]) -> Self {
        Canary { spellings: parts.iter().flat_map(|part| spellings(part)).collect(), all: BTreeMap::new() }
    }

    /// Adds what came out at a place.
    pub(super) fn add(&mut self, place: impl Into<String>, bytes: impl AsRef<[u8]>) {
        self.all.entry(place.into()).or_default().extend_from_slice(bytes.as_ref());
    }

    /// Adds all files of a folder, and their names.
    pub(super) fn add_folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            self.add("names of files", path.file_name().unwrap().as_encoded_bytes());
            if path.is_dir() {
                self.add_folder(&path);
            } else {
                self.add(path.display().to_string(), std::fs::read(&path).unwrap());
            }
        }
    }

    /// Where it is found, how it is written there, and what stands around it.
    pub(super) fn leaks(&self) -> Vec<String> {
        let mut leaks = Vec::new();
        for (place, bytes) in &self.all {
            for (name, spelling) in &self.spellings {
                let Some(at) = bytes.windows(spelling.len()).position(|window| window == spelling) else { continue };
                let around = &bytes[at.saturating_sub(200)..bytes.len().min(at + spelling.len() + 50)];
                leaks.push(format!("{place}: {name}: {}", String::from_utf8_lossy(around)));
            }
        }
        leaks
    }
}

/// How a text may be written.
fn spellings(part: &str) -> Vec<(String, Vec<u8>)> {
    let hex: String = part.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = part
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let texts = [
        part.to_owned(),
        part.replace('"', "\\\""),
        hex.to_uppercase(),
        hex,
        percent.to_lowercase(),
        percent.replace("%2F", "/").replace("%3D", "="),
        percent,
    ];
    let mut spellings: Vec<_> = texts.into_iter().map(|text| (format!("`{text}`"), text.into_bytes())).collect();
    for lead in ["", "x", "xx"] {
        let text = encoded(&format!("{lead}{part}"));
        // Without the ends, which depend on what stands beside it.
        let text = text.trim_end_matches('=');
        let text = text[lead.len() * 2..text.len() - 1].to_owned();
        spellings.push((format!("`{text}` (base64)"), text.into_bytes()));
    }
    spellings
}

/// A text in base64.
pub(super) fn encoded(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |value: u32| char::from(DIGITS[usize::try_from(value & 63).unwrap()]);
    let group = |bytes: &[u8]| {
        let all = (0..3).fold(0, |all, at| all << 8 | u32::from(bytes.get(at).copied().unwrap_or(0)));
        let digits = [digit(all >> 18), digit(all >> 12), digit(all >> 6), digit(all)];
        digits.into_iter().take(bytes.len() + 1).chain(std::iter::repeat_n('=', 3 - bytes.len())).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}
