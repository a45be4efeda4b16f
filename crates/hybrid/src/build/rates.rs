//! How fast symbols change.

use hersim_network::{BinaryOp, Participant, Rule, Span, SymbolId, SymbolKind};

use super::{Builder, Kind, Shared, container};
use crate::{
    system::{Fast, Role},
    tape::{Op, Reg},
};

impl Builder<'_> {
    /// How fast the state of a symbol changes by reactions and rules; when fast reactions are at
    /// rest, by the others.
    pub(crate) fn state_rate(&mut self, shared: &mut Shared, id: SymbolId, fast: Fast) -> Reg {
        let network = shared.network;
        if fast == Fast::Alone && network[id].rule.is_some() {
            return self.tape.number(0.0);
        }
        if let Some(Rule::Rate(expr)) = &network[id].rule {
            return self.expr(shared, expr);
        }
        let mut sum = self.tape.number(0.0);
        for (reaction_id, op, at) in shared.changes.get(&id).cloned().unwrap_or_default() {
            let SymbolKind::Reaction(reaction) = &network[reaction_id].kind else { continue };
            if reaction.fast && fast == Fast::AtRest || !reaction.fast && fast == Fast::Alone {
                continue;
            }
            let side = if op == BinaryOp::Sub { &reaction.reactants } else { &reaction.products };
            let count = self.stoichiometry(shared, &side[at]);
            let rate = if reaction.fast {
                let law = self.expr(shared, &reaction.rate);
                if fast == Fast::Alone {
                    law
                } else {
                    let speed = self.tape.push(Op::Parameter(shared.speed()));
                    self.tape.binary(BinaryOp::Mul, speed, law)
                }
            } else {
                self.symbol(shared, reaction_id)
            };
            let change = self.tape.binary(BinaryOp::Mul, count, rate);
            sum = self.tape.binary(op, sum, change);
        }
        match network[id].conversion {
            Some(factor) => {
                let factor = self.symbol(shared, factor);
                self.tape.binary(BinaryOp::Mul, factor, sum)
            }
            None => sum,
        }
    }

    pub(crate) fn stoichiometry(&mut self, shared: &mut Shared, p: &Participant) -> Reg {
        match p.variable {
            Some(id) => self.symbol(shared, id),
            None => self.tape.number(p.stoichiometry),
        }
    }

    /// How fast what a symbol means in formulas changes.
    pub(super) fn rate_of(&mut self, shared: &mut Shared, id: SymbolId, place: Span) -> Reg {
        if let Some(&known) = self.rates.get(&id) {
            return known;
        }
        let network = shared.network;
        let unknown = |shared: &Shared| {
            matches!(shared.role(id), Role::ValueState(_))
                && !matches!(network[id].rule, Some(Rule::Rate(_)))
        };
        let before = matches!(self.kind, Kind::Before);
        let reg = match shared.role(id) {
            // Nothing changed before the start, unless it was said how.
            Role::AmountState(_) | Role::ValueState(_) if before && !shared.is_timed(id) => {
                self.tape.number(0.0)
            }
            _ if before && shared.is_timed(id) => self.no_rate(shared, id, place),
            Role::AmountState(_) if shared.has_fast => self.no_rate(shared, id, place),
            Role::AmountState(_) => {
                let rate = self.state_rate(shared, id, Fast::AtRest);
                self.dilute(shared, id, rate, place)
            }
            Role::ValueState(_) if unknown(shared) => self.no_rate(shared, id, place),
            Role::ValueState(_) => self.state_rate(shared, id, Fast::AtRest),
            Role::ValueParameter(_) => self.tape.number(0.0),
            Role::AmountParameter(_) => {
                let zero = self.tape.number(0.0);
                self.dilute(shared, id, zero, place)
            }
            Role::Assigned | Role::Reaction => self.no_rate(shared, id, place),
        };
        self.rates.insert(id, reg);
        reg
    }

    fn no_rate(&mut self, shared: &mut Shared, id: SymbolId, place: Span) -> Reg {
        shared.refuse_at(
            "no-rate",
            id,
            place,
            "follows from other symbols, so `rateOf` cannot be asked of it",
            "ask it of a species that reactions change or a symbol with a rate rule",
        );
        self.tape.number(f64::NAN)
    }

    /// The rate of a concentration from that of its amount.
    fn dilute(&mut self, shared: &mut Shared, id: SymbolId, rate: Reg, place: Span) -> Reg {
        let Some(compartment) = container(shared.network, id) else { return rate };
        let growth = self.rate_of(shared, compartment, place);
        let value = self.symbol(shared, id);
        let size = self.symbol(shared, compartment);
        let lost = self.tape.binary(BinaryOp::Mul, value, growth);
        let net = if self.tape.constant(growth) == Some(0.0) {
            rate
        } else {
            self.tape.binary(BinaryOp::Sub, rate, lost)
        };
        self.tape.binary(BinaryOp::Div, net, size)
    }
}
