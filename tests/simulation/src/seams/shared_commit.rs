//! Commits of writes and messages with faults: all of it happens or nothing, and nobody may be told which.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use store::Result;
use store::shared_commit::{CommitGroup, SharedCommits, TakeNext, WrittenAndTaken};
use store::table::{Change, GroupWritten, Table, Write, Written};

use super::queue::{Posts, noted_message};
use super::table::{noted, noted_group, noted_mark};
use super::{alone, called};
use crate::faults::Kind;
use crate::stage::Stage;

/// The commits that table and queue share, with faults.
pub(crate) struct Commits {
    stage: Arc<Stage>,
    inner: Arc<dyn SharedCommits>,
    /// Shows what the commits left.
    table: Arc<dyn Table>,
}

impl Commits {
    pub(crate) fn new(stage: Arc<Stage>, inner: Arc<dyn SharedCommits>, table: Arc<dyn Table>) -> Self {
        Commits { stage, inner, table }
    }
}

#[async_trait]
impl SharedCommits for Commits {
    async fn write_and_send(&self, group: CommitGroup) -> Result<GroupWritten> {
        let (stage, inner, table, own) = (self.stage.clone(), self.inner.clone(), self.table.clone(), group.clone());
        called(
            &self.stage,
            Kind::Shares,
            "share",
            || label(&group),
            move || {
                let posts = Posts::draw(&stage, &own.messages);
                let written = alone(inner.write_and_send(CommitGroup { messages: posts.arriving(), ..own.clone() }))?;
                if written == GroupWritten::Applied {
                    counted(&stage, &own.writes);
                    noted_group(&stage, table.as_ref(), &own.writes)?;
                    posts.note(&stage, own.priority, ", with what shares its commit");
                }
                Ok(written)
            },
        )
        .await
    }

    async fn write_and_take_next(&self, group: CommitGroup, take: TakeNext) -> Result<WrittenAndTaken> {
        let (stage, inner, table, own) = (self.stage.clone(), self.inner.clone(), self.table.clone(), group.clone());
        let label = || format!("{} and take the next", label(&group));
        called(&self.stage, Kind::Shares, "take next", label, move || {
            let writes = &own.writes;
            let posts = Posts::draw(&stage, &own.messages);
            let committed = alone(
                inner.write_and_take_next(CommitGroup { messages: posts.arriving(), ..own.clone() }, take.clone()),
            )?;
            if let WrittenAndTaken::Applied(taken) = &committed {
                counted(&stage, writes);
                let claimed = taken.as_ref().and_then(|taken| match &taken.claim {
                    Some((Written::Applied(item), _)) => item.as_ref(),
                    Some((Written::Conflict(_), _)) | None => None,
                });
                // The table shows it claimed already.
                let is_before = |write: &&Write| claimed.is_none_or(|item| write.key != item.key);
                noted_group(&stage, table.as_ref(), writes.iter().filter(is_before))?;
                claimed.iter().for_each(|item| noted_mark(&stage, writes, item));
                posts.note(&stage, own.priority, ", with what shares its commit");
                if let Some(taken) = taken {
                    noted_message(&stage, &taken.message);
                    stage.lock().counts.taken_ahead += 1;
                }
                claimed.iter().for_each(|item| noted(&stage, item));
            }
            Ok(committed)
        })
        .await
    }
}

fn label(group: &CommitGroup) -> String {
    let keys: Vec<String> = group.writes.iter().map(|write| format!("`{}`", write.key)).collect();
    format!("write {} and send {} messages", keys.join(", "), group.messages.len())
}

fn counted(stage: &Stage, writes: &[Write]) {
    let counts = &mut stage.lock().counts;
    counts.shared += 1;
    counts.shared_ends += u64::from(writes.iter().any(ends_an_attempt));
}

fn ends_an_attempt(write: &Write) -> bool {
    let (Change::Put { attributes, .. } | Change::Patch { attributes, .. }) = &write.change else { return false };
    let status = attributes.get("status").and_then(Value::as_str);
    write.key.sort.starts_with("step/") && matches!(status, Some("success" | "skipped" | "error"))
}
