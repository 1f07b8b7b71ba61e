//! What the emulator cannot be made to answer: lost replies, bodies that are cut off, puts under way.

mod requests;

use std::sync::{Arc, Mutex};

use aws_sdk_s3::error::ErrorMetadata;
use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadError;
use aws_sdk_s3::operation::create_multipart_upload::CreateMultipartUploadOutput;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use aws_sdk_s3::operation::upload_part::UploadPartOutput;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_mocks::{Rule, mock};

use super::*;
use crate::test_support::{answers, chain, offline};

fn files(rules: &[&Rule]) -> S3Files {
    let config = aws_sdk_s3::config::Builder::from(&offline()).interceptor(answers(rules)).build();
    S3Files::new(Client::from_conf(config), "systole".to_owned())
}

fn put_error(code: &'static str) -> PutObjectError {
    PutObjectError::generic(ErrorMetadata::builder().code(code).build())
}

/// What was put, as the head of it is answered: with the token of the last request, or with another.
fn put_then_head(first: &'static str, is_ours: bool) -> (Rule, Rule) {
    let token = Arc::new(Mutex::new(String::new()));
    let seen = token.clone();
    let put = mock!(Client::put_object)
        .match_requests(move |put| {
            *seen.lock().unwrap() = put.metadata().unwrap()[TOKEN].clone();
            put.if_none_match() == Some("*")
        })
        .then_error(move || put_error(first));
    let head = mock!(Client::head_object).then_output(move || {
        let token = if is_ours { token.lock().unwrap().clone() } else { "another".to_owned() };
        HeadObjectOutput::builder().metadata(TOKEN, token).build()
    });
    (put, head)
}

#[tokio::test]
async fn a_put_whose_reply_was_lost_recognises_its_own_file() {
    for (is_ours, outcome) in [(true, PutOutcome::Written), (false, PutOutcome::Existed)] {
        let (put, head) = put_then_head("PreconditionFailed", is_ours);
        let put = files(&[&put, &head]).put_if_absent("a", Bytes::from_static(b"1")).await.unwrap();
        assert_eq!(put, outcome);
    }
}

#[tokio::test]
async fn a_put_that_meets_another_is_tried_again() {
    let busy = mock!(Client::put_object).then_error(|| put_error("ConditionalRequestConflict"));
    let done = mock!(Client::put_object).then_output(|| PutObjectOutput::builder().build());
    let put = files(&[&busy, &busy, &done]).put_if_absent("a", Bytes::from_static(b"1")).await.unwrap();
    assert_eq!(put, PutOutcome::Written);
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_read_again() {
    // A body that is gone fails like one whose connection broke.
    let cut = mock!(Client::get_object)
        .then_output(|| GetObjectOutput::builder().body(ByteStream::new(SdkBody::taken())).build());
    let whole = mock!(Client::get_object)
        .then_output(|| GetObjectOutput::builder().body(ByteStream::from_static(b"whole")).build());
    assert_eq!(files(&[&cut, &whole]).get("a", None).await.unwrap().unwrap(), "whole");
}

#[tokio::test]
async fn an_upload_whose_completion_was_lost_recognises_its_own_file() {
    let token = Arc::new(Mutex::new(String::new()));
    let (seen, kept) = (token.clone(), token);
    let begin = mock!(Client::create_multipart_upload)
        .match_requests(move |begin| {
            *seen.lock().unwrap() = begin.metadata().unwrap()[TOKEN].clone();
            true
        })
        .then_output(|| CreateMultipartUploadOutput::builder().upload_id("id").build());
    let part = mock!(Client::upload_part).then_output(|| UploadPartOutput::builder().e_tag("1").build());
    let complete = mock!(Client::complete_multipart_upload)
        .then_error(|| CompleteMultipartUploadError::generic(ErrorMetadata::builder().code("NoSuchUpload").build()));
    let head = mock!(Client::head_object)
        .then_output(move || HeadObjectOutput::builder().metadata(TOKEN, kept.lock().unwrap().clone()).build());
    let mut upload = files(&[&begin, &part, &complete, &head]).upload("a").await.unwrap();
    upload.write(Bytes::from(vec![0; 8 * 1024 * 1024])).await.unwrap();
    upload.finish().await.unwrap();
}

#[tokio::test]
async fn a_small_upload_is_one_put() {
    let put = mock!(Client::put_object).then_output(|| PutObjectOutput::builder().build());
    let mut upload = files(&[&put]).upload("a").await.unwrap();
    upload.write(Bytes::from_static(b"small")).await.unwrap();
    upload.finish().await.unwrap();
    assert_eq!(put.num_calls(), 1);
}

#[tokio::test]
async fn keys_are_checked_before_anything_is_sent() {
    let files = files(&[]);
    let error = files.put("a//b", Bytes::new()).await.unwrap_err();
    assert_eq!(chain(&error), "failed to put file `a//b`: file key `a//b` has a segment ``");
    assert!(files.copy("a", "../b").await.is_err());
    assert!(files.upload("").await.is_err());
}

#[test]
fn a_range_to_the_end_has_no_end() {
    for (start, length, header) in
        [(0, 1, "bytes=0-0"), (5, 10, "bytes=5-14"), (5, u64::MAX, "bytes=5-"), (0, u64::MAX, "bytes=0-")]
    {
        assert_eq!(range_header(Range { start, length }), header);
    }
}

#[test]
fn the_source_of_a_copy_is_encoded() {
    assert_eq!(encoded("drop/ü +%?#.csv"), "drop/%C3%BC%20%2B%25%3F%23.csv");
    assert_eq!(encoded("a-b_c.d~e/F9"), "a-b_c.d~e/F9");
}

#[tokio::test]
async fn what_is_under_no_valid_key_is_not_listed_and_what_comes_after_it_is() {
    let object = |key: &str| Object::builder().key(key).last_modified(SdkDateTime::from_secs(1)).build();
    let first = mock!(Client::list_objects_v2).then_output(move || {
        let keys = ["a/", "a/../../etc/passwd", "/a", "a\nb"];
        ListObjectsV2Output::builder().set_contents(Some(keys.map(object).into())).is_truncated(true).build()
    });
    let second = mock!(Client::list_objects_v2)
        .match_requests(|list| list.start_after() == Some("a\nb"))
        .then_output(move || ListObjectsV2Output::builder().contents(object("good")).build());
    let listed = files(&[&first, &second]).list("", None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|file| file.key.as_str()).collect::<Vec<_>>(), ["good"]);
}

#[tokio::test]
async fn a_list_that_does_not_go_on_is_an_error() {
    for keys in [&[][..], &["a"], &["b"]] {
        let objects =
            keys.iter().map(|key| Object::builder().key(*key).last_modified(SdkDateTime::from_secs(1)).build());
        let page = ListObjectsV2Output::builder().set_contents(Some(objects.collect())).is_truncated(true).build();
        let rule = mock!(Client::list_objects_v2).then_output(move || page.clone());
        let error = files(&[&rule]).list("", Some("b"), 10).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert_eq!(rule.num_calls(), 1);
    }
}

/// S3 begins the answer of a long call before it knows how the call ends, with status 200; the failure is in the body.
#[tokio::test]
async fn a_failure_behind_status_200_is_no_success() {
    for (code, is_retryable) in
        [("InternalError", true), ("SlowDown", true), ("ServiceUnavailable", true), ("AccessDenied", false)]
    {
        let body = Some(format!("<Error><Code>{code}</Code><Message>why</Message></Error>"));
        let copy = mock!(Client::copy_object).sequence().http_status(200, body.clone()).repeatedly().build();
        let error = files(&[&copy]).copy("a", "b").await.unwrap_err();
        assert_eq!(error.is_retryable(), is_retryable, "a copy: {}", chain(&error));

        let begin = mock!(Client::create_multipart_upload)
            .then_output(|| CreateMultipartUploadOutput::builder().upload_id("id").build());
        let part = mock!(Client::upload_part).then_output(|| UploadPartOutput::builder().e_tag("1").build());
        let complete = mock!(Client::complete_multipart_upload).sequence().http_status(200, body).repeatedly().build();
        let mut upload = files(&[&begin, &part, &complete]).upload("a").await.unwrap();
        upload.write(Bytes::from(vec![0; 8 * 1024 * 1024])).await.unwrap();
        let error = upload.finish().await.unwrap_err();
        assert_eq!(error.is_retryable(), is_retryable, "an upload: {}", chain(&error));
    }
}
