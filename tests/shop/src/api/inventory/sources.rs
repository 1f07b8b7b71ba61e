//! `inventory/sources`, `inventory/stocks` and what links them.

use serde_json::{Map, Value, json};

use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::route::{Answer, Route, delete, get, post, put};
use crate::search::Criteria;
use crate::shape::{Kind, Parameter, Shape, required};
use crate::state::State;
use crate::state::inventory::Stock;
use crate::state::product::next;

const SOURCE: Shape = Shape {
    name: "\\Magento\\InventoryApi\\Api\\Data\\SourceInterface",
    fields: &[
        ("source_code", Kind::Text),
        ("name", Kind::Text),
        ("email", Kind::Text),
        ("contact_name", Kind::Text),
        ("enabled", Kind::Flag),
        ("description", Kind::Text),
        ("latitude", Kind::Float),
        ("longitude", Kind::Float),
        ("country_id", Kind::Text),
        ("region_id", Kind::Int),
        ("region", Kind::Text),
        ("city", Kind::Text),
        ("street", Kind::Text),
        ("postcode", Kind::Text),
        ("phone", Kind::Text),
        ("fax", Kind::Text),
        ("use_default_carrier_config", Kind::Flag),
        ("carrier_links", Kind::Any),
        ("extension_attributes", Kind::Any),
    ],
};

const STOCK: Shape = Shape {
    name: "\\Magento\\InventoryApi\\Api\\Data\\StockInterface",
    fields: &[("stock_id", Kind::Int), ("name", Kind::Text), ("extension_attributes", Kind::Object(&STOCK_EXTENSION))],
};
const STOCK_EXTENSION: Shape = Shape {
    name: "\\Magento\\InventoryApi\\Api\\Data\\StockExtensionInterface",
    fields: &[("sales_channels", Kind::List(&Kind::Object(&CHANNEL)))],
};
const CHANNEL: Shape = Shape {
    name: "\\Magento\\InventorySalesApi\\Api\\Data\\SalesChannelInterface",
    fields: &[("type", Kind::Text), ("code", Kind::Text), ("extension_attributes", Kind::Any)],
};
const STOCK_LINK: Shape = Shape {
    name: "\\Magento\\InventoryApi\\Api\\Data\\StockSourceLinkInterface",
    fields: &[
        ("stock_id", Kind::Int),
        ("source_code", Kind::Text),
        ("priority", Kind::Int),
        ("extension_attributes", Kind::Any),
    ],
};

const SOURCE_BODY: &[Parameter] = &[required("source", Kind::Object(&SOURCE))];
const STOCK_BODY: &[Parameter] = &[required("stock", Kind::Object(&STOCK))];
const LINK_BODY: &[Parameter] = &[required("links", Kind::List(&Kind::Object(&STOCK_LINK)))];

pub(super) const LIST: Route = get("/V1/inventory/sources", "Magento_InventoryApi::source", list);
pub(super) const CREATE: Route = post("/V1/inventory/sources", "Magento_InventoryApi::source_edit", SOURCE_BODY, save)
    .on("magento.inventoryapi.api.sourcerepositoryinterface.save");
pub(super) const READ: Route = get("/V1/inventory/sources/:sourceCode", "Magento_InventoryApi::source", read);
pub(super) const CHANGE: Route =
    put("/V1/inventory/sources/:sourceCode", "Magento_InventoryApi::source_edit", SOURCE_BODY, save)
        .on("magento.inventoryapi.api.sourcerepositoryinterface.save");
pub(super) const STOCKS: Route = get("/V1/inventory/stocks", "Magento_InventoryApi::stock", stocks);
pub(super) const CREATE_STOCK: Route =
    post("/V1/inventory/stocks", "Magento_InventoryApi::stock_edit", STOCK_BODY, save_stock)
        .on("magento.inventoryapi.api.stockrepositoryinterface.save");
pub(super) const READ_STOCK: Route = get("/V1/inventory/stocks/:stockId", "Magento_InventoryApi::stock", read_stock);
pub(super) const CHANGE_STOCK: Route =
    put("/V1/inventory/stocks/:stockId", "Magento_InventoryApi::stock_edit", STOCK_BODY, save_stock)
        .on("magento.inventoryapi.api.stockrepositoryinterface.save");
pub(super) const REMOVE_STOCK: Route =
    delete("/V1/inventory/stocks/:stockId", "Magento_InventoryApi::stock_delete", remove_stock)
        .on("magento.inventoryapi.api.stockrepositoryinterface.deletebyid");
pub(super) const LINKS: Route =
    get("/V1/inventory/stock-source-links", "Magento_InventoryApi::stock_source_link", links);
pub(super) const LINK: Route =
    post("/V1/inventory/stock-source-links", "Magento_InventoryApi::stock_source_link", LINK_BODY, link)
        .on("magento.inventoryapi.api.stocksourcelinkssaveinterface.execute");
pub(super) const UNLINK: Route =
    post("/V1/inventory/stock-source-links-delete", "Magento_InventoryApi::stock_source_link", LINK_BODY, unlink)
        .on("magento.inventoryapi.api.stocksourcelinksdeleteinterface.execute");
pub(super) const RESOLVE: Route =
    get("/V1/inventory/stock-resolver/:type/:code", "Magento_InventorySalesApi::stock", resolve);

/// A refusal of the stock services: every wrong field with its own message.
pub(super) fn invalid(message: &str, fields: Vec<(&str, &str)>) -> Refusal {
    let errors = fields.into_iter().map(|(message, field)| json!({"message": message, "parameters": {"field": field}}));
    Refusal::Told {
        status: 400,
        message: message.to_owned(),
        parameters: Value::Null,
        errors: Some(Box::new(errors.collect())),
    }
}

fn searched(call: &Call<'_>, all: Vec<Value>) -> Answer {
    let criteria = Criteria::read_or_all(&call.query)?;
    let found: Vec<Value> = all.into_iter().filter(|one| criteria.holds(|name| text_of(one, name))).collect();
    Ok(criteria.answer(found, text_of, Value::clone))
}

fn list(call: &mut Call<'_>) -> Answer {
    searched(call, call.state.inventory.sources.values().cloned().map(Value::Object).collect())
}

fn read(call: &mut Call<'_>) -> Answer {
    let code = call.text("sourceCode");
    let found = call.state.inventory.sources.get(&code).cloned().map(Value::Object);
    found.ok_or_else(|| Refusal::missing_with("Source with code \"%value\" does not exist.", json!({"value": code})))
}

/// Creates a source; one that is there is changed.
fn save(call: &mut Call<'_>) -> Answer {
    let mut sent = call.object("source")?;
    if let Some(code) = call.sent.get("sourceCode") {
        sent.insert("source_code".to_owned(), code.clone());
    }
    let part = |name: &str| text_of(&Value::Object(sent.clone()), name).unwrap_or_default();
    let code = part("source_code");
    let mut wrong = Vec::new();
    let empty = "\"%field\" can not be empty.";
    if part("name").is_empty() && !call.state.inventory.sources.contains_key(&code) {
        wrong.push((empty, "name"));
    }
    if code.contains(char::is_whitespace) {
        wrong.push(("\"%field\" can not contain whitespaces.", "source_code"));
    }
    for field in ["postcode", "country_id"] {
        if part(field).is_empty() && !call.state.inventory.sources.contains_key(&code) {
            wrong.push((empty, field));
        }
    }
    if !wrong.is_empty() {
        return Err(invalid("Validation Failed", wrong));
    }
    let name = part("name");
    let fields = call.state.inventory.sources.entry(code).or_insert_with(|| new_source(&name));
    fields.extend(sent);
    Ok(Value::Null)
}

fn new_source(name: &str) -> Map<String, Value> {
    let fields = json!({
        "enabled": true, "use_default_carrier_config": true, "carrier_links": [],
        "extension_attributes": {"is_pickup_location_active": false, "frontend_name": name},
    });
    fields.as_object().cloned().unwrap_or_default()
}

fn stock_view(stock: &Stock) -> Value {
    let channels: Vec<Value> = stock.websites.iter().map(|code| json!({"type": "website", "code": code})).collect();
    json!({"stock_id": stock.id, "name": stock.name, "extension_attributes": {"sales_channels": channels}})
}

fn stocks(call: &mut Call<'_>) -> Answer {
    searched(call, call.state.inventory.stocks.values().map(stock_view).collect())
}

fn read_stock(call: &mut Call<'_>) -> Answer {
    let id = call.whole("stockId");
    call.state.inventory.stocks.get(&id).map(stock_view).ok_or_else(|| unknown_stock(id))
}

fn unknown_stock(id: i64) -> Refusal {
    Refusal::missing_with("Stock with id \"%value\" does not exist.", json!({"value": id}))
}

/// A website that a stock gets is taken away from the stock that had it.
fn save_stock(call: &mut Call<'_>) -> Answer {
    let sent = call.value("stock").clone();
    let name = text_of(&sent, "name").unwrap_or_default();
    let named = call.whole("stockId");
    if name.is_empty() && named == 0 {
        return Err(invalid("Validation Failed", vec![("\"%field\" can not be empty.", "name")]));
    }
    let channels = sent
        .get("extension_attributes")
        .and_then(|extension| extension.get("sales_channels"))
        .and_then(Value::as_array);
    let websites: Option<Vec<String>> =
        channels.map(|list| list.iter().filter_map(|channel| text_of(channel, "code")).collect());
    let inventory = &mut call.state.inventory;
    for code in websites.iter().flatten() {
        for stock in inventory.stocks.values_mut() {
            stock.websites.retain(|one| one != code);
        }
    }
    let id = if named == 0 { next(&mut inventory.next_stock) } else { named };
    let fresh = || Stock { id, name: String::new(), websites: Vec::new(), sources: Vec::new() };
    let stock = inventory.stocks.entry(id).or_insert_with(fresh);
    if !name.is_empty() {
        stock.name = name;
    }
    if let Some(websites) = websites {
        stock.websites = websites;
    }
    Ok(json!(id))
}

fn remove_stock(call: &mut Call<'_>) -> Answer {
    let id = call.whole("stockId");
    call.state.inventory.stocks.remove(&id).map(|_| Value::Null).ok_or_else(|| unknown_stock(id))
}

fn links(call: &mut Call<'_>) -> Answer {
    let stocks = call.state.inventory.stocks.values();
    let link = |id: i64| move |(code, priority): &(String, i64)| json!({"stock_id": id, "source_code": code, "priority": priority});
    searched(call, stocks.flat_map(|stock| stock.sources.iter().map(link(stock.id))).collect())
}

fn link_of(state: &State, sent: &Value) -> Result<(i64, String, i64), Refusal> {
    let (stock, code) = (whole_of(sent, "stock_id").unwrap_or(0), text_of(sent, "source_code").unwrap_or_default());
    if !state.inventory.sources.contains_key(&code) || !state.inventory.stocks.contains_key(&stock) {
        return Err(Refusal::bad("Could not save StockSourceLinks"));
    }
    Ok((stock, code, whole_of(sent, "priority").unwrap_or(0)))
}

fn link(call: &mut Call<'_>) -> Answer {
    let read: Vec<_> = call.list("links").iter().map(|sent| link_of(call.state, sent)).collect::<Result<_, _>>()?;
    for (stock, code, priority) in read {
        if let Some(stock) = call.state.inventory.stocks.get_mut(&stock) {
            stock.sources.retain(|(one, _)| *one != code);
            stock.sources.push((code, priority));
        }
    }
    Ok(Value::Null)
}

fn unlink(call: &mut Call<'_>) -> Answer {
    let read: Vec<_> = call.list("links").iter().map(|sent| link_of(call.state, sent)).collect::<Result<_, _>>()?;
    for (stock, code, _) in read {
        if let Some(stock) = call.state.inventory.stocks.get_mut(&stock) {
            stock.sources.retain(|(one, _)| *one != code);
        }
    }
    Ok(Value::Null)
}

fn resolve(call: &mut Call<'_>) -> Answer {
    let code = call.text("code");
    let found = call.state.inventory.stocks.values().find(|stock| stock.websites.contains(&code));
    found.map(stock_view).ok_or_else(|| Refusal::missing("No linked stock found"))
}
