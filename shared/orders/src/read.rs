//! What a drop, a poll or a caller hands in: one order, a list of orders, or the answer to a search.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exact::{self, ExactJson};
use crate::order::{Order, Unreadable};

/// Most bytes of one order; a thousand items with all their fields take two million.
pub const MAX_ORDER_BYTES: usize = 8 * 1024 * 1024;

/// One of the orders that were handed in, and what is wrong with it, if anything.
pub type ReadOrder = Result<Order, Error>;

/// Why something that was handed in, or one order of it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no JSON, or has a field twice.
    #[error(transparent)]
    Json(#[from] exact::Error),
    /// It is JSON and no order.
    #[error(transparent)]
    Order(#[from] Unreadable),
    /// It is larger than any order.
    #[error("an order of {size_bytes} bytes is larger than any ({MAX_ORDER_BYTES} bytes at most)")]
    TooLarge {
        /// How large it is.
        size_bytes: usize,
    },
}

/// The answer of a shop to a search; without any hit the list may be null.
#[derive(Deserialize)]
struct SearchAnswer<'a> {
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
    /// An order has items, too, but no count of all that were found.
    #[serde(rename = "total_count")]
    _total_count: u64,
}

/// Reads orders, in the order in which they stand. What is wrong with one is no matter of the others.
///
/// # Errors
/// The whole is no JSON.
pub fn orders(text: &str) -> Result<Vec<ReadOrder>, exact::Error> {
    let whole: &RawValue = serde_json::from_str(text).map_err(exact::Error::Syntax)?;
    let raw: Vec<&RawValue> = match serde_json::from_str::<SearchAnswer<'_>>(whole.get()) {
        Ok(SearchAnswer { items, .. }) => items.unwrap_or_default(),
        // What is no list is one order, or nothing that is known; the order says what is wrong with it.
        Err(_) => serde_json::from_str::<Vec<&RawValue>>(whole.get()).unwrap_or_else(|_| vec![whole]),
    };
    Ok(raw.into_iter().map(|order| one(order.get())).collect())
}

fn one(text: &str) -> ReadOrder {
    if text.len() > MAX_ORDER_BYTES {
        return Err(Error::TooLarge { size_bytes: text.len() });
    }
    Ok(Order::read(ExactJson::parse(text)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = r#"{"entity_id":501,"increment_id":"000000041","store_id":1,"status":"pending","state":"new",
        "created_at":"2027-02-03 09:15:00","updated_at":"2027-02-03T10:15:00+01:00","customer_email":"kim@example.com",
        "order_currency_code":"EUR","base_currency_code":"EUR","grand_total":11.9,"base_grand_total":11.9,
        "items":[{"item_id":1,"sku":"A","qty_ordered":1,"price":10,"row_total":10,"tax_amount":1.9}]}"#;

    fn told(text: &str) -> Vec<String> {
        let orders = orders(text).unwrap().into_iter();
        orders.map(|order| order.map_or_else(|error| error.to_string(), |order| order.number.to_string())).collect()
    }

    #[test]
    fn one_order_a_list_and_the_answer_to_a_search_are_read() {
        let other = ORDER.replace("000000041", "000000042");
        assert_eq!(told(ORDER), ["000000041"]);
        assert_eq!(told(&format!("[{ORDER},{other}]")), ["000000041", "000000042"]);
        let answer = format!(r#"{{"search_criteria":{{}},"total_count":2,"items":[{ORDER},{other}]}}"#);
        assert_eq!(told(&answer), ["000000041", "000000042"]);
        assert_eq!(told(r#"{"items":null,"total_count":0}"#), Vec::<String>::new());
        let order = orders(ORDER).unwrap().remove(0).unwrap();
        assert_eq!(order.created_at, order.updated_at, "both are the same moment");
    }

    #[test]
    fn what_is_wrong_with_an_order_is_told_at_once_and_of_it_alone() {
        let wrong = ORDER.replace("501", "\"501\"").replace("\"grand_total\":11.9,", "").replace("\"sku\":\"A\",", "");
        assert_eq!(
            told(&format!("[{wrong},{ORDER}]")),
            [
                "order 000000041: `/entity_id` is the text `501`; expected a whole number, 0 or more; `/grand_total` is missing; \
                 expected a number below a million million; `/items/0/sku` is missing; expected a text",
                "000000041"
            ]
        );
        assert_eq!(told("7"), ["an order without a number: `the document` is a number; expected an object"]);
    }

    #[test]
    fn numbers_and_times_are_not_guessed() {
        let told = |from: &str, to: &str| told(&ORDER.replace(from, to)).remove(0);
        assert_eq!(told("\"000000041\"", "41"), "an order without a number: `/increment_id` is `41`; expected a text");
        assert_eq!(
            told("2027-02-03 09:15:00", "03.02.2027"),
            "order 000000041: `/created_at` is the text `03.02.2027`; expected a time in UTC such as `2027-02-03 09:15:00`"
        );
        assert_eq!(
            told("\"order_currency_code\":\"EUR\"", "\"order_currency_code\":\"EURO\""),
            "order 000000041: `/order_currency_code` says `EURO` is no currency (expected a code of ISO 4217, such as `EUR`)"
        );
        let dear = told("\"qty_ordered\":1,\"price\":10", "\"qty_ordered\":99999999999,\"price\":99999999999");
        assert!(dear.contains("`/items/0/price` times the quantity 99999999999 is more than anything costs"), "{dear}");
        assert!(
            told("\"price\":10", "\"price\":1e99")
                .contains("`/items/0/price` is `1e99`; expected a number below a million million")
        );
    }

    #[test]
    fn an_order_beyond_all_measure_is_refused_and_the_others_are_read() {
        let huge = ORDER.replace("\"A\"", &format!("\"{}\"", "A".repeat(MAX_ORDER_BYTES)));
        let told = told(&format!("[{huge},{ORDER}]"));
        assert!(told[0].contains("is larger than any"), "{}", told[0]);
        assert_eq!(told[1], "000000041");
    }
}
