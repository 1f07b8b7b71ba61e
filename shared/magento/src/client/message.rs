//! Sentences of the shop: it sends a template and what belongs into it, and leaves the rest to the reader.

use serde_json::Value;

/// Most characters of a sentence; some repeat what they were sent.
const MAX_CHARS: usize = 1_000;

/// Fills a template of the shop: `%1` from a list, `%name` from an object, and names from a list in the order in which
/// they appear. What has no value stays as it is, as in the shop itself.
#[must_use]
pub fn filled(template: &str, parameters: Option<&Value>) -> String {
    let mut sentence = String::new();
    let mut named: Vec<&str> = Vec::new();
    let mut rest = template;
    while let Some(place) = rest.find('%') {
        sentence.push_str(&rest[..place]);
        let behind = &rest[place + 1..];
        let length =
            behind.find(|found: char| !(found.is_ascii_alphanumeric() || found == '_')).unwrap_or(behind.len());
        let name = &behind[..length];
        match value_of(name, parameters, &mut named) {
            Some(value) => sentence.push_str(&value),
            None => {
                sentence.push('%');
                sentence.push_str(name);
            }
        }
        rest = &behind[length..];
    }
    sentence.push_str(rest);
    in_one_line(&sentence)
}

/// Makes a sentence of what the shop says: in one line, of bearable length, without what moves a cursor.
#[must_use]
pub fn in_one_line(text: &str) -> String {
    let visible: String = text.chars().map(|found| if found.is_control() { ' ' } else { found }).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn value_of<'t>(name: &'t str, parameters: Option<&Value>, named: &mut Vec<&'t str>) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    match parameters? {
        Value::Object(values) => values.get(name).map(shown),
        Value::Array(values) => {
            let place = match name.parse::<usize>() {
                Ok(number) => number.checked_sub(1)?,
                Err(_) => place_of(name, named),
            };
            values.get(place).map(shown)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The place of a name among those of the template; price calls send a list for names.
fn place_of<'t>(name: &'t str, named: &mut Vec<&'t str>) -> usize {
    named.iter().position(|known| *known == name).unwrap_or_else(|| {
        named.push(name);
        named.len() - 1
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_is_filled_from_a_list_or_an_object() {
        let told = |template: &str, parameters: Value| filled(template, Some(&parameters));
        assert_snapshot!(told("Option label \"%1\" is already exists.", json!(["Red"])), @r#"Option label "Red" is already exists."#);
        assert_snapshot!(told("No such entity with %fieldName = %fieldValue", json!({"fieldName": "id", "fieldValue": 9999})), @"No such entity with id = 9999");
        assert_snapshot!(told("Invalid attribute %fieldName = %fieldValue.", json!(["Price", "-1"])), @"Invalid attribute Price = -1.");
        assert_snapshot!(told("%1 and %10, %2", json!(["a", "b", 3, 4, 5, 6, 7, 8, 9, "j"])), @"a and j, b");
        assert_snapshot!(told("100 % of %resources.", json!({"resources": "Magento_Catalog::products"})), @"100 % of Magento_Catalog::products.");
    }

    #[test]
    fn what_has_no_value_stays_and_what_is_filled_is_not_filled_again() {
        assert_snapshot!(filled("100% of %1", None), @"100% of %1");
        assert_snapshot!(filled("%1 of %2", Some(&json!(["%2"]))), @"%2 of %2");
        assert_snapshot!(filled("Requested store is not found. Row ID: SKU = A", Some(&json!(["A", "99"]))), @"Requested store is not found. Row ID: SKU = A");
    }

    #[test]
    fn a_sentence_is_one_line_of_bearable_length() {
        assert_snapshot!(in_one_line("Error(s):\n  The order\u{7} does\r\nnot."), @"Error(s): The order does not.");
        assert_eq!(in_one_line(&"ä".repeat(5_000)).chars().count(), MAX_CHARS + 1);
    }
}
