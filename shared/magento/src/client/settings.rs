//! One shop: where it is, how it lets us in, and how much it is asked at once.

use std::time::Duration;

use super::access::ShopAccess;
use super::address::ShopAddress;

/// What is known of a shop before it is asked anything.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopSettings {
    /// What people call it, such as `magento`; names the target in messages.
    pub name: String,
    /// Where it is.
    pub address: ShopAddress,
    /// How it lets us in.
    pub access: ShopAccess,
    /// How much it is asked.
    pub limits: ShopLimits,
    /// Hosts from which its downloads may come. The shop keeps this list and tells nobody.
    pub download_hosts: Vec<String>,
}

/// How much a shop is asked at once, and how long it is waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct ShopLimits {
    /// Requests that are under way together. Four writers at once meet lock conflicts in 2 of 100 requests.
    pub concurrent_requests: usize,
    /// Requests that begin within a second; as many as the shop answers if there is no limit.
    pub requests_per_second: Option<u32>,
    /// The time from a request to the last byte of its answer.
    pub answer_time: Duration,
    /// Most bytes of an answer. A list of products with their texts may be long.
    pub answer_bytes: u64,
    /// How often a request is sent at most.
    pub tries: u32,
    /// How long one call may wait between its tries. Whoever called holds a runner meanwhile, so what takes longer is the
    /// caller's to repeat.
    pub patience: Duration,
    /// Items of one page of a list. A shop may be set to refuse more than 300.
    pub page_items: u32,
    /// Items of one bulk request.
    pub bulk_items: usize,
    /// Bytes of one bulk request; web servers refuse more than some megabytes.
    pub bulk_bytes: usize,
    /// Rows of one call for prices or stock.
    pub batch_rows: usize,
}

impl Default for ShopLimits {
    fn default() -> Self {
        Self {
            concurrent_requests: 4,
            requests_per_second: None,
            answer_time: Duration::from_secs(120),
            answer_bytes: 64 * 1024 * 1024,
            tries: 4,
            patience: Duration::from_secs(30),
            page_items: 100,
            bulk_items: 200,
            bulk_bytes: 4 * 1024 * 1024,
            batch_rows: 500,
        }
    }
}
