//! The engines of a sweep: one for each transport that has targets.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use why5003_probes::engines::{Connect, Datagrams, Engine};
use why5003_probes::model::{CannotProbe, Transport};
use why5003_probes::os::System;

#[cfg(target_os = "linux")]
use super::EngineChoice;
use super::{SweepError, SweepPlan, SweepSettings};

/// The engines of a sweep, ready to send.
pub struct Engines {
    pub(super) each: Vec<(Transport, Box<dyn Engine>)>,
    /// Why TCP is asked by connections of the kernel's, where the user did not choose them and may do otherwise.
    pub fallback: Option<CannotProbe>,
}

impl Engines {
    /// Opens one for each transport that the plan has targets of.
    ///
    /// # Errors
    /// [`SweepError::Syn`] when that engine was chosen and may not be used; [`SweepError::Begin`] when this computer gives
    /// no sockets.
    pub async fn open(
        plan: &SweepPlan,
        settings: &SweepSettings,
        system: &Arc<dyn System>,
    ) -> Result<Self, SweepError> {
        let prefixes = |of: Transport| -> Vec<IpNet> {
            let pairs = plan.space.pairs().iter().filter(|pair| pair.port.transport == of);
            IpNet::aggregate(&pairs.map(|pair| pair.prefix).collect())
        };
        let (tcp, udp) = (prefixes(Transport::Tcp), prefixes(Transport::Udp));
        let mut engines = Self { each: Vec::new(), fallback: None };
        if !tcp.is_empty() {
            engines.open_tcp(settings, system, &tcp).await?;
        }
        if !udp.is_empty() {
            let engine = Datagrams::new(WAIT, settings.source, u128::from(plan.head.seed)).map_err(begin)?;
            engines.each.push((Transport::Udp, Box::new(engine)));
        }
        Ok(engines)
    }

    /// Their names: `connect`, `syn`, `udp`.
    pub fn names(&self) -> Vec<String> {
        self.each.iter().map(|(_, engine)| engine.name().to_owned()).collect()
    }

    #[cfg(target_os = "linux")]
    async fn open_tcp(
        &mut self,
        settings: &SweepSettings,
        system: &Arc<dyn System>,
        prefixes: &[IpNet],
    ) -> Result<(), SweepError> {
        use std::hash::RandomState;

        use why5003_probes::engines::Syn;

        if settings.engine != EngineChoice::Connect {
            match Syn::new(Arc::clone(system), prefixes, WAIT, settings.source, RandomState::new()).await {
                Ok(engine) => {
                    self.each.push((Transport::Tcp, Box::new(engine)));
                    return Ok(());
                }
                Err(source) if settings.engine == EngineChoice::Syn => return Err(SweepError::Syn { source }),
                Err(CannotProbe::Unprivileged { .. }) => {}
                Err(source) => self.fallback = Some(source),
            }
        }
        self.open_connect(settings)
    }

    #[cfg(not(target_os = "linux"))]
    async fn open_tcp(&mut self, settings: &SweepSettings, _: &Arc<dyn System>, _: &[IpNet]) -> Result<(), SweepError> {
        if settings.engine == super::EngineChoice::Syn {
            let source =
                CannotProbe::Unsupported { what: "packets of our own", why: "the syn engine is for Linux alone" };
            return Err(SweepError::Syn { source });
        }
        self.open_connect(settings)
    }

    fn open_connect(&mut self, settings: &SweepSettings) -> Result<(), SweepError> {
        let engine = Connect::new(WAIT, settings.source).map_err(begin)?;
        self.each.push((Transport::Tcp, Box::new(engine)));
        Ok(())
    }
}

fn begin(source: CannotProbe) -> SweepError {
    SweepError::Begin { source }
}

/// How long a silent target is under way: that, and what a response in this computer may take.
pub const TIME_OF_A_TARGET: Duration = Duration::from_millis(970);
/// For an answer: more than a round trip to any place on Earth, and less than until the kernel's second SYN (RFC 6298, 2.1).
const WAIT: Duration = Duration::from_millis(950);
