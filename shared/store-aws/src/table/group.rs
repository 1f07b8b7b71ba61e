//! Groups of conditional writes, all or none, as one DynamoDB transaction.

use std::collections::HashSet;

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use store::table::{Change, Condition, GROUP_LIMIT, GroupWritten, Item, Key, Write, Written};
use store::{Error, Result};
use uuid::Uuid;

use super::expression::Expression;
use super::item::{SdkItem, stored_key};
use super::write::{Contended, PreparedWrite, TRIES, needs_version, prepare};
use super::{DynamoTable, read};
use crate::backoff;
use crate::sdk_error::{OrPermanent, classify};

/// What stands for no condition in a check, which must have one.
const ALWAYS: &str = "attribute_exists(pk) OR attribute_not_exists(pk)";

/// The item that made a condition fail comes with the failure, so that nobody has to read it.
const RETURNED: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

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
                let conflicts = absent.into_iter().map(|place| (place, None)).collect();
                return Ok(GroupWritten::Conflict(conflicts));
            }
            match self.send_group(&operation, &versioned).await? {
                GroupOutcome::Applied => return Ok(GroupWritten::Applied),
                GroupOutcome::Conflict(conflicts) => {
                    // The versions were read a moment before, and another writer may have been quicker. What is left
                    // is what the caller asked for; if nothing is, the group is tried again with new versions.
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
        for (place, write) in versioned.iter_mut().enumerate() {
            if !needs_version(write) {
                continue;
            }
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
        let item = TransactWriteItem::builder();
        let item = match request {
            PreparedWrite::Put { stored, .. } => item.put(self.put(stored, expression).or_permanent(operation)?),
            PreparedWrite::Patch => item.update(self.update(&write.key, expression).or_permanent(operation)?),
            PreparedWrite::Delete => item.delete(self.delete(&write.key, expression).or_permanent(operation)?),
            PreparedWrite::Check => item.condition_check(self.check(&write.key, expression).or_permanent(operation)?),
        };
        Ok(item.build())
    }

    fn put(&self, stored: SdkItem, mut expression: Expression) -> std::result::Result<Put, BuildError> {
        Put::builder()
            .table_name(&self.table_name)
            .set_item(Some(stored))
            .set_condition_expression(expression.condition.take())
            .set_expression_attribute_names(expression.take_names())
            .set_expression_attribute_values(expression.take_values())
            .return_values_on_condition_check_failure(RETURNED)
            .build()
    }

    fn update(&self, key: &Key, mut expression: Expression) -> std::result::Result<Update, BuildError> {
        Update::builder()
            .table_name(&self.table_name)
            .set_key(Some(stored_key(key)))
            .set_update_expression(expression.update.take())
            .set_condition_expression(expression.condition.take())
            .set_expression_attribute_names(expression.take_names())
            .set_expression_attribute_values(expression.take_values())
            .return_values_on_condition_check_failure(RETURNED)
            .build()
    }

    fn delete(&self, key: &Key, mut expression: Expression) -> std::result::Result<Delete, BuildError> {
        Delete::builder()
            .table_name(&self.table_name)
            .set_key(Some(stored_key(key)))
            .set_condition_expression(expression.condition.take())
            .set_expression_attribute_names(expression.take_names())
            .set_expression_attribute_values(expression.take_values())
            .return_values_on_condition_check_failure(RETURNED)
            .build()
    }

    fn check(&self, key: &Key, mut expression: Expression) -> std::result::Result<ConditionCheck, BuildError> {
        // DynamoDB takes no check without a condition.
        let condition = expression.condition.take().unwrap_or_else(|| ALWAYS.to_owned());
        ConditionCheck::builder()
            .table_name(&self.table_name)
            .set_key(Some(stored_key(key)))
            .condition_expression(condition)
            .set_expression_attribute_names(expression.take_names())
            .set_expression_attribute_values(expression.take_values())
            .return_values_on_condition_check_failure(RETURNED)
            .build()
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
fn of_callers_conditions(mut conflicts: Vec<(usize, Option<Item>)>, writes: &[Write]) -> Vec<(usize, Option<Item>)> {
    conflicts.retain(|(place, item)| !needs_version(&writes[*place]) || item.is_none());
    conflicts
}

/// Reads the reasons of a cancelled transaction; there is one for each item, in order.
fn canceled(operation: &str, writes: &[Write], error: SdkError<TransactWriteItemsError>) -> Result<GroupOutcome> {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
        return Err(classify(operation, error));
    };
    let mut conflicts = Vec::new();
    let mut rejection = None;
    let mut is_contended = false;
    for (place, reason) in canceled.cancellation_reasons().iter().enumerate() {
        match reason.code().unwrap_or("None") {
            "None" => {}
            "ConditionalCheckFailed" => conflicts.push((place, current(operation, reason)?)),
            code if PASSING_REASONS.contains(&code) => is_contended = true,
            _ if rejection.is_none() => rejection = Some(rejected(&writes[place], reason)),
            _ => {}
        }
    }
    // A condition that does not hold says more than what else was in the way: to try again would not help.
    if !conflicts.is_empty() {
        return Ok(GroupOutcome::Conflict(conflicts));
    }
    match rejection {
        Some(rejection) => Err(Error::permanent(operation, rejection)),
        None if is_contended => Ok(GroupOutcome::Contended),
        None => Err(Error::permanent(operation, error)),
    }
}

/// What passes: nothing of the request is at fault.
const PASSING_REASONS: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/// The item that made a condition fail, if there is one.
fn current(operation: &str, reason: &CancellationReason) -> Result<Option<Item>> {
    match reason.item() {
        Some(stored) if !stored.is_empty() => Ok(Some(read(operation, stored.clone())?)),
        _ => Ok(None),
    }
}

fn rejected(write: &Write, reason: &CancellationReason) -> Rejected {
    Rejected {
        key: write.key.to_string(),
        code: reason.code().unwrap_or_default().to_owned(),
        message: reason.message().unwrap_or("no message").to_owned(),
    }
}
