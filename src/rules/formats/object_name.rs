//! Names of address objects, for firewalls that want one for each prefix.

use ipnet::IpNet;

/// A name that no other prefix has: `zoom-170-114-0-0_16`, `zoom-2407-30c0--_32`.
///
/// Letters, digits, `-` and `_` are what PAN-OS takes ("Addresses Fields", docs.paloaltonetworks.com, read 2026-11-24); it has at
/// most 48 characters, of the 63 that PAN-OS and the 79 that FortiOS allow. A group's name has no `_`.
pub(super) fn object_name(prefix: IpNet) -> String {
    format!("zoom-{}", prefix.to_string().replace(['.', ':'], "-").replace('/', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_fits() {
        let longest: IpNet = "2407:30c0:1111:2222:3333:4444:5555:6666/128".parse().unwrap();
        assert_eq!(object_name(longest), "zoom-2407-30c0-1111-2222-3333-4444-5555-6666_128");
        assert_eq!(object_name(longest).len(), 48);
    }
}
