//! What people ask of a shop: whether imports can work with it, and how it differs from files.

use import::bunch::{Bunch, DropFile};
use local_shop::CATALOG_TOKEN;
use pipeline::PipelineId;
use serde_json::{Value, json};
use steps::import::CHECK_PREFIX;
use steps::import::bunch_argument::BUNCH_ARGUMENT;
use steps::import::compare::Comparison;

use super::super::shop::{APPLE, HEADER, PEAR};
use super::{Shops, services};

impl Shops {
    /// Runs a pipeline that asks the shop, and reads what its last step has left.
    async fn ask(&self, definition: &str, step: &str) -> Value {
        let id = self.shop.workshop.init(definition).await;
        self.run(&id).await;
        self.left_by(&id, step).await
    }

    async fn left_by(&self, id: &PipelineId, step: &str) -> Value {
        let record = self.shop.workshop.step(id, step).await.record;
        let output = record.output.unwrap_or_else(|| panic!("{:?}", record.message));
        let key = output["file"].as_str().unwrap().to_owned();
        serde_json::from_slice(&self.shop.workshop.store().files.get(&key, None).await.unwrap().unwrap()).unwrap()
    }

    /// What a check says, a line each.
    async fn checked(&self) -> String {
        let found = self.ask("check_shop", "check_shop").await;
        let shown = |check: &Value| {
            let of = |name: &str| check[name].as_str().unwrap();
            format!("{} {}: {}", of("about"), of("verdict"), of("told")).replace(&self.local.url(), "http://SHOP")
        };
        let lines: Vec<String> = found["magento"].as_array().unwrap().iter().map(shown).collect();
        let host = self.local.url().rsplit("//").next().unwrap().to_owned();
        lines.join("\n").replace(&host, "SHOP")
    }
}

fn lines_of<'t>(told: &'t str, about: &str) -> Vec<&'t str> {
    told.lines().filter(|line| line.starts_with(about)).collect()
}

#[tokio::test]
async fn a_shop_that_is_as_it_should_be_passes_every_check() {
    let shops = Shops::writing_to("magento").await;
    let told = shops.checked().await;
    for about in ["address", "access", "rights", "consumer"] {
        assert!(lines_of(&told, &format!("{about} good")).len() == 1, "{told}");
    }
    // The clock of the test stands still, and that of the web server does not.
    assert!(told.contains("clock amiss: it is "), "{told}");
    assert_eq!(shops.local.contents()["products"], json!({}), "a check changes nothing");
}

#[tokio::test]
async fn a_consumer_that_rests_is_told_with_what_starts_it() {
    let shops = Shops::writing_to("magento").await;
    let workshop = &shops.shop.workshop;
    let id = workshop.init("check_shop").await;
    for _ in 0..6 {
        workshop.run_all().await;
        workshop.wait(1);
        workshop.beat().await;
    }
    let found = shops.left_by(&id, "check_shop").await;
    let consumer = found["magento"].as_array().unwrap().iter().find(|check| check["about"] == "consumer").unwrap();
    insta::assert_snapshot!(consumer["told"].as_str().unwrap(), @"the shop's consumer has taken nothing for 239 s; let cron run in the shop, or start `bin/magento queue:consumers:start async.operations.all`");
    assert_eq!(workshop.step(&id, "check_shop").await.record.attempt, 1, "waiting uses up no attempt");
}

#[tokio::test]
async fn each_mistake_is_one_sentence_with_what_to_do() {
    let mut shops = Shops::writing_to("magento").await;
    let url = shops.local.url();
    shops.shop.workshop.context = shops.shop.workshop.context.clone().with_services(services(&url, CATALOG_TOKEN));
    insta::assert_snapshot!(lines_of(&shops.checked().await, "rights").join("\n"), @"rights amiss: the integration lacks `Magento_Backend::store`, `Magento_Customer::group`, `Magento_Tax::manage_tax`, `Magento_InventoryApi::source`, `Magento_InventoryApi::stock`, `Magento_InventoryApi::stock_source_link`, `Magento_Logging::system_magento_logging_bulk_operations`; add that to its resources (System > Integrations > API) and save it anew");

    shops.shop.workshop.context = shops.shop.workshop.context.clone().with_services(services(&url, "no-such-token"));
    insta::assert_snapshot!(lines_of(&shops.checked().await, "access").join("\n"), @"access amiss: GET /rest/all/V1/store/websites: 401: The consumer isn't authorized to access Magento_Backend::store. (the token is wrong, expired or revoked, or its integration lacks this right; the shop says the same to all of it); take over the keys of the integration anew (System > Integrations), and if only its access token is used (`shop.access` = `integration`), set `oauth/consumer/enable_integration_as_bearer` to 1 in the shop or use all four keys (`signed`)");

    shops.local.faults(|faults| faults.firewall = true);
    insta::assert_snapshot!(lines_of(&shops.checked().await, "address").join("\n"), @"address amiss: GET /rest/all/V1/store/websites: 403: a page of type `text/html` that says `Request blocked` (expected JSON) (not the shop but something before it answered, such as a firewall or another web server)");
    shops.local.faults(|faults| faults.firewall = false);

    shops.shop.workshop.set("shop.url", "default", &format!("{url}/elsewhere")).await;
    insta::assert_snapshot!(lines_of(&shops.checked().await, "address").join("\n"), @"address amiss: GET /elsewhere/rest/all/V1/store/websites: 404: a page of type `text/html` that says `404 Not Found` (expected JSON) (not the shop but something before it answered, such as a firewall or another web server); is the address in setting `shop.url` that of the shop?");

    shops.shop.workshop.set("shop.url", "default", "https://127.0.0.1:1").await;
    insta::assert_snapshot!(lines_of(&shops.checked().await, "address").join("\n"), @"address amiss: GET /rest/all/V1/store/storeViews: no answer of the shop: `127.0.0.1:1` is not among the hosts that may be called (HTTP_ALLOWED_HOSTS, or --allow-host of `systole dev`)");

    shops.shop.workshop.set("shop.secret", "default", "OTHER").await;
    insta::assert_snapshot!(lines_of(&shops.checked().await, "settings").join("\n"), @"settings amiss: secret `OTHER` of shop `magento` is not there; set SECRET_OTHER where steps run, or name another one in setting `shop.secret`");
}

impl Shops {
    /// Compares a file with the shop.
    async fn compared(&self, name: &str, csv: &str) -> Comparison {
        let workshop = &self.shop.workshop;
        let folder = format!("{CHECK_PREFIX}{}/", workshop.now().timestamp());
        let key = format!("{folder}{name}");
        workshop.store().files.put(&key, csv.to_owned().into()).await.unwrap();
        let info = workshop.store().files.info(&key).await.unwrap().unwrap();
        let (modified, fingerprint) = (info.modified_at, info.fingerprint);
        let file = DropFile { name: name.to_owned(), size_bytes: info.size_bytes, modified, fingerprint };
        let bunch = Bunch::to_check(&[(name.parse().unwrap(), file)]).unwrap();
        let mut new = workshop.new_pipeline("compare_shop", &folder).await;
        new.arguments.insert(BUNCH_ARGUMENT.to_owned(), serde_json::to_string(&bunch).unwrap());
        new.arguments.insert("folder".to_owned(), folder);
        workshop.store().spawn_pipeline(&new, workshop.now()).await.unwrap();
        workshop.beat().await;
        self.run(&new.id).await;
        serde_json::from_value(self.left_by(&new.id, "compare_shop").await).unwrap()
    }
}

#[tokio::test]
async fn files_are_compared_with_the_shop_value_by_value_and_nothing_is_sent() {
    let shops = Shops::writing_to("magento").await;
    shops.shop.drop_fruit().await;
    shops.import().await;
    shops.writes();
    let name = "product-import_20260801-120000_01.csv";
    let same = shops.compared(name, &format!("{HEADER}\n{APPLE}\n{PEAR}\n")).await;
    assert_eq!((same.rows, same.equal, same.differences, same.refused), (2, 2, vec![], vec![]));

    // Somebody has changed the price in the shop.
    let body = json!({ "product": { "sku": "A-1", "price": 9.5 } });
    assert_eq!(shops.local.ask("PUT", "/rest/all/V1/products/A-1", &body).0, 200);
    shops.shop.workshop.wait(1);
    let found = shops.compared(name, &format!("{HEADER}\n{APPLE}\n{PEAR}\n")).await;
    let told: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @"A-1: price: product-import_20260801-120000_01.csv:2 says 1.5, the shop has 9.5");
    assert_eq!((found.rows, found.equal), (2, 1));
    assert_eq!(shops.writes(), [""; 0], "a comparison sends nothing");
}
