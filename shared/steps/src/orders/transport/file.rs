//! Documents as files in the bucket, below `outgoing/`.
//!
//! | field | says |
//! |---|---|
//! | `folder` | the folder below `outgoing/`; usually the code of the website |
//! | `name` | what files are called: `{number}`, `{store}`, `{id}`, `{website}`, `{date}`, `{generation}`, `{suffix}` stand for what they say |
//! | `when_there` | `refuse` (usual) or `number`: what becomes of a document under whose name another one lies |
//!
//! A file is written only if there is none. The same bytes under the same name are a repetition, and count as delivered.
//! Numbers are put behind a `~`, which stands in no number of an order: `000000041-1.xml` is another order's file.

use async_trait::async_trait;
use engine::Work;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::files::{PutOutcome, check_key};

use super::{Delivery, Names, Parcel, Transport};

/// See the module documentation.
pub(super) struct File;

/// Where all documents lie, apart from everything else in the bucket.
const OUTGOING: &str = "outgoing/";

/// What files are called if the settings do not say.
const USUAL_NAME: &str = "{number}.{suffix}";

/// Most files of one name; a name that has more has a template that lacks something.
const MOST_NUMBERED: u32 = 99;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fields {
    folder: Option<String>,
    name: Option<String>,
    when_there: WhenThere,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhenThere {
    #[default]
    Refuse,
    Number,
}

#[async_trait]
impl Transport for File {
    fn code(&self) -> &'static str {
        "file"
    }

    fn label(&self) -> &'static str {
        "file in the bucket"
    }

    fn check(&self, settings: &Map<String, Value>) -> Result<(), String> {
        let fields = Fields::of(settings)?;
        let example = Names {
            website: "base",
            store: 1,
            number: "000000041",
            id: 501,
            created_at: chrono::DateTime::UNIX_EPOCH,
            generation: 1,
        };
        let name = filled(fields.name.as_deref().unwrap_or(USUAL_NAME), &example, "xml")?;
        let key = format!("{OUTGOING}{}/{name}", fields.folder.as_deref().unwrap_or("base"));
        check_key(&key).map_err(|error| format!("leads to no file: {error}"))
    }

    async fn send(&self, settings: &Map<String, Value>, parcel: &Parcel<'_>, work: &mut Work<'_>) -> Delivery {
        let named = Fields::of(settings).and_then(|fields| {
            let name = filled(fields.name.as_deref().unwrap_or(USUAL_NAME), &parcel.names, parcel.suffix)?;
            let folder = fields.folder.clone().unwrap_or_else(|| parcel.names.website.to_owned());
            let key = format!("{OUTGOING}{folder}/{name}");
            check_key(&key).map_err(|error| error.to_string())?;
            Ok((key, fields.when_there))
        });
        match named {
            Ok((key, when_there)) => put(&key, when_there, parcel, work).await,
            Err(problem) => Delivery::Refused(problem),
        }
    }
}

impl Fields {
    fn of(settings: &Map<String, Value>) -> Result<Self, String> {
        serde_json::from_value(Value::Object(settings.clone())).map_err(|error| format!("cannot be read: {error}"))
    }
}

async fn put(key: &str, when_there: WhenThere, parcel: &Parcel<'_>, work: &mut Work<'_>) -> Delivery {
    let files = &work.store.files;
    let last = if when_there == WhenThere::Number { MOST_NUMBERED } else { 1 };
    for number in 1..=last {
        let key = numbered(key, number);
        let there = match files.put_if_absent(&key, parcel.bytes.clone()).await {
            Ok(PutOutcome::Written) => return Delivery::Delivered { to: key, answer: None },
            Ok(PutOutcome::Existed) => files.get(&key, None).await,
            Err(error) => return failed(&key, &error),
        };
        match there {
            // The first try wrote it and did not live to tell.
            Ok(Some(bytes)) if bytes == parcel.bytes => return Delivery::Delivered { to: key, answer: None },
            Ok(_) => {}
            Err(error) => return failed(&key, &error),
        }
    }
    Delivery::Refused(format!(
        "`{key}` is another document already; order {} of website `{}` needs a name that tells it from others (`name` of the \
         transport can have {{store}} and {{id}}), or `when_there` must be `number`",
        parcel.names.number, parcel.names.website
    ))
}

/// A file that may have been written is known again by its bytes, so nothing is lost by trying again.
fn failed(key: &str, error: &store::Error) -> Delivery {
    let problem = format!("`{key}` was not written: {}", engine::error_chain::chain(error));
    if error.is_retryable() { Delivery::Unknown(problem) } else { Delivery::NotReceived(problem) }
}

/// Puts a number behind a name, before its suffix.
fn numbered(key: &str, number: u32) -> String {
    if number == 1 {
        return key.to_owned();
    }
    let name_at = key.rfind('/').map_or(0, |slash| slash + 1);
    match key[name_at..].rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => format!("{}~{number}{}", &key[..name_at + dot], &key[name_at + dot..]),
        None => format!("{key}~{number}"),
    }
}

/// Fills a template of a name.
fn filled(template: &str, names: &Names<'_>, suffix: &str) -> Result<String, String> {
    let (mut name, mut rest) = (String::new(), template);
    while let Some((before, behind)) = rest.split_once('{') {
        let (word, after) =
            behind.split_once('}').ok_or_else(|| format!("has a name with `{{` and without `}}`: `{template}`"))?;
        name += before;
        name += &match word {
            "number" => safe(names.number),
            "store" => names.store.to_string(),
            "id" => names.id.to_string(),
            "website" => safe(names.website),
            "date" => names.created_at.format("%Y%m%d").to_string(),
            "generation" => names.generation.to_string(),
            "suffix" => suffix.to_owned(),
            _ => {
                let known = "number, store, id, website, date, generation, suffix";
                return Err(format!("has a name with `{{{word}}}`; expected one of {known}"));
            }
        };
        rest = after;
    }
    name += rest;
    if name.contains('/') {
        return Err(format!("has the name `{template}`; expected one without `/`"));
    }
    // A name that begins with a period is hidden, or leads elsewhere.
    Ok(name.strip_prefix('.').map(|rest| format!("%2E{rest}")).unwrap_or(name))
}

/// A text as a part of a name. What could lead elsewhere is written by its number, so that no two texts become one.
fn safe(text: &str) -> String {
    let mut safe = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => safe.push(char::from(byte)),
            _ => safe += &format!("%{byte:02X}"),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(number: &str) -> Names<'_> {
        Names { website: "base", store: 2, number, id: 501, created_at: chrono::DateTime::UNIX_EPOCH, generation: 3 }
    }

    #[test]
    fn names_are_filled_and_lead_nowhere_else() {
        let filled = |template: &str, number: &str| filled(template, &names(number), "xml").unwrap();
        assert_eq!(
            filled("{website}_{store}_{number}_{id}_{date}_{generation}.{suffix}", "41-1"),
            "base_2_41-1_501_19700101_3.xml"
        );
        assert_eq!(filled("{number}.{suffix}", "../A/1~2"), "%2E.%2FA%2F1%7E2.xml");
    }

    #[test]
    fn a_numbered_name_is_that_of_no_order() {
        assert_eq!(numbered("outgoing/a.b/41.xml", 1), "outgoing/a.b/41.xml");
        assert_eq!(numbered("outgoing/a.b/41.xml", 2), "outgoing/a.b/41~2.xml");
        assert_eq!(numbered("outgoing/a.b/41", 12), "outgoing/a.b/41~12");
    }

    #[test]
    fn settings_that_lead_to_no_file_are_refused() {
        let check = |settings: Value| File.check(settings.as_object().unwrap()).unwrap_err();
        let refused = [
            serde_json::json!({ "name": "{nummer}.xml" }),
            serde_json::json!({ "name": "{number" }),
            serde_json::json!({ "name": "a/{number}" }),
            serde_json::json!({ "folder": "../work" }),
            serde_json::json!({ "path": "x" }),
        ];
        insta::assert_snapshot!(refused.map(check).join("\n"), @r"
        has a name with `{nummer}`; expected one of number, store, id, website, date, generation, suffix
        has a name with `{` and without `}`: `{number`
        has the name `a/{number}`; expected one without `/`
        leads to no file: file key `outgoing/../work/000000041.xml` has a segment `..`
        cannot be read: unknown field `path`, expected one of `folder`, `name`, `when_there`
        ");
    }
}
