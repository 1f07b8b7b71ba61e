//! Where the local shop answers otherwise on purpose: recording, where in the body, and why that does no harm.

/// All of them.
pub(crate) const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("product-types/021", "/extension_attributes/stock_item/", IS_IN_STOCK),
    ("product-types/022", "/extension_attributes/stock_item/is_in_stock", IS_IN_STOCK),
    ("product-types/023", "/extension_attributes/stock_item/is_in_stock", IS_IN_STOCK),
    ("product-types/025", "/extension_attributes/stock_item/is_in_stock", IS_IN_STOCK),
    ("search/001", "/total_count", TOTAL_COUNT),
    ("search/002", "/total_count", TOTAL_COUNT),
    ("search/008", "/total_count", TOTAL_COUNT),
    ("search/013", "/total_count", TOTAL_COUNT),
    ("search/015", "/total_count", TOTAL_COUNT),
    ("async-bulk/046", "/total_count", "counts an operation that was not recorded"),
    ("async-bulk/105", "/operations_list/0/result_serialized_data/extension_attributes/stock_item/", STALE_STOCK),
];

/// CONF-2 was put out of stock, CONF-3, which was made the same way half an hour later, was not.
const IS_IN_STOCK: &str =
    "whether a new configurable product is in stock depends on an index of its variants that was not recorded";

/// 54 where 42 products were left of at most 47.
const TOTAL_COUNT: &str = "the recorded number is larger than that of the products there were; the local one is exact";

/// The quantity had been written by a bulk before.
const STALE_STOCK: &str = "a consumer answers with the stock item that it has loaded before another call changed it";
