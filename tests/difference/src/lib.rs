//! Comparisons of what is too long to be read: a failure shows where two values differ and not both of them.

use std::fmt::{Debug, Display, Write as _};
use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Equal lines that are shown around a different one.
const AROUND: usize = 2;

/// Most lines that a failure shows.
const MOST_LINES: usize = 60;

/// Most characters of a line that are shown.
const MOST_CHARS: usize = 300;

/// Asserts that two values are the same; `story` says what led to them.
///
/// # Panics
/// If they are not: with the lines of their debug form that differ.
#[track_caller]
pub fn assert_same<T: PartialEq + Debug + ?Sized>(found: &T, expected: &T, story: impl Display) {
    assert!(found == expected, "{story}:\n{}", lines(&format!("{found:#?}"), &format!("{expected:#?}")));
}

/// Asserts that two texts are the same, as [`assert_same`] does it, line by line.
///
/// # Panics
/// If they are not.
#[track_caller]
pub fn assert_same_text(found: &str, expected: &str, story: impl Display) {
    assert!(found == expected, "{story}:\n{}", lines(found, expected));
}

/// The lines that differ, with some around them.
fn lines(found: &str, expected: &str) -> String {
    // What differs everywhere is compared roughly after that time.
    let difference = TextDiff::configure().timeout(Duration::from_secs(5)).diff_lines(expected, found);
    let mut text = "- is expected, + was found\n".to_owned();
    let (mut shown, mut left) = (0, 0);
    for group in difference.grouped_ops(AROUND) {
        for change in group.iter().flat_map(|operation| difference.iter_changes(operation)) {
            if shown == MOST_LINES {
                left += usize::from(change.tag() != ChangeTag::Equal);
                continue;
            }
            shown += 1;
            let line = change.value().trim_end_matches('\n');
            let cut: String = line.chars().take(MOST_CHARS).collect();
            let more = if cut.len() < line.len() { "…" } else { "" };
            // A text that is written into cannot fail.
            let _ = writeln!(text, "{}{cut}{more}", change.tag());
        }
        text.push_str("…\n");
    }
    if left > 0 {
        let _ = write!(text, "and {left} more lines that differ");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{assert_same, assert_same_text};

    fn failure(asserts: impl FnOnce() + std::panic::UnwindSafe) -> String {
        *std::panic::catch_unwind(asserts).unwrap_err().downcast::<String>().unwrap()
    }

    #[test]
    fn of_two_long_maps_the_difference_is_shown() {
        let expected: BTreeMap<u32, u32> = (0..10_000).map(|number| (number, number)).collect();
        let mut found = expected.clone();
        found.insert(5_000, 1);
        let message = failure(|| assert_same(&found, &expected, "seed 7"));
        assert_eq!(
            message,
            "seed 7:\n- is expected, + was found\n     4998: 4998,\n     4999: 4999,\n-    5000: 5000,\n+    5000: 1,\n \
             \x20   5001: 5001,\n     5002: 5002,\n…\n"
        );
    }

    #[test]
    fn of_much_that_differs_some_is_shown() {
        let (found, expected): (Vec<u32>, Vec<u32>) = ((0..1_000).collect(), (1_000..2_000).collect());
        let message = failure(|| assert_same(&found, &expected, "seed 7"));
        assert!(message.lines().count() < 70 && message.ends_with("more lines that differ"), "{message}");
    }

    #[test]
    fn a_long_line_is_cut() {
        let message = failure(|| assert_same_text(&"x".repeat(100_000), "y", "seed 7"));
        assert!(message.len() < 1_000, "{} bytes", message.len());
    }

    #[test]
    fn what_is_the_same_passes() {
        assert_same(&[1, 2], &[1, 2], "");
        assert_same_text("a\nb", "a\nb", "");
    }
}
