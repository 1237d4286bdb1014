//! What the kernel tells of this computer's TCP connections: `/proc/net/tcp` (proc(5)), which any user may read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::files;
use crate::model::CannotProbe;

/// The table of a busy server: 150 bytes a connection.
const LARGEST: u64 = 16 << 20;

/// The length of the send queue of the connection between these two: what is sent and not acknowledged, and what is not sent yet.
///
/// # Errors
/// [`CannotProbe::Io`] where the table can't be read.
pub(super) fn unacknowledged(root: &Path, local: SocketAddr, peer: SocketAddr) -> Result<Option<u32>, CannotProbe> {
    let table = root.join(if local.is_ipv4() { "proc/net/tcp" } else { "proc/net/tcp6" });
    let text = files::text(&table, LARGEST, "read the kernel's list of TCP connections")?;
    Ok(text.and_then(|text| text.lines().find_map(|line| send_queue(line, local, peer))))
}

/// The send queue in a line, if it is this connection's: number, both ends, state, and the two queues in hexadecimal.
fn send_queue(line: &str, local: SocketAddr, peer: SocketAddr) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    let (this, other, _state, queues) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let same = end(this)? == local && end(other)? == peer;
    let (send, _receive) = queues.split_once(':')?;
    u32::from_str_radix(send, 16).ok().filter(|_| same)
}

/// `0100007F:01BB`: the address in words of 32 bits as they lie in memory, and the port.
fn end(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for at in (0..address.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    let address = match bytes.len() {
        4 => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_line_names_its_connection_and_what_it_has_sent_in_vain() {
        let line = "   4: 0201000A:C350 023472AA:01BB 01 000005C3:00000000 01:00000018 00000000     0        0 31337 2";
        if cfg!(target_endian = "little") {
            let (local, peer) = ("10.0.1.2:50000".parse().unwrap(), "170.114.52.2:443".parse().unwrap());
            assert_eq!(send_queue(line, local, peer), Some(1475));
            assert_eq!(send_queue(line, peer, local), None);
        }
    }

    #[test]
    fn the_kernel_tells_of_a_connection_that_stands() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        stream.write_all(b"hello").unwrap();
        let (local, peer) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
        // The other end's kernel acknowledges it, whether or not anybody reads it.
        assert_eq!(unacknowledged(Path::new("/"), local, peer).unwrap(), Some(0));
        assert_eq!(unacknowledged(Path::new("/"), peer, "127.0.0.1:1".parse().unwrap()).unwrap(), None);
    }
}
