//! Serves the API of `systole dev` on a socket, within limits: who connects and says nothing must not take it from others.
//!
//! `axum::serve` has neither a limit of connections nor one of time, so this is the loop of hyper-util's examples with both.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::map_request;
use futures::{StreamExt, stream};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::host::StopSignal;

/// Most connections at the same time; further ones wait until one is closed.
const CONNECTIONS: usize = 64;

/// How long a client may take for the head of a request, and how long it may keep a connection without one.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a client may send nothing of a body that it has announced.
const BODY_PAUSE: Duration = Duration::from_secs(20);

/// How long answers that have begun may take once the host is told to stop.
const STOP_TIME: Duration = Duration::from_secs(5);

/// How long no connection is taken after a failure, such as too many open files.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Answers requests until the sign to stop.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: StopSignal) {
    let router = router.layer(map_request(with_limited_pauses));
    let (places, open) = (Arc::new(Semaphore::new(CONNECTIONS)), GracefulShutdown::new());
    let mut sign = stop.clone();
    loop {
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = sign.wait() => break,
        };
        let stream = tokio::select! {
            taken = listener.accept() => taken,
            () = sign.wait() => break,
        };
        match stream {
            Ok((stream, _)) => {
                let connection = open.watch(connection(stream, router.clone()));
                tokio::spawn(async move {
                    // A client that goes away or is too slow is no failure of ours.
                    let _ = connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!("a connection to the API was not taken: {error}");
                stop.sleep(AFTER_FAILURE).await;
            }
        }
    }
    // What is idle or half open is closed at once, what is being answered has a moment.
    let _ = tokio::time::timeout(STOP_TIME, open.shutdown()).await;
}

/// A request whose body ends with an error when nothing comes for too long.
async fn with_limited_pauses(request: Request) -> Request {
    request.map(|body| {
        Body::from_stream(stream::unfold(body.into_data_stream(), async |mut pieces| {
            match tokio::time::timeout(BODY_PAUSE, pieces.next()).await {
                Ok(piece) => piece.map(|piece| (piece, pieces)),
                Err(_) => Some((Err(axum::Error::new(Paused)), pieces)),
            }
        }))
    })
}

/// Why a body is given up.
#[derive(Debug, thiserror::Error)]
#[error("nothing more of it came for {} s", BODY_PAUSE.as_secs())]
struct Paused;

fn connection(
    stream: TcpStream,
    router: Router,
) -> hyper::server::conn::http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>> {
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
}
