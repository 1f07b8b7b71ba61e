//! What the requests of uploads and lists say, and what their answers come to.

use aws_sdk_s3::operation::abort_multipart_upload::AbortMultipartUploadOutput;
use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput;

use super::*;

const PART: usize = 8 * 1024 * 1024;

fn begins() -> Rule {
    mock!(Client::create_multipart_upload)
        .then_output(|| CreateMultipartUploadOutput::builder().upload_id("id").build())
}

#[tokio::test]
async fn an_upload_sends_all_its_bytes_in_numbered_parts_and_names_them_all_at_its_end() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = sent.clone();
    let part = mock!(Client::upload_part)
        .match_requests(move |part| {
            let size = part.body().bytes().map(<[u8]>::len);
            seen.lock().unwrap().push((part.part_number(), size, part.upload_id().map(str::to_owned)));
            true
        })
        .sequence()
        .output(|| UploadPartOutput::builder().e_tag("one").build())
        .output(|| UploadPartOutput::builder().e_tag("two").build())
        .output(|| UploadPartOutput::builder().e_tag("three").build())
        .build();
    let complete = mock!(Client::complete_multipart_upload)
        .match_requests(|complete| {
            let parts = complete.multipart_upload().unwrap().parts();
            let named: Vec<_> = parts.iter().map(|part| (part.part_number(), part.e_tag())).collect();
            named == [(Some(1), Some("one")), (Some(2), Some("two")), (Some(3), Some("three"))]
        })
        .then_output(|| CompleteMultipartUploadOutput::builder().build());
    let mut upload = files(&[&begins(), &part, &complete]).upload("a").await.unwrap();
    for size in [PART - 1, PART + 1, 5] {
        upload.write(Bytes::from(vec![7; size])).await.unwrap();
    }
    upload.finish().await.unwrap();
    let part = |number, size| (Some(number), Some(size), Some("id".to_owned()));
    assert_eq!(*sent.lock().unwrap(), [part(1, PART), part(2, PART), part(3, 5)]);
    assert_eq!(complete.num_calls(), 1);
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_no_parts() {
    let part = mock!(Client::upload_part).then_output(|| UploadPartOutput::builder().e_tag("1").build());
    let abort = mock!(Client::abort_multipart_upload)
        .match_requests(|abort| abort.upload_id() == Some("id") && abort.key() == Some("a"))
        .then_output(|| AbortMultipartUploadOutput::builder().build());
    let mut upload = files(&[&begins(), &part, &abort]).upload("a").await.unwrap();
    upload.write(Bytes::from(vec![0; PART])).await.unwrap();
    upload.abort().await.unwrap();
    assert_eq!(abort.num_calls(), 1);
}

#[tokio::test]
async fn a_list_asks_for_no_more_than_it_returns() {
    let object = |key: &str| Object::builder().key(key).last_modified(SdkDateTime::from_secs(1)).build();
    let first = mock!(Client::list_objects_v2)
        .match_requests(|list| list.max_keys() == Some(2) && list.start_after().is_none())
        .then_output(move || {
            let page = ListObjectsV2Output::builder().set_contents(Some(vec![object("a"), object("b")]));
            page.is_truncated(true).build()
        });
    let listed = files(&[&first]).list("", None, 2).await.unwrap();
    assert_eq!(listed.iter().map(|file| file.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(first.num_calls(), 1);
}

/// A file that was listed is compared with the same file looked at later.
#[tokio::test]
async fn a_fingerprint_is_the_same_in_a_list_and_for_itself() {
    // Some servers leave the quotes out.
    for e_tag in ["\"0f\"", "0f"] {
        let list = mock!(Client::list_objects_v2).then_output(|| {
            let object = Object::builder().key("a").size(3).e_tag("\"0f\"").last_modified(SdkDateTime::from_secs(1));
            ListObjectsV2Output::builder().contents(object.build()).build()
        });
        let head = mock!(Client::head_object).then_output(move || {
            let head = HeadObjectOutput::builder().content_length(3).e_tag(e_tag);
            head.last_modified(SdkDateTime::from_secs(1)).build()
        });
        let files = files(&[&list, &head]);
        let listed = files.list("", None, 1).await.unwrap();
        assert_eq!(files.info("a").await.unwrap(), listed.into_iter().next(), "{e_tag}");
    }
}

#[tokio::test]
async fn only_a_file_that_is_not_there_is_nothing() {
    let refused = |code: &str| Some(format!("<Error><Code>{code}</Code><Message>why</Message></Error>"));
    let get = |code: &str| mock!(Client::get_object).sequence().http_status(404, refused(code)).repeatedly().build();
    let copy = |code: &str| mock!(Client::copy_object).sequence().http_status(404, refused(code)).repeatedly().build();
    assert_eq!(files(&[&get("NoSuchKey")]).get("a", None).await.unwrap(), None);
    assert!(!files(&[&copy("NoSuchKey")]).copy("a", "b").await.unwrap());
    for error in [
        files(&[&get("NoSuchBucket")]).get("a", None).await.unwrap_err(),
        files(&[&copy("NoSuchBucket")]).copy("a", "b").await.unwrap_err(),
    ] {
        assert!(!error.is_retryable() && chain(&error).contains("NoSuchBucket: why"), "{}", chain(&error));
    }
}

#[tokio::test]
async fn a_copy_names_its_source_as_s3_reads_it() {
    let copy = mock!(Client::copy_object)
        .match_requests(|copy| {
            copy.copy_source() == Some("systole/incoming/a%20%2B%20b.csv") && copy.key() == Some("work/a + b.csv")
        })
        .then_output(|| aws_sdk_s3::operation::copy_object::CopyObjectOutput::builder().build());
    assert!(files(&[&copy]).copy("incoming/a + b.csv", "work/a + b.csv").await.unwrap());
}
