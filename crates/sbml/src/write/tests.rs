use hersim_network::{
    BinaryOp, Event, FileId, Provenance, Span, Status,
    Value::{Formula, Number},
};
use hersim_units::Unit;

use super::*;

mod document;
mod formulas;
mod tree;

/// Makes networks by hand; species live in compartment `c`.
pub struct Make(pub Network);

impl Make {
    pub fn new() -> Self {
        let mut network = Network::new("test");
        network.time_unit = Unit::base("day");
        let mut make = Make(network);
        make.add("c", SymbolKind::Compartment, "L", Number(2.0));
        make
    }

    pub fn add(&mut self, name: &str, kind: SymbolKind, unit: &str, value: Value) -> SymbolId {
        let mut symbol = Symbol::new(name, kind);
        symbol.unit = Unit::parse(unit).ok();
        symbol.value = value;
        self.0.add(symbol).expect("names are new")
    }

    pub fn species(&mut self, name: &str, unit: &str, amount: bool, value: f64) -> SymbolId {
        let kind = SymbolKind::Species { compartment: SymbolId(0), amount, boundary: false };
        self.add(name, kind, unit, Number(value))
    }

    pub fn parameter(&mut self, name: &str, unit: &str, value: f64) -> SymbolId {
        let id = self.add(name, SymbolKind::Parameter, unit, Number(value));
        self.0[id].constant = true;
        id
    }

    pub fn reaction(
        &mut self,
        name: &str,
        reactants: &[SymbolId],
        products: &[SymbolId],
        rate: Expr,
    ) -> SymbolId {
        let side =
            |ids: &[SymbolId]| ids.iter().map(|&species| Participant::new(species, 1.0)).collect();
        let reaction = Reaction::new(side(reactants), side(products), rate);
        self.add(name, SymbolKind::Reaction(Box::new(reaction)), "", Value::Missing)
    }
}

pub fn times(a: SymbolId, b: SymbolId) -> Expr {
    Expr::binary(BinaryOp::Mul, Expr::symbol(a), Expr::symbol(b))
}
