//! Working memory of a group of lanes, and the way into the instructions that use it.

use super::{Lanes, Scalar};
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};

/// Which instructions a group of lanes uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isa {
    /// One lane, any processor.
    Portable,
    /// One lane with a fused multiply-add instruction: the same bits, sooner.
    #[cfg(target_arch = "x86_64")]
    Fma,
    /// Four lanes.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Eight lanes.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The widest instructions of this processor with at most `width` lanes.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn detect(width: usize) -> Isa {
        let fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        if width >= 8 && fma && is_x86_feature_detected!("avx512f") {
            Isa::Avx512
        } else if width >= 4 && fma {
            Isa::Avx2
        } else if fma {
            Isa::Fma
        } else {
            Isa::Portable
        }
    }

    /// The widest instructions of this processor with at most `width` lanes.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn detect(_width: usize) -> Isa {
        Isa::Portable
    }

    /// Number of lanes.
    pub(crate) fn width(self) -> usize {
        match self {
            Isa::Portable => 1,
            #[cfg(target_arch = "x86_64")]
            Isa::Fma => 1,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => 4,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => 8,
        }
    }
}

/// Something to compute on the memory of a group of lanes, written once for every width.
///
/// `run` and all it calls on lanes must be `#[inline(always)]`, so that it is compiled with the
/// instructions of the place it is inlined into.
pub(crate) trait Kernel {
    /// Computes on `memory`, `[slot]` of lanes.
    fn run<V: Lanes>(self, memory: &mut [V]);
}

/// Something to compute for one subject; `value` must be `#[inline(always)]` like a kernel.
pub(crate) trait Function {
    /// The result.
    fn value(self) -> f64;
}

/// Computes a function with a fused multiply-add instruction where there is one. Without it
/// every such operation is a call into a library: the same bits, much later.
pub(crate) fn compute<F: Function>(function: F) -> f64 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("fma") {
        // SAFETY: the instruction has just been found.
        return unsafe { compute_with_fma(function) };
    }
    function.value()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "fma")]
fn compute_with_fma<F: Function>(function: F) -> f64 {
    function.value()
}

/// 64 bytes that start at a multiple of 64.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f64; 8]);

/// Memory `[slot, lane]` of a group of lanes.
#[derive(Clone, Debug)]
pub(crate) struct Arena {
    lines: Vec<Line>,
    slots: usize,
    isa: Isa,
}

impl Arena {
    /// Zeroed memory of `slots` slots for as many lanes as `isa` has.
    pub(crate) fn new(slots: usize, isa: Isa) -> Arena {
        let isa = match isa {
            Isa::Portable => Isa::Portable,
            // Whatever was asked for, never more than the processor has: `run` relies on it.
            #[cfg(target_arch = "x86_64")]
            wanted => Isa::detect(wanted.width()),
        };
        let lines = (slots * isa.width()).div_ceil(8);
        Arena { lines: vec![Line([0.0; 8]); lines], slots, isa }
    }

    /// Number of lanes.
    pub(crate) fn width(&self) -> usize {
        self.isa.width()
    }

    /// Appends zeroed slots, so that there are at least so many.
    pub(crate) fn grow(&mut self, slots: usize) {
        if slots > self.slots {
            self.slots = slots;
            self.lines.resize((slots * self.width()).div_ceil(8), Line([0.0; 8]));
        }
    }

    /// The number in a slot of a lane.
    pub(crate) fn get(&self, slot: usize, lane: usize) -> f64 {
        let at = slot * self.width() + lane;
        self.lines[at / 8].0[at % 8]
    }

    /// Sets the number in a slot of a lane.
    pub(crate) fn set(&mut self, slot: usize, lane: usize, value: f64) {
        let at = slot * self.width() + lane;
        self.lines[at / 8].0[at % 8] = value;
    }

    /// Sets a slot of every lane.
    pub(crate) fn fill(&mut self, slot: usize, value: f64) {
        for lane in 0..self.width() {
            self.set(slot, lane, value);
        }
    }

    /// Copies consecutive slots of a lane into `values`.
    pub(crate) fn gather(&self, slot: usize, lane: usize, values: &mut [f64]) {
        let width = self.width();
        let first = slot * width + lane;
        for (i, value) in values.iter_mut().enumerate() {
            let at = first + i * width;
            *value = self.lines[at / 8].0[at % 8];
        }
    }

    /// Copies `values` into consecutive slots of a lane.
    pub(crate) fn scatter(&mut self, slot: usize, lane: usize, values: &[f64]) {
        let width = self.width();
        let first = slot * width + lane;
        for (i, value) in values.iter().enumerate() {
            let at = first + i * width;
            self.lines[at / 8].0[at % 8] = *value;
        }
    }

    /// Runs a kernel with the instructions of this arena.
    pub(crate) fn run<K: Kernel>(&mut self, kernel: K) {
        match self.isa {
            Isa::Portable => kernel.run(self.lanes::<Scalar>()),
            // SAFETY: `new` has detected the instructions these are compiled with.
            #[cfg(target_arch = "x86_64")]
            Isa::Fma => unsafe { with_fma(kernel, self) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { with_avx2(kernel, self) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { with_avx512(kernel, self) },
        }
    }

    /// The memory as lanes. Only `run` may call it, with the type that belongs to `isa`.
    #[inline(always)]
    fn lanes<V: Lanes>(&mut self) -> &mut [V] {
        assert_eq!(size_of::<V>(), 8 * self.width());
        assert!(align_of::<V>() <= align_of::<Line>());
        // SAFETY: `lines` holds at least `slots * width` initialised doubles, a lane type is
        // `width` doubles without padding, and its alignment is not stricter than a line's.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.slots) }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_fma<K: Kernel>(kernel: K, arena: &mut Arena) {
    kernel.run(arena.lanes::<Scalar>());
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<K: Kernel>(kernel: K, arena: &mut Arena) {
    kernel.run(arena.lanes::<Avx2>());
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn with_avx512<K: Kernel>(kernel: K, arena: &mut Arena) {
    kernel.run(arena.lanes::<Avx512>());
}
