//! Every order that a running Magento told: read without a problem, and its sums follow from its parts.

use std::collections::BTreeMap;
use std::fs;

use orders::exact::ExactJson;
use orders::money::{MoneyRules, OrderCurrency, OrderMoney};
use orders::order::Order;
use orders::read;

use crate::sample;

/// The orders in an answer; other answers have none.
fn orders_in(body: &ExactJson) -> Vec<Order> {
    let is_order = |json: &ExactJson| json.get("increment_id").is_some() && json.get("payment").is_some();
    let all = match body.get("items") {
        Some(ExactJson::List(items)) if body.get("search_criteria").is_some() => items.as_slice(),
        _ => std::slice::from_ref(body),
    };
    let told = all.iter().filter(|json| is_order(json)).map(|json| read::orders(&json.to_string()).unwrap().remove(0));
    told.map(|order| order.unwrap_or_else(|error| panic!("{error}"))).collect()
}

/// Orders by the file that tells them.
fn recorded() -> BTreeMap<String, Vec<Order>> {
    let mut found = BTreeMap::new();
    for folder in ["orders", "search"] {
        let folder = sample::path(&format!("commerce-rest/recorded-2.4.7-p1/{folder}"));
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let exchange = ExactJson::parse(&fs::read_to_string(&path).unwrap()).unwrap();
            let is_answer = exchange.at("/request/method").is_some_and(|method| method.to_string() == "\"GET\"");
            let body = exchange.at("/response/body").filter(|_| is_answer);
            let orders = body.map(orders_in).unwrap_or_default();
            if !orders.is_empty() {
                found.insert(path.file_name().unwrap().to_string_lossy().into_owned(), orders);
            }
        }
    }
    found
}

fn differences(order: &Order, currency: OrderCurrency) -> Vec<String> {
    let money = OrderMoney::of(order, &MoneyRules { currency, ..MoneyRules::default() });
    money.differences.iter().map(ToString::to_string).collect()
}

#[test]
fn every_recorded_order_adds_up_in_both_currencies() {
    let recorded = recorded();
    let count: usize = recorded.values().map(Vec::len).sum();
    // The other answers tell a few fields of an order only.
    assert_eq!(count, 19, "whole orders in {} answers", recorded.len());
    let mut told = Vec::new();
    for (file, orders) in &recorded {
        for order in orders {
            for currency in [OrderCurrency::Order, OrderCurrency::Base] {
                let differences = differences(order, currency);
                if !differences.is_empty() {
                    told.push(format!("{file}, order {}: {}", order.number, differences.join("; ")));
                }
            }
        }
    }
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn the_other_sample_orders_are_read() {
    let mut told = Vec::new();
    for file in ["synthetic-eur-order-100000777.json", "vsf-m2-order-102.json", "adobe-docs-tutorial-order-3.json"] {
        let order = sample::order(&format!("orders/{file}"));
        told.push(format!("{}: {}", order.number, differences(&order, OrderCurrency::Order).join("; ")));
    }
    let text = fs::read_to_string(sample::path("orders/vsf-m2-orders-search-result.json")).unwrap();
    for order in read::orders(&text).unwrap() {
        let order = order.unwrap();
        told.push(format!("{}: {}", order.number, differences(&order, OrderCurrency::Order).join("; ")));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    100000777: 
    000000102: 
    000000003: the sum of lines (`subtotal`): the order says 160, its parts come to 22; what is to be paid: the order says 165, its parts come to 27
    000000102:
    ");
}
