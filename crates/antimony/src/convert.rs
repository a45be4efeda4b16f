//! Time and extents of submodels in units of the model around them.

use hersim_network::{BinaryOp, Expr, Function, Node, SymbolId};

use crate::{
    flatten::Flat,
    merge::{Kind, Symbols},
};

/// What one unit of a submodel's time and extent is outside, and which reactions are inside.
struct Level<'f> {
    time: Option<SymbolId>,
    extent: Option<SymbolId>,
    prefix: &'f str,
}

/// The conversions of an instance, innermost first.
fn levels<'f>(flat: &'f Flat<'_>, symbols: &Symbols<'_>, instance: usize) -> Vec<Level<'f>> {
    let id = |node: Option<usize>| Some(SymbolId(symbols.of_node[node?]? as u32));
    let mut levels = Vec::new();
    let mut at = Some(instance);
    while let Some(here) = at {
        let here = &flat.instances[here];
        if here.time.is_some() || here.extent.is_some() {
            let (time, extent) = (id(here.time), id(here.extent));
            levels.push(Level { time, extent, prefix: &here.prefix });
        }
        at = here.parent;
    }
    levels
}

/// A formula of an instance as the outermost model sees it.
pub(crate) fn formula(
    mut expr: Expr,
    flat: &Flat<'_>,
    symbols: &Symbols<'_>,
    instance: usize,
) -> Expr {
    for level in levels(flat, symbols, instance) {
        change(&mut expr, &mut |part| match &mut part.node {
            Node::Time => by(part, BinaryOp::Div, level.time),
            Node::Call(Function::Delay, arguments) => {
                arguments.iter_mut().skip(1).for_each(|lag| by(lag, BinaryOp::Mul, level.time));
            }
            Node::Call(Function::RateOf, _) => by(part, BinaryOp::Mul, level.time),
            Node::Symbol(id) => {
                let symbol = &symbols.all[id.0 as usize];
                if matches!(symbol.kind, Kind::Reaction { .. })
                    && symbol.name.starts_with(level.prefix)
                {
                    by(part, BinaryOp::Mul, level.time);
                    by(part, BinaryOp::Div, level.extent);
                }
            }
            _ => {}
        });
    }
    expr
}

/// A rate of a reaction of an instance.
pub(crate) fn rate(
    mut expr: Expr,
    flat: &Flat<'_>,
    symbols: &Symbols<'_>,
    instance: usize,
) -> Expr {
    for level in levels(flat, symbols, instance) {
        by(&mut expr, BinaryOp::Mul, level.extent);
        by(&mut expr, BinaryOp::Div, level.time);
    }
    expr
}

/// A change per time (`Div`), or a time (`Mul`), of an instance.
pub(crate) fn time(
    mut expr: Expr,
    op: BinaryOp,
    flat: &Flat<'_>,
    symbols: &Symbols<'_>,
    instance: usize,
) -> Expr {
    for level in levels(flat, symbols, instance) {
        by(&mut expr, op, level.time);
    }
    expr
}

/// `expr op factor`, where there is a factor.
pub(crate) fn by(expr: &mut Expr, op: BinaryOp, factor: Option<SymbolId>) {
    if let Some(factor) = factor {
        let old = std::mem::replace(expr, Expr::number(0.0));
        *expr = Expr { span: old.span, ..Expr::binary(op, old, Expr::symbol(factor)) };
    }
}

/// Changes every part of a formula, innermost first; the argument of `rateOf` is part of it.
fn change(expr: &mut Expr, with: &mut impl FnMut(&mut Expr)) {
    match &mut expr.node {
        Node::Number(_) | Node::Symbol(_) | Node::Time | Node::Call(Function::RateOf, _) => {}
        Node::Neg(a) | Node::Not(a) => change(a, with),
        Node::Binary(_, a, b) => {
            change(a, with);
            change(b, with);
        }
        Node::Call(_, arguments) => arguments.iter_mut().for_each(|a| change(a, with)),
        Node::Piecewise { cases, otherwise } => {
            for (value, condition) in cases {
                change(value, with);
                change(condition, with);
            }
            change(otherwise, with);
        }
    }
    with(expr);
}
