//! An HTTP client between the SDK and the emulated AWS with which things go wrong, by a seed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::kills::Random;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// It does not arrive.
    RequestLost,
    /// It is done, and the answer does not arrive.
    ReplyLost,
    /// The service has too much to do.
    Throttled,
    /// The service fails.
    Failed,
    /// The connection is reset.
    Reset,
    /// It is done, and the answer does not come in time.
    Stalled,
}

impl Fault {
    pub(super) const ALL: [Fault; 6] =
        [Fault::RequestLost, Fault::ReplyLost, Fault::Throttled, Fault::Failed, Fault::Reset, Fault::Stalled];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    DynamoDb,
    Sqs,
    S3,
}

impl Service {
    pub(super) const ALL: [Service; 3] = [Service::DynamoDb, Service::Sqs, Service::S3];

    fn of(request: &HttpRequest) -> Self {
        match request.headers().get("x-amz-target") {
            Some(target) if target.starts_with("DynamoDB") => Service::DynamoDb,
            Some(_) => Service::Sqs,
            None => Service::S3,
        }
    }

    /// The share of its requests that meet a fault: more of them where there are fewer requests.
    fn percent_faulty(self) -> u64 {
        match self {
            Service::DynamoDb => 4,
            Service::Sqs => 8,
            Service::S3 => 25,
        }
    }

    /// Its own words for having too much to do.
    fn throttles(self) -> HttpResponse {
        let (status, body) = match self {
            Service::DynamoDb => (
                400,
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"injected"}"#,
            ),
            Service::Sqs => (400, r#"{"__type":"com.amazonaws.sqs#RequestThrottled","message":"injected"}"#),
            Service::S3 => (503, "<Error><Code>SlowDown</Code><Message>injected</Message></Error>"),
        };
        HttpResponse::new(status.try_into().unwrap(), body.into())
    }

    /// Its own words for a failure.
    fn fails(self) -> HttpResponse {
        let body = match self {
            Service::DynamoDb => {
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"injected"}"#
            }
            Service::Sqs => r#"{"__type":"com.amazonaws.sqs#InternalError","message":"injected"}"#,
            Service::S3 => "<Error><Code>InternalError</Code><Message>injected</Message></Error>",
        };
        HttpResponse::new(500.try_into().unwrap(), body.into())
    }
}

/// Decides what happens to each request.
#[derive(Clone)]
pub(super) struct Weather {
    sky: Arc<Mutex<Sky>>,
}

struct Sky {
    random: Random,
    is_stormy: bool,
    /// Requests of a service that still meet the fault of the one before: the client's own retries do not help then.
    outages: BTreeMap<Service, (Fault, u32)>,
    /// Requests of a service since the last one whose turn it was.
    fine: BTreeMap<Service, u64>,
    /// How often it was the turn of a fault to meet a service.
    turns: BTreeMap<Service, usize>,
    /// How often each fault has met each service.
    met: BTreeMap<(Service, Fault), usize>,
    /// How many answers were held back until the client gave up.
    held_back: usize,
}

/// How many requests an outage lasts: all tries of one call.
const OUTAGE: u32 = 3;

/// Most answers that are really held back, which takes 5 s each; of further ones the client is told that they take too long.
const HELD_BACK: usize = 2;

impl Sky {
    /// Whether it is the turn of a fault: by luck, or because the share would be missed for want of it.
    fn is_due(&mut self, service: Service) -> bool {
        let percent = service.percent_faulty();
        let fine = self.fine.entry(service).or_default();
        *fine += 1;
        let is_due = *fine >= 100 / percent || self.random.below(100) < percent;
        if is_due {
            *fine = 0;
        }
        is_due
    }
}

impl Weather {
    pub(super) fn new() -> Self {
        let sky = Sky {
            random: Random::seeded(),
            is_stormy: false,
            outages: BTreeMap::new(),
            fine: BTreeMap::new(),
            turns: BTreeMap::new(),
            met: BTreeMap::new(),
            held_back: 0,
        };
        Weather { sky: Arc::new(Mutex::new(sky)) }
    }

    /// From here on things go wrong, or no more.
    pub(super) fn set_stormy(&self, is_stormy: bool) {
        self.sky.lock().unwrap().is_stormy = is_stormy;
    }

    pub(super) fn seed(&self) -> u64 {
        self.sky.lock().unwrap().random.seed
    }

    /// How often each fault has met each service.
    pub(super) fn met(&self) -> BTreeMap<(Service, Fault), usize> {
        self.sky.lock().unwrap().met.clone()
    }

    pub(super) fn client(&self) -> impl HttpClient + 'static {
        Stormy { weather: self.clone(), client: store_aws::http_client() }
    }

    /// What happens to the next request to a service: the faults take turns, when they come is a matter of luck, but no luck
    /// lasts for ever.
    fn next(&self, service: Service) -> Option<Fault> {
        let mut sky = self.sky.lock().unwrap();
        if !sky.is_stormy {
            return None;
        }
        let fault = match sky.outages.remove(&service) {
            Some((fault, left)) => {
                if left > 1 {
                    sky.outages.insert(service, (fault, left - 1));
                }
                fault
            }
            None if sky.is_due(service) => {
                let turn = sky.turns.entry(service).or_default();
                let fault = Fault::ALL[*turn % Fault::ALL.len()];
                *turn += 1;
                if sky.random.below(5) == 0 {
                    sky.outages.insert(service, (fault, OUTAGE - 1));
                }
                fault
            }
            None => return None,
        };
        *sky.met.entry((service, fault)).or_default() += 1;
        Some(fault)
    }

    /// Whether this answer is really to be held back.
    fn holds_back(&self, service: Service) -> bool {
        let mut sky = self.sky.lock().unwrap();
        // S3 may take a minute, which is too long for a test.
        let holds_back = service != Service::S3 && sky.held_back < HELD_BACK;
        sky.held_back += usize::from(holds_back);
        holds_back
    }
}

struct Stormy {
    weather: Weather,
    client: SharedHttpClient,
}

struct Connector {
    weather: Weather,
    inner: SharedHttpConnector,
}

impl std::fmt::Debug for Stormy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stormy")
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpClient for Stormy {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.client.http_connector(settings, components);
        SharedHttpConnector::new(Connector { weather: self.weather.clone(), inner })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (weather, inner, service) = (self.weather.clone(), self.inner.clone(), Service::of(&request));
        let fault = weather.next(service);
        HttpConnectorFuture::new(async move {
            match fault {
                None => inner.call(request).await,
                Some(Fault::RequestLost) => Err(ConnectorError::io("injected: the request is lost".into())),
                Some(Fault::Reset) => {
                    let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                    Err(ConnectorError::io(reset.into()))
                }
                Some(Fault::Throttled) => Ok(service.throttles()),
                Some(Fault::Failed) => Ok(service.fails()),
                Some(Fault::ReplyLost) => {
                    inner.call(request).await?;
                    Err(ConnectorError::io("injected: the reply is lost".into()))
                }
                Some(Fault::Stalled) => {
                    inner.call(request).await?;
                    if weather.holds_back(service) {
                        std::future::pending::<()>().await;
                    }
                    Err(ConnectorError::timeout("injected: the reply takes too long".into()))
                }
            }
        })
    }
}
