//! The files that rows name: those below `media/` in the store, and those of hosts that may be called.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method};
use http_client::{Request, RequestLimits};
use magento::client::Wire;
use magento::target::{RowFileError, RowFiles};
use store::files::Files;
use url::Url;

/// Where the files lie that rows name by their path.
pub const MEDIA_PREFIX: &str = "media/";

/// Most bytes of a file: shops take images of some megabytes, and a few are in memory together.
const MOST_BYTES: u64 = 20 * 1024 * 1024;

/// How long a host may take for a file.
const TIME: Duration = Duration::from_secs(60);

/// The files that rows name.
pub(super) struct StoredMedia {
    pub(super) files: Arc<dyn Files>,
    pub(super) wire: Arc<dyn Wire>,
}

#[async_trait]
impl RowFiles for StoredMedia {
    async fn read(&self, name: &str) -> Result<Bytes, RowFileError> {
        match Url::parse(name) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => self.fetch(url).await,
            _ => self.stored(name).await,
        }
    }
}

impl StoredMedia {
    async fn stored(&self, name: &str) -> Result<Bytes, RowFileError> {
        let key = format!("{MEDIA_PREFIX}{}", name.trim_start_matches('/'));
        let passing = |error: store::Error| RowFileError::Passing(format!("cannot be read: {error}"));
        let missing = || RowFileError::Unusable(format!("is not among the files of the store (expected as `{key}`)"));
        // A path that leads elsewhere is no key of a file.
        let Ok(info) = self.files.info(&key).await else { return Err(missing()) };
        let size_bytes = info.ok_or_else(missing)?.size_bytes;
        if size_bytes > MOST_BYTES {
            return Err(RowFileError::Unusable(format!("has {size_bytes} bytes; at most {MOST_BYTES} are sent")));
        }
        self.files.get(&key, None).await.map_err(passing)?.ok_or_else(missing)
    }

    async fn fetch(&self, url: Url) -> Result<Bytes, RowFileError> {
        let limits = RequestLimits { time: TIME, body_bytes: MOST_BYTES };
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        let request = Request { method: Method::GET, url, headers, body, secrets: Arc::default(), limits };
        match self.wire.send(request).await {
            Ok(answer) if answer.status.is_success() => Ok(answer.body),
            Ok(answer) if answer.status.is_server_error() => {
                Err(RowFileError::Passing(format!("cannot be fetched: status {}", answer.status)))
            }
            Ok(answer) => Err(RowFileError::Unusable(format!("cannot be fetched: status {}", answer.status))),
            Err(error) if error.is_retryable() => Err(RowFileError::Passing(format!("cannot be fetched: {error}"))),
            Err(error) => Err(RowFileError::Unusable(format!("cannot be fetched: {error}"))),
        }
    }
}
