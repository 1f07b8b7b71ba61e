//! An attempt dies at any request, before it was sent or after the shop got it; the next attempt comes to the same end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use catalog::target::Target;
use chrono::{DateTime, Utc};
use http_client::Request;
use import::Entity;
use import::entity::price::Prices;
use import::entity::product::Products;
use import::entity::source_item::SourceItems;
use import::operation::Operation;
use magento::client::{ShopClient, Wire, WireAnswer};
use magento::target::MagentoTarget;
use serde_json::{Value, json};

use crate::importing::{Shop, give, network, now, settings};

/// How a request goes that the attempt dies at.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Death {
    BeforeIt,
    AfterIt,
}

/// A wire of a process that dies.
struct DyingWire {
    alive: Arc<dyn Wire>,
    /// Requests until then.
    left: AtomicUsize,
    death: Death,
}

#[async_trait]
impl Wire for DyingWire {
    async fn send(&self, request: Request) -> Result<WireAnswer, http_client::Error> {
        let gone = || http_client::Error::NoHost;
        match self.left.load(Ordering::SeqCst) {
            0 => Err(gone()),
            left => {
                self.left.store(left - 1, Ordering::SeqCst);
                if left > 1 {
                    return self.alive.send(request).await;
                }
                if self.death == Death::AfterIt {
                    self.alive.send(request).await?;
                }
                Err(gone())
            }
        }
    }

    async fn wait(&self, _: Duration) {}

    fn now(&self) -> DateTime<Utc> {
        now()
    }

    fn random(&self) -> u64 {
        self.alive.random()
    }
}

const PRODUCTS: &str = "\
sku,attribute_set_code,product_type,name,price,visibility,url_key,product_websites
A,Default,simple,A,10,Search,a,base
B,Default,simple,B,20,Search,b,base
C,Default,virtual,C,30,Search,c,base
";

/// Lets an attempt die at every request that it makes, and repeats it. Returns at how many it could die.
async fn dies_everywhere<E: Entity>(before: Option<&str>, file: &str, death: Death) -> usize
where
    MagentoTarget: Target<E>,
{
    let wanted = end(before, |shop| async move {
        shop.import::<E>(file).await;
        shop
    })
    .await;
    for requests in 1..60 {
        let mut has_died = false;
        let seen = &mut has_died;
        let end = end(before, |shop| async move {
            let wire = DyingWire { alive: network(&shop.local.url()), left: AtomicUsize::new(requests), death };
            let client = ShopClient::new(settings(&shop.local.url()), Arc::new(wire));
            // What the shop has was read before: reading alone cannot go wrong in an interesting way.
            let known = magento::facts::read(&shop.client).await.unwrap();
            let target = MagentoTarget::knowing(Arc::new(client), known);
            *seen = give::<E>(&target, Operation::AddUpdate, file).await.is_err();
            // The consumer is somewhere in what was sent when the next attempt begins.
            shop.local.consume(requests % 3);
            shop.import::<E>(file).await;
            shop
        })
        .await;
        assert_eq!(end, wanted, "died {death:?} request {requests}");
        if !has_died {
            return requests - 1;
        }
    }
    panic!("it still dies");
}

/// What the shop has in the end: its products without what tells when they were written, and its stock.
async fn end<F: Future<Output = Shop>>(before: Option<&str>, import: impl FnOnce(Shop) -> F) -> Value {
    let shop = Shop::start().await;
    if let Some(before) = before {
        shop.import::<Products>(before).await;
    }
    let shop = import(shop).await;
    let list = async |path: &[&str]| {
        let call = magento::client::ShopCall::get(path);
        shop.client.list(call, magento::client::SearchCriteria::default()).await.unwrap()
    };
    let mut products = list(&["products"]).await;
    for product in &mut products {
        for written in ["created_at", "updated_at"] {
            product[written].take();
        }
    }
    json!([products, list(&["inventory", "source-items"]).await])
}

#[tokio::test]
async fn an_import_of_products_that_dies_anywhere_makes_nothing_twice() {
    for death in [Death::BeforeIt, Death::AfterIt] {
        let places = dies_everywhere::<Products>(None, PRODUCTS, death).await;
        assert!(places >= 4, "{places}");
        let changed = PRODUCTS.replace(",10,", ",11,").replace("simple,B", "simple,Bee");
        let places = dies_everywhere::<Products>(Some(PRODUCTS), &changed, death).await;
        assert!(places >= 4, "{places}");
    }
}

#[tokio::test]
async fn an_import_of_prices_and_stock_that_dies_anywhere_comes_to_the_same_end() {
    for death in [Death::BeforeIt, Death::AfterIt] {
        let file = "sku,price,special_price,msrp_price\nA,11,9,\nB,20,19,25\n";
        let places = dies_everywhere::<Prices>(Some(PRODUCTS), file, death).await;
        assert!(places >= 8, "{places}");
        let file = "sku,source_code,quantity\nA,default,5\nB,default,0\n";
        let places = dies_everywhere::<SourceItems>(Some(PRODUCTS), file, death).await;
        assert!(places >= 3, "{places}");
    }
}
