//! The words that several renderings share: who mends, how a status reads, how long something took.
//!
//! It never lays anything out.

use std::collections::BTreeSet;
use std::time::Duration;

use why5003_probes::model::{Dialect, Fetch, Hello, Layer, Method, Probe, RecordType, Sni, TlsVersions};

use super::model::Report;
use super::plain::plain;
use crate::verdict::{Finding, Location, Owner, RuledOut, Status, Verdict, cause};

/// The status as a word and what it means.
pub(super) fn status(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Healthy => ("HEALTHY", "nothing on this network explains error 5003"),
        Status::Degraded => ("DEGRADED", "sign-in works from here; something else of Zoom is impaired"),
        Status::Blocked => ("BLOCKED", "a Zoom client here would show error 5003"),
        Status::Unknown => ("UNKNOWN", "whether a Zoom client here would show error 5003 is not known"),
    }
}

/// The verdict in a sentence or two; a run that was ended early says so first.
pub(super) fn summary(report: &Report) -> String {
    let summary = &report.verdict.summary;
    if report.complete { summary.clone() } else { format!("Incomplete run. {summary}") }
}

/// Who mends it.
pub(super) fn owner(owner: Owner) -> &'static str {
    match owner {
        Owner::User => "the user of this computer",
        Owner::Network => "whoever runs this network",
        Owner::Isp => "the internet provider",
        Owner::Zoom => "Zoom",
    }
}

/// The layer's name.
pub(super) fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Host => "host",
        Layer::Link => "link",
        Layer::Path => "path",
        Layer::Dns => "dns",
        Layer::Proxy => "proxy",
        Layer::Filter => "filter",
        Layer::Tls => "tls",
        Layer::Zoom => "zoom",
        Layer::Client => "client",
    }
}

/// What is certain in all that this program says of a healthy network.
pub(super) const NOT_ZOOMS_CLIENT: &str = "This program is not Zoom's client: a firewall rule, proxy setting or \
    certificate check that applies to Zoom's program alone does not show here.";

/// A time as `0.4 ms`, `12.3 ms` or `3.2 s`.
pub(super) fn time(time: Duration) -> String {
    // What would round to 1000.0 ms is 1.0 s.
    if time < Duration::from_micros(999_950) {
        format!("{:.1} ms", time.as_secs_f64() * 1000.0)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// [`time`] of microseconds.
pub(super) fn micros(us: u64) -> String {
    time(Duration::from_micros(us))
}

/// How sure, in percent.
pub(super) fn percent(confidence: f64) -> String {
    format!("{:.0} %", (confidence * 100.0).clamp(0.0, 100.0))
}

/// `[3] [17]`.
pub(super) fn ids(ids: &[u32]) -> String {
    ids.iter().map(|id| format!("[{id}]")).collect::<Vec<_>>().join(" ")
}

/// The items joined by commas; of more than `max`, the rest as a count.
pub(super) fn list<T: ToString>(items: &[T], max: usize) -> String {
    let shown: Vec<String> = items.iter().take(max).map(|item| plain(&item.to_string()).into_owned()).collect();
    match items.len().saturating_sub(max) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Where a finding sits, in a sentence; `None` where a place on the way makes no sense for it.
pub(super) fn place(finding: &Finding) -> Option<String> {
    let layer = cause(&finding.id).map(|cause| cause.layer);
    let on_the_way = matches!(layer, Some(Layer::Filter | Layer::Path | Layer::Link));
    match &finding.location {
        Some(Location { hop, address: Some(address), next: Some(next) }) => Some(format!(
            "{}{address} is the last that answers for the affected flow, {next} the first that answers for a passing \
             flow alone: it is {address} or sits between the two",
            hop_words(*hop)
        )),
        Some(Location { hop, address: None, next: Some(next) }) => Some(format!(
            "{}before {next}, the first that answers for a passing flow alone; nothing nearer answers",
            hop_words(*hop)
        )),
        Some(location) if *location != Location::default() => spot(location),
        _ if on_the_way => Some("not located on the way".to_owned()),
        _ if matches!(layer, Some(Layer::Host | Layer::Client)) => Some("this computer".to_owned()),
        _ => None,
    }
}

/// A hop and its address, in words; `None` where neither is known.
fn spot(location: &Location) -> Option<String> {
    match (location.hop, location.address) {
        (Some(0), None) => Some("this computer".to_owned()),
        (Some(0), Some(address)) => Some(format!("this computer, {address}")),
        (Some(hop), None) => Some(format!("hop {hop}, whose address is not known")),
        (Some(hop), Some(address)) => Some(format!("hop {hop}, {address}")),
        (None, Some(address)) => Some(address.to_string()),
        (None, None) => None,
    }
}

/// Where a sweep's packets are stopped, in words: `at hop 2, 10.0.2.2`, or `by 10.0.2.2` where only the sender of a refusal is
/// known; `None` where nothing is.
pub(super) fn stopped_where(location: Option<&Location>) -> Option<String> {
    let location = location?;
    let preposition = if location.hop.is_some() { "at" } else { "by" };
    Some(format!("{preposition} {}", spot(location)?))
}

/// A detail as a label and its text: words instead of a field's name, and a span of time that can be grasped.
pub(super) fn detail(name: &str, value: &str) -> (String, String) {
    let label = |name: &str| name.replace('_', " ");
    match (name.strip_suffix("_s"), value.parse::<i64>()) {
        (Some(name), Ok(seconds)) => (label(name), span(seconds)),
        _ => (label(name), value.to_owned()),
    }
}

/// Seconds in the largest unit of which there are two at least, such as `1095 days`, `-3 hours` or `90 s`.
pub(super) fn span(seconds: i64) -> String {
    for (unit, name) in [(86_400, "days"), (3600, "hours"), (60, "minutes")] {
        if seconds.unsigned_abs() >= 2 * unit {
            let sign = if seconds < 0 { "-" } else { "" };
            return format!("{sign}{} {name}", seconds.unsigned_abs() / unit);
        }
    }
    format!("{seconds} s")
}

/// What was ruled out, the neighbours that the same observations exclude in one entry.
pub(super) fn ruled_out(all: &[RuledOut]) -> Vec<(Vec<&str>, &[u32])> {
    let mut grouped: Vec<(Vec<&str>, &[u32])> = Vec::new();
    for RuledOut { id, because } in all {
        match grouped.iter_mut().find(|(_, by)| by == because) {
            Some((ids, _)) => ids.push(id),
            None => grouped.push((vec![id], because)),
        }
    }
    grouped
}

fn hop_words(hop: Option<u8>) -> String {
    match hop {
        Some(0) => "this computer: ".to_owned(),
        Some(hop) => format!("hop {hop}: "),
        None => String::new(),
    }
}

/// The observations that the causes cite: those for them, then those against them, each once.
pub(super) fn cited(verdict: &Verdict) -> Vec<u32> {
    let causes = || verdict.causes.iter();
    let all = causes().flat_map(|cause| &cause.because).chain(causes().flat_map(|cause| &cause.against));
    let mut seen = BTreeSet::new();
    all.copied().filter(|id| seen.insert(*id)).collect()
}

/// The variables in which a probe differs from the baseline and that a reader needs to tell two probes apart.
pub(super) fn variables(probe: &Probe) -> String {
    let set = &probe.settings;
    let mut words = Vec::new();
    if let Some(record) = set.record {
        words.push(match record {
            RecordType::A => "A".to_owned(),
            RecordType::Aaaa => "AAAA".to_owned(),
        });
    }
    if set.checking_disabled == Some(true) {
        words.push("CD=1".to_owned());
    }
    words.extend(set.ttl.map(|ttl| format!("TTL {ttl}")));
    words.extend(set.traceroute.map(|top| format!("TTL 1 to {top}")));
    words.extend(set.mss.map(|mss| format!("MSS {mss}")));
    words.extend(set.source.map(|source| format!("from {source}")));
    words.extend(set.sni.as_ref().map(|sni| match sni {
        Sni::Name(name) => format!("SNI {name}"),
        Sni::Absent => "no SNI".to_owned(),
    }));
    words.extend(set.hello.map(|hello| match hello {
        Hello::Large => "large hello".to_owned(),
        Hello::Small => "small hello".to_owned(),
    }));
    words.extend(set.tls.map(|tls| match tls {
        TlsVersions::Only12 => "TLS 1.2 only".to_owned(),
        TlsVersions::Only13 => "TLS 1.3 only".to_owned(),
    }));
    words.extend(set.dialect.map(|dialect| match dialect {
        Dialect::Zoom => "Zoom's dialect".to_owned(),
        Dialect::Stun => "STUN".to_owned(),
    }));
    // Every web look fetches `/`: it tells no two apart.
    words.extend(set.fetch.as_ref().filter(|fetch| fetch.path != "/").map(|Fetch { method, path, expect: _ }| {
        match method {
            Method::Get => format!("GET {path}"),
            Method::Head => format!("HEAD {path}"),
        }
    }));
    plain(&words.join(", ")).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::verdict::{FindingRole, Scope};

    fn found(id: &str, location: Option<Location>) -> Option<String> {
        place(&Finding {
            id: id.to_owned(),
            title: String::new(),
            confidence: 0.9,
            owner: Owner::Network,
            role: FindingRole::Root,
            location,
            scope: Scope::default(),
            details: BTreeMap::new(),
            because: vec![3, 1],
            against: vec![1, 2],
            remedies: Vec::new(),
        })
    }

    #[test]
    fn a_filter_is_the_last_that_answers_or_sits_behind_it() {
        let location = Location { hop: Some(2), address: "10.0.1.1".parse().ok(), next: "10.0.2.2".parse().ok() };
        assert_eq!(
            found("filter.drop", Some(location)).unwrap(),
            "hop 2: 10.0.1.1 is the last that answers for the affected flow, 10.0.2.2 the first that answers for a \
             passing flow alone: it is 10.0.1.1 or sits between the two"
        );
    }

    #[test]
    fn what_is_not_located_says_so_only_where_a_place_on_the_way_makes_sense() {
        assert_eq!(found("filter.drop", None).as_deref(), Some("not located on the way"));
        assert_eq!(found("host.hosts-file", None).as_deref(), Some("this computer"));
        assert_eq!(found("dns.name-blocked", Some(Location::default())), None);
    }

    #[test]
    fn a_time_has_one_decimal_and_a_unit_that_fits() {
        let shown = [400, 12_349, 999_949, 999_960, 3_200_000].map(micros);
        assert_eq!(shown, ["0.4 ms", "12.3 ms", "999.9 ms", "1.0 s", "3.2 s"]);
    }

    #[test]
    fn a_detail_reads_as_words_and_its_seconds_as_a_span() {
        let shown = ["94608000", "-10900", "119", "soon"].map(|value| detail("clock_ahead_s", value));
        let text = shown.each_ref().map(|(_, text)| text.as_str());
        assert_eq!(text, ["1095 days", "-3 hours", "119 s", "soon"]);
        assert_eq!(detail("clock_ahead_s", "1").0, "clock ahead");
        assert_eq!(detail("neutral_hosts_too", "yes").0, "neutral hosts too");
    }

    #[test]
    fn what_the_same_probes_rule_out_is_one_entry() {
        let out = |id: &str, because: &[u32]| RuledOut { id: id.to_owned(), because: because.to_vec() };
        let all = [out("filter.drop", &[1, 2]), out("dns.slow", &[3]), out("filter.sni", &[1, 2])];
        assert_eq!(
            ruled_out(&all),
            [(vec!["filter.drop", "filter.sni"], [1, 2].as_slice()), (vec!["dns.slow"], [3].as_slice())]
        );
    }

    #[test]
    fn a_long_list_ends_in_a_count() {
        assert_eq!(list(&["a", "b", "c"], 3), "a, b, c");
        assert_eq!(list(&["a", "b", "c"], 2), "a, b and 1 more");
    }
}
