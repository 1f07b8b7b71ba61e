use insta::assert_snapshot;

use super::*;
use crate::entity::customer_address::CustomerAddresses;
use crate::entity::tests::read;
use crate::entity::{ChangeEffect, Removal};

const HASH: &str = "fd124cc8ba50e8cdba98810add3f54cb56b1e189e3e11d0507f598e3a679ce4a:mZ4LCKQdZXNmZHKs:2";

const JON: [(&str, &str); 5] =
    [("email", "Jon@example.com"), ("_website", "base"), ("firstname", "Jon"), ("lastname", "Doe"), ("group_id", "1")];

const CAMPBELL: [(&str, &str); 7] = [
    ("_email", "jon@example.com"),
    ("_website", "base"),
    ("firstname", "Jon"),
    ("lastname", "Doe"),
    ("street", "Main Street 1\nSuite 200"),
    ("city", "Campbell"),
    ("country_id", "US"),
];

fn with<'a>(cells: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = cells.iter().filter(|cell| !more.iter().any(|other| other.0 == cell.0));
    kept.chain(more).copied().collect()
}

fn customer(more: &[(&str, &str)]) -> Customer {
    let row = read::<Customers>(&with(&JON, more));
    assert_eq!(row.findings, []);
    Customers::create(&row.change.unwrap()).unwrap()
}

/// Applies a row twice; what is wrong with it, if anything is.
fn apply<E: Entity<Thing = Customer>>(customer: &mut Customer, cells: &[(&str, &str)]) -> Result<ChangeEffect, String> {
    let row = read::<E>(cells);
    assert_eq!(row.findings, []);
    let change = row.change.unwrap();
    let effect = E::apply(customer, &change).map_err(|refusal| refusal.problem)?;
    assert_eq!(E::apply(customer, &change), Ok(ChangeEffect::Unchanged));
    Ok(effect)
}

fn stored(customer: &Customer) -> String {
    let mut json: serde_json::Value = serde_json::from_str(&customer.to_json()).unwrap();
    // Other packages of the workspace make JSON objects keep the order of their fields.
    json.sort_all_objects();
    json.to_string()
}

/// What is wrong with a row of these cells.
fn findings(more: &[(&str, &str)]) -> String {
    let row = read::<Customers>(&with(&JON, more));
    let what = if row.change.is_some() { "used" } else { "not used" };
    let findings = row.findings.iter().map(|finding| format!("{finding} ({:?})", finding.severity));
    format!("{what}\n{}", findings.collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_customer_is_known_by_email_and_website_whatever_their_case() {
    let key = |email, website| {
        let change = read::<Customers>(&with(&JON, &[("email", email), ("_website", website)])).change.unwrap();
        Customers::key(&change)
    };
    assert_eq!(key("Jon@Example.com", "base"), key("jon@example.com", "BASE"));
    assert_ne!(key("jon@example.com", "base"), key("jon@example.com", "admin"));
    let address = read::<CustomerAddresses>(&CAMPBELL).change.unwrap();
    assert_eq!(CustomerAddresses::key(&address), key("jon@example.com", "base"));
}

#[test]
fn a_row_changes_what_it_says_of_a_customer() {
    let mut jon = customer(&[("dob", "1/31/1980"), ("gender", "1"), ("_store", "admin"), ("password_hash", HASH)]);
    assert_snapshot!(stored(&jon), @r#"{"email":"Jon@example.com","group":"General","password_hash":"fd124cc8ba50e8cdba98810add3f54cb56b1e189e3e11d0507f598e3a679ce4a:mZ4LCKQdZXNmZHKs:2","schema":1,"store_view":"admin","values":{"dob":"1980-01-31T00:00:00","firstname":"Jon","gender":"Male","lastname":"Doe"},"website":"base"}"#);
    let row =
        [("email", "jon@example.com"), ("_website", "base"), ("gender", "not specified"), ("group_id", "Retailer")];
    assert_eq!(apply::<Customers>(&mut jon, &row), Ok(ChangeEffect::Changed));
    let row = [("email", "jon@example.com"), ("_website", "base"), ("dob", "__EMPTY__VALUE__"), ("gender", "")];
    assert_eq!(apply::<Customers>(&mut jon, &row), Ok(ChangeEffect::Changed));
    let row = [("email", "jon@example.com"), ("_website", "base"), ("password_hash", "__EMPTY__VALUE__")];
    assert_eq!(apply::<Customers>(&mut jon, &row), Ok(ChangeEffect::Changed));
    assert_snapshot!(stored(&jon), @r#"{"email":"Jon@example.com","group":"Retailer","schema":1,"store_view":"admin","values":{"firstname":"Jon","gender":"Not Specified","lastname":"Doe"},"website":"base"}"#);
}

#[test]
fn a_new_customer_needs_a_name_and_a_group() {
    let missing = |more: &[(&str, &str)]| {
        let change = read::<Customers>(&with(&JON, more)).change.unwrap();
        let missing = Customers::missing_if_new(&change).into_iter();
        missing.map(|refusal| format!("{} {}", refusal.column.unwrap(), refusal.problem)).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(missing(&[]), "");
    assert_snapshot!(missing(&[("firstname", ""), ("lastname", " "), ("group_id", "")]), @"
    firstname is needed because the customer is new
    lastname is needed because the customer is new
    group_id is needed because the customer is new
    ");
}

#[test]
fn findings_do_not_repeat_what_is_personal() {
    let cases = [
        &[("email", "jon")][..],
        &[("email", "jon doe@example.com")],
        &[("email", "jon@example")],
        &[("email", "")],
        &[("_website", "bsae")],
        &[("_website", "")],
        &[("_store", "nope")],
        &[("group_id", "99")],
        &[("gender", "nope"), ("dob", "31.12.1980")],
        &[("password", "secret-1")],
        &[("password_hash", "secret-2")],
        &[("firstname", "__EMPTY__VALUE__")],
        &[("is_active", "secret-3"), ("_address_default_billing_", "secret-4")],
    ];
    let mut table = String::new();
    for cells in cases {
        table += &format!("{cells:?}: {}\n", findings(cells));
    }
    assert_snapshot!(table, @r#"
    [("email", "jon")]: not used
    a.csv:2: column `email`: is not an e-mail address (example: `name@example.com`) (Row)
    [("email", "jon doe@example.com")]: not used
    a.csv:2: column `email`: is not an e-mail address (example: `name@example.com`) (Row)
    [("email", "jon@example")]: not used
    a.csv:2: column `email`: is not an e-mail address (example: `name@example.com`) (Row)
    [("email", "")]: not used
    a.csv:2: column `email`: is empty (Row)
    [("_website", "bsae")]: not used
    a.csv:2: column `_website`: `bsae` is not a website of the shop (did you mean `base`?) (Row)
    [("_website", "")]: not used
    a.csv:2: column `_website`: is empty (Row)
    [("_store", "nope")]: not used
    a.csv:2: column `_store`: `nope` is not a store view of the shop (known: `default`) (Row)
    [("group_id", "99")]: used
    a.csv:2: column `group_id`: `99` is not a customer group of the shop (known: `NOT LOGGED IN`, `General`, `Wholesale`, `Retailer`) (Value)
    [("gender", "nope"), ("dob", "31.12.1980")]: used
    a.csv:2: column `gender`: is not a gender (expected `Male`, `Female` or `Not Specified`) (Value)
    a.csv:2: column `dob`: is not a date (examples: `2026-08-01 12:00:00`, `8/1/26, 12:00 PM`) (Value)
    [("password", "secret-1")]: used
    a.csv:2: column `password`: is a password in plain text, which is never read; send its hash as `password_hash`, or let the customer ask the shop for a new password (Value)
    [("password_hash", "secret-2")]: used
    a.csv:2: column `password_hash`: is not the hash of a password (expected `hash:salt:version` as a shop stores it) (Value)
    [("firstname", "__EMPTY__VALUE__")]: used
    a.csv:2: column `firstname`: cannot be removed, because every customer has it (Value)
    [("is_active", "secret-3"), ("_address_default_billing_", "secret-4")]: used
    a.csv:2: column `is_active`: is not a flag (expected `1` or `0`) (Value)
    a.csv:2: column `_address_default_billing_`: is not a flag (expected `1` or `0`) (Value)
    "#);
    let told: Vec<String> = cases.iter().map(|cells| findings(cells)).collect();
    let told = told.join("\n");
    for secret in ["secret", "jon", "1980", "nope@"] {
        assert!(!told.contains(secret), "a finding repeats `{secret}`: {told}");
    }
}

#[test]
fn what_a_shop_keeps_for_one_mail_is_not_kept() {
    let jon =
        customer(&[("rp_token", "t0ken"), ("rp_token_created_at", "2026-08-01 12:00:00"), ("session_cutoff", "x")]);
    assert_eq!(jon, customer(&[]));
    assert_eq!(format!("{:?}", HASH.parse::<PasswordHash>()), "Ok(PasswordHash(…))");
    for hash in ["$2y$10$abcdefghijklmnopqrstuv", "e02484cbed89b7eeb5fb6abb437424c70e805b4d4e6ef91ae1bf07d79bc7938b:xi"]
    {
        assert!(hash.parse::<PasswordHash>().is_ok(), "{hash}");
    }
}

#[test]
fn a_customer_row_can_bring_an_address() {
    let row: Vec<(String, &str)> =
        CAMPBELL.iter().skip(2).map(|(name, cell)| (format!("_address_{name}"), *cell)).collect();
    let mut row: Vec<(&str, &str)> = row.iter().map(|(name, cell)| (name.as_str(), *cell)).collect();
    row.extend([("_address_default_billing_", "1"), ("_address_increment_id", "1000-1")]);
    let mut jon = customer(&row);
    assert_snapshot!(stored(&jon), @r#"{"addresses":[{"increment_id":"1000-1","is_default_billing":true,"values":{"city":"Campbell","country_id":"US","firstname":"Jon","lastname":"Doe","street":"Main Street 1\nSuite 200"}}],"email":"Jon@example.com","group":"General","schema":1,"values":{"firstname":"Jon","lastname":"Doe"},"website":"base"}"#);
    // Flags alone do not make an address.
    let row = with(&JON, &[("_address_default_billing_", "0"), ("_address_city", "")]);
    assert_eq!(apply::<Customers>(&mut jon, &row), Ok(ChangeEffect::Unchanged));
}

#[test]
fn an_address_is_found_again_by_its_number_or_by_all_that_the_row_says() {
    let mut jon = customer(&[]);
    assert_eq!(apply::<CustomerAddresses>(&mut jon, &CAMPBELL), Ok(ChangeEffect::Changed));
    let row = with(&CAMPBELL, &[("increment_id", "7"), ("_address_default_billing_", "1")]);
    assert_eq!(apply::<CustomerAddresses>(&mut jon, &row), Ok(ChangeEffect::Changed));
    let row = with(&CAMPBELL, &[("increment_id", "7"), ("city", "Rosenheim")]);
    assert_eq!(apply::<CustomerAddresses>(&mut jon, &row), Ok(ChangeEffect::Changed));
    let row = with(&CAMPBELL, &[("_entity_id", "51"), ("city", "Kolbermoor"), ("_address_default_billing_", "1")]);
    assert_eq!(apply::<CustomerAddresses>(&mut jon, &row), Ok(ChangeEffect::Changed));
    let shown = jon.addresses.iter().map(|address| {
        let Address { increment_id, entity_id, values, is_default_billing, .. } = address;
        format!("{} {increment_id:?} {entity_id:?} {is_default_billing}", values["city"])
    });
    assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r#"
    Campbell None None false
    Rosenheim Some("7") None false
    Kolbermoor None Some("51") true
    "#);
}

#[test]
fn an_address_that_is_new_must_be_whole() {
    let mut jon = customer(&[]);
    let problem = apply::<CustomerAddresses>(&mut jon, &with(&CAMPBELL, &[("street", "")])).unwrap_err();
    assert_snapshot!(problem, @"the address is new and has no `street`");
    assert!(jon.addresses.is_empty());
}

#[test]
fn addresses_can_be_replaced_and_deleted() {
    let mut jon = customer(&[]);
    assert!(apply::<CustomerAddresses>(&mut jon, &CAMPBELL).is_ok());
    let other = with(&CAMPBELL, &[("city", "Rosenheim"), ("increment_id", "7")]);
    assert!(apply::<CustomerAddresses>(&mut jon, &other).is_ok());
    let change = |cells: &[(&str, &str)]| read::<CustomerAddresses>(cells).change.unwrap();
    let renewed = CustomerAddresses::renew(Some(&jon), &change(&other)).unwrap();
    assert_eq!(renewed.addresses.len(), 1);
    let number = [("_email", "jon@example.com"), ("_website", "base"), ("increment_id", "7")];
    assert_eq!(CustomerAddresses::remove(&mut jon, &change(&number)), Removal::Part);
    assert_eq!(CustomerAddresses::remove(&mut jon, &change(&number)), Removal::Nothing);
    assert_eq!(CustomerAddresses::remove(&mut jon, &change(&number[..2])), Removal::Nothing);
    assert_eq!(jon.addresses.len(), 1);
    assert_eq!(CustomerAddresses::remove(&mut jon, &change(&CAMPBELL)), Removal::Part);
}

#[test]
fn an_address_of_nobody_is_refused_without_a_name() {
    let change = read::<CustomerAddresses>(&CAMPBELL).change.unwrap();
    let refusal = CustomerAddresses::create(&change).unwrap_err();
    assert_eq!(refusal.column.as_deref(), Some("_email"));
    assert_snapshot!(refusal.problem, @"is of no customer on website `base`, and an address file makes none; import it first");
    assert_eq!(CustomerAddresses::renew(None, &change).unwrap_err(), refusal);
}
