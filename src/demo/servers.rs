//! The owner of all tasks of a world: it accepts, receives, and ends everything when it is dropped.
//!
//! It knows nothing of what is spoken; that is in what it is handed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::timeout;
use why5003_probes::model::Pending;

use super::doors::Silence;

/// Speaks on one TCP connection until it is done.
pub(super) trait Serve: Send + Sync + 'static {
    /// Serves a connection that was just accepted.
    fn serve(&self, stream: TcpStream) -> Pending<'_, ()>;
}

/// Answers datagrams one by one.
pub(super) trait Reply: Send + Sync + 'static {
    /// The answer to a datagram; `None` is silence.
    fn reply(&self, datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>>;
}

/// All tasks of a world; dropping it ends them and closes their sockets.
#[derive(Debug, Default)]
pub(super) struct Servers {
    tasks: JoinSet<()>,
    silences: Vec<Silence>,
}

impl Servers {
    /// Serves every connection of a listener, at most [`CONNECTIONS`] at once and each for at most [`CONNECTION_TIME`].
    pub(super) fn tcp(&mut self, listener: TcpListener, serve: Arc<dyn Serve>) {
        self.tasks.spawn(accept(listener, serve));
    }

    /// Keeps a port silent.
    pub(super) fn silence(&mut self, silence: Silence) {
        self.silences.push(silence);
    }

    /// Answers every datagram of a socket.
    pub(super) fn udp(&mut self, socket: UdpSocket, reply: Arc<dyn Reply>) {
        self.tasks.spawn(receive(socket, reply));
    }
}

/// The connections are tasks of a set that lives in this future, so they end with it.
async fn accept(listener: TcpListener, serve: Arc<dyn Serve>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => accepted,
            Some(_ended) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _peer)) => {
                let serve = Arc::clone(&serve);
                connections.spawn(async move {
                    let _out_of_time = timeout(CONNECTION_TIME, serve.serve(stream)).await;
                });
            }
            // A peer that is gone already is no fault of the listener; running out of descriptors would come back at once.
            Err(error) if is_the_peers(&error) => {}
            Err(_) => return,
        }
    }
}

async fn receive(socket: UdpSocket, reply: Arc<dyn Reply>) {
    let mut datagram = [0; DATAGRAM_BYTES];
    loop {
        // An error here is an ICMP error for an earlier reply; the next datagram has nothing to do with it.
        let Ok((length, from)) = socket.recv_from(&mut datagram).await else { continue };
        if let Some(answer) = datagram.get(..length).and_then(|bytes| reply.reply(bytes, from)) {
            let _not_sent = timeout(SEND_TIME, socket.send_to(&answer, from)).await;
        }
    }
}

fn is_the_peers(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Connections of one listener at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 64;
/// Longer than any wait of a probe, so that a peer that holds still is not mistaken for one that closes.
const CONNECTION_TIME: Duration = Duration::from_secs(60);
const SEND_TIME: Duration = Duration::from_secs(1);
/// Largest datagram read: an Ethernet frame's worth, more than anything asked here needs.
const DATAGRAM_BYTES: usize = 1500;
