//! The part of a web address that names a product: `cuvée merlot` becomes `cuvee-merlot`.

/// Letters with marks and the plain letters that stand for them in an address, as in Magento's table.
const PLAIN_LETTERS: [(&str, &str); 25] = [
    ("àáâãäåāăą", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęě", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįı", "i"),
    ("ĵ", "j"),
    ("ķĸ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŉŋ", "n"),
    ("òóôõöøōŏő", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšș", "s"),
    ("ß", "ss"),
    ("ţťŧț", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűų", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
    ("@", "at"),
    ("&", "and"),
];

/// Makes a key of a name or of a key that someone typed: lower-case ASCII letters and digits, joined by hyphens.
///
/// Letters of other scripts are left out, so the key may be empty.
#[must_use]
pub fn from_text(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        let plain = PLAIN_LETTERS.iter().find(|(letters, _)| letters.contains(character));
        match plain {
            Some((_, plain)) => key.push_str(plain),
            None if character.is_ascii_alphanumeric() => key.push(character),
            None if key.ends_with('-') => {}
            None => key.push('-'),
        }
    }
    key.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_becomes_an_address() {
        let cases = [
            ("Joust Duffle Bag", "joust-duffle-bag"),
            ("cuvée merlot-cabernet igp pays d'oc frankrijk", "cuvee-merlot-cabernet-igp-pays-d-oc-frankrijk"),
            ("some!wrong'url", "some-wrong-url"),
            ("Größe 27,5\" – Straße", "grosse-27-5-strasse"),
            ("  --A--  ", "a"),
            ("ИЗ", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(from_text(text), expected);
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in ".{0,20}") {
            let key = from_text(&text);
            prop_assert_eq!(from_text(&key), key);
        }
    }
}
