//! `drop_file`: what earlier steps left becomes a bunch in the drop area, once.

use http_client::testing::{Server, answer};
use pipeline::{PipelineId, StepStatus};
use store::services::{AllowedHost, HttpPolicy, Services};
use workshop::{Fault, Workshop};

use super::shop::{APPLE, HEADER, PEAR};

const EXAMPLE: &str = include_str!("../../../../examples/http-import/nightly_products.xml");

/// The body of the server: two products.
fn products() -> String {
    format!("{HEADER}\n{APPLE}\n{PEAR}\n")
}

/// A workshop with everything that ships, a definition, and leave to call that server.
fn workshop(server: &Server, definition: &str) -> Workshop {
    let mut program = steps::shipped();
    program.definitions.push(("test.xml".to_owned(), definition.to_owned().into()));
    let mut workshop = Workshop::running(program);
    let hosts = AllowedHost::parse_list(&server.entry()).unwrap();
    let secrets = [("ERP".to_owned(), store::services::Secret::new("Bearer hush"))].into();
    let services = Services { http: HttpPolicy { hosts, secrets }, ..Services::default() };
    workshop.context = workshop.context.with_services(services);
    workshop
}

/// The example with the address of the server.
fn example(server: &Server) -> String {
    let definition = EXAMPLE.replace("https://erp.example.com/export", &server.url(""));
    assert!(definition.contains(&server.url("/products.csv")), "{definition}");
    definition
}

/// A definition that fetches and then drops with these arguments.
fn dropping(server: &Server, arguments: &str) -> String {
    let after = r#"<conditions><step_condition type="attempts_limit"><argument key="limit" value="2"/></step_condition>
        <step_condition type="previous_steps_completed"/></conditions>"#;
    format!(
        r#"<config><pipeline name="p" use-working-directory="true">
        <conditions><pipeline_condition type="no_auto_spawn"/></conditions>
        <step name="one" executorType="http_request" sortOrder="10"><arguments>
            <argument key="url" value="{url}"/><argument key="save_as" value="a.csv"/></arguments></step>
        <step name="two" executorType="http_request" sortOrder="10"><arguments>
            <argument key="url" value="{url}"/></arguments></step>
        <step name="silent" executorType="fetch_data" sortOrder="10"/>
        <step name="drop" executorType="drop_file" sortOrder="20"><arguments>{arguments}</arguments>{after}</step>
        </pipeline></config>"#,
        url = server.url("/")
    )
}

async fn in_drop_area(workshop: &Workshop) -> Vec<String> {
    let listed = workshop.store().files.list("incoming/", None, 100).await.unwrap();
    listed.into_iter().map(|file| file.key.trim_start_matches("incoming/").to_owned()).collect()
}

async fn outcome(workshop: &Workshop, id: &PipelineId) -> String {
    let record = workshop.step(id, "drop").await.record;
    let permanent = if record.is_permanent { " for good" } else { "" };
    format!("{}{permanent} {}", record.status, record.message.unwrap_or_default())
}

#[tokio::test]
async fn the_example_fetches_and_the_import_takes_what_it_dropped() {
    let server = Server::with(&[&answer("200 OK", "Content-Type: text/csv\r\n", &products())]).await;
    let workshop = workshop(&server, &example(&server));
    let id = workshop.init("nightly_products").await;
    workshop.run_all().await;
    assert_eq!(workshop.shown(&id).await, "success: fetch success, drop success");
    let identifier = format!("20260801-120000-{id}");
    let (csv, ok) = (format!("product-import_{identifier}_01.csv"), format!("product-import_{identifier}.ok"));
    assert_eq!(in_drop_area(&workshop).await, [ok.as_str(), csv.as_str()]);
    let content = workshop.store().files.get(&format!("incoming/{ok}"), None).await.unwrap().unwrap();
    assert_eq!(content, format!("{csv}\n"));

    let spawned = workshop.beat().await.spawned;
    let import: PipelineId = spawned[0].strip_prefix("catalog_import ").unwrap().parse().unwrap();
    workshop.run_all().await;
    assert_eq!(workshop.pipeline(&import).await.status, pipeline::PipelineStatus::Success);
    let products =
        catalog::own::all::<import::entity::product::Product>(workshop.store().table.as_ref()).await.unwrap();
    assert_eq!(products.into_keys().collect::<Vec<_>>(), ["a-1", "p-1"]);
    assert_eq!(in_drop_area(&workshop).await, Vec::<String>::new());
    workshop.beat().await;
    assert_eq!(workshop.spawned().await, Vec::<String>::new());
}

#[tokio::test]
async fn several_files_keep_their_order_and_each_prefix_has_its_ok_file() {
    let server = Server::with(&[&answer("200 OK", "", "sku\n")]).await;
    let arguments =
        r#"<argument key="from.product-import" value="two one"/><argument key="from.category-import" value="one"/>"#;
    let workshop = workshop(&server, &dropping(&server, arguments));
    let id = workshop.init("p").await;
    workshop.run_all().await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    let name = |text: &str| text.replace('#', &format!("20260801-120000-{id}"));
    let mut expected = [
        "category-import_#.ok",
        "category-import_#_01.csv",
        "product-import_#.ok",
        "product-import_#_01.csv",
        "product-import_#_02.csv",
    ]
    .map(name);
    expected.sort();
    assert_eq!(in_drop_area(&workshop).await, expected);
    let ok = workshop.store().files.get(&format!("incoming/{}", name("product-import_#.ok")), None).await.unwrap();
    assert_eq!(ok.unwrap(), name("product-import_#_01.csv\nproduct-import_#_02.csv\n"));
}

/// What becomes of the files before the step is tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meanwhile {
    Nothing,
    Imported,
    TakenAway,
}

#[tokio::test]
async fn a_runner_that_dies_behind_the_drop_drops_nothing_twice() {
    for meanwhile in [Meanwhile::Nothing, Meanwhile::Imported, Meanwhile::TakenAway] {
        let server = Server::with(&[&answer("200 OK", "", &products())]).await;
        let workshop = workshop(&server, &example(&server));
        let id = workshop.init("nightly_products").await;
        workshop.run_one().await.unwrap().unwrap();
        workshop.table.arm(Fault::DeadBefore, "drop success", 0);
        workshop.die(workshop.run_one()).await;
        let dropped = in_drop_area(&workshop).await;
        assert_eq!(dropped.len(), 2);
        let mut imports = Vec::new();
        match meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::Imported => {
                imports.extend(workshop.beat().await.spawned);
                workshop.run_all().await;
            }
            Meanwhile::TakenAway => {
                for name in &dropped {
                    workshop.store().files.delete(&format!("incoming/{name}")).await.unwrap();
                }
            }
        }
        // Until the dead runner is found, its step was tried again, and what it dropped is imported.
        for _ in 0..4 {
            workshop.wait(60);
            imports.extend(workshop.beat().await.spawned);
            workshop.run_all().await;
        }
        let record = workshop.step(&id, "drop").await.record;
        assert_eq!((record.status, record.attempt), (StepStatus::Success, 2), "{:?}", record.message);
        imports.retain(|spawned| spawned.starts_with("catalog_import "));
        assert_eq!(imports.len(), usize::from(meanwhile != Meanwhile::TakenAway), "{meanwhile:?}: {imports:?}");
        assert_eq!(in_drop_area(&workshop).await, Vec::<String>::new(), "{meanwhile:?}");
    }
}

#[tokio::test]
async fn a_single_file_is_dropped_as_it_is() {
    let server = Server::with(&[&answer("200 OK", "", "sku\n")]).await;
    let arguments = r#"<argument key="from" value="one"/><argument key="name" value="stock.csv"/>"#;
    let workshop = workshop(&server, &dropping(&server, arguments));
    workshop.store().files.put("incoming/stock.csv", "of yesterday".into()).await.unwrap();
    let id = workshop.init("p").await;
    workshop.run_all().await;
    assert_eq!(outcome(&workshop, &id).await, "success ");
    assert_eq!(workshop.store().files.get("incoming/stock.csv", None).await.unwrap().unwrap(), "sku\n");
    let log = workshop.step(&id, "drop").await.record.log;
    assert!(log.contains("warning: `stock.csv` was in the drop area already; it is replaced"), "{log}");
}

#[tokio::test]
async fn what_cannot_be_dropped_is_refused_for_good_and_nothing_is() {
    let server = Server::with(&[&answer("200 OK", "", "sku\n")]).await;
    for (arguments, expected) in [
        ("", "says `from.PREFIX` for the files of a bunch"),
        (r#"<argument key="from" value="one"/>"#, "says `from.PREFIX` for the files of a bunch"),
        (r#"<argument key="from.product_import" value="one"/>"#, "`product_import` is not a file prefix"),
        (
            r#"<argument key="from.product-import" value="one none"/>"#,
            "there is no step `none` whose file could be dropped",
        ),
        (r#"<argument key="from.product-import" value="one silent"/>"#, "step `silent` left no file to drop"),
    ] {
        let workshop = workshop(&server, &dropping(&server, arguments));
        let id = workshop.init("p").await;
        workshop.run_all().await;
        let outcome = outcome(&workshop, &id).await;
        assert!(outcome.starts_with("error for good ") && outcome.contains(expected), "{arguments}: {outcome}");
        assert_eq!(in_drop_area(&workshop).await, Vec::<String>::new(), "{arguments}");
    }
}
