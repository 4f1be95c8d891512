//! The thread that accepts connections.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use http::{StatusCode, Version};

use super::admission::{MOMENT, Table};
use super::connection::{Connection, Service};
use super::http::message;
use super::sparse_log::SparseLog;
use crate::promhttp::{ErrorLog, plain_text};

/// The ports that are being served, with one table of connections.
pub struct Listeners {
    table: Arc<Table>,
    accepting: Vec<(SocketAddr, JoinHandle<Acceptor>)>,
}

impl Listeners {
    pub fn start(
        listeners: Vec<TcpListener>,
        service: Service,
        log: &ErrorLog,
    ) -> io::Result<Listeners> {
        let mut started = Listeners {
            table: Arc::new(Table::new(service.limits.clone())),
            accepting: Vec::new(),
        };
        let service = Arc::new(service);
        for listener in listeners {
            if let Err(error) = started.add(listener, &service, log) {
                started.stop();
                return Err(error);
            }
        }
        Ok(started)
    }

    fn add(
        &mut self,
        listener: TcpListener,
        service: &Arc<Service>,
        log: &ErrorLog,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        // Listeners of asynchronous runtimes, for example, are nonblocking.
        listener.set_nonblocking(false)?;
        let mut acceptor = Acceptor {
            listener,
            table: Arc::clone(&self.table),
            service: Arc::clone(service),
            log: SparseLog::new(log),
            pause: Acceptor::SHORTEST_PAUSE,
        };
        let thread = thread::Builder::new().name("accept".to_owned());
        let accepting = thread.spawn(move || {
            acceptor.run();
            acceptor
        })?;
        self.accepting.push((address, accepting));
        Ok(())
    }

    /// Closes the ports, so that a successor can bind them, and waits until the
    /// responses in progress are sent. Of the clients that have connected so far, each
    /// gets a response if its first request is on its way.
    pub fn stop(self) {
        let ends = self.table.stop();
        for (address, accepting) in self.accepting {
            if let Some(acceptor) = ended(address, accepting, ends) {
                acceptor.close(ends);
            }
        }
        self.table.end_waiting(ends);
        self.table.wait_until_empty(ends);
    }
}

/// Ends the pending accept with one more connection, which needs a free file
/// descriptor.
fn ended(
    address: SocketAddr,
    accepting: JoinHandle<Acceptor>,
    ends: Instant,
) -> Option<Acceptor> {
    while !accepting.is_finished() && Instant::now() < ends {
        for address in reachable(address) {
            match TcpStream::connect_timeout(&address, MOMENT) {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::TimedOut => return None,
                Err(_) => {}
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    if !accepting.is_finished() {
        return None;
    }
    accepting.join().ok()
}

/// Returns where to reach a listener on `address`. If that is unspecified, the loopback
/// addresses: `[::]` includes IPv4, and IPv6 may be unavailable.
fn reachable(address: SocketAddr) -> Vec<SocketAddr> {
    let loopbacks: Vec<IpAddr> = match address {
        // With its zone, if it has one.
        _ if !address.ip().is_unspecified() => return vec![address],
        SocketAddr::V4(_) => vec![Ipv4Addr::LOCALHOST.into()],
        SocketAddr::V6(_) => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
    };
    let with_port = |ip| SocketAddr::new(ip, address.port());
    loopbacks.into_iter().map(with_port).collect()
}

/// The accepting thread. It never waits for a client, and ends only with a stop.
struct Acceptor {
    listener: TcpListener,
    table: Arc<Table>,
    service: Arc<Service>,
    log: SparseLog,
    /// How long to pause after the next failure.
    pause: Duration,
}

impl Acceptor {
    const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
    /// The most clients that wait to be accepted: Linux's own limit.
    const QUEUE: usize = 4096;

    fn run(&mut self) {
        loop {
            match self.listener.accept() {
                Ok((stream, peer)) => self.admit(Arc::new(stream), peer),
                // The client has already disconnected.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                // A predecessor that shares the socket closes it now.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.table.wait_for_stop(Acceptor::SHORTEST_PAUSE);
                }
                Err(error) => self.wait_out("accept a connection", &error),
            }
            if self.table.is_stopping() {
                return;
            }
        }
    }

    /// Closes the port, once those that have connected are admitted. Otherwise the
    /// system would disconnect them, or, if another process shares the socket as systemd
    /// does, the connection that ended the accept would stay there and start the program
    /// again.
    fn close(mut self, ends: Instant) {
        if self.listener.set_nonblocking(true).is_err() {
            return;
        }
        for _ in (0..Acceptor::QUEUE).take_while(|_| Instant::now() < ends) {
            match self.listener.accept() {
                Ok((stream, peer)) => self.admit(Arc::new(stream), peer),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(_) => break,
            }
        }
        // Another process that shares the socket shares this too.
        let _ = self.listener.set_nonblocking(false);
    }

    /// Starts a thread for `stream` if the table has room, or sends status 503.
    fn admit(&mut self, stream: Arc<TcpStream>, peer: SocketAddr) {
        let came = Instant::now();
        // Not on every system does it differ from its listener in this.
        let _ = stream.set_nonblocking(false);
        while let Some(place) = self.table.enter(&stream) {
            let service = Arc::clone(&self.service);
            let connection = Connection::new(service, Arc::clone(&stream), peer, place);
            let thread = thread::Builder::new().name("connection".to_owned());
            match thread.spawn(move || connection.run()) {
                Ok(_) => {
                    self.pause = Acceptor::SHORTEST_PAUSE;
                    return;
                }
                Err(error) => self.wait_out("start a thread", &error),
            }
            if came.elapsed() > MOMENT || self.table.is_stopping() {
                break;
            }
        }
        let busy = "No connection is free, try again later.\n";
        let response = plain_text(StatusCode::SERVICE_UNAVAILABLE, busy);
        // Read what has arrived, because closing a socket with unread bytes resets the
        // connection and the response is lost.
        let _ = stream.set_nonblocking(true);
        let _ = (&*stream).read(&mut vec![0; self.service.limits.head_bytes]);
        let message = message(response, Version::HTTP_11, false, false);
        let bytes: Vec<u8> = message.flatten().flatten().collect();
        let _ = (&*stream).write(&bytes);
    }

    /// Evicts a connection to free its descriptor and thread, and pauses.
    fn wait_out(&mut self, what: &str, error: &io::Error) {
        let most = self.table.shrink();
        self.log.write(&format!(
            "serve: cannot {what}, continuing with at most {most} connection(s): {error}"
        ));
        self.table.wait_for_stop(self.pause);
        self.pause = (self.pause * 2).min(MOMENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_reached_with_and_without_ipv6() {
        for (address, reached) in [
            ("[::]:9100", &["127.0.0.1:9100", "[::1]:9100"][..]),
            ("0.0.0.0:9100", &["127.0.0.1:9100"]),
            ("192.0.2.7:9100", &["192.0.2.7:9100"]),
            ("[2001:db8::7]:9100", &["[2001:db8::7]:9100"]),
        ] {
            let addresses = reachable(address.parse().unwrap());
            let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            assert_eq!(texts, reached);
        }
    }
}
