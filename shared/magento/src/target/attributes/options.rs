//! Options of an attribute: those that are missing are added, labels of store views are set. None is removed.

use std::collections::{BTreeMap, BTreeSet};

use catalog::target;
use import::entity::Stated;
use import::entity::attribute::{AttributeChange, OptionChange};
use import::name_key::name_key;
use serde_json::{Value, json};

use crate::client::{Error, ShopCall, ShopScope};
use crate::target::MagentoTarget;
use crate::target::problem::failed;
use crate::target::single::{Said, say};

/// Gives an attribute the options of a row; returns the number of requests.
pub(super) async fn bring(
    target: &MagentoTarget,
    change: &AttributeChange,
    stored: &Value,
) -> Result<Result<usize, String>, target::Error> {
    let Some(Stated::Set(wanted)) = &change.options else { return Ok(Ok(0)) };
    let code = &change.code;
    if change.store_view.is_some() {
        return label(target, (change, wanted), stored).await;
    }
    let there: BTreeSet<String> = options(stored).into_iter().map(|(_, label)| name_key(&label)).collect();
    let mut requests = 0;
    for (place, option) in wanted.iter().enumerate() {
        let Some(text) = option.label.as_ref().filter(|label| !there.contains(&name_key(label))) else { continue };
        let order = option.sort_order.map_or(place + 1, |order| order as usize);
        match add(target, code, (text, order)).await.map_err(failed)? {
            Ok(_) => requests += 1,
            Err(problem) => return Ok(Err(format!("option `{text}`: {problem}"))),
        }
    }
    Ok(Ok(requests))
}

async fn add(target: &MagentoTarget, code: &str, (label, order): (&str, usize)) -> Result<Said, Error> {
    let option = json!({ "option": { "label": label, "sort_order": order } });
    let said = say(&target.client, &ShopCall::post(&["products", "attributes", code, "options"], &option)).await?;
    // An earlier attempt, or somebody else, has added it meanwhile.
    Ok(said.or_else(|problem| if problem.contains("already exists") { Ok(Value::Null) } else { Err(problem) }))
}

/// Gives options the labels of a store view. Rows of store views go by the place of the options.
async fn label(
    target: &MagentoTarget,
    (change, wanted): (&AttributeChange, &[OptionChange]),
    stored: &Value,
) -> Result<Result<usize, String>, target::Error> {
    let known = target.known().await?;
    let views = &known.ids.store_views;
    let view = change.store_view.as_deref().unwrap_or_default();
    let all = options(stored);
    // A change of an option writes the labels of all store views, so all of them are read.
    let mut shown: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    let mut of_view = BTreeMap::new();
    for (code, id) in views.iter().filter(|(_, id)| **id != 0) {
        let path = ["products", "attributes", &change.code, "options"];
        let call = ShopCall::get(&path).in_scope(ShopScope::View(code.clone()));
        for (value, label) in list(&target.client.call(&call).await.map_err(failed)?) {
            if code == view {
                of_view.insert(value.clone(), label.clone());
            }
            shown.entry(value).or_default().push((*id, label));
        }
    }
    let mut requests = 0;
    for ((place, (value, admin)), option) in all.iter().enumerate().zip(wanted) {
        let Some(text) = option.label.as_ref().filter(|label| of_view.get(value) != Some(*label)) else { continue };
        let mut labels: BTreeMap<i64, String> = shown.get(value).cloned().unwrap_or_default().into_iter().collect();
        // What a store view shows because everybody does is not its own.
        labels.retain(|_, label| label != admin);
        labels.extend(views.get(view).map(|id| (*id, text.clone())));
        let labels: Vec<Value> =
            labels.into_iter().map(|(id, label)| json!({ "store_id": id, "label": label })).collect();
        let body =
            json!({ "option": { "label": admin, "value": value, "sort_order": place + 1, "store_labels": labels } });
        let call = ShopCall::put(&["products", "attributes", &change.code, "options", value], &body);
        match say(&target.client, &call).await.map_err(failed)? {
            Ok(_) => requests += 1,
            Err(problem) => return Ok(Err(format!("option `{admin}`: {problem}"))),
        }
    }
    Ok(Ok(requests))
}

/// The options of an attribute: number and label, in their order.
fn options(stored: &Value) -> Vec<(String, String)> {
    list(&stored["options"])
}

fn list(options: &Value) -> Vec<(String, String)> {
    let one = |option: &Value| {
        let value = option["value"].as_str().filter(|value| !value.is_empty())?;
        Some((value.to_owned(), option["label"].as_str()?.to_owned()))
    };
    options.as_array().into_iter().flatten().filter_map(one).collect()
}

impl MagentoTarget {
    /// Adds options to attributes of products that do not have them: labels by the code of the attribute and by the form in
    /// which labels compare. Returns how many were added.
    ///
    /// # Errors
    /// The shop cannot be asked, or refuses one of them.
    pub async fn add_options(
        &self,
        options: &BTreeMap<String, BTreeMap<String, String>>,
    ) -> Result<usize, target::Error> {
        let mut added = 0;
        for (code, labels) in options {
            let known = self.refreshed().await?;
            let there = known.ids.options.get(code);
            for (key, label) in labels {
                if there.is_some_and(|there| there.contains_key(key)) {
                    continue;
                }
                let order = there.map_or(0, BTreeMap::len) + added + 1;
                match add(self, code, (label, order)).await.map_err(failed)? {
                    Ok(_) => added += 1,
                    Err(problem) => {
                        let problem = format!("option `{label}` of attribute `{code}`: {problem}");
                        return Err(target::Error::permanent(problem));
                    }
                }
            }
        }
        if added > 0 {
            self.forget_known().await;
        }
        Ok(added)
    }
}
