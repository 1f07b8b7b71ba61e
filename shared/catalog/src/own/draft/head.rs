//! The head of a draft: what it is for, which entities are in it, and how far it is.

use std::collections::BTreeSet;

use pipeline::{Name, PipelineId};
use serde_json::{Value, json};
use store::table::{Attributes, Change, Condition, Item, Query, Relist, Table, Write, Written};

use super::{Draft, DraftName, Error, head_partition, items};
use crate::own::RACES;

/// What a draft is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftMode {
    /// It shows what an import would do, and is dropped.
    DryRun,
    /// It is published as a whole.
    Transaction,
}

/// How far a draft is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftStatus {
    /// The import works on it.
    Open,
    /// It is being published; that is carried on to its end, whatever happens.
    Publishing,
    /// The catalogue has it.
    Published,
    /// Nothing is left of it, and the catalogue never had it.
    Dropped,
}

/// The head of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftHead {
    /// Whose draft it is.
    pub name: DraftName,
    /// What it is for.
    pub mode: DraftMode,
    /// How far it is.
    pub status: DraftStatus,
    /// What its rows speak of, such as `products`.
    pub entities: BTreeSet<String>,
    version: Option<u64>,
}

const MODES: [(DraftMode, &str); 2] = [(DraftMode::DryRun, "dry_run"), (DraftMode::Transaction, "transaction")];

const STATUSES: [(DraftStatus, &str); 4] = [
    (DraftStatus::Open, "open"),
    (DraftStatus::Publishing, "publishing"),
    (DraftStatus::Published, "published"),
    (DraftStatus::Dropped, "dropped"),
];

impl DraftHead {
    /// Reads the head of a draft, if there is one.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn find(table: &dyn Table, name: &DraftName) -> Result<Option<Self>, Error> {
        let item = table.get(&name.head()).await?;
        item.as_ref().map(|item| read(&name.pipeline, item)).transpose()
    }

    /// Reads the heads of all drafts of a pipeline.
    ///
    /// # Errors
    /// The store did not answer.
    pub async fn all(table: &dyn Table, pipeline: &PipelineId) -> Result<Vec<Self>, Error> {
        let mut heads = Vec::new();
        items::each_item(table, Query::prefix(head_partition(pipeline), ""), |item| {
            heads.push(read(pipeline, item)?);
            Ok(())
        })
        .await?;
        Ok(heads)
    }

    /// Opens a draft for rows of an entity, or goes on with it. One that was published or dropped begins anew: a person
    /// runs the step again.
    ///
    /// # Errors
    /// The store did not answer, or the draft is just being published.
    pub async fn open(table: &dyn Table, name: DraftName, mode: DraftMode, entity: &str) -> Result<Draft, Error> {
        for _ in 0..RACES {
            let found = Self::find(table, &name).await?;
            let new = || Self {
                name: name.clone(),
                mode,
                status: DraftStatus::Open,
                entities: BTreeSet::new(),
                version: None,
            };
            let mut head = found.clone().unwrap_or_else(new);
            head.status = match head.status {
                DraftStatus::Open | DraftStatus::Published | DraftStatus::Dropped => DraftStatus::Open,
                DraftStatus::Publishing => return Err(Error::IsPublishing),
            };
            head.entities.insert(entity.to_owned());
            if found.as_ref() == Some(&head) || head.write(table).await? {
                return Ok(Draft { name, mode: head.mode });
            }
        }
        Err(Error::Contended { key: name.head().to_string() })
    }

    /// The draft itself.
    #[must_use]
    pub fn draft(&self) -> Draft {
        Draft { name: self.name.clone(), mode: self.mode }
    }

    /// Begins to publish; from now on there is no way back.
    ///
    /// # Errors
    /// The store did not answer, or somebody else has changed the head meanwhile.
    pub async fn begin_publishing(&mut self, table: &dyn Table) -> Result<(), Error> {
        self.go_to(table, DraftStatus::Publishing).await
    }

    /// Ends the publication, and deletes what was drafted.
    ///
    /// # Errors
    /// The store did not answer. Asking again carries on.
    pub async fn end_publishing(&mut self, table: &dyn Table) -> Result<(), Error> {
        // First the status: what is half deleted must not be published once more.
        self.go_to(table, DraftStatus::Published).await?;
        self.name.delete_things(table).await
    }

    /// Drops what was drafted, as if it had never been. A draft that was published keeps that status.
    ///
    /// # Errors
    /// The store did not answer. Asking again carries on.
    pub async fn drop_draft(&mut self, table: &dyn Table) -> Result<(), Error> {
        match self.status {
            DraftStatus::Open => self.go_to(table, DraftStatus::Dropped).await?,
            DraftStatus::Published | DraftStatus::Dropped => {}
            DraftStatus::Publishing => return Err(Error::IsPublishing),
        }
        self.name.delete_things(table).await
    }

    /// Forgets the draft together with its pipeline, whatever was left of it.
    ///
    /// # Errors
    /// The store did not answer. Asking again carries on.
    pub async fn forget(self, table: &dyn Table) -> Result<(), Error> {
        self.name.delete_things(table).await?;
        // Last, for it leads to the things.
        table.write(Write { key: self.name.head(), condition: Condition::Any, change: Change::Delete }).await?;
        Ok(())
    }

    async fn go_to(&mut self, table: &dyn Table, status: DraftStatus) -> Result<(), Error> {
        if self.status == status {
            return Ok(());
        }
        let head = Self { status, ..self.clone() };
        if !head.write(table).await? {
            return Err(Error::Contended { key: self.name.head().to_string() });
        }
        *self = Self { version: self.version.map(|version| version + 1), ..head };
        Ok(())
    }

    /// Writes the head under the version that was read. Returns false if somebody else has changed it otherwise.
    async fn write(&self, table: &dyn Table) -> Result<bool, Error> {
        let word = |status| STATUSES.iter().find(|(known, _)| *known == status).expect("every status has a word").1;
        let mode = MODES.iter().find(|(known, _)| *known == self.mode).expect("every mode has a word").1;
        let entities: Vec<&str> = self.entities.iter().map(String::as_str).collect();
        let attributes = Attributes::from([
            ("mode".to_owned(), json!(mode)),
            ("status".to_owned(), json!(word(self.status))),
            ("entities".to_owned(), json!(entities.join(" "))),
        ]);
        let (condition, change) = match self.version {
            None => (Condition::Absent, Change::Put { attributes, listing: None, expires_at: None }),
            Some(version) => (Condition::Version(version), Change::Patch { attributes, listing: Relist::Keep }),
        };
        match table.write(Write { key: self.name.head(), condition, change }).await? {
            Written::Applied(_) => Ok(true),
            // The reply to this very write may have got lost.
            Written::Conflict(Some(item)) => {
                let found = read(&self.name.pipeline, &item)?;
                Ok(found.status == self.status && found.entities == self.entities)
            }
            Written::Conflict(None) => Ok(false),
        }
    }
}

fn read(pipeline: &PipelineId, item: &Item) -> Result<DraftHead, Error> {
    parse(pipeline, item).ok_or_else(|| Error::DraftHead { key: item.key.to_string() })
}

fn parse(pipeline: &PipelineId, item: &Item) -> Option<DraftHead> {
    let text = |name: &str| item.attributes.get(name).and_then(Value::as_str);
    let step: Option<Name> = match item.key.sort.strip_prefix("step/") {
        Some(step) => Some(step.parse().ok()?),
        None => None,
    };
    Some(DraftHead {
        name: DraftName { pipeline: pipeline.clone(), step },
        mode: MODES.iter().find(|(_, word)| text("mode") == Some(word))?.0,
        status: STATUSES.iter().find(|(_, word)| text("status") == Some(word))?.0,
        entities: text("entities")?.split(' ').map(str::to_owned).collect(),
        version: Some(item.version),
    })
}
