//! Search criteria: filters, order and pages of a list, with what the shop bends on the way.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use crate::php::moment;
use crate::query::Query;
use crate::refusal::Refusal;

/// One question about one field.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// Field.
    pub field: String,
    /// Value as sent.
    pub value: String,
    /// Condition as sent, `eq` by default.
    pub condition: String,
}

/// What a request searches for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Criteria {
    /// All groups have to hold; one filter of a group suffices.
    pub groups: Vec<Vec<Filter>>,
    /// Field, and whether it runs downwards.
    pub orders: Vec<(String, bool)>,
    /// Items of a page; none or 0 is all of them.
    pub page_size: Option<i64>,
    /// Page, from 1.
    pub current_page: Option<i64>,
}

const ROOT: &str = "search_criteria";

impl Criteria {
    /// Reads the criteria of a query.
    pub(crate) fn read(query: &Query) -> Result<Self, Refusal> {
        if !query.has(ROOT) {
            return Err(Refusal::required("searchCriteria"));
        }
        let mut criteria = Self {
            page_size: whole(query, "page_size")?,
            current_page: whole(query, "current_page")?,
            ..Self::default()
        };
        for group in query.under(&[ROOT, "filter_groups"]) {
            let under = [ROOT, "filter_groups", group.as_str(), "filters"];
            let filters = query.under(&under).into_iter().map(|at| filter(query, &group, &at)).collect();
            criteria.groups.push(filters);
        }
        for at in query.under(&[ROOT, "sort_orders"]) {
            criteria.orders.push(order(query, &at)?);
        }
        Ok(criteria)
    }

    /// Like [`read`](Self::read), where the shop takes missing criteria as empty ones.
    pub(crate) fn read_or_all(query: &Query) -> Result<Self, Refusal> {
        if query.has(ROOT) { Self::read(query) } else { Ok(Self::default()) }
    }

    /// Keeps to the limits of pages that an operator turned on.
    pub(crate) fn limit(&mut self, most: i64, default: i64) -> Result<(), Refusal> {
        if self.page_size.is_some_and(|size| size > most) {
            return Err(Refusal::bad_with("Maximum SearchCriteria pageSize is %max", json!({"max": most})));
        }
        self.page_size.get_or_insert(default);
        Ok(())
    }

    /// Every field that is filtered by.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().map(|filter| filter.field.as_str())
    }

    /// The values of which a field has to have one, if the criteria say so.
    pub(crate) fn values_of(&self, field: &str) -> Option<Vec<&str>> {
        let single = self.groups.iter().find_map(|group| match group.as_slice() {
            [filter] if filter.field == field => Some(filter),
            _ => None,
        })?;
        match single.condition.as_str() {
            "eq" => Some(vec![single.value.as_str()]),
            "in" => Some(single.values().collect()),
            _ => None,
        }
    }

    /// Whether an item is meant; `field` gives its values.
    pub(crate) fn holds(&self, field: impl Fn(&str) -> Option<String>) -> bool {
        self.groups.iter().all(|group| group.iter().any(|filter| filter.holds(field(&filter.field).as_deref())))
    }

    /// The answer: the items of the page, the criteria as understood, and how many items there are on all pages.
    pub(crate) fn answer<T>(
        &self,
        mut found: Vec<T>,
        field: impl Fn(&T, &str) -> Option<String>,
        mut show: impl FnMut(&T) -> Value,
    ) -> Value {
        for (name, down) in self.orders.iter().rev() {
            found.sort_by(|one, other| {
                let order = compared(field(one, name).as_deref(), field(other, name).as_deref());
                if *down { order.reverse() } else { order }
            });
        }
        let total = found.len();
        let items: Vec<Value> = self.page(&found).iter().map(&mut show).collect();
        json!({"items": items, "search_criteria": self.json(), "total_count": total})
    }

    /// The page, empty beyond the last one.
    fn page<'a, T>(&self, found: &'a [T]) -> &'a [T] {
        let size = usize::try_from(self.page_size.unwrap_or(0)).unwrap_or(0);
        let page = usize::try_from(self.current_page.unwrap_or(1)).unwrap_or(1).max(1);
        if size == 0 {
            return found;
        }
        let from = found.len().min(size.saturating_mul(page - 1));
        &found[from..found.len().min(from + size)]
    }

    fn json(&self) -> Value {
        let groups: Vec<Value> = self
            .groups
            .iter()
            .map(|group| json!({"filters": group.iter().map(Filter::json).collect::<Vec<_>>()}))
            .collect();
        let mut json = Map::new();
        json.insert("filter_groups".to_owned(), json!(groups));
        if !self.orders.is_empty() {
            let orders = self
                .orders
                .iter()
                .map(|(field, down)| json!({"field": field, "direction": if *down { "DESC" } else { "ASC" }}));
            json.insert("sort_orders".to_owned(), orders.collect());
        }
        if let Some(size) = self.page_size {
            json.insert("page_size".to_owned(), json!(size));
        }
        if let Some(page) = self.current_page {
            json.insert("current_page".to_owned(), json!(page));
        }
        Value::Object(json)
    }
}

impl Filter {
    fn json(&self) -> Value {
        json!({"field": self.field, "value": self.value, "condition_type": self.condition})
    }

    /// Whether a value is meant.
    pub(crate) fn holds(&self, value: Option<&str>) -> bool {
        match (self.condition.as_str(), value) {
            ("null", value) => value.is_none(),
            ("notnull", value) => value.is_some(),
            ("nin" | "neq" | "nlike", None) | (_, None) => false,
            (condition, Some(value)) => self.compares(condition, value),
        }
    }

    fn compares(&self, condition: &str, value: &str) -> bool {
        let order = || compared(Some(value), Some(&self.value));
        match condition {
            "neq" => order() != Ordering::Equal,
            "gt" => self.is_unreadable_time(value) || order() == Ordering::Greater,
            "gteq" | "from" | "moreq" => self.is_unreadable_time(value) || order() != Ordering::Less,
            "lt" => order() == Ordering::Less,
            "lteq" | "to" => order() != Ordering::Greater,
            "in" => self.values().any(|one| is_same(value, one)),
            "nin" => !self.values().any(|one| is_same(value, one)),
            "like" => like(&value.to_lowercase(), &self.value.to_lowercase()),
            "nlike" => !like(&value.to_lowercase(), &self.value.to_lowercase()),
            "finset" => value.split(',').any(|one| one == self.value),
            // An unknown condition works like `eq`.
            _ => order() == Ordering::Equal,
        }
    }

    /// The database compares a time with an unreadable one as with nothing, and so gives everything.
    fn is_unreadable_time(&self, value: &str) -> bool {
        moment(value).is_some() && value.len() == 19 && moment(&self.value).is_none()
    }

    /// The values of a list: a comma always parts two, also inside of a SKU.
    fn values(&self) -> impl Iterator<Item = &str> {
        self.value.split(',')
    }
}

/// Two values as the database orders them: numbers by size, times by time, text without case.
pub(crate) fn compared(one: Option<&str>, other: Option<&str>) -> Ordering {
    let (Some(one), Some(other)) = (one, other) else { return one.is_some().cmp(&other.is_some()) };
    let has_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    // Most values are words, for which numbers and times need not be tried.
    if !has_digit(one) || !has_digit(other) {
        return one.to_lowercase().cmp(&other.to_lowercase());
    }
    if let (Ok(one), Ok(other)) = (one.parse::<f64>(), other.parse::<f64>()) {
        return one.total_cmp(&other);
    }
    if let (Some(one), Some(other)) = (moment(one), moment(other)) {
        return one.cmp(&other);
    }
    one.to_lowercase().cmp(&other.to_lowercase())
}

fn is_same(one: &str, other: &str) -> bool {
    one == other
        || (one.len() == other.len() && one.eq_ignore_ascii_case(other))
        || compared(Some(one), Some(other)) == Ordering::Equal
}

/// `LIKE` of SQL with `%` only.
fn like(value: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('%') else { return value == pattern };
    let Some(tail) = value.strip_prefix(head) else { return false };
    if rest.is_empty() {
        return true;
    }
    (0..=tail.len()).filter(|at| tail.is_char_boundary(*at)).any(|at| like(&tail[at..], rest))
}

fn filter(query: &Query, group: &str, at: &str) -> Filter {
    let part =
        |name: &str| query.at(&[ROOT, "filter_groups", group, "filters", at, name]).unwrap_or_default().to_owned();
    let condition = part("condition_type");
    Filter {
        field: part("field"),
        value: part("value"),
        condition: if condition.is_empty() { "eq".to_owned() } else { condition },
    }
}

fn order(query: &Query, at: &str) -> Result<(String, bool), Refusal> {
    let part = |name: &str| query.at(&[ROOT, "sort_orders", at, name]).unwrap_or_default();
    let down = match part("direction").to_uppercase().as_str() {
        "ASC" => false,
        "DESC" | "" => true,
        _ => {
            let message = "The sort order has to be specified as %1 for ascending order or %2 for descending order.";
            return Err(Refusal::bad_with(message, json!(["ASC", "DESC"])));
        }
    };
    Ok((part("field").to_owned(), down))
}

fn whole(query: &Query, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = query.at(&[ROOT, name]) else { return Ok(None) };
    let name = if name == "page_size" { "pageSize" } else { "currentPage" };
    let wrong = || {
        Refusal::bad(format!(
            "Error occurred during \"{name}\" processing. The \"{text}\" value's type is invalid. The \"int\" type was expected. Verify and try again."
        ))
    };
    text.parse().map(Some).map_err(|_| wrong())
}
