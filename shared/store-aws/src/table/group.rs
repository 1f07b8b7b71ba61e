//! Groups of conditional writes, all or none, as one DynamoDB transaction.

use std::collections::HashSet;

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use store::table::{Change, Condition, GROUP_LIMIT, GroupWritten, Item, Write, Written};
use store::{Error, Result};
use uuid::Uuid;

use super::expression::Expression;
use super::item::stored_key;
use super::write::{Contended, PreparedWrite, TRIES, needs_version, prepare};
use super::{DynamoTable, read};
use crate::backoff;
use crate::sdk_error::classify;

/// What stands for no condition in a check, which must have one.
const ALWAYS: &str = "attribute_exists(pk) OR attribute_not_exists(pk)";

impl DynamoTable {
    pub(crate) async fn write_items(&self, mut writes: Vec<Write>) -> Result<GroupWritten> {
        let operation = operation(&writes);
        check_group(&operation, &writes)?;
        match writes.as_slice() {
            [] => return Ok(GroupWritten::Applied),
            // A transaction of one costs twice a plain write and does the same.
            [only] if !matches!(only.change, Change::Check) => {
                return Ok(match self.write_item(writes.remove(0)).await? {
                    Written::Applied(_) => GroupWritten::Applied,
                    Written::Conflict(current) => GroupWritten::Conflict(vec![(0, current)]),
                });
            }
            _ => {}
        }
        for tried in 1..=TRIES {
            let (versioned, absent) = self.with_versions(&writes).await?;
            if !absent.is_empty() {
                return Ok(GroupWritten::Conflict(absent.into_iter().map(|place| (place, None)).collect()));
            }
            match self.send_group(&operation, &versioned).await? {
                GroupOutcome::Applied => return Ok(GroupWritten::Applied),
                GroupOutcome::Conflict(conflicts) => {
                    let conflicts = of_callers_conditions(conflicts, &writes);
                    if !conflicts.is_empty() {
                        return Ok(GroupWritten::Conflict(conflicts));
                    }
                }
                GroupOutcome::Contended if tried == TRIES => break,
                GroupOutcome::Contended => {}
            }
            backoff::before_retry(tried).await;
        }
        Err(Error::retryable(operation, Contended { tries: TRIES }))
    }

    /// Replaces [`Condition::Present`] of puts by the version that is there; see [`DynamoTable::write_item`]. Also tells
    /// the places of those that are absent.
    async fn with_versions(&self, writes: &[Write]) -> Result<(Vec<Write>, Vec<usize>)> {
        let mut versioned = writes.to_vec();
        let mut absent = Vec::new();
        for (place, write) in versioned.iter_mut().enumerate().filter(|(_, write)| needs_version(write)) {
            match self.get_item(&write.key).await? {
                Some(item) => write.condition = Condition::Version(item.version),
                None => absent.push(place),
            }
        }
        Ok((versioned, absent))
    }

    async fn send_group(&self, operation: &str, writes: &[Write]) -> Result<GroupOutcome> {
        let items = writes.iter().map(|write| self.transact_item(operation, write)).collect::<Result<_>>()?;
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            // The SDK's own retries carry the same token, so that DynamoDB recognises a transaction that it has applied.
            .client_request_token(Uuid::new_v4().to_string())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(GroupOutcome::Applied),
            Err(error) => canceled(operation, writes, error),
        }
    }

    fn transact_item(&self, operation: &str, write: &Write) -> Result<TransactWriteItem> {
        let (request, expression) = prepare(operation, write)?;
        self.build(write, request, expression).map_err(|error| Error::permanent(operation, error))
    }

    fn build(
        &self,
        write: &Write,
        request: PreparedWrite,
        mut expression: Expression,
    ) -> std::result::Result<TransactWriteItem, BuildError> {
        let item = TransactWriteItem::builder();
        let condition = expression.condition.take();
        let (names, values) = (expression.take_names(), expression.take_values());
        let returned = ReturnValuesOnConditionCheckFailure::AllOld;
        Ok(match request {
            PreparedWrite::Put { stored, .. } => item.put(
                Put::builder()
                    .table_name(&self.table_name)
                    .set_item(Some(stored))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(returned)
                    .build()?,
            ),
            PreparedWrite::Patch => item.update(
                Update::builder()
                    .table_name(&self.table_name)
                    .set_key(Some(stored_key(&write.key)))
                    .set_update_expression(expression.update.take())
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(returned)
                    .build()?,
            ),
            PreparedWrite::Delete => item.delete(
                Delete::builder()
                    .table_name(&self.table_name)
                    .set_key(Some(stored_key(&write.key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(returned)
                    .build()?,
            ),
            PreparedWrite::Check => item.condition_check(
                ConditionCheck::builder()
                    .table_name(&self.table_name)
                    .set_key(Some(stored_key(&write.key)))
                    .condition_expression(condition.as_deref().unwrap_or(ALWAYS))
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(returned)
                    .build()?,
            ),
        }
        .build())
    }
}

/// What became of one transaction.
enum GroupOutcome {
    Applied,
    Conflict(Vec<(usize, Option<Item>)>),
    /// Another transaction, or the throughput, was in the way; nothing was applied and nothing is known of conditions.
    Contended,
}

/// Why a transaction could not be applied whatever the conditions say.
#[derive(Debug, thiserror::Error)]
#[error("item `{key}`: {code}: {message}")]
struct Rejected {
    key: String,
    code: String,
    message: String,
}

fn operation(writes: &[Write]) -> String {
    match writes {
        [] => "write a group of no items".to_owned(),
        [first, ..] => format!("write a group of {} items, the first `{}`", writes.len(), first.key),
    }
}

fn check_group(operation: &str, writes: &[Write]) -> Result<()> {
    if writes.len() > GROUP_LIMIT {
        return Err(Error::permanent(operation, format!("at most {GROUP_LIMIT} items fit into a group")));
    }
    let mut keys = HashSet::new();
    match writes.iter().find(|write| !keys.insert(&write.key)) {
        Some(twice) => Err(Error::permanent(operation, format!("item `{}` is in the group twice", twice.key))),
        None => Ok(()),
    }
}

/// Leaves out the conflicts of puts under [`Condition::Present`] whose item has only moved on: it *is* present.
fn of_callers_conditions(conflicts: Vec<(usize, Option<Item>)>, writes: &[Write]) -> Vec<(usize, Option<Item>)> {
    let holds = |(place, item): &(usize, Option<Item>)| needs_version(&writes[*place]) && item.is_some();
    conflicts.into_iter().filter(|conflict| !holds(conflict)).collect()
}

/// Reads the reasons of a cancelled transaction; there is one for each item, in order.
fn canceled(operation: &str, writes: &[Write], error: SdkError<TransactWriteItemsError>) -> Result<GroupOutcome> {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
        return Err(classify(operation, error));
    };
    let reasons = || canceled.cancellation_reasons().iter().enumerate().filter(|(_, reason)| !is(reason, "None"));
    let failed = reasons().filter(|(_, reason)| is(reason, "ConditionalCheckFailed"));
    let conflicts = failed.map(|(place, reason)| {
        let stored = reason.item().filter(|stored| !stored.is_empty()).cloned();
        Ok((place, stored.map(|stored| read(operation, stored)).transpose()?))
    });
    let conflicts = conflicts.collect::<Result<Vec<_>>>()?;
    if !conflicts.is_empty() {
        return Ok(GroupOutcome::Conflict(conflicts));
    }
    match reasons().find(|(_, reason)| !PASSING_REASONS.iter().any(|code| is(reason, code))) {
        Some((place, reason)) => Err(Error::permanent(operation, rejected(&writes[place], reason))),
        None if reasons().next().is_some() => Ok(GroupOutcome::Contended),
        None => Err(Error::permanent(operation, error)),
    }
}

const PASSING_REASONS: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code().unwrap_or("None") == code
}

fn rejected(write: &Write, reason: &CancellationReason) -> Rejected {
    Rejected {
        key: write.key.to_string(),
        code: reason.code().unwrap_or_default().to_owned(),
        message: reason.message().unwrap_or("no message").to_owned(),
    }
}
