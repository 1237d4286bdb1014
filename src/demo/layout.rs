//! A world as a value: how each of its parts behaves, as far as faults change it.
//!
//! Nothing here opens a socket.

use std::time::Duration;

/// A world, as far as faults change it.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// How the configured resolver answers for the names of Zoom's web hosts.
    pub zoom_names: Names,
    /// How it answers for Zoom's log names.
    pub log_names: Names,
    /// How it answers for all others.
    pub other_names: Names,
    /// How the resolvers answer that nobody configured.
    pub independents: Names,
    /// The hosts file.
    pub hosts_file: HostsFile,
    /// How Zoom's TCP port 443 is reached.
    pub zoom_tcp: Passage,
    /// How everybody else's is.
    pub neutral_tcp: Passage,
    /// What Zoom's servers present.
    pub zoom_chain: Chain,
    /// What everybody else's do.
    pub neutral_chain: Chain,
    /// What this computer's certificate store holds.
    pub store: Store,
    /// What Zoom's web hosts answer.
    pub zoom_says: ZoomSays,
    /// What Zoom's status page says.
    pub status_says: StatusSays,
    /// How plain HTTP is answered.
    pub plain_http: PlainHttp,
    /// Whether Zoom's media servers answer UDP 3478 and 3479.
    pub zoom_udp: Datagrams,
    /// Whether neutral STUN servers answer.
    pub stun: Datagrams,
    /// How far this computer's clock is ahead.
    pub clock_ahead: Duration,
    /// The proxy that is configured, where one is.
    pub proxy: Option<ProxyManner>,
}

/// How a resolver answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// With what is so.
    True,
    /// NXDOMAIN.
    Denied,
    /// With the address of a block page.
    BlockPage,
    /// With 0.0.0.0.
    Unspecified,
    /// SERVFAIL.
    Failing,
    /// Not at all.
    Silent,
}

/// What the hosts file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostsFile {
    /// Nothing of Zoom.
    Empty,
    /// `zoom.us` at an address where nobody lives.
    PinsZoom,
}

/// How a TCP port is reached, and how far a TLS handshake gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Freely.
    Open,
    /// Nothing is answered, unless the proxy asks.
    Dropped,
    /// Nobody listens: a RST answers the SYN.
    Refused,
    /// A RST ends each connection at once.
    Reset,
    /// A RST ends a connection whose ClientHello names a host of Zoom's.
    ResetByName,
    /// A ClientHello of more than 1 200 bytes is never answered.
    OnlySmallHello,
    /// Nothing is answered where segments of more than 1 240 bytes were agreed on.
    OnlySmallSegments,
}

/// What a TLS server presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// A certificate of the public authority.
    Public,
    /// One of the public authority, whose time is over.
    Expired,
    /// One that an inspecting gateway made.
    Inspected,
    /// One that vouches for itself.
    SelfSigned,
}

/// What this computer's certificate store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// The public roots.
    Public,
    /// The root of the inspecting gateway too.
    WithInspection,
}

/// What Zoom's web hosts answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoomSays {
    /// 301 to the web pages, as always.
    Redirect,
    /// 503.
    Unavailable,
}

/// What Zoom's status page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusSays {
    /// All is well.
    Operational,
    /// A major outage.
    MajorOutage,
}

/// How plain HTTP is answered, and whether whoever answers it stands before TLS too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    /// By whom it is meant for.
    Served,
    /// By a captive portal that wants a login, whatever is asked; it answers TLS too.
    CaptivePortal,
    /// Not at all.
    Dropped,
}

/// Whether datagrams are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datagrams {
    /// They are.
    Answered,
    /// They are not.
    Silent,
}

/// What a proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyManner {
    /// It makes tunnels.
    Works,
    /// It wants to know who asks: 407.
    WantsLogin,
    /// It denies Zoom's names: 403.
    DeniesZoom,
    /// Nobody listens there.
    Dead,
}

/// A world in which all is well.
pub(super) const HEALTHY: Layout = Layout {
    zoom_names: Names::True,
    log_names: Names::True,
    other_names: Names::True,
    independents: Names::True,
    hosts_file: HostsFile::Empty,
    zoom_tcp: Passage::Open,
    neutral_tcp: Passage::Open,
    zoom_chain: Chain::Public,
    neutral_chain: Chain::Public,
    store: Store::Public,
    zoom_says: ZoomSays::Redirect,
    status_says: StatusSays::Operational,
    plain_http: PlainHttp::Served,
    zoom_udp: Datagrams::Answered,
    stun: Datagrams::Answered,
    clock_ahead: Duration::ZERO,
    proxy: None,
};
