//! `customers`: accounts by website, with their addresses.

use serde_json::{Map, Value, json};

use crate::call::{Call, text_of, whole_of};
use crate::refusal::Refusal;
use crate::route::{ANYBODY, Answer, Route, delete, get, post, put};
use crate::search::Criteria;
use crate::shape::{Kind, Parameter, Shape, optional, required};
use crate::state::State;
use crate::state::customer::Customer;
use crate::state::product::next;

const CUSTOMER: Shape = Shape {
    name: "\\Magento\\Customer\\Api\\Data\\CustomerInterface",
    fields: &[
        ("id", Kind::Int),
        ("group_id", Kind::Int),
        ("default_billing", Kind::Text),
        ("default_shipping", Kind::Text),
        ("confirmation", Kind::Text),
        ("created_at", Kind::Text),
        ("updated_at", Kind::Text),
        ("created_in", Kind::Text),
        ("dob", Kind::Text),
        ("email", Kind::Text),
        ("firstname", Kind::Text),
        ("lastname", Kind::Text),
        ("middlename", Kind::Text),
        ("prefix", Kind::Text),
        ("suffix", Kind::Text),
        ("gender", Kind::Int),
        ("store_id", Kind::Int),
        ("taxvat", Kind::Text),
        ("website_id", Kind::Int),
        ("addresses", Kind::List(&Kind::Object(&ADDRESS))),
        ("disable_auto_group_change", Kind::Int),
        ("extension_attributes", Kind::Any),
        ("custom_attributes", Kind::Any),
    ],
};

const ADDRESS: Shape = Shape {
    name: "\\Magento\\Customer\\Api\\Data\\AddressInterface",
    fields: &[
        ("id", Kind::Int),
        ("customer_id", Kind::Int),
        ("region", Kind::Object(&REGION)),
        ("region_id", Kind::Int),
        ("country_id", Kind::Text),
        ("street", Kind::List(&Kind::Text)),
        ("company", Kind::Text),
        ("telephone", Kind::Text),
        ("fax", Kind::Text),
        ("postcode", Kind::Text),
        ("city", Kind::Text),
        ("firstname", Kind::Text),
        ("lastname", Kind::Text),
        ("middlename", Kind::Text),
        ("prefix", Kind::Text),
        ("suffix", Kind::Text),
        ("vat_id", Kind::Text),
        ("default_shipping", Kind::Flag),
        ("default_billing", Kind::Flag),
        ("extension_attributes", Kind::Any),
        ("custom_attributes", Kind::Any),
    ],
};

const REGION: Shape = Shape {
    name: "\\Magento\\Customer\\Api\\Data\\RegionInterface",
    fields: &[
        ("region_code", Kind::Text),
        ("region", Kind::Text),
        ("region_id", Kind::Int),
        ("extension_attributes", Kind::Any),
    ],
};

const CREATE: &[Parameter] = &[
    required("customer", Kind::Object(&CUSTOMER)),
    optional("password", Kind::Text),
    optional("redirectUrl", Kind::Text),
];
const CHANGE: &[Parameter] = &[required("customer", Kind::Object(&CUSTOMER)), optional("passwordHash", Kind::Text)];
const MANAGE: &str = "Magento_Customer::manage";

pub(super) const ROUTES: &[Route] = &[
    post("/V1/customers", ANYBODY, CREATE, create).named(
        "Magento\\Customer\\Model\\AccountManagement::createAccount",
        "magento.customer.api.accountmanagementinterface.createaccount",
    ),
    get("/V1/customers/search", "Magento_Customer::customer", search),
    get("/V1/customers/:customerId", "Magento_Customer::customer", read),
    put("/V1/customers/:customerId", MANAGE, CHANGE, change).named(
        "Magento\\Customer\\Model\\ResourceModel\\CustomerRepository\\Interceptor::save",
        "magento.customer.api.customerrepositoryinterface.save",
    ),
    delete("/V1/customers/:customerId", "Magento_Customer::delete", remove).named(
        "Magento\\Customer\\Model\\ResourceModel\\CustomerRepository\\Interceptor::deleteById",
        "magento.customer.api.customerrepositoryinterface.deletebyid",
    ),
    delete("/V1/addresses/:addressId", MANAGE, remove_address).named(
        "Magento\\Customer\\Model\\ResourceModel\\AddressRepository::deleteById",
        "magento.customer.api.addressrepositoryinterface.deletebyid",
    ),
];

/// Removes an address from its customer.
fn remove_address(call: &mut Call<'_>) -> Answer {
    let id = call.whole("addressId");
    let has = |customer: &&mut Customer| customer.addresses.iter().any(|address| address.get("id") == Some(&json!(id)));
    let customer = call.state.customers.list.values_mut().find(has);
    let customer = customer.ok_or_else(|| Refusal::no_entity("addressId", id))?;
    customer.addresses.retain(|address| address.get("id") != Some(&json!(id)));
    for default in [&mut customer.default_billing, &mut customer.default_shipping] {
        if *default == Some(id) {
            *default = None;
        }
    }
    Ok(true.into())
}

fn unknown(id: i64) -> Refusal {
    Refusal::no_entity("customerId", id)
}

fn read(call: &mut Call<'_>) -> Answer {
    let id = call.whole("customerId");
    call.state.customers.list.get(&id).map(|found| view(call.state, found)).ok_or_else(|| unknown(id))
}

fn view(state: &State, customer: &Customer) -> Value {
    let created_in = state.stores.views.iter().find(|view| view.id == customer.store).map(|view| view.name);
    let mut fields = json!({
        "id": customer.id, "group_id": customer.group, "created_at": customer.created_at, "updated_at": customer.updated_at,
        "created_in": created_in, "email": customer.email, "store_id": customer.store, "website_id": customer.website,
        "addresses": customer.addresses, "disable_auto_group_change": 0, "extension_attributes": {"is_subscribed": false},
    });
    for (name, id) in [("default_billing", customer.default_billing), ("default_shipping", customer.default_shipping)] {
        if let Some(id) = id {
            fields[name] = json!(id.to_string());
        }
    }
    for (name, value) in &customer.more {
        fields[name] = value.clone();
    }
    fields
}

/// Fields that are only given back.
const PLAIN: [&str; 8] = ["firstname", "lastname", "middlename", "prefix", "suffix", "gender", "dob", "taxvat"];

fn check(call: &Call<'_>, sent: &Value, website: u32, own: i64) -> Result<(), Refusal> {
    let part = |name: &str| text_of(sent, name).unwrap_or_default();
    let email = part("email");
    if email.is_empty() {
        return Err(Refusal::bad("The customer email is missing. Enter and try again."));
    }
    for (field, label) in [("firstname", "First Name"), ("lastname", "Last Name")] {
        if part(field).is_empty() {
            return Err(Refusal::bad(format!("\"{label}\" is a required value.")));
        }
    }
    if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')) {
        return Err(Refusal::bad("\"Email\" is not a valid email address."));
    }
    let group = whole_of(sent, "group_id").unwrap_or(1);
    if usize::try_from(group).ok().and_then(|at| call.state.stores.customer_groups.get(at)).is_none() {
        return Err(Refusal::bad("The specified customer group id does not exist."));
    }
    let mut others = call.state.customers.list.values().filter(|other| other.id != own && other.website == website);
    if others.any(|other| other.email.eq_ignore_ascii_case(&email)) {
        return Err(Refusal::bad("A customer with the same email address already exists in an associated website."));
    }
    Ok(())
}

fn create(call: &mut Call<'_>) -> Answer {
    let sent = call.value("customer").clone();
    let store = call.store.max(1);
    let own = call.state.stores.website_of(store);
    let website = whole_of(&sent, "website_id").and_then(|id| u32::try_from(id).ok()).unwrap_or(own);
    check(call, &sent, website, 0)?;
    let password = call.text("password");
    if !password.is_empty() && password.len() < 8 {
        let message = "The password needs at least %1 characters. Create a new password and try again.";
        return Err(Refusal::bad_with(message, json!(["8"])));
    }
    check_addresses(&sent)?;
    let store = if website == own { store } else { call.state.stores.views_of(website).next().unwrap_or(store) };
    let id = next(&mut call.state.customers.next);
    let mut customer = Customer {
        id,
        group: whole_of(&sent, "group_id").unwrap_or(1),
        website,
        store,
        email: text_of(&sent, "email").unwrap_or_default(),
        created_at: call.stamp(),
        updated_at: call.stamp(),
        addresses: Vec::new(),
        default_billing: None,
        default_shipping: None,
        more: Map::new(),
    };
    write(call, &mut customer, &sent);
    let answer = view(call.state, &customer);
    call.state.customers.list.insert(id, customer);
    Ok(answer)
}

/// Writes plain fields, and addresses if there is a list of them: absent ones stay, an empty list removes all.
fn write(call: &mut Call<'_>, customer: &mut Customer, sent: &Value) {
    for name in PLAIN {
        if let Some(value) = sent.get(name).filter(|value| !value.is_null()) {
            customer.more.insert(name.to_owned(), value.clone());
        }
    }
    let Some(list) = sent.get("addresses").and_then(Value::as_array) else { return };
    customer.default_billing = None;
    customer.default_shipping = None;
    customer.addresses = list.iter().map(|address| self::address(call, customer, address)).collect();
}

/// Checks the fields that an address needs, in the order in which the shop misses them.
fn check_addresses(sent: &Value) -> Result<(), Refusal> {
    for address in sent.get("addresses").and_then(Value::as_array).into_iter().flatten() {
        for field in ["firstname", "lastname", "city", "telephone", "postcode", "country_id"] {
            if text_of(address, field).is_none_or(|value| value.is_empty()) {
                return Err(Refusal::required(field));
            }
        }
    }
    Ok(())
}

/// Regions of a country that the shop knows by number.
const REGIONS: [(i64, &str, &str); 3] =
    [(81, "BAY", "Bayern"), (82, "BER", "Berlin"), (88, "NRW", "Nordrhein-Westfalen")];

fn address(call: &mut Call<'_>, customer: &mut Customer, sent: &Value) -> Map<String, Value> {
    let mut fields = sent.as_object().cloned().unwrap_or_default();
    let id = whole_of(sent, "id").unwrap_or_else(|| next(&mut call.state.customers.next_address));
    for (name, place) in
        [("default_billing", &mut customer.default_billing), ("default_shipping", &mut customer.default_shipping)]
    {
        if fields.get(name) == Some(&json!(true)) {
            *place = Some(id);
        } else {
            fields.remove(name);
        }
    }
    fields.insert("id".to_owned(), json!(id));
    fields.insert("customer_id".to_owned(), json!(customer.id));
    let region =
        sent.get("region").and_then(|region| whole_of(region, "region_id")).or_else(|| whole_of(sent, "region_id"));
    let known = REGIONS.iter().find(|(number, _, _)| Some(*number) == region);
    let shown = known.map_or_else(
        || json!({"region_code": null, "region": null, "region_id": 0}),
        |(id, code, name)| json!({"region_code": code, "region": name, "region_id": id}),
    );
    if let Some((id, _, _)) = known {
        fields.insert("region_id".to_owned(), json!(id));
    }
    fields.insert("region".to_owned(), shown);
    fields
}

fn change(call: &mut Call<'_>) -> Answer {
    let sent = call.value("customer").clone();
    let id = call.whole("customerId");
    let mut customer = call.state.customers.list.get(&id).cloned().ok_or_else(|| unknown(id))?;
    let website = whole_of(&sent, "website_id").and_then(|id| u32::try_from(id).ok()).unwrap_or(customer.website);
    check(call, &sent, website, id)?;
    check_addresses(&sent)?;
    customer.website = website;
    customer.group = whole_of(&sent, "group_id").unwrap_or(customer.group);
    customer.email = text_of(&sent, "email").unwrap_or(customer.email);
    write(call, &mut customer, &sent);
    customer.updated_at = call.stamp();
    let answer = view(call.state, &customer);
    call.state.customers.list.insert(id, customer);
    Ok(answer)
}

fn remove(call: &mut Call<'_>) -> Answer {
    let id = call.whole("customerId");
    call.state.customers.list.remove(&id).map(|_| true.into()).ok_or_else(|| unknown(id))
}

fn search(call: &mut Call<'_>) -> Answer {
    let criteria = Criteria::read(&call.query)?;
    let field = |one: &&Customer, name: &str| match name {
        "entity_id" => Some(one.id.to_string()),
        name => text_of(&view(call.state, one), name),
    };
    let found: Vec<&Customer> =
        call.state.customers.list.values().filter(|one| criteria.holds(|name| field(one, name))).collect();
    Ok(criteria.answer(found, field, |one| view(call.state, one)))
}
