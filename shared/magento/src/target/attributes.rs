//! Attributes of products, with their options, labels and places in sets.
//!
//! `fields.rs` turns settings into the shop's, `options.rs` adds and changes options one by one, `places.rs` puts attributes
//! into sets. Options are never removed: products may have them.

mod fields;
mod options;
mod places;

use catalog::target::{self, Block, BlockOutcome, ItemOutcome};
use import::entity::EntityType;
use import::entity::attribute::{AttributeChange, Attributes};
use import::operation::Operation;
use serde_json::{Map, Value, json};

use super::problem::failed;
use super::single::{say, take_away};
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};
use crate::client::{Error, ShopCall};

target_of!(Attributes, import_attributes);

/// What became of a row, and what of it was not sent.
type Done = Result<(ItemOutcome, Vec<(String, String)>), String>;

async fn import_attributes(target: &MagentoTarget, block: Block<Attributes>) -> Result<BlockOutcome, target::Error> {
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    let mut has_changed = false;
    for (row, taken) in block.rows.into_iter().enumerate() {
        let change = taken.if_known.unwrap_or(taken.change);
        let done = match block.operation {
            _ if change.entity_type != EntityType::Product => {
                Err("the shop has calls for attributes of products only".to_owned())
            }
            Operation::AddUpdate => write(target, &change).await?,
            Operation::Delete => delete(target, &change).await?,
            Operation::Replace => {
                Err("attributes of a shop are not replaced: products would lose their values; use `add-update`"
                    .to_owned())
            }
        };
        match done {
            Ok((outcome, unsent)) => {
                has_changed |= outcome != ItemOutcome::Unchanged;
                tally.settle(row, outcome);
                unsent.into_iter().for_each(|(column, problem)| tally.note(row, Some(&column), problem));
            }
            Err(problem) => tally.refuse(row, refused(problem)),
        }
    }
    if has_changed {
        // What else there is to know of them, the shop knows best.
        target.forget_known().await;
    }
    Ok(tally.finish())
}

async fn write(target: &MagentoTarget, change: &AttributeChange) -> Result<Done, target::Error> {
    let Some(stored) = read(target, &change.code).await.map_err(failed)? else {
        if change.store_view.is_some() {
            let problem = "does not exist in the shop, and a row of a store view makes none; import it first";
            return Ok(Err(format!("attribute `{}` {problem}", change.code)));
        }
        return create(target, change).await;
    };
    let known = target.known().await?;
    let (fields, unsent) = match fields::differing(&known, change, &stored) {
        Ok(read) => read,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut requests = 0;
    if !fields.is_empty() {
        match save(target, &stored, fields).await.map_err(failed)? {
            Ok(_) => requests += 1,
            Err(problem) => return Ok(Err(problem)),
        }
    }
    match options::bring(target, change, &stored).await? {
        Ok(made) => requests += made,
        Err(problem) => return Ok(Err(problem)),
    }
    match places::bring(target, change).await? {
        Ok(made) => requests += made,
        Err(problem) => return Ok(Err(problem)),
    }
    let outcome = if requests == 0 { ItemOutcome::Unchanged } else { ItemOutcome::Updated };
    Ok(Ok((outcome, unsent)))
}

async fn create(target: &MagentoTarget, change: &AttributeChange) -> Result<Done, target::Error> {
    let (fields, unsent) = match fields::of_new(change) {
        Ok(read) => read,
        Err(problem) => return Ok(Err(problem)),
    };
    let call = ShopCall::post(&["products", "attributes"], &json!({ "attribute": fields }));
    if let Err(problem) = say(&target.client, &call).await.map_err(failed)? {
        return Ok(Err(problem));
    }
    Ok(match places::bring(target, change).await? {
        Ok(_) => Ok((ItemOutcome::Created, unsent)),
        Err(problem) => Err(format!("the attribute is there now, but: {problem}")),
    })
}

/// An attribute as the shop says it for everybody.
async fn read(target: &MagentoTarget, code: &str) -> Result<Option<Value>, Error> {
    match target.client.call(&ShopCall::get(&["products", "attributes", code])).await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_not_there() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Changes fields of an attribute. Without its number the shop takes it for a new one.
async fn save(
    target: &MagentoTarget,
    stored: &Value,
    mut fields: Map<String, Value>,
) -> Result<Result<Value, String>, Error> {
    for name in ["attribute_id", "attribute_code", "frontend_input", "entity_type_id"] {
        fields.insert(name.to_owned(), stored[name].clone());
    }
    let code = stored["attribute_code"].as_str().unwrap_or_default();
    let call = ShopCall::put(&["products", "attributes", code], &json!({ "attribute": fields }));
    say(&target.client, &call).await
}

async fn delete(target: &MagentoTarget, change: &AttributeChange) -> Result<Done, target::Error> {
    if change.store_view.is_some() {
        return Ok(Err("what one store view shows of an attribute is not deleted".to_owned()));
    }
    let call = ShopCall::delete(&["products", "attributes", &change.code]);
    Ok(match take_away(&target.client, &call).await.map_err(failed)? {
        Ok(true) => Ok((ItemOutcome::Deleted, Vec::new())),
        Ok(false) => Err("there is nothing of this to delete".to_owned()),
        Err(problem) => Err(problem),
    })
}
