use crate::number::NumberFormat;

/// How numbers are written in languages and countries: decimal separator, separator of thousands.
///
/// A narrower name counts more: `de_CH` before `de`.
const LOCALES: [(&str, char, char); 22] = [
    ("cs", ',', ' '),
    ("da", ',', '.'),
    ("de", ',', '.'),
    ("de_CH", '.', '’'),
    ("en", '.', ','),
    ("en_ZA", ',', ' '),
    ("es", ',', '.'),
    ("es_MX", '.', ','),
    ("fi", ',', ' '),
    ("fr", ',', ' '),
    ("fr_CH", ',', ' '),
    ("hu", ',', ' '),
    ("it", ',', '.'),
    ("it_CH", '.', '’'),
    ("nb", ',', ' '),
    ("nl", ',', '.'),
    ("pl", ',', ' '),
    ("pt", ',', '.'),
    ("ro", ',', '.'),
    ("sk", ',', ' '),
    ("sv", ',', ' '),
    ("tr", ',', '.'),
];

/// The names that are known, for messages.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LOCALES.into_iter().map(|(name, ..)| name)
}

/// How numbers are written where a locale is spoken: `de_DE`, `de-DE`, `de`.
pub(super) fn format_of(locale: &str) -> Option<NumberFormat> {
    let locale = locale.replace('-', "_");
    let language = locale.split('_').next().unwrap_or_default();
    let find = |wanted: &str| LOCALES.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(wanted));
    let (_, decimal, grouping) = find(&locale).or_else(|| find(language))?;
    Some(NumberFormat { decimal, grouping: Some(grouping) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_counts_more_than_its_language() {
        assert_eq!(format_of("de_DE"), Some(NumberFormat::GERMAN));
        assert_eq!(format_of("de-at"), Some(NumberFormat::GERMAN));
        assert_eq!(format_of("de_CH"), Some(NumberFormat { decimal: '.', grouping: Some('’') }));
        assert_eq!(format_of("en_US"), Some(NumberFormat::ENGLISH));
        assert_eq!((format_of("xx_DE"), format_of("")), (None, None));
    }
}
