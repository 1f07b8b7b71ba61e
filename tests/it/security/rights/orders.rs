//! Orders, from the drop to the document, and one that does not fit an item.

use pipeline::PipelineId;
use serde_json::json;
use steps::orders::website;

use super::{Stage, invocation};

/// All that functions do for orders.
pub(super) async fn orders(stage: &mut Stage) {
    let settings = r#"{"stores":[1],"format":"json","export":{"enabled":true,"go_live_at":"2020-01-01T00:00:00Z"},
        "transport":{"when_there":"number"}}"#;
    website::set(&stage.storage, "base", settings, "a test", invocation(0).now()).await.unwrap();
    // Somebody else's, which is looked at since its name is taken.
    stage.put("outgoing/base/000000041.json", "other").await;
    stage.put("orders/one.json", order(&incompressible())).await;
    for name in ["order_import", "order_export"] {
        let report = stage.beat(0).await;
        let spawned = report.spawned.iter().find_map(|spawned| spawned.strip_prefix(name));
        let id: PipelineId = spawned.unwrap_or_else(|| panic!("{report:?}")).trim().parse().unwrap();
        stage.run(&id, 0).await;
    }
    // One that is handed in goes the same way.
    let large = order(&incompressible()).replace("000000041", "000000043").replace("501", "503");
    let taken = stage.ask("POST", "/orders", &serde_json::from_str(&large).unwrap()).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    stage.ask("GET", "/orders/000000043", &serde_json::Value::Null).await.json();
    let sent = stage.storage.files.get("outgoing/base/000000041~2.json", None).await.unwrap();
    assert!(sent.is_some(), "the document left");
}

fn order(note: &str) -> String {
    json!({
        "entity_id": 501, "increment_id": "000000041", "store_id": 1, "status": "processing", "customer_note": note,
        "created_at": "2026-08-01 09:15:00", "updated_at": "2026-08-01 10:15:00", "customer_email": "kim@example.com",
        "order_currency_code": "EUR", "base_currency_code": "EUR", "grand_total": 0, "base_grand_total": 0,
        "items": [{ "item_id": 1, "sku": "A", "qty_ordered": 1, "price": 0 }],
    })
    .to_string()
}

/// A text that no packing makes small enough for an item.
fn incompressible() -> String {
    let mut seed = 1_u64;
    let digits = (0..60_000).map(|_| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        format!("{seed:016x}")
    });
    digits.collect()
}
