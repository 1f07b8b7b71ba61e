//! "Did you mean": the known word that is nearest to a found one.

/// Longest found word that is compared; a longer one is no slip of the pen.
const LONGEST: usize = 60;

/// Most letters that may differ.
const MOST_EDITS: usize = 2;

/// What would have been right instead of `found`: `` (expected `a`, `b` or `c`; did you mean `b`?)``.
pub(crate) fn expected<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match known.as_slice() {
        [] => " (expected none)".to_owned(),
        [only] => format!(" (expected `{only}`)"),
        [head @ .., last] => {
            let head: Vec<String> = head.iter().map(|word| format!("`{word}`")).collect();
            format!(" (expected {} or `{last}`{})", head.join(", "), remark(found, known.iter().copied()))
        }
    }
}

/// ``; did you mean `step`?``, or nothing if no known word is near.
pub(crate) fn remark<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(found, known).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

fn nearest<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if found.len() > LONGEST {
        return None;
    }
    let letters = folded(found);
    known
        .into_iter()
        .filter(|word| *word != found)
        .map(|word| (distance(&letters, &folded(word)), word))
        // Of a very short word, everything is near.
        .filter(|(edits, word)| *edits <= MOST_EDITS && edits * 3 <= word.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, word)| word)
}

/// Capitals and separators are what people mix up first: they cost nothing.
fn folded(word: &str) -> Vec<char> {
    word.chars().filter(|c| !matches!(c, '_' | '-' | '.')).map(|c| c.to_ascii_lowercase()).collect()
}

/// How many letters were replaced, left out, put in, or swapped with the next one.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
