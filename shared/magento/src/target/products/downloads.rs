//! The files of a downloadable product, and their samples.
//!
//! The shop does not give the content of a file back, so a file counts as there if one of its name is. A list replaces all
//! of them, so it is sent only if something differs, and then with the content of every file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalog::target;
use import::cell::Pairs;
use serde_json::{Map, Value, json};

use crate::target::files::{RowFileError, RowFiles, is_named, sent_name};

/// What a product has of them.
pub(super) const PARTS: [&str; 2] = ["downloadable_product_links", "downloadable_product_samples"];

/// How often a file may be used by others, if nothing is said: as the shop is set.
const AS_CONFIGURED: i64 = 2;

/// Whether a file is sold, or a sample of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DownloadKind {
    Link,
    Sample,
}

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq)]
enum Source {
    File(String),
    Url(String),
}

/// One of the files.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Download {
    title: String,
    sort_order: i64,
    price: f64,
    /// 0 for without end.
    downloads: i64,
    shareable: i64,
    source: Source,
    sample: Option<Source>,
}

/// The name above the list, if entries give one.
pub(super) fn group_title(entries: &[Pairs]) -> Option<&str> {
    entries
        .iter()
        .filter_map(|pairs| pairs.get("group_title"))
        .map(|title| title.trim())
        .find(|title| !title.is_empty())
}

/// Reads the entries of a row.
pub(super) fn downloads(entries: &[Pairs]) -> Result<Vec<Download>, String> {
    let mut downloads = Vec::new();
    for pairs in entries {
        let text = |key: &str| pairs.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
        let title = text("title").unwrap_or_default().to_owned();
        let number = |key: &str, otherwise: i64| match text(key) {
            Some(text) => text.parse::<i64>().map_err(|_| format!("`{text}` as `{key}` is not a whole number")),
            None => Ok(otherwise),
        };
        let source = match (text("url"), text("file")) {
            (Some(url), _) => Source::Url(url.to_owned()),
            (None, Some(file)) => source_of(file),
            (None, None) => return Err(format!("`{title}` has neither `file` nor `url`")),
        };
        let running = i64::try_from(downloads.len() + 1).unwrap_or(1);
        let is_endless = text("downloads").is_some_and(|word| word.eq_ignore_ascii_case("unlimited"));
        let price = text("price").unwrap_or("0");
        downloads.push(Download {
            sort_order: number("sortorder", number("sort_order", running)?)?,
            price: price.parse().map_err(|_| format!("`{price}` as `price` is not a number"))?,
            downloads: if is_endless { 0 } else { number("downloads", 0)? },
            shareable: number("shareable", AS_CONFIGURED)?,
            source,
            sample: text("sample").map(source_of),
            title,
        });
    }
    Ok(downloads)
}

fn source_of(text: &str) -> Source {
    match text.starts_with("http://") || text.starts_with("https://") {
        true => Source::Url(text.to_owned()),
        false => Source::File(text.to_owned()),
    }
}

/// Says whether the shop has these files.
pub(super) fn are(kind: DownloadKind, wanted: &[Download], stored: &Value) -> bool {
    let stored = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    let has = |download: &Download| stored.iter().any(|one| download.is(kind, one));
    wanted.len() == stored.len() && wanted.iter().all(has)
}

/// Returns the list with the content of its files; says which file costs the row, if one does.
pub(super) async fn bodies(
    files: Option<&dyn RowFiles>,
    (kind, wanted): (DownloadKind, &[Download]),
) -> Result<Result<Value, String>, target::Error> {
    let mut list = Vec::new();
    for download in wanted {
        match download.body(kind, files).await? {
            Ok(body) => list.push(Value::Object(body)),
            Err(problem) => return Ok(Err(problem)),
        }
    }
    Ok(Ok(Value::Array(list)))
}

impl Download {
    fn is(&self, kind: DownloadKind, stored: &Value) -> bool {
        let number = |name: &str| stored[name].as_f64().unwrap_or(0.0);
        let is_whole = stored["title"] == json!(self.title) && stored["sort_order"].as_i64() == Some(self.sort_order);
        match kind {
            DownloadKind::Sample => is_whole && self.source.is("sample", stored),
            DownloadKind::Link => {
                let has_sample =
                    self.sample.as_ref().map_or(stored["sample_type"].is_null(), |sample| sample.is("sample", stored));
                is_whole
                    && has_sample
                    && self.source.is("link", stored)
                    && number("price") == self.price
                    && stored["number_of_downloads"].as_i64().unwrap_or(0) == self.downloads
                    && stored["is_shareable"].as_i64().unwrap_or(AS_CONFIGURED) == self.shareable
            }
        }
    }

    async fn body(
        &self,
        kind: DownloadKind,
        files: Option<&dyn RowFiles>,
    ) -> Result<Result<Map<String, Value>, String>, target::Error> {
        let mut body = Map::from_iter([
            ("title".to_owned(), json!(self.title)),
            ("sort_order".to_owned(), json!(self.sort_order)),
        ]);
        let mut sources = vec![("sample", Some(&self.source))];
        if kind == DownloadKind::Link {
            body.insert("price".to_owned(), json!(self.price));
            body.insert("number_of_downloads".to_owned(), json!(self.downloads));
            body.insert("is_shareable".to_owned(), json!(self.shareable));
            sources = vec![("link", Some(&self.source)), ("sample", self.sample.as_ref())];
        }
        for (part, source) in sources {
            let Some(source) = source else { continue };
            match source.fields(part, files).await? {
                Ok(fields) => body.extend(fields),
                Err(problem) => return Ok(Err(problem)),
            }
        }
        Ok(Ok(body))
    }
}

impl Source {
    fn is(&self, part: &str, stored: &Value) -> bool {
        let text = |name: &str| stored[format!("{part}_{name}")].as_str().unwrap_or_default();
        match self {
            Self::File(path) => text("type") == "file" && is_named(text("file"), path),
            Self::Url(url) => text("type") == "url" && text("url") == url,
        }
    }

    async fn fields(
        &self,
        part: &str,
        files: Option<&dyn RowFiles>,
    ) -> Result<Result<Vec<(String, Value)>, String>, target::Error> {
        let path = match self {
            Self::Url(url) => {
                return Ok(Ok(vec![(format!("{part}_type"), json!("url")), (format!("{part}_url"), json!(url))]));
            }
            Self::File(path) => path,
        };
        let content = match files {
            Some(files) => files.read(path).await,
            None => Err(RowFileError::Unusable(
                "cannot be read, because nobody said where the files of rows are".to_owned(),
            )),
        };
        match content {
            Ok(bytes) => {
                let content = json!({ "file_data": STANDARD.encode(&bytes), "name": sent_name(path) });
                Ok(Ok(vec![(format!("{part}_type"), json!("file")), (format!("{part}_file_content"), content)]))
            }
            Err(RowFileError::Unusable(problem)) => Ok(Err(format!("`{path}` {problem}"))),
            Err(RowFileError::Passing(problem)) => Err(target::Error::retryable(problem)),
        }
    }
}
