//! DNS messages: one question written, one answer read, whatever carried them.
//!
//! It sends nothing. Answers are hostile bytes: what is kept of them is bounded, and their names are escaped.

use std::net::IpAddr;

use hickory_resolver::proto::op::{Edns, Header, Message, MessageType, OpCode};
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_resolver::proto::rr::{self, DNSClass, Name, RData, Record};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder, DecodeError};

use super::text::shown;
use crate::model::{Answer, Failure, How, RecordType, Stage};

/// A question that may be asked of many servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    name: Name,
    record: RecordType,
    checking_disabled: bool,
}

/// A question as one message, with an id of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// The random id that its answer must carry.
    pub(crate) id: u16,
    /// The message.
    pub(crate) bytes: Vec<u8>,
}

/// An answer, as far as it answers the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The id it carries.
    pub(crate) id: u16,
    rcode: String,
    addresses: Vec<IpAddr>,
    aliases: Vec<String>,
    ttl_s: Option<u32>,
    /// It says that it is not whole (TC).
    pub(crate) truncated: bool,
    authentic: bool,
    extended_error: Option<String>,
}

/// Bytes that are no answer to the question.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// They are no DNS message, or a broken one.
    #[error("no DNS message ({0})")]
    Broken(#[from] DecodeError),
    /// They are a DNS message that answers nothing, or another question.
    #[error("{0}")]
    Unasked(&'static str),
}

impl Question {
    /// Asks for a record of a host name, with or without "checking disabled" (RFC 4035, 3.2.2).
    ///
    /// `None` where the text is no host name.
    pub(crate) fn new(host: &str, record: RecordType, checking_disabled: bool) -> Option<Self> {
        let name = Name::from_ascii(format!("{host}.")).ok().filter(|name| !name.is_root())?;
        let question = Self { name, record, checking_disabled };
        question.message().to_vec().ok().map(|_| question)
    }

    /// The question as a message with a fresh random id.
    ///
    /// AD asks for the proof bit in the answer (RFC 6840, 5.7).
    pub(crate) fn message(&self) -> Message {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.metadata.authentic_data = true;
        message.metadata.checking_disabled = self.checking_disabled;
        message.add_query(rr_query(&self.name, self.record));
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD_BYTES);
        message.set_edns(edns);
        message
    }

    /// The question as bytes with a fresh random id.
    pub(crate) fn query(&self) -> Query {
        Self::written(&self.message())
    }

    /// The same without EDNS, as the C library of most systems asks; for servers and boxes that can't bear EDNS.
    pub(crate) fn plain_query(&self) -> Query {
        let mut message = self.message();
        message.edns = None;
        Self::written(&message)
    }

    fn written(message: &Message) -> Query {
        let bytes = message.to_vec().expect("a question that was written once can be written again");
        Query { id: message.metadata.id, bytes }
    }

    /// Reads an answer to this question; its id is for the caller to compare.
    ///
    /// Records that nobody would read for this question (another owner, type or class) are passed over.
    ///
    /// # Errors
    /// [`Unreadable`] when the bytes are no DNS message, or none that answers this question.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<Reading, Unreadable> {
        let mut decoder = BinDecoder::new(bytes);
        let header = Header::read(&mut decoder)?;
        let (metadata, counts) = (header.metadata, header.counts);
        if metadata.message_type != MessageType::Response || metadata.op_code != OpCode::Query {
            return Err(Unreadable::Unasked("a DNS message that is no answer"));
        }
        let rcode = metadata.response_code.low();
        self.read_question(&mut decoder, counts.queries, rcode)?;
        let mut answers = Vec::new();
        for _ in 0..counts.answers.min(RECORDS_READ) {
            answers.push(Record::read(&mut decoder)?);
        }
        let edns = if counts.answers > RECORDS_READ {
            None
        } else {
            find_edns(&mut decoder, counts.authorities.saturating_add(counts.additionals).min(RECORDS_READ))
        };
        let rcode = edns.as_ref().map_or(rcode.into(), |edns| u16::from(edns.rcode_high()) << 4 | u16::from(rcode));
        let mut reading = Reading {
            id: metadata.id,
            rcode: rcode_name(rcode),
            addresses: Vec::new(),
            aliases: Vec::new(),
            ttl_s: None,
            truncated: metadata.truncation,
            authentic: metadata.authentic_data,
            extended_error: edns.as_ref().and_then(extended_error),
        };
        self.follow(&answers, &mut reading);
        if rcode != 0 {
            // Nobody uses addresses that come with an error; the chain tells which name the error is about (RFC 6604).
            reading.addresses.clear();
        }
        Ok(reading)
    }

    /// An answer repeats its question; only one that reports an error may leave it out.
    fn read_question(&self, decoder: &mut BinDecoder<'_>, count: u16, rcode: u8) -> Result<(), Unreadable> {
        if count == 0 && rcode != 0 {
            return Ok(());
        }
        if count != 1 {
            return Err(Unreadable::Unasked("a DNS answer without the question"));
        }
        let asked = rr_query(&self.name, self.record);
        // `Name` compares without regard to case (RFC 4343).
        match Message::read_queries(decoder, 1) {
            Ok(queries) if queries.first() == Some(&asked) => Ok(()),
            Ok(_) => Err(Unreadable::Unasked("a DNS answer to another question")),
            Err(_) => Err(Unreadable::Unasked("a DNS answer with a broken question")),
        }
    }

    /// Follows the CNAME chain from the name asked for, as a stub resolver does, and collects the addresses on it.
    fn follow(&self, answers: &[Record], reading: &mut Reading) {
        let mut on_chain = vec![&self.name];
        let mut ttls = Vec::new();
        while on_chain.len() <= ALIASES_KEPT
            && let Some((ttl, alias)) = on_chain.last().and_then(|owner| alias_of(owner, answers))
            && !on_chain.contains(&alias)
        {
            ttls.push(ttl);
            reading.aliases.push(spell(alias));
            on_chain.push(alias);
        }
        for record in answers.iter().filter(|r| r.dns_class == DNSClass::IN && on_chain.contains(&&r.name)) {
            let address = match (self.record, &record.data) {
                (RecordType::A, RData::A(v4)) => IpAddr::V4(v4.0),
                (RecordType::Aaaa, RData::AAAA(v6)) => IpAddr::V6(v6.0),
                _ => continue,
            };
            ttls.push(record.ttl);
            if reading.addresses.len() < ADDRESSES_KEPT {
                reading.addresses.push(address);
            }
        }
        reading.ttl_s = ttls.into_iter().min();
    }
}

impl Reading {
    /// The answer as a report carries it.
    pub(crate) fn answer(&self, nth: u8, rtt_us: u64) -> Answer {
        Answer {
            rcode: self.rcode.clone(),
            addresses: self.addresses.clone(),
            aliases: self.aliases.clone(),
            ttl_s: self.ttl_s,
            truncated: self.truncated,
            authentic: self.authentic,
            nth,
            rtt_us,
        }
    }

    /// Whether the server said no: any response code but NOERROR.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let how = match self.rcode.as_str() {
            "NOERROR" => return None,
            "NXDOMAIN" => How::NotFound,
            _ => How::Denied,
        };
        let detail = match &self.extended_error {
            Some(error) => format!("{}, {error}", self.rcode),
            None => self.rcode.clone(),
        };
        Some(Failure::new(Stage::Resolve, how).saying(detail))
    }

    /// Whether the server could not bear the question's EDNS (RFC 6891, 7).
    pub(crate) fn cannot_bear_edns(&self) -> bool {
        matches!(self.rcode.as_str(), "FORMERR" | "NOTIMP" | "BADVERS")
    }

    /// Whether both say the same; the order of addresses and the time left to live are free to change.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        let sorted = |reading: &Self| {
            let mut addresses = reading.addresses.clone();
            addresses.sort_unstable();
            addresses
        };
        self.rcode == other.rcode && self.truncated == other.truncated && sorted(self) == sorted(other)
    }
}

fn rr_query(name: &Name, record: RecordType) -> hickory_resolver::proto::op::Query {
    let record = match record {
        RecordType::A => rr::RecordType::A,
        RecordType::Aaaa => rr::RecordType::AAAA,
    };
    hickory_resolver::proto::op::Query::query(name.clone(), record)
}

fn alias_of<'a>(owner: &Name, answers: &'a [Record]) -> Option<(u32, &'a Name)> {
    answers.iter().find_map(|record| match &record.data {
        RData::CNAME(alias) if record.dns_class == DNSClass::IN && record.name == *owner => {
            Some((record.ttl, &alias.0))
        }
        _ => None,
    })
}

/// A name as targets spell it: lower case, without the final dot.
fn spell(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    shown(text.strip_suffix('.').unwrap_or(&text), NAME_CHARS)
}

/// The OPT record of the sections after the answers; broken records there hide it, and nothing else.
fn find_edns(decoder: &mut BinDecoder<'_>, count: u16) -> Option<Edns> {
    for _ in 0..count {
        let record = Record::read(decoder).ok()?;
        if matches!(record.data, RData::OPT(_) | RData::Update0(rr::RecordType::OPT)) {
            return Some(Edns::from(&record));
        }
    }
    None
}

/// RFC 8914: the resolver's own reason, such as "Blocked".
fn extended_error(edns: &Edns) -> Option<String> {
    let EdnsOption::Unknown(_, bytes) = edns.option(EdnsCode::Unknown(EXTENDED_ERROR))? else {
        return None;
    };
    let (code, text) = bytes.split_first_chunk::<2>()?;
    let code = u16::from_be_bytes(*code);
    let meaning = match code {
        3 => " (stale answer)",
        6 => " (DNSSEC bogus)",
        7 => " (signature expired)",
        9 => " (DNSKEY missing)",
        15 => " (blocked)",
        16 => " (censored)",
        17 => " (filtered)",
        18 => " (prohibited)",
        22 => " (no reachable authority)",
        23 => " (network error)",
        _ => "",
    };
    let text = shown(&String::from_utf8_lossy(text), WORDS_CHARS);
    Some(if text.is_empty() {
        format!("extended error {code}{meaning}")
    } else {
        format!("extended error {code}{meaning}: {text}")
    })
}

/// The response code's name in IANA's list (RFC 6895, 2.3).
fn rcode_name(code: u16) -> String {
    let name = match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        16 => "BADVERS",
        23 => "BADCOOKIE",
        _ => return format!("RCODE{code}"),
    };
    name.to_owned()
}

/// What fits every path unfragmented (DNS flag day 2020, dnsflagday.net/2020).
const PAYLOAD_BYTES: u16 = 1232;
/// Far above what any honest answer for an address holds.
const RECORDS_READ: u16 = 256;
const ADDRESSES_KEPT: usize = 64;
const ALIASES_KEPT: usize = 16;
/// A name of 253 octets in which each may be written `\ddd`.
const NAME_CHARS: usize = 255 * 4;
const WORDS_CHARS: usize = 120;
/// RFC 8914, section 2: the option's code.
const EXTENDED_ERROR: u16 = 15;

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::ResponseCode;
    use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME};
    use proptest::prelude::*;

    use super::*;

    fn question() -> Question {
        Question::new("zoom.example", RecordType::A, false).unwrap()
    }

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn v4(owner: &str, ttl: u32, address: [u8; 4]) -> Record {
        Record::from_rdata(name(owner), ttl, RData::A(A::from(std::net::Ipv4Addr::from(address))))
    }

    fn alias(owner: &str, ttl: u32, to: &str) -> Record {
        Record::from_rdata(name(owner), ttl, RData::CNAME(CNAME(name(to))))
    }

    fn answering(records: Vec<Record>) -> Message {
        let mut message = question().message().into_response();
        message.metadata.id = 7;
        message.metadata.authentic_data = false;
        message.add_answers(records);
        message
    }

    #[track_caller]
    fn read(message: &Message) -> Reading {
        question().read(&message.to_vec().unwrap()).unwrap()
    }

    fn plain() -> Reading {
        Reading {
            id: 7,
            rcode: "NOERROR".to_owned(),
            addresses: vec![],
            aliases: vec![],
            ttl_s: None,
            truncated: false,
            authentic: false,
            extended_error: None,
        }
    }

    #[test]
    fn a_query_asks_for_recursion_and_offers_1232_bytes() {
        let query = Question::new("zoom.example", RecordType::Aaaa, true).unwrap().query();
        let (id, rest) = query.bytes.split_first_chunk::<2>().unwrap();
        assert_eq!(u16::from_be_bytes(*id), query.id);
        let expected = b"\x01\x30\0\x01\0\0\0\0\0\x01\x04zoom\x07example\0\0\x1c\0\x01\0\0\x29\x04\xd0\0\0\0\0\0\0";
        assert_eq!(rest, expected);
    }

    #[test]
    fn two_queries_of_one_question_carry_two_ids() {
        let question = question();
        let ids: std::collections::HashSet<u16> = (0..32).map(|_| question.query().id).collect();
        assert!(ids.len() > 16);
    }

    #[test]
    fn a_chain_is_told_in_its_order_whatever_the_order_of_records() {
        let message = answering(vec![
            v4("c.example.", 60, [192, 0, 2, 2]),
            alias("b.example.", 30, "c.example."),
            v4("c.example.", 60, [192, 0, 2, 1]),
            alias("Zoom.Example.", 300, "B.example."),
        ]);
        let expected = Reading {
            addresses: vec!["192.0.2.2".parse().unwrap(), "192.0.2.1".parse().unwrap()],
            aliases: vec!["b.example".to_owned(), "c.example".to_owned()],
            ttl_s: Some(30),
            ..plain()
        };
        assert_eq!(read(&message), expected);
    }

    #[test]
    fn an_error_keeps_its_chain_and_no_address() {
        let mut message = answering(vec![alias("zoom.example.", 9, "b.example."), v4("b.example.", 9, [192, 0, 2, 1])]);
        message.metadata.response_code = ResponseCode::NXDomain;
        let rcode = "NXDOMAIN".to_owned();
        assert_eq!(read(&message), Reading { rcode, aliases: vec!["b.example".to_owned()], ttl_s: Some(9), ..plain() });
    }

    #[test]
    fn a_chain_that_bites_its_tail_ends() {
        let message = answering(vec![alias("zoom.example.", 1, "b.example."), alias("b.example.", 1, "zoom.example.")]);
        assert_eq!(read(&message), Reading { aliases: vec!["b.example".to_owned()], ttl_s: Some(1), ..plain() });
    }

    #[test]
    fn addresses_of_another_name_or_type_are_nobodys_answer() {
        let six = Record::from_rdata(name("zoom.example."), 5, RData::AAAA(AAAA::from(std::net::Ipv6Addr::LOCALHOST)));
        assert_eq!(read(&answering(vec![v4("other.example.", 5, [192, 0, 2, 1]), six])), plain());
    }

    #[test]
    fn no_more_than_64_addresses_and_16_aliases_are_kept() {
        let many = (0..100).map(|n| v4("zoom.example.", 5, [192, 0, 2, n])).collect();
        assert_eq!(read(&answering(many)).addresses.len(), 64);
        let mut chain = vec![alias("zoom.example.", 5, "n0.example.")];
        chain.extend((0..40).map(|n| alias(&format!("n{n}.example."), 5, &format!("n{}.example.", n + 1))));
        assert_eq!(read(&answering(chain)).aliases.len(), 16);
    }

    #[test]
    fn a_hostile_alias_is_escaped() {
        let nasty = Name::from_labels([&b"\x1b[31m"[..], "\u{202e}".as_bytes(), b"example"]).unwrap();
        let message = answering(vec![Record::from_rdata(name("zoom.example."), 5, RData::CNAME(CNAME(nasty)))]);
        assert_eq!(read(&message).aliases, [r"\033\[31m.\342\200\256.example"]);
    }

    #[test]
    fn nxdomain_is_not_found_and_any_other_code_a_denial() {
        let coded = |code| {
            let mut message = answering(vec![]);
            message.metadata.response_code = code;
            read(&message).failure()
        };
        let failure = |how, detail: &str| Some(Failure::new(Stage::Resolve, how).saying(detail));
        assert_eq!(coded(ResponseCode::NXDomain), failure(How::NotFound, "NXDOMAIN"));
        assert_eq!(coded(ResponseCode::ServFail), failure(How::Denied, "SERVFAIL"));
        assert_eq!(coded(ResponseCode::from_low(13)), failure(How::Denied, "RCODE13"));
        assert_eq!(coded(ResponseCode::NoError), None);
    }

    #[test]
    fn the_resolvers_own_reason_stands_beside_the_code() {
        let mut message = answering(vec![]);
        message.metadata.response_code = ResponseCode::NXDomain;
        let mut edns = Edns::new();
        edns.options_mut().insert(EdnsOption::Unknown(15, b"\0\x0fby policy\x07".to_vec()));
        message.set_edns(edns);
        let detail = read(&message).failure().unwrap().detail.unwrap();
        assert_eq!(detail, r"NXDOMAIN, extended error 15 (blocked): by policy\u{7}");
    }

    #[test]
    fn an_error_may_leave_the_question_out_and_an_answer_may_not() {
        let mut message = answering(vec![]);
        message.queries.clear();
        assert!(question().read(&message.to_vec().unwrap()).is_err());
        message.metadata.response_code = ResponseCode::FormErr;
        assert_eq!(read(&message).rcode, "FORMERR");
    }

    #[test]
    fn a_query_or_an_answer_to_another_question_is_no_answer() {
        assert!(question().read(&question().query().bytes).is_err());
        let other = Question::new("zoom.example", RecordType::Aaaa, false).unwrap();
        assert!(other.read(&answering(vec![]).to_vec().unwrap()).is_err());
    }

    #[test]
    fn flags_of_truncation_and_proof_are_kept() {
        let mut message = answering(vec![]);
        message.metadata.truncation = true;
        message.metadata.authentic_data = true;
        assert_eq!(read(&message), Reading { truncated: true, authentic: true, ..plain() });
    }

    #[test]
    fn answers_agree_whatever_the_order_of_addresses() {
        let (one, two) = (v4("zoom.example.", 5, [192, 0, 2, 1]), v4("zoom.example.", 9, [192, 0, 2, 2]));
        let there = read(&answering(vec![one.clone(), two.clone()]));
        assert!(there.agrees_with(&read(&answering(vec![two, one.clone()]))));
        assert!(!there.agrees_with(&read(&answering(vec![one]))));
    }

    #[test]
    fn what_is_no_host_name_is_no_question() {
        let long = "a".repeat(64);
        for text in ["", ".", "a..b", long.as_str()] {
            assert_eq!(Question::new(text, RecordType::A, false), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _either = question().read(&bytes);
        }

        #[test]
        fn a_right_head_with_a_hostile_tail_never_panics_and_stays_bounded(
            answers: u16, authorities: u16, additionals: u16,
            tail in proptest::collection::vec(prop_oneof![Just(0xc0u8), Just(0u8), Just(1u8), Just(12u8), any::<u8>()], 0..800),
        ) {
            let mut bytes = answering(vec![]).to_vec().unwrap();
            bytes.truncate(12 + 14 + 4);
            bytes.splice(6..12, [answers, authorities, additionals].iter().flat_map(|n| n.to_be_bytes()));
            bytes.extend(tail);
            if let Ok(reading) = question().read(&bytes) {
                prop_assert!(reading.addresses.len() <= 64 && reading.aliases.len() <= 16);
            }
        }
    }
}
