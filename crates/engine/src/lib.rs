//! placeholder

#![allow(dead_code, unused)]
mod settings;
mod subject;
mod evaluate { pub struct Evaluator; 
impl Evaluator { pub fn set_parameters(&mut self, _: &crate::Program, _: &[f64]) {} pub fn outputs(&mut self, _: &crate::Program, _: f64, _: &[f64]) -> &[f64] { &[] } } }
use hersim_network::{Diagnostic, Network, SymbolId};
pub use settings::{Settings, Stats, Width};
pub use subject::{Effort, Failure, Leg, Moment, Reached, Reason, Subject, Watch, WatchOn};

/// What to make of a network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compile<'a> {
    /// Symbols folded to these values.
    pub fixed: &'a [(SymbolId, f64)],
    /// Constants whose value differs between subjects.
    pub varying: &'a [SymbolId],
    /// Species that may receive doses.
    pub inputs: &'a [SymbolId],
    /// Symbols wanted as outputs.
    pub outputs: &'a [SymbolId],
}
/// A compiled network.
#[derive(Debug, Clone)]
pub struct Program {}
/// Size of a program.
#[derive(Debug, Clone, Default)]
pub struct Summary {}
/// Compiles.
pub fn compile(network: &Network, options: &Compile) -> Result<Program, Vec<Diagnostic>> { unimplemented!() }
impl Program {
    /// states
    pub fn states(&self) -> &[SymbolId] { unimplemented!() }
    /// parameters
    pub fn parameters(&self) -> &[SymbolId] { unimplemented!() }
    /// dropped
    pub fn dropped(&self) -> &[SymbolId] { unimplemented!() }
    /// outputs
    pub fn outputs(&self) -> &[SymbolId] { unimplemented!() }
    /// infusion slot
    pub fn infusion(&self, species: SymbolId) -> Option<usize> { unimplemented!() }
    /// count
    pub fn parameter_count(&self) -> usize { unimplemented!() }
    /// initial state
    pub fn initial(&self, parameters: &[f64]) -> Vec<f64> { unimplemented!() }
    /// initial value of any state, dropped and frozen ones too (species: amounts)
    pub fn initial_of(&self, symbol: SymbolId, parameters: &[f64]) -> Option<f64> { unimplemented!() }
    /// outputs
    pub fn outputs_at(&self, t: f64, state: &[f64], parameters: &[f64]) -> Vec<f64> { unimplemented!() }
    /// summary
    pub fn summary(&self) -> Summary { unimplemented!() }
}
/// Runs.
pub fn run<S: Subject>(program: &Program, subjects: &mut [S], settings: &Settings, progress: &(dyn Fn(usize) + Sync)) -> Stats { unimplemented!() }
