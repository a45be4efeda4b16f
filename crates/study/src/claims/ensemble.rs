//! How often a claim holds when the numbers of the model are drawn anew.
//!
//! Every number of a parameter table whose lower bound is below its upper one is drawn, the same
//! for all arms and systems: on a logarithmic scale from `value/f` to `value f`, the span being a
//! third of what the bounds allow; where a bound is not positive, evenly over a third of the
//! distance between the bounds. Draws stay within the bounds. Left as they are: zeros, what a
//! tumour's attributes say, what interventions and hypotheses act on.

use std::collections::{HashMap, HashSet};

use hersim_network::{Diagnostic, SymbolId, Value};
use rand::RngExt;

use super::{
    deed::Op,
    execute::{compile, execute},
    intervention::Interventions,
    judge::judge,
    plan::{Plan, PlannedClaim},
    stage::Stage,
};
use crate::{
    equilibrate::EnsembleSettings,
    hypothesis::Hypotheses,
    library::{Attributes, Library},
    progress::{Progress, Silent},
    random::stream,
};

/// Share of the range of a number that is drawn from.
const SHARE_OF_RANGE: f64 = 1.0 / 3.0;

/// What is not drawn because something else says it.
pub struct Said<'a> {
    /// Attributes of tumours.
    pub attributes: &'a Attributes,
    /// What interventions act on.
    pub interventions: &'a Interventions,
    /// Answers to open questions.
    pub hypotheses: Option<&'a Hypotheses>,
}

/// A number that is drawn.
struct Drawn {
    symbol: SymbolId,
    /// Its name without the subclone: the same name is the same draw.
    name: String,
    nominal: f64,
    bounds: [f64; 2],
}

impl Drawn {
    /// The number for a place in -1..=1 of its range.
    fn at(&self, place: f64) -> f64 {
        let [low, high] = self.bounds;
        let half = SHARE_OF_RANGE / 2.0;
        let value = if low > 0.0 && self.nominal > 0.0 {
            self.nominal * ((high / low).ln() * half * place).exp()
        } else {
            self.nominal + (high - low) * half * place
        };
        value.clamp(low, high)
    }
}

/// How many draws, and their seed.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    /// How many.
    pub count: u64,
    /// Same seed, same draws.
    pub seed: u64,
}

/// The share of draws in which each claim holds.
///
/// # Errors
/// What the engine cannot honour.
pub fn shares(
    plan: &Plan,
    claims: &[&PlannedClaim],
    said: &Said,
    draws: Draws,
    library: &Library,
    settings: &EnsembleSettings,
    progress: &dyn Progress,
) -> Result<Vec<f64>, Vec<Diagnostic>> {
    let mut stages = plan.stages.clone();
    let drawn: Vec<Vec<Drawn>> = (stages.iter_mut())
        .map(|stage| {
            let drawn = drawn(stage, said);
            drawn.iter().for_each(|d| stage.vary(d.symbol));
            drawn
        })
        .collect();
    let mut programs = None;
    let mut held = vec![0u64; claims.len()];
    progress.begin("drawing numbers", draws.count);
    for draw in 0..draws.count {
        let mut places: HashMap<&str, f64> = HashMap::new();
        for number in drawn.iter().flatten() {
            places.entry(&number.name).or_insert_with(|| {
                let words = ["claims", "ensemble", &draw.to_string(), &number.name];
                stream(draws.seed, &words).random_range(-1.0..=1.0)
            });
        }
        let mut varied = Plan::on(stages.clone());
        let change = |stage: usize, base: &mut Vec<Op>| {
            let ops = drawn[stage].iter().map(|d| Op::Set(d.symbol, d.at(places[&*d.name])));
            base.splice(0..0, ops);
        };
        let adopted: Vec<PlannedClaim> =
            claims.iter().map(|claim| varied.adopt_claim(plan, claim, &change)).collect();
        if programs.is_none() {
            programs = Some(compile(&varied, library)?);
        }
        let run = execute(&varied, programs.as_deref().unwrap_or(&[]), settings, &Silent);
        for (held, claim) in held.iter_mut().zip(&adopted) {
            *held += u64::from(judge(claim, &varied, &run).holds());
        }
        progress.advance(1);
    }
    progress.end();
    Ok(held.into_iter().map(|held| held as f64 / draws.count.max(1) as f64).collect())
}

/// The numbers of a stage that are drawn.
fn drawn(stage: &Stage, said: &Said) -> Vec<Drawn> {
    let assembled = &stage.assembled;
    let mut fixed: HashSet<SymbolId> = assembled.switch().into_iter().collect();
    for attribute in said.attributes.values() {
        fixed.extend(assembled.below(attribute.parameter.get_ref()));
    }
    for target in said.interventions.values() {
        let paths = [&target.amount, &target.activity, &target.supply].into_iter().flatten();
        let paths = paths.filter_map(|path| path.get_ref().in_system(stage.system()));
        paths.for_each(|path| fixed.extend(assembled.below(path)));
    }
    for option in
        said.hypotheses.into_iter().flat_map(|h| h.values()).flat_map(|h| h.options.values())
    {
        option.keys().for_each(|path| fixed.extend(assembled.below(path.get_ref())));
    }
    let prefixes: Vec<String> = assembled.subclones.iter().map(|s| format!("{s}.")).collect();
    (assembled.network.iter())
        .filter(|(id, _)| !fixed.contains(id))
        .filter_map(|(id, symbol)| {
            let row = symbol.provenance.as_ref()?;
            let bounds = [row.lower?, row.upper?];
            let Value::Number(nominal) = symbol.value else { return None };
            assembled.settable(id, row.span).ok()?;
            let inside = nominal != 0.0 && nominal >= bounds[0] && nominal <= bounds[1];
            let name = prefixes.iter().find_map(|p| symbol.name.strip_prefix(p.as_str()));
            let name = name.unwrap_or(&symbol.name).to_string();
            let number = Drawn { symbol: id, name, nominal, bounds };
            (inside && bounds[0] < bounds[1]).then_some(number)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_span_a_third_of_the_range() {
        let number =
            |nominal, bounds| Drawn { symbol: SymbolId(0), name: String::new(), nominal, bounds };
        let log = number(1.0, [1e-3, 1e3]);
        assert!((log.at(1.0) / log.at(-1.0)).log10() - 2.0 < 1e-12);
        assert!((log.at(0.0) - 1.0).abs() < 1e-12);
        let linear = number(0.5, [0.0, 0.9]);
        assert!((linear.at(1.0) - linear.at(-1.0) - 0.3).abs() < 1e-12);
        assert_eq!(number(1.0, [0.0, 1.0]).at(1.0), 1.0);
    }
}
