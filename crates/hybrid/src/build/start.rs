//! What symbols are at the start.

use hersim_network::{BinaryOp, Expr, Node, Rule, SymbolId, Value};

use super::{Builder, Shared, container};
use crate::{system::Role, tape::Reg};

impl Builder<'_> {
    /// The starting value of a state or a parameter: amounts of species without a rule.
    pub(crate) fn starting(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        if matches!(shared.role(id), Role::AmountState(_) | Role::AmountParameter(_)) {
            return self.start_amount(shared, id);
        }
        // Without a value of its own it is reported where it is needed.
        if shared.network[id].value == Value::Missing {
            return self.tape.number(f64::NAN);
        }
        self.symbol(shared, id)
    }

    fn start_amount(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        let network = shared.network;
        let Some(compartment) = container(network, id) else {
            if network[id].value == Value::Missing {
                return self.tape.number(f64::NAN);
            }
            return self.symbol(shared, id);
        };
        match &network[id].value {
            Value::Missing => self.tape.number(f64::NAN),
            // An amount that was given needs no size.
            Value::Formula(Expr { node: Node::Binary(BinaryOp::Div, amount, size), .. })
                if size.node == Node::Symbol(compartment) =>
            {
                self.expr(shared, amount)
            }
            _ => {
                let value = self.symbol(shared, id);
                let size = self.symbol(shared, compartment);
                self.tape.binary(BinaryOp::Mul, value, size)
            }
        }
    }

    pub(super) fn start_value(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        let network = shared.network;
        let symbol = &network[id];
        if let Some(Rule::Assignment(expr)) = &symbol.rule {
            return self.expr(shared, expr);
        }
        if shared.role(id) == Role::Reaction {
            return self.reaction_rate(shared, id);
        }
        match &symbol.value {
            Value::Number(value) => self.tape.number(*value),
            Value::Formula(expr) => self.expr(shared, expr),
            Value::Missing => {
                shared.missing.insert(id);
                self.tape.number(f64::NAN)
            }
        }
    }
}
