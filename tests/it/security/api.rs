//! The API as strangers and as people with smaller roles meet it. Whatever they try, the store stays as it was, byte by byte.

use std::path::Path;
use std::time::Duration;

use admin::Role;
use difference::assert_same_text;
use engine::{Context, Invocation, Limits, runner};
use pipeline::Arguments;
use pipeline::PipelineId;
use serde_json::json;
use store_embedded::Options;
use tempfile::TempDir;

use super::caller::{Asking, Places, Request, Who, keep_a_product, keep_an_import, signer};
use crate::aws_flows::now;

const DEFINITIONS: &str = r#"<config>
    <pipeline name="idle"><conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="alone" executorType="fetch_data"/></pipeline>
    <pipeline name="done"><conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="alone" executorType="fetch_data"/></pipeline>
</config>"#;

/// The API over a store with an open and an ended pipeline.
struct Api {
    context: Context,
    places: Places,
    folder: TempDir,
}

impl Api {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store_embedded::open(folder.path(), Options::default()).unwrap();
        store.files.put("pipelines/api.xml", DEFINITIONS.into()).await.unwrap();
        let context = Context::new(store, steps::shipped(), Limits::default());
        let ended = init(&context, "done").await;
        let message = context.store.queue.receive(1, Duration::ZERO).await.unwrap().remove(0);
        runner::run(&context, &message.body, &invocation()).await.unwrap();
        context.store.queue.delete(&message.receipt).await.unwrap();
        let open = init(&context, "idle").await.to_string();
        keep_a_product(context.store.table.as_ref()).await;
        keep_an_import(&context.store, &ended).await;
        let [ended, logged, imported] = [(); 3].map(|()| ended.to_string());
        let places = Places { open, ended, step: "alone", logged, logging_step: "alone", imported };
        Api { context, places, folder }
    }

    /// Everything that the store holds.
    fn dump(&self) -> String {
        let mut dump = Vec::new();
        dump_folder(self.folder.path(), &mut dump);
        dump.sort();
        dump.join("\n")
    }

    async fn status(&self, asking: &Asking) -> u16 {
        asking.ask(&self.context).await.status
    }
}

async fn init(context: &Context, name: &str) -> PipelineId {
    operate::init(context, name, Arguments::new(), operate::Operator { name: "a test", invocation: &invocation() })
        .await
        .unwrap()
}

fn invocation() -> Invocation {
    Invocation::begin(uuid::Uuid::new_v4().to_string(), now(), Duration::from_secs(60))
}

/// Each row of the database in a folder, and each other file.
fn dump_folder(folder: &Path, dump: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        match name {
            _ if path.is_dir() => dump_folder(&path, dump),
            "store.sqlite3" => dump_database(&path, dump),
            // What SQLite has not put into the database yet is read through it.
            "store.sqlite3-wal" | "store.sqlite3-shm" => {}
            _ => dump.push(format!("{} {:?}", path.display(), std::fs::read(&path).unwrap())),
        }
    }
}

fn dump_database(path: &Path, dump: &mut Vec<String>) {
    let database = rusqlite::Connection::open(path).unwrap();
    let mut names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let tables: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(!tables.is_empty());
    for table in tables {
        let mut all = database.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = all.column_count();
        let mut rows = all.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<rusqlite::types::Value> = (0..columns).map(|column| row.get(column).unwrap()).collect();
            dump.push(format!("{table} {values:?}"));
        }
    }
}

/// Everybody whose role is smaller than the one needed, in both ways of being known, and those who are nobody at all.
fn those_below(needed: Role) -> Vec<(Who, u16)> {
    let bearer = |roles: &str| Who::Bearer(json!({ "sub": "ann", "systole_roles": roles }));
    let mut below = vec![
        (Who::Nobody, 401),
        (Who::Signer(""), 401),
        (Who::Bearer(json!({ "systole_roles": "configure" })), 401),
        (bearer(""), 403),
        (bearer("admin root *"), 403),
        (bearer("Configure CONFIGURE configure; xconfigure"), 403),
        (Who::Bearer(json!({ "sub": "ann", "roles": "configure", "cognito:groups": "[configure]" })), 403),
        (Who::Signer("arn:aws:iam::000000000000:user/somebody"), 403),
        (Who::Signer("arn:aws:iam::000000000000:user/configurer"), 403),
        (Who::Signer("arn:aws:iam::999999999999:user/configure"), 403),
        (Who::Signer("arn:aws:sts::000000000000:assumed-role/configure/configure"), 403),
    ];
    for role in Role::ALL.into_iter().filter(|role| *role < needed) {
        below.push((signer(role), 403));
        below.push((bearer(role.as_str()), 403));
    }
    below
}

/// What a client can write into a request to look like somebody else, or to have another route taken.
fn forgeries() -> Vec<(&'static str, String)> {
    let context = json!({ "authorizer": { "iam": { "userArn": "arn:aws:iam::000000000000:user/configure" } } });
    let claims = json!({ "sub": "ann", "systole_roles": "configure" }).to_string();
    vec![
        ("authorization", "Bearer configure".to_owned()),
        ("x-amzn-request-context", context.to_string()),
        ("x-amzn-lambda-context", context.to_string()),
        ("x-amzn-oidc-identity", "configure".to_owned()),
        ("x-amzn-oidc-data", claims.clone()),
        ("x-amz-security-token", claims),
        ("x-forwarded-user", "configure".to_owned()),
        ("x-forwarded-host", "localhost".to_owned()),
        ("x-forwarded-for", "127.0.0.1".to_owned()),
        ("x-http-method-override", "GET".to_owned()),
        ("x-original-url", "/health".to_owned()),
        ("x-rewrite-url", "/health".to_owned()),
        ("x-systole-role", "configure".to_owned()),
        ("cookie", "role=configure".to_owned()),
        ("origin", "http://localhost".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lacks_the_role_is_refused_and_changes_nothing() {
    let api = Api::new().await;
    let before = api.dump();
    for (method, route, target, body) in api.places.requests() {
        let needed = admin::routes().find(|(of, path, _)| of.as_str() == method && *path == route).unwrap().2;
        for (who, expected) in those_below(needed) {
            let asking = Asking::new(who, method, &target).with(&body);
            assert_eq!(api.status(&asking).await, expected, "{asking:?}");
            // With everything at once that a client can make up.
            let forged = Asking { headers: forgeries(), ..asking };
            assert_eq!(api.status(&forged).await, expected, "{forged:?}");
        }
        assert!(api.dump() == before, "{method} {target} has changed something");
    }
    // The same requests do what they say for those who may: it was not the requests that were at fault.
    for (method, route, target, body) in api.places.requests() {
        let needed = admin::routes().find(|(of, path, _)| of.as_str() == method && *path == route).unwrap().2;
        let answered = Asking::new(signer(needed), method, &target).with(&body).ask(&api.context).await;
        assert!((200..300).contains(&answered.status), "{method} {target}: {answered:?}");
    }
    assert!(api.dump() != before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_spelling_of_a_path_leads_around_the_gate() {
    let api = Api::new().await;
    let before = api.dump();
    for (method, _, target, body) in api.places.requests() {
        let path = target.split('?').next().unwrap();
        let (start, end) = path.rsplit_once('/').unwrap();
        let spellings = [
            format!("/{path}"),
            format!("{path}/"),
            format!("{path}//"),
            format!("/.{path}"),
            format!("/health/..{path}"),
            format!("/health/%2e%2e{path}"),
            format!("/health%2f..{path}"),
            format!("{start}//{end}"),
            format!("{start}/./{end}"),
            format!("{start}/%2f{end}"),
            format!("{start}/{end};role=configure"),
            format!("{path}%00"),
            format!("{path}%3frole=configure"),
            format!("{path}?role=configure&_method=GET"),
            path.to_uppercase(),
        ];
        for spelled in spellings {
            for who in [Who::Nobody, Who::Signer("arn:aws:iam::000000000000:user/somebody")] {
                let asking = Asking { headers: forgeries(), ..Asking::new(who, method, &spelled).with(&body) };
                let status = api.status(&asking).await;
                assert!([400, 401, 403, 404, 405].contains(&status), "{status}: {asking:?}");
            }
        }
    }
    assert_same_text(&api.dump(), &before, "what is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_than_that_of_the_route_does_nothing() {
    let api = Api::new().await;
    let before = api.dump();
    for (_, _, target, body) in api.places.requests() {
        for method in ["PATCH", "OPTIONS", "TRACE", "HEAD", "CONNECT"] {
            let mut asking = Asking::new(signer(Role::View), method, &target).with(&body);
            for overridden in ["POST", "PUT", "DELETE"] {
                asking.headers = vec![
                    ("x-http-method-override", overridden.to_owned()),
                    ("x-http-method", overridden.to_owned()),
                    ("x-method-override", overridden.to_owned()),
                ];
                let status = api.status(&asking).await;
                let is_read = method == "HEAD" && (200..300).contains(&status);
                assert!(is_read || [400, 403, 404, 405].contains(&status), "{status}: {asking:?}");
            }
        }
    }
    assert_same_text(&api.dump(), &before, "what is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_cannot_say_who_asks() {
    let api = Api::new().await;
    let before = api.dump();
    // What a shop says of an order is kept whole, fields that nobody here knows among it, and none of them says who asks.
    let is_read = |(_, route, _, body): &Request| body.is_object() && *route != "/orders";
    for (method, _, target, body) in api.places.requests().into_iter().filter(is_read) {
        for field in ["by", "role", "identity", "spawned_by", "requestContext", "__proto__"] {
            let mut body = body.clone();
            body[field] = json!("configure");
            let asking = Asking::new(signer(Role::Configure), method, &target).with(&body);
            assert_eq!(api.status(&asking).await, 400, "{asking:?}");
        }
    }
    assert_same_text(&api.dump(), &before, "what is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_not_read() {
    let api = Api::new().await;
    let before = api.dump();
    let of_bytes = |bytes: usize| json!({ "name": "x".repeat(bytes) });
    // A whole shop, and many orders at once, may be larger than anything else.
    let (large, larger) = (of_bytes(600 * 1024), of_bytes(6 * 1024 * 1024));
    let reads = |request: &Request| request.3.is_object();
    for (method, _, target, _) in api.places.requests().into_iter().filter(reads) {
        for (who, expected) in [(signer(Role::Configure), 413), (Who::Nobody, 401)] {
            let body = if ["/shop", "/orders"].contains(&target.as_str()) { &larger } else { &large };
            let asking = Asking::new(who, method, &target).with(body);
            assert_eq!(api.status(&asking).await, expected, "{method} {target}");
        }
    }
    assert_same_text(&api.dump(), &before, "what is stored");
}
