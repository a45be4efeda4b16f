//! A system assembled for some subclones, and what claims need of it: symbols behind paths and
//! names, formulas over subclones, parameters that are set, symbols that are clamped or read.

use std::collections::{BTreeMap, HashMap, HashSet};

use hersim_network::{BinaryOp, Diagnostic, Expr, Function, Node, Span, SymbolId};

use super::formula::{Formula, Part, Step, mistake};
use crate::{
    assemble::Assembled,
    network_edit::{Gate, Reads, add_constant, add_formula, add_gate, redirect, redirect_events},
    written::Written,
};

/// A system for some subclones, with what the claims ask of it.
#[derive(Clone)]
pub struct Stage {
    /// The system. Gates and crossings are added to its network while claims are read.
    pub assembled: Assembled,
    /// Parameters that differ between courses, in order.
    pub varying: Vec<SymbolId>,
    /// Species that get doses.
    pub inputs: Vec<SymbolId>,
    /// Symbols that are read, in order.
    pub outputs: Vec<SymbolId>,
    /// Gates of clamped symbols.
    pub gates: BTreeMap<SymbolId, Gate>,
    /// Symbols that some readers see as they were.
    frozen: Vec<Frozen>,
    /// States that count cells: for each role, a symbol for each subclone.
    pub numbers: Vec<Vec<SymbolId>>,
    known: HashMap<SymbolId, usize>,
    listed: HashSet<SymbolId>,
    watches: HashMap<String, SymbolId>,
}

/// Symbols that some readers see as they were.
#[derive(Clone)]
struct Frozen {
    /// The parameter that holds each symbol's value.
    held: HashMap<SymbolId, SymbolId>,
    /// Owners of the formulas that see it.
    readers: HashSet<SymbolId>,
}

impl Stage {
    /// A stage that nothing is asked of yet.
    ///
    /// # Errors
    /// When the system's document names symbols that the system does not have.
    pub fn new(assembled: Assembled) -> Result<Stage, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let mut numbers = Vec::new();
        for role in &assembled.system.value.population.numbers {
            let found = assembled.for_each_subclone(role).into_iter();
            match found.map(|(_, symbol)| symbol).collect::<Result<Vec<_>, _>>() {
                Ok(symbols) => numbers.push(symbols),
                Err(error) => errors.push(*error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut stage = Stage {
            assembled,
            varying: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            gates: BTreeMap::new(),
            frozen: Vec::new(),
            numbers,
            known: HashMap::new(),
            listed: HashSet::new(),
            watches: HashMap::new(),
        };
        if let Some(dosing) = &stage.assembled.system.value.dosing {
            let roles = [&dosing.per_kg, &dosing.per_m2].map(|role| stage.assembled.role(role));
            for symbol in roles {
                stage.read(symbol.map_err(|e| vec![*e])?);
            }
        }
        Ok(stage)
    }

    /// Identifier of the system.
    pub fn system(&self) -> &str {
        &self.assembled.system.value.id
    }

    /// A symbol will be read: its place among the outputs.
    pub fn read(&mut self, id: SymbolId) -> usize {
        let next = self.outputs.len();
        let place = *self.known.entry(id).or_insert(next);
        if place == next {
            self.outputs.push(id);
        }
        place
    }

    /// Place of a symbol among the outputs.
    pub fn output(&self, id: SymbolId) -> Option<usize> {
        self.known.get(&id).copied()
    }

    /// A parameter will be set.
    pub fn vary(&mut self, id: SymbolId) {
        if self.listed.insert(id) {
            self.varying.push(id);
        }
    }

    /// A symbol will be clamped: its gate.
    pub fn gate(&mut self, id: SymbolId) -> Option<Gate> {
        if let Some(gate) = self.gates.get(&id) {
            return Some(*gate);
        }
        let gate = add_gate(&mut self.assembled.network, id, "clamp")?;
        self.vary(gate.shut);
        self.vary(gate.held);
        self.read(id);
        self.read(gate.seen);
        self.gates.insert(id, gate);
        Some(gate)
    }

    /// The system as it is compiled: what reads a clamped symbol reads its gate, and what reads a
    /// frozen one across its coupling reads what is held.
    pub fn edited(&self) -> Assembled {
        let mut assembled = self.assembled.clone();
        let network = &mut assembled.network;
        for frozen in &self.frozen {
            redirect(network, &frozen.held, Reads::NotOfOwnSpecies, &|owner| {
                frozen.readers.contains(&owner)
            });
        }
        let to: HashMap<SymbolId, SymbolId> =
            self.gates.iter().map(|(id, gate)| (*id, gate.seen)).collect();
        let gates: HashSet<SymbolId> = to.values().copied().collect();
        redirect(network, &to, Reads::All, &|owner| !gates.contains(&owner));
        redirect_events(network, &to);
        assembled
    }

    /// Readers of these symbols will see held values: the parameters that hold them.
    pub fn freeze(
        &mut self,
        symbols: &[SymbolId],
        readers: HashSet<SymbolId>,
    ) -> Vec<(SymbolId, SymbolId)> {
        let mut held = HashMap::new();
        let mut order = Vec::new();
        for id in symbols {
            let name = format!("{}~held{}", self.assembled.network[*id].name, self.frozen.len());
            if let Some(parameter) = add_constant(&mut self.assembled.network, name) {
                self.vary(parameter);
                held.insert(*id, parameter);
                order.push((*id, parameter));
            }
        }
        self.frozen.push(Frozen { held, readers });
        order
    }

    /// A symbol that equals a formula, to wait for it to reach a level.
    pub fn watch(&mut self, text: &str, formula: &Expr) -> Option<SymbolId> {
        if let Some(id) = self.watches.get(text) {
            return Some(*id);
        }
        let name = format!("~watch{}", self.watches.len());
        let id = add_formula(&mut self.assembled.network, name, formula.clone())?;
        self.watches.insert(text.to_string(), id);
        self.read(id);
        Some(id)
    }

    /// The symbols a path means, in one subclone when that is named.
    ///
    /// # Errors
    /// `unknown-symbol` and `unknown-subclone`, pointing at `place`.
    pub fn symbols(
        &self,
        path: &str,
        place: Span,
        only: Option<(&str, Span)>,
    ) -> Step<Vec<SymbolId>> {
        let Some((subclone, named)) = only else {
            let found = self.assembled.below(path);
            if found.is_empty() {
                return Err(self.unknown(path, place));
            }
            return Ok(found);
        };
        self.subclone(subclone, named)?;
        let path = path.strip_prefix("clone.").unwrap_or(path);
        match self.assembled.find(&format!("{subclone}.{path}")) {
            Some(id) => Ok(vec![id]),
            None => Err(self.unknown(path, place)),
        }
    }

    /// Refuses a subclone that the tumour does not have.
    fn subclone(&self, name: &str, place: Span) -> Step<usize> {
        let found = self.assembled.subclones.iter().position(|s| s == name);
        found.ok_or_else(|| {
            Box::new(
                Diagnostic::error("unknown-subclone", format!("there is no subclone `{name}`"))
                    .at(place, "")
                    .mend(format!("known: {}", self.assembled.subclones.join(", "))),
            )
        })
    }

    fn unknown(&self, path: &str, place: Span) -> Box<Diagnostic> {
        let system = self.system();
        let message = format!("system `{system}` has no symbol `{path}`");
        let error = Diagnostic::error("unknown-symbol", message).at(place, "");
        // The name below a subclone is what people write.
        let mut known: Vec<&str> = Vec::new();
        for symbol in &self.assembled.network.symbols {
            known.push(&symbol.name);
            if let Some((_, below)) = symbol.name.split_once('.') {
                known.push(below);
            }
        }
        Box::new(match hersim_network::nearest(path, known) {
            Some(near) => error.mend(format!("did you mean `{near}`?")),
            None => error.mend("`hersim handbook` writes pages that list the symbols"),
        })
    }

    /// A formula over the system.
    ///
    /// # Errors
    /// `formula`, `unknown-symbol`, `unknown-subclone`.
    pub fn formula(&mut self, written: &Written) -> Step<Expr> {
        let formula = Formula::parse(written)?;
        let expr = self.lower(&formula, written, None)?;
        for id in expr.symbols() {
            self.read(id);
        }
        Ok(expr)
    }

    fn lower(&self, formula: &Formula, written: &Written, subclone: Option<&str>) -> Step<Expr> {
        formula.lower(written, &mut |leaf| match &leaf.part {
            Part::Name(name, None) if name == "time" && self.assembled.find("time").is_none() => {
                Ok(Expr::made(Node::Time))
            }
            Part::Name(name, None) => {
                let id = self.named(name, written.place(leaf.from, leaf.to), subclone)?;
                Ok(Expr::symbol(id))
            }
            Part::Call(name, arguments) => match (subclone, arguments.as_slice()) {
                (None, [inside]) => self.aggregate(name, leaf, inside, written),
                (Some(_), _) => Err(mistake(written, leaf, "sums over subclones cannot be nested")),
                _ => Err(mistake(written, leaf, format!("there is no function `{name}`"))),
            },
            _ => Err(mistake(written, leaf, "`@` can only stand behind the name of an arm")),
        })
    }

    /// A symbol by its name in a formula: below the subclone, of the system, or a readout of it.
    fn named(&self, name: &str, place: Span, subclone: Option<&str>) -> Step<SymbolId> {
        let assembled = &self.assembled;
        let below = subclone.and_then(|s| assembled.find(&format!("{s}.{name}")));
        if let Some(id) = below.or_else(|| assembled.find(name)) {
            return Ok(id);
        }
        let readouts = &assembled.system.value.readout;
        if let Some(readout) = readouts.iter().find(|r| r.id == name) {
            let symbol = readout.symbol.get_ref();
            let of_one = assembled.subclones.iter().any(|s| symbol.starts_with(&format!("{s}.")));
            if let Some(id) = assembled.find(symbol).filter(|_| !of_one) {
                return Ok(id);
            }
        }
        let first = assembled.subclones.first().map_or("", String::as_str);
        let error = self.unknown(name, place);
        if subclone.is_none() && assembled.find(&format!("{first}.{name}")).is_some() {
            let mend = format!(
                "every subclone has its own: write `mean({name})`, `total({name})` or `{first}.{name}`"
            );
            return Err(Box::new(error.mend(mend)));
        }
        Err(error)
    }

    /// `mean`, `total`, `largest` and `share`.
    fn aggregate(
        &self,
        name: &str,
        whole: &Formula,
        inside: &Formula,
        written: &Written,
    ) -> Step<Expr> {
        let sum = |terms: Vec<Expr>| {
            let mut terms = terms.into_iter();
            let first = terms.next().unwrap_or_else(|| Expr::number(0.0));
            terms.fold(first, |a, b| Expr::binary(BinaryOp::Add, a, b))
        };
        let cells = || -> Step<Vec<Expr>> {
            let Some(symbols) = self.numbers.first() else {
                let message = format!("system `{}` does not say what counts cells", self.system());
                let error = mistake(written, whole, message);
                return Err(Box::new(
                    error.mend("add `numbers` to `[population]` of its document"),
                ));
            };
            Ok(symbols.iter().map(|id| Expr::symbol(*id)).collect())
        };
        if name == "share" {
            let Part::Name(subclone, None) = &inside.part else {
                return Err(mistake(written, inside, "`share` takes the name of a subclone"));
            };
            let index = self.subclone(subclone, written.place(inside.from, inside.to))?;
            let own = cells()?.swap_remove(index);
            return Ok(Expr::binary(BinaryOp::Div, own, sum(cells()?)));
        }
        if !["mean", "total", "largest"].contains(&name) {
            return Err(mistake(written, whole, format!("there is no function `{name}`")));
        }
        let mut each = Vec::new();
        for subclone in &self.assembled.subclones {
            each.push(self.lower(inside, written, Some(subclone))?);
        }
        if each.len() == 1 {
            return Ok(each.swap_remove(0));
        }
        Ok(match name {
            "total" => sum(each),
            "largest" => Expr::made(Node::Call(Function::Max, each)),
            _ => {
                let weighed = cells()?.into_iter().zip(each);
                let weighed =
                    weighed.map(|(n, x)| Expr::binary(BinaryOp::Mul, n, x)).collect::<Vec<_>>();
                Expr::binary(BinaryOp::Div, sum(weighed), sum(cells()?))
            }
        })
    }
}
