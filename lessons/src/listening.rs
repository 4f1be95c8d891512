//! The addresses that processes listen on, from Linux's `/proc`.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The hexadecimal state of a listening socket.
const LISTENS: &str = "0A";

/// The TCP addresses that these processes listen on.
pub fn listening(processes: &[u32]) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for id in processes {
        let sockets = sockets(*id);
        for table in ["tcp", "tcp6"] {
            let text = fs::read_to_string(format!("/proc/{id}/net/{table}"));
            let text = text.unwrap_or_default();
            let lines = text.lines().filter_map(listener);
            let own = lines.filter(|(_, socket)| sockets.contains(*socket));
            found.extend(own.map(|(address, _)| address));
        }
    }
    found
}

/// The inodes of a process's open sockets.
fn sockets(id: u32) -> BTreeSet<String> {
    let entries = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten();
    let links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links
        .filter_map(|link| {
            let number = link.to_str()?.strip_prefix("socket:[")?;
            Some(number.strip_suffix(']')?.to_owned())
        })
        .collect()
}

/// The address and the inode of a listening socket.
fn listener(line: &str) -> Option<(SocketAddr, &str)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    if fields.get(3) != Some(&LISTENS) {
        return None;
    }
    Some((address(fields.get(1)?)?, fields.get(9)?))
}

/// The address as 32-bit words in the machine's byte order, then the port.
fn address(field: &str) -> Option<SocketAddr> {
    let (host, port) = field.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words = (0..host.len()).step_by(8).map(|at| {
        let word = u32::from_str_radix(host.get(at..at + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    });
    let bytes = words.collect::<Option<Vec<_>>>()?.concat();
    let host = match bytes.len() {
        4 => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        _ => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
    };
    Some(SocketAddr::new(host, port))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_socket_that_listens_is_found_with_its_address() {
        let own = [std::process::id()];
        for host in ["127.0.0.1:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(host) else {
                continue;
            };
            let address = listener.local_addr().unwrap();
            assert!(listening(&own).contains(&address), "{address}");
            drop(listener);
            assert!(!listening(&own).contains(&address), "{address}");
        }
    }

    #[test]
    fn a_line_without_a_socket_is_skipped() {
        let title =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when";
        assert_eq!(listener(title), None);
        assert_eq!(address("7F:0"), None);
    }
}
