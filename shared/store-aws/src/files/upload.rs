//! Files of unknown size: one put if they turn out small, parts otherwise.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use store::files::Upload;
use store::{Error, Result};
use uuid::Uuid;

use super::{S3Files, TOKEN};
use crate::sdk_error::{During, OrPermanent, classify, code};

/// Bytes of one part. S3 wants 5 MiB at least; this is also what an upload keeps in memory.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Most parts of one upload, hence 80 GB at most.
const PART_LIMIT: usize = 10_000;

/// With which S3 checks each part on arrival. A crate that is in the SDK anyway computes it.
const CHECKSUM: ChecksumAlgorithm = ChecksumAlgorithm::Crc32;

/// An upload that sends nothing until it has a whole part.
pub(crate) struct S3Upload {
    files: S3Files,
    key: String,
    token: String,
    buffer: BytesMut,
    /// The id that S3 gave, once the first part was full.
    id: Option<String>,
    parts: Vec<CompletedPart>,
}

impl S3Upload {
    pub(crate) fn new(client: Client, bucket_name: String, key: String) -> Self {
        S3Upload {
            files: S3Files::new(client, bucket_name),
            key,
            token: Uuid::new_v4().to_string(),
            buffer: BytesMut::new(),
            id: None,
            parts: Vec::new(),
        }
    }

    fn operation(&self) -> String {
        format!("upload file `{}`", self.key)
    }

    async fn begin(&mut self) -> Result<String> {
        if let Some(id) = &self.id {
            return Ok(id.clone());
        }
        let request = self.files.client.create_multipart_upload().bucket(&self.files.bucket_name).key(&self.key);
        let request = request.checksum_algorithm(CHECKSUM).metadata(TOKEN, &self.token);
        let reply = request.send().await.during(self.operation())?;
        let id = reply.upload_id.ok_or("the reply has no upload id").or_permanent(self.operation())?;
        self.id = Some(id.clone());
        Ok(id)
    }

    async fn send_part(&mut self, bytes: Bytes) -> Result<()> {
        let number = self.parts.len() + 1;
        if number > PART_LIMIT {
            return Err(Error::permanent(
                self.operation(),
                format!("more than {PART_LIMIT} parts of {PART_BYTES} bytes"),
            ));
        }
        let number = i32::try_from(number).expect("the limit is far below");
        let id = self.begin().await?;
        let request = self.files.client.upload_part().bucket(&self.files.bucket_name).key(&self.key).upload_id(id);
        let request = request.checksum_algorithm(CHECKSUM).part_number(number);
        let reply = request.body(ByteStream::from(bytes)).send().await;
        let reply = reply.during(format_args!("upload file `{}`, part {number}", self.key))?;
        // An upload that was begun with checksums wants those of all parts at its end.
        self.parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(reply.e_tag)
                .set_checksum_crc32(reply.checksum_crc32)
                .build(),
        );
        Ok(())
    }

    async fn complete(&self, id: &str) -> Result<()> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.parts.clone())).build();
        let request = self.files.client.complete_multipart_upload().bucket(&self.files.bucket_name).key(&self.key);
        match request.upload_id(id).multipart_upload(parts).send().await {
            Ok(_) => Ok(()),
            // A lost reply: the SDK has repeated what was done already. Or somebody has aborted the upload.
            Err(error) if code(&error) == Some("NoSuchUpload") => {
                match self.files.is_from(&self.operation(), &self.key, &self.token).await? {
                    true => Ok(()),
                    false => Err(classify(self.operation(), error)),
                }
            }
            Err(error) => Err(classify(self.operation(), error)),
        }
    }
}

#[async_trait]
impl Upload for S3Upload {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.buffer.extend_from_slice(&bytes);
        while self.buffer.len() >= PART_BYTES {
            let part = self.buffer.split_to(PART_BYTES).freeze();
            self.send_part(part).await?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        let rest = std::mem::take(&mut self.buffer).freeze();
        if self.id.is_none() {
            return store::files::Files::put(&self.files, &self.key, rest).await;
        }
        if !rest.is_empty() {
            self.send_part(rest).await?;
        }
        let id = self.begin().await?;
        self.complete(&id).await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        let Some(id) = &self.id else { return Ok(()) };
        let request = self.files.client.abort_multipart_upload().bucket(&self.files.bucket_name).key(&self.key);
        match request.upload_id(id).send().await {
            Err(error) if code(&error) != Some("NoSuchUpload") => Err(classify(self.operation(), error)),
            _ => Ok(()),
        }
    }
}
