//! Writing formulas of a network as operations, once for each purpose.

mod conditions;
mod formula;
mod rates;
mod start;

use std::collections::{HashMap, HashSet};

use hersim_network::{
    BinaryOp, Diagnostic, Expr, Network, Rule, Span, SymbolId, SymbolKind, Value,
};

use crate::{
    system::{Output, Role},
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
    /// How many states there are, time left out, and how many parameters.
    pub(crate) counts: (u32, u32),
    /// Whether a reaction is fast.
    pub(crate) has_fast: bool,
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
    /// Comparisons: the operation, both sides, and where it stands.
    compared: Vec<(BinaryOp, Reg, Reg, Span)>,
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
        let count = |pick: fn(&Role) -> bool| roles.iter().filter(|role| pick(role)).count() as u32;
        let has_fast = network
            .symbols
            .iter()
            .any(|s| matches!(&s.kind, SymbolKind::Reaction(reaction) if reaction.fast));
        Shared {
            changes,
            counts: (count(|r| r.is_state()), count(|r| r.is_parameter())),
            has_fast,
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
        self.having(|role| role.is_state())
    }

    /// Symbols of the parameters in order.
    pub(crate) fn parameters(&self) -> Vec<SymbolId> {
        self.having(|role| role.is_parameter())
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
        self.counts.1
    }

    fn having(&self, pick: impl Fn(Role) -> bool) -> Vec<SymbolId> {
        self.network.iter().map(|(id, _)| id).filter(|id| pick(self.role(*id))).collect()
    }

    pub(crate) fn refuse(&mut self, code: &'static str, id: SymbolId, why: &str, mend: &str) {
        self.refuse_at(code, id, self.network[id].span, why, mend);
    }

    /// Refuses a symbol where it is used.
    pub(crate) fn refuse_at(
        &mut self,
        code: &'static str,
        id: SymbolId,
        place: Span,
        why: &str,
        mend: &str,
    ) {
        if self.rings.insert(id) {
            let message = format!("`{}` {why}", self.network[id].name);
            self.problems.push(Diagnostic::error(code, message).at(place, "").mend(mend));
        }
    }

    /// Refuses symbols that need one another.
    fn ring(&mut self, ring: &[SymbolId]) {
        const SHOWN: usize = 8;
        let Some(&first) = ring.first() else { return };
        if !ring.iter().all(|id| self.rings.insert(*id)) {
            return;
        }
        let name = |id: &SymbolId| self.network[*id].name.as_str();
        let mut names: Vec<&str> = ring.iter().take(SHOWN).map(name).collect();
        if ring.len() > SHOWN {
            names.push("…");
        }
        names.push(name(&first));
        let message = format!("`{}` depends on itself: {}", name(&first), names.join(" -> "));
        let mut told = Diagnostic::error("circular-rule", message).at(self.network[first].span, "");
        for id in ring.iter().skip(1).take(SHOWN) {
            told = told.also(self.network[*id].span, "");
        }
        let mend = "break the circle with a species or a parameter that has a rate rule";
        self.problems.push(told.mend(mend));
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
    /// chain of symbols is too long to follow. Where a ring closes, the symbol is nothing known.
    fn order(&mut self, shared: &mut Shared, id: SymbolId) -> Vec<SymbolId> {
        let mut order = Vec::new();
        let mut seen = HashSet::new();
        let mut path: Vec<SymbolId> = Vec::new();
        let mut on_path = HashSet::new();
        let mut open = vec![(id, false)];
        while let Some((id, done)) = open.pop() {
            if done {
                order.push(id);
                on_path.remove(&id);
                path.pop();
            } else if on_path.contains(&id) {
                let from = path.iter().position(|on_path| *on_path == id).unwrap_or(0);
                shared.ring(&path[from..]);
                let nothing = self.tape.number(f64::NAN);
                self.known.insert(id, nothing);
            } else if !self.known.contains_key(&id) && seen.insert(id) {
                open.push((id, true));
                path.push(id);
                on_path.insert(id);
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
            shared.ring(&[id]);
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
}
