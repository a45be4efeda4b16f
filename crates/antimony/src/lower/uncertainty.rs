//! How well values are known.

use hersim_network::{Diagnostic, Node, Quantity, Spread, Uncertainty};

use super::Builder;
use crate::{
    ast::{FieldValue, Formula, FormulaNode},
    flatten::Known,
    merge::Merged,
};

impl<'p> Builder<'_, '_, 'p> {
    /// How well the value of a symbol is known; the outermost text on each statistic holds.
    pub(super) fn uncertainties(&mut self, merged: &Merged<'p>) -> Vec<Uncertainty> {
        let mut all: Vec<(u32, Uncertainty)> = Vec::new();
        for said in &merged.known {
            let (statistic, what) = said.what;
            let depth = self.lowering.flat.instances[said.instance].depth;
            let at = all.iter().position(|(_, u)| u.statistic == statistic);
            let at = at.unwrap_or_else(|| {
                let statistic = statistic.to_string();
                all.push((depth, Uncertainty { statistic, spread: None, definition: None }));
                all.len() - 1
            });
            if all[at].0 < depth {
                continue;
            }
            all[at].0 = depth;
            match what {
                Known::Definition(url) => all[at].1.definition = Some(url.to_string()),
                Known::Value(FieldValue::Range(from, to)) => {
                    let range = [from, to].map(|q| self.quantity(q, said.instance));
                    if let [Some(from), Some(to)] = range {
                        all[at].1.spread = Some(Spread::Range(from, to));
                    }
                }
                Known::Value(FieldValue::One(formula)) => {
                    all[at].1.spread = match &formula.node {
                        FormulaNode::Call(name, arguments) => {
                            let lower = |a| self.lowering.formula(a, said.instance);
                            let arguments = arguments.iter().map(lower).collect();
                            Some(Spread::Distribution(name.path.clone(), arguments))
                        }
                        _ => self.quantity(formula, said.instance).map(Spread::Value),
                    };
                }
            }
        }
        all.into_iter().map(|(_, uncertainty)| uncertainty).collect()
    }

    /// A number or a name.
    fn quantity(&mut self, formula: &Formula, instance: usize) -> Option<Quantity> {
        if let Some(number) = formula.as_number() {
            return Some(Quantity::Number(number));
        }
        match self.lowering.kept(formula, instance)?.node {
            Node::Symbol(id) => Some(Quantity::Symbol(id)),
            Node::Number(number) => Some(Quantity::Number(number)),
            _ => {
                self.lowering.found.push(
                    Diagnostic::error("unsupported", "a statistic by a formula cannot be read")
                        .at(formula.span, "")
                        .mend("give a number, or the name of one"),
                );
                None
            }
        }
    }
}
