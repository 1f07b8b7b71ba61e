//! Brings a draft into the catalogue, thing by thing.
//!
//! What is below others is made behind them and deleted before them: facts of the shop come first, parents before
//! children, then all things, and last the facts that are gone, children before parents. Each thing is written under the
//! version that its draft was made of. If somebody else has written it meanwhile, the rows beside it are applied to what
//! is stored by then, so both changes count.
//!
//! Publishing may stop anywhere and begin again at any place before: a thing that is published already has the mark of its
//! draft and is passed over.

mod again;

use std::any::Any;
use std::collections::BTreeMap;

use async_trait::async_trait;
use import::Entity;
use import::entity::{Thing, Visitor, visit_all};
use import::finding::{Finding, Severity};
use serde::{Deserialize, Serialize};
use store::table::{Page, Query, SortDirection, Table};

use super::RACES;
use super::draft::{DraftHead, DraftName, drafted_thing};
use super::error::Error;
use super::items::{self, KeptThing, Update};
use again::{Again, ApplyAgain, apply_again};

/// Things of a draft that are read at once; each may take 400 KB of memory.
const PAGE: usize = 100;

/// What knows the kinds of things that drafts hold.
pub struct Publisher {
    kinds: Vec<Box<dyn PublishKind>>,
    entities: Vec<&'static str>,
}

/// Where a publication stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PublishPlace {
    round: usize,
    part: usize,
    after: Option<String>,
}

/// What a part of a publication did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PublishedPage {
    /// The things that are in the catalogue now as the draft has them, those of an earlier try among them.
    pub things: u64,
    /// Those of them that somebody else had written meanwhile.
    pub met: u64,
    /// What people should know, such as rows that were refused because of what others wrote.
    pub findings: Vec<Finding>,
    /// Where to go on; none at the end.
    pub next: Option<PublishPlace>,
}

/// Things of a draft that are published in one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Made,
    Gone,
}

impl Publisher {
    /// Knows the things of one entity.
    #[must_use]
    pub fn of<E: Entity>() -> Self {
        Self { kinds: Vec::new(), entities: Vec::new() }.and::<E>()
    }

    /// Knows the things of every entity that ships.
    #[must_use]
    pub fn all() -> Self {
        struct All(Publisher);
        impl Visitor for All {
            fn visit<E: Entity>(&mut self) {
                self.0.add::<E>();
            }
        }
        let mut all = All(Self { kinds: Vec::new(), entities: Vec::new() });
        visit_all(&mut all);
        all.0
    }

    /// Knows the things of one more entity.
    #[must_use]
    pub fn and<E: Entity>(mut self) -> Self {
        self.add::<E>();
        self
    }

    fn add<E: Entity>(&mut self) {
        self.entities.push(E::ABOUT.name);
        let mut known = self.kinds.iter_mut().filter_map(|kind| kind.as_any().downcast_mut::<Kind<E::Thing>>());
        match known.next() {
            Some(kind) => drop(kind.entities.insert(E::ABOUT.name, apply_again::<E>)),
            None => {
                let entities = BTreeMap::from([(E::ABOUT.name, apply_again::<E> as ApplyAgain<E::Thing>)]);
                self.kinds.push(Box::new(Kind { entities }));
            }
        }
    }

    /// Makes sure that all that is in a draft is known here.
    ///
    /// # Errors
    /// Names what is not.
    pub fn check(&self, head: &DraftHead) -> Result<(), Error> {
        match head.entities.iter().find(|entity| !self.entities.contains(&entity.as_str())) {
            None => Ok(()),
            Some(entity) => Err(Error::UnknownEntity { entity: entity.clone(), known: self.entities.join(", ") }),
        }
    }

    /// Publishes the next things of a draft.
    ///
    /// # Errors
    /// The store did not answer, or something in the draft cannot be read. Asking again from the same place carries on.
    pub async fn publish(
        &self,
        table: &dyn Table,
        name: &DraftName,
        place: &PublishPlace,
    ) -> Result<PublishedPage, Error> {
        let rounds = self.rounds();
        let Some((kind, which)) = rounds.get(place.round) else { return Ok(PublishedPage::default()) };
        let page = PageOf { name, which: *which, part: place.part, after: place.after.clone() };
        let (mut published, next) = kind.publish(table, page).await?;
        published.next = match next {
            InKind::After(after) => Some(PublishPlace { after: Some(after), ..*place }),
            InKind::NextPart => Some(PublishPlace { part: place.part + 1, after: None, round: place.round }),
            InKind::End => {
                let round = place.round + 1;
                (round < rounds.len()).then_some(PublishPlace { round, ..PublishPlace::default() })
            }
        };
        Ok(published)
    }

    fn rounds(&self) -> Vec<(&dyn PublishKind, Which)> {
        let facts = || self.kinds.iter().filter(|kind| kind.is_fact()).map(AsRef::as_ref);
        let things = self.kinds.iter().filter(|kind| !kind.is_fact()).map(AsRef::as_ref);
        let made = facts().map(|kind| (kind, Which::Made));
        let gone: Vec<_> = facts().map(|kind| (kind, Which::Gone)).collect();
        made.chain(things.map(|kind| (kind, Which::All))).chain(gone.into_iter().rev()).collect()
    }
}

/// The next part of one partition of a draft.
struct PageOf<'a> {
    name: &'a DraftName,
    which: Which,
    part: usize,
    after: Option<String>,
}

/// Where to go on within a kind.
enum InKind {
    After(String),
    NextPart,
    End,
}

/// A kind of thing, without its type.
#[async_trait]
trait PublishKind: Send + Sync {
    fn is_fact(&self) -> bool;

    async fn publish(&self, table: &dyn Table, page: PageOf<'_>) -> Result<(PublishedPage, InKind), Error>;

    fn as_any(&mut self) -> &mut dyn Any;
}

/// A kind of thing, and the entities whose rows speak of it.
struct Kind<T: Thing> {
    entities: BTreeMap<&'static str, ApplyAgain<T>>,
}

#[async_trait]
impl<T: Thing> PublishKind for Kind<T> {
    fn is_fact(&self) -> bool {
        T::IS_FACT
    }

    async fn publish(&self, table: &dyn Table, page: PageOf<'_>) -> Result<(PublishedPage, InKind), Error> {
        let partitions = page.name.partitions_of::<T>();
        let Some(partition) = partitions.get(page.part) else { return Ok((PublishedPage::default(), InKind::End)) };
        let order = match page.which {
            Which::All | Which::Made => SortDirection::Ascending,
            Which::Gone => SortDirection::Descending,
        };
        let prefix = items::sort_prefix::<T>();
        let query = Query { after: page.after, order, limit: Some(PAGE), ..Query::prefix(partition.clone(), prefix) };
        let Page { entries, next } = table.query(&query).await?;
        let mut drafted = Vec::new();
        for item in &entries {
            let thing = drafted_thing::<T>(item)?;
            if page.which.takes(&thing) {
                drafted.push((items::key_of::<T>(item).to_owned(), thing));
            }
        }
        let published = self.publish_things(table, drafted).await?;
        let next = match next {
            Some(after) => InKind::After(after),
            None if page.part + 1 < partitions.len() => InKind::NextPart,
            None => InKind::End,
        };
        Ok((published, next))
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl Which {
    fn takes<T>(self, thing: &KeptThing<T>) -> bool {
        match self {
            Self::All => true,
            Self::Made => thing.thing.is_some(),
            Self::Gone => thing.thing.is_none(),
        }
    }
}

/// Things of a draft that are not in the catalogue yet.
type Left<T> = Vec<(String, KeptThing<T>)>;

impl<T: Thing> Kind<T> {
    async fn publish_things(&self, table: &dyn Table, mut left: Left<T>) -> Result<PublishedPage, Error> {
        let mut page = PublishedPage { things: left.len() as u64, ..PublishedPage::default() };
        for _ in 0..RACES {
            if left.is_empty() {
                return Ok(page);
            }
            left = self.publish_once(table, left, &mut page).await?;
        }
        match left.into_iter().next() {
            None => Ok(page),
            Some((key, _)) => Err(Error::Contended { key }),
        }
    }

    /// Returns those that somebody else wrote since they were read.
    async fn publish_once(&self, table: &dyn Table, left: Left<T>, page: &mut PublishedPage) -> Result<Left<T>, Error> {
        let keys: Vec<String> = left.iter().map(|(key, _)| key.clone()).collect();
        let mut stored = items::things::<T>(table, &keys).await?;
        if T::IS_FACT {
            items::add_plain(&keys, &mut stored);
        }
        let mut updates = Vec::new();
        let mut met = BTreeMap::new();
        for (key, drafted) in &left {
            let Step { update, findings } = self.step(key, drafted, stored.remove(key))?;
            updates.extend(update);
            met.extend(findings.map(|findings| (key.clone(), findings)));
        }
        let conflicts = write_in_order(table, updates).await?;
        for (key, findings) in met {
            if !conflicts.contains(&key) {
                page.met += 1;
                page.findings.extend(findings);
            }
        }
        Ok(left.into_iter().filter(|(key, _)| conflicts.contains(key)).collect())
    }

    /// What is to be done for one thing.
    fn step(&self, key: &str, drafted: &KeptThing<T>, stored: Option<KeptThing<T>>) -> Result<Step<T>, Error> {
        if drafted.mark.is_some() && stored.as_ref().and_then(|stored| stored.mark.as_ref()) == drafted.mark.as_ref() {
            // An earlier try has published it.
            return Ok(Step { update: None, findings: None });
        }
        let origin = drafted.drafted.as_ref();
        let version = stored.as_ref().and_then(KeptThing::version);
        let mut step = Step { update: None, findings: None };
        let mut thing = drafted.thing.clone();
        if version != origin.and_then(|origin| origin.base) {
            let Again { thing: again, findings } = match origin.and_then(|origin| origin.causes.as_ref()) {
                Some(causes) => self.again(key, drafted, stored.as_ref(), causes)?,
                None => Again { thing: thing.take(), findings: vec![overwritten(key, drafted)] },
            };
            thing = again;
            step.findings = Some(findings);
        }
        let change = drafted
            .last_change()
            .ok()
            .flatten()
            .filter(|_| stored.as_ref().and_then(KeptThing::note) != drafted.note());
        let mark = drafted.mark.clone().unwrap_or_default();
        step.update = Some(Update { key: key.to_owned(), before: stored, thing, mark, change });
        Ok(step)
    }
}

/// What is to be done for one thing: what to write, and what there is to say if others have written it meanwhile.
struct Step<T> {
    update: Option<Update<T>>,
    findings: Option<Vec<Finding>>,
}

/// Says that what others wrote is lost, since nobody can say any more what the rows would have made of it.
fn overwritten<T>(key: &str, drafted: &KeptThing<T>) -> Finding {
    let (file, line) = match drafted.last_change() {
        Ok(Some(change)) => (change.file, change.line),
        Ok(None) | Err(_) => (String::new(), 0),
    };
    let problem = format!(
        "`{key}` was changed by somebody else while this import was drafted, and has more rows here than a draft keeps; it \
         now is as this import has made it, without that other change"
    );
    Finding::about(&file, line, problem, Severity::Notice)
}

/// Facts are written one after the other: dying in between must leave nothing without what it is below.
async fn write_in_order<T: Thing>(table: &dyn Table, updates: Vec<Update<T>>) -> Result<Vec<String>, Error> {
    if !T::IS_FACT {
        return items::write_things(table, &updates).await;
    }
    let mut conflicts = Vec::new();
    for update in updates {
        conflicts.extend(items::write_things(table, &[update]).await?);
    }
    Ok(conflicts)
}
