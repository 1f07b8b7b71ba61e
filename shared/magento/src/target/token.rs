//! What is kept of a list that the shop works through later, to find its rows again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::accepted::AcceptedRows;
use super::afterwards::Attached;
use crate::bulk::BulkRoute;
use crate::client::ShopScope;

/// What is kept of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct BulkToken {
    /// What the shop calls it; nothing if there is no list, but something to be sent later.
    pub(super) uuid: String,
    /// What it does: `save`, `update`, `delete` or `attach`.
    call: String,
    /// For whom it speaks: `all`, or the code of a store view.
    store: String,
    /// The entry of each row, in the order of the rows.
    pub(super) entries: Vec<usize>,
    /// The entries whose products are new.
    pub(super) new: Vec<usize>,
    /// What is sent of the products of entries once they are there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) then: BTreeMap<usize, Attached>,
    /// What rows of entries said, to be remembered once the shop has done it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) accepted: BTreeMap<usize, AcceptedRows>,
    /// How often products were looked for that others name.
    #[serde(default)]
    pub(super) looks: u32,
    /// How often these entries failed for something that may pass.
    pub(super) tries: u32,
    /// Seconds before the last look.
    pub(super) waited: u64,
    /// How many entries were open then.
    pub(super) open: Option<u64>,
    /// Since when that number has not changed.
    pub(super) since: DateTime<Utc>,
}

const CALLS: [(&str, BulkRoute); 4] = [
    ("save", BulkRoute::SaveProducts),
    ("update", BulkRoute::UpdateProducts),
    ("delete", BulkRoute::DeleteProducts),
    ("attach", BulkRoute::AttachChildren),
];

impl BulkToken {
    /// A list that was taken just now.
    pub(super) fn new(
        (route, scope): (BulkRoute, &ShopScope),
        uuid: String,
        entries: Vec<usize>,
        now: DateTime<Utc>,
    ) -> Self {
        let call = CALLS.iter().find(|(_, known)| *known == route).expect("every call has a word").0.to_owned();
        let store = scope.code().to_owned();
        Self {
            uuid,
            call,
            store,
            entries,
            new: Vec::new(),
            then: BTreeMap::new(),
            accepted: BTreeMap::new(),
            looks: 0,
            tries: 0,
            waited: 0,
            open: None,
            since: now,
        }
    }

    /// No list: what is kept is sent later.
    pub(super) fn later(scope: &ShopScope, then: Vec<Attached>, now: DateTime<Utc>) -> Self {
        let call = (BulkRoute::UpdateProducts, scope);
        Self { then: then.into_iter().enumerate().collect(), ..Self::new(call, String::new(), Vec::new(), now) }
    }

    /// Says whether there is no list to ask for.
    pub(super) fn is_later(&self) -> bool {
        self.uuid.is_empty()
    }

    /// Reads what was kept; nothing if it was not written by this.
    pub(super) fn read(text: &str) -> Option<Self> {
        let token: Self = serde_json::from_str(text).ok()?;
        CALLS.iter().any(|(word, _)| *word == token.call).then_some(token)
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).expect("it has text keys only")
    }

    pub(super) fn route(&self) -> BulkRoute {
        CALLS.iter().find(|(word, _)| *word == self.call).expect("it was looked at when it was read").1
    }

    pub(super) fn scope(&self) -> ShopScope {
        match self.store.as_str() {
            "all" => ShopScope::Global,
            view => ShopScope::View(view.to_owned()),
        }
    }
}
