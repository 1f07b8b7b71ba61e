//! Calls that take many rows and answer at once.
//!
//! Two kinds: price calls do what they can and answer with a list of errors, without the place of the row; stock calls do
//! all or nothing, and do not name the row either. So an error is matched to its row by the sku that it names. If it names
//! none, or several rows have this sku, the rows are sent again in smaller parts until it is clear: a repeat is harmless.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};

use crate::client::{Error, RefusalReason, ShopCall, ShopClient, sentence, sku_key};

/// A call that takes many rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchCall {
    /// Its path.
    pub(super) path: &'static [&'static str],
    /// The name of the list in its body.
    pub(super) list: &'static str,
}

/// A row of such a call.
#[derive(Debug, Clone)]
pub(super) struct BatchRow {
    /// The product.
    pub(super) sku: String,
    /// What is sent.
    pub(super) body: Value,
}

/// Sends rows and returns what the shop says against some of them, by their place.
pub(super) async fn send(
    client: &ShopClient,
    call: BatchCall,
    rows: &[BatchRow],
) -> Result<BTreeMap<usize, String>, Error> {
    let mut refused = BTreeMap::new();
    let mut most = client.limits().batch_rows.max(1);
    let mut parts = VecDeque::from([(0..rows.len()).collect::<Vec<usize>>()]);
    while let Some(part) = parts.pop_front() {
        if part.len() > most {
            let (first, rest) = part.split_at(most);
            parts.push_front(rest.to_vec());
            parts.push_front(first.to_vec());
            continue;
        }
        if part.is_empty() {
            continue;
        }
        let skus = part.iter().map(|row| rows[*row].sku.as_str());
        let guard = client.writers().take(skus).await;
        let body: Vec<Value> = part.iter().map(|row| rows[*row].body.clone()).collect();
        let answer = client.call(&calling(call, body)).await;
        drop(guard);
        match answer {
            Ok(answer) => {
                let errors = answer.as_array().map(Vec::as_slice).unwrap_or_default();
                match_errors(rows, &part, errors, (&mut refused, &mut parts));
            }
            Err(error) => match error.refusal().map(|refusal| &refusal.reason) {
                // The shop is set to take fewer rows; nothing was done.
                Some(RefusalReason::TooMany { max }) if *max < part.len() => {
                    most = (*max).max(1);
                    parts.push_front(part);
                }
                Some(
                    RefusalReason::Invalid | RefusalReason::NotThere | RefusalReason::Crash | RefusalReason::TooLarge,
                ) => {
                    split_or_refuse(
                        part,
                        error.refusal().map_or_else(String::new, |refusal| refusal.sentence.clone()),
                        (&mut refused, &mut parts),
                    );
                }
                _ => return Err(error),
            },
        }
    }
    Ok(refused)
}

/// Asks for what the shop has of some names, in requests of bearable size.
pub(super) async fn information(
    client: &ShopClient,
    path: &'static [&'static str],
    skus: &[&str],
) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    let mut most = client.limits().batch_rows.max(1);
    let mut rest = skus;
    while !rest.is_empty() {
        let (part, behind) = rest.split_at(most.min(rest.len()));
        let body = part.iter().map(|sku| Value::from(*sku)).collect();
        match client.call(&calling(BatchCall { path, list: "skus" }, body)).await {
            Ok(Value::Array(rows)) => {
                found.extend(rows);
                rest = behind;
            }
            Ok(_) => {
                let problem = "the answer is no list (expected one of prices)".to_owned();
                return Err(Error::Misread { what: path.join("/"), problem });
            }
            Err(error) => match error.refusal().map(|refusal| &refusal.reason) {
                Some(RefusalReason::TooMany { max }) if (1..part.len()).contains(max) => most = *max,
                _ => return Err(error),
            },
        }
    }
    Ok(found)
}

fn calling(call: BatchCall, list: Vec<Value>) -> ShopCall {
    let body = Map::from_iter([(call.list.to_owned(), Value::Array(list))]);
    ShopCall::post(call.path, &Value::Object(body)).repeatable()
}

/// What is known against rows, and what is to be sent still.
type Progress<'p> = (&'p mut BTreeMap<usize, String>, &'p mut VecDeque<Vec<usize>>);

fn match_errors(rows: &[BatchRow], part: &[usize], errors: &[Value], (refused, parts): Progress<'_>) {
    let mut nameless = None;
    let mut unclear = Vec::new();
    for error in errors {
        let told = sentence(error).unwrap_or_else(|| error.to_string());
        let named: Vec<usize> = part.iter().copied().filter(|row| names(error, &told, &rows[*row].sku)).collect();
        match named.as_slice() {
            [] => nameless = Some(told),
            [row] => {
                refused.insert(*row, told);
            }
            several if part.len() == several.len() && part.len() == 1 => {}
            several => unclear.extend(several.iter().copied()),
        }
    }
    // Rows of one product are sent one by one: which of them is meant shows when it is alone.
    unclear.sort_unstable();
    unclear.dedup();
    if let Some(told) = nameless {
        let rest = part.iter().copied().filter(|row| !refused.contains_key(row) && !unclear.contains(row)).collect();
        split_or_refuse(rest, told, (refused, parts));
    }
    parts.extend(unclear.into_iter().map(|row| vec![row]));
}

fn split_or_refuse(part: Vec<usize>, told: String, (refused, parts): Progress<'_>) {
    match part.as_slice() {
        [] => {}
        [row] => {
            refused.insert(*row, told);
        }
        several => {
            let (first, second) = several.split_at(several.len() / 2);
            parts.push_back(first.to_vec());
            parts.push_back(second.to_vec());
        }
    }
}

/// Says whether an error names a product: as its one value, or in its sentence.
fn names(error: &Value, told: &str, sku: &str) -> bool {
    let key = sku_key(sku);
    if let [kind, value, ..] = error["parameters"].as_array().map(Vec::as_slice).unwrap_or_default()
        && kind == "SKU"
    {
        return value.as_str().is_some_and(|value| sku_key(value) == key);
    }
    let told = told.to_lowercase();
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([',', '.', ';']);
    told.match_indices("sku = ").any(|(place, before)| {
        let behind = &told[place + before.len()..];
        behind.strip_prefix(key.as_str()).is_some_and(ends)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::testing::{Says, TestWire, recording};

    const PRICES: BatchCall = BatchCall { path: &["products", "base-prices"], list: "prices" };

    fn rows(prices: &[(&str, f64)]) -> Vec<BatchRow> {
        let row = |(sku, price): &(&str, f64)| BatchRow {
            sku: (*sku).to_owned(),
            body: json!({"sku": sku, "price": price, "store_id": 0}),
        };
        prices.iter().map(row).collect()
    }

    /// A shop that answers as the recorded one: it names unknown products, and of a bad price only the price.
    fn shop() -> Arc<TestWire> {
        TestWire::to(|heard| {
            let mut errors = Vec::new();
            for row in heard.body["prices"].as_array().unwrap() {
                if row["sku"] == "NOPE" {
                    errors.push(json!({"message": "Invalid attribute %fieldName = %fieldValue.", "parameters": ["SKU", "NOPE"]}));
                }
                if row["price"].as_f64().unwrap() < 0.0 {
                    errors.push(json!({"message": "Invalid attribute %fieldName = %fieldValue.", "parameters": ["Price", row["price"].to_string()]}));
                }
            }
            Says::Json(200, Value::Array(errors))
        })
    }

    #[tokio::test]
    async fn an_error_that_names_its_product_costs_its_row_in_one_call() {
        let wire = shop();
        let refused =
            send(&wire.client(), PRICES, &rows(&[("PR-1", 13.0), ("nope", 1.0), ("NOPE", 1.0)])).await.unwrap();
        // Two rows of one product: each was sent alone to see which is meant.
        assert_eq!(refused.keys().copied().collect::<Vec<_>>(), [2]);
        let wire = shop();
        let refused = send(&wire.client(), PRICES, &rows(&[("PR-1", 13.0), ("NOPE", 1.0)])).await.unwrap();
        assert_eq!(refused, BTreeMap::from([(1, "Invalid attribute SKU = NOPE.".to_owned())]));
        assert_eq!(wire.requests().len(), 1);
    }

    #[tokio::test]
    async fn an_error_without_a_name_is_followed_to_its_row() {
        let wire = shop();
        let prices: Vec<(String, f64)> =
            (0..100).map(|number| (format!("S-{number}"), if number == 77 { -1.0 } else { 5.0 })).collect();
        let prices: Vec<(&str, f64)> = prices.iter().map(|(sku, price)| (sku.as_str(), *price)).collect();
        let refused = send(&wire.client(), PRICES, &rows(&prices)).await.unwrap();
        assert_eq!(refused, BTreeMap::from([(77, "Invalid attribute Price = -1.0.".to_owned())]));
        assert!(wire.requests().len() < 20, "{}", wire.requests().len());
    }

    #[tokio::test]
    async fn one_bad_row_of_an_all_or_nothing_call_costs_itself() {
        let wire = TestWire::to(|heard| match heard.body.to_string().contains("\"nope\"") {
            true => Says::Json(400, recording("inventory/021").body),
            false => Says::Json(200, json!([])),
        });
        let call = BatchCall { path: &["inventory", "source-items"], list: "sourceItems" };
        let row = |number: usize| BatchRow {
            sku: format!("S-{number}"),
            body: json!({"sku": format!("S-{number}"), "source_code": if number == 3 { "nope" } else { "default" }}),
        };
        let rows: Vec<BatchRow> = (0..8).map(row).collect();
        let refused = send(&wire.client(), call, &rows).await.unwrap();
        assert_eq!(refused, BTreeMap::from([(3, "Could not save Source Item".to_owned())]));
        let sent: usize =
            wire.heard().iter().filter_map(|heard| heard.body["sourceItems"].as_array()).map(Vec::len).sum();
        assert_eq!(sent, 8 + 4 + 4 + 2 + 2 + 1 + 1);
    }

    #[tokio::test]
    async fn a_shop_that_takes_fewer_rows_gets_fewer_at_once() {
        let wire = TestWire::to(|heard| match heard.body["prices"].as_array().unwrap().len() > 20 {
            true => Says::Json(400, recording("server-state/013").body),
            false => Says::Json(200, json!([])),
        });
        let prices: Vec<String> = (0..45).map(|number| format!("S-{number}")).collect();
        let prices: Vec<(&str, f64)> = prices.iter().map(|sku| (sku.as_str(), 5.0)).collect();
        assert!(send(&wire.client(), PRICES, &rows(&prices)).await.unwrap().is_empty());
        let sizes: Vec<usize> =
            wire.heard().iter().map(|heard| heard.body["prices"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [45, 20, 20, 5]);
    }

    #[test]
    fn the_errors_of_real_shops_name_their_products() {
        let name = |recorded: &str, place: usize, sku: &str| {
            let error = recording(recorded).body[place].clone();
            let told = sentence(&error).unwrap();
            names(&error, &told, sku)
        };
        assert!(name("prices/002", 0, "nope") && !name("prices/002", 1, "PR-2") && name("prices/002", 2, "PR-2"));
        assert!(name("prices/012", 0, "NOPE") && !name("prices/012", 0, "NOP") && name("prices/012", 1, "PR-1"));
        assert!(name("prices/027", 0, "PR-1") && !name("prices/027", 0, "PR-2"));
    }
}
