//! Puts attributes into attribute sets. Those that they are in already stay.

use catalog::target;
use import::entity::attribute::AttributeChange;
use import::name_key::name_key;
use serde_json::json;

use crate::client::ShopCall;
use crate::target::MagentoTarget;
use crate::target::attribute_sets::make_group;
use crate::target::problem::failed;
use crate::target::single::say;

/// Into this group a shop puts attributes that name none.
const DEFAULT_GROUP: &str = "Product Details";

/// Puts an attribute into the sets that a row names; returns the number of requests.
pub(super) async fn bring(
    target: &MagentoTarget,
    change: &AttributeChange,
) -> Result<Result<usize, String>, target::Error> {
    let mut requests = 0;
    for place in &change.sets {
        let key = name_key(&place.set);
        let known = target.known().await?;
        let known = if known.ids.attribute_sets.contains_key(&key) { known } else { target.refreshed().await? };
        let Some(set) = known.ids.attribute_sets.get(&key).copied() else {
            return Ok(Err(format!("`{}` is no attribute set of the shop; import it first", place.set)));
        };
        let is_there = known.facts.attribute(&change.code).is_some_and(|attribute| attribute.sets.contains_key(&key));
        if is_there {
            continue;
        }
        let name = if place.group.is_empty() { DEFAULT_GROUP } else { place.group.as_str() };
        if let Err(problem) = make_group(target, (set, name), None).await? {
            return Ok(Err(format!("group `{name}` of set `{}`: {problem}", place.set)));
        }
        let known = target.known().await?;
        let groups = known.ids.attribute_groups.get(&set);
        let group = groups.and_then(|groups| groups.iter().find(|(known, _)| name_key(known) == name_key(name)));
        let Some((_, group)) = group else {
            return Ok(Err(format!("set `{}` has no group `{name}`", place.set)));
        };
        let body = json!({
            "attributeSetId": set, "attributeGroupId": group, "attributeCode": change.code,
            "sortOrder": place.sort_order.unwrap_or(0),
        });
        let call = ShopCall::post(&["products", "attribute-sets", "attributes"], &body).repeatable();
        match say(&target.client, &call).await.map_err(failed)? {
            Ok(_) => requests += 1,
            Err(problem) => return Ok(Err(format!("set `{}`: {problem}", place.set))),
        }
    }
    Ok(Ok(requests))
}
