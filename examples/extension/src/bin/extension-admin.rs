//! The admin function with the extension, in place of the one that ships: it checks definitions, so it knows the names.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    admin::serve(extension::program()).await
}
