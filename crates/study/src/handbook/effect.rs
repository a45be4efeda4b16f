//! Which way a quantity moves a formula: found by trying, at points spread over the values that
//! the quantities may have.

use hersim_network::{Expr, Network, Node, SymbolId, Value};

use super::formula::is_constant;

/// Which way one quantity moves another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// More of the one, more of the other.
    Raises,
    /// More of the one, less of the other.
    Lowers,
    /// Both happen, or it depends.
    Changes,
}

impl Effect {
    /// The effect with its sign turned round.
    pub fn turned(self) -> Effect {
        match self {
            Effect::Raises => Effect::Lowers,
            Effect::Lowers => Effect::Raises,
            Effect::Changes => Effect::Changes,
        }
    }

    /// What two effects of one quantity on another make.
    pub fn with(self, other: Effect) -> Effect {
        if self == other { self } else { Effect::Changes }
    }
}

/// Points tried.
const POINTS: u64 = 48;

/// How `expr` moves with `id`. Constants have their values; what has no unit is a share between
/// 0 and 1, anything else lies between 0.01 and a million.
pub(super) fn effect(network: &Network, expr: &Expr, id: SymbolId) -> Effect {
    let (mut up, mut down) = (0, 0);
    for point in 0..POINTS {
        let value = |s: SymbolId| value(network, s, point);
        let here = evaluate(expr, &value);
        let moved = evaluate(expr, &|s| if s == id { value(s) * 1.01 } else { value(s) });
        let size = here.abs().max(moved.abs());
        if (moved - here).abs() > 1e-9 * size {
            if moved > here {
                up += 1;
            } else {
                down += 1;
            }
        }
    }
    match (up, down) {
        (_, 0) if up > 0 => Effect::Raises,
        (0, _) if down > 0 => Effect::Lowers,
        _ => Effect::Changes,
    }
}

/// The value of a symbol at a point.
fn value(network: &Network, id: SymbolId, point: u64) -> f64 {
    if let (true, Value::Number(value)) = (is_constant(network, id), &network[id].value) {
        return *value;
    }
    let share = mixed(u64::from(id.0), point);
    let unit = network.formula_unit(id);
    if unit.is_none_or(|u| u.is_dimensionless()) {
        0.02 + 0.96 * share
    } else {
        10f64.powf(-2.0 + 8.0 * share)
    }
}

/// A number in [0, 1) from two others, spread evenly (splitmix64).
fn mixed(a: u64, b: u64) -> f64 {
    let mut z = (a << 32 | b).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / 2f64.powi(64)
}

fn evaluate(expr: &Expr, value: &dyn Fn(SymbolId) -> f64) -> f64 {
    let at = |e: &Expr| evaluate(e, value);
    let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
    match &expr.node {
        Node::Number(number) => *number,
        Node::Symbol(id) => value(*id),
        Node::Time => 1.0,
        Node::Neg(a) => -at(a),
        Node::Not(a) => truth(at(a) == 0.0),
        Node::Binary(op, a, b) => op.value(at(a), at(b)),
        Node::Call(function, arguments) => {
            let values: Vec<f64> = arguments.iter().map(at).collect();
            function.value(&values).unwrap_or(f64::NAN)
        }
        Node::Piecewise { cases, otherwise } => {
            let case = cases.iter().find(|(_, when)| at(when) != 0.0);
            at(case.map_or(otherwise, |(value, _)| value))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io, path::Path};

    use hersim_antimony::{Files, Request};
    use hersim_network::{Rule, Sources};

    use super::*;

    struct Text(&'static str);

    impl Files for Text {
        fn read(&self, path: &Path) -> io::Result<String> {
            match path.extension() {
                Some(e) if e == "ant" => Ok(self.0.to_string()),
                _ => Err(io::ErrorKind::NotFound.into()),
            }
        }
    }

    /// How `z` moves with `x`.
    fn found(formula: &'static str) -> Effect {
        let request =
            Request { model: Path::new("m.ant"), main: None, subclones: &[], tolerant: false };
        let loaded = hersim_antimony::load(&Text(formula), &request, &mut Sources::default());
        let network = loaded.expect("a model").network;
        let (x, z) = (network.find("x").expect("x"), network.find("z").expect("z"));
        match &network[z].rule {
            Some(Rule::Assignment(e)) => effect(&network, e, x),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn effects_are_found() {
        assert_eq!(found("var x, y; k = 2; z := k*x*(1 - y)"), Effect::Raises);
        assert_eq!(found("var x, y; k = 2; z := x/(k + x)"), Effect::Raises);
        assert_eq!(found("var x, y; k = 2; z := y/(1 + x/k)"), Effect::Lowers);
        assert_eq!(found("var x, y; k = 2; z := k*y - x^2"), Effect::Lowers);
        assert_eq!(found("var x, y; k = 2; z := x*(x - y)"), Effect::Changes);
        assert_eq!(found("var x, y; k = 2; z := k + y"), Effect::Changes);
    }

    #[test]
    fn effects_go_together() {
        assert_eq!(Effect::Raises.with(Effect::Raises), Effect::Raises);
        assert_eq!(Effect::Raises.with(Effect::Lowers), Effect::Changes);
        assert_eq!(Effect::Lowers.turned(), Effect::Raises);
    }
}
