//! What a client does against a wire that says what it is told to, and what it makes of the recordings of a real shop.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::answer;
use super::*;
use crate::testing::{Says, TestWire, answer as wire_answer, areas, recording, recordings};

fn name(method: &str, path: &str) -> CallName {
    CallName { method: method.parse().unwrap(), path: path.split('?').next().unwrap().to_owned() }
}

fn read(name: &str) -> Result<Value, Error> {
    let recorded = recording(name);
    answer::read(&self::name(&recorded.method, &recorded.path), &recorded.answer(), DateTime::<Utc>::MIN_UTC)
}

fn told(name: &str) -> String {
    read(name).unwrap_err().told()
}

fn reason(name: &str) -> RefusalReason {
    read(name).unwrap_err().refusal().unwrap().reason.clone()
}

/// Says whether a sentence has a place that was not filled: `%1`, `%fieldName`.
fn has_gap(sentence: &str) -> bool {
    sentence.split('%').skip(1).any(|behind| behind.starts_with(|found: char| found.is_ascii_alphanumeric()))
}

#[test]
fn every_refusal_that_was_recorded_becomes_a_sentence_without_a_gap() {
    let mut count = 0;
    for recorded in areas().iter().flat_map(|area| recordings(area)) {
        if recorded.status < 400 {
            continue;
        }
        count += 1;
        let call = name(&recorded.method, &recorded.path);
        let error = answer::read(&call, &recorded.answer(), DateTime::<Utc>::MIN_UTC).unwrap_err();
        let refusal = error.refusal().unwrap_or_else(|| panic!("{}: {error}", recorded.name));
        assert!(!refusal.sentence.is_empty() && !has_gap(&refusal.sentence), "{}: {error}", recorded.name);
        assert!(!refusal.sentence.contains(['\n', '<', '{']), "{}: {error}", recorded.name);
        let start = format!("{} {}: {}: ", call.method, call.path, recorded.status);
        assert!(error.to_string().starts_with(&start), "{}: {error}", recorded.name);
    }
    assert!(count > 250, "only {count} refusals were found");
}

#[test]
fn every_answer_that_was_recorded_is_read_as_it_is() {
    let mut count = 0;
    for recorded in areas().iter().flat_map(|area| recordings(area)) {
        let is_xml = recorded.name.starts_with("auth/026");
        if recorded.status >= 400 || is_xml {
            continue;
        }
        count += 1;
        let call = name(&recorded.method, &recorded.path);
        let answer = answer::read(&call, &recorded.answer(), DateTime::<Utc>::MIN_UTC);
        assert_eq!(answer.unwrap(), recorded.body, "{}", recorded.name);
    }
    assert!(count > 600, "only {count} answers were found");
}

#[test]
fn an_error_names_the_call_and_says_what_the_shop_says() {
    assert_snapshot!(told("products/047"), @r#"PUT /rest/all/V1/products/RIG-3: 400: "NoSuchField" is not supported. Correct the field name and try again."#);
    assert_snapshot!(told("attributes/004"), @r#"POST /rest/V1/products/attributes/color/options: 400: Admin store attribute option label "Red" is already exists."#);
    assert_snapshot!(told("categories/009"), @"POST /rest/V1/categories: 404: No such entity with id = 9999");
    assert_snapshot!(told("inventory/012"), @r#"POST /rest/V1/inventory/sources: 400: Validation Failed; "name" can not be empty.; "source_code" can not contain whitespaces.; "postcode" can not be empty.; "country_id" can not be empty."#);
    assert_snapshot!(told("inventory/023"), @r#"POST /rest/V1/inventory/source-items: 400: Validation Failed: "status" should be numeric."#);
    assert_snapshot!(told("orders/007"), @"POST /rest/V1/order/1/invoice: 400: Invoice Document Validation Error(s): The invoice can't be created without products. Add products and try again. The order does not allow an invoice to be created.");
}

#[test]
fn an_error_says_who_can_do_something_about_it() {
    assert_snapshot!(told("auth/007"), @"GET /rest/V1/store/websites: 401: The consumer isn't authorized to access Magento_Backend::store. (the token is wrong, expired or revoked, or its integration lacks this right; the shop says the same to all of it)");
    assert_snapshot!(told("auth/003"), @"POST /rest/V1/integration/admin/token: 401: The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later. (it is not tried again, because the shop locks the account after a few failures)");
    assert_snapshot!(told("auth/035"), @"GET /rest/V1/store/websites: 401: The signature is invalid. Verify and try again. (are the four keys those of one integration, and does the clock of this machine go right?)");
    assert_snapshot!(told("auth/017"), @"GET /rest/V1/nosuchthing: 404: Request does not match any route. (is the address that of the shop, and is the module of this call there?)");
    assert_snapshot!(told("auth/019"), @"GET /rest/xx_XX/V1/store/websites: 400: Specified request cannot be processed. (is the store view known to the shop?)");
    assert_snapshot!(told("products/050"), @"PUT /rest/all/V1/products/RIG-3: 500: the shop's program broke off (a page of type `text/plain` that says `An error has happened during application run. See exception log for details.`) (the shop's exception.log says more)");
    assert_snapshot!(told("orders/082"), @"GET /rest/V1/orders: 500: Internal Error. Details are available in Magento log file. Report ID: webapi-6b0b19dfc757e (the shop's exception.log says more under this number)");
    assert_snapshot!(told("server-state/001"), @"GET /rest/V1/store/websites: 503: the shop is in maintenance mode");
    assert_snapshot!(told("auth/026"), @"GET /rest/V1/store/websites: 200: a page of type `application/xml` (expected JSON)");
    assert_snapshot!(told("auth/028"), @"GET /rest/V1/store/websites: 500: the shop's program broke off (a page of type `text/html` that says `There has been an error processing your request`) (the shop's exception.log says more)");
}

#[test]
fn every_kind_of_refusal_is_told_apart() {
    let kinds: BTreeMap<&str, RefusalReason> = [
        ("auth/012", RefusalReason::Rights { right: Some("Magento_Sales::actions_view".to_owned()) }),
        ("auth/003", RefusalReason::SignIn),
        ("auth/040", RefusalReason::Signature),
        ("auth/017", RefusalReason::NoRoute),
        ("auth/018", RefusalReason::NoRoute),
        ("auth/020", RefusalReason::NoMeaning),
        ("auth/033", RefusalReason::NotThere),
        ("products/138", RefusalReason::Invalid),
        ("products/050", RefusalReason::Crash),
        ("orders/087", RefusalReason::Internal),
        ("server-state/003", RefusalReason::Maintenance),
        ("server-state/013", RefusalReason::TooMany { max: 20 }),
        ("server-state/016", RefusalReason::TooMany { max: 300 }),
        ("concurrency/001", RefusalReason::LockConflict),
    ]
    .into();
    for (recorded, expected) in kinds {
        assert_eq!(reason(recorded), expected, "{recorded}");
    }
}

#[test]
fn what_answers_instead_of_a_shop_is_told_from_it() {
    let told = |status: u16, kind: &str, body: &str| {
        let answer = wire_answer(status, kind, body.to_owned());
        answer::read(&name("GET", "/rest/all/V1/modules"), &answer, DateTime::<Utc>::MIN_UTC).unwrap_err()
    };
    assert_snapshot!(told(403, "text/html", "<html><title>Attention\nrequired</title>"), @"GET /rest/all/V1/modules: 403: a page of type `text/html` that says `Attention required` (expected JSON) (not the shop but something before it answered, such as a firewall or another web server)");
    assert_snapshot!(told(200, "text/html; charset=UTF-8", "<html><head><title>My shop</title>"), @"GET /rest/all/V1/modules: 200: a page of type `text/html` that says `My shop` (expected JSON)");
    assert_snapshot!(told(404, "text/html", "<h1>Not Found</h1>"), @"GET /rest/all/V1/modules: 404: a page of type `text/html` (expected JSON) (not the shop but something before it answered, such as a firewall or another web server)");
    assert_snapshot!(told(504, "text/html", "<title>504 Gateway Time-out</title>"), @"GET /rest/all/V1/modules: 504: the web server before the shop got no answer of it (a page of type `text/html` that says `504 Gateway Time-out`)");
    assert_snapshot!(told(503, "text/html", "<title>503 Backend fetch failed</title>"), @"GET /rest/all/V1/modules: 503: the web server before the shop got no answer of it (a page of type `text/html` that says `503 Backend fetch failed`)");
    assert_snapshot!(told(413, "text/html", "<title>413 Request Entity Too Large</title>"), @"GET /rest/all/V1/modules: 413: the request is larger than the web server of the shop takes");
    let mut moved = wire_answer(301, "text/html", String::new());
    moved.headers.insert("location", "https://www.example.com/rest/all/V1/modules?token=hush".parse().unwrap());
    let moved = answer::read(&name("GET", "/rest/all/V1/modules"), &moved, DateTime::<Utc>::MIN_UTC).unwrap_err();
    assert_snapshot!(moved, @"GET /rest/all/V1/modules: 301: the address has moved to `https://www.example.com/rest/all/V1/modules` (redirects are not followed; correct the address of the shop)");
}

#[tokio::test]
async fn a_request_says_who_we_are_and_what_we_read() {
    let wire = TestWire::saying([Says::Json(200, json!([]))]);
    let call = ShopCall::post(&["products", "base-prices"], &json!({"prices": []}));
    assert_eq!(wire.client().call(&call).await.unwrap(), json!([]));
    let heard = &wire.heard()[0];
    assert_eq!((heard.method.clone(), heard.url.as_str()), (Method::POST, "/rest/all/V1/products/base-prices"));
    assert_eq!(heard.headers["authorization"], "Bearer hush-hush-hush");
    assert_eq!(heard.headers["accept"], "application/json");
    assert_eq!(heard.headers["content-type"], "application/json");
    assert_eq!(heard.body, json!({"prices": []}));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_only_if_that_does_no_harm() {
    let wire = TestWire::saying([Says::Lost, Says::Json(200, json!(1)), Says::Lost]);
    let client = wire.client();
    assert_eq!(client.call(&ShopCall::put(&["products", "A"], &json!({}))).await.unwrap(), json!(1));
    let error = client.call(&ShopCall::post(&["order", "1", "ship"], &json!({}))).await.unwrap_err();
    assert!(error.may_have_arrived() && error.is_retryable(), "{error}");
    assert_snapshot!(error.told(), @"POST /rest/all/V1/order/1/ship: no answer of the shop: lost: no answer within 120 s");
}

#[tokio::test]
async fn a_request_that_cannot_have_arrived_is_always_sent_again() {
    let wire = TestWire::saying([Says::Unreachable, Says::Json(200, json!(1))]);
    assert_eq!(wire.client().call(&ShopCall::post(&["order", "1", "ship"], &json!({}))).await.unwrap(), json!(1));
}

#[tokio::test]
async fn a_lock_conflict_passes() {
    let conflict = recording("concurrency/001").body;
    let wire =
        TestWire::saying([Says::Json(400, conflict.clone()), Says::Json(400, conflict), Says::Json(200, json!(1))]);
    assert_eq!(wire.client().call(&ShopCall::post(&["products"], &json!({}))).await.unwrap(), json!(1));
    assert_eq!(wire.waited(), [250, 500].map(Duration::from_millis));
}

#[tokio::test]
async fn a_busy_shop_is_left_alone_by_all_for_the_time_that_it_names() {
    let wire = TestWire::saying([Says::Later(429, "7"), Says::Json(200, json!(1)), Says::Later(429, "3600")]);
    let client = wire.client();
    client.call(&ShopCall::get(&["modules"])).await.unwrap();
    assert_eq!(wire.waited(), [Duration::from_secs(7)]);
    // Longer than a call is patient: the caller is told how long.
    let error = client.call(&ShopCall::get(&["modules"])).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().retry_after, Some(Duration::from_secs(3_600)));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_shop_in_maintenance_gets_the_same_request_later() {
    let page =
        Says::Page(503, "text/html", "temporarily unable to service your request due to maintenance downtime or");
    let wire = TestWire::saying([page, Says::Json(200, json!(1))]);
    assert_eq!(wire.client().call(&ShopCall::post(&["products"], &json!({}))).await.unwrap(), json!(1));
    assert_eq!(wire.waited(), [Duration::from_millis(2_500)]);
}

fn unauthorised() -> Says {
    Says::Json(401, recording("auth/007").body)
}

fn admin() -> ShopAccess {
    ShopAccess::Admin { user: "rigadmin".to_owned(), password: ShopSecret::new("hush-hush-hush") }
}

#[tokio::test]
async fn a_token_that_ended_is_renewed_once_and_a_second_refusal_is_a_missing_right() {
    let token = |text: &str| Says::Json(200, json!(text));
    let answers =
        [token("first-token"), unauthorised(), token("second-token"), Says::Json(200, json!(1)), unauthorised()];
    let wire = TestWire::saying(answers.into_iter().chain([token("third-token"), unauthorised()]));
    let client = wire.client_with(admin(), ShopLimits::default());
    let call = ShopCall::post(&["products"], &json!({}));
    client.call(&call).await.unwrap();
    assert_eq!(wire.heard()[3].headers["authorization"], "Bearer second-token");
    let error = client.call(&call).await.unwrap_err();
    assert!(matches!(error.refusal().unwrap().reason, RefusalReason::Rights { .. }) && !error.is_retryable());
    assert_eq!(wire.requests().len(), 7);
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_shared() {
    let wire =
        TestWire::saying([Says::Json(200, json!("token")), Says::Json(200, json!(1)), Says::Json(200, json!(2))]);
    let client = wire.client_with(admin(), ShopLimits::default());
    for expected in [1, 2] {
        assert_eq!(client.call(&ShopCall::get(&["modules"])).await.unwrap(), json!(expected));
    }
    assert_eq!(wire.heard()[0].body, json!({"username": "rigadmin", "password": "hush-hush-hush"}));
    assert_eq!(wire.requests()[0], "POST /rest/all/V1/integration/admin/token");
}

#[tokio::test]
async fn a_wrong_password_is_sent_once_because_the_account_would_be_locked() {
    let wire = TestWire::saying([Says::Json(401, recording("auth/003").body)]);
    let client = wire.client_with(admin(), ShopLimits::default());
    for _ in 0..3 {
        let error = client.call(&ShopCall::get(&["modules"])).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().reason, RefusalReason::SignIn);
        assert!(!format!("{error} {error:?}").contains("hush"));
    }
    assert_eq!(wire.requests().len(), 1);
}

#[tokio::test]
async fn every_signed_request_has_a_signature_of_its_own() {
    let wire = TestWire::saying([Says::Json(200, json!(1))]);
    let secret = || ShopSecret::new("hush-hush-hush");
    let keys = OAuthKeys {
        consumer_key: "key".to_owned(),
        consumer_secret: secret(),
        token: secret(),
        token_secret: secret(),
    };
    let client = wire.client_with(ShopAccess::Signed(keys), ShopLimits::default());
    client.call(&ShopCall::get(&["modules"])).await.unwrap();
    let header = wire.heard()[0].headers["authorization"].to_str().unwrap().to_owned();
    assert!(header.starts_with("OAuth oauth_consumer_key=\"key\",oauth_nonce=\"00000000"), "{header}");
    assert!(header.contains("HMAC-SHA256") && header.contains("oauth_timestamp=\"1795888000\""), "{header}");
}

#[tokio::test]
async fn a_hosted_shop_gets_a_token_of_its_own_server_and_the_keys_with_each_request() {
    let given = json!({"access_token": "hosted-token", "token_type": "bearer", "expires_in": 86_399});
    let wire = TestWire::saying([Says::Json(200, given), Says::Json(200, json!(1))]);
    let keys = HostedKeys {
        client_id: "client".to_owned(),
        client_secret: ShopSecret::new("hush-hush-hush"),
        organisation: "org@AdobeOrg".to_owned(),
        token_url: "https://ims-na1.adobelogin.com/ims/token/v3".parse().unwrap(),
    };
    let client = wire.client_with(ShopAccess::Hosted(keys), ShopLimits::default());
    client.call(&ShopCall::get(&["modules"])).await.unwrap();
    let heard = wire.heard();
    assert_eq!(heard[0].url, "https://ims-na1.adobelogin.com/ims/token/v3");
    assert_eq!(heard[0].headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(heard[1].headers["authorization"], "Bearer hosted-token");
    assert_eq!(
        (&heard[1].headers["x-api-key"], &heard[1].headers["x-gw-ims-org-id"]),
        (&"client".parse().unwrap(), &"org@AdobeOrg".parse().unwrap())
    );
}

fn page(numbers: std::ops::Range<u32>, total: u32) -> Says {
    let items: Vec<Value> = numbers.map(|number| json!({"id": number})).collect();
    Says::Json(200, json!({"items": items, "search_criteria": {}, "total_count": total}))
}

#[tokio::test]
async fn a_list_ends_by_its_count_whatever_comes_behind() {
    let wire = TestWire::saying([page(0..100, 150), page(100..150, 150)]);
    let items = wire.client().list(ShopCall::get(&["orders"]), SearchCriteria::default()).await.unwrap();
    assert_eq!(items.len(), 150);
    assert_eq!(
        wire.requests()[1],
        "GET /rest/all/V1/orders?searchCriteria[pageSize]=100&searchCriteria[currentPage]=2"
    );
    // Things went away while it was read: the page behind the last one is empty.
    let wire = TestWire::saying([page(0..100, 150), page(0..0, 90)]);
    let items = wire.client().list(ShopCall::get(&["orders"]), SearchCriteria::default()).await.unwrap();
    assert_eq!(items.len(), 100);
}

#[tokio::test]
async fn an_empty_list_of_chosen_fields_is_a_list() {
    for recorded in ["orders/075", "search/002"] {
        let body = recording(recorded).body;
        assert_eq!(body["items"], Value::Null, "{recorded}");
        let wire = TestWire::saying([Says::Json(200, body)]);
        let items = wire.client().list(ShopCall::get(&["orders"]), SearchCriteria::default()).await;
        assert_eq!(items.unwrap(), Vec::<Value>::new());
    }
}

#[tokio::test]
async fn a_shop_with_smaller_pages_is_asked_for_those() {
    let limit = json!({"message": "Maximum SearchCriteria pageSize is %max", "parameters": {"max": 20}});
    let wire = TestWire::saying([Says::Json(400, limit), page(0..20, 25), page(20..25, 25)]);
    let items = wire.client().list(ShopCall::get(&["orders"]), SearchCriteria::default()).await.unwrap();
    assert_eq!(items.len(), 25);
    assert!(wire.requests()[2].ends_with("[pageSize]=20&searchCriteria[currentPage]=2"), "{:?}", wire.requests());
}
