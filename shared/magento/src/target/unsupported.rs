//! Entities that this target does not take: each row is refused, and told why.

use catalog::target::{self, Block, BlockOutcome};
use import::Entity;
use import::entity::customer::Customers;
use import::entity::customer_address::CustomerAddresses;
use import::entity::url_rewrite::UrlRewrites;

use super::tally::RowTally;
use super::{MagentoTarget, refused, target_of};

target_of!(UrlRewrites, refuse_url_rewrites);
target_of!(Customers, refuse_for_now);
target_of!(CustomerAddresses, refuse_for_now);

async fn refuse_url_rewrites(_: &MagentoTarget, block: Block<UrlRewrites>) -> Result<BlockOutcome, target::Error> {
    let problem = "url rewrites have no call in the REST interface of the shop; a new `url_key` of a product or category \
                   makes them, with `save_rewrites_history` those from the old address, too";
    Ok(refuse_all(&block, problem))
}

async fn refuse_for_now<E: Entity>(_: &MagentoTarget, block: Block<E>) -> Result<BlockOutcome, target::Error> {
    Ok(refuse_all(&block, &format!("{} are not sent to the shop yet", E::ABOUT.name.replace('_', " "))))
}

fn refuse_all<E: Entity>(block: &Block<E>, problem: &str) -> BlockOutcome {
    let mut tally = RowTally::new(&block.file, block.rows.iter().map(|row| row.line).collect());
    (0..block.rows.len()).for_each(|row| tally.refuse(row, refused(problem)));
    tally.finish()
}
