//! The authorities of the lab and the chains that its servers present, as files of the scenario's directory.
//!
//! `root.pem` is what counts as the public roots, `store.pem` the system's store.

use std::fs;

use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::inside::LAB;
use crate::scenario::Certificates;

type Authority = CertifiedIssuer<'static, KeyPair>;

const ZOOM: &[&str] = &["zoom.us", "*.zoom.us", "us.telemetry.zoom.us", "zoom.com", "*.zoom.com"];
const STATUS: &[&str] = &["status.zoom.us", "www.zoomstatus.com", "zoom.statuspage.io"];
const NEUTRAL: &[&str] = &["example.com", "www.iana.org", "www.wikipedia.org", "www.microsoft.com"];
const RESOLVER: &[&str] = &[
    "one.one.one.one",
    "cloudflare-dns.com",
    "dns.google",
    "dns.quad9.net",
    "1.1.1.1",
    "8.8.8.8",
    "9.9.9.9",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2620:fe::fe",
];

/// Writes them all.
pub(crate) fn write(presented: Certificates) {
    let public = authority("DigiCert Inc", "DigiCert Lab Root");
    let inspection = authority("Fortinet", "FortiGate CA");
    write_file("root.pem", &public.pem());
    write_file("store.pem", &public.pem());
    write_file("inspection.pem", &inspection.pem());
    write_file("inspection.key", &inspection.key().serialize_pem());
    let (zoom, others) = match presented {
        Certificates::Good | Certificates::ZoomExpired => (&public, &public),
        Certificates::ZoomInspected => (&inspection, &public),
        Certificates::Inspected => (&inspection, &inspection),
    };
    leaf("zoom", ZOOM, zoom, presented == Certificates::ZoomExpired);
    leaf("status", STATUS, others, false);
    leaf("neutral", NEUTRAL, others, false);
    leaf("resolver", RESOLVER, others, false);
}

fn authority(organisation: &str, name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::OrganizationName, organisation);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// From half a year ago for a year, or until a month ago.
fn leaf(name: &str, holders: &[&str], issuer: &Authority, expired: bool) {
    let key = KeyPair::generate().unwrap();
    let holders: Vec<String> = holders.iter().map(|&holder| holder.to_owned()).collect();
    let mut params = CertificateParams::new(holders).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let date = |days: i64| {
        let day = Offset::UTC.to_datetime(Timestamp::now().saturating_add((24 * days).hours()).unwrap()).date();
        rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs())
    };
    params.not_before = date(-180);
    params.not_after = date(if expired { -30 } else { 180 });
    let certificate = params.signed_by(&key, issuer).unwrap();
    write_file(&format!("{name}.pem"), &format!("{}{}", certificate.pem(), issuer.pem()));
    write_file(&format!("{name}.key"), &key.serialize_pem());
}

fn write_file(name: &str, text: &str) {
    fs::write(format!("{LAB}/{name}"), text).unwrap();
}
