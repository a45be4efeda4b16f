//! Writing formulas of a network as operations, once for each purpose.

use std::collections::{HashMap, HashSet};

use hersim_network::{
    BinaryOp, Diagnostic, Expr, Function, Network, Node, Participant, Rule, SymbolId, SymbolKind,
    Value,
};

use crate::{
    system::{Fast, Output, Role},
    tape::{Op, Reg, Tape},
};

/// What all lists of operations share.
pub(crate) struct Shared<'n> {
    pub(crate) network: &'n Network,
    pub(crate) roles: Vec<Role>,
    /// Formulas of which the past is asked.
    pub(crate) delayed: Vec<Expr>,
    /// How long ago.
    pub(crate) lags: Vec<Expr>,
    /// Symbols without a value that another's starting value needs.
    pub(crate) missing: HashSet<SymbolId>,
    pub(crate) problems: Vec<Diagnostic>,
    rings: HashSet<SymbolId>,
    /// For each species the reactions that change it, each with its part in it.
    changes: HashMap<SymbolId, Vec<(SymbolId, BinaryOp, usize)>>,
}

/// What a list of operations is for.
pub(crate) enum Kind<'w> {
    /// Rates of change: conditions keep over a step what they were at its start.
    Rate(&'w mut Builder<'static>),
    /// Conditions as they are.
    Watch,
    /// Everything as it is.
    Live,
    /// Everything as it is at the start.
    Start,
    /// Everything as it was before the start.
    Before,
}

/// A list of operations that is being written.
pub(crate) struct Builder<'w> {
    pub(crate) tape: Tape,
    pub(crate) modes: Vec<Reg>,
    kind: Kind<'w>,
    known: HashMap<SymbolId, Reg>,
    rates: HashMap<SymbolId, Reg>,
    open: HashSet<SymbolId>,
    /// Comparisons: the operation, and both sides.
    compared: Vec<(BinaryOp, Reg, Reg)>,
}

impl<'n> Shared<'n> {
    pub(crate) fn new(network: &'n Network, roles: Vec<Role>) -> Self {
        let mut changes: HashMap<SymbolId, Vec<(SymbolId, BinaryOp, usize)>> = HashMap::new();
        for (id, symbol) in network.iter() {
            let SymbolKind::Reaction(reaction) = &symbol.kind else { continue };
            let sides = [(&reaction.reactants, BinaryOp::Sub), (&reaction.products, BinaryOp::Add)];
            for (side, op) in sides {
                for (at, participant) in side.iter().enumerate() {
                    changes.entry(participant.species).or_default().push((id, op, at));
                }
            }
        }
        Shared {
            changes,
            network,
            roles,
            delayed: Vec::new(),
            lags: Vec::new(),
            missing: HashSet::new(),
            problems: Vec::new(),
            rings: HashSet::new(),
        }
    }

    fn role(&self, id: SymbolId) -> Role {
        self.roles[id.0 as usize]
    }

    /// Symbols of the states in order, time left out.
    pub(crate) fn states(&self) -> Vec<SymbolId> {
        self.having(|role| matches!(role, Role::AmountState(_) | Role::ValueState(_)))
    }

    /// Symbols of the parameters in order.
    pub(crate) fn parameters(&self) -> Vec<SymbolId> {
        self.having(|role| matches!(role, Role::AmountParameter(_) | Role::ValueParameter(_)))
    }

    /// Whether a starting value follows time, so that it was another before the start.
    fn is_timed(&mut self, id: SymbolId) -> bool {
        let network = self.network;
        let ruled = matches!(self.role(id), Role::Assigned | Role::Reaction);
        if ruled || !matches!(network[id].value, Value::Formula(_)) {
            return false;
        }
        let mut builder = Builder::new(Kind::Start);
        let reg = builder.symbol(self, id);
        builder.tape.depends(reg, &|op| matches!(op, Op::State(_) | Op::Delayed(..)))
    }

    /// The parameter that says how much faster fast reactions are than written.
    fn speed(&self) -> u32 {
        self.parameters().len() as u32
    }

    fn having(&self, pick: impl Fn(Role) -> bool) -> Vec<SymbolId> {
        self.network.iter().map(|(id, _)| id).filter(|id| pick(self.role(*id))).collect()
    }

    pub(crate) fn refuse(&mut self, code: &'static str, id: SymbolId, why: &str, mend: &str) {
        if self.rings.insert(id) {
            let symbol = &self.network[id];
            self.problems.push(
                Diagnostic::error(code, format!("`{}` {why}", symbol.name))
                    .at(symbol.span, "")
                    .mend(mend),
            );
        }
    }
}

/// The compartment of a species that means a concentration.
fn container(network: &Network, id: SymbolId) -> Option<SymbolId> {
    match network[id].kind {
        SymbolKind::Species { compartment, amount: false, .. } => Some(compartment),
        _ => None,
    }
}

impl<'w> Builder<'w> {
    pub(crate) fn new(kind: Kind<'w>) -> Self {
        Builder {
            tape: Tape::default(),
            modes: Vec::new(),
            kind,
            known: HashMap::new(),
            rates: HashMap::new(),
            open: HashSet::new(),
            compared: Vec::new(),
        }
    }

    /// What a symbol means in formulas.
    pub(crate) fn symbol(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        if let Some(&known) = self.known.get(&id) {
            return known;
        }
        if self.open.is_empty() {
            for first in self.order(shared, id) {
                self.one(shared, first);
            }
        }
        self.one(shared, id)
    }

    /// What must be known before a symbol, in an order that asks for nothing unknown, so that no
    /// chain of symbols is too long to follow.
    fn order(&self, shared: &mut Shared, id: SymbolId) -> Vec<SymbolId> {
        let mut order = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![(id, false)];
        while let Some((id, done)) = open.pop() {
            if done {
                order.push(id);
            } else if !self.known.contains_key(&id) && seen.insert(id) {
                open.push((id, true));
                open.extend(self.needs(shared, id).into_iter().map(|id| (id, false)));
            }
        }
        order
    }

    /// The symbols that one is made of.
    fn needs(&self, shared: &mut Shared, id: SymbolId) -> Vec<SymbolId> {
        let symbol = &shared.network[id];
        let starts = match self.kind {
            Kind::Start => true,
            Kind::Before => shared.is_timed(id),
            _ => false,
        };
        let mut needs = match (&symbol.rule, &symbol.kind, &symbol.value) {
            (Some(Rule::Assignment(expr)), ..) => expr.symbols(),
            (_, SymbolKind::Reaction(reaction), _) => reaction.rate.symbols(),
            (.., Value::Formula(expr)) if starts => expr.symbols(),
            _ => Vec::new(),
        };
        needs.extend(container(shared.network, id));
        needs
    }

    fn one(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        if let Some(&known) = self.known.get(&id) {
            return known;
        }
        if !self.open.insert(id) {
            self.ring(shared, id);
            return self.tape.number(f64::NAN);
        }
        let reg = match self.kind {
            Kind::Start => self.start_value(shared, id),
            Kind::Before if shared.is_timed(id) => self.start_value(shared, id),
            _ => self.running(shared, id),
        };
        self.open.remove(&id);
        self.known.insert(id, reg);
        reg
    }

    fn ring(&mut self, shared: &mut Shared, id: SymbolId) {
        shared.refuse(
            "circular-rule",
            id,
            "depends on itself",
            "break the circle with a species or a parameter that has a rate rule",
        );
    }

    fn running(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        let network = shared.network;
        match shared.role(id) {
            Role::ValueState(i) => self.tape.push(Op::State(i)),
            Role::ValueParameter(i) => self.tape.push(Op::Parameter(i)),
            Role::AmountState(i) => {
                let amount = self.tape.push(Op::State(i));
                self.per_volume(shared, id, amount)
            }
            Role::AmountParameter(i) => {
                let amount = self.tape.push(Op::Parameter(i));
                self.per_volume(shared, id, amount)
            }
            Role::Assigned => match &network[id].rule {
                Some(Rule::Assignment(expr)) => self.expr(shared, expr),
                _ => self.tape.number(f64::NAN),
            },
            Role::Reaction => self.reaction_rate(shared, id),
        }
    }

    fn reaction_rate(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        let network = shared.network;
        let SymbolKind::Reaction(reaction) = &network[id].kind else {
            return self.tape.number(f64::NAN);
        };
        if reaction.fast {
            shared.refuse(
                "fast-rate-used",
                id,
                "is fast, so its rate has no value that could be used",
                "drop `fast`, or what uses the rate",
            );
        }
        self.expr(shared, &reaction.rate)
    }

    fn per_volume(&mut self, shared: &mut Shared, id: SymbolId, amount: Reg) -> Reg {
        match container(shared.network, id) {
            Some(compartment) => {
                let size = self.symbol(shared, compartment);
                self.tape.binary(BinaryOp::Div, amount, size)
            }
            None => amount,
        }
    }

    /// The amount of a species, or the value of anything else.
    fn amount(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        match shared.role(id) {
            Role::AmountState(i) => self.tape.push(Op::State(i)),
            Role::AmountParameter(i) => self.tape.push(Op::Parameter(i)),
            _ => {
                let value = self.symbol(shared, id);
                match container(shared.network, id) {
                    Some(compartment) => {
                        let size = self.symbol(shared, compartment);
                        self.tape.binary(BinaryOp::Mul, value, size)
                    }
                    None => value,
                }
            }
        }
    }

    pub(crate) fn output(&mut self, shared: &mut Shared, output: Output) -> Reg {
        match output {
            Output::Value(id) => self.symbol(shared, id),
            Output::Amount(id) => self.amount(shared, id),
            Output::Concentration(id) => match shared.network[id].kind {
                SymbolKind::Species { compartment, amount: true, .. } => {
                    let amount = self.amount(shared, id);
                    let size = self.symbol(shared, compartment);
                    self.tape.binary(BinaryOp::Div, amount, size)
                }
                _ => self.symbol(shared, id),
            },
        }
    }

    // ---- starting values

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

    fn start_value(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
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

    // ---- rates of change

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
    fn rate_of(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        if let Some(&known) = self.rates.get(&id) {
            return known;
        }
        let network = shared.network;
        let has_fast = network
            .symbols
            .iter()
            .any(|s| matches!(&s.kind, SymbolKind::Reaction(reaction) if reaction.fast));
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
            _ if before && shared.is_timed(id) => self.no_rate(shared, id),
            Role::AmountState(_) if has_fast => self.no_rate(shared, id),
            Role::AmountState(_) => {
                let rate = self.state_rate(shared, id, Fast::AtRest);
                self.dilute(shared, id, rate)
            }
            Role::ValueState(_) if unknown(shared) => self.no_rate(shared, id),
            Role::ValueState(_) => self.state_rate(shared, id, Fast::AtRest),
            Role::ValueParameter(_) => self.tape.number(0.0),
            Role::AmountParameter(_) => {
                let zero = self.tape.number(0.0);
                self.dilute(shared, id, zero)
            }
            Role::Assigned | Role::Reaction => self.no_rate(shared, id),
        };
        self.rates.insert(id, reg);
        reg
    }

    fn no_rate(&mut self, shared: &mut Shared, id: SymbolId) -> Reg {
        shared.refuse(
            "no-rate",
            id,
            "follows from other symbols, so `rateOf` cannot be asked of it",
            "ask it of a species that reactions change or a symbol with a rate rule",
        );
        self.tape.number(f64::NAN)
    }

    /// The rate of a concentration from that of its amount.
    fn dilute(&mut self, shared: &mut Shared, id: SymbolId, rate: Reg) -> Reg {
        let Some(compartment) = container(shared.network, id) else { return rate };
        let growth = self.rate_of(shared, compartment);
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

    // ---- formulas

    /// A formula.
    pub(crate) fn expr(&mut self, shared: &mut Shared, expr: &Expr) -> Reg {
        use Function::{Ceil, Floor, Quotient};
        if is_step(expr)
            && let Kind::Rate(watch) = &mut self.kind
        {
            let condition = watch.expr(shared, expr);
            return match watch.tape.constant(condition) {
                Some(value) => self.tape.number(value),
                None => {
                    let known = watch.modes.iter().position(|m| *m == condition);
                    let mode = known.unwrap_or_else(|| {
                        watch.modes.push(condition);
                        watch.modes.len() - 1
                    });
                    self.tape.push(Op::Mode(mode as u32))
                }
            };
        }
        match &expr.node {
            Node::Number(value) => self.tape.number(*value),
            Node::Symbol(id) => self.symbol(shared, *id),
            Node::Time => {
                let states = shared.states().len() as u32;
                self.tape.push(Op::State(states))
            }
            Node::Neg(a) => {
                let a = self.expr(shared, a);
                self.tape.push(Op::Negate(a))
            }
            Node::Not(a) => {
                let a = self.expr(shared, a);
                self.tape.push(Op::Not(a))
            }
            Node::Binary(op, a, b) => {
                let (a, b) = (self.expr(shared, a), self.expr(shared, b));
                if is_relation(*op) && matches!(self.kind, Kind::Watch) {
                    self.compared.push((*op, a, b));
                }
                self.tape.binary(*op, a, b)
            }
            Node::Piecewise { cases, otherwise } => {
                let mut rest = self.expr(shared, otherwise);
                for (value, condition) in cases.iter().rev() {
                    let condition = self.expr(shared, condition);
                    let value = self.expr(shared, value);
                    rest = match self.tape.constant(condition) {
                        Some(0.0) => rest,
                        Some(_) => value,
                        None => self.tape.push(Op::Select(condition, value, rest)),
                    };
                }
                rest
            }
            Node::Call(Function::RateOf, arguments) => match arguments.first().map(|a| &a.node) {
                Some(Node::Symbol(id)) => self.rate_of(shared, *id),
                _ => self.tape.number(f64::NAN),
            },
            Node::Call(Function::Delay, arguments) => self.delay(shared, arguments),
            Node::Call(Function::Remainder, arguments) if arguments.len() == 2 => {
                // a - b * quotient, so that it is smooth within a step.
                let whole = Expr { node: Node::Call(Quotient, arguments.clone()), span: expr.span };
                let whole = self.expr(shared, &whole);
                let (a, b) = (self.expr(shared, &arguments[0]), self.expr(shared, &arguments[1]));
                let part = self.tape.binary(BinaryOp::Mul, b, whole);
                self.tape.binary(BinaryOp::Sub, a, part)
            }
            Node::Call(function, arguments) => {
                let regs: Vec<Reg> = arguments.iter().map(|a| self.expr(shared, a)).collect();
                let first = regs.first().copied().unwrap_or(0);
                match function {
                    Function::Max | Function::Min => (regs.iter().copied())
                        .reduce(|a, b| self.tape.push(Op::Call(*function, a, b)))
                        .unwrap_or(first),
                    Floor | Ceil | Quotient => {
                        let second = regs.get(1).copied().unwrap_or(first);
                        self.tape.push(Op::Call(*function, first, second))
                    }
                    _ => self.tape.push(Op::Call(*function, first, first)),
                }
            }
        }
    }

    fn delay(&mut self, shared: &mut Shared, arguments: &[Expr]) -> Reg {
        let [what, lag] = arguments else { return self.tape.number(f64::NAN) };
        let ago = self.expr(shared, lag);
        if self.tape.constant(ago) == Some(0.0) {
            return self.expr(shared, what);
        }
        let known = shared.delayed.iter().position(|e| e == what);
        let formula = known.unwrap_or_else(|| {
            shared.delayed.push(what.clone());
            shared.delayed.len() - 1
        });
        if !shared.lags.contains(lag) {
            shared.lags.push(lag.clone());
        }
        self.tape.push(Op::Delayed(formula as u32, ago))
    }

    // ---- conditions

    /// Differences of what conditions compare, each once.
    pub(crate) fn differences(&mut self, shared: &mut Shared, network: &Network) -> Vec<Reg> {
        let n = shared.states().len() as u32;
        let continuous = |op: Op| match op {
            Op::State(i) => i != n,
            Op::Delayed(..) => true,
            _ => false,
        };
        let mut differences = Vec::new();
        for (op, a, b) in std::mem::take(&mut self.compared) {
            let logical = |reg: Reg| self.is_logical(reg);
            if logical(a) || logical(b) {
                continue;
            }
            let equality = matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
            if equality
                && !network.events.is_empty()
                && (self.tape.depends(a, &continuous) || self.tape.depends(b, &continuous))
            {
                let message = "an equality of quantities that change by themselves is never met \
                               exactly";
                shared.problems.push(
                    Diagnostic::error("equality-trigger", message)
                        .mend("compare with `<` or `>=` instead"),
                );
            }
            let difference = self.tape.push(Op::Binary(BinaryOp::Sub, a, b));
            if self.tape.constant(difference).is_none() && !differences.contains(&difference) {
                differences.push(difference);
            }
        }
        differences
    }

    /// Whether an operation gives truth values or whole numbers.
    fn is_logical(&self, reg: Reg) -> bool {
        match self.tape.ops[reg as usize] {
            Op::Not(_) => true,
            Op::Binary(op, ..) => is_relation(op) || matches!(op, BinaryOp::And | BinaryOp::Or),
            Op::Call(Function::Floor | Function::Ceil | Function::Quotient, ..) => true,
            Op::Select(_, a, b) => {
                let whole = |r: Reg| self.tape.constant(r).is_some() || self.is_logical(r);
                whole(a) && whole(b)
            }
            _ => false,
        }
    }

    /// Differences that change in a straight line with time and with nothing else that moves.
    pub(crate) fn timed(&self, differences: &[Reg], n: usize) -> Vec<Reg> {
        let time = n as u32 - 1;
        // How each operation depends on time: not, in a straight line, otherwise.
        let mut degree: Vec<u8> = Vec::with_capacity(self.tape.ops.len());
        for op in &self.tape.ops {
            let d = |reg: Reg| degree[reg as usize];
            degree.push(match *op {
                Op::Number(_) | Op::Parameter(_) => 0,
                Op::State(i) if i == time => 1,
                Op::State(_) | Op::Delayed(..) | Op::Mode(_) => 2,
                Op::Negate(a) => d(a),
                Op::Binary(BinaryOp::Add | BinaryOp::Sub, a, b) => d(a).max(d(b)),
                Op::Binary(BinaryOp::Mul, a, b) => {
                    if d(a) == 2 || d(b) == 2 {
                        2
                    } else {
                        d(a) + d(b)
                    }
                }
                Op::Binary(BinaryOp::Div, a, b) if d(b) == 0 => d(a),
                Op::Binary(_, a, b) | Op::Call(_, a, b) => {
                    if d(a) == 0 && d(b) == 0 {
                        0
                    } else {
                        2
                    }
                }
                Op::Not(a) => {
                    if d(a) == 0 {
                        0
                    } else {
                        2
                    }
                }
                Op::Select(c, a, b) => {
                    if d(c) == 0 && d(a) == 0 && d(b) == 0 {
                        0
                    } else {
                        2
                    }
                }
            });
        }
        differences.iter().copied().filter(|&reg| degree[reg as usize] == 1).collect()
    }
}

/// Whether a formula changes in jumps only.
fn is_step(expr: &Expr) -> bool {
    match &expr.node {
        Node::Not(_) => true,
        Node::Binary(op, ..) => is_relation(*op) || matches!(op, BinaryOp::And | BinaryOp::Or),
        Node::Call(function, _) => {
            matches!(function, Function::Floor | Function::Ceil | Function::Quotient)
        }
        _ => false,
    }
}

fn is_relation(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Less | LessEqual | Greater | GreaterEqual | Equal | NotEqual)
}
