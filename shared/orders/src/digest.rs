//! What tells two versions of an order apart.

use sha2::{Digest, Sha256};

use crate::exact::ExactJson;

/// Fields that say nothing about the order: when somebody wrote it, and what we wrote into it ourselves.
const ECHOES: [&str; 3] = ["updated_at", "ext_order_id", "ext_order_item_id"];

/// Makes a digest of what a shop says of an order. It is the same whatever the order of the fields, however a number is
/// written, and whoever touched the order without changing it.
#[must_use]
pub fn of(json: &ExactJson) -> String {
    let mut digest = Sha256::new();
    add(json, &mut digest);
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Each value begins with a letter for its kind and its length, so that no two documents come to the same bytes.
fn add(json: &ExactJson, digest: &mut Sha256) {
    match json {
        ExactJson::Null => digest.update("n"),
        ExactJson::Bool(value) => digest.update(if *value { "t" } else { "f" }),
        ExactJson::Number(written) => {
            let number = json.as_decimal().map(|number| number.normalize().to_string());
            add_text("d", number.as_deref().unwrap_or(written), digest);
        }
        ExactJson::Text(text) => add_text("s", text, digest),
        ExactJson::List(values) => {
            digest.update(format!("l{}:", values.len()));
            values.iter().for_each(|value| add(value, digest));
        }
        ExactJson::Object(fields) => {
            let mut fields: Vec<&(Box<str>, ExactJson)> =
                fields.iter().filter(|(name, _)| !ECHOES.contains(&&**name)).collect();
            fields.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            digest.update(format!("o{}:", fields.len()));
            for (name, value) in fields {
                add_text("k", name, digest);
                add(value, digest);
            }
        }
    }
}

fn add_text(kind: &str, text: &str, digest: &mut Sha256) {
    digest.update(format!("{kind}{}:", text.len()));
    digest.update(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> String {
        of(&ExactJson::parse(text).unwrap())
    }

    #[test]
    fn an_echo_and_another_way_of_writing_are_the_same_version() {
        let one = digest(r#"{"a":1.50,"updated_at":"x","items":[{"b":"c","updated_at":"y"}],"status":"new"}"#);
        let echo = digest(r#"{"status":"new","items":[{"b":"c"}],"a":1.5,"ext_order_id":"E-1","updated_at":"z"}"#);
        assert_eq!(one, echo);
        for other in [
            r#"{"a":1.5,"items":[{"b":"c"}],"status":"complete"}"#,
            r#"{"a":"1.5","items":[{"b":"c"}],"status":"new"}"#,
            r#"{"a":1.5,"items":[{"b":"c"},null],"status":"new"}"#,
            r#"{"a":1.5,"items":[{"bc":""}],"status":"new"}"#,
        ] {
            assert_ne!(digest(other), one, "{other}");
        }
    }
}
