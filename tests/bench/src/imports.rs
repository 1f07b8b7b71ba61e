//! An import of 100,000 product rows, and the same files again.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine::{Context, Limits, heartbeat, runner};
use pipeline::PipelineStatus;

use crate::Found;
use crate::clock::{invocation, now};
use crate::runners::{folder, open};

const ROWS: u32 = 100_000;

/// As long as the files of real exports are.
const ROWS_PER_FILE: u32 = 25_000;

pub(crate) async fn measure() -> anyhow::Result<Found> {
    let folder = folder()?;
    let context = Context::shipped(open(folder.path())?, Limits::default());
    let first = import(&context, "20260101-000000").await?;
    let unchanged = import(&context, "20260102-000000").await?;
    Ok(Found::from([
        ("import_first_rows_per_s".to_owned(), f64::from(ROWS) / first),
        ("import_unchanged_rows_per_s".to_owned(), f64::from(ROWS) / unchanged),
    ]))
}

/// Drops the files and runs until they are imported; seconds from the beat that finds them to the end of the pipeline.
async fn import(context: &Context, stamp: &str) -> anyhow::Result<f64> {
    let files = &context.store.files;
    for number in 0..ROWS / ROWS_PER_FILE {
        let name = format!("incoming/product-import_{stamp}_{:02}.csv", number + 1);
        files.put(&name, Bytes::from(csv(number * ROWS_PER_FILE))).await?;
    }
    files.put(&format!("incoming/product-import_{stamp}.ok"), Bytes::new()).await?;
    let begun = Instant::now();
    heartbeat::beat(context, &invocation("beat")).await?;
    while let Some(message) = context.store.queue.receive(1, Duration::from_millis(10)).await?.pop() {
        runner::run(context, &message.body, &invocation("runner")).await?;
        context.store.queue.delete(&message.receipt).await?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let ended = context.store.ended_pipelines(1, 0, now()).await?;
    let pipelines = context.store.pipelines_without_steps(&ended).await?;
    let is_imported = pipelines.first().is_some_and(|pipeline| pipeline.status == PipelineStatus::Success);
    anyhow::ensure!(is_imported, "the import did not end well: {:?}", pipelines.first().map(|all| all.status));
    Ok(seconds)
}

/// Simple products with what most shops give: texts, categories, prices, stock, an image, attributes.
fn csv(from: u32) -> String {
    let mut text = "sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,description,\
                    weight,product_online,tax_class_name,visibility,price,url_key,base_image,created_at,\
                    additional_attributes,qty,is_in_stock\n"
        .to_owned();
    for number in from..from + ROWS_PER_FILE {
        let (category, price) = (number % 50, number % 900 + 1);
        // Writing into a text cannot fail.
        let _ = writeln!(
            text,
            "BENCH-{number:06},,Default,simple,\"Default Category/Area {}/Shelf {category}\",base,Product {number},\
             \"<p>A product that stands for a hundred others, number {number}.</p>\",0.5,1,Taxable Goods,\
             \"Catalog, Search\",{price}.90,product-{number},/b/e/bench-{number}.jpg,\"7/31/26, 6:00 PM\",\
             \"color=Blue,material=Wool,size=M\",{},1",
            category % 5,
            number % 100
        );
    }
    text
}
