//! Orders with their invoices, shipments and credit memos.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A line of an order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pub id: i64,
    /// The line of the configurable product that this one is the variant of.
    pub parent: Option<i64>,
    pub product: i64,
    pub kind: String,
    pub sku: String,
    pub name: String,
    pub price: f64,
    pub original_price: f64,
    pub weight: Option<f64>,
    /// Discount of the whole line, and in percent.
    pub discount: f64,
    pub discount_percent: f64,
    /// Attribute and value of what was chosen.
    pub chosen: Vec<(i64, i64)>,
    pub ordered: f64,
    pub invoiced: f64,
    pub shipped: f64,
    pub refunded: f64,
    pub canceled: f64,
}

impl Line {
    /// Whether nothing is sent.
    pub(crate) fn is_virtual(&self) -> bool {
        ["virtual", "downloadable"].contains(&self.kind.as_str())
    }

    pub(crate) fn to_invoice(&self) -> f64 {
        (self.ordered - self.invoiced - self.canceled).max(0.0)
    }

    /// What is left to ship. A virtual line has something left for good, which no shipment takes.
    pub(crate) fn to_ship(&self) -> f64 {
        (self.ordered - self.shipped - self.refunded - self.canceled).max(0.0)
    }

    pub(crate) fn to_cancel(&self) -> f64 {
        self.to_invoice().min(self.to_ship())
    }

    pub(crate) fn to_refund(&self) -> f64 {
        (self.invoiced - self.refunded).max(0.0)
    }

    /// The discount of some of the pieces.
    pub(crate) fn discount_of(&self, qty: f64) -> f64 {
        cents(self.discount * qty / self.ordered)
    }
}

/// An entry of an order's history.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub id: i64,
    pub comment: Option<String>,
    pub created_at: String,
    pub entity: Option<String>,
    pub is_customer_notified: i64,
    pub is_visible_on_front: i64,
    pub status: String,
}

/// Sums of an order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    pub invoiced: Option<f64>,
    pub refunded: Option<f64>,
    pub subtotal_invoiced: f64,
    pub subtotal_refunded: f64,
    pub discount_invoiced: f64,
    pub discount_refunded: f64,
    pub shipping_invoiced: f64,
    pub shipping_refunded: f64,
    pub adjustment_positive: f64,
    pub adjustment_negative: f64,
}

/// An order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    pub id: i64,
    pub increment_id: String,
    pub store: u32,
    pub state: String,
    pub status: String,
    /// State and status before it was put on hold.
    pub before_hold: Option<(String, String)>,
    pub created_at: String,
    pub updated_at: String,
    pub email: String,
    pub coupon: Option<String>,
    pub shipping: f64,
    /// Ids of the addresses; a virtual order has none to ship to.
    pub shipping_address: Option<i64>,
    pub billing_address: i64,
    pub lines: Vec<Line>,
    pub sums: Sums,
    pub histories: Vec<History>,
    pub ext_order_id: Option<String>,
    pub is_canceled: bool,
    pub has_quiet_documents: bool,
}

impl Order {
    pub(crate) fn is_virtual(&self) -> bool {
        self.shipping_address.is_none()
    }

    pub(crate) fn subtotal(&self) -> f64 {
        cents(self.lines.iter().map(|line| line.price * line.ordered).sum())
    }

    pub(crate) fn discount(&self) -> f64 {
        cents(self.lines.iter().map(|line| line.discount).sum())
    }

    pub(crate) fn grand_total(&self) -> f64 {
        cents(self.subtotal() - self.discount() + self.shipping)
    }

    pub(crate) fn total_due(&self) -> f64 {
        cents(self.grand_total() - self.sums.invoiced.unwrap_or(0.0))
    }

    /// Lines that documents name: variants only follow their configurable line.
    pub(crate) fn named_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.parent.is_none())
    }

    pub(crate) fn line(&self, id: i64) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == id)
    }

    pub(crate) fn can_invoice(&self) -> bool {
        self.named_lines().any(|line| line.to_invoice() > 0.0)
    }

    pub(crate) fn can_ship(&self) -> bool {
        self.named_lines().any(|line| !line.is_virtual() && line.to_ship() > 0.0)
    }

    pub(crate) fn put_state(&mut self, state: &str) {
        state.clone_into(&mut self.state);
        if state == "new" { "pending" } else { state }.clone_into(&mut self.status);
    }

    /// The state that follows from what was invoiced, shipped and refunded.
    pub(crate) fn settle(&mut self) {
        if ["canceled", "holded"].contains(&self.state.as_str()) {
            return;
        }
        let refunded = self.sums.refunded.unwrap_or(0.0);
        let is_paid_back = refunded > 0.0 && refunded >= self.sums.invoiced.unwrap_or(0.0) - 0.0001;
        if is_paid_back && !self.can_invoice() {
            self.put_state("closed");
        } else if !self.can_invoice() && !self.can_ship() {
            self.put_state("complete");
        } else if self.state == "new" {
            self.put_state("processing");
        }
    }
}

/// A line of a document.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Its own id.
    pub id: i64,
    /// Line of the order.
    pub line: i64,
    pub qty: f64,
}

/// A comment of a document.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub id: i64,
    pub text: String,
    pub is_visible_on_front: i64,
    pub created_at: String,
}

/// An invoice, a shipment or a credit memo.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub id: i64,
    pub order: i64,
    pub created_at: String,
    pub parts: Vec<Part>,
    pub shipping: f64,
    pub discount: f64,
    /// What was added and taken off, if the request said something about that.
    pub adjustment: Option<(f64, f64)>,
    pub comments: Vec<Comment>,
    /// Tracks of a shipment, as they are answered.
    pub tracks: Vec<Map<String, Value>>,
}

/// Documents of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Documents {
    pub list: BTreeMap<i64, Document>,
    pub last_part: i64,
    pub last_comment: i64,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orders {
    pub list: BTreeMap<i64, Order>,
    pub invoices: Documents,
    pub shipments: Documents,
    pub creditmemos: Documents,
    pub last_line: i64,
    pub last_address: i64,
    pub last_history: i64,
    pub last_track: i64,
}

/// A sum of money without the rests of floating points.
pub(crate) fn cents(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Counts a counter up and gives the new number.
pub(crate) fn count(counter: &mut i64) -> i64 {
    *counter += 1;
    *counter
}
