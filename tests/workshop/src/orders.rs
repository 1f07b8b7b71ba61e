//! A data fetcher that tests tell what to ask for.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use engine::data_fetchers::{DataFetcher, FetchError, FetchQuestion, NewPipelineRequest, Wanted};

use crate::NAME;

/// A fetcher that answers with the orders it was given, a failure, or nothing at all.
pub struct Orders {
    name: &'static str,
    requests: Mutex<Vec<NewPipelineRequest>>,
    mood: Mood,
}

/// How a fetcher answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// With what it was given.
    Answers,
    /// With a failure.
    Fails,
    /// Not at all.
    Hangs,
}

#[async_trait]
impl DataFetcher for Orders {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        "asks for one pipeline per order"
    }

    async fn fetch(&self, _: &FetchQuestion<'_>) -> Result<Vec<NewPipelineRequest>, FetchError> {
        match self.mood {
            Mood::Answers => Ok(self.requests.lock().unwrap().clone()),
            Mood::Fails => Err("the shop did not answer".into()),
            Mood::Hangs => std::future::pending().await,
        }
    }
}

impl Orders {
    /// One that asks for these orders.
    pub fn of(name: &'static str, keys: &[&str]) -> Arc<Self> {
        let requests = keys.iter().map(|key| order(key)).collect();
        Arc::new(Orders { name, requests: Mutex::new(requests), mood: Mood::Answers })
    }

    /// One that knows no orders.
    pub fn in_mood(name: &'static str, mood: Mood) -> Arc<Self> {
        Arc::new(Orders { name, requests: Mutex::default(), mood })
    }

    /// Adds one that is asked for from now on.
    pub fn add(&self, request: NewPipelineRequest) {
        self.requests.lock().unwrap().push(request);
    }
}

/// One order.
pub fn order(key: &str) -> NewPipelineRequest {
    NewPipelineRequest {
        definition: Wanted::Named(NAME.parse().unwrap()),
        key: key.to_owned(),
        at: "2026-08-01T11:00:00Z".parse::<DateTime<Utc>>().unwrap(),
        arguments: [("order".to_owned(), key.to_owned())].into(),
        priority: None,
    }
}
