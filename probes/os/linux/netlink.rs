//! Asks the kernel one rtnetlink question and reads its answer, within bounds and without waiting.
//!
//! It is only ever handed requests that get: nothing that uses it changes a route, a link or a neighbour.

use std::io;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::{NETLINK_ROUTE, NETLINK_XFRM};
use netlink_sys::{Socket, SocketAddr};

use crate::model::CannotProbe;

/// How the kernel answered.
pub(super) enum Answer {
    /// Its messages, in order; those that could not be read are left out.
    Told(Vec<RouteNetlinkMessage>),
    /// It said no, with this errno.
    Refused(i32),
}

/// How much is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    /// One object.
    One,
    /// The whole table.
    All,
}

/// Asks, and keeps the whole answer.
///
/// # Errors
/// [`CannotProbe::Io`] when no netlink socket can be had (some sandboxes refuse it), or the answer breaks off or its bounds.
pub(super) fn ask(
    request: RouteNetlinkMessage,
    amount: Amount,
    operation: &'static str,
) -> Result<Answer, CannotProbe> {
    let mut told = Vec::new();
    let refused = ask_each(request, amount, operation, |message| told.extend(message))?;
    Ok(refused.map_or(Answer::Told(told), Answer::Refused))
}

/// Asks, and hands over each message of the answer, `None` for one that could not be read; returns the errno of a refusal.
///
/// # Errors
/// As above.
pub(super) fn ask_each(
    request: RouteNetlinkMessage,
    amount: Amount,
    operation: &'static str,
    mut each: impl FnMut(Option<RouteNetlinkMessage>),
) -> Result<Option<i32>, CannotProbe> {
    exchange(request, amount, &mut each).map_err(|source| CannotProbe::Io { operation, source })
}

/// One datagram holds at most this many bytes: the kernel fills up to 32 KiB (`netlink_dump`, `af_netlink.c`).
const DATAGRAM: usize = 32 << 10;
/// Datagrams read of one answer: 256 MiB, more than all routes of the Internet.
const MOST_DATAGRAMS: usize = 8192;

fn exchange(
    request: RouteNetlinkMessage,
    amount: Amount,
    each: &mut dyn FnMut(Option<RouteNetlinkMessage>),
) -> io::Result<Option<i32>> {
    let socket = sent(NETLINK_ROUTE, &packet(request, amount))?;
    let mut datagram = Vec::with_capacity(DATAGRAM);
    for _ in 0..MOST_DATAGRAMS {
        datagram.clear();
        socket.recv(&mut datagram, 0)?;
        match gather(&datagram, amount, each) {
            Read::More => {}
            Read::Done => return Ok(None),
            Read::Refused(errno) => return Ok(Some(errno)),
        }
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, "the kernel's table is larger than 256 MiB"))
}

/// Asks of IPsec, and returns the datagram that answers.
///
/// # Errors
/// The system's, when no such socket can be had or nothing answers.
pub(super) fn ask_of_ipsec(request: &[u8]) -> io::Result<Vec<u8>> {
    let mut datagram = Vec::with_capacity(DATAGRAM);
    sent(NETLINK_XFRM, request)?.recv(&mut datagram, 0)?;
    Ok(datagram)
}

/// A socket on which the answer to a request waits.
fn sent(protocol: isize, request: &[u8]) -> io::Result<Socket> {
    let mut socket = Socket::new(protocol)?;
    // The kernel queues the answer, and every next part of a table, before the system call that asks for it returns:
    // an empty queue means that nothing will come.
    socket.set_non_blocking(true)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.send(request, 0)?;
    Ok(socket)
}

fn packet(request: RouteNetlinkMessage, amount: Amount) -> Vec<u8> {
    let mut message = NetlinkMessage::from(request);
    message.header.flags = match amount {
        Amount::One => NLM_F_REQUEST,
        Amount::All => NLM_F_REQUEST | NLM_F_DUMP,
    };
    message.header.sequence_number = 1;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

enum Read {
    More,
    Done,
    Refused(i32),
}

/// Reads the messages of one datagram.
fn gather(datagram: &[u8], amount: Amount, each: &mut dyn FnMut(Option<RouteNetlinkMessage>)) -> Read {
    let mut rest = datagram;
    while let Ok(length) = NetlinkBuffer::new_checked(rest).map(|buffer| buffer.length() as usize) {
        let Some(one) = rest.get(..length) else { break };
        match NetlinkMessage::<RouteNetlinkMessage>::deserialize(one).map(|message| message.payload) {
            Ok(NetlinkPayload::InnerMessage(inner)) => each(Some(inner)),
            Ok(NetlinkPayload::Done(_)) => return Read::Done,
            Ok(NetlinkPayload::Error(error)) => {
                return error.code.map_or(Read::Done, |code| Read::Refused(code.get().saturating_abs()));
            }
            Ok(_) => {}
            Err(_) => each(None),
        }
        // Messages begin at multiples of four (NLMSG_ALIGN, netlink(3)).
        rest = rest.get(length.next_multiple_of(4).max(4)..).unwrap_or_default();
    }
    match amount {
        Amount::One => Read::Done,
        Amount::All => Read::More,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_datagram_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            gather(&bytes, Amount::All, &mut |_| {});
        }
    }
}
