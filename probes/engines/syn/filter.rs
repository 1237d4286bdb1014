//! The kernel's filters (classic BPF): of all that comes to this computer, only what may answer a SYN of ours is handed over.
//!
//! What passes is still read as hostile: a filter saves work, it proves nothing.

use socket2::SockFilter;

/// Passes nothing: a listening socket with it holds its port, and neither answers nor resets (`tcp_v4_rcv` and `tcp_v6_rcv` drop
/// what its filter refuses before TCP sees it).
pub(super) const NOTHING: [SockFilter; 1] = [SockFilter::new(RET, 0, 0, 0)];

/// Of IPv4 packets from the IP header on: SYN-ACKs and RSTs to one of these ports, unreachables and expired TTLs.
pub(super) fn answers_v4(ports: &[u16]) -> Vec<SockFilter> {
    let mut program = Program::default();
    program.load_byte(9);
    let icmp = program.jump_if(ICMP);
    program.refuse_unless(TCP);
    // The ports stand in the first fragment.
    program.push(LOAD_HALF, 0, 0, 6);
    program.refuse_if_any(0x1fff);
    program.push(LOAD_HEADER_LENGTH, 0, 0, 0);
    program.push(LOAD_HALF_AFTER, 0, 0, 2);
    program.refuse_unless_one_of(ports);
    program.push(LOAD_BYTE_AFTER, 0, 0, 13);
    program.pass_if_it_answers();
    program.land(icmp);
    program.push(LOAD_HEADER_LENGTH, 0, 0, 0);
    program.push(LOAD_BYTE_AFTER, 0, 0, 0);
    program.pass_if(3);
    program.pass_if(11);
    program.finish()
}

/// The same of IPv6 packets; what has extension headers is no answer.
pub(super) fn answers_v6(ports: &[u16]) -> Vec<SockFilter> {
    let mut program = Program::default();
    program.load_byte(6);
    let icmp = program.jump_if(ICMPV6);
    program.refuse_unless(TCP);
    program.push(LOAD_HALF, 0, 0, 42);
    program.refuse_unless_one_of(ports);
    program.load_byte(53);
    program.pass_if_it_answers();
    program.land(icmp);
    program.load_byte(40);
    program.pass_if(1);
    program.pass_if(3);
    program.finish()
}

/// Instructions: code, jumps if true and if false, constant.
#[derive(Default)]
struct Program(Vec<(u16, u8, u8, u32)>);

impl Program {
    fn push(&mut self, code: u16, if_true: u8, if_false: u8, constant: u32) {
        self.0.push((code, if_true, if_false, constant));
    }

    fn load_byte(&mut self, at: u32) {
        self.push(LOAD_BYTE, 0, 0, at);
    }

    /// Jumps to where [`Program::land`] says.
    fn jump_if(&mut self, equal: u32) -> usize {
        self.push(JUMP_EQUAL, 0, 0, equal);
        self.0.len()
    }

    fn land(&mut self, jump: usize) {
        let over = u8::try_from(self.0.len() - jump).unwrap_or(u8::MAX);
        if let Some(instruction) = jump.checked_sub(1).and_then(|at| self.0.get_mut(at)) {
            instruction.1 = over;
        }
    }

    fn refuse_unless(&mut self, equal: u32) {
        self.push(JUMP_EQUAL, 1, 0, equal);
        self.push(RET, 0, 0, 0);
    }

    fn refuse_if_any(&mut self, bits: u32) {
        self.push(JUMP_BITS, 0, 1, bits);
        self.push(RET, 0, 0, 0);
    }

    fn refuse_unless_one_of(&mut self, ports: &[u16]) {
        for (at, port) in ports.iter().enumerate() {
            // Over the rest of them and the refusal.
            let over = u8::try_from(ports.len() - at).unwrap_or(u8::MAX);
            self.push(JUMP_EQUAL, over, 0, u32::from(*port));
        }
        self.push(RET, 0, 0, 0);
    }

    fn pass_if(&mut self, equal: u32) {
        self.push(JUMP_EQUAL, 0, 1, equal);
        self.push(RET, 0, 0, LONGEST);
    }

    /// By the flags of a segment: what answers acknowledges, with a SYN or a RST.
    fn pass_if_it_answers(&mut self) {
        self.push(AND, 0, 0, 0x16);
        self.pass_if(0x12);
        self.pass_if(0x14);
        self.push(RET, 0, 0, 0);
    }

    fn finish(mut self) -> Vec<SockFilter> {
        self.push(RET, 0, 0, 0);
        self.0.into_iter().map(|(code, yes, no, constant)| SockFilter::new(code, yes, no, constant)).collect()
    }
}

/// How much of a packet is handed over: two IPv4 headers with all options around ICMP's eight bytes and eight of the segment, and
/// as much of IPv6.
pub(super) const LONGEST: u32 = 144;

// RFC 792, RFC 4443, RFC 9293.
const ICMP: u32 = 1;
const TCP: u32 = 6;
const ICMPV6: u32 = 58;
// linux/bpf_common.h.
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_HALF_AFTER: u16 = 0x48;
const LOAD_BYTE_AFTER: u16 = 0x50;
const LOAD_HEADER_LENGTH: u16 = 0xb1;
const AND: u16 = 0x54;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_BITS: u16 = 0x45;
const RET: u16 = 0x06;

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::os::unix::net::UnixDatagram;

    use proptest::prelude::*;
    use socket2::SockRef;

    use super::super::answer;
    use super::super::answer::tests::{error_back, segment_back, syn};
    use super::*;

    const PORTS: [u16; 3] = [50_000, 40_000, 60_000];

    /// Two sockets between which the kernel lets through what the filter of that family does.
    fn filtered(v6: bool, ports: &[u16]) -> (UnixDatagram, UnixDatagram) {
        let (near, far) = UnixDatagram::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let filter = if v6 { answers_v6(ports) } else { answers_v4(ports) };
        SockRef::from(&near).attach_filter(&filter).unwrap();
        (near, far)
    }

    fn passes((near, far): &(UnixDatagram, UnixDatagram), bytes: &[u8]) -> bool {
        // What a filter refuses is refused to the sender of such a socket.
        drop(far.send(bytes));
        near.recv(&mut [0; 256]).is_ok()
    }

    #[test]
    fn what_answers_passes_and_nothing_else() {
        for v6 in [false, true] {
            let sockets = filtered(v6, &PORTS);
            for flags in [0x12, 0x14, 0x52] {
                assert!(passes(&sockets, &segment_back(v6, flags)), "{flags:#x}");
            }
            for flags in [0x02, 0x04, 0x10, 0x18, 0x11] {
                assert!(!passes(&sockets, &segment_back(v6, flags)), "{flags:#x}");
            }
            assert!(!passes(&sockets, &syn(v6)));
            assert!(!passes(&filtered(v6, &[39_999, 40_001]), &segment_back(v6, 0x12)));
        }
        let (v4, v6) = (filtered(false, &PORTS), filtered(true, &PORTS));
        assert!(passes(&v4, &error_back(false, 3, 13, 28)) && passes(&v4, &error_back(false, 11, 0, 28)));
        assert!(passes(&v6, &error_back(true, 1, 1, 48)) && passes(&v6, &error_back(true, 3, 0, 48)));
        assert!(!passes(&v4, &error_back(false, 8, 0, 28)) && !passes(&v6, &error_back(true, 136, 0, 48)));
    }

    #[test]
    fn a_fragment_does_not_pass() {
        let mut bytes = segment_back(false, 0x12);
        bytes[7] = 1;
        assert!(!passes(&filtered(false, &PORTS), &bytes));
    }

    proptest! {
        #[test]
        fn no_answer_to_a_port_of_ours_is_kept_back(
            v6: bool, which in 0..3, flags: u8, changes: Vec<(usize, u8)>,
        ) {
            let mut bytes = match which {
                0 => segment_back(v6, flags),
                1 => error_back(v6, 3, 13, 48.min(syn(v6).len())),
                _ => error_back(v6, 1, 1, 48.min(syn(v6).len())),
            };
            let length = bytes.len();
            for (at, to) in changes.into_iter().take(3) {
                bytes[at % length] = to;
            }
            // The kernel hands each family to its own socket.
            if bytes[0] >> 4 == if v6 { 6 } else { 4 }
                && let Some(found) = answer::read(&bytes)
                && SocketAddr::port(&found.from) == 40_000
            {
                prop_assert!(passes(&filtered(v6, &PORTS), &bytes));
            }
        }
    }
}
