//! What a catalogue says must be let out, and what it says of it.

use std::fmt::Write as _;

use super::ruleset::Allow;
use crate::catalogue::{Catalogue, Service};

/// What the chosen services need, and a header that says what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Line by line, not scrubbed yet.
    pub header: Vec<String>,
    /// One for each chosen service that has prefixes.
    pub allows: Vec<Allow>,
}

/// A service of that id is not in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no service {id:?}; write one of {known}")]
pub struct NoService {
    id: String,
    known: String,
}

/// What these services need, in this order; where none is named, what a client needs: [`Catalogue::of_a_client`].
///
/// # Errors
/// [`NoService`] for an id that the catalogue does not have.
pub fn published(catalogue: &Catalogue, ids: &[String]) -> Result<Published, NoService> {
    let all = &catalogue.services;
    let chosen: Vec<&Service> = if ids.is_empty() {
        catalogue.of_a_client().collect()
    } else {
        let named = |id: &String| {
            let known = || all.iter().map(|service| service.id.as_str()).collect::<Vec<_>>().join(", ");
            all.iter().find(|service| service.id == *id).ok_or_else(|| NoService { id: id.clone(), known: known() })
        };
        let mut chosen = ids.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let mut seen = std::collections::BTreeSet::new();
        chosen.retain(|service| seen.insert(&service.id));
        chosen
    };
    let allows = chosen.iter().filter(|service| !service.prefixes.is_empty()).map(|service| Allow {
        id: service.id.clone(),
        title: service.title.clone(),
        prefixes: service.prefixes.clone(),
        ports: service.ports.clone(),
    });
    Ok(Published { allows: allows.collect(), header: header(catalogue, &chosen, ids.is_empty()) })
}

fn header(catalogue: &Catalogue, chosen: &[&Service], by_default: bool) -> Vec<String> {
    let mut header = vec![
        "Lets Zoom out: from the inside to the addresses that Zoom publishes, and replies back".to_owned(),
        format!("catalogue of {}, sha256 {}", catalogue.revision, catalogue.sha256),
        format!("source: {}", catalogue.source),
    ];
    let lists = |service: &Service| {
        let dated = service.lists.iter().map(|name| match catalogue.lists.get(name) {
            Some(list) => format!("{name} of {}", list.retrieved),
            None => name.clone(),
        });
        dated.collect::<Vec<_>>().join(", ")
    };
    for service in chosen.iter().filter(|service| !service.prefixes.is_empty()) {
        let mut line = format!("service {}: {}", service.id, service.title);
        if !service.lists.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(line, " (lists {})", lists(service));
        }
        header.push(line);
        if !(service.names.is_empty() && service.third_party.is_empty()) {
            header.push(format!("not here, for it has names besides: {}", by_name(service)));
        }
    }
    let is_chosen = |service: &Service| chosen.iter().any(|chosen| chosen.id == service.id);
    for service in catalogue.services.iter().filter(|service| service.prefixes.is_empty()) {
        if by_default || is_chosen(service) {
            header.push(format!("not here, for it has names and no addresses: {}", by_name(service)));
        }
    }
    let others = catalogue.services.iter().filter(|service| !service.prefixes.is_empty() && !is_chosen(service));
    let others: Vec<&str> = others.map(|service| service.id.as_str()).collect();
    if !others.is_empty() {
        header.push(format!("not here, for nobody asked: {}", others.join(", ")));
    }
    header
}

/// A service that only a firewall that knows names can let out.
fn by_name(service: &Service) -> String {
    let ports: Vec<String> = service.ports.iter().map(ToString::to_string).collect();
    let names: Vec<String> = service.names.iter().chain(&service.third_party).map(ToString::to_string).collect();
    format!("{} ({}): {} to {}", service.id, service.title, ports.join(", "), names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(published: &Published) -> Vec<&str> {
        published.allows.iter().map(|allow| allow.id.as_str()).collect()
    }

    #[test]
    fn what_is_not_said_is_what_a_client_needs() {
        let usual = published(&Catalogue::embedded(), &[]).unwrap();
        assert_eq!(ids(&usual), ["meetings", "cdn"]);
        let header = usual.header.join("\n");
        assert!(header.contains("\nnot here, for it has names and no addresses: web (Web site"), "{header}");
        assert!(header.contains("\nnot here, for nobody asked: web-client, phone, rooms"), "{header}");
    }

    #[test]
    fn a_service_is_given_once_and_in_the_order_asked_for() {
        let asked = ["cdn", "meetings", "cdn", "web"].map(str::to_owned);
        let some = published(&Catalogue::embedded(), &asked).unwrap();
        assert_eq!(ids(&some), ["cdn", "meetings"]);
        let by_name: Vec<&String> = some.header.iter().filter(|line| line.contains("names and no")).collect();
        assert_eq!(by_name.len(), 1, "{by_name:?}");
    }

    #[test]
    fn names_that_a_service_has_beside_its_prefixes_are_told() {
        let rooms = published(&Catalogue::embedded(), &["rooms".to_owned()]).unwrap();
        let told = "not here, for it has names besides: rooms (Zoom Rooms to the cloud): tcp/443, udp/3478-3479, udp/8801 to \
                    zdmapi.zoom.us, zdm.zoom.us";
        assert!(rooms.header.iter().any(|line| line == told), "{:?}", rooms.header);
    }

    #[test]
    fn an_unknown_service_is_told_with_those_that_there_are() {
        let error = published(&Catalogue::embedded(), &["meeting".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("there is no service \"meeting\"; write one of web, meetings, "), "{error}");
    }
}
