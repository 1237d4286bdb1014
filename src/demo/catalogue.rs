//! Writes the catalogue of a world: its houses, in the form of a catalogue file.
//!
//! It writes text, which the diagnosis reads as it reads any other catalogue.

use std::fmt::Display;

use super::block::Block;
use super::controls::{KNOWN_TEXT, KNOWN_TEXT_PATH, NO_CONTENT_PATH};
use super::houses::{self, CDN, HOUSES, House, Kind, MEETINGS};
use super::status::SUMMARY_PATH;

/// The catalogue of the world in a block (TOML).
pub(super) fn text(block: Block) -> String {
    let mut tables = vec![HEAD.to_owned(), list("meetings", block, MEETINGS), list("cdn", block, CDN)];
    tables.push(SERVICES.to_owned());
    tables.extend(HOUSES.iter().flat_map(|house| hosts(house, block)));
    tables.extend(houses::of(Kind::Status).flat_map(|house| house.names).map(|name| status(name)));
    tables.extend(each_both_ways(Kind::Control, controls_by_name, |house| controls_by_address(house, block)));
    tables.extend(each_both_ways(Kind::Portal, portals_by_name, |house| portals_by_address(house, block)));
    tables.extend(houses::of(Kind::Resolver).flat_map(|house| resolvers(house, block)));
    tables.extend(houses::of(Kind::Stun).flat_map(stuns));
    tables.push(media(block));
    tables.push(TAIL.to_owned());
    tables.join("\n")
}

fn list(name: &str, block: Block, prefixes: &[(u8, u8)]) -> String {
    let prefixes = prefixes.iter().map(|&(first, length)| block.prefix(first, length));
    format!(
        "[lists.{name}]\nurl = \"https://assets.zoom.us/docs/ipranges/\"\n{SOURCE}\nretrieved = \"{REVISION}\"\nprefixes = {}\n",
        array(prefixes)
    )
}

fn hosts(house: &House, block: Block) -> Vec<String> {
    let (role, port) = match house.kind {
        Kind::SignIn => ("sign-in", 443),
        Kind::Side => ("side", 443),
        Kind::Revocation => ("certificate", 80),
        Kind::Controller | Kind::Media | Kind::Status | Kind::Control | Kind::Portal | Kind::Resolver | Kind::Stun => {
            return Vec::new();
        }
    };
    let addresses = if house.is_zooms() { array(house.addresses(block)) } else { array::<&str>([]) };
    let entry = |name: &&str| {
        format!(
            "[[host]]\nname = \"{name}\"\nport = {port}\nrole = \"{role}\"\ndecisive = {}\nwhat = \"{}\"\n\
             known_addresses = {addresses}\n{EVIDENCE}\nyear = {YEAR}\n{SOURCE}\n",
            DECISIVE.contains(name),
            house.what,
        )
    };
    house.names.iter().map(entry).collect()
}

fn status(name: &str) -> String {
    format!("[[status]]\nhost = \"{name}\"\npath = \"{SUMMARY_PATH}\"\n{EVIDENCE}\n{SOURCE}\n")
}

/// All by name, and by address too for looks that need no DNS; the latter in the opposite order, so that whoever takes the
/// first of each meets two operators.
fn each_both_ways(
    kind: Kind,
    by_name: fn(&House) -> Vec<String>,
    by_address: impl Fn(&House) -> Vec<String>,
) -> Vec<String> {
    let of_kind: Vec<&House> = houses::of(kind).collect();
    let named = of_kind.iter().flat_map(|house| by_name(house));
    named.chain(of_kind.iter().rev().flat_map(|house| by_address(house))).collect()
}

fn controls_by_name(house: &House) -> Vec<String> {
    let operator = operator(house);
    let entry = |name: &&str| format!("[[control]]\n{operator}\nname = \"{name}\"\nport = 443\n{SOURCE}\n");
    house.names.iter().map(entry).collect()
}

fn controls_by_address(house: &House, block: Block) -> Vec<String> {
    let addresses = array(house.addresses(block));
    controls_by_name(house).into_iter().map(|entry| format!("{entry}addresses = {addresses}\n")).collect()
}

fn portals_by_name(house: &House) -> Vec<String> {
    let operator = operator(house);
    let entry = |name: &&str| {
        format!(
            "[[portal]]\n{operator}\ntarget = \"{name}:80/tcp\"\npath = \"{KNOWN_TEXT_PATH}\"\n\
             expect = {{ text = \"{KNOWN_TEXT}\" }}\n{SOURCE}\n"
        )
    };
    house.names.iter().map(entry).collect()
}

fn portals_by_address(house: &House, block: Block) -> Vec<String> {
    let operator = operator(house);
    let entry = |address| {
        format!(
            "[[portal]]\n{operator}\ntarget = \"{address}:80/tcp\"\npath = \"{NO_CONTENT_PATH}\"\n\
             expect = {{ status = 204 }}\n{SOURCE}\n"
        )
    };
    house.addresses(block).map(entry).collect()
}

fn resolvers(house: &House, block: Block) -> Vec<String> {
    let (operator, addresses) = (operator(house), array(house.addresses(block)));
    let entry = |name: &&str| {
        format!(
            "[[resolver]]\n{operator}\naddresses = {addresses}\ndot = \"{name}\"\n\
             doh = {{ name = \"{name}\", path = \"/dns-query\" }}\n{SOURCE}\n"
        )
    };
    house.names.iter().map(entry).collect()
}

fn stuns(house: &House) -> Vec<String> {
    let operator = operator(house);
    let entry = |name: &&str| format!("[[stun]]\n{operator}\ntarget = \"{name}:3478/udp\"\n{SOURCE}\n");
    house.names.iter().map(entry).collect()
}

fn media(block: Block) -> String {
    let addresses = houses::of(Kind::Media).flat_map(|house| house.addresses(block));
    let servers = addresses.flat_map(|address| [3478, 3479].map(|port| format!("{address}:{port}")));
    format!("[media]\nservers = {}\n{EVIDENCE}\nyear = {YEAR}\n{SOURCE}\n", array(servers))
}

fn operator(house: &House) -> String {
    format!("operator = \"{}\"", house.operator.unwrap_or("Zoom"))
}

/// An array of texts. None of them holds a quote or a backslash: they are names and addresses of the houses.
fn array<T: Display>(texts: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|text| format!("\"{text}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

/// Names without which a client shows 5003.
const DECISIVE: &[&str] = &["zoom.us"];

const SOURCE: &str = "source = \"the demo's own world\"";
const EVIDENCE: &str = "evidence = \"documented\"";
const REVISION: &str = "2026-11-24";
const YEAR: u16 = 2026;

const HEAD: &str = "\
# The world of a demo on loopback. Its addresses are this computer's own.
revision = \"2026-11-24\"
source = \"the demo's own world\"
";

const SERVICES: &str = "\
[[service]]
id = \"web\"
title = \"Web service and sign-in\"
ports = [\"tcp/80\", \"tcp/443\"]
names = [\"zoom.us\", \"*.zoom.us\", \"*.zoom.com\"]
evidence = \"documented\"
source = \"the demo's own world\"

[[service]]
id = \"meetings\"
title = \"Meetings and webinars\"
ports = [\"tcp/443\", \"tcp/8801-8802\", \"udp/3478-3479\", \"udp/8801-8810\"]
lists = [\"meetings\"]
evidence = \"documented\"
source = \"the demo's own world\"

[[service]]
id = \"cdn\"
title = \"Downloads and static files\"
ports = [\"tcp/443\"]
lists = [\"cdn\"]
evidence = \"documented\"
source = \"the demo's own world\"
";

/// What has no house: addresses that nobody can own (RFC 5737), versions, codes, products.
const TAIL: &str = "\
[canary]
addresses = [\"192.0.2.1\", \"198.51.100.1\", \"203.0.113.1\"]
without_dns = [\"198.51.100.53\"]
source = \"RFC 5737\"

[[client]]
os = \"linux\"
minimum = \"6.0.2\"
since = \"2025-11-01\"
source = \"KB0061134 (Italian edition), 2025\"

[[error]]
code = 5003
name = \"SB_ERROR_WS_OVER_TIME\"
meaning = \"the web service did not answer in time\"
source = \"public reverse engineering of the Android client (SBWebServiceErrorCode), 2020 and later\"

[certificates]
issuers = [\"Demo Trust Services\"]
source = \"the demo's own world\"

[[inspector]]
vendor = \"Example Corp\"
kind = \"gateway\"
matches = [\"Example Corp Inspection\"]

[[blockpage]]
operator = \"nobody of the demo\"
prefixes = [\"192.0.2.0/24\"]
evidence = \"documented\"
source = \"RFC 5737\"

[[family_dns]]
operator = \"nobody of the demo\"
addresses = [\"192.0.2.53\"]
source = \"RFC 5737\"
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_toml_and_names_zoom_us_as_decisive() {
        let read: toml::Table = text(Block::next()).parse().unwrap();
        let hosts = read["host"].as_array().unwrap();
        let decisive: Vec<_> =
            hosts.iter().filter(|host| host["decisive"] == true.into()).map(|host| host["name"].as_str()).collect();
        assert_eq!(decisive, [Some("zoom.us")]);
        assert_eq!(read["control"].as_array().unwrap().len(), 4);
    }
}
