//! An HTTP client for the AWS SDK that counts requests, and what DynamoDB says that each one cost.
//!
//! DynamoDB tells the capacity that a request consumed if it carries `ReturnConsumedCapacity`, as those of the store do;
//! DynamoDB Local counts by the same rules, but for transactions (see docs/COST.md).

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use serde_json::Value;

/// What was asked of an AWS.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Counted {
    /// Requests to DynamoDB.
    pub(crate) table_requests: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// Messages are sent ten at a time at most.
    pub(crate) sends: f64,
    /// Receives that brought something; the empty ones are no part of a step.
    pub(crate) receives: f64,
    pub(crate) deletes: f64,
    pub(crate) s3_requests: f64,
    /// Replies of DynamoDB that do not tell their capacity, those among them that refuse a write: it costs units, too.
    pub(crate) untold: f64,
}

/// Counts what its clients ask.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counter {
    counted: Arc<Mutex<Counted>>,
}

#[derive(Debug)]
struct Client {
    counter: Counter,
    inner: SharedHttpClient,
}

#[derive(Debug)]
struct Connector {
    counter: Counter,
    inner: SharedHttpConnector,
}

impl Counted {
    /// What was added after `before`.
    pub(crate) fn since(&self, before: &Counted) -> Counted {
        self.join(before, |now, before| now - before)
    }

    /// What these are more than others, shared by `count`.
    pub(crate) fn per(&self, count: f64) -> Counted {
        self.join(self, |value, _| value / count)
    }

    /// All requests.
    pub(crate) fn requests(&self) -> f64 {
        self.table_requests + self.sqs_requests() + self.s3_requests
    }

    pub(crate) fn sqs_requests(&self) -> f64 {
        self.sends + self.receives + self.deletes
    }

    /// An error if units are missing.
    pub(crate) fn ensure_all_is_told(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.untold == 0.0, "{} replies of DynamoDB do not tell what they cost", self.untold);
        Ok(())
    }

    fn join(&self, other: &Counted, join: impl Fn(f64, f64) -> f64) -> Counted {
        Counted {
            table_requests: join(self.table_requests, other.table_requests),
            read_units: join(self.read_units, other.read_units),
            write_units: join(self.write_units, other.write_units),
            sends: join(self.sends, other.sends),
            receives: join(self.receives, other.receives),
            deletes: join(self.deletes, other.deletes),
            s3_requests: join(self.s3_requests, other.s3_requests),
            untold: join(self.untold, other.untold),
        }
    }
}

impl Counter {
    /// A client whose requests are counted here.
    pub(crate) fn client(&self) -> impl HttpClient + use<> {
        Client { counter: self.clone(), inner: store_aws::http_client() }
    }

    pub(crate) fn counted(&self) -> Counted {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, add: impl FnOnce(&mut Counted)) {
        add(&mut self.counted.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn add_answer(&self, target: &str, body: &[u8]) {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        match target.split('.').next().unwrap_or_default() {
            service if service.starts_with("DynamoDB") => {
                let units = units(&answer["ConsumedCapacity"]);
                let is_read = matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems");
                self.add(|counted| {
                    counted.table_requests += 1.0;
                    match units {
                        Some(units) if is_read => counted.read_units += units,
                        Some(units) => counted.write_units += units,
                        None => counted.untold += 1.0,
                    }
                });
            }
            "AmazonSQS" => self.add(|counted| match operation {
                "SendMessage" | "SendMessageBatch" => counted.sends += 1.0,
                "ReceiveMessage" if answer["Messages"].as_array().is_some_and(|all| !all.is_empty()) => {
                    counted.receives += 1.0;
                }
                "DeleteMessage" | "DeleteMessageBatch" => counted.deletes += 1.0,
                _ => {}
            }),
            _ => self.add(|counted| counted.s3_requests += 1.0),
        }
    }
}

/// The capacity units of an answer, those of indexes included; `None` if it does not tell them.
fn units(consumed: &Value) -> Option<f64> {
    match consumed.as_array() {
        Some(tables) => tables.iter().map(units).sum(),
        None => consumed["CapacityUnits"].as_f64(),
    }
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { counter: self.counter.clone(), inner })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let (counter, reply) = (self.counter.clone(), self.inner.call(request));
        HttpConnectorFuture::new(async move {
            let mut reply: HttpResponse = reply.await?;
            if target.is_empty() {
                counter.add_answer(&target, &[]);
                return Ok(reply);
            }
            let body = std::mem::replace(reply.body_mut(), SdkBody::empty()).collect().await;
            let bytes = body.map_err(ConnectorError::io)?.to_bytes();
            counter.add_answer(&target, &bytes);
            *reply.body_mut() = SdkBody::from(bytes);
            Ok(reply)
        })
    }
}
