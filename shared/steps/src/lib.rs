//! What ships: the executors and definitions of Systole, and the program that they make up.
//!
//! One folder per kind of work: `general` for any process, `clean_up` for what old pipelines leave, `import` for what is
//! dropped as files, `orders` for what a shop sells, and `entity_export` for how orders and other things leave one by one. An extension adds its own to [`shipped`] in the place where it composes itself.

pub mod clean_up;
pub mod entity_export;
pub mod general;
pub mod import;
pub mod orders;
pub mod shop;

use std::sync::Arc;

use bytes::Bytes;
use engine::definitions::CheckedFiles;
use engine::{Executor, FindingCondition, Program};

use shop::ShopClients;

/// The definitions that ship, by file name.
pub const DEFINITIONS: [(&str, &str); 18] = [
    ("catalog_import.xml", include_str!("../../../pipelines/catalog_import.xml")),
    ("check_files.xml", include_str!("../../../pipelines/check_files.xml")),
    ("check_shop.xml", include_str!("../../../pipelines/check_shop.xml")),
    ("clean_up_pipelines.xml", include_str!("../../../pipelines/clean_up_pipelines.xml")),
    ("compare_shop.xml", include_str!("../../../pipelines/compare_shop.xml")),
    ("customer_address_import.xml", include_str!("../../../pipelines/customer_address_import.xml")),
    ("customer_import.xml", include_str!("../../../pipelines/customer_import.xml")),
    ("initialize.xml", include_str!("../../../pipelines/initialize.xml")),
    ("media_import.xml", include_str!("../../../pipelines/media_import.xml")),
    ("multi_source_stock_import.xml", include_str!("../../../pipelines/multi_source_stock_import.xml")),
    ("order_export.xml", include_str!("../../../pipelines/order_export.xml")),
    ("order_import.xml", include_str!("../../../pipelines/order_import.xml")),
    ("price_import.xml", include_str!("../../../pipelines/price_import.xml")),
    ("refresh_shop_facts.xml", include_str!("../../../pipelines/refresh_shop_facts.xml")),
    ("reset_order_export.xml", include_str!("../../../pipelines/reset_order_export.xml")),
    ("stock_import.xml", include_str!("../../../pipelines/stock_import.xml")),
    ("tier_price_import.xml", include_str!("../../../pipelines/tier_price_import.xml")),
    ("url_rewrite_import.xml", include_str!("../../../pipelines/url_rewrite_import.xml")),
];

/// The program that ships.
#[must_use]
pub fn shipped() -> Program {
    shipped_with(ShopClients::default())
}

/// The program that ships, with other clients of shops, such as those of a simulation.
#[must_use]
pub fn shipped_with(shops: ShopClients) -> Program {
    let shops = Arc::new(shops);
    let definitions = DEFINITIONS.map(|(name, xml)| (name.to_owned(), Bytes::from_static(xml.as_bytes())));
    let finding_conditions: Vec<Arc<dyn FindingCondition>> = vec![Arc::new(import::bunch_complete::BunchComplete)];
    let checked_files: Vec<Arc<dyn CheckedFiles>> = vec![Arc::new(import::configuration::ConfigurationFiles)];
    let program = Program {
        executors: executors(&shops),
        finding_conditions,
        checked_files,
        data_fetchers: orders::data_fetchers(),
        definitions: definitions.into(),
        ..Program::default()
    };
    program
        .with_pipeline_condition(import::no_indexing::NoIndexing)
        .with_step_condition(import::no_indexing::NoIndexing)
        .with_settings(shop::settings::SETTINGS)
}

/// Every executor that ships.
fn executors(shops: &Arc<ShopClients>) -> Vec<Arc<dyn Executor>> {
    let mut executors: Vec<Arc<dyn Executor>> = vec![
        Arc::new(import::drop_file::DropFile),
        Arc::new(import::move_files::MoveFiles),
        Arc::new(import::validate::Validate::all().against_set_targets(shops.clone())),
        Arc::new(import::create_options::CreateOptions { shops: shops.clone() }),
        Arc::new(import::create_categories::CreateCategories { shops: shops.clone() }),
        Arc::new(import::publish::Publish::all()),
        Arc::new(import::archive::Archive),
        Arc::new(import::report::Report),
        Arc::new(import::export::ExportThings),
        Arc::new(import::image_cache::ImageCache),
        Arc::new(import::index_suspend::IndexSuspend),
        Arc::new(import::index_resume::IndexResume),
        Arc::new(import::reindex::Reindex),
        Arc::new(import::compare::CompareShop { shops: shops.clone() }),
        Arc::new(shop::CheckShop { shops: shops.clone() }),
        Arc::new(shop::RefreshShopFacts { shops: shops.clone() }),
        Arc::new(general::spawn_pipeline::SpawnPipeline),
        Arc::new(general::wait::Wait),
        Arc::new(general::fetch_data::FetchData),
        Arc::new(general::http_request::HttpRequest::default()),
        Arc::new(general::lambda_invoke::LambdaInvoke),
        Arc::new(general::shell::Shell),
        Arc::new(clean_up::compress::Compress),
        Arc::new(clean_up::delete_files::DeleteFiles),
        Arc::new(clean_up::delete_pipelines::DeletePipelines),
    ];
    // Those that check and import the files of an entity; `import::entity::visit_all` is the list of entities.
    executors.extend(import::executors_of_entities(shops));
    executors.extend(orders::executors());
    executors
}
