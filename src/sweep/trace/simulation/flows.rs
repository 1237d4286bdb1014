//! Which flows a rule of the simulated network is about, spelled `159.124.0.0/16 tcp/443`.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::IpNet;
use why5003_probes::model::Transport;

/// Prefixes, a transport and ports; what is not given is any.
#[derive(Clone, Debug)]
pub(in crate::sweep::trace) struct Flows {
    prefixes: Vec<IpNet>,
    transport: Option<Transport>,
    ports: RangeInclusive<u16>,
}

impl Flows {
    pub(in crate::sweep::trace) fn contain(&self, to: SocketAddr, transport: Transport) -> bool {
        (self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| prefix.contains(&to.ip())))
            && self.transport.is_none_or(|own| own == transport)
            && self.ports.contains(&to.port())
    }
}

impl FromStr for Flows {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut flows = Self { prefixes: Vec::new(), transport: None, ports: 0..=u16::MAX };
        for word in text.split_whitespace().filter(|word| *word != "any") {
            let (name, ports) = word.split_once('/').map_or((word, None), |(name, ports)| (name, Some(ports)));
            let transport = match name {
                "tcp" => Transport::Tcp,
                "udp" => Transport::Udp,
                _ => {
                    flows.prefixes.push(word.parse().map_err(|_| format!("{word} is no prefix"))?);
                    continue;
                }
            };
            flows.transport = Some(transport);
            if let Some(ports) = ports {
                let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
                let port = |text: &str| text.parse::<u16>().map_err(|_| format!("{word} is no port"));
                flows.ports = port(first)?..=port(last)?;
            }
        }
        Ok(flows)
    }
}
