//! Conditional writes of one item.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure};
use store::table::{Change, Condition, Item, Key, Write, Written};
use store::{Error, Result};

use super::expression::Expression;
use super::item::{SdkItem, as_kept, check_size, stored_item, stored_key};
use super::{DynamoTable, check_key, read};
use crate::backoff;
use crate::sdk_error::{OrPermanent, classify, code};

/// Times that a write is tried which loses against other writes in a way that says nothing about its condition.
pub(crate) const TRIES: u32 = 5;

/// What one write sends.
pub(crate) enum PreparedWrite {
    /// The whole item, and the same as the caller will see it.
    Put { stored: SdkItem, item: Item },
    /// An update expression.
    Patch,
    /// The key alone.
    Delete,
    /// The condition alone.
    Check,
}

impl DynamoTable {
    pub(crate) async fn write_item(&self, write: Write) -> Result<Written> {
        let operation = format!("write item `{}`", write.key);
        if matches!(write.change, Change::Check) {
            return Err(Error::permanent(operation, "a check alone changes nothing; it belongs into a group"));
        }
        if needs_version(&write) {
            return self.put_over_present(&operation, write).await;
        }
        self.write_once(&operation, &write).await
    }

    /// Writes an item whose new version is known or counted up by DynamoDB itself.
    async fn write_once(&self, operation: &str, write: &Write) -> Result<Written> {
        let mut tries = 1;
        loop {
            let written = self.send_write(operation, write).await;
            // Another writer's transaction holds the item for some milliseconds; the SDK does not repeat this.
            match written {
                Err(WriteFailure::InTransaction(_)) if tries < TRIES => backoff::before_retry(tries).await,
                Err(WriteFailure::InTransaction(error) | WriteFailure::Failed(error)) => return Err(error),
                Err(WriteFailure::Conflict(Some(stored))) => {
                    return Ok(Written::Conflict(Some(read(operation, stored)?)));
                }
                Err(WriteFailure::Conflict(None)) => return Ok(Written::Conflict(None)),
                Ok(item) => return Ok(Written::Applied(item)),
            }
            tries += 1;
        }
    }

    /// A put under [`Condition::Present`] counts a version up that it does not know, and a DynamoDB put cannot count.
    /// So it goes by the version that is there, until nobody comes in between.
    async fn put_over_present(&self, operation: &str, write: Write) -> Result<Written> {
        let mut current = self.get_item(&write.key).await?;
        for tried in 1..=TRIES {
            let Some(item) = current else { return Ok(Written::Conflict(None)) };
            let versioned = Write { condition: Condition::Version(item.version), ..write.clone() };
            match self.write_once(operation, &versioned).await? {
                Written::Conflict(changed) => current = changed,
                applied @ Written::Applied(_) => return Ok(applied),
            }
            backoff::before_retry(tried).await;
        }
        Err(Error::retryable(operation, Contended { tries: TRIES }))
    }

    async fn send_write(&self, operation: &str, write: &Write) -> std::result::Result<Option<Item>, WriteFailure> {
        let (request, expression) = prepare(operation, write).map_err(WriteFailure::Failed)?;
        match request {
            PreparedWrite::Put { stored, item } => {
                self.send_put(operation, stored, expression).await?;
                Ok(Some(item))
            }
            PreparedWrite::Patch => Ok(Some(self.send_patch(operation, &write.key, expression).await?)),
            PreparedWrite::Delete => {
                self.send_delete(operation, &write.key, expression).await?;
                Ok(None)
            }
            PreparedWrite::Check => Ok(None),
        }
    }

    async fn send_put(
        &self,
        operation: &str,
        stored: SdkItem,
        mut expression: Expression,
    ) -> std::result::Result<(), WriteFailure> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.table_name)
            .set_item(Some(stored))
            .set_condition_expression(expression.condition.take())
            .set_expression_attribute_names(expression.take_names())
            .set_expression_attribute_values(expression.take_values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(WriteFailure::new(operation, error, put_conflict)),
        }
    }

    async fn send_patch(
        &self,
        operation: &str,
        key: &Key,
        mut expression: Expression,
    ) -> std::result::Result<Item, WriteFailure> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.table_name)
            .set_key(Some(stored_key(key)))
            .set_update_expression(expression.update.take())
            .set_condition_expression(expression.condition.take())
            .set_expression_attribute_names(expression.take_names())
            .set_expression_attribute_values(expression.take_values())
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(reply) => read(operation, reply.attributes.unwrap_or_default()).map_err(WriteFailure::Failed),
            Err(error) => Err(WriteFailure::new(operation, error, patch_conflict)),
        }
    }

    async fn send_delete(
        &self,
        operation: &str,
        key: &Key,
        mut expression: Expression,
    ) -> std::result::Result<(), WriteFailure> {
        let sent = self
            .client
            .delete_item()
            .table_name(&self.table_name)
            .set_key(Some(stored_key(key)))
            .set_condition_expression(expression.condition.take())
            .set_expression_attribute_names(expression.take_names())
            .set_expression_attribute_values(expression.take_values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(WriteFailure::new(operation, error, delete_conflict)),
        }
    }
}

/// Other writers were quicker each time.
#[derive(Debug, thiserror::Error)]
#[error("others wrote in between {tries} times")]
pub(crate) struct Contended {
    pub(crate) tries: u32,
}

/// Whether the put must learn the present version before it can be sent.
pub(crate) fn needs_version(write: &Write) -> bool {
    matches!((&write.change, write.condition), (Change::Put { .. }, Condition::Present))
}

/// Turns a write into what is sent.
///
/// # Errors
/// Refuses what DynamoDB would refuse, with the item's key.
pub(crate) fn prepare(operation: &str, write: &Write) -> Result<(PreparedWrite, Expression)> {
    check_key(operation, &write.key)?;
    Ok(match &write.change {
        Change::Put { attributes, listing, expires_at } => {
            let item = as_kept(Item {
                key: write.key.clone(),
                version: next_version(write.condition),
                attributes: attributes.clone(),
                listing: listing.clone(),
                expires_at: *expires_at,
            });
            let stored = whole(operation, &item)?;
            (PreparedWrite::Put { stored, item }, Expression::of_condition(write.condition))
        }
        Change::Patch { .. } if write.condition == Condition::Absent => {
            return Err(Error::permanent(operation, "there is nothing to patch in an absent item"));
        }
        Change::Patch { attributes, listing } => {
            let expression = Expression::of_patch(write.condition, attributes, listing).or_permanent(operation)?;
            // Only what the patch brings is known here. Together with what is there DynamoDB measures it.
            check_size(expression.values()).or_permanent(operation)?;
            (PreparedWrite::Patch, expression)
        }
        Change::Delete => (PreparedWrite::Delete, Expression::of_condition(write.condition)),
        Change::Check => (PreparedWrite::Check, Expression::of_condition(write.condition)),
    })
}

/// A whole item in the SDK's form.
///
/// # Errors
/// Refuses an item that cannot be stored or is too large.
pub(crate) fn whole(operation: &str, item: &Item) -> Result<SdkItem> {
    check_key(operation, &item.key)?;
    let stored = stored_item(item).or_permanent(operation)?;
    check_size(&stored).or_permanent(operation)?;
    Ok(stored)
}

/// The version of a whole item after its write.
fn next_version(condition: Condition) -> u64 {
    match condition {
        Condition::Version(version) => version + 1,
        // `Present` never comes here: see `needs_version`.
        Condition::Absent | Condition::Any | Condition::Present => 1,
    }
}

/// Why one request did not write.
enum WriteFailure {
    /// The condition does not hold; the item as it is.
    Conflict(Option<SdkItem>),
    /// A transaction holds the item.
    InTransaction(Error),
    /// Anything else.
    Failed(Error),
}

impl WriteFailure {
    /// `conflict` finds the failed condition among the errors of one call.
    fn new<E>(operation: &str, error: SdkError<E>, conflict: fn(&E) -> Option<&ConditionalCheckFailedException>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        if let Some(conflict) = error.as_service_error().and_then(conflict) {
            return WriteFailure::Conflict(conflict.item().cloned());
        }
        match code(&error) {
            Some("TransactionConflictException") => WriteFailure::InTransaction(classify(operation, error)),
            _ => WriteFailure::Failed(classify(operation, error)),
        }
    }
}

fn put_conflict(error: &PutItemError) -> Option<&ConditionalCheckFailedException> {
    if let PutItemError::ConditionalCheckFailedException(conflict) = error { Some(conflict) } else { None }
}

fn patch_conflict(error: &UpdateItemError) -> Option<&ConditionalCheckFailedException> {
    if let UpdateItemError::ConditionalCheckFailedException(conflict) = error { Some(conflict) } else { None }
}

fn delete_conflict(error: &DeleteItemError) -> Option<&ConditionalCheckFailedException> {
    if let DeleteItemError::ConditionalCheckFailedException(conflict) = error { Some(conflict) } else { None }
}
