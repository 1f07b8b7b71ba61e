//! Writes down which calls go to AWS, as the actions and resources that IAM would be asked about.

use std::collections::BTreeSet;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;
use store::services::{Event, Events, FunctionAnswer, Functions, Secret, SecretReader};

/// What IAM is asked about one call: an action, and the ARN of what it touches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    pub(super) action: String,
    pub(super) resource: String,
}

/// All that was asked since it was looked at last.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorder {
    asked: Arc<Mutex<BTreeSet<Asked>>>,
}

impl Recorder {
    pub(super) fn take(&self) -> BTreeSet<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    pub(super) fn note(&self, action: &str, resource: String) {
        self.asked.lock().unwrap().insert(Asked { action: action.to_owned(), resource });
    }

    /// A request to S3, also one that somebody else sends with the rights of who signed its address.
    pub(super) fn note_s3(&self, method: &str, url: &str, copied: Option<&str>) {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').unwrap_or((rest, "")).1);
        let is_asked =
            |name: &str| query.split('&').any(|part| part == name || part.split_once('=').is_some_and(|p| p.0 == name));
        let arn = |path: &str| format!("arn:aws:s3:::{}", path.trim_matches('/'));
        if let Some(source) = copied {
            self.note("s3:GetObject", arn(source));
        }
        let has_key = path.trim_matches('/').contains('/');
        let action = match (method, has_key) {
            ("GET", false) if is_asked("list-type") => "s3:ListBucket",
            ("GET" | "HEAD", true) => "s3:GetObject",
            ("DELETE", true) if is_asked("uploadId") => "s3:AbortMultipartUpload",
            ("DELETE", true) => "s3:DeleteObject",
            ("PUT", true) => "s3:PutObject",
            ("POST", true) if is_asked("uploads") || is_asked("uploadId") => "s3:PutObject",
            _ => "a right that nobody knows for this",
        };
        self.note(action, arn(path));
    }

    fn note_request(&self, request: &HttpRequest) {
        let header = |name: &str| request.headers().get(name);
        match header("x-amz-target") {
            Some(target) => self.note_call(target, request.body().bytes().expect("a body in memory")),
            None => self.note_s3(request.method(), request.uri(), header("x-amz-copy-source")),
        }
    }

    /// A request to a service that is told what to do in a header, and by what in a JSON document.
    pub(super) fn note_call(&self, target: &str, body: &[u8]) {
        let body: Value = serde_json::from_slice(body).unwrap();
        match target.split_once('.') {
            Some(("DynamoDB_20120810", operation)) => self.note_dynamodb(operation, &body),
            Some(("AmazonSQS", operation)) => self.note_sqs(operation, &body),
            Some(("AWSEvents", "PutEvents")) => {
                self.note("events:PutEvents", "arn:aws:events:eu-central-1:000000000000:event-bus/default".to_owned());
            }
            // No panic, which would only break a connection off: no policy has such a right.
            _ => self.note(&format!("a right that nobody knows for {target}"), "anything".to_owned()),
        }
    }

    /// A request to a service that is told all in a form.
    pub(super) fn note_form(&self, body: &[u8]) {
        let text = std::str::from_utf8(body).unwrap();
        let value = |name: &str| {
            let parts = text.split('&').filter_map(|part| part.split_once('='));
            parts.filter(|(known, _)| *known == name).map(|(_, value)| value).next().unwrap_or_default()
        };
        match value("Action") {
            // IAM is not asked: everybody may know who they are.
            "GetCallerIdentity" => {}
            "DescribeStacks" => {
                let stack = value("StackName");
                let resource = format!("arn:aws:cloudformation:eu-central-1:000000000000:stack/{stack}/an-id");
                self.note("cloudformation:DescribeStacks", resource);
            }
            other => self.note(&format!("a right that nobody knows for {other}"), "anything".to_owned()),
        }
    }

    fn note_dynamodb(&self, operation: &str, body: &Value) {
        let table =
            |name: &Value| format!("arn:aws:dynamodb:eu-central-1:000000000000:table/{}", name.as_str().unwrap());
        match operation {
            "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" => {
                self.note(&format!("dynamodb:{operation}"), table(&body["TableName"]));
            }
            "Query" => {
                let index = body["IndexName"].as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
                self.note("dynamodb:Query", table(&body["TableName"]) + &index);
            }
            "BatchGetItem" | "BatchWriteItem" => {
                for name in body["RequestItems"].as_object().unwrap().keys() {
                    self.note(&format!("dynamodb:{operation}"), table(&Value::from(name.as_str())));
                }
            }
            "TransactWriteItems" => {
                for (kind, of) in body["TransactItems"].as_array().unwrap().iter().flat_map(|i| i.as_object().unwrap())
                {
                    let action = match kind.as_str() {
                        "Put" => "dynamodb:PutItem",
                        "Update" => "dynamodb:UpdateItem",
                        "Delete" => "dynamodb:DeleteItem",
                        "ConditionCheck" => "dynamodb:ConditionCheckItem",
                        other => panic!("nobody knows which right {other} takes"),
                    };
                    self.note(action, table(&of["TableName"]));
                }
            }
            other => panic!("nobody knows which right dynamodb {other} takes"),
        }
    }

    fn note_sqs(&self, operation: &str, body: &Value) {
        let action = operation.strip_suffix("Batch").unwrap_or(operation);
        let known = [
            "SendMessage",
            "ReceiveMessage",
            "DeleteMessage",
            "ChangeMessageVisibility",
            "GetQueueAttributes",
            "StartMessageMoveTask",
        ];
        assert!(known.contains(&action), "nobody knows which right sqs {operation} takes");
        let queue = match body["QueueUrl"].as_str() {
            Some(url) => format!("arn:aws:sqs:eu-central-1:000000000000:{}", url.rsplit('/').next().unwrap()),
            None => body["SourceArn"].as_str().unwrap().to_owned(),
        };
        self.note(&format!("sqs:{action}"), queue);
    }

    /// An HTTP client that notes each request and sends it on.
    pub(super) fn client(&self) -> impl HttpClient + 'static {
        Recording { recorder: self.clone(), inner: store_aws::http_client() }
    }
}

#[derive(Debug, Clone)]
struct Recording<T> {
    recorder: Recorder,
    inner: T,
}

impl HttpClient for Recording<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Recording { recorder: self.recorder.clone(), inner })
    }
}

impl HttpConnector for Recording<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.recorder.note_request(&request);
        self.inner.call(request)
    }
}

/// Functions that have done everything they are asked for.
impl Functions for Recorder {
    fn invoke<'a, 'b, 'c>(
        &'a self,
        function: &'b str,
        _: Bytes,
        _: Duration,
    ) -> Pin<Box<dyn Future<Output = store::Result<FunctionAnswer>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
    {
        self.note("lambda:InvokeFunction", format!("arn:aws:lambda:eu-central-1:000000000000:function:{function}"));
        Box::pin(ready(Ok(FunctionAnswer { payload: Bytes::from_static(br#"{"outcome": "done"}"#), failure: None })))
    }
}

/// The secrets that the processed templates name.
impl SecretReader for Recorder {
    fn read<'a, 'b, 'c>(
        &'a self,
        name: &'b str,
        _: DateTime<Utc>,
    ) -> Pin<Box<dyn Future<Output = store::Result<Option<Secret>>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
    {
        // As `store-aws` asks for them; its own tests show that it does.
        let parameter = match name {
            "ERP" => "systole/erp",
            "SHOP" => "aws/reference/secretsmanager/shop",
            other => panic!("there is no secret {other}"),
        };
        self.note("ssm:GetParameter", format!("arn:aws:ssm:eu-central-1:000000000000:parameter/{parameter}"));
        Box::pin(ready(Ok(Some(Secret::new("Bearer hush-hush")))))
    }
}

/// A bus that takes every event.
impl Events for Recorder {
    fn put<'a, 'c>(&'a self, _: Vec<Event>) -> Pin<Box<dyn Future<Output = store::Result<()>> + Send + 'c>>
    where
        'a: 'c,
    {
        self.note("events:PutEvents", "arn:aws:events:eu-central-1:000000000000:event-bus/default".to_owned());
        Box::pin(ready(Ok(())))
    }
}

#[test]
fn requests_to_s3_are_told_apart() {
    for (method, url, copied, expected) in [
        ("GET", "http://h:1/b?list-type=2&prefix=work%2F", None, "s3:ListBucket b"),
        ("GET", "http://h:1/b/a/k?x-id=GetObject", None, "s3:GetObject b/a/k"),
        ("HEAD", "http://h:1/b/a/k", None, "s3:GetObject b/a/k"),
        ("PUT", "http://h:1/b/a/k?x-id=PutObject", None, "s3:PutObject b/a/k"),
        ("PUT", "http://h:1/b/a/k?partNumber=1&uploadId=u", None, "s3:PutObject b/a/k"),
        ("POST", "http://h:1/b/a/k?uploads", None, "s3:PutObject b/a/k"),
        ("POST", "http://h:1/b/a/k?uploadId=u", None, "s3:PutObject b/a/k"),
        ("DELETE", "http://h:1/b/a/k?x-id=DeleteObject", None, "s3:DeleteObject b/a/k"),
        ("DELETE", "http://h:1/b/a/k?uploadId=u", None, "s3:AbortMultipartUpload b/a/k"),
        ("PUT", "http://h:1/b/k", Some("b/old"), "s3:GetObject b/old, s3:PutObject b/k"),
    ] {
        let recorder = Recorder::default();
        recorder.note_s3(method, url, copied);
        let asked: Vec<String> = recorder
            .take()
            .iter()
            .map(|a| format!("{} {}", a.action, a.resource.replace("arn:aws:s3:::", "")))
            .collect();
        assert_eq!(asked.join(", "), expected, "{method} {url}");
    }
}
