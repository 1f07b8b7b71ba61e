//! Imports of every entity, with every operation, whose runner dies at any write: catalogue, counts and report are those of
//! an undisturbed import, whether it writes as it goes or is a single transaction.

use std::collections::{BTreeMap, BTreeSet};

use catalog::own::{self, Update};
use engine::Program;
use import::entity::attribute::Attribute;
use import::entity::customer::Customer;
use import::entity::product::Product;
use import::entity::{self, Thing};
use pipeline::{PipelineId, StepStatus};
use serde_json::{Value, json};
use store::table::{Change, Condition, Query, Relist, Write};
use workshop::{ENTITY_FILES, EntityFiles, Fault, Workshop, runner};

use super::shop::Shop;

/// What is left of an import, without what differs from try to try: times and versions.
#[derive(Debug, Clone, PartialEq)]
struct LeftOf {
    catalogue: BTreeMap<String, Value>,
    report: Value,
}

/// An import of the files of an entity.
struct Case(&'static EntityFiles);

impl Case {
    fn of(import: &str) -> Self {
        Self(ENTITY_FILES.iter().find(|files| files.import == import).unwrap())
    }

    /// A shop with nothing but a pipeline for the files of the entity, and things for them to speak of.
    async fn shop(&self, operation: &str, single_transaction: &str) -> Shop {
        let pipeline = |operation: &str| {
            format!(
                r#"<config><pipeline name="entity_import" use-working-directory="true"><conditions>
            <pipeline_condition type="bunch_complete"><argument key="prefixes" value="{}"/></pipeline_condition></conditions>
            <stepDefaults><conditions><step_condition type="attempts_limit"><argument key="limit" value="3"/></step_condition>
            <step_condition type="previous_steps_completed"/></conditions></stepDefaults>
            <step name="move_files" executorType="move_files" sortOrder="10"/>
            <step name="import" executorType="{}" sortOrder="20"><arguments><argument key="operation" value="{operation}"/>
            </arguments></step>
            <step name="publish" executorType="publish" sortOrder="30"/>
            <step name="report" executorType="report" sortOrder="40" runAlwaysStep="true"><arguments>
            <argument key="imported_by" value="import"/></arguments></step></pipeline></config>"#,
                self.0.prefix, self.0.import
            )
        };
        let program = Program { definitions: Vec::new(), ..steps::shipped() };
        let shop = Shop { workshop: Workshop::running(program) };
        for sku in ["A-1", "P-1"] {
            let json = format!(r#"{{"schema":1,"sku":"{sku}","product_type":"simple","attribute_set":"Default"}}"#);
            put(&shop, &sku.to_lowercase(), Product::from_json(&json).unwrap()).await;
        }
        let customer = json!({"schema": 1, "email": "a@example.com", "website": "base", "values": {}}).to_string();
        put(&shop, "base/a@example.com", Customer::from_json(&customer).unwrap()).await;
        let mut size = Attribute { code: "size".to_owned(), input: "select".to_owned(), ..Attribute::default() };
        let _ = size.add_options(["S", "M"]);
        put(&shop, "size", size).await;
        let files = &shop.workshop.store().files;
        if operation != "add-update" {
            // What is replaced and deleted is there before.
            files.put("pipelines/entity.xml", pipeline("add-update").into()).await.unwrap();
            self.drop_files(&shop).await;
            shop.import().await;
            shop.workshop.wait(60);
        }
        files.put("pipelines/entity.xml", pipeline(operation).into()).await.unwrap();
        shop.workshop.set("import.single_transaction", "default", single_transaction).await;
        self.drop_files(&shop).await;
        shop
    }

    async fn drop_files(&self, shop: &Shop) {
        for (number, text) in (1..).zip(self.0.files) {
            shop.drop_file(&format!("{}_a_{number:02}.csv", self.0.prefix), text).await;
        }
        shop.drop_file(&format!("{}_a.ok", self.0.prefix), "").await;
    }

    /// Runs the import to its end. The runner dies behind the write number `after` of the steps that write, if it comes to
    /// that. Returns what is left, and whether somebody has died.
    async fn run(&self, operation: &str, single_transaction: &str, after: Option<usize>) -> (LeftOf, bool) {
        let shop = self.shop(operation, single_transaction).await;
        let id = shop.spawn().await;
        let before = shop.catalogue().await;
        let when =
            || format!("{} {operation}, transaction {single_transaction}, dead behind write {after:?}", self.0.import);
        let mut is_armed = after.is_none();
        while let Some(body) = shop.next_message(&id).await {
            if !is_armed && ended(&shop, &id, "move_files").await {
                shop.workshop.table.arm(Fault::DeadAfter, "", after.unwrap());
                is_armed = true;
            }
            let invocation = shop.workshop.invocation();
            tokio::select! {
                biased;
                () = shop.workshop.table.dead.notified() => {}
                report = runner::run(&shop.workshop.context, &body, &invocation) => { let _ = report; }
            }
            assert_no_orphans(&shop, &when()).await;
            if single_transaction == "true" && !ended(&shop, &id, "import").await {
                assert_eq!(shop.catalogue().await, before, "{}: something is seen before it is published", when());
            }
        }
        let has_died = after.is_some() && shop.workshop.table.is_spent();
        shop.workshop.table.disarm();
        assert_eq!(drafted(&shop, &id).await, BTreeSet::new(), "{}: left of the draft", when());
        (left(&shop, &id).await, has_died)
    }
}

async fn put<T: Thing>(shop: &Shop, key: &str, thing: T) {
    let update =
        Update { key: key.to_owned(), before: None, thing: Some(thing), mark: "test".to_owned(), change: None };
    let conflicts = own::write_things(shop.workshop.store().table.as_ref(), &[update]).await.unwrap();
    assert_eq!(conflicts, Vec::<String>::new());
}

async fn ended(shop: &Shop, id: &PipelineId, step: &str) -> bool {
    match shop.workshop.step(id, step).await.record.status {
        StepStatus::Pending | StepStatus::Enqueued | StepStatus::Running => false,
        StepStatus::Success | StepStatus::Skipped | StepStatus::Error | StepStatus::Cancelled => true,
    }
}

fn partitions() -> impl Iterator<Item = String> {
    (0..64).map(|number| format!("catalog/{number:02}")).chain(["shop".to_owned()])
}

async fn left(shop: &Shop, id: &PipelineId) -> LeftOf {
    let mut catalogue = BTreeMap::new();
    for partition in partitions() {
        for item in shop.workshop.table.unfailing().query(&Query::prefix(partition, "")).await.unwrap().entries {
            let mut attributes = json!(item.attributes);
            // The time is that of the try.
            if let Some(changed) =
                attributes["changed"].as_str().map(|changed| changed.splitn(3, ' ').nth(2).map(str::to_owned))
            {
                attributes["changed"] = json!(changed);
            }
            let text = without_bunch(&attributes.to_string());
            catalogue.insert(item.key.to_string(), serde_json::from_str(&text).unwrap());
        }
    }
    let mut report = shop.report(id).await;
    for differs in ["pipeline", "bunch", "seconds", "rows_per_second"] {
        report.as_object_mut().unwrap().remove(differs);
    }
    // Its files lie below the id of the pipeline.
    let report = serde_json::from_str(&report.to_string().replace(id.as_str(), "ID")).unwrap();
    LeftOf { catalogue, report }
}

/// At no moment there is a category without the one that it is below.
async fn assert_no_orphans(shop: &Shop, when: &str) {
    let page = shop.workshop.table.unfailing().query(&Query::prefix("shop", "category/")).await.unwrap();
    let there = page.entries.iter().filter(|item| item.attributes.contains_key("category"));
    let keys: BTreeSet<&str> = there.map(|item| item.key.sort.trim_start_matches("category/")).collect();
    for key in &keys {
        if let Some((above, _)) = key.rsplit_once('/').filter(|(above, _)| above.contains('/')) {
            assert!(keys.contains(above), "{when}: `{key}` is there without `{above}`");
        }
    }
}

/// The id of a bunch has the times of its files in it, which are those of the try.
fn without_bunch(text: &str) -> String {
    let mut parts = text.split("a-");
    let mut without = parts.next().unwrap().to_owned();
    for part in parts {
        let is_id = part.len() > 12 && part.as_bytes()[..12].iter().all(u8::is_ascii_hexdigit);
        without += "a-";
        without += if is_id { &part[12..] } else { part };
    }
    without
}

/// What is left of drafts beside their heads.
async fn drafted(shop: &Shop, id: &PipelineId) -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    for scope in ["pipeline", "step/import"] {
        for part in ["0", "1", "2", "3", "4", "5", "6", "7", "shop"] {
            let query = Query::prefix(format!("draft/{id}/{scope}/{part}"), "");
            let page = shop.workshop.table.unfailing().query(&query).await.unwrap();
            left.extend(page.entries.iter().map(|item| item.key.to_string()));
        }
    }
    left
}

/// Asserts that two objects are the same; of many entries the first that differs is shown.
#[track_caller]
fn assert_same(found: &Value, expected: &Value, when: String) {
    let (found, expected) = (found.as_object().unwrap(), expected.as_object().unwrap());
    let keys: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    if let Some(key) = keys.into_iter().find(|key| found.get(*key) != expected.get(*key)) {
        panic!("{when}: `{key}` is\n{:?} instead of\n{:?}", found.get(key), expected.get(key));
    }
}

/// Most writes of one import behind the moving of its files; the largest has a third of it.
const MOST_WRITES: usize = 200;

async fn assert_survives(import: &str) {
    let case = Case::of(import);
    for operation in case.0.operations {
        let undisturbed = case.run(operation, "false", None).await.0;
        for single_transaction in ["false", "true"] {
            let mut deaths = 0;
            for after in 0..MOST_WRITES {
                let (left, has_died) = case.run(operation, single_transaction, Some(after)).await;
                let when = format!("{import} {operation}, transaction {single_transaction}, dead behind write {after}");
                assert_same(&json!(left.catalogue), &json!(undisturbed.catalogue), format!("{when}: the catalogue"));
                assert_same(&left.report["totals"], &undisturbed.report["totals"], format!("{when}: the counts"));
                assert_same(&left.report, &undisturbed.report, format!("{when}: the report"));
                if !has_died {
                    break;
                }
                deaths += 1;
            }
            assert!((5..MOST_WRITES).contains(&deaths), "{import} {operation}: {deaths} deaths");
        }
        assert_meets_others(&case, operation, &undisturbed).await;
    }
}

/// Whoever writes to all that was drafted, and leaves it as it is, makes the publication apply all rows again.
async fn assert_meets_others(case: &Case, operation: &str, undisturbed: &LeftOf) {
    let shop = case.shop(operation, "true").await;
    let id = shop.spawn().await;
    while !ended(&shop, &id, "import").await {
        let body = shop.next_message(&id).await.unwrap();
        runner::run(&shop.workshop.context, &body, &shop.workshop.invocation()).await.unwrap();
    }
    let table = shop.workshop.table.unfailing();
    for partition in partitions() {
        for item in table.query(&Query::prefix(partition, "")).await.unwrap().entries {
            let attributes = [("mark".to_owned(), json!("somebody else"))].into();
            let change = Change::Patch { attributes, listing: Relist::Keep };
            table.write(Write { key: item.key, condition: Condition::Present, change }).await.unwrap();
        }
    }
    shop.run_with_deaths(&id).await;
    let things = |left: &LeftOf| {
        let mut things = left.catalogue.clone();
        // Of what nobody drafted the mark is another now.
        things.values_mut().for_each(|item| drop(item.as_object_mut().unwrap().remove("mark")));
        json!(things)
    };
    let left = left(&shop, &id).await;
    let when = format!("{} {operation}, after somebody else wrote", case.0.import);
    assert_same(&things(&left), &things(undisturbed), when);
}

#[test]
fn every_entity_has_its_case_with_all_its_operations() {
    struct Operations(BTreeMap<&'static str, &'static [&'static str]>);
    impl entity::Visitor for Operations {
        fn visit<E: import::Entity>(&mut self) {
            self.0.insert(E::ABOUT.import.name, E::OPERATIONS);
        }
    }
    let mut known = Operations(BTreeMap::new());
    entity::visit_all(&mut known);
    let cases: BTreeMap<_, _> = ENTITY_FILES.iter().map(|files| (files.import, files.operations)).collect();
    assert_eq!(cases, known.0);
}

macro_rules! survives {
    ($($name:ident $import:literal,)*) => {$(
        #[tokio::test]
        async fn $name() {
            assert_survives($import).await;
        }
    )*};
}

survives! {
    attribute_sets_survive_every_death "import_attribute_sets",
    attributes_survive_every_death "import_attributes",
    categories_survive_every_death "import_categories",
    products_survive_every_death "import_products",
    prices_survive_every_death "import_prices",
    tier_prices_survive_every_death "import_tier_prices",
    stock_survives_every_death "import_stock",
    source_items_survive_every_death "import_source_items",
    media_survive_every_death "import_media",
    links_survive_every_death "import_links",
    variants_survive_every_death "import_variants",
    custom_options_survive_every_death "import_custom_options",
    url_rewrites_survive_every_death "import_url_rewrites",
    customers_survive_every_death "import_customers",
    customer_addresses_survive_every_death "import_customer_addresses",
}
