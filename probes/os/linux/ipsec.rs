//! Whether IPsec takes packets that leave: its policies (ip-xfrm(8)) stand beside the routes, and show in none.

use netlink_packet_core::{NLM_F_REQUEST, NetlinkBuffer, NlasIterator};

use super::netlink::ask_of_ipsec;

/// Whether there are policies for packets that leave; `false` where that is not told: the kernel tells who may change them.
pub(super) fn takes_packets() -> bool {
    ask_of_ipsec(&request()).ok().and_then(|answer| policies(&answer)).is_some_and(|policies| policies > 0)
}

/// The header, and flags of which none is needed.
fn request() -> [u8; HEADER + FLAGS] {
    let mut bytes = [0; HEADER + FLAGS];
    let length = u32::try_from(bytes.len()).unwrap_or_default();
    let mut message = NetlinkBuffer::new(&mut bytes);
    message.set_length(length);
    message.set_message_type(XFRM_MSG_GETSPDINFO);
    message.set_flags(NLM_F_REQUEST);
    message.set_sequence_number(1);
    bytes
}

/// How many policies for packets that leave an answer counts.
fn policies(answer: &[u8]) -> Option<u32> {
    let message = NetlinkBuffer::new_checked(answer).ok().filter(|one| one.message_type() == XFRM_MSG_NEWSPDINFO)?;
    let counts = NlasIterator::new(message.payload().get(FLAGS..)?)
        .filter_map(Result::ok)
        .find(|attribute| attribute.kind() == XFRMA_SPD_INFO)?;
    // Those for packets that come stand before them (`struct xfrmu_spdinfo`).
    counts.value().get(4..)?.first_chunk().map(|count| u32::from_ne_bytes(*count))
}

/// `linux/xfrm.h`.
const XFRM_MSG_NEWSPDINFO: u16 = 0x24;
const XFRM_MSG_GETSPDINFO: u16 = 0x25;
const XFRMA_SPD_INFO: u16 = 1;
/// `struct nlmsghdr` (netlink(7)).
const HEADER: usize = 16;
const FLAGS: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn policies_that_leave_are_told_from_those_that_come() {
        let mut answer = request().to_vec();
        answer[0] = 48;
        answer[4..6].copy_from_slice(&XFRM_MSG_NEWSPDINFO.to_ne_bytes());
        answer.extend([28_u16, XFRMA_SPD_INFO].map(u16::to_ne_bytes).concat());
        answer.extend([7_u32, 3, 9, 0, 0, 0].map(u32::to_ne_bytes).concat());
        assert_eq!(policies(&answer), Some(3));
        assert_eq!(policies(&request()), None);
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes: Vec<u8>) {
            policies(&bytes);
        }
    }
}
