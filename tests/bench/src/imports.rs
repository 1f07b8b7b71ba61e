//! An import of 100,000 product rows, and the same files again.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
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
const FILES: u32 = ROWS / ROWS_PER_FILE;

/// The command that makes the files.
pub(crate) const MAKE_FILES: &str = "make-files";

pub(crate) async fn measure() -> anyhow::Result<Found> {
    let folder = folder()?;
    // By a process of its own: what making them takes of memory is not what importing them takes.
    let made = Command::new(std::env::current_exe()?).arg(MAKE_FILES).arg(folder.path()).status()?;
    anyhow::ensure!(made.success(), "the files could not be made: {made}");
    let context = Context::new(open(folder.path())?, steps::shipped(), Limits::default());
    let first = import(&context, "20260101-000000").await?;
    let unchanged = import(&context, "20260102-000000").await?;
    Ok(Found::from([
        ("import_first_rows_per_s".to_owned(), f64::from(ROWS) / first),
        ("import_unchanged_rows_per_s".to_owned(), f64::from(ROWS) / unchanged),
    ]))
}

/// Lays the files into the store of a folder, to be dropped by and by.
pub(crate) async fn make_files(folder: &Path) -> anyhow::Result<()> {
    let store = open(folder)?;
    for number in 0..FILES {
        store.files.put(&made(number), Bytes::from(csv(number * ROWS_PER_FILE))).await?;
    }
    Ok(())
}

fn made(number: u32) -> String {
    format!("made/{number}.csv")
}

/// Drops the files and runs until they are imported; seconds from the beat that finds them to the end of the pipeline.
async fn import(context: &Context, stamp: &str) -> anyhow::Result<f64> {
    let files = &context.store.files;
    for number in 0..FILES {
        let name = format!("incoming/product-import_{stamp}_{:02}.csv", number + 1);
        anyhow::ensure!(files.copy(&made(number), &name).await?, "file {number} was not made");
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
