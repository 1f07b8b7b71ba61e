//! Orders in the words of a terminal.

use chrono::{DateTime, Utc};
use operate::orders::{OrderDetails, OrderRow, OrderWhy, TakenOrder};

use crate::output::{count, table};

pub(super) fn taken(taken: &[TakenOrder]) -> String {
    let mut lines = Vec::new();
    for order in taken {
        let problem = order.problem.as_ref().map(|problem| format!(": {problem}")).unwrap_or_default();
        lines.push(format!("{} {}{problem}", order.key.as_deref().unwrap_or("?"), order.outcome));
    }
    let refused = taken.iter().filter(|order| order.problem.is_some()).count();
    lines.push(format!("{}, {refused} refused", count(taken.len(), "order")));
    lines.join("\n")
}

pub(super) fn list(orders: &[OrderRow]) -> String {
    if orders.is_empty() {
        return "there are no such orders".to_owned();
    }
    let rows = orders.iter().map(|row| {
        let website = row.website.clone().unwrap_or_else(|| "(none)".to_owned());
        let total = format!("{} {}", row.total, row.currency);
        vec![
            row.key.clone(),
            website,
            row.status.clone(),
            time(row.created_at),
            total,
            row.export.status.clone(),
            about(row),
        ]
    });
    table(&["order", "website", "status", "placed", "total", "export", "about"], rows.collect::<Vec<_>>())
}

/// The one thing that matters most about the export of an order.
fn about(row: &OrderRow) -> String {
    let export = &row.export;
    if let Some(attention) = &export.attention {
        return format!("see to it: {attention}");
    }
    match (&export.waits_for, &export.sent_to, export.retry_at) {
        (Some(reason), _, _) => reason.clone(),
        (None, Some(to), _) => to.clone(),
        (None, None, Some(retry_at)) => {
            format!("failed {} times, again at {}", export.error_count, time(retry_at))
        }
        (None, None, None) => String::new(),
    }
}

pub(super) fn details(orders: &[OrderDetails]) -> String {
    orders.iter().map(details_of).collect::<Vec<_>>().join("\n\n")
}

fn details_of(order: &OrderDetails) -> String {
    let row = &order.row;
    let website = row.website.as_deref().unwrap_or("(its store belongs to none)");
    let mut lines = vec![
        format!("order    {} ({} in the shop, id {})", row.key, row.status, row.entity_id),
        format!("website  {website}"),
        format!(
            "placed   {}, changed {}, arrived {}",
            time(row.created_at),
            time(row.updated_at),
            time(order.arrived_at)
        ),
        format!("total    {} {}", row.total, row.currency),
        format!("export   {}", row.export.status),
    ];
    let export = &row.export;
    let more = [
        ("pipeline", export.pipeline.clone()),
        ("sent to", export.sent_to.clone()),
        ("their no.", export.external_id.clone()),
        ("waits for", export.waits_for.clone()),
        ("see to it", export.attention.clone()),
    ];
    for (name, value) in more {
        lines.extend(value.map(|value| format!("{name:<8} {value}")));
    }
    let rows = order.lines.iter().map(|line| {
        vec![line.number.clone().unwrap_or_default(), line.item_id.to_string(), line.quantity.clone(), line.sku.clone()]
    });
    lines.push(table(&["line", "item", "quantity", "sku"], rows.collect::<Vec<_>>()));
    lines.extend(order.story.iter().map(|line| format!("{}  {}", time(line.at), line.what)));
    lines.join("\n")
}

pub(super) fn why(orders: &[OrderWhy]) -> String {
    let told = orders.iter().map(|why| {
        let mut lines = vec![format!("order {} is {}: {}", why.key, why.status, why.next)];
        lines.extend(why.reasons.iter().map(|reason| format!("  {} ({})", reason.reason, reason.filter)));
        lines.join("\n")
    });
    told.collect::<Vec<_>>().join("\n")
}

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}
