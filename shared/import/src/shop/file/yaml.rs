//! Writes YAML: maps and lists in blocks, and quotes around every text that could be read as anything else.

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::document::number;

/// Words that older readers of YAML take for yes and no.
const FLAGS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];

/// Writes a JSON text as YAML. What the text has in an order keeps it.
pub(super) fn from_json(json: &str) -> String {
    let mut writer = Writer { parser: Parser::new_from_str(json), yaml: String::new() };
    let event = writer.next();
    writer.value(&event, 0);
    writer.yaml.trim_start().to_owned()
}

struct Writer<'t> {
    parser: Parser<'t, StrInput<'t>>,
    yaml: String,
}

impl<'t> Writer<'t> {
    fn next(&mut self) -> Event<'t> {
        loop {
            let next = self.parser.next_event().expect("a JSON text holds a value");
            let (event, _) = next.expect("JSON is YAML");
            if !matches!(event, Event::StreamStart | Event::DocumentStart(_)) {
                return event;
            }
        }
    }

    /// Writes what stands behind a key or a dash, and ends the line.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser has events of which none can stand here")]
    fn value(&mut self, event: &Event<'t>, depth: usize) {
        match event {
            Event::Scalar(text, style, ..) => self.yaml += &format!(" {}\n", scalar(text, *style)),
            Event::SequenceStart(..) => self.list(depth),
            Event::MappingStart(..) => self.map(depth),
            _ => {}
        }
    }

    fn list(&mut self, depth: usize) {
        let mut event = self.next();
        if event == Event::SequenceEnd {
            self.yaml += " []\n";
            return;
        }
        self.end_line();
        while event != Event::SequenceEnd {
            self.yaml += &format!("{}-", "  ".repeat(depth));
            self.value(&event, depth + 1);
            event = self.next();
        }
    }

    fn map(&mut self, depth: usize) {
        let mut event = self.next();
        if event == Event::MappingEnd {
            self.yaml += " {}\n";
            return;
        }
        // The first key stands beside the dash of its list.
        let mut is_beside_dash = self.yaml.ends_with('-');
        if !is_beside_dash {
            self.end_line();
        }
        while let Event::Scalar(key, ..) = event {
            let indent = if is_beside_dash { " ".to_owned() } else { "  ".repeat(depth) };
            is_beside_dash = false;
            self.yaml += &format!("{indent}{}:", scalar(&key, ScalarStyle::DoubleQuoted));
            let value = self.next();
            self.value(&value, depth + 1);
            event = self.next();
        }
    }

    fn end_line(&mut self) {
        if !self.yaml.is_empty() {
            self.yaml.push('\n');
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> String {
    let is_text = style != ScalarStyle::Plain;
    if !is_text || is_safe(text) {
        return text.to_owned();
    }
    let quoted = serde_json::to_string(text).expect("a text is JSON");
    // JSON leaves these as they are, YAML does not take them.
    let is_unseen =
        |found: char| ('\u{7f}'..='\u{9f}').contains(&found) || ['\u{feff}', '\u{fffe}', '\u{ffff}'].contains(&found);
    let escaped = |found: char| if is_unseen(found) { format!("\\u{:04x}", u32::from(found)) } else { found.into() };
    quoted.chars().map(escaped).collect()
}

/// Whether a text means itself without quotes.
fn is_safe(text: &str) -> bool {
    let is_plain = |found: char| found.is_alphanumeric() || [' ', '_', '-', '.', '/'].contains(&found);
    let begins_well = text.starts_with(|first: char| first.is_alphabetic() || first == '/');
    let lower = text.to_lowercase();
    begins_well
        && !text.ends_with(' ')
        && text.chars().all(is_plain)
        && !["null", "~"].contains(&lower.as_str())
        && !FLAGS.contains(&lower.as_str())
        && number(text).is_none()
}
