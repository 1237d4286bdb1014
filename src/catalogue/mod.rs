//! What Zoom publishes, and the neutral places to compare with: read from a file, strictly, and never from the network.
//!
//! The facts stand in `catalogue.toml`; the code here knows only their shapes.

mod fields;
mod import;
mod model;
mod neutral;
mod parse;

pub use fields::ParsePortRangeError;
pub use import::{Drift, Import, drift, parse_prefix_list, to_toml};
pub use model::{
    Catalogue, Certificates, Client, ErrorCode, Evidence, Host, List, Media, NamePattern, PortRange, Service,
    StatusSource, Version,
};
pub use neutral::{BlockPage, Canary, Control, Doh, FamilyDns, Inspector, InspectorKind, Portal, Resolver, StunServer};
pub use parse::CatalogueError;
