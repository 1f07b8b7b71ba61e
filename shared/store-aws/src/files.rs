//! The files seam on one S3 bucket.
//!
//! **A lost reply:** a put under a condition and the completion of an upload leave a token in the object's metadata. If
//! the SDK repeats one of them because its reply was lost, and is told that the object exists or that the upload is gone,
//! the token tells our own success from another writer's.

#[cfg(test)]
mod tests;
mod upload;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::{ByteStream, DateTime as SdkDateTime};
use aws_sdk_s3::types::Object;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use store::files::{FileInfo, Files, PutOutcome, Range, Upload, check_key};
use store::{Error, Result};
use uuid::Uuid;

use crate::backoff;
use crate::sdk_error::{During, OrPermanent, classify, code};

/// Where a writer leaves its token; `x-amz-meta-` comes before it.
const TOKEN: &str = "writer";

/// Most entries of one `ListObjectsV2`.
const LIST_LIMIT: usize = 1000;

/// Times that a call is made which says nothing about the file if it fails: a body that is cut off, a put that meets
/// another one under way.
const TRIES: u32 = 3;

/// The files seam on S3.
pub(crate) struct S3Files {
    client: Client,
    bucket_name: String,
}

impl S3Files {
    pub(crate) fn new(client: Client, bucket_name: String) -> Self {
        S3Files { client, bucket_name }
    }

    async fn head(&self, operation: &str, key: &str) -> Result<Option<HeadObjectOutput>> {
        match self.client.head_object().bucket(&self.bucket_name).key(key).send().await {
            Ok(head) => Ok(Some(head)),
            Err(error) if is_not_found(code(&error)) => Ok(None),
            Err(error) => Err(classify(operation, error)),
        }
    }

    /// Tells whether the object carries the token, that is whether we put it there.
    async fn is_from(&self, operation: &str, key: &str, token: &str) -> Result<bool> {
        let Some(head) = self.head(operation, key).await? else { return Ok(false) };
        let Some(metadata) = head.metadata() else { return Ok(false) };
        Ok(metadata.get(TOKEN).is_some_and(|found| found == token))
    }

    /// Reads the file, or a part of it, in one request.
    async fn get_once(&self, operation: &str, key: &str, range: Option<&str>) -> Result<Option<Bytes>> {
        let request = self.client.get_object().bucket(&self.bucket_name).key(key).set_range(range.map(str::to_owned));
        let reply = match request.send().await {
            Ok(reply) => reply,
            Err(error) if is_not_found(code(&error)) => return Ok(None),
            // Behind the end of the file.
            Err(error) if code(&error) == Some("InvalidRange") => return Ok(Some(Bytes::new())),
            Err(error) => return Err(classify(operation, error)),
        };
        match reply.body.collect().await {
            Ok(body) => Ok(Some(body.into_bytes())),
            Err(error) => Err(Error::retryable(operation, error)),
        }
    }
}

#[async_trait]
impl Files for S3Files {
    async fn info(&self, key: &str) -> Result<Option<FileInfo>> {
        let operation = format!("look at file `{key}`");
        check(&operation, key)?;
        let Some(head) = self.head(&operation, key).await? else { return Ok(None) };
        Ok(Some(FileInfo {
            key: key.to_owned(),
            size_bytes: size(head.content_length()),
            modified_at: time(&operation, head.last_modified())?,
            fingerprint: fingerprint(head.e_tag()),
        }))
    }

    async fn get(&self, key: &str, range: Option<Range>) -> Result<Option<Bytes>> {
        let operation = format!("get file `{key}`");
        check(&operation, key)?;
        if range.is_some_and(|range| range.length == 0) {
            // No header can ask S3 for nothing, so only whether the file is there is looked up.
            let is_there = self.head(&operation, key).await?.is_some();
            return Ok(is_there.then(Bytes::new));
        }
        let range = range.map(range_header);
        let mut tried = 1;
        loop {
            // The SDK repeats a request, but not the reading of a body that has begun.
            match self.get_once(&operation, key, range.as_deref()).await {
                Err(error) if error.is_retryable() && tried < TRIES => backoff::before_retry(tried).await,
                result => return result,
            }
            tried += 1;
        }
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let operation = format!("put file `{key}`");
        check(&operation, key)?;
        let put = self.client.put_object().bucket(&self.bucket_name).key(key).body(ByteStream::from(bytes));
        put.send().await.during(operation)?;
        Ok(())
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes) -> Result<PutOutcome> {
        let operation = format!("put file `{key}` if there is none");
        check(&operation, key)?;
        let token = Uuid::new_v4().to_string();
        let mut tried = 1;
        loop {
            let put = self.client.put_object().bucket(&self.bucket_name).key(key).if_none_match("*");
            let put = put.metadata(TOKEN, &token).body(ByteStream::from(bytes.clone())).send().await;
            let Err(error) = put else { return Ok(PutOutcome::Written) };
            match code(&error) {
                Some("PreconditionFailed") if self.is_from(&operation, key, &token).await? => {
                    return Ok(PutOutcome::Written);
                }
                Some("PreconditionFailed") => return Ok(PutOutcome::Existed),
                // Another put under the same key is under way and may fail yet.
                Some("ConditionalRequestConflict") if tried < TRIES => backoff::before_retry(tried).await,
                _ => return Err(classify(operation, error)),
            }
            tried += 1;
        }
    }

    async fn upload(&self, key: &str) -> Result<Box<dyn Upload>> {
        check(&format!("upload file `{key}`"), key)?;
        Ok(Box::new(upload::S3Upload::new(self.client.clone(), self.bucket_name.clone(), key.to_owned())))
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool> {
        let operation = format!("copy file `{from}` to `{to}`");
        check(&operation, from)?;
        check(&operation, to)?;
        if from == to {
            return Ok(self.head(&operation, from).await?.is_some());
        }
        let source = format!("{}/{}", self.bucket_name, encoded(from));
        match self.client.copy_object().bucket(&self.bucket_name).copy_source(source).key(to).send().await {
            Ok(_) => Ok(true),
            Err(error) if is_not_found(code(&error)) => Ok(false),
            Err(error) => Err(classify(operation, error)),
        }
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let operation = format!("delete file `{key}`");
        check(&operation, key)?;
        let deleted = self.client.delete_object().bucket(&self.bucket_name).key(key).send().await;
        deleted.during(operation)?;
        Ok(())
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<FileInfo>> {
        let operation = format!("list files `{prefix}*`");
        let mut files: Vec<FileInfo> = Vec::new();
        let mut after = after.map(str::to_owned);
        while files.len() < limit {
            let most = (limit - files.len()).min(LIST_LIMIT);
            let request = self.client.list_objects_v2().bucket(&self.bucket_name).prefix(prefix);
            let request = request.set_start_after(after.clone()).max_keys(i32::try_from(most).unwrap_or(i32::MAX));
            let reply = request.send().await.during(&operation)?;
            for object in reply.contents() {
                // What others put there under no valid key, such as the mark of an empty folder, is no file: nobody could
                // read or delete it here, and a name with `..` must not get into an archive.
                if check_key(object.key().unwrap_or_default()).is_ok() {
                    files.push(file_info(&operation, object)?);
                }
            }
            if !reply.is_truncated().unwrap_or(false) {
                break;
            }
            let last = reply.contents().last().and_then(Object::key).map(str::to_owned);
            if last <= after {
                // To go on would be to ask the same again, for ever.
                let why = "the answer says that there are more, and names none behind those before";
                return Err(Error::retryable(operation, why));
            }
            after = last;
        }
        Ok(files)
    }

    async fn presign_put(&self, key: &str, size_bytes: u64, valid_for: Duration) -> Result<Option<String>> {
        let operation = format!("presign the upload of file `{key}`");
        check(&operation, key)?;
        let length = i64::try_from(size_bytes).or_permanent(&operation)?;
        let put = self.client.put_object().bucket(&self.bucket_name).key(key).content_length(length);
        let presigned = put.presigned(presigning(&operation, valid_for)?).await;
        Ok(Some(presigned.during(operation)?.uri().to_owned()))
    }

    async fn presign_get(&self, key: &str, valid_for: Duration) -> Result<Option<String>> {
        let operation = format!("presign the download of file `{key}`");
        check(&operation, key)?;
        let get = self.client.get_object().bucket(&self.bucket_name).key(key);
        let presigned = get.presigned(presigning(&operation, valid_for)?).await;
        Ok(Some(presigned.during(operation)?.uri().to_owned()))
    }
}

fn check(operation: &str, key: &str) -> Result<()> {
    check_key(key).or_permanent(operation)
}

/// A range to the end of the file is written without an end: S3 ignores a header that it cannot read, and would answer
/// with the whole file.
fn range_header(range: Range) -> String {
    match range.start.checked_add(range.length - 1) {
        Some(last) if i64::try_from(last).is_ok() => format!("bytes={}-{last}", range.start),
        _ => format!("bytes={}-", range.start),
    }
}

/// The code of a reply with a body, and of one without (a HEAD has none).
fn is_not_found(code: Option<&str>) -> bool {
    matches!(code, Some("NoSuchKey" | "NotFound"))
}

fn presigning(operation: &str, valid_for: Duration) -> Result<PresigningConfig> {
    PresigningConfig::expires_in(valid_for).or_permanent(operation)
}

fn file_info(operation: &str, object: &Object) -> Result<FileInfo> {
    Ok(FileInfo {
        key: object.key().unwrap_or_default().to_owned(),
        size_bytes: size(object.size()),
        modified_at: time(operation, object.last_modified())?,
        fingerprint: fingerprint(object.e_tag()),
    })
}

fn size(length: Option<i64>) -> u64 {
    u64::try_from(length.unwrap_or(0)).unwrap_or(0)
}

fn fingerprint(e_tag: Option<&str>) -> String {
    e_tag.unwrap_or_default().trim_matches('"').to_owned()
}

const NO_TIME: &str = "the reply has no time of modification";

fn time(operation: &str, at: Option<&SdkDateTime>) -> Result<DateTime<Utc>> {
    let Some(at) = at else { return Err(Error::permanent(operation, NO_TIME)) };
    DateTime::from_timestamp(at.secs(), at.subsec_nanos()).ok_or(NO_TIME).or_permanent(operation)
}

/// A key as the header of a copy wants it: everything encoded but letters, digits, `-._~` and `/`.
fn encoded(key: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes everything");
        }
    }
    encoded
}
