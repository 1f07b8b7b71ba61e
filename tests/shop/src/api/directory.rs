//! `directory`: countries, of which anybody may read.

use serde_json::json;

use crate::call::Call;
use crate::refusal::Refusal;
use crate::route::{ANYBODY, Answer, Route, get};

pub(super) const ROUTES: &[Route] = &[get("/V1/directory/countries/:countryId", ANYBODY, country)];

fn country(call: &mut Call<'_>) -> Answer {
    let names = [
        ("DE", "DEU", "Germany"),
        ("AT", "AUT", "Austria"),
        ("CH", "CHE", "Switzerland"),
        ("US", "USA", "United States"),
    ];
    let wanted = call.text("countryId");
    let found = names.into_iter().find(|(two, three, _)| wanted == *two || wanted == *three);
    let (two, three, name) = found.ok_or_else(|| Refusal::missing("The country isn't available."))?;
    Ok(json!({
        "id": two, "two_letter_abbreviation": two, "three_letter_abbreviation": three, "full_name_locale": name,
        "full_name_english": name,
    }))
}
