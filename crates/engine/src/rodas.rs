//! Rodas5P: one step of an eight-stage Rosenbrock method of order five, stiffly accurate, with an
//! embedded error estimate of order four and an interpolation of order four.
//!
//! Steinebach, "Construction of Rosenbrock–Wanner method Rodas5P and numerical benchmarks within
//! the Julia Differential Equations package", BIT Numerical Mathematics 63:27 (2023). In the form
//! without products of matrix and vector:
//!
//! ```text
//! (I/(γh) − J) Uᵢ = f(y + Σ aᵢⱼ Uⱼ) + Σ cᵢⱼ Uⱼ / h,     i = 1…8
//! y₁ = y + Σ a₈ⱼ Uⱼ + U₈,    error ≈ U₈
//! y(θ) = (1−θ) y + θ (y₁ + (1−θ) (K₁ + θ (K₂ + θ K₃))),    Kᵣ = Σ hᵣᵢ Uᵢ
//! ```
//!
//! Each step is the same sequence of operations whatever the numbers, so subjects side by side
//! need nothing in common: not time, not step size, not the fate of the last step.

use crate::{
    compile::Code,
    control::SMALLEST_ERROR,
    lanes::{Kernel, Lanes},
    math,
    stepper::{Part, STAGES, StepSlot, Stepper},
};

/// γ, the diagonal of the method.
pub const GAMMA: f64 = 0.21193756319429014;

/// Order of the method; the error estimate shrinks with this power of the step.
pub const ORDER: f64 = 5.0;

/// a: how the stage state is made of earlier stages. Stages six to eight repeat the row above
/// and add the last stage with factor one.
pub const A: [[f64; 5]; 6] = [
    [0.0; 5],
    [3.0, 0.0, 0.0, 0.0, 0.0],
    [2.849394379747939, 0.45842242204463923, 0.0, 0.0, 0.0],
    [-6.954028509809101, 2.489845061869568, -10.358996098473584, 0.0, 0.0],
    [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641, 0.0],
    [
        -7.502846399306121,
        2.561846144803919,
        -11.627539656261098,
        -0.18268767659942256,
        0.030198172008377946,
    ],
];

/// c: how the residual is made of earlier stages.
pub const C: [[f64; 7]; 8] = [
    [0.0; 7],
    [-14.155112264123755, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [-17.97296035885952, -2.859693295451294, 0.0, 0.0, 0.0, 0.0, 0.0],
    [147.12150275711716, -1.41221402718213, 71.68940251302358, 0.0, 0.0, 0.0, 0.0],
    [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306, 0.0, 0.0, 0.0],
    [
        24.854864614690072,
        -3.0009227002832186,
        47.4931110020768,
        5.5814197821558125,
        -0.6610691825249471,
        0.0,
        0.0,
    ],
    [
        30.91273214028599,
        -3.1208243349937974,
        77.79954646070892,
        34.28646028294783,
        -19.097331116725623,
        -28.087943162872662,
        0.0,
    ],
    [
        37.80277123390563,
        -3.2571969029072276,
        112.26918849496327,
        66.9347231244047,
        -40.06618937091002,
        -54.66780262877968,
        -9.48861652309627,
    ],
];

/// h: how the interpolation is made of the stages.
pub const H: [[f64; STAGES]; 3] = [
    [
        25.948786856663858,
        -2.5579724845846235,
        10.433815404888879,
        -2.3679251022685204,
        0.524948541321073,
        1.1241088310450404,
        0.4272876194431874,
        -0.17202221070155493,
    ],
    [
        -9.91568850695171,
        -0.9689944594115154,
        3.0438037242978453,
        -24.495224566215796,
        20.176138334709044,
        15.98066361424651,
        -6.789040303419874,
        -6.710236069923372,
    ],
    [
        11.419903575922262,
        2.8879645146136994,
        72.92137995996029,
        80.12511834622643,
        -52.072871366152654,
        -59.78993625266729,
        -0.15582684282751913,
        4.883087185713722,
    ],
];

/// One step: leaves the new state in the stage state and the numbers that judge it in
/// [`StepSlot::Error`], [`StepSlot::Rate`] and [`StepSlot::Growth`].
pub(crate) struct Step<'a> {
    pub(crate) stepper: &'a Stepper,
    pub(crate) code: Option<&'a Code>,
    pub(crate) tolerances: Tolerances<'a>,
    /// Whether [`StepSlot::Rate`] is wanted.
    pub(crate) measures_rates: bool,
}

/// What only parameters determine, from the parameters in memory.
pub(crate) struct Prelude<'a> {
    pub(crate) stepper: &'a Stepper,
    pub(crate) code: Option<&'a Code>,
}

/// The interpolation over the step just taken.
pub(crate) struct Interpolate<'a> {
    pub(crate) stepper: &'a Stepper,
}

/// What counts as a small error.
#[derive(Clone, Copy)]
pub(crate) struct Tolerances<'a> {
    pub(crate) relative: f64,
    /// Per state, without the clock.
    pub(crate) absolute: &'a [f64],
}

impl Kernel for Step<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self, memory: &mut [V]) {
        let Step { stepper, code, tolerances, measures_rates } = self;
        commit(stepper, memory);
        for stage in 0..STAGES {
            match stage {
                0 => {}
                1 => combine::<V, 1>(stepper, memory),
                2 => combine::<V, 2>(stepper, memory),
                3 => combine::<V, 3>(stepper, memory),
                4 => combine::<V, 4>(stepper, memory),
                5 => combine::<V, 5>(stepper, memory),
                6 => combine::<V, 6>(stepper, memory),
                _ => combine::<V, 7>(stepper, memory),
            }
            // One call for all stages, so that the interpreter is inlined once.
            let part = if stage == 0 { Part::First } else { Part::Stage };
            stepper.carry_out(part, code, stepper.stage(stage), memory);
            if stage == 0 {
                if measures_rates {
                    measure_rates(stepper, tolerances, memory);
                }
                measure_growth(stepper, memory);
            }
        }
        conclude(stepper, tolerances, memory);
    }
}

impl Kernel for Prelude<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self, memory: &mut [V]) {
        let Prelude { stepper, code } = self;
        stepper.carry_out(Part::Prelude, code, stepper.stage(0), memory);
    }
}

impl Kernel for Interpolate<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self, memory: &mut [V]) {
        let n = self.stepper.n;
        let (stages, interpolation) = memory[self.stepper.stage(0)..].split_at_mut(n * STAGES);
        for (i, k) in interpolation[..3 * n].chunks_exact_mut(3).enumerate() {
            for (k, weights) in k.iter_mut().zip(&H) {
                let mut sum = stages[i].mul(stages[i].splat(weights[0]));
                for (stage, weight) in weights.iter().enumerate().skip(1) {
                    let u = stages[stage * n + i];
                    sum = u.mul_add(u.splat(*weight), sum);
                }
                *k = sum;
            }
        }
    }
}

/// A number of a step of this size on its way into a tape.
pub(crate) fn shift(step: f64) -> f64 {
    1.0 / (GAMMA * step)
}

/// Value within a step: `theta` in 0..=1 from `start` to `end`, `k` from [`Interpolate`].
pub(crate) fn interpolate(theta: f64, start: f64, end: f64, k: [f64; 3]) -> f64 {
    let rest = 1.0 - theta;
    rest * start + theta * (end + rest * (k[0] + theta * (k[1] + theta * k[2])))
}

/// Takes over the new state where the last step counts, and starts from there.
#[inline(always)]
fn commit<V: Lanes>(stepper: &Stepper, memory: &mut [V]) {
    let n = stepper.n;
    let accept = memory[stepper.slot(StepSlot::Accept)];
    let (work, rest) = memory.split_at_mut(stepper.state());
    for (new, old) in work[stepper.stage_state..][..n].iter_mut().zip(&mut rest[..n]) {
        *new = accept.select(*new, *old);
        *old = *new;
    }
}

/// Prepares stage state and residual of stage `S` (from zero) from the stages before.
#[inline(always)]
fn combine<V: Lanes, const S: usize>(stepper: &Stepper, memory: &mut [V]) {
    let n = stepper.n;
    let inverse_step = memory[stepper.slot(StepSlot::InverseStep)];
    let (work, rest) = memory.split_at_mut(stepper.state());
    let (state, stages) = rest.split_at_mut(n);
    let (stage_state, residual) = work[stepper.stage_state..][..2 * n].split_at_mut(n);
    let a: [V; S] = std::array::from_fn(|j| inverse_step.splat(a_of(S, j)));
    let c: [V; S] = std::array::from_fn(|j| inverse_step.mul(inverse_step.splat(C[S][j])));
    let u: [&[V]; S] = std::array::from_fn(|j| &stages[j * n..][..n]);
    for i in 0..n {
        // Every number is loaded once: memory is what this waits for.
        let last = u[S - 1][i];
        let mut weighted = last.mul(c[S - 1]);
        let mut sum =
            if S > 5 { stage_state[i].add(last) } else { last.mul_add(a[S - 1], state[i]) };
        for j in 0..S - 1 {
            let earlier = u[j][i];
            weighted = earlier.mul_add(c[j], weighted);
            if S <= 5 {
                sum = earlier.mul_add(a[j], sum);
            }
        }
        residual[i] = weighted;
        stage_state[i] = sum;
    }
}

/// Factor of stage `j` in the state of a stage; only the last counts from stage six on.
fn a_of(stage: usize, j: usize) -> f64 {
    A.get(stage).map_or(0.0, |row| row[j])
}

/// The new state and its error.
#[inline(always)]
fn conclude<V: Lanes>(stepper: &Stepper, tolerances: Tolerances, memory: &mut [V]) {
    let n = stepper.n;
    let relative = memory[0].splat(tolerances.relative);
    let mut squares = memory[0].splat(0.0);
    let skip = n - tolerances.absolute.len();
    let errors = stepper.stage(STAGES - 1);
    let (work, rest) = memory.split_at_mut(stepper.state());
    let (state, errors) = (&rest[..n], &rest[errors - stepper.state()..][..n]);
    let vectors = work[stepper.stage_state..][..n].iter_mut().zip(errors).zip(state);
    for (i, ((new, error), old)) in vectors.enumerate() {
        *new = new.add(*error);
        if i >= skip {
            let absolute = error.splat(tolerances.absolute[i - skip]);
            let scale = old.abs().max(new.abs()).mul_add(relative, absolute);
            let scaled = error.div(scale);
            squares = scaled.mul_add(scaled, squares);
        }
    }
    let error = mean(tolerances, squares);
    memory[stepper.slot(StepSlot::Error)] = error;
    let held = error.splat(SMALLEST_ERROR).max(error);
    let power = math::ln(held).mul(error.splat(-1.0 / ORDER));
    memory[stepper.slot(StepSlot::ErrorRoot)] = math::exp(power);
}

/// Root of the mean of a sum of squares over the states.
#[inline(always)]
fn mean<V: Lanes>(tolerances: Tolerances, squares: V) -> V {
    squares.div(squares.splat(tolerances.absolute.len().max(1) as f64)).sqrt()
}

/// Root of the mean square of the scaled rates of change.
#[inline(always)]
fn measure_rates<V: Lanes>(stepper: &Stepper, tolerances: Tolerances, memory: &mut [V]) {
    let zero = memory[0].splat(0.0);
    let squares =
        scaled_rates(stepper, tolerances, memory).fold(zero, |sum, rate| rate.mul_add(rate, sum));
    memory[stepper.slot(StepSlot::Rate)] = mean(tolerances, squares);
}

/// The rates of change in the residual, relative to `|y| + atol/rtol`.
#[inline(always)]
fn scaled_rates<V: Lanes>(
    stepper: &Stepper,
    tolerances: Tolerances,
    memory: &[V],
) -> impl Iterator<Item = V> {
    let skip = stepper.n - tolerances.absolute.len();
    let states = &memory[stepper.stage_state + skip..stepper.residual];
    let rates = &memory[stepper.residual + skip..];
    let inverse = 1.0 / tolerances.relative;
    (states.iter().zip(rates).zip(tolerances.absolute))
        .map(move |((y, rate), absolute)| rate.div(y.abs().add(y.splat(absolute * inverse))))
}

/// Largest reciprocal pivot relative to that of a system where nothing acts on anything: how much elimination
/// without a choice of pivots may have magnified rounding.
#[inline(always)]
fn measure_growth<V: Lanes>(stepper: &Stepper, memory: &mut [V]) {
    let mut largest = memory[0].splat(0.0);
    for &slot in &stepper.pivots {
        largest = largest.max(memory[slot as usize].abs());
    }
    let shift = memory[stepper.slot(StepSlot::Shift)];
    let mut growth = largest.mul(shift);
    for &slot in &stepper.value_pivots {
        growth = growth.max(memory[slot as usize].abs());
    }
    memory[stepper.slot(StepSlot::Growth)] = growth;
}

#[cfg(test)]
mod tests;
