//! Exact units of every formula.

use hersim_units::Unit;

use super::{
    structure::is_comparison,
    wording::{label, local, mend, quantity, show},
};
use crate::{
    BinaryOp, Diagnostic, Expr, Function, Network, Node, Reaction, Rule, Span, Symbol, SymbolId,
    SymbolKind, Value,
};

/// All unit mistakes: first missing units, then formulas in the order of the symbols.
pub(super) fn check(network: &Network) -> Vec<Diagnostic> {
    let mut checker = Checker { network, found: Vec::new(), owner: "", place: Span::NONE };
    checker.missing();
    for (id, symbol) in network.iter() {
        checker.owner = &symbol.name;
        checker.place = symbol.span;
        checker.symbol(id, symbol);
    }
    for event in &network.events {
        checker.owner = &event.name;
        checker.place = event.span;
        checker.condition(&event.trigger);
        for (target, expr) in &event.assignments {
            let name = local(&network[*target].name);
            let message = format!("what an event sets `{name}` to must be in its unit");
            checker.formula(expr, network.formula_unit(*target).as_ref(), &|_| message.clone());
        }
    }
    checker.found
}

/// What a formula is.
#[derive(Clone, Debug)]
enum Kind {
    /// A literal zero, which fits any unit.
    Zero,
    /// A number in this unit.
    Number(Unit),
    /// A number in a unit that is not known, for a reason already told.
    Unknown,
    /// True or false.
    Condition,
}

struct Checker<'a> {
    network: &'a Network,
    found: Vec<Diagnostic>,
    /// Flat name of the symbol or event whose formula is being checked.
    owner: &'a str,
    /// Where it stands: shown for formulas that were made and have no place of their own.
    place: Span,
}

impl<'a> Checker<'a> {
    /// Symbols without a unit, told once where they are declared.
    fn missing(&mut self) {
        let mut timed = None;
        for symbol in &self.network.symbols {
            if matches!(symbol.kind, SymbolKind::Reaction(_)) {
                timed = timed.or(Some(symbol.span));
                continue;
            }
            if let Some(Rule::Rate(expr)) = &symbol.rule {
                timed = timed.or(Some(expr.span));
            }
            if symbol.unit.is_none() {
                let (name, local) = (&symbol.name, local(&symbol.name));
                self.found.push(
                    Diagnostic::error("unit-missing", format!("`{name}` has no unit"))
                        .at(symbol.span, "no unit")
                        .mend(format!(
                            "write `{local} has …;`, or fill its `unit` column; \
                             `dimensionless` is a unit too"
                        )),
                );
            }
        }
        if let (None, Some(span)) = (&self.network.time_unit, timed) {
            let what = "the model has no time unit, so its rates have none";
            self.found.push(
                Diagnostic::error("unit-missing", what)
                    .at(span, "per which time?")
                    .mend("write `unit time_unit = 86400 second;`"),
            );
        }
    }

    fn symbol(&mut self, id: SymbolId, symbol: &'a Symbol) {
        let unit = self.network.formula_unit(id);
        let name = local(&symbol.name);
        if let Value::Formula(expr) = &symbol.value {
            let message = format!("the start value of `{name}` must be in its unit");
            self.formula(expr, unit.as_ref(), &|_| message.clone());
        }
        match &symbol.rule {
            Some(Rule::Assignment(expr)) => {
                let message = format!("the rule of `{name}` must be in its unit");
                self.formula(expr, unit.as_ref(), &|_| message.clone());
            }
            Some(Rule::Rate(expr)) => {
                let per_time = unit
                    .as_ref()
                    .zip(self.network.time_unit.as_ref())
                    .and_then(|(unit, time)| unit.try_div(time));
                let message = format!("the rate rule of `{name}` must be in its unit per time");
                self.formula(expr, per_time.as_ref(), &|_| message.clone());
            }
            None => {}
        }
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            self.reaction(symbol, reaction);
        }
    }

    fn reaction(&mut self, symbol: &Symbol, reaction: &'a Reaction) {
        let network = self.network;
        let mut amounts = reaction
            .reactants
            .iter()
            .chain(&reaction.products)
            .filter_map(|p| Some((&network[p.species], network[p.species].unit.as_ref()?)));
        let Some((first, amount)) = amounts.next() else {
            return self.formula(&reaction.rate, None, &|_| String::new());
        };
        if let Some((other, unit)) = amounts.find(|(_, unit)| *unit != amount) {
            let message = format!(
                "all that takes part in a reaction must share one amount unit; \
                 `{}` is in {}, `{}` in {}",
                first.name,
                show(amount),
                other.name,
                show(unit)
            );
            self.found.push(
                Diagnostic::error("unit-mismatch", message)
                    .at(symbol.span, label(unit, amount))
                    .mend("write two reactions, each with a rate in its own unit"),
            );
        }
        let needed = network.time_unit.as_ref().and_then(|time| amount.try_div(time));
        self.formula(&reaction.rate, needed.as_ref(), &|found| {
            format!("a rate must be an amount per time; this is {}", quantity(found, amount))
        });
    }

    /// Checks a whole formula that must be a number in `needed` (when that is known). `message`
    /// says so, given what was found.
    fn formula(
        &mut self,
        expr: &'a Expr,
        needed: Option<&Unit>,
        message: &dyn Fn(&Unit) -> String,
    ) {
        let Some(needed) = needed else {
            let kind = self.infer(expr);
            self.number(expr, &kind);
            return;
        };
        let terms = self.terms(expr);
        let mut units = terms.iter().filter_map(|(_, kind)| match kind {
            Kind::Number(unit) => Some(unit),
            _ => None,
        });
        let Some(first) = units.next() else { return };
        if units.all(|unit| unit == first) {
            // All terms agree with each other, so the whole is what is wrong, not one of them.
            if first != needed {
                self.mismatch("unit-mismatch", message(first), expr, first, needed, None);
            }
            return;
        }
        for (term, kind) in &terms {
            if let Kind::Number(unit) = kind
                && unit != needed
            {
                self.mismatch("unit-mismatch", message(unit), term, unit, needed, None);
            }
        }
    }

    /// The parts of a formula that must all have the unit of the whole: terms of sums, arguments
    /// of min and max, cases. Conditions on the way are checked.
    fn terms(&mut self, expr: &'a Expr) -> Vec<(&'a Expr, Kind)> {
        let mut terms = Vec::new();
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            match &expr.node {
                Node::Neg(a) => open.push(a),
                Node::Binary(BinaryOp::Add | BinaryOp::Sub, a, b) => open.extend([&**b, &**a]),
                Node::Call(Function::Abs | Function::Min | Function::Max, arguments) => {
                    open.extend(arguments.iter().rev());
                }
                Node::Piecewise { cases, otherwise } => {
                    open.push(otherwise);
                    for (value, condition) in cases.iter().rev() {
                        self.condition(condition);
                        open.push(value);
                    }
                }
                _ => {
                    let kind = self.infer(expr);
                    let kind = self.number(expr, &kind);
                    terms.push((expr, kind));
                }
            }
        }
        terms
    }

    /// The kind of a formula whose unit is not prescribed from outside.
    fn infer(&mut self, expr: &'a Expr) -> Kind {
        match &expr.node {
            Node::Number(0.0) => Kind::Zero,
            Node::Number(_) => Kind::Number(Unit::dimensionless()),
            Node::Symbol(id) => known(self.network.formula_unit(*id)),
            Node::Time => known(self.network.time_unit.clone()),
            Node::Not(a) => {
                self.condition(a);
                Kind::Condition
            }
            Node::Neg(_) | Node::Piecewise { .. } => {
                self.alike(expr, "the cases of a piecewise must share a unit")
            }
            Node::Binary(op, a, b) => self.binary(expr, *op, a, b),
            Node::Call(function, arguments) => self.call(expr, *function, arguments),
        }
    }

    fn binary(&mut self, expr: &'a Expr, op: BinaryOp, a: &'a Expr, b: &'a Expr) -> Kind {
        match op {
            BinaryOp::Add | BinaryOp::Sub => {
                self.alike(expr, "the terms of a sum must share a unit")
            }
            BinaryOp::Mul | BinaryOp::Div => {
                let left = self.infer(a);
                let left = self.number(a, &left);
                let right = self.infer(b);
                let right = self.number(b, &right);
                match (left, right) {
                    (Kind::Zero, _) => Kind::Zero,
                    (_, Kind::Zero) if op == BinaryOp::Mul => Kind::Zero,
                    (Kind::Number(left), Kind::Number(right)) => {
                        let result = match op {
                            BinaryOp::Mul => left.try_mul(&right),
                            _ => left.try_div(&right),
                        };
                        self.in_range(expr, result)
                    }
                    _ => Kind::Unknown,
                }
            }
            BinaryOp::Pow => self.power(expr, a, b),
            BinaryOp::And | BinaryOp::Or => {
                self.condition(a);
                self.condition(b);
                Kind::Condition
            }
            _ => {
                debug_assert!(is_comparison(op));
                self.comparison(a, b);
                Kind::Condition
            }
        }
    }

    /// Both sides of a comparison: numbers of one unit, or two conditions.
    fn comparison(&mut self, a: &'a Expr, b: &'a Expr) {
        let (left, right) = (self.infer(a), self.infer(b));
        match (&left, &right) {
            (Kind::Number(left), Kind::Number(right)) if left != right => {
                // A literal beside a unit is what is wrong, whichever side it stands on.
                let (wrong, found, other, needed) = match a.node {
                    Node::Number(_) => (a, left, b, right),
                    _ => (b, right, a, left),
                };
                let message = "both sides of a comparison must share a unit".to_string();
                self.mismatch("unit-mismatch", message, wrong, found, needed, Some(other));
            }
            (Kind::Condition, Kind::Number(_) | Kind::Zero) => {
                self.number(a, &left);
            }
            (Kind::Number(_) | Kind::Zero, Kind::Condition) => {
                self.number(b, &right);
            }
            _ => {}
        }
    }

    fn call(&mut self, expr: &'a Expr, function: Function, arguments: &'a [Expr]) -> Kind {
        let name = match function {
            Function::Min | Function::Max => {
                return self.alike(expr, "the arguments of min and max must share a unit");
            }
            Function::Abs => return self.alike(expr, "the terms of a sum must share a unit"),
            Function::Sqrt => {
                let kinds: Vec<Kind> = arguments.iter().map(|a| self.argument(a)).collect();
                return match kinds.into_iter().next() {
                    Some(Kind::Number(unit)) => self.in_range(expr, unit.pow(1, 2)),
                    Some(kind) => kind,
                    None => Kind::Unknown,
                };
            }
            Function::Floor | Function::Ceil | Function::Remainder => {
                return self.alike(expr, "the terms of a sum must share a unit");
            }
            Function::Quotient => {
                self.alike(expr, "what is divided without a fraction must share a unit");
                return Kind::Number(Unit::dimensionless());
            }
            Function::Delay => return self.delayed(arguments),
            Function::RateOf => {
                let kind = arguments.first().map(|a| self.argument(a));
                return match (kind, &self.network.time_unit) {
                    (Some(Kind::Number(unit)), Some(time)) => {
                        self.in_range(expr, unit.try_div(time))
                    }
                    _ => Kind::Unknown,
                };
            }
            other => other.name(),
        };
        for argument in arguments {
            self.plain(argument, &format!("the argument of {name} must be dimensionless"));
        }
        Kind::Number(Unit::dimensionless())
    }

    /// What was some time ago has the unit it has now.
    fn delayed(&mut self, arguments: &'a [Expr]) -> Kind {
        for lag in arguments.iter().skip(1) {
            self.argument(lag);
        }
        arguments.first().map_or(Kind::Unknown, |a| self.argument(a))
    }

    fn power(&mut self, expr: &'a Expr, base: &'a Expr, exponent: &'a Expr) -> Kind {
        let kind = self.argument(base);
        let Some(literal) = literal(exponent) else {
            self.plain(exponent, "an exponent must be dimensionless");
            if let Kind::Number(unit) = kind
                && !unit.is_dimensionless()
            {
                let message = "what is raised to a variable power must be dimensionless";
                let needed = Unit::dimensionless();
                self.mismatch("unit-argument", message.to_string(), base, &unit, &needed, None);
            }
            return Kind::Number(Unit::dimensionless());
        };
        match kind {
            Kind::Number(unit) if unit.is_dimensionless() => Kind::Number(unit),
            Kind::Number(unit) => match fraction(literal) {
                Some((num, den)) => self.in_range(expr, unit.pow(num, den)),
                None => {
                    let message =
                        format!("what is raised to the power {literal} must be dimensionless");
                    let needed = Unit::dimensionless();
                    self.mismatch("unit-argument", message, base, &unit, &needed, None);
                    Kind::Unknown
                }
            },
            // 0^0 is one; any other power of a literal zero is left open too.
            Kind::Zero => Kind::Unknown,
            other => other,
        }
    }

    /// The common kind of the terms of a formula; the ones in the minority are told.
    fn alike(&mut self, expr: &'a Expr, message: &str) -> Kind {
        let terms = self.terms(expr);
        let units: Vec<(&'a Expr, &Unit)> = terms
            .iter()
            .filter_map(|(term, kind)| match kind {
                Kind::Number(unit) => Some((*term, unit)),
                _ => None,
            })
            .collect();
        let votes = |unit: &Unit| units.iter().filter(|(_, other)| *other == unit).count();
        // A literal cannot be in the wrong unit by mistake of its table: let symbols decide.
        let weight =
            |(term, unit): &(&Expr, &Unit)| (!matches!(term.node, Node::Number(_)), votes(unit));
        let Some(&(model, needed)) = units.iter().rev().max_by_key(|term| weight(term)) else {
            let unknown = terms.iter().any(|(_, kind)| matches!(kind, Kind::Unknown));
            return if unknown { Kind::Unknown } else { Kind::Zero };
        };
        let mut agreed = true;
        for (term, found) in &units {
            if *found != needed {
                agreed = false;
                let message = message.to_string();
                self.mismatch("unit-mismatch", message, term, found, needed, Some(model));
            }
        }
        if agreed { Kind::Number(needed.clone()) } else { Kind::Unknown }
    }

    fn argument(&mut self, expr: &'a Expr) -> Kind {
        let kind = self.infer(expr);
        self.number(expr, &kind)
    }

    /// Checks that an argument is a plain number.
    fn plain(&mut self, expr: &'a Expr, message: &str) {
        if let Kind::Number(unit) = self.argument(expr)
            && !unit.is_dimensionless()
        {
            let needed = Unit::dimensionless();
            self.mismatch("unit-argument", message.to_string(), expr, &unit, &needed, None);
        }
    }

    /// Passes numbers on; a condition where a number is needed is told.
    fn number(&mut self, expr: &Expr, kind: &Kind) -> Kind {
        if !matches!(kind, Kind::Condition) {
            return kind.clone();
        }
        let what = "a number is needed here; this is true or false";
        let diagnostic = Diagnostic::error("condition-as-number", what)
            .at(self.span(expr), "a condition")
            .mend("write `piecewise(1, condition, 0)` for a number");
        self.found.push(diagnostic);
        Kind::Unknown
    }

    /// Checks that a formula is true or false. The literals 0 and 1 pass as such.
    fn condition(&mut self, expr: &'a Expr) {
        if matches!(expr.node, Node::Number(n) if n == 0.0 || n == 1.0) {
            return;
        }
        if let Kind::Zero | Kind::Number(_) = self.infer(expr) {
            let what = "a condition is needed here; this is a number";
            let diagnostic = Diagnostic::error("not-a-condition", what)
                .at(self.span(expr), "a number")
                .mend("compare it with something: `x > 0`");
            self.found.push(diagnostic);
        }
    }

    fn in_range(&mut self, expr: &Expr, unit: Option<Unit>) -> Kind {
        if let Some(unit) = unit {
            return Kind::Number(unit);
        }
        let what = "the unit of this has exponents no quantity has";
        self.found.push(Diagnostic::error("unit-range", what).at(self.span(expr), ""));
        Kind::Unknown
    }

    fn mismatch(
        &mut self,
        code: &'static str,
        message: String,
        expr: &Expr,
        found: &Unit,
        needed: &Unit,
        beside: Option<&Expr>,
    ) {
        let mut diagnostic =
            Diagnostic::error(code, message).at(self.span(expr), label(found, needed));
        if let Some(beside) = beside.filter(|b| b.span != Span::NONE) {
            diagnostic = diagnostic.also(beside.span, show(needed));
        }
        diagnostic.mend = mend(self.network, self.owner, expr, found, needed);
        self.found.push(diagnostic);
    }

    /// Where a formula stands, or else the symbol it belongs to.
    fn span(&self, expr: &Expr) -> Span {
        if expr.span == Span::NONE { self.place } else { expr.span }
    }
}

fn known(unit: Option<Unit>) -> Kind {
    unit.map_or(Kind::Unknown, Kind::Number)
}

/// The value of an exponent that is written out: `2`, `-1`, `1/2`, `0.75`.
fn literal(expr: &Expr) -> Option<f64> {
    match &expr.node {
        Node::Number(value) => Some(*value),
        Node::Neg(a) => Some(-literal(a)?),
        Node::Binary(BinaryOp::Div, a, b) => Some(literal(a)? / literal(b)?),
        _ => None,
    }
}

/// A literal exponent as a fraction with a denominator up to ten.
fn fraction(value: f64) -> Option<(i32, i32)> {
    if value.is_nan() || value.abs() > 1000.0 {
        return None;
    }
    (1..=10).find_map(|den| {
        let num = value * f64::from(den);
        ((num - num.round()).abs() < 1e-9).then_some((num.round() as i32, den))
    })
}
