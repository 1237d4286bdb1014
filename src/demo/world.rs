//! Opens a world: binds its sockets, hands each to its server, and says how it is to be looked at.
//!
//! What differs between faults comes from the layout; what lives where, from the houses.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use why5003_probes::model::Transport;
use why5003_probes::net::Network;
use why5003_probes::os::Trust;

use super::authority::{Authorities, Holder};
use super::block::{self, Block};
use super::dns::{Manners, OverTls, Resolver, Zone};
use super::doh::OverHttps;
use super::doors;
use super::error::DemoError;
use super::faults::Fault;
use super::houses::{BLOCK_PAGE, BLOCK_PAGE_NAME, HOUSES, House, Kind, LOGIN_PAGE, LOGIN_PAGE_NAME, PROXY, RESOLVER};
use super::layout::{Chain, Datagrams, Layout, Passage, PlainHttp, ProxyManner};
use super::path::{Filter, Path};
use super::proxy::{self, ConnectProxy};
use super::servers::{Reply, Serve, Servers};
use super::shifted::{Endpoints, Shifted, void};
use super::tls::TlsHost;
use super::udp::{Mute, Stun, ZoomDialect};
use super::web::{PlainSite, Site};
use super::{DemoClock, DemoSystem, catalogue, controls, status, zoom};

/// A running world, and all that a diagnosis of it must be handed. Dropping it ends its servers.
pub struct World {
    /// The catalogue of the world, in the form of a catalogue file (TOML).
    pub catalogue: String,
    /// The network: nothing dialled through it leaves the world.
    pub network: Arc<dyn Network>,
    /// The computer.
    pub system: DemoSystem,
    /// Its clock.
    pub clock: DemoClock,
    /// What counts as public roots in the world, and what the computer's store holds.
    pub trust: Trust,
    _servers: Servers,
}

/// Opens a world with a fault, in the first block of loopback addresses that is free. The network is that of the real
/// computer.
///
/// # Errors
/// [`DemoError::Open`] when there is no free block among the first sixteen, or the system refuses sockets.
/// [`DemoError::Certificate`] or [`DemoError::Tls`] when a crypto library refuses.
pub async fn start(fault: &Fault, network: Arc<dyn Network>) -> Result<World, DemoError> {
    for _ in 1..BLOCKS_TRIED {
        match open(&fault.layout, Block::next(), Arc::clone(&network)) {
            Err(DemoError::Open { source, .. }) if source.kind() == io::ErrorKind::AddrInUse => {}
            ended => return ended,
        }
    }
    open(&fault.layout, Block::next(), network)
}

fn open(layout: &Layout, block: Block, network: Arc<dyn Network>) -> Result<World, DemoError> {
    let authorities = Authorities::found()?;
    let mut site = BuildingSite {
        block,
        layout,
        authorities: &authorities,
        zone: Arc::new(Zone::of(block)),
        servers: Servers::default(),
        endpoints: Vec::new(),
        filtered: HashMap::new(),
    };
    site.void()?;
    for house in HOUSES {
        site.house(house)?;
    }
    site.configured_resolver()?;
    site.page(BLOCK_PAGE, BLOCK_PAGE_NAME, &controls::blocked())?;
    site.page(LOGIN_PAGE, LOGIN_PAGE_NAME, &controls::login())?;
    let filtered = std::mem::take(&mut site.filtered);
    let (servers, endpoints) = site.finish()?;
    let path = Path::new(block, filtered);
    let network: Arc<dyn Network> = Arc::new(Shifted::new(network, block, endpoints, path));
    Ok(World {
        catalogue: catalogue::text(block),
        system: DemoSystem::new(block, layout, Arc::clone(&network)),
        network,
        clock: DemoClock::start(layout.clock_ahead),
        trust: Trust::new(authorities.public_roots()?, Some(authorities.system_store(layout.store)?)),
        _servers: servers,
    })
}

/// How a TCP port is met by who comes straight, not through the proxy.
#[derive(Clone, Copy, Debug)]
enum Door {
    /// It takes connections.
    Open,
    /// It answers nothing.
    Silent,
}

/// A world while it is being opened.
struct BuildingSite<'a> {
    block: Block,
    layout: &'a Layout,
    authorities: &'a Authorities,
    zone: Arc<Zone>,
    servers: Servers,
    endpoints: Vec<(Ipv4Addr, u16, Transport)>,
    filtered: HashMap<(Ipv4Addr, u16, Transport), Filter>,
}

impl BuildingSite<'_> {
    /// Where everything without a house is led to: it takes everything and answers nothing.
    fn void(&mut self) -> Result<(), DemoError> {
        let at = void(self.block);
        let failed = |source| DemoError::Open { at, source };
        self.servers.silence(doors::silent(at).map_err(failed)?);
        self.servers.udp(doors::receive(at).map_err(failed)?, Arc::new(Mute));
        Ok(())
    }

    fn house(&mut self, house: &House) -> Result<(), DemoError> {
        match house.kind {
            Kind::SignIn | Kind::Side => {
                self.tls(house, Some(zoom::web(self.layout.zoom_says)))?;
                self.plain(house, zoom::plain())
            }
            Kind::Controller => self.tls(house, None),
            Kind::Media => {
                self.tls(house, None)?;
                let dialect: Arc<dyn Reply> = Arc::new(ZoomDialect(self.layout.zoom_udp));
                let silent = self.layout.zoom_udp == Datagrams::Silent;
                for port in [3478, 3479] {
                    self.datagrams(house, port, &dialect)?;
                    if silent {
                        let flows = house.addresses(self.block).map(|address| (address, port, Transport::Udp));
                        self.filtered.extend(flows.map(|flow| (flow, Filter::Drops)));
                    }
                }
                Ok(())
            }
            Kind::Status => self.tls(house, Some(status::page(self.layout.status_says))),
            Kind::Control => self.tls(house, Some(controls::neutral())),
            Kind::Portal => self.plain(house, controls::known()),
            Kind::Revocation => self.plain(house, controls::revocation()),
            Kind::Resolver => self.independent_resolver(house),
            Kind::Stun => {
                let stun: Arc<dyn Reply> = Arc::new(Stun(self.layout.stun));
                self.datagrams(house, 3478, &stun)
            }
        }
    }

    /// TLS on port 443, as the fault has it.
    fn tls(&mut self, house: &House, site: Option<Site>) -> Result<(), DemoError> {
        let (passage, chain) = if house.is_zooms() {
            (self.layout.zoom_tcp, self.layout.zoom_chain)
        } else {
            (self.layout.neutral_tcp, self.layout.neutral_chain)
        };
        let alpn: &[&str] = if site.is_some() { &["http/1.1"] } else { &[] };
        let (holder, site) = match self.layout.plain_http {
            PlainHttp::CaptivePortal => (login_holder(), Some(controls::captive())),
            PlainHttp::Served | PlainHttp::Dropped => (self.holder(house), site),
        };
        let config = self.authorities.server(chain, &holder, alpn)?;
        let serve = Arc::new(TlsHost { config, passage, site });
        let filter = match passage {
            Passage::Dropped => Some(Filter::Drops),
            Passage::Refused => Some(Filter::Resets),
            _ => None,
        };
        for address in house.addresses(self.block) {
            self.filtered.extend(filter.map(|filter| ((address, HTTPS, Transport::Tcp), filter)));
            match passage {
                Passage::Refused => self.endpoints.push((address, HTTPS, Transport::Tcp)),
                Passage::Dropped => self.tcp(address, HTTPS, Door::Silent, serve.clone())?,
                Passage::Open
                | Passage::Reset
                | Passage::ResetByName
                | Passage::OnlySmallHello
                | Passage::OnlySmallSegments => self.tcp(address, HTTPS, Door::Open, serve.clone())?,
            }
        }
        Ok(())
    }

    /// Plain HTTP on port 80, as the fault has it.
    fn plain(&mut self, house: &House, site: Site) -> Result<(), DemoError> {
        let (site, door) = match self.layout.plain_http {
            PlainHttp::Served => (site, Door::Open),
            PlainHttp::CaptivePortal => (controls::captive(), Door::Open),
            PlainHttp::Dropped => (site, Door::Silent),
        };
        let serve = Arc::new(PlainSite(site));
        for address in house.addresses(self.block) {
            self.tcp(address, HTTP, door, serve.clone())?;
        }
        Ok(())
    }

    fn datagrams(&mut self, house: &House, port: u16, reply: &Arc<dyn Reply>) -> Result<(), DemoError> {
        for address in house.addresses(self.block) {
            self.udp(address, port, Arc::clone(reply))?;
        }
        Ok(())
    }

    fn configured_resolver(&mut self) -> Result<(), DemoError> {
        let manners = Manners::configured(self.layout);
        self.resolver(self.block.at(RESOLVER), manners)
    }

    fn independent_resolver(&mut self, house: &House) -> Result<(), DemoError> {
        let manners = Manners::independent(self.layout);
        let holder = self.holder(house);
        let resolver = Resolver::new(self.zone.clone(), manners);
        let config = self.authorities.server(Chain::Public, &holder, &[])?;
        let over_tls = Arc::new(OverTls { resolver: resolver.clone(), config });
        let config = self.authorities.server(Chain::Public, &holder, &["h2"])?;
        let over_https = Arc::new(OverHttps { resolver, config });
        for address in house.addresses(self.block) {
            self.resolver(address, manners)?;
            self.tcp(address, DOT, door_of(manners), over_tls.clone())?;
            self.tcp(address, HTTPS, door_of(manners), over_https.clone())?;
        }
        Ok(())
    }

    fn resolver(&mut self, address: Ipv4Addr, manners: Manners) -> Result<(), DemoError> {
        let resolver = Arc::new(Resolver::new(self.zone.clone(), manners));
        self.udp(address, DNS, resolver.clone())?;
        self.tcp(address, DNS, door_of(manners), resolver)
    }

    /// A page that stands in the way of others; it vouches for itself.
    fn page(&mut self, octet: u8, name: &str, site: &Site) -> Result<(), DemoError> {
        let holder = Holder { organisation: "Example Corp", names: vec![name.to_owned()], addresses: Vec::new() };
        let config = self.authorities.server(Chain::SelfSigned, &holder, &["http/1.1"])?;
        let over_tls = TlsHost { config, passage: Passage::Open, site: Some(site.clone()) };
        self.tcp(self.block.at(octet), HTTPS, Door::Open, Arc::new(over_tls))?;
        self.tcp(self.block.at(octet), HTTP, Door::Open, Arc::new(PlainSite(site.clone())))
    }

    /// Opens the proxy, which must know all others, and ends the work.
    fn finish(mut self) -> Result<(Servers, Endpoints), DemoError> {
        let source = self.block.at(PROXY);
        let place = (source, proxy::PORT, Transport::Tcp);
        let others: Endpoints = self.endpoints.iter().copied().collect();
        match self.layout.proxy {
            None => {}
            Some(ProxyManner::Dead) => self.endpoints.push(place),
            Some(manner @ (ProxyManner::Works | ProxyManner::WantsLogin | ProxyManner::DeniesZoom)) => {
                let proxy = ConnectProxy { manner, source, zone: self.zone.clone(), endpoints: others };
                self.tcp(source, proxy::PORT, Door::Open, Arc::new(proxy))?;
            }
        }
        Ok((self.servers, self.endpoints.into_iter().collect()))
    }

    fn tcp(&mut self, address: Ipv4Addr, port: u16, door: Door, serve: Arc<dyn Serve>) -> Result<(), DemoError> {
        let at = block::real(address, port);
        match door {
            Door::Open => self.listen(at, serve.clone())?,
            Door::Silent => {
                let silence = doors::silent(at).map_err(|source| DemoError::Open { at, source })?;
                self.servers.silence(silence);
            }
        }
        if self.layout.proxy.is_some() {
            self.listen(block::behind(address, port), serve)?;
        }
        self.endpoints.push((address, port, Transport::Tcp));
        Ok(())
    }

    fn listen(&mut self, at: SocketAddr, serve: Arc<dyn Serve>) -> Result<(), DemoError> {
        let listener = doors::listen(at).map_err(|source| DemoError::Open { at, source })?;
        self.servers.tcp(listener, serve);
        Ok(())
    }

    fn udp(&mut self, address: Ipv4Addr, port: u16, reply: Arc<dyn Reply>) -> Result<(), DemoError> {
        let at = block::real(address, port);
        let socket = doors::receive(at).map_err(|source| DemoError::Open { at, source })?;
        self.servers.udp(socket, reply);
        self.endpoints.push((address, port, Transport::Udp));
        Ok(())
    }

    fn holder(&self, house: &House) -> Holder {
        match house.operator {
            None => Holder {
                organisation: zoom::ORGANISATION,
                names: zoom::CERTIFICATE_NAMES.iter().map(ToString::to_string).collect(),
                addresses: Vec::new(),
            },
            Some(organisation) => Holder {
                organisation,
                names: house.names.iter().map(ToString::to_string).collect(),
                addresses: house.addresses(self.block).collect(),
            },
        }
    }
}

fn login_holder() -> Holder {
    Holder { organisation: "Example Hotel", names: vec![LOGIN_PAGE_NAME.to_owned()], addresses: Vec::new() }
}

/// A resolver that answers nothing does not take connections either.
fn door_of(manners: Manners) -> Door {
    if manners.is_mute() { Door::Silent } else { Door::Open }
}

/// A few, so that one busy block is no end and a machine without sockets is.
const BLOCKS_TRIED: u8 = 16;

const DNS: u16 = 53;
const HTTP: u16 = 80;
const HTTPS: u16 = 443;
/// RFC 7858, 3.1.
const DOT: u16 = 853;
