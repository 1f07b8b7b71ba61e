//! Asks a shop for a list: filters, sorting, and pages that end.

use serde_json::Value;

use super::call::ShopCall;
use super::error::{Error, RefusalReason};
use super::{ShopClient, call};

/// What a list shall have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchCriteria {
    /// Of each group one filter must hold.
    pub groups: Vec<Vec<SearchFilter>>,
    /// By which field, and in which direction, it is sorted.
    pub sort: Option<(String, SortDirection)>,
    /// The fields of an item that are wanted, as `id,sku,extension_attributes[stock_item]`; all if it is empty.
    pub item_fields: String,
}

/// A condition on one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchFilter {
    /// The field.
    pub field: String,
    /// How it is compared: `eq`, `in`, `gteq` …
    pub condition: &'static str,
    /// With what.
    pub value: String,
}

/// In which direction a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortDirection {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

/// A list that is read page by page.
pub struct Pages<'c> {
    client: &'c ShopClient,
    call: ShopCall,
    criteria: SearchCriteria,
    /// Items of a page.
    size: u32,
    /// The page that was read last; they count from 1.
    page: u32,
    seen: u64,
    is_over: bool,
}

/// Bytes of the names that one request asks for; web servers take addresses of about 8 KB.
const NAMES_BYTES: usize = 3_000;

/// Names that one request asks for.
const NAMES: usize = 100;

impl SearchFilter {
    /// The field is exactly this.
    #[must_use]
    pub fn is(field: &str, value: &str) -> Self {
        Self { field: field.to_owned(), condition: "eq", value: value.to_owned() }
    }

    /// The field is this or larger.
    #[must_use]
    pub fn is_from(field: &str, value: &str) -> Self {
        Self { field: field.to_owned(), condition: "gteq", value: value.to_owned() }
    }

    /// Groups of filters that together find all of the names, each small enough for one request. A name with a comma has a
    /// filter of its own: the shop splits a list at every comma.
    #[must_use]
    pub fn any_of<'n>(field: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<Vec<Self>> {
        let mut groups = Vec::new();
        let mut listed: Vec<&str> = Vec::new();
        let mut apart: Vec<Self> = Vec::new();
        let mut bytes = 0;
        for name in names {
            if listed.len() + apart.len() >= NAMES || bytes + name.len() > NAMES_BYTES {
                groups.push(Self::group(field, &listed, std::mem::take(&mut apart)));
                listed.clear();
                bytes = 0;
            }
            // Each character may become three, and a filter of its own has names of its parameters, too.
            bytes += call::encoded(name).len() + 1;
            if name.contains(',') {
                bytes += 150;
                apart.push(Self::is(field, name));
            } else {
                listed.push(name);
            }
        }
        groups.push(Self::group(field, &listed, apart));
        groups.retain(|group| !group.is_empty());
        groups
    }

    fn group(field: &str, listed: &[&str], mut apart: Vec<Self>) -> Vec<Self> {
        if !listed.is_empty() {
            apart.push(Self { field: field.to_owned(), condition: "in", value: listed.join(",") });
        }
        apart
    }
}

impl SearchCriteria {
    /// A list of what one group of filters finds.
    #[must_use]
    pub fn of_group(group: Vec<SearchFilter>) -> Self {
        Self { groups: vec![group], ..Self::default() }
    }

    fn query(&self, page: u32, size: u32) -> Vec<(String, String)> {
        let mut query = Vec::new();
        for (group, filters) in self.groups.iter().enumerate() {
            for (number, filter) in filters.iter().enumerate() {
                let name = |part: &str| format!("searchCriteria[filterGroups][{group}][filters][{number}][{part}]");
                query.push((name("field"), filter.field.clone()));
                query.push((name("value"), filter.value.clone()));
                query.push((name("conditionType"), filter.condition.to_owned()));
            }
        }
        if let Some((field, direction)) = &self.sort {
            let direction = match direction {
                SortDirection::Ascending => "ASC",
                SortDirection::Descending => "DESC",
            };
            query.push(("searchCriteria[sortOrders][0][field]".to_owned(), field.clone()));
            query.push(("searchCriteria[sortOrders][0][direction]".to_owned(), direction.to_owned()));
        }
        query.push(("searchCriteria[pageSize]".to_owned(), size.to_string()));
        query.push(("searchCriteria[currentPage]".to_owned(), page.to_string()));
        if !self.item_fields.is_empty() {
            query.push(("fields".to_owned(), format!("items[{}],total_count", self.item_fields)));
        }
        query
    }
}

impl<'c> Pages<'c> {
    pub(super) fn new(client: &'c ShopClient, call: ShopCall, criteria: SearchCriteria) -> Self {
        let size = client.limits().page_items.max(1);
        Self { client, call, criteria, size, page: 0, seen: 0, is_over: false }
    }

    /// Reads the next page; nothing behind the last one.
    ///
    /// Behind its last page a shop gives an empty one, and old shops give the last one again and again. So the count ends
    /// the list, whatever comes.
    ///
    /// # Errors
    /// The shop cannot be asked, or answers something else than a list.
    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let mut answer = self.ask().await?;
        self.page += 1;
        let total = answer["total_count"].as_u64();
        let items = match answer["items"].take() {
            Value::Array(items) => items,
            // With chosen fields an empty list comes as nothing.
            Value::Null if total.is_some() => Vec::new(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                let (what, problem) =
                    (format!("{:?}", self.call), "the answer is no list (expected `items`)".to_owned());
                return Err(Error::Misread { what, problem });
            }
        };
        self.seen += items.len() as u64;
        self.is_over = items.is_empty() || total.is_none_or(|total| self.seen >= total);
        Ok(Some(items).filter(|items| !items.is_empty()))
    }

    async fn ask(&mut self) -> Result<Value, Error> {
        let query = self.criteria.query(self.page + 1, self.size);
        let error = match self.client.call(&self.call.clone().asking(query)).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.refusal().map(|refusal| &refusal.reason) {
            // The shop is set to give smaller pages only; nothing has been read yet.
            Some(RefusalReason::TooMany { max }) if self.page == 0 && (1..self.size as usize).contains(max) => {
                self.size = u32::try_from(*max).unwrap_or(1);
                let query = self.criteria.query(1, self.size);
                self.client.call(&self.call.clone().asking(query)).await
            }
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_comma_are_asked_for_one_by_one() {
        let groups = SearchFilter::any_of("sku", ["A", "RIG,1", "B"]);
        let told: Vec<String> =
            groups[0].iter().map(|filter| format!("{} {}", filter.condition, filter.value)).collect();
        assert_eq!((groups.len(), told), (1, vec!["eq RIG,1".to_owned(), "in A,B".to_owned()]));
        assert_eq!(SearchFilter::any_of("sku", []), Vec::<Vec<SearchFilter>>::new());
    }

    #[test]
    fn many_names_are_asked_for_in_requests_of_bearable_length() {
        let names: Vec<String> = (0..250).map(|number| format!("SKU-{number:0>20}-ü")).collect();
        let groups = SearchFilter::any_of("sku", names.iter().map(String::as_str));
        let asked: usize = groups.iter().map(|group| group[0].value.split(',').count()).sum();
        assert_eq!(asked, 250);
        for group in groups {
            let query = SearchCriteria::of_group(group).query(1, 100);
            let bytes: usize =
                query.iter().map(|(name, value)| call::encoded(name).len() + call::encoded(value).len()).sum();
            assert!(bytes < 6_000, "{bytes}");
        }
    }
}
