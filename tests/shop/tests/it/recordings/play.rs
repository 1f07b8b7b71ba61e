//! Plays the script on a local shop and notes what is answered otherwise.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use local_shop::{CATALOG_TOKEN, Clock, LocalShop, Setup, TOKEN, person};
use serde_json::{Value, json};

use super::compare::differences;
use super::differences::DIFFERENCES;
use super::recording::{Recording, recordings};
use super::script::{self, Step};
use super::sign;
use crate::client::{Answer, Sender, Sent};

/// A shop on which recordings are played.
pub(crate) struct Stage {
    pub shop: LocalShop,
    sender: Sender,
    recordings: BTreeMap<String, Recording>,
    /// Recorded uuids of bulks and those of this run.
    uuids: Vec<(String, String)>,
    /// The last token a person got.
    jwt: String,
    /// Names that were played.
    pub played: Vec<String>,
    told: Vec<String>,
    /// Places in the list of known differences that occurred.
    met: Vec<usize>,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        let people = vec![person("rigadmin", "Rig-Admin-123"), person("riglock", "Rig-Lock-123")];
        let shop = LocalShop::start(Setup { people, ..Setup::default() }).await.unwrap();
        let sender = Sender::to(shop.url());
        let recordings = recordings().into_iter().map(|one| (one.name.clone(), one)).collect();
        Self {
            shop,
            sender,
            recordings,
            uuids: Vec::new(),
            jwt: String::new(),
            played: Vec::new(),
            told: Vec::new(),
            met: Vec::new(),
        }
    }

    /// What was answered otherwise, and the listed differences that did not occur.
    pub(crate) fn told(&self) -> Vec<String> {
        let stale = DIFFERENCES.iter().enumerate().filter(|(at, _)| !self.met.contains(at));
        let stale = stale.map(|(_, (name, path, _))| {
            format!("{name}: the listed difference at {path} does not occur: take it out of differences.rs")
        });
        self.told.iter().cloned().chain(stale).collect()
    }

    pub(crate) async fn run(&mut self, step: &Step) {
        match step {
            Step::Play(..) => {
                for name in step.names() {
                    self.play(&name).await;
                }
            }
            Step::Do(change) => change(&self.shop),
            Step::Send(method, path, body) => {
                let headers =
                    [("authorization", format!("Bearer {TOKEN}")), ("content-type", "application/json".to_owned())];
                let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                let sent = Sent {
                    method: (*method).to_owned(),
                    path: (*path).to_owned(),
                    headers,
                    body: body.clone().into_bytes(),
                };
                let answer = self.sender.send(sent).await;
                assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.body);
            }
            Step::AtOnce(..) => self.play_at_once(&step.names()).await,
        }
    }

    async fn play(&mut self, name: &str) {
        // Some time passes from one recording to the next, which is what lists are sorted by.
        self.shop.set_now(begin() + TimeDelta::seconds(i64::try_from(self.played.len()).unwrap()));
        let recording = self.recording(name);
        let sent = self.request(&recording);
        let answer = self.sender.send(sent).await;
        self.judge(&recording, &answer);
    }

    /// Requests of which each is on its way before any is answered; which of them the shop meets first is open, so that
    /// only status and fields are compared.
    async fn play_at_once(&mut self, names: &[String]) {
        self.shop.faults(|faults| faults.latency_ms = 100);
        let mut running = Vec::new();
        for name in names {
            let recording = self.recording(name);
            let (sender, sent) = (self.sender.clone(), self.request(&recording));
            running.push((recording, tokio::spawn(async move { sender.send(sent).await })));
        }
        for (recording, task) in running {
            let mut answer = task.await.unwrap();
            for field in ["id", "name"] {
                answer.body[field] = recording.answer[field].clone();
            }
            answer.body["extension_attributes"]["stock_item"]["product_id"] =
                recording.answer["extension_attributes"]["stock_item"]["product_id"].clone();
            self.judge(&recording, &answer);
        }
        self.shop.faults(|faults| faults.latency_ms = 0);
    }

    fn recording(&self, name: &str) -> Recording {
        self.recordings.get(name).unwrap_or_else(|| panic!("there is no recording {name}")).clone()
    }

    fn request(&self, recording: &Recording) -> Sent {
        let mut headers = BTreeMap::new();
        for (name, value) in &recording.headers {
            match (name.as_str(), self.authorization(recording, value)) {
                ("authorization", Some(value)) => headers.insert(name.clone(), value),
                (_, _) if value.is_empty() => None,
                _ => headers.insert(name.clone(), value.clone()),
            };
        }
        let body = script::body(&recording.name).unwrap_or_else(|| self.body(&recording.body));
        Sent { method: recording.method.clone(), path: self.own(&recording.path), headers, body }
    }

    /// Puts this run's uuids in the place of the recorded ones.
    fn own(&self, text: &str) -> String {
        self.uuids.iter().fold(text.to_owned(), |text, (recorded, own)| text.replace(recorded, own))
    }

    fn body(&self, body: &Value) -> Vec<u8> {
        match body {
            Value::Null => Vec::new(),
            // The recorder could not write what is no UTF-8.
            Value::String(raw) if raw.contains('\u{fffd}') => raw
                .chars()
                .flat_map(|c| if c == '\u{fffd}' { vec![0xff] } else { c.to_string().into_bytes() })
                .collect(),
            Value::String(raw) => raw.clone().into_bytes(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.own(&body.to_string()).into_bytes()
            }
        }
    }

    fn authorization(&self, recording: &Recording, value: &str) -> Option<String> {
        match value {
            "Bearer <token>" => Some(format!("Bearer {TOKEN}")),
            value if value.contains("limited") => Some(format!("Bearer {CATALOG_TOKEN}")),
            "Bearer <jwt>" if recording.name == "auth/008" => Some(format!("Bearer {}x", self.jwt)),
            "Bearer <jwt>" => Some(format!("Bearer {}", self.jwt)),
            value if value.starts_with("OAuth") => Some(self.signed(recording, value)),
            _ => None,
        }
    }

    /// Signs again with this shop's keys; what the recording did wrong is done wrong here, too.
    fn signed(&self, recording: &Recording, value: &str) -> String {
        let part =
            |name: &str| value.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let setup = Setup::default();
        let (method, nonce) = (part("oauth_signature_method"), part("oauth_nonce"));
        // The recorded times are measured from the first of them.
        let time = begin().timestamp() + part("oauth_timestamp").parse::<i64>().unwrap() - 1_795_888_157;
        let stamp = sign::Stamp { method: &method, time, nonce: &nonce };
        let header = sign::header(&setup.integrations[0], &format!("{}{}", self.shop.url(), recording.path), &stamp);
        if recording.name == "auth/035" { header.replace("oauth_signature=\"", "oauth_signature=\"A") } else { header }
    }

    fn judge(&mut self, recording: &Recording, answer: &Answer) {
        self.played.push(recording.name.clone());
        if let (Some(recorded), Some(own)) = (recording.answer["bulk_uuid"].as_str(), answer.body["bulk_uuid"].as_str())
        {
            self.uuids.push((recorded.to_owned(), own.to_owned()));
        }
        let mut recorded: Value = serde_json::from_str(&self.own(&recording.answer.to_string())).unwrap();
        if recorded == json!("<jwt>") {
            answer.body.as_str().unwrap_or_default().clone_into(&mut self.jwt);
            recorded = answer.body.clone();
        }
        let mut told = Vec::new();
        if recording.status != answer.status {
            told.push(format!("status: recorded {}, answered {} {}", recording.status, answer.status, answer.body));
        }
        if media(&recording.content_type) != media(&answer.content_type) {
            told.push(format!("content type: recorded {}, answered {}", recording.content_type, answer.content_type));
        }
        let is_page = media(&answer.content_type) == "text/html" || media(&answer.content_type) == "application/xml";
        if told.is_empty() && !is_page && !script::is_only_a_shape(&recording.name) {
            told = differences(&recorded, &answer.body, &recording.path);
        }
        self.note(recording, told);
    }

    fn note(&mut self, recording: &Recording, told: Vec<String>) {
        let mut unknown = Vec::new();
        for one in told {
            let known = DIFFERENCES.iter().position(|(name, path, _)| *name == recording.name && one.starts_with(path));
            match known {
                Some(at) => self.met.push(at),
                None => unknown.push(format!("    {one}")),
            }
        }
        if !unknown.is_empty() {
            self.told.push(format!(
                "{} {} {}\n{}",
                recording.name,
                recording.method,
                recording.path,
                unknown.join("\n")
            ));
        }
    }
}

/// When a shop begins to stand still.
fn begin() -> DateTime<Utc> {
    match Setup::default().clock {
        Clock::Standing(now) => now,
        Clock::Running => panic!("the clock of a test stands still"),
    }
}

fn media(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().to_lowercase()
}
