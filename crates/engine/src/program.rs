//! A compiled network: what a run needs to know of it.

use std::collections::HashMap;

use hersim_network::{Diagnostic, Network, SymbolId};

use crate::{
    Width,
    dag::NodeId,
    drivers::{Drivers, Strongest},
    ensemble::choose_isa,
    evaluate::{Block, Evaluator},
    lower::{self, Model, Target},
    stepper::{self, Stepper},
};

/// What to make of a network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compile<'a> {
    /// Symbols that are folded to these numbers, in the unit they have in formulas, whatever the
    /// network says of them.
    pub fixed: &'a [(SymbolId, f64)],
    /// Constants whose value differs between subjects; all others are folded. A species or a
    /// parameter with a rate rule may stand here too: then its starting value differs.
    pub varying: &'a [SymbolId],
    /// Species that may receive doses. Each gets an infusion rate, in amount per time.
    pub inputs: &'a [SymbolId],
    /// Symbols wanted as outputs, with the meaning they have in formulas.
    pub outputs: &'a [SymbolId],
}

/// A network compiled for running.
#[derive(Clone, Debug)]
pub struct Program {
    states: Vec<SymbolId>,
    parameters: Vec<SymbolId>,
    infused: Vec<SymbolId>,
    dropped: Vec<SymbolId>,
    outputs: Vec<SymbolId>,
    pub(crate) clock: bool,
    pub(crate) stepper: Stepper,
    /// What was asked for.
    pub(crate) observer: Block,
    /// What events need.
    pub(crate) happenings: Block,
    /// Rates of change, in the order of the state vector without the clock.
    pub(crate) rates: Block,
    drivers: Drivers,
    pub(crate) events: Vec<Event>,
    /// Whether the conditions of some events must be looked at after every step.
    pub(crate) has_open_events: bool,
    starter: Block,
    /// Place in the starter of the starting value of each state, dropped and frozen ones included.
    started: HashMap<SymbolId, usize>,
}

/// A discrete event; formulas by their place in [`Program::happenings`].
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) condition: usize,
    /// Whether the condition changes at the stops only, so that nobody need look in between.
    pub(crate) timed: bool,
    /// Whether the condition counts as true before the start.
    pub(crate) initially: bool,
    /// Times at which the condition may change.
    pub(crate) stops: Vec<usize>,
    /// What is set (places in the state vector), and to what.
    pub(crate) assignments: Vec<(Target, usize)>,
}

/// Size of a program: what a step costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// States, the clock included if time occurs.
    pub states: usize,
    /// Parameters, infusion rates included.
    pub parameters: usize,
    /// Entries of the Jacobian.
    pub jacobian_entries: usize,
    /// Entries of its factors, with fill and diagonal.
    pub factor_entries: usize,
    /// Operations per subject and dose: what only parameters determine.
    pub prelude_operations: usize,
    /// Operations of the first stage: rates of change, Jacobian, its factors and the solution with
    /// them. Without the last two where so many products would be needed that loops do them.
    pub first_operations: usize,
    /// Operations of every other stage: rates of change and the solution with the factors.
    pub stage_operations: usize,
    /// Operations to evaluate the outputs.
    pub output_operations: usize,
}

/// Compiles a network.
///
/// # Errors
/// Symbols without a value, circular rules, compartments that change size, and options that name
/// symbols which cannot be varied or dosed. All of them, not the first.
pub fn compile(network: &Network, options: &Compile) -> Result<Program, Vec<Diagnostic>> {
    let mut model = lower::lower(network, options)?;
    let (stepper, order, rates) = stepper::build(&mut model);
    let parameter_count = model.parameters.len() + model.infused.len();
    let starts: Vec<_> = model.initial.iter().map(|initial| initial.1).collect();
    let drivers = Drivers::new(&mut model, parameter_count, &order);
    let mut happenings = Vec::new();
    let events = place_events(&model, &order, &mut happenings);
    let dag = &mut model.dag;
    Ok(Program {
        observer: Block::new(dag, parameter_count, &order, &model.outputs),
        happenings: Block::new(dag, parameter_count, &order, &happenings),
        rates: Block::new(dag, parameter_count, &order, &rates),
        drivers,
        has_open_events: events.iter().any(|event| !event.timed),
        events,
        starter: Block::new(dag, parameter_count, &[], &starts),
        started: model.initial.iter().enumerate().map(|(i, initial)| (initial.0, i)).collect(),
        states: order.iter().filter_map(|&leaf| model.states.get(leaf as usize).copied()).collect(),
        parameters: model.parameters,
        infused: model.infused,
        dropped: model.dropped,
        outputs: options.outputs.to_vec(),
        clock: model.clock,
        stepper,
    })
}

/// Events by place; appends the formulas they need.
fn place_events(model: &Model, order: &[u32], observed: &mut Vec<NodeId>) -> Vec<Event> {
    let mut observe = |formula: NodeId| {
        observed.push(formula);
        observed.len() - 1
    };
    let skip = usize::from(model.clock);
    let place = |target: Target| match target {
        Target::State(leaf) => {
            let place = order.iter().position(|&o| o as usize == leaf);
            Target::State(place.map_or(0, |place| place - skip))
        }
        Target::Parameter(_) => target,
    };
    let mut events = Vec::with_capacity(model.events.len());
    for event in &model.events {
        events.push(Event {
            condition: observe(event.condition),
            timed: event.timed,
            initially: event.initially,
            stops: event.stops.iter().map(|&time| observe(time)).collect(),
            assignments: (event.assignments.iter())
                .map(|&(target, value)| (place(target), observe(value)))
                .collect(),
        });
    }
    events
}

impl Program {
    /// Symbols of the states, in the order of the state vector. Species are amounts.
    pub fn states(&self) -> &[SymbolId] {
        &self.states
    }

    /// Symbols of the parameters: `varying` in the order given, then frozen states, whose rate of
    /// change is always zero. Those keep the value the subject gives (amounts for species).
    pub fn parameters(&self) -> &[SymbolId] {
        &self.parameters
    }

    /// States that start at zero and can never leave it; they were removed.
    pub fn dropped(&self) -> &[SymbolId] {
        &self.dropped
    }

    /// Symbols of the outputs, as asked for.
    pub fn outputs(&self) -> &[SymbolId] {
        &self.outputs
    }

    /// Place in the parameter vector of the infusion rate of a species, in amount per time.
    pub fn infusion(&self, species: SymbolId) -> Option<usize> {
        let place = self.infused.iter().position(|&s| s == species)?;
        Some(self.parameters.len() + place)
    }

    /// Length of the parameter vector: parameters, then infusion rates.
    pub fn parameter_count(&self) -> usize {
        self.parameters.len() + self.infused.len()
    }

    /// Starting state for these parameters, `[state]`. A short parameter vector is continued with
    /// zeros.
    pub fn initial(&self, parameters: &[f64]) -> Vec<f64> {
        let starts = self.starts(parameters);
        self.states.iter().map(|symbol| starts[self.started[symbol]]).collect()
    }

    /// Starting value of any state for these parameters, frozen and dropped ones included: the
    /// amount of a species, the value of anything else. `None` when the symbol never was a state.
    pub fn initial_of(&self, symbol: SymbolId, parameters: &[f64]) -> Option<f64> {
        let place = *self.started.get(&symbol)?;
        Some(self.starts(parameters)[place])
    }

    /// Outputs, `[output]`, at a time for a state and parameters.
    ///
    /// # Panics
    /// When state or parameters do not have the length this program says.
    pub fn outputs_at(&self, t: f64, state: &[f64], parameters: &[f64]) -> Vec<f64> {
        assert_eq!(state.len(), self.states.len(), "the state of another program");
        assert_eq!(parameters.len(), self.parameter_count(), "the parameters of another program");
        let mut evaluator = Evaluator::new(&self.observer);
        self.observe_outputs(&mut evaluator, t, state, parameters).to_vec()
    }

    /// Makes machine code for this width now; otherwise a run does once it has proved long enough.
    /// Returns whether there is any.
    pub fn make_code(&self, width: Width) -> bool {
        self.stepper.code(choose_isa(width, usize::MAX)).is_some()
    }

    /// Size of the program.
    pub fn summary(&self) -> Summary {
        let stepper = &self.stepper;
        Summary {
            states: stepper.n,
            parameters: self.parameter_count(),
            jacobian_entries: stepper.jacobian_entries,
            factor_entries: stepper.factor_entries,
            prelude_operations: stepper.prelude.instructions().len(),
            first_operations: stepper.first.instructions().len(),
            stage_operations: stepper.stage.instructions().len(),
            output_operations: self.observer.operations(),
        }
    }

    /// Outputs, evaluated in memory that is kept.
    pub(crate) fn observe_outputs<'e>(
        &self,
        evaluator: &'e mut Evaluator,
        t: f64,
        state: &[f64],
        parameters: &[f64],
    ) -> &'e [f64] {
        let clock = self.clock.then_some(t);
        evaluator.evaluate(&self.observer, parameters, clock, state)
    }

    /// Rates of change, `[state]`, evaluated in memory that is kept.
    pub(crate) fn rates<'e>(
        &self,
        evaluator: &'e mut Evaluator,
        t: f64,
        state: &[f64],
        parameters: &[f64],
    ) -> &'e [f64] {
        evaluator.evaluate(&self.rates, parameters, self.clock.then_some(t), state)
    }

    /// What events need, evaluated in memory that is kept.
    pub(crate) fn observe_events<'e>(
        &self,
        evaluator: &'e mut Evaluator,
        t: f64,
        state: &[f64],
        parameters: &[f64],
    ) -> &'e [f64] {
        let clock = self.clock.then_some(t);
        evaluator.evaluate(&self.happenings, parameters, clock, state)
    }

    /// The reactions that change a state most, by its place in the state vector.
    pub(crate) fn strongest(
        &self,
        place: usize,
        t: f64,
        state: &[f64],
        parameters: &[f64],
    ) -> Strongest {
        let Some(&symbol) = self.states.get(place) else { return Strongest::default() };
        self.drivers.strongest(symbol, self.clock.then_some(t), state, parameters)
    }

    fn starts(&self, parameters: &[f64]) -> Vec<f64> {
        let mut padded = parameters.to_vec();
        padded.resize(self.parameter_count(), 0.0);
        Evaluator::new(&self.starter).evaluate(&self.starter, &padded, None, &[]).to_vec()
    }
}
