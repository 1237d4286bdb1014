//! `why5003 catalogue update`: fetches Zoom's published lists over HTTPS and writes the catalogue with them.
//!
//! It fetches one list after the other, and writes nothing unless all of them came and read well.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use url::Url;
use why5003_probes::model::{Family, Proxy, ProxySays};
use why5003_probes::os::System;
use why5003_probes::session::Means;
use why5003_probes::session::download::{Download, download};
use why5003_probes::wire::proxy_settings::exempts;
use why5003_probes::wire::text::shown;

use super::renewal::{Fresh, renew};
use super::{Base, day, publish};
use crate::catalogue::{Catalogue, List, parse_prefix_list};
use crate::cli::args::CatalogueUpdate;
use crate::cli::runtime::block_on;
use crate::cli::settings::Settings;
use crate::run::Tools;

pub(super) fn run(settings: &Settings, update: &CatalogueUpdate) -> anyhow::Result<()> {
    ensure!(
        settings.overrides.resolvers.is_empty(),
        "catalogue update asks the system's own resolver; leave --resolver out"
    );
    let base = Base::given(settings)?;
    let tools = crate::cli::tools::overridden(settings)?;
    let lists = block_on(fetch(&tools, &base.read, &Way::given(settings)))??;
    let renewed = renew(&base, &lists, &day(tools.clock.wall()))?;
    publish(settings, &renewed, update.out.as_deref())
}

/// How lists are fetched.
struct Way {
    /// The proxy that the user named; what the system says where there is none.
    proxy: Option<Proxy>,
    /// Where from; an unspecified address says the family alone.
    source: Option<IpAddr>,
    /// How long all lists together may take.
    wait: Duration,
}

impl Way {
    fn given(settings: &Settings) -> Self {
        let family = settings.family.map(|family| match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        });
        Self {
            proxy: settings.overrides.proxy.clone(),
            source: settings.overrides.source.or(family),
            wait: settings.deadline(),
        }
    }

    fn proxy_for(&self, url: &str, system: &dyn System) -> Option<Proxy> {
        self.proxy.clone().or_else(|| system_proxy(url, system))
    }
}

/// Every list of the catalogue, as it is published now.
///
/// # Errors
/// For the first list that can't be had or can't be read, with its name.
async fn fetch(tools: &Tools, catalogue: &Catalogue, way: &Way) -> anyhow::Result<Vec<Fresh>> {
    let began = tools.clock.elapsed();
    let mut lists = Vec::new();
    for (name, list) in &catalogue.lists {
        let left = way.wait.saturating_sub(tools.clock.elapsed().saturating_sub(began));
        lists.push(fetch_one(tools, name, list, &Way { wait: left, proxy: way.proxy.clone(), ..*way }).await?);
    }
    Ok(lists)
}

async fn fetch_one(tools: &Tools, name: &str, list: &List, way: &Way) -> anyhow::Result<Fresh> {
    let Tools { network, clock, system, trust } = tools;
    let means = Means { network: &**network, clock: &**clock, system: &**system, trust };
    let proxy = way.proxy_for(&list.url, &**system);
    let file = Download {
        url: &list.url,
        proxy: proxy.as_ref(),
        source: way.source,
        limit_bytes: LARGEST_LIST,
        wait: way.wait,
    };
    let bytes = download(&means, &file).await.map_err(anyhow::Error::from).with_context(|| match &proxy {
        Some(proxy) => format!("could not update list {name} through proxy {proxy}"),
        None => format!("could not update list {name}"),
    })?;
    let url = shown(&list.url, URL_CHARS);
    let text = String::from_utf8(bytes).map_err(|_| anyhow!("could not update list {name}: {url} is no text"))?;
    let prefixes = parse_prefix_list(&text, &url).with_context(|| format!("could not update list {name}"))?;
    Ok(Fresh { list: name.to_owned(), prefixes, source: format!("{url}, as served") })
}

/// The proxy that this computer's settings name for the URL: the first setting decides, as for any program. Scripts are
/// not run here.
fn system_proxy(url: &str, system: &dyn System) -> Option<Proxy> {
    let url = Url::parse(url).ok()?;
    let settings = system.proxies().unwrap_or_default();
    let (setting, proxy) = settings.iter().find_map(|setting| match &setting.says {
        ProxySays::Use(proxy) => Some((setting, proxy.parse().ok()?)),
        ProxySays::ForHttp(_) | ProxySays::Script(_) | ProxySays::Discover | ProxySays::Unreadable(_) => None,
    })?;
    (!exempts(setting, url.host_str()?)).then_some(proxy)
}

/// Zoom's longest list (ZoomApps.txt) had some 1 700 lines in 2026: about 30 kB.
const LARGEST_LIST: usize = 1 << 20;
const URL_CHARS: usize = 200;
