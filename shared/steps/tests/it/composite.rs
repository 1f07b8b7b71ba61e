//! Files of customers with their addresses, as a Magento shop exports them: a row without an e-mail goes on about the
//! customer of the row above.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use catalog::own;
use import::entity::customer::Customer;
use insta::assert_snapshot;
use pipeline::PipelineId;
use workshop::runner::{self, RunReport};

use super::shop::Shop;

const HEADER: &str = "email,_website,firstname,lastname,group_id,_address_firstname,_address_lastname,_address_street,_address_city,_address_country_id";

impl Shop {
    async fn drop_customers(&self, rows: &str) {
        self.drop_file("customer_composite_20260801_120000.csv", format!("{HEADER}\n{rows}")).await;
        self.drop_file("customer_composite_20260801.ok", "").await;
    }

    async fn addresses(&self) -> String {
        let mut text = String::new();
        let customers: BTreeMap<String, Customer> = own::all(self.workshop.store().table.as_ref()).await.unwrap();
        for (key, customer) in customers {
            let cities = customer.addresses.iter().map(|address| address.values["city"].as_str());
            writeln!(text, "{key}: {}", cities.collect::<Vec<_>>().join(", ")).unwrap();
        }
        text
    }

    async fn problems(&self, id: &PipelineId) -> String {
        let report = self.report(id).await;
        let findings = report["files"]["customer_composite_20260801_120000.csv"]["findings"].clone();
        let mut text = String::new();
        for finding in findings.as_array().into_iter().flatten() {
            let column = finding["column"].as_str().unwrap_or("-");
            writeln!(text, "{} {column}: {}", finding["line"], finding["problem"].as_str().unwrap()).unwrap();
        }
        text
    }
}

#[tokio::test]
async fn a_row_of_address_columns_alone_is_another_address_of_the_customer_above() {
    let shop = Shop::new();
    shop.drop_customers(
        "a@example.com,base,A,A,1,A,A,Street 1,Rome,IT\n\
         ,,,,,A,A,Street 2,Milan,IT\n\
         b@example.com,base,B,B,1,,,,,\n\
         ,,,,,B,B,Street 3,Paris,FR\n\
         ,,,,,B,B,Street 4,Lyon,FR\n",
    )
    .await;
    let id = shop.import().await;
    assert_snapshot!(shop.totals(&id).await, @"2 created, 0 deleted, 5 rows, 0 skipped, 0 unchanged, 3 updated");
    assert_snapshot!(shop.problems(&id).await, @"");
    assert_snapshot!(shop.addresses().await, @"
    base/a@example.com: Rome, Milan
    base/b@example.com: Paris, Lyon
    ");
}

#[tokio::test]
async fn a_row_that_may_be_a_customer_without_an_e_mail_is_refused() {
    let shop = Shop::new();
    shop.drop_customers(
        ",,,,,X,X,Street 0,Bern,CH\n\
         a@example.com,base,A,A,1,,,,,\n\
         b@example.com,base,B,B\n\
         ,,,,,B,B,Street 3,Paris,FR\n\
         ,,Z,Z,1,Z,Z,Street 1,Rome,IT\n\
         c example.com,base,C,C,1,,,,,\n\
         ,,,,,C,C,Street 4,Lyon,FR\n",
    )
    .await;
    let id = shop.import().await;
    assert_snapshot!(shop.totals(&id).await, @"1 created, 0 deleted, 7 rows, 6 skipped, 0 unchanged, 0 updated");
    assert_snapshot!(shop.problems(&id).await, @"
    2 _website: is empty
    2 email: is empty
    4 -: expected 10 columns, found 4
    5 _website: is empty
    5 email: is empty
    6 _website: is empty
    6 email: is empty
    7 email: is not an e-mail address (example: `name@example.com`)
    8 email: is not an e-mail address (example: `name@example.com`)
    ");
    assert_snapshot!(shop.addresses().await, @"base/a@example.com:");
}

/// A block has a thousand rows; here it ends between two addresses of a customer, and the next runner begins there.
#[tokio::test]
async fn a_runner_that_goes_on_between_two_addresses_of_a_customer_knows_whose_they_are() {
    let shop = Shop::new();
    let mut rows = String::new();
    for customer in 0..400 {
        let name = format!("c{customer}@example.com,base,A,A,1");
        for (address, name) in [name.as_str(), ",,,,", ",,,,"].into_iter().enumerate() {
            writeln!(rows, "{name},A,A,Street {address},City {customer}-{address},IT").unwrap();
        }
    }
    shop.drop_customers(&rows).await;
    let id = shop.spawn().await;
    let mut continued = 0;
    while let Some(message) = shop.workshop.receive().await {
        let invocation = shop.workshop.invocation_of(Duration::from_secs(5));
        let report = runner::run(&shop.workshop.context, &message.body, &invocation).await.unwrap();
        continued += usize::from(report == RunReport::Continued);
    }
    assert!(continued >= 2, "it went on {continued} times");
    assert_snapshot!(shop.totals(&id).await, @"400 created, 0 deleted, 1200 rows, 0 skipped, 0 unchanged, 800 updated");
    let addresses = shop.addresses().await;
    for customer in 0..400 {
        let expected =
            format!("base/c{customer}@example.com: City {customer}-0, City {customer}-1, City {customer}-2\n");
        assert!(addresses.contains(&expected), "{expected}{addresses}");
    }
}

#[tokio::test]
async fn an_address_to_correct_says_whose_it_is() {
    let shop = Shop::new();
    shop.drop_customers(
        "a@example.com,base,A,A,1,A,A,Street 1,Rome,IT\n\
         b@example.com,base,B,B,1,,,,,\n\
         ,,,,,B,B,Street 3,Paris,Franconia\n\
         c example.com,base,C,C,1,,,,,\n\
         ,,,,,C,C,Street 4,Lyon,FR\n",
    )
    .await;
    let id = shop.import().await;
    let key = format!("archive/{id}/errors/customer_composite_20260801_120000.csv");
    let errors = shop.workshop.store().files.get(&key, None).await.unwrap().unwrap();
    assert_snapshot!(String::from_utf8_lossy(&errors).trim_start_matches('\u{feff}'), @"
    error_line,error_column,error_message,email,_website,firstname,lastname,group_id,_address_firstname,_address_lastname,_address_street,_address_city,_address_country_id
    5,email,column `email`: is not an e-mail address (example: `name@example.com`),c example.com,base,C,C,1,,,,,
    6,email,column `email`: is not an e-mail address (example: `name@example.com`),c example.com,base,,,,C,C,Street 4,Lyon,FR
    ");
}
