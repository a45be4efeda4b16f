//! How unit mistakes are told and what is proposed.

use hersim_units::{BaseUnit, Unit};

use crate::{Expr, Network, Node, SymbolKind};

/// The last part of a dotted name, as the text that declares it writes it.
pub(super) fn local(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// A unit as a message shows it.
pub(super) fn show(unit: &Unit) -> String {
    if unit.is_dimensionless() { "dimensionless".to_string() } else { unit.to_string() }
}

/// The caret's label: what was found and what was needed, and how far apart they are when they
/// could be converted.
pub(super) fn label(found: &Unit, needed: &Unit) -> String {
    let text = format!("{}, needed {}", show(found), show(needed));
    match found.factor_to(needed) {
        Some(factor) => {
            let apart =
                if factor < 1.0 { needed.factor_to(found).unwrap_or(factor) } else { factor };
            format!("{text}: same dimension, {apart} times apart")
        }
        None => text,
    }
}

/// What kind of quantity a unit is, given the amount unit it is compared with.
pub(super) fn quantity(unit: &Unit, amount: &Unit) -> String {
    let per_time = Unit::of(BaseUnit::Second).inverse();
    let per_volume = Unit::of(BaseUnit::Metre).pow(-3, 1);
    let over = unit.try_div(amount);
    let is = |power: Option<&Unit>| {
        over.as_ref().zip(power).is_some_and(|(over, power)| over.same_dimension(power))
    };
    if is(Some(&Unit::dimensionless())) {
        "an amount".to_string()
    } else if is(Some(&per_time)) {
        "an amount per time in another unit".to_string()
    } else if is(per_volume.as_ref()) {
        "a concentration".to_string()
    } else if is(per_volume.and_then(|v| v.try_mul(&per_time)).as_ref()) {
        "a concentration per time".to_string()
    } else if unit.same_dimension(&per_time) {
        "a first-order constant alone".to_string()
    } else if unit.is_dimensionless() {
        "a plain number".to_string()
    } else {
        format!("in {}", show(unit))
    }
}

/// A proposal that would give `expr`, which is in `found`, the unit `needed`. `owner` is the flat
/// name of the symbol whose formula this is; its siblings are in scope.
pub(super) fn mend(
    network: &Network,
    owner: &str,
    expr: &Expr,
    found: &Unit,
    needed: &Unit,
) -> Option<String> {
    if let Node::Number(_) = expr.node {
        return Some(format!(
            "a literal is dimensionless; use a parameter in {} instead",
            show(needed)
        ));
    }
    if found.same_dimension(needed) {
        return Some(match expr.node {
            Node::Symbol(id) if matches!(network[id].kind, SymbolKind::Parameter) => {
                format!("give `{}` in {}", local(&network[id].name), show(needed))
            }
            _ => {
                let ratio = needed.try_div(found)?;
                format!(
                    "give its parts in units that make {}{}",
                    show(needed),
                    also(network, owner, expr, &ratio)
                )
            }
        });
    }
    let ratio = needed.try_div(found)?;
    let per_time = Unit::of(BaseUnit::Second).inverse();
    let volume = Unit::of(BaseUnit::Metre).pow(3, 1)?;
    let per_one = ratio.components().iter().all(|(_, (power, _))| *power < 0);
    let at_hand = |unit: &Unit| !in_scope(network, owner, expr, unit).is_empty();
    let (action, factor) = if ratio.same_dimension(&per_time) {
        ("multiply by a first-order constant".to_string(), ratio)
    } else if ratio.same_dimension(&per_time.inverse()) {
        if at_hand(&ratio) || found.same_dimension(&per_time) {
            ("multiply by a time".to_string(), ratio)
        } else {
            ("divide by a first-order constant".to_string(), ratio.inverse())
        }
    } else if ratio.same_dimension(&volume) {
        ("multiply by a volume".to_string(), ratio)
    } else if ratio.same_dimension(&volume.inverse()) {
        ("divide by a volume".to_string(), ratio.inverse())
    } else if !at_hand(&ratio) && (per_one || at_hand(&ratio.inverse())) {
        (format!("divide by something in {}", show(&ratio.inverse())), ratio.inverse())
    } else {
        (format!("multiply by something in {}", show(&ratio)), ratio)
    };
    Some(format!("{action}{}", also(network, owner, expr, &factor)))
}

/// `; `k` (1/day) is in scope`, when one to three symbols would do.
fn also(network: &Network, owner: &str, expr: &Expr, unit: &Unit) -> String {
    let names = in_scope(network, owner, expr, unit);
    let unit = show(unit);
    match names.as_slice() {
        [a] => format!("; `{a}` ({unit}) is in scope"),
        [a, b] => format!("; `{a}` and `{b}` ({unit}) are in scope"),
        [a, b, c] => format!("; `{a}`, `{b}` and `{c}` ({unit}) are in scope"),
        _ => String::new(),
    }
}

/// Parameters and compartments beside `owner` that are exactly in `unit` and not yet in `expr`.
fn in_scope<'a>(network: &'a Network, owner: &str, expr: &Expr, unit: &Unit) -> Vec<&'a str> {
    let scope = &owner[..owner.len() - local(owner).len()];
    let used = expr.symbols();
    let fits = network.iter().filter(|(id, symbol)| {
        matches!(symbol.kind, SymbolKind::Parameter | SymbolKind::Compartment)
            && symbol.unit.as_ref() == Some(unit)
            && symbol.name != owner
            && !used.contains(id)
            && symbol.name.strip_prefix(scope).is_some_and(|rest| !rest.contains('.'))
    });
    fits.map(|(_, symbol)| local(&symbol.name)).collect()
}
