//! `systole dev`: heartbeat, runners, file intake and the API in one process, with nothing to install beside it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::definitions::OVERLAY_PREFIX;
use steps::import::DROP_PREFIX;
use tokio::net::TcpListener;

use crate::api_server;
use crate::arguments::DevArguments;
use crate::host;
use crate::installation::{Installation, Place};
use crate::outcome::ExitReason;
use crate::output::Output;
use crate::signals::Signals;

/// Longest wait of a runner for a message before it looks whether to stop.
const RECEIVE_WAIT: Duration = Duration::from_secs(1);

/// Runs until Ctrl-C, SIGTERM or SIGHUP; steps that have begun are ended first.
pub(crate) async fn run(
    installation: &Installation,
    options: &DevArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let Place::Embedded(root) = &installation.place else {
        bail!("`systole dev` works on the embedded store; on AWS the functions do its work");
    };
    if !options.listen.ip().is_loopback() {
        bail!("`{}` is no loopback address; the API of `systole dev` asks nobody for a name", options.listen);
    }
    let folders = [DROP_PREFIX, OVERLAY_PREFIX].map(|prefix| root.join("files").join(prefix));
    for folder in &folders {
        std::fs::create_dir_all(folder).with_context(|| format!("failed to make `{}`", folder.display()))?;
    }
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("failed to listen on {} (--listen names another address)", options.listen))?;
    greet(output, &listener, &folders)?;

    let (stopper, stop) = host::stop_signal();
    let host = installation.host();
    let mut signals = Signals::listen()?;
    let mut tasks = vec![
        host::spawn_beats(&host, options.tick, &stop),
        tokio::spawn(api_server::serve(
            listener,
            admin::router(installation.context.clone(), admin::Gate::Loopback),
            stop.clone(),
        )),
    ];
    tasks.extend((0..options.runners).map(|_| host::spawn_runner(&host, RECEIVE_WAIT, &stop)));
    signals.next().await;
    output.say("stopping; steps that have begun are ended first (once more Ctrl-C kills)")?;
    stopper.stop();
    host::join(tasks, options.stop_timeout, &mut signals).await?;
    output.say("stopped")?;
    Ok(ExitReason::Ok)
}

fn greet(output: &Output, listener: &TcpListener, [drop_area, overlay]: &[PathBuf; 2]) -> anyhow::Result<()> {
    output.say(&format!("API         http://{}/pipelines", listener.local_addr()?))?;
    output.say(&format!("drop files  {}", drop_area.display()))?;
    output.say(&format!("pipelines   {} (definitions of your own)", overlay.display()))?;
    output.say("stop        Ctrl-C")?;
    Ok(())
}
