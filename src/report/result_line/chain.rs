//! The certificates of a probe and what the roots say of them, in a few words.

use why5003_probes::model::{Certificate, CertificateFault, Fact, Roots};

use crate::report::plain::cut;

/// What was sent, and whether it leads to a public root and to one of this computer's.
pub(super) fn words(facts: &[Fact]) -> Option<String> {
    let certificates = facts.iter().find_map(|fact| match fact {
        Fact::Chain { certificates } => Some(certificates.as_slice()),
        _ => None,
    });
    let issuer = certificates.and_then(issuer);
    let by = issuer.map(|issuer| format!(": issuer {}", cut(issuer, MAX_NAME_CHARS))).unwrap_or_default();
    let system = verdict_of(facts, Roots::System);
    match verdict_of(facts, Roots::Public) {
        Some(None) => Some(match system {
            Some(Some(fault)) => format!("chain to public root, but this computer says: {}", fault_words(fault)),
            Some(None) | None => "chain to public root".to_owned(),
        }),
        Some(Some(fault)) => {
            let trusted = match system {
                Some(None) => ", this computer trusts it",
                // A wrong date or name is wrong by any roots: that this computer finds it too says nothing of its trust.
                Some(Some(same)) if same == fault && fault != CertificateFault::UnknownIssuer => "",
                Some(Some(_)) => ", this computer does not trust it",
                None => "",
            };
            Some(format!("{}{by}{trusted}", public_fault_words(fault)))
        }
        None => match (system, certificates?) {
            (Some(None), _) => Some(format!("chain that this computer trusts{by}")),
            (Some(Some(fault)), _) => {
                Some(format!("this computer does not trust the chain, {}{by}", fault_words(fault)))
            }
            (None, []) => Some("no certificate".to_owned()),
            (None, [first, ..]) => Some(format!("certificate of {}{by}", cut(&first.subject, MAX_NAME_CHARS))),
        },
    }
}

/// The name of who issued what the server sent: the last certificate's issuer is nearest to the root.
fn issuer(certificates: &[Certificate]) -> Option<&str> {
    let last = certificates.last()?;
    Some(last.issuer_name.as_deref().unwrap_or(&last.issuer))
}

/// What these roots say; the outer `None`: they were not asked.
#[expect(clippy::option_option, reason = "not asked, accepted and refused are three things")]
fn verdict_of(facts: &[Fact], asked: Roots) -> Option<Option<CertificateFault>> {
    facts.iter().find_map(|fact| match fact {
        Fact::Verified { roots, fault, .. } if *roots == asked => Some(*fault),
        _ => None,
    })
}

fn public_fault_words(fault: CertificateFault) -> &'static str {
    match fault {
        CertificateFault::UnknownIssuer => "chain ends in no public root",
        CertificateFault::WrongName => "certificate is for other names",
        CertificateFault::Expired => "certificate has expired",
        CertificateFault::NotYetValid => "certificate is not yet valid",
        CertificateFault::Revoked => "certificate is revoked",
        CertificateFault::Invalid => "certificate is invalid",
        CertificateFault::NoRoots => "no public roots to judge the chain by",
    }
}

fn fault_words(fault: CertificateFault) -> &'static str {
    match fault {
        CertificateFault::UnknownIssuer => "unknown issuer",
        CertificateFault::WrongName => "wrong name",
        CertificateFault::Expired => "expired",
        CertificateFault::NotYetValid => "not yet valid",
        CertificateFault::Revoked => "revoked",
        CertificateFault::Invalid => "invalid",
        CertificateFault::NoRoots => "it has no roots",
    }
}

const MAX_NAME_CHARS: usize = 80;
