//! "Did you mean": the known word that is nearest to a found one.

/// Longest found word that is compared; a longer one is no slip of the pen.
const LONGEST: usize = 60;

/// Most letters that may differ.
const MOST_EDITS: usize = 2;

/// A closing remark such as ``; did you mean `step`?``, or nothing if no known word is near.
pub(crate) fn remark<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let Some(word) = nearest(found, known) else { return String::new() };
    format!("; did you mean `{word}`?")
}

fn nearest<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if found.len() > LONGEST {
        return None;
    }
    let folded = folded(found);
    known
        .into_iter()
        .filter(|word| *word != found)
        .map(|word| (distance(&folded, &self::folded(word)), word))
        // Of a very short word, everything is near.
        .filter(|(edits, word)| *edits <= MOST_EDITS && edits * 3 <= word.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, word)| word)
}

/// Capitals and separators are what people mix up first: they cost nothing.
fn folded(word: &str) -> Vec<char> {
    word.chars().filter(|c| !matches!(c, '_' | '-' | '.')).map(|c| c.to_ascii_lowercase()).collect()
}

/// Levenshtein's distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
