//! Starts a local shop on a port, for a person who wants to look.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use local_shop::{Clock, Consumer, Faults, LocalShop, Setup};

/// A shop for tests that answers like Magento Open Source 2.4.7-p1.
#[derive(Parser)]
struct Arguments {
    /// Port on this machine.
    #[arg(long, default_value_t = 8082)]
    port: u16,
    /// Seed of everything that is by chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Operations that the consumer takes in a second; 0 leaves them to `POST /__shop/consume`.
    #[arg(long, default_value_t = 15.0)]
    consumer: f64,
    /// How long every request takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Share (0 to 1) of saves of products that meet a lock of the database.
    #[arg(long, default_value_t = 0.0)]
    lock_conflicts: f64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let running = Consumer::Running { per_second: arguments.consumer, restarts_after: None };
    let setup = Setup {
        seed: arguments.seed,
        clock: Clock::Running,
        consumer: if arguments.consumer > 0.0 { running } else { Consumer::ByHand },
        faults: Faults { latency_ms: arguments.latency, lock_conflicts: arguments.lock_conflicts, ..Faults::default() },
        ..Setup::default()
    };
    run(setup, SocketAddr::from(([127, 0, 0, 1], arguments.port))).await
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a person reads it")]
async fn run(setup: Setup, address: SocketAddr) -> ExitCode {
    let integration = setup.integrations.first().cloned();
    let shop = match LocalShop::start_at(setup, address).await {
        Ok(shop) => shop,
        Err(error) => {
            eprintln!("the shop cannot have {address}: {error}; name another port with --port");
            return ExitCode::FAILURE;
        }
    };
    println!("shop at {}, control at {}/__shop/faults", shop.url(), shop.url());
    if let Some(integration) = integration {
        println!("bearer token {}", integration.token);
    }
    match tokio::signal::ctrl_c().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot wait for the end: {error}");
            ExitCode::FAILURE
        }
    }
}
