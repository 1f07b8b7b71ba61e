//! Attribute sets of products, with their groups.

use catalog::target::{self, Block, BlockOutcome, ItemOutcome};
use import::entity::attribute_set::{AttributeSetChange, AttributeSets};
use import::entity::{EntityType, Stated};
use import::name_key::name_key;
use import::operation::Operation;
use serde_json::{Value, json};

use super::problem::failed;
use super::single::say;
use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};
use crate::client::ShopCall;

target_of!(AttributeSets, import_attribute_sets);

/// From this set a set is made that names none; every shop has it.
const DEFAULT: &str = "Default";

async fn import_attribute_sets(
    target: &MagentoTarget,
    block: Block<AttributeSets>,
) -> Result<BlockOutcome, target::Error> {
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    for (row, taken) in block.rows.into_iter().enumerate() {
        let change = taken.if_known.unwrap_or(taken.change);
        let done = match block.operation {
            _ if change.entity_type != EntityType::Product => {
                Err("the shop has calls for attribute sets of products only".to_owned())
            }
            Operation::AddUpdate => write(target, &change).await?,
            Operation::Delete | Operation::Replace => {
                Err("attribute sets of a shop are not deleted or replaced: products would be left without one"
                    .to_owned())
            }
        };
        match done {
            Ok(outcome) => tally.settle(row, outcome),
            Err(problem) => tally.refuse(row, refused(problem)),
        }
    }
    Ok(tally.finish())
}

async fn write(
    target: &MagentoTarget,
    change: &AttributeSetChange,
) -> Result<Result<ItemOutcome, String>, target::Error> {
    let key = name_key(&change.name);
    let known = target.known().await?;
    let known = if known.ids.attribute_sets.contains_key(&key) { known } else { target.refreshed().await? };
    let (id, mut outcome) = match known.ids.attribute_sets.get(&key) {
        Some(id) => (*id, ItemOutcome::Unchanged),
        None => match create(target, change).await? {
            Ok(id) => (id, ItemOutcome::Created),
            Err(problem) => return Ok(Err(problem)),
        },
    };
    let Some(group) = &change.group else { return Ok(Ok(outcome)) };
    match make_group(target, (id, &group.name), order(group.sort_order.as_ref())).await? {
        Ok(Some(_)) if outcome == ItemOutcome::Unchanged => outcome = ItemOutcome::Updated,
        Ok(_) => {}
        Err(problem) => return Ok(Err(problem)),
    }
    Ok(Ok(outcome))
}

fn order(stated: Option<&Stated<u32>>) -> Option<u32> {
    match stated {
        Some(Stated::Set(order)) => Some(*order),
        Some(Stated::Clear) | None => None,
    }
}

/// A new set has the groups and attributes of the one that it is based on.
async fn create(target: &MagentoTarget, change: &AttributeSetChange) -> Result<Result<i64, String>, target::Error> {
    let known = target.known().await?;
    let base = change.based_on.as_deref().unwrap_or(DEFAULT);
    let Some(skeleton) = known.ids.attribute_sets.get(&name_key(base)) else {
        return Ok(Err(format!("attribute set `{base}`, which it is based on, does not exist in the shop")));
    };
    let set = json!({
        "attribute_set_name": change.name, "sort_order": order(change.sort_order.as_ref()).unwrap_or(0), "entity_type_id": 4,
    });
    let body = json!({ "attributeSet": set, "skeletonId": skeleton });
    let call = ShopCall::post(&["products", "attribute-sets"], &body);
    match say(&target.client, &call).await.map_err(failed)? {
        Ok(answer) => {
            let id = answer["attribute_set_id"].as_i64();
            let id = id.ok_or_else(|| {
                target::Error::permanent("the answer to a new attribute set has no number".to_owned())
            })?;
            // Its groups have numbers of their own.
            target.forget_known().await;
            Ok(Ok(id))
        }
        Err(problem) => Ok(Err(problem)),
    }
}

/// Makes a group of a set, unless it has it; returns its number if it is new.
pub(super) async fn make_group(
    target: &MagentoTarget,
    (set, name): (i64, &str),
    sort_order: Option<u32>,
) -> Result<Result<Option<i64>, String>, target::Error> {
    let known = target.known().await?;
    let groups = known.ids.attribute_groups.get(&set);
    if groups.is_some_and(|groups| groups.keys().any(|known| name_key(known) == name_key(name))) {
        return Ok(Ok(None));
    }
    let mut group = json!({ "attribute_group_name": name, "attribute_set_id": set });
    if let Some(order) = sort_order {
        group["extension_attributes"] = json!({ "sort_order": order.to_string() });
    }
    let call = ShopCall::post(&["products", "attribute-sets", "groups"], &json!({ "group": group }));
    let answer = match say(&target.client, &call).await.map_err(failed)? {
        Ok(answer) => answer,
        Err(problem) => return Ok(Err(problem)),
    };
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let Some(id) = number(&answer["attribute_group_id"]) else {
        return Err(target::Error::permanent("the answer to a new group has no number".to_owned()));
    };
    target
        .learn(|known| {
            known.ids.attribute_groups.entry(set).or_default().insert(name.to_owned(), id);
        })
        .await;
    Ok(Ok(Some(id)))
}
