//! A shop that the program writes to: settings, an import, a comparison, and what is sent the second time.

use std::fs;
use std::path::Path;

use local_shop::{Clock, Consumer, LocalShop, Setup, TOKEN};
use tokio::task::spawn_blocking;

use crate::systole::{Ran, Running, Systole, program};

const PRODUCTS: &str = "product-import_20260801-120000_01.csv";
const HEADER: &str = "sku,attribute_set_code,product_type,product_websites,name,price,qty,categories";
const ROWS: [&str; 2] = [
    "A-1,Default,simple,base,Apple,1.50,10,Default Category/Fruit",
    "P-1,Default,simple,base,Pear,2.00,5,\"Default Category/Fruit,Default Category/New\"",
];

/// The program over a store of its own, and the shop that it may call.
struct Place {
    systole: Systole,
    url: String,
}

impl Place {
    /// Runs a command with the shop's secret in its environment, as a host has it.
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = program();
        command.env("SECRET_SHOP", TOKEN).env("HTTP_ALLOWED_HOSTS", self.url.trim_start_matches("http://"));
        command.arg("--store").arg(self.systole.store()).args(arguments);
        Running::start(command).end()
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.stdout
    }

    fn files(&self, folder: &str, files: &[(&str, String)]) -> String {
        let folder = self.systole.folder(folder);
        for (name, text) in files {
            fs::write(Path::new(&folder).join(name), text).unwrap();
        }
        folder.to_str().unwrap().to_owned()
    }
}

/// What was sent to change something: method and route with the number of items.
fn writes(shop: &LocalShop) -> Vec<String> {
    let writes = shop.writes().into_iter();
    let writes = writes.filter(|write| !write.route.as_deref().unwrap_or_default().ends_with("-information"));
    let shown = writes.map(|write| format!("{} {} {}", write.method, write.route.unwrap_or_default(), write.items));
    let shown = shown.collect();
    shop.forget_exchanges();
    shown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_gets_what_is_dropped_and_nothing_that_it_has() {
    let consumer = Consumer::Running { per_second: 200.0, restarts_after: None };
    let shop = LocalShop::start(Setup { clock: Clock::Running, consumer, ..Setup::default() }).await.unwrap();
    let place = Place { systole: Systole::new(), url: shop.url() };
    let all = std::iter::once(HEADER).chain(ROWS).map(|row| format!("{row}\n")).collect::<String>();
    let place = spawn_blocking(move || {
        // It makes the store.
        place.ok(&["heartbeat"]);
        let refused = place.run(&["settings", "set", "shop.url", "http://shop.example.com"]);
        assert_eq!(refused.code, Some(1), "{refused}");
        assert!(refused.stderr.contains("use `https://…`"), "{refused}");
        for (name, value) in [("catalog.target", "magento"), ("shop.access", "integration"), ("shop.url", &place.url)] {
            place.ok(&["settings", "set", name, value]);
        }
        let checked = place.ok(&["shop", "check"]);
        assert!(checked.contains("rights   ok") && checked.contains("consumer ok"), "{checked}");
        let facts = place.ok(&["shop", "facts"]);
        assert!(facts.contains("attribute sets"), "{facts}");
        let folder = place.files("catalogue", &[(PRODUCTS, all)]);
        place.ok(&["import", "run", &folder]);
        let compared = place.ok(&["shop", "compare", &folder]);
        assert!(compared.contains("equal: shop `magento` has all that 2 rows say"), "{compared}");
        place
    });
    let place = place.await.unwrap();
    assert_eq!(shop.ask("GET", "/rest/all/V1/products/A-1", &serde_json::Value::Null).1["price"], 1.5);
    let first = writes(&shop);
    assert!(first.iter().any(|write| write == "POST /V1/products 2"), "{first:?}");

    let place = spawn_blocking(move || {
        let folder = place.systole.folder("catalogue").to_str().unwrap().to_owned();
        place.ok(&["import", "run", &folder]);
        place
    });
    let place = place.await.unwrap();
    assert_eq!(writes(&shop), [""; 0], "a second run sends no write");

    let place = spawn_blocking(move || {
        let prices = [("product-import-price_20260802-120000_01.csv", "sku,price\nA-1,1.75\nP-1,2.00\n".to_owned())];
        let folder = place.files("prices", &prices);
        let drift = place.run(&["shop", "compare", &folder]);
        assert_eq!(drift.code, Some(13), "{drift}");
        assert!(
            drift.stdout.contains("product-import-price_20260802-120000_01.csv:2 says 1.75, the shop has 1.5"),
            "{drift}"
        );
        place.ok(&["import", "run", &folder]);
        place
    });
    let _place = place.await.unwrap();
    assert_eq!(writes(&shop), ["POST /V1/products/base-prices 1"], "one changed price is one item in one call");
}
