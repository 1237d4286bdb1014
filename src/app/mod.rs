//! The application: a diagnosis, a sweep, a recorded run judged again, a demonstration, each a function of plain values.
//!
//! A caller hands in settings and tools, hears of what happens meanwhile, and gets a value back. This layer never reads
//! arguments, files, environment or terminal, and it prints nothing.

mod demonstration;
mod diagnosis;
mod head;
mod loaded_catalogue;
mod overrides;
mod replay;
mod sweep;
mod this_computer;

pub use demonstration::{DemonstrationError, demonstrate, is_as_expected};
pub use diagnosis::{Diagnosis, DiagnosisSettings, diagnose};
pub use loaded_catalogue::LoadedCatalogue;
pub use overrides::Overrides;
pub use replay::replay;
pub use sweep::{
    EngineChoice, Engines, JoinError, Parts, Sweep, SweepError, SweepListeners, SweepLog, SweepPart, SweepPlan,
    SweepProgress, SweepScope, SweepSettings, TIME_OF_A_TARGET, sweep,
};
pub use this_computer::this_computer;
