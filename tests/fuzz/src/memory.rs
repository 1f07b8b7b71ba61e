//! The storage seams in memory: fresh for each input, quick, and as strict as the back ends about what they refuse.
//!
//! It is there for speed alone: `tests/it/conformance` says what a back end must do, and no test about the engine runs
//! on this one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pipeline::Priority;
use store::queue::{DeadLetter, Depth, Outgoing, Queue, Receipt, Received};
use store::table::{
    Attributes, Change, Condition, GROUP_LIMIT, GroupWritten, ITEM_LIMIT_BYTES, Item, Key, Listed, ListingQuery, Page,
    Query, Relist, SortDirection, Table, Write, Written,
};
use store::{Error, Result, Store};

mod files;

/// Most bytes of a partition key and of a sort key: the limits of DynamoDB.
const KEY_LIMITS_BYTES: [usize; 2] = [2048, 1024];

/// An empty store.
#[must_use]
pub fn store() -> Store {
    Store::new(Arc::<Items>::default(), Arc::<Messages>::default(), Arc::<files::Folder>::default())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Items {
    by_key: Mutex<BTreeMap<Key, Item>>,
}

#[derive(Default)]
struct Messages {
    waiting: Mutex<Vec<(Priority, Outgoing)>>,
}

fn check_key(key: &Key) -> Result<()> {
    let sizes = [key.partition.len(), key.sort.len()];
    if sizes.iter().zip(KEY_LIMITS_BYTES).all(|(size, limit)| (1..=limit).contains(size)) {
        return Ok(());
    }
    Err(Error::permanent("take a key", format!("a part of it is empty or too long: {sizes:?} bytes")))
}

fn check_item(key: &Key, attributes: &Attributes) -> Result<()> {
    check_key(key)?;
    let bytes: usize = attributes.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
    if attributes.contains_key("") || bytes > ITEM_LIMIT_BYTES {
        return Err(Error::permanent(format!("write item `{key}`"), format!("{bytes} bytes, or a name is empty")));
    }
    Ok(())
}

/// The item after a write, or `Err` with the one that is there if the condition does not hold.
fn changed(old: Option<&Item>, write: &Write) -> std::result::Result<Option<Item>, Box<Option<Item>>> {
    let holds = match write.condition {
        Condition::Absent => old.is_none(),
        Condition::Version(version) => old.is_some_and(|item| item.version == version),
        Condition::Present => old.is_some(),
        Condition::Any => true,
    };
    if !holds {
        return Err(Box::new(old.cloned()));
    }
    let begins_anew = matches!((write.condition, &write.change), (Condition::Any, Change::Put { .. }));
    let version = if begins_anew { 1 } else { old.map_or(0, |item| item.version).saturating_add(1) };
    match &write.change {
        Change::Put { attributes, listing, expires_at } => {
            let mut attributes = attributes.clone();
            attributes.retain(|_, value| !value.is_null());
            let (listing, expires_at) = (listing.clone(), *expires_at);
            Ok(Some(Item { key: write.key.clone(), version, attributes, listing, expires_at }))
        }
        Change::Patch { attributes, listing } => {
            let empty = Item {
                key: write.key.clone(),
                version,
                attributes: Attributes::new(),
                listing: None,
                expires_at: None,
            };
            let mut item = Item { version, ..old.cloned().unwrap_or(empty) };
            item.attributes.extend(attributes.clone());
            item.attributes.retain(|_, value| !value.is_null());
            match listing {
                Relist::Keep => {}
                Relist::Unlist => item.listing = None,
                Relist::List(place) => item.listing = Some(place.clone()),
            }
            Ok(Some(item))
        }
        Change::Delete => Ok(None),
        Change::Check => Ok(old.cloned()),
    }
}

impl Items {
    fn set(items: &mut BTreeMap<Key, Item>, key: Key, item: Option<Item>) {
        match item {
            Some(item) => drop(items.insert(key, item)),
            None => drop(items.remove(&key)),
        }
    }
}

#[async_trait]
impl Table for Items {
    async fn get(&self, key: &Key) -> Result<Option<Item>> {
        check_key(key)?;
        Ok(lock(&self.by_key).get(key).cloned())
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>> {
        keys.iter().try_for_each(check_key)?;
        let items = lock(&self.by_key);
        Ok(keys.iter().filter_map(|key| items.get(key).cloned()).collect())
    }

    async fn query(&self, query: &Query) -> Result<Page<Item, String>> {
        let items = lock(&self.by_key);
        let mut found: Vec<&Item> = items
            .values()
            .filter(|item| item.key.partition == query.partition && item.key.sort.starts_with(&query.sort_prefix))
            .collect();
        let is_behind = |sort: &String, after: &String| match query.order {
            SortDirection::Ascending => sort > after,
            SortDirection::Descending => sort < after,
        };
        found.retain(|item| query.after.as_ref().is_none_or(|after| is_behind(&item.key.sort, after)));
        if query.order == SortDirection::Descending {
            found.reverse();
        }
        let limit = query.limit.unwrap_or(usize::MAX);
        let next = (found.len() > limit).then(|| found.get(limit.wrapping_sub(1))).flatten();
        let next = next.map(|item| item.key.sort.clone());
        Ok(Page { entries: found.into_iter().take(limit).cloned().collect(), next })
    }

    async fn listing(&self, query: &ListingQuery) -> Result<Page<Listed, Listed>> {
        let items = lock(&self.by_key);
        let place = |item: &Item| {
            let listing = item.listing.as_ref().filter(|listing| listing.shard == query.shard)?;
            Some(Listed { key: item.key.clone(), rank: listing.rank.clone() })
        };
        let mut found: Vec<Listed> = items.values().filter_map(place).collect();
        found.sort_by(|a, b| (&a.rank, &a.key).cmp(&(&b.rank, &b.key)));
        if query.order == SortDirection::Descending {
            found.reverse();
        }
        let is_behind = |listed: &Listed, after: &Listed| {
            let order = (&listed.rank, &listed.key).cmp(&(&after.rank, &after.key));
            if query.order == SortDirection::Descending { order.is_lt() } else { order.is_gt() }
        };
        found.retain(|listed| query.after.as_ref().is_none_or(|after| is_behind(listed, after)));
        let limit = query.limit.unwrap_or(usize::MAX);
        let next = (found.len() > limit).then(|| found.get(limit.wrapping_sub(1)).cloned()).flatten();
        found.truncate(limit);
        Ok(Page { entries: found, next })
    }

    async fn write(&self, write: Write) -> Result<Written> {
        if let Change::Put { attributes, .. } | Change::Patch { attributes, .. } = &write.change {
            check_item(&write.key, attributes)?;
        }
        check_key(&write.key)?;
        let mut items = lock(&self.by_key);
        match changed(items.get(&write.key), &write) {
            Ok(item) => {
                Self::set(&mut items, write.key, item.clone());
                Ok(Written::Applied(item))
            }
            Err(item) => Ok(Written::Conflict(*item)),
        }
    }

    async fn write_group(&self, writes: Vec<Write>) -> Result<GroupWritten> {
        if writes.len() > GROUP_LIMIT {
            return Err(Error::permanent("write a group", format!("it has {} writes", writes.len())));
        }
        for write in &writes {
            if let Change::Put { attributes, .. } | Change::Patch { attributes, .. } = &write.change {
                check_item(&write.key, attributes)?;
            }
            check_key(&write.key)?;
        }
        let mut items = lock(&self.by_key);
        let outcomes: Vec<_> = writes.iter().map(|write| changed(items.get(&write.key), write)).collect();
        let conflicts: Vec<_> =
            outcomes.iter().enumerate().filter_map(|(n, it)| Some((n, *it.clone().err()?))).collect();
        if !conflicts.is_empty() {
            return Ok(GroupWritten::Conflict(conflicts));
        }
        for (write, item) in writes.into_iter().zip(outcomes.into_iter().flatten()) {
            Self::set(&mut items, write.key, item);
        }
        Ok(GroupWritten::Applied)
    }

    async fn batch_put(&self, puts: Vec<(Key, Attributes)>) -> Result<()> {
        for (key, attributes) in puts {
            let change = Change::Put { attributes, listing: None, expires_at: None };
            self.write(Write { key, condition: Condition::Any, change }).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Queue for Messages {
    async fn send(&self, priority: Priority, messages: Vec<Outgoing>) -> Result<()> {
        lock(&self.waiting).extend(messages.into_iter().map(|message| (priority, message)));
        Ok(())
    }

    /// A delay is over at once, and nothing comes back: a target runs what it finds, and no more.
    async fn receive(&self, limit: usize, _wait: Duration) -> Result<Vec<Received>> {
        let mut waiting = lock(&self.waiting);
        let count = limit.min(waiting.len());
        let receive = |(priority, message): (Priority, Outgoing)| {
            let receipt = Receipt { priority, handle: String::new() };
            Received { id: String::new(), receipt, body: message.body, receive_count: 1 }
        };
        Ok(waiting.drain(..count).map(receive).collect())
    }

    async fn extend(&self, _receipt: &Receipt, _visibility: Duration) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, _receipt: &Receipt) -> Result<()> {
        Ok(())
    }

    async fn depth(&self, priority: Priority) -> Result<Depth> {
        let waiting = lock(&self.waiting).iter().filter(|(other, _)| *other == priority).count();
        Ok(Depth { waiting: waiting as u64, in_flight: 0, delayed: 0 })
    }

    async fn count_dead_letters(&self) -> Result<u64> {
        Ok(0)
    }

    async fn peek_dead_letters(&self, _limit: usize) -> Result<Vec<DeadLetter>> {
        Ok(Vec::new())
    }

    async fn redrive_dead_letters(&self) -> Result<Option<u64>> {
        Ok(Some(0))
    }
}
