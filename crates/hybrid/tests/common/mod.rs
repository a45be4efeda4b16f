//! Small networks, made by hand.
#![allow(dead_code, reason = "each test takes what it needs")]

use hersim_network::{BinaryOp, Expr, Network, Node, Rule, Symbol, SymbolId, SymbolKind, Value};

pub struct Model {
    pub network: Network,
}

impl Model {
    pub fn new() -> Model {
        Model { network: Network::new("m") }
    }

    pub fn id(&self, name: &str) -> SymbolId {
        self.network.find(name).unwrap()
    }

    pub fn add(&mut self, name: &str, kind: SymbolKind, value: f64) -> SymbolId {
        let mut symbol = Symbol::new(name, kind);
        symbol.value = Value::Number(value);
        self.network.add(symbol).unwrap()
    }

    pub fn parameter(&mut self, name: &str, value: f64) -> SymbolId {
        self.add(name, SymbolKind::Parameter, value)
    }

    /// A variable whose rate may name the variable itself.
    pub fn rate_rule(&mut self, name: &str, value: f64, rate: impl Fn(&Model) -> Expr) -> SymbolId {
        let id = self.parameter(name, value);
        let rate = rate(self);
        self.network[id].rule = Some(Rule::Rate(rate));
        id
    }

    pub fn assign(&mut self, name: &str, expr: Expr) {
        let id = match self.network.find(name) {
            Some(id) => id,
            None => self.parameter(name, 0.0),
        };
        self.network[id].rule = Some(Rule::Assignment(expr));
    }
}

pub fn num(value: f64) -> Expr {
    Expr::number(value)
}

pub fn get(model: &Model, name: &str) -> Expr {
    Expr::symbol(model.id(name))
}

pub fn time() -> Expr {
    Expr::made(Node::Time)
}

pub fn plus(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::Add, a, b)
}

pub fn minus(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::Sub, a, b)
}

pub fn mul(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::Mul, a, b)
}

pub fn div(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::Div, a, b)
}

pub fn and(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::And, a, b)
}

pub fn less(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::Less, a, b)
}

pub fn at_least(a: Expr, b: Expr) -> Expr {
    Expr::binary(BinaryOp::GreaterEqual, a, b)
}
