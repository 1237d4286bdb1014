//! A certificate verifier that accepts everything and keeps what it was shown.
//!
//! Whether the server holds the key of its certificate is kept too: a chain that was merely copied proves nothing.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// Keeps the chain of one handshake.
#[derive(Debug)]
pub(crate) struct Recorder {
    chain: OnceLock<Vec<CertificateDer<'static>>>,
    holds_key: OnceLock<bool>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Recorder {
    /// A recorder for one handshake.
    pub(crate) fn new() -> Arc<Self> {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        Arc::new(Self { chain: OnceLock::new(), holds_key: OnceLock::new(), algorithms })
    }

    /// The certificates the server sent, its own first; none where the handshake did not come so far.
    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        self.chain.get().map_or(&[], Vec::as_slice)
    }

    /// Whether the server's signature was wrong for the key in its certificate.
    pub(crate) fn only_copied(&self) -> bool {
        self.holds_key.get() == Some(&false)
    }

    fn accept(&self, signature: &Result<HandshakeSignatureValid, Error>) -> HandshakeSignatureValid {
        let _already = self.holds_key.set(signature.is_ok());
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).cloned().map(CertificateDer::into_owned);
        let _already = self.chain.set(chain.collect());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(self.accept(&verify_tls12_signature(message, cert, dss, &self.algorithms)))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(self.accept(&verify_tls13_signature(message, cert, dss, &self.algorithms)))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
