//! The ClientHello to send: its server name, its size and the versions it offers.
//!
//! Nothing is remembered between two of them: no session is resumed, so that each is a first one.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, NamedGroup, SupportedProtocolVersion};

use super::Recorder;
use crate::model::{Fact, Hello, Settings, Sni, Target, TlsVersions};

/// The variables of a ClientHello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientHello {
    name: Option<ServerName<'static>>,
    size: Hello,
    versions: Option<TlsVersions>,
}

impl ClientHello {
    /// The hello for a target under these settings; `None` where its server name can't stand in a hello.
    pub(crate) fn new(target: &Target, settings: &Settings) -> Option<Self> {
        let own = target.host.as_deref();
        let name = match &settings.sni {
            Some(Sni::Absent) => None,
            Some(Sni::Name(name)) => Some(name.as_str()),
            None => own,
        };
        let name = match name.map(|name| ServerName::try_from(name.to_owned())) {
            None | Some(Ok(ServerName::IpAddress(_))) => None,
            Some(Ok(name)) => Some(name),
            Some(Err(_)) => return None,
        };
        Some(Self { name, size: settings.hello.unwrap_or(Hello::Large), versions: settings.tls })
    }

    /// The fact that it was sent, where any of its bytes were.
    pub(crate) fn sent(&self, bytes: u64) -> Option<Fact> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        (bytes > 0).then(|| Fact::HelloSent {
            bytes,
            server_name: self.server_name(),
            post_quantum: self.post_quantum(),
        })
    }

    /// The record that carries it.
    pub(super) fn bytes(&self, recorder: &Arc<Recorder>) -> Result<Vec<u8>, rustls::Error> {
        let mut session = ClientConnection::new(Arc::new(self.config(recorder)?), self.rustls_name())?;
        let mut bytes = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut bytes).map_err(|error| rustls::Error::General(error.to_string()))?;
        }
        Ok(bytes)
    }

    fn server_name(&self) -> Option<String> {
        self.name.as_ref().map(|name| name.to_str().into_owned())
    }

    /// Only TLS 1.3 knows key shares.
    fn post_quantum(&self) -> bool {
        self.size == Hello::Large && self.versions != Some(TlsVersions::Only12)
    }

    /// The name rustls wants; where none is sent, an address stands in, which it never sends.
    pub(super) fn rustls_name(&self) -> ServerName<'static> {
        self.name.clone().unwrap_or_else(|| ServerName::from(IpAddr::from([0, 0, 0, 0])))
    }

    /// The configuration that makes rustls send it, and hand what comes back to the recorder.
    pub(super) fn config(&self, recorder: &Arc<Recorder>) -> Result<ClientConfig, rustls::Error> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider(self.size)))
            .with_protocol_versions(versions(self.versions))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(recorder) as Arc<_>)
            .with_no_client_auth();
        config.enable_sni = self.name.is_some();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// rustls sends the key share of its first group, and with a hybrid one that of its classical part.
fn provider(size: Hello) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    match size {
        Hello::Large => provider.kx_groups.sort_by_key(|group| group.name() != NamedGroup::X25519MLKEM768),
        Hello::Small => provider.kx_groups.retain(|group| group.name() != NamedGroup::X25519MLKEM768),
    }
    provider
}

fn versions(only: Option<TlsVersions>) -> &'static [&'static SupportedProtocolVersion] {
    match only {
        None => rustls::ALL_VERSIONS,
        Some(TlsVersions::Only12) => &ONLY_12,
        Some(TlsVersions::Only13) => &ONLY_13,
    }
}

static ONLY_12: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
static ONLY_13: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
