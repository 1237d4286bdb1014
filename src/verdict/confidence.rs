//! How sure a claim is: a few levels, each with what it means.
//!
//! A rule names the level that its evidence reaches, and never a number. The numbers rank the levels and are what reports
//! show; they are no measured frequencies.

/// How sure a claim is, the least sure first. Closed: a new level is a new line here, with its meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Other evidence speaks for a neighbour; this cause is still the likelier one.
    #[default]
    Contested,
    /// An innocent explanation fits nearly as well.
    Ambiguous,
    /// The effect is sure, but no experiment told this cause from its neighbour.
    Unlocated,
    /// The floor of tries is reached, and nothing more.
    Indicated,
    /// The effect repeats, or an experiment points here, and one counter-check is missing.
    Likely,
    /// The effect repeats and every counter-check that was made agrees.
    Probable,
    /// An experiment changed one variable, and that alone made the difference.
    Isolated,
    /// Several kinds of observation agree, and none speaks against it.
    Confirmed,
    /// The fault showed itself, and its neighbours are excluded by observation.
    Proven,
    /// This computer itself says so, and no network could make it say that.
    Certain,
}

impl Confidence {
    /// Every level, the least sure first.
    pub const ALL: [Self; 10] = [
        Self::Contested,
        Self::Ambiguous,
        Self::Unlocated,
        Self::Indicated,
        Self::Likely,
        Self::Probable,
        Self::Isolated,
        Self::Confirmed,
        Self::Proven,
        Self::Certain,
    ];

    /// The number that reports show, from 0.5 to 1.
    pub const fn value(self) -> f64 {
        match self {
            Self::Contested => 0.65,
            Self::Ambiguous => 0.7,
            Self::Unlocated => 0.75,
            Self::Indicated => 0.8,
            Self::Likely => 0.85,
            Self::Probable => 0.9,
            Self::Isolated => 0.93,
            Self::Confirmed => 0.95,
            Self::Proven => 0.97,
            Self::Certain => 0.99,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Confidence;

    #[test]
    fn a_surer_level_has_a_greater_number_between_a_half_and_one() {
        let values = Confidence::ALL.map(Confidence::value);
        assert!(values.is_sorted_by(|less, more| less < more), "{values:?}");
        assert!(values.iter().all(|value| (0.5..=1.0).contains(value)), "{values:?}");
        assert!(Confidence::ALL.is_sorted());
    }
}
