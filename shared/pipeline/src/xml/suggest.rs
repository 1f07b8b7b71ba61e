//! "Did you mean": the known word that is nearest to a found one.

/// Longest found word that is compared; a longer one is no slip of the pen.
const LONGEST: usize = 60;

/// Most known words that are compared; a definition has no more steps than this.
const MOST_WORDS: usize = 1_000;

/// Most letters that may differ.
const MOST_EDITS: usize = 2;

/// Shortest word that is looked for within another one: shorter ones are within many.
const SHORTEST_PART: usize = 5;

/// Most separators by which words may differ besides.
const SEPARATORS: usize = 4;

/// What would have been right instead of `found`: `` (expected `a`, `b` or `c`; did you mean `b`?)``.
#[must_use]
pub fn expected<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> String {
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
#[must_use]
pub fn remark<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(found, known).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

fn nearest<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if found.len() > LONGEST {
        return None;
    }
    let letters = folded(found);
    let known: Vec<&str> = known.into_iter().take(MOST_WORDS).filter(|word| *word != found).collect();
    let near = known
        .iter()
        .copied()
        .filter(|word| word.len().abs_diff(found.len()) <= MOST_EDITS + SEPARATORS)
        .map(|word| (distance(&letters, &folded(word)), word))
        // Of a very short word, everything is near.
        .filter(|(edits, word)| *edits <= MOST_EDITS && edits * 3 <= word.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, word)| word);
    near.or_else(|| within(found, &known))
}

/// The one known word that is a part of the found one, or of which that is a part: `limit` for `attempts_limit`.
fn within<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    let parts =
        |word: &str| word.len().min(found.len()) >= SHORTEST_PART && (word.contains(found) || found.contains(word));
    let mut words = known.iter().copied().filter(|word| parts(word));
    words.next().filter(|_| words.next().is_none())
}

/// Capitals and separators are what people mix up first: they cost nothing.
fn folded(word: &str) -> Vec<char> {
    word.chars().filter(|c| !matches!(c, '_' | '-' | '.')).map(|c| c.to_ascii_lowercase()).collect()
}

/// How many letters were replaced, left out, put in, or swapped with the next one; counted up to [`MOST_EDITS`] only, so
/// that just the pairs of letters near the same place are looked at.
fn distance(a: &[char], b: &[char]) -> usize {
    const FAR: usize = MOST_EDITS + 1;
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![FAR; b.len() + 1];
        row[0] = i;
        for j in i.saturating_sub(MOST_EDITS).max(1)..=(i + MOST_EDITS).min(b.len()) {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
