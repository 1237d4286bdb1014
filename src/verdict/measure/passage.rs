//! What the kernel's counters say of a flow: whether its packets leave this computer, and whether its answers are let in.

use crate::evidence::Passage;

/// Fewer packets left this computer than SYNs were sent: most of them were swallowed here.
pub(in crate::verdict) fn is_kept_in(passage: Passage) -> bool {
    passage.begun > 0 && passage.left * 2 <= passage.begun
}

/// Every SYN can have left.
pub(in crate::verdict) fn gets_out(passage: Passage) -> bool {
    passage.begun > 0 && passage.left >= passage.begun
}

/// About as many packets as SYNs were sent arrived, and were handed to nobody.
pub(in crate::verdict) fn is_kept_out(passage: Passage) -> bool {
    passage.begun > 0 && passage.withheld * 4 >= passage.begun * 3
}

/// Hardly any packet that arrived was handed to nobody.
pub(in crate::verdict) fn is_let_in(passage: Passage) -> bool {
    passage.withheld * 4 <= passage.begun
}
