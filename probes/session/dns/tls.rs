//! DNS over TLS (RFC 7858): the same framing inside a handshake that only a publicly trusted certificate passes.
//!
//! A question is never sent to a server that could not prove its name; what its chain lacks is a fact.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::stream::{Asking, Framed, STREAM_BYTES, exchange, garbage};
use crate::model::{CannotProbe, CertificateFault, Fact, Failure, Handshake, How, Roots, Stage};
use crate::net::counting_stream::Tap;
use crate::session::Means;
use crate::session::stream_error::broken;
use crate::session::tls::{finished, verify};

/// Asks over TLS; the certificate must be for `name`. TCP and TLS failures keep their own stages.
///
/// # Errors
/// [`CannotProbe`] when no socket could be made.
pub(crate) async fn by_tls(
    asking: Asking<'_>,
    name: &ServerName<'static>,
    facts: &mut Vec<Fact>,
) -> Result<Option<Failure>, CannotProbe> {
    let stream = match asking.connect(facts).await? {
        Ok(stream) => stream,
        Err(failure) => return Ok(Some(failure)),
    };
    let (clock, query) = (asking.means.clock, asking.question.query());
    let (config, judge) = client(asking.means)?;
    let mut tap = Tap::new(stream, STREAM_BYTES);
    let (began, mut framed) = (clock.elapsed(), Framed::default());
    let mut shaken: Option<(Handshake, Duration)> = None;
    let ended = timeout(asking.wait(), async {
        let mut tls = TlsConnector::from(config).connect(name.clone(), &mut tap).await?;
        let sent = clock.elapsed();
        shaken = Some((finished(tls.get_ref().1, sent.saturating_sub(began)), sent));
        exchange(&mut tls, &query.bytes, &mut framed).await
    })
    .await;
    facts.extend(tap.inner().icmp().into_iter().map(Fact::Icmp));
    facts.extend(judge.fact());
    if let Some((handshake, sent)) = shaken {
        facts.push(Fact::Handshake(handshake));
        return Ok(asking.framed(ended.ok(), &framed, query.id, sent, facts));
    }
    let (how, words) = match ended {
        Ok(Err(error)) => broken(&error),
        Ok(Ok(())) | Err(_) => (How::Silent, None),
    };
    let waited = clock.elapsed().saturating_sub(began);
    Ok(Some(not_shaken(how, words, &judge, tap.first(), facts).after(waited)))
}

/// How a handshake failed, with what its first bytes tell.
pub(crate) fn not_shaken(
    how: How,
    words: Option<String>,
    judge: &Judge,
    first: &[u8],
    facts: &mut Vec<Fact>,
) -> Failure {
    let stage = if first.is_empty() { Stage::Hello } else { Stage::Handshake };
    if let Some(Err(fault)) = judge.found.get() {
        return Failure::new(stage, How::Malformed).saying(format!("certificate not accepted: {}", lacks(*fault)));
    }
    match (how, words) {
        (How::Alert, Some(name)) => {
            facts.push(Fact::Alert { name: name.clone() });
            Failure::new(stage, how).saying(name)
        }
        (_, words) => {
            if how == How::Malformed {
                facts.push(garbage(first));
            }
            let failure = Failure::new(stage, how);
            failure.saying_any(words)
        }
    }
}

fn lacks(fault: CertificateFault) -> &'static str {
    match fault {
        CertificateFault::UnknownIssuer => "unknown issuer",
        CertificateFault::WrongName => "for another name",
        CertificateFault::Expired => "expired",
        CertificateFault::NotYetValid => "not yet valid",
        CertificateFault::Revoked => "revoked",
        CertificateFault::Invalid => "invalid",
        CertificateFault::NoRoots => "no roots to judge by",
    }
}

/// A client whose handshakes end at a chain that the public roots don't accept, and the judge that tells why.
pub(crate) fn client(means: &Means<'_>) -> Result<(Arc<ClientConfig>, Arc<Judge>), CannotProbe> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let judge = Arc::new(Judge {
        roots: means.trust.public(),
        now: means.clock.wall(),
        provider: Arc::clone(&provider),
        found: OnceLock::new(),
    });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| CannotProbe::Io { operation: "prepare TLS", source: std::io::Error::other(error) })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Judge>::clone(&judge))
        .with_no_client_auth();
    Ok((Arc::new(config), judge))
}

/// Holds a chain against the public roots, refuses what they don't accept, and remembers which it was.
#[derive(Debug)]
pub(crate) struct Judge {
    roots: Arc<RootCertStore>,
    now: Duration,
    provider: Arc<CryptoProvider>,
    found: OnceLock<Result<(), CertificateFault>>,
}

impl Judge {
    /// What was found, once a chain came.
    pub(crate) fn fact(&self) -> Option<Fact> {
        self.found.get().map(|found| Fact::Verified { roots: Roots::Public, fault: found.err(), besides: None })
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain: Vec<_> = std::iter::once(own).chain(others).cloned().collect();
        let found = verify(Some(Arc::clone(&self.roots)), &chain, &name.to_str(), self.now);
        match self.found.get_or_init(|| found) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, own, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, own, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
