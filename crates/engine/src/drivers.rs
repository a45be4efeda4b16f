//! What drives a state: the reactions behind its rate of change, for the report of a failure.

use hersim_network::SymbolId;

use crate::{
    evaluate::{Block, Evaluator},
    lower::Model,
};

/// Rates of the reactions of a network.
#[derive(Clone, Debug)]
pub(crate) struct Drivers {
    rates: Block,
    reactions: Vec<(SymbolId, Vec<(SymbolId, f64)>)>,
}

/// The reactions that change a state most, strongest first; fewer than three leave gaps at the end.
pub type Strongest = [Option<SymbolId>; 3];

impl Drivers {
    pub(crate) fn new(model: &mut Model, parameters: usize, order: &[u32]) -> Drivers {
        let rates: Vec<_> = model.reactions.iter().map(|reaction| reaction.rate).collect();
        Drivers {
            rates: Block::new(&mut model.dag, parameters, order, &rates),
            reactions: (model.reactions.iter())
                .map(|reaction| (reaction.symbol, reaction.changes.clone()))
                .collect(),
        }
    }

    /// The reactions that change this state most, here and now.
    pub(crate) fn strongest(
        &self,
        of: SymbolId,
        clock: Option<f64>,
        state: &[f64],
        parameters: &[f64],
    ) -> Strongest {
        let mut evaluator = Evaluator::new(&self.rates);
        let rates = evaluator.evaluate(&self.rates, parameters, clock, state);
        let mut shares: Vec<(f64, SymbolId)> = (self.reactions.iter().zip(rates))
            .filter_map(|((reaction, changes), rate)| {
                let change: f64 = changes.iter().filter(|c| c.0 == of).map(|c| c.1 * rate).sum();
                let size = if change.is_nan() { f64::INFINITY } else { change.abs() };
                (size > 0.0).then_some((size, *reaction))
            })
            .collect();
        shares.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut strongest = shares.into_iter().map(|share| share.1);
        std::array::from_fn(|_| strongest.next())
    }
}
