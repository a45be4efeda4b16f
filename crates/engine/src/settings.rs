//! What to ask of a run, and what it reports.

/// Tolerances, limits and machine use of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Relative tolerance of each step.
    pub rtol: f64,
    /// Absolute tolerance per state, `[state]` in the order of [`crate::Program::states`] and in
    /// the unit of each. Shorter lists are continued with the last value.
    pub atol: Vec<f64>,
    /// Steps a subject may take, rejected ones included, before it is given up.
    pub max_steps: u64,
    /// How many subjects share an instruction.
    pub width: Width,
    /// Whether to compile what runs for long to machine code, where the processor and the system
    /// allow it. Results are the same, to the bit.
    pub compile: bool,
    /// Threads; zero for all the machine offers.
    pub threads: usize,
    /// First step after a discontinuity, in time units; zero to choose it from the rates.
    pub first_step: f64,
}

impl Default for Settings {
    /// rtol 1e-5 and atol 1e-8: right for states of the order of one.
    fn default() -> Self {
        Settings {
            rtol: 1e-5,
            atol: vec![1e-8],
            max_steps: 200_000,
            width: Width::Auto,
            compile: true,
            threads: 0,
            first_step: 0.0,
        }
    }
}

impl Settings {
    /// The absolute tolerance for a state of this usual size: a thousandth of what `rtol` allows.
    pub fn default_atol(rtol: f64, scale: f64) -> f64 {
        rtol * 1e-3 * scale.abs()
    }
}

/// How many subjects share an instruction. Results are the same for every width, to the bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// The widest the processor offers and the number of subjects can fill.
    #[default]
    Auto,
    /// One; runs everywhere.
    One,
    /// Four (AVX2 and FMA); falls back to one where they are missing.
    Four,
    /// Eight (AVX-512); falls back to four or one where it is missing.
    Eight,
}

/// What a run has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Subjects that finished.
    pub finished: u64,
    /// Subjects that failed.
    pub failed: u64,
    /// Steps tried, over all subjects.
    pub steps: u64,
    /// Steps rejected, over all subjects.
    pub rejections: u64,
    /// Steps taken by whole lane groups; `steps / (batches * width)` is the share of busy lanes.
    pub batches: u64,
    /// Width used.
    pub width: usize,
}
