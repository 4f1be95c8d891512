//! The HTTP server: hyper, with the limits that `axum::serve` doesn't have.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

/// Further connections wait for one of these to end.
const CONNECTIONS: usize = 512;
/// For the head of a request, and without one on a keep-alive connection.
const HEAD: Duration = Duration::from_secs(30);
/// For the requests in flight when the service stops.
const STOP: Duration = Duration::from_secs(10);

/// Serves until `stop` returns and the requests in flight are finished.
pub async fn run(
    listener: net::TcpListener,
    app: Router,
    stop: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    // If nobody reads the line, the service runs all the same.
    let _ = writeln!(io::stdout(), "listening on http://{address}/metrics");
    let connections = GracefulShutdown::new();
    tokio::select! {
        never = accept(listener, app, &connections) => match never {},
        _ = spawn_blocking(stop) => {}
    }
    // The port is closed. Who hasn't finished by then is cut off.
    let _ = timeout(STOP, connections.shutdown()).await;
    Ok(())
}

async fn accept(
    listener: TcpListener,
    app: Router,
    connections: &GracefulShutdown,
) -> Infallible {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let one = Arc::clone(&free).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            // Such as: no file descriptor is left.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(app.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // An error is the client's: it left, or was too slow.
            let _ = connection.await;
            drop(one);
        });
    }
}
