//! For tests: a wire that says what it is told to, and the recordings of a real shop.

pub(crate) mod recorded_shop;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Method, StatusCode};
use http_client::Request;
use serde_json::Value;

use crate::client::{
    AddressForm, ShopAccess, ShopAddress, ShopClient, ShopLimits, ShopSecret, ShopSettings, Wire, WireAnswer,
};

/// What the shop of a test says to a request.
pub(crate) enum Says {
    /// A status and a JSON body.
    Json(u16, Value),
    /// A status, a type and a body.
    Page(u16, &'static str, &'static str),
    /// The same, with a time to be left alone.
    Later(u16, &'static str),
    /// Nothing: the request arrived, its answer was lost.
    Lost,
    /// Nothing: there was no connection.
    Unreachable,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// Answers a request, given everything that came so far.
type Shop = dyn FnMut(&Heard) -> Says + Send;

/// A wire to a shop that is a function.
pub(crate) struct TestWire {
    shop: Mutex<Box<Shop>>,
    heard: Mutex<Vec<Heard>>,
    waited: Mutex<Vec<Duration>>,
    now: Mutex<DateTime<Utc>>,
}

impl TestWire {
    /// Answers by a function.
    pub(crate) fn to(shop: impl FnMut(&Heard) -> Says + Send + 'static) -> Arc<Self> {
        let now = DateTime::from_timestamp(1_795_888_000, 0).unwrap();
        let (heard, waited) = (Mutex::default(), Mutex::default());
        Arc::new(Self { shop: Mutex::new(Box::new(shop)), heard, waited, now: Mutex::new(now) })
    }

    /// Says one thing after the other, and breaks the test if it is asked more.
    pub(crate) fn saying(answers: impl IntoIterator<Item = Says>) -> Arc<Self> {
        let mut answers: VecDeque<Says> = answers.into_iter().collect();
        Self::to(move |heard| {
            answers.pop_front().unwrap_or_else(|| panic!("{} {} is too much", heard.method, heard.url))
        })
    }

    /// Requests as `GET /rest/all/V1/products?…`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|heard| format!("{} {}", heard.method, heard.url)).collect()
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn waited(&self) -> Vec<Duration> {
        self.waited.lock().unwrap().clone()
    }

    /// A client of this shop with the token of an integration.
    pub(crate) fn client(self: &Arc<Self>) -> ShopClient {
        self.client_with(ShopAccess::Integration(ShopSecret::new("hush-hush-hush")), ShopLimits::default())
    }

    pub(crate) fn client_with(self: &Arc<Self>, access: ShopAccess, limits: ShopLimits) -> ShopClient {
        let address = ShopAddress::parse("https://shop.example.com", AddressForm::Installed).unwrap();
        let (name, download_hosts) = ("magento".to_owned(), Vec::new());
        ShopClient::new(ShopSettings { name, address, access, limits, download_hosts }, self.clone())
    }
}

#[async_trait]
impl Wire for TestWire {
    async fn send(&self, request: Request) -> Result<WireAnswer, http_client::Error> {
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let url = request.url.as_str().trim_start_matches("https://shop.example.com").to_owned();
        let url = percent_encoding::percent_decode_str(&url).decode_utf8().unwrap().into_owned();
        let heard = Heard { method: request.method, url, headers: request.headers, body };
        self.heard.lock().unwrap().push(heard.clone());
        let says = (self.shop.lock().unwrap())(&heard);
        let limit = Duration::from_secs(120);
        match says {
            Says::Json(status, body) => Ok(answer(status, "application/json; charset=utf-8", body.to_string())),
            Says::Page(status, kind, body) => Ok(answer(status, kind, body.to_owned())),
            Says::Later(status, retry_after) => {
                let mut answer = answer(status, "text/html", String::new());
                answer.headers.insert("retry-after", retry_after.parse().unwrap());
                Ok(answer)
            }
            Says::Lost => Err(http_client::Error::Late { request: "lost".to_owned(), limit }),
            Says::Unreachable => Err(http_client::Error::NoAddress { host: "shop.example.com".to_owned() }),
        }
    }

    async fn wait(&self, time: Duration) {
        self.waited.lock().unwrap().push(time);
        *self.now.lock().unwrap() += TimeDelta::from_std(time).unwrap();
    }

    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    fn random(&self) -> u64 {
        0
    }
}

pub(crate) fn answer(status: u16, kind: &str, body: String) -> WireAnswer {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
    WireAnswer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() }
}

/// Something that a real shop was asked, and what it said.
pub(crate) struct Recording {
    /// Its file, such as `products/047-custom-unknown-top-level.json`.
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) request: Value,
    pub(crate) status: u16,
    pub(crate) body: Value,
    kind: String,
}

impl Recording {
    /// The answer as it came over the wire.
    pub(crate) fn answer(&self) -> WireAnswer {
        let is_json = self.kind.contains("json");
        let text = self.body.as_str().filter(|_| !is_json);
        let body = text.map_or_else(|| self.body.to_string(), str::to_owned);
        answer(self.status, &self.kind, body)
    }
}

/// The recordings of one area, such as `products`, in their order.
pub(crate) fn recordings(area: &str) -> Vec<Recording> {
    let folder = samples().join(area);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: &PathBuf| {
        let recorded: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let status = u16::try_from(recorded.get("response")?["status"].as_u64()?).unwrap();
        let text = |pointer: &str| recorded.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let headers = recorded["response"]["headers"].as_object()?;
        let kind = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        Some(Recording {
            name: format!("{area}/{}", file.file_name().unwrap().to_str().unwrap()),
            method: text("/request/method"),
            path: text("/request/path"),
            request: recorded["request"]["body"].clone(),
            status,
            body: recorded["response"]["body"].clone(),
            kind: kind.map_or("", |(_, kind)| kind.as_str().unwrap()).to_owned(),
        })
    };
    files.iter().filter_map(read).collect()
}

/// One recording by the beginning of its name: `products/047`.
pub(crate) fn recording(name: &str) -> Recording {
    let area = name.split('/').next().unwrap();
    recordings(area).into_iter().find(|recording| recording.name.starts_with(name)).unwrap()
}

/// The areas of the recordings.
pub(crate) fn areas() -> Vec<String> {
    let entries = std::fs::read_dir(samples()).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut areas: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    areas.sort();
    areas
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/commerce-rest/recorded-2.4.7-p1")
}
