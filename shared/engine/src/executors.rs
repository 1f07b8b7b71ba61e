//! The executors that ship, and the list of them.

pub mod archive;
mod bunch_files;
mod clean_up;
pub mod compress;
pub mod delete_files;
pub mod delete_pipelines;
pub mod fetch_data;
pub mod http_request;
pub mod import_categories;
pub mod import_products;
pub mod lambda_invoke;
pub mod move_files;
pub mod report;
mod rest;
pub mod shell;
pub mod spawn_pipeline;
pub mod validate_products;
pub mod wait;

use std::sync::Arc;

use crate::executor::{Executor, Executors};

/// Every executor that ships. A program that has more adds them where it composes itself.
#[must_use]
pub fn shipped() -> Vec<Arc<dyn Executor>> {
    vec![
        Arc::new(move_files::MoveFiles),
        Arc::new(validate_products::ValidateProducts),
        Arc::new(import_categories::ImportCategories),
        Arc::new(import_products::ImportProducts),
        Arc::new(archive::Archive),
        Arc::new(report::Report),
        Arc::new(spawn_pipeline::SpawnPipeline),
        Arc::new(wait::Wait),
        Arc::new(fetch_data::FetchData),
        Arc::new(http_request::HttpRequest::default()),
        Arc::new(lambda_invoke::LambdaInvoke),
        Arc::new(shell::Shell),
        Arc::new(compress::Compress),
        Arc::new(delete_files::DeleteFiles),
        Arc::new(delete_pipelines::DeletePipelines),
    ]
}

/// The list of what ships.
#[must_use]
pub fn all() -> Executors {
    Executors::new(shipped())
}
