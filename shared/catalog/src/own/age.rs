//! Whether a row is older than what is stored, so that it must not undo what a later one said. Pure.

use import::Entity;
use import::finding::{Finding, Severity};

use super::age_by::AgeBy;
use super::items::KeptThing;
use crate::target::RowChange;

/// The latest time that is stored of a thing.
pub(super) fn stored<E: Entity>(by: AgeBy, before: Option<&KeptThing<E::Thing>>) -> Option<String> {
    let before = before?;
    match by {
        AgeBy::Nothing => None,
        AgeBy::UpdatedAt => before.thing.as_ref().and_then(E::was_changed_at).map(str::to_owned),
        AgeBy::FileTime => before.last_change().ok().flatten().and_then(|change| file_time(&change.file)),
    }
}

/// Says that a row is older than what is stored, if it is. A time that is not known is no reason to leave a row out.
pub(super) fn older<E: Entity>(
    by: AgeBy,
    file: &str,
    row: &RowChange<E::EntityChange>,
    stored: Option<&str>,
) -> Option<Finding> {
    let (time, what) = match by {
        AgeBy::Nothing => return None,
        AgeBy::UpdatedAt => (E::changed_at(&row.change).map(str::to_owned), "its `updated_at`"),
        AgeBy::FileTime => (file_time(file), "the time in the name of its file"),
    };
    let time = time.filter(|time| stored.is_some_and(|stored| time.as_str() < stored))?;
    let problem = format!("is older than what is stored, and left out because of that: {what} is {time}");
    Some(Finding::about(file, row.line, problem, Severity::Notice))
}

/// The time in the name of a file, such as `20260801-120000`.
fn file_time(file: &str) -> Option<String> {
    let is_time = |part: &&str| {
        let form: String = part.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
        ["00000000-000000", "00000000-0000"].contains(&form.as_str())
    };
    file.split(['_', '.']).find(is_time).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_file_is_in_its_name() {
        assert_eq!(file_time("product-import_20260801-120000_01.csv").as_deref(), Some("20260801-120000"));
        assert_eq!(file_time("product-import_20260801-1200_01.csv").as_deref(), Some("20260801-1200"));
        assert_eq!(file_time("product-import_spring_01.csv"), None);
    }
}
