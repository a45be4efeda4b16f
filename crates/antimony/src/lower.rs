//! Settled symbols into a network.

use hersim_network::{
    About, Algebraic, BinaryOp, Diagnostic, Event, Expr, Modifier, Network, Node, Participant,
    Provenance, Quantity, Reaction, Rule, Span, Spread, Symbol, SymbolId, SymbolKind, Uncertainty,
    Value,
};
use hersim_units::{BaseUnit, Unit};

use crate::{
    about::about,
    ast::{FieldValue, Formula, FormulaNode, How, Name, ReactionText, Term},
    convert,
    expression::Lowering,
    flatten::{Given, Known, Said},
    merge::{Kind, Merged, Symbols},
    scope::{Place, Units},
    table::Row,
};

/// Builds the network; mistakes go to the lowering's `found`.
pub(crate) fn lower<'p>(
    lowering: &mut Lowering<'_, 'p>,
    units: &mut Units<'p>,
    id: &str,
    main: Place<'p>,
) -> Network {
    let mut network = Network::new(id);
    network.time_unit = time_unit(lowering, units, main);
    network.about = about(lowering.flat.told.get("").cloned().unwrap_or_default());
    let symbols = lowering.symbols;
    let mut builder = Builder::new(lowering, units, main);
    let made: Vec<Symbol> =
        (0..symbols.all.len()).map(|index| builder.symbol(index, &symbols.all[index])).collect();
    let homeless = builder.needs_home();
    let events: Vec<Event> = builder.events();
    let algebraic = builder.algebraic();
    for symbol in made {
        if let Err(symbol) = network.add(symbol) {
            lowering.found.push(
                Diagnostic::error("duplicate", format!("`{}` is defined twice", symbol.name))
                    .at(symbol.span, ""),
            );
        }
    }
    if homeless {
        let unit = Unit::base("litre").filter(|_| !lowering.program.tolerant);
        let _ = network.add(default_compartment(unit));
    }
    // What an event would set could change, even when the event is deleted.
    let flat = lowering.flat;
    let targets =
        flat.events.iter().flat_map(|e| e.text.assignments.iter().map(|a| (e.instance, &a.0)));
    let set: Vec<SymbolId> =
        targets.filter_map(|(instance, name)| symbol_of(lowering, instance, name)).collect();
    let determined = algebraic.iter().flat_map(|rule| rule.expr.symbols());
    for target in set.into_iter().chain(determined) {
        if let Some(symbol) = network.symbols.get_mut(target.0 as usize)
            && symbols.all[target.0 as usize].constant != Some(true)
        {
            symbol.constant = false;
        }
    }
    if lowering.program.tolerant {
        follow_changes(&mut network, symbols);
    }
    network.events = events;
    network.algebraic = algebraic;
    stoichiometries(&mut network, lowering);
    interactions(&mut network, lowering);
    network.unit_names = units.all(id, lowering.found);
    network
}

/// What starts from something that changes is taken for something that changes, unless the text
/// says otherwise.
fn follow_changes(network: &mut Network, symbols: &Symbols<'_>) {
    loop {
        let changes =
            |id: &SymbolId| network.symbols.get(id.0 as usize).is_some_and(|s| !s.constant);
        let next = network.symbols.iter().position(|symbol| {
            let open = symbols.all.iter().find(|m| m.name == symbol.name);
            let open = open.is_some_and(|m| m.constant.is_none());
            let fixed = matches!(symbol.kind, SymbolKind::Parameter | SymbolKind::Compartment);
            match &symbol.value {
                Value::Formula(start) if fixed && open && symbol.constant => {
                    start.symbols().iter().any(changes)
                }
                _ => false,
            }
        });
        match next.and_then(|index| network.symbols.get_mut(index)) {
            Some(symbol) => symbol.constant = false,
            None => return,
        }
    }
}

/// The main model's time unit; submodels may not think otherwise.
fn time_unit<'p>(
    lowering: &mut Lowering<'_, 'p>,
    units: &mut Units<'p>,
    main: Place<'p>,
) -> Option<Unit> {
    let outer = units.special("time_unit", main, lowering.found);
    let mut clash: Option<(Unit, Span)> = None;
    for instance in &lowering.flat.instances {
        let inner = units.special("time_unit", instance.place, lowering.found);
        if let Some((unit, span)) = inner
            && outer.as_ref().is_some_and(|(o, _)| *o != unit)
        {
            clash = clash.or(Some((unit, span)));
        }
    }
    let (outer, span) = outer?;
    if let Some((unit, at)) = clash {
        lowering.found.push(
            Diagnostic::error(
                "unit-clash",
                format!("time runs in {outer} in one model and in {unit} in another"),
            )
            .at(at, unit.to_string())
            .also(span, outer.to_string())
            .mend("use one `time_unit`, from a file that all import"),
        );
    }
    Some(outer)
}

/// What libAntimony calls it, too.
const DEFAULT: &str = "default_compartment";

/// The term of the Systems Biology Ontology for a compartment of which nothing is known.
const COMPARTMENT: u32 = 410;

fn default_compartment(unit: Option<Unit>) -> Symbol {
    Symbol {
        unit,
        about: About { sbo: Some(COMPARTMENT), ..About::default() },
        value: Value::Number(1.0),
        constant: true,
        ..Symbol::new(DEFAULT, SymbolKind::Compartment)
    }
}

struct Builder<'b, 'a, 'p> {
    lowering: &'b mut Lowering<'a, 'p>,
    units: &'b mut Units<'p>,
    symbols: &'a Symbols<'p>,
    volume: Option<Unit>,
    substance: Option<Unit>,
}

impl<'b, 'a, 'p> Builder<'b, 'a, 'p> {
    fn new(lowering: &'b mut Lowering<'a, 'p>, units: &'b mut Units<'p>, main: Place<'p>) -> Self {
        let volume = units.special("volume", main, lowering.found).map(|(u, _)| u);
        let substance = units.special("substance", main, lowering.found).map(|(u, _)| u);
        let symbols = lowering.symbols;
        // Elsewhere a volume without a unit has none.
        let litre = || Unit::base("litre").filter(|_| !lowering.program.tolerant);
        let volume = volume.or_else(litre);
        Builder { lowering, units, symbols, volume, substance }
    }

    fn symbol(&mut self, index: usize, merged: &Merged<'p>) -> Symbol {
        let kind = self.kind(merged);
        let row = match &merged.value {
            Some(Said { what: Given::Row(row), instance, .. }) => {
                let place = self.lowering.flat.instances[*instance].place;
                // Mistakes in it were reported when the table was joined.
                let unit = self.units.written(&row.unit, row.unit_span, place, &mut Vec::new());
                unit.map(|unit| (*row, unit))
            }
            _ => None,
        };
        let row_unit = row.as_ref().map(|(_, unit)| unit);
        let (unit, formula_unit) = self.unit(index, row_unit);
        let factor = match (&row, &formula_unit) {
            (Some((row, from)), Some(to)) => self.factor(merged, row, from, to),
            _ => 1.0,
        };
        let mut lost_change = false;
        let value = match &merged.value {
            None | Some(Said { what: Given::Nothing, .. }) => Value::Missing,
            Some(Said { what: Given::Row(row), .. }) => Value::Number(row.value * factor),
            Some(said @ Said { what: Given::Text(formula), .. }) => {
                match (formula.as_number(), self.factor_of(said.node)) {
                    (Some(number), None) => Value::Number(number),
                    (_, factor) => {
                        let kept = self.kept(formula, said, factor);
                        lost_change |= self.lowering.lost_change;
                        kept.map_or(Value::Missing, Value::Formula)
                    }
                }
            }
        };
        let rule = merged.rule.as_ref().and_then(|said| {
            let (how, formula) = said.what;
            let formula = self.kept(formula, said, self.factor_of(said.node))?;
            let (flat, symbols) = (self.lowering.flat, self.symbols);
            Some(match how {
                How::Rate => {
                    let per = BinaryOp::Div;
                    Rule::Rate(convert::time(formula, per, flat, symbols, said.instance))
                }
                How::Always | How::Initial => Rule::Assignment(formula),
            })
        });
        let fixed = !merged.ruled
            && !lost_change
            && matches!(merged.kind, Kind::Parameter | Kind::Compartment);
        let mut about = merged.about.clone();
        let mut value = value;
        if merged.name == DEFAULT
            && kind == SymbolKind::Compartment
            && self.lowering.program.tolerant
        {
            about.sbo = about.sbo.or(Some(COMPARTMENT));
            if value == Value::Missing && rule.is_none() {
                value = Value::Number(1.0);
            }
        }
        Symbol {
            name: merged.name.clone(),
            kind,
            unit,
            value,
            constant: merged.constant.unwrap_or(fixed)
                && !matches!(merged.kind, Kind::Reaction { .. }),
            rule,
            about,
            uncertainties: self.uncertainties(merged),
            conversion: None,
            provenance: row.map(|(row, _)| provenance(row, factor)),
            span: merged.span,
            given: merged.value.as_ref().map_or(Span::NONE, |v| v.span),
        }
    }

    fn kind(&mut self, merged: &Merged<'p>) -> SymbolKind {
        match &merged.kind {
            Kind::Compartment => SymbolKind::Compartment,
            Kind::Parameter => SymbolKind::Parameter,
            Kind::Species { amount, compartment } => {
                let compartment = compartment.unwrap_or_else(|| self.default_home());
                SymbolKind::Species {
                    compartment: SymbolId(compartment as u32),
                    amount: *amount,
                    boundary: merged.boundary || merged.constant == Some(true),
                }
            }
            Kind::Reaction { text, rate, compartment } => {
                let mut made = self.reaction(text.what, text.instance, rate.as_ref());
                made.compartment = compartment.map(|c| SymbolId(c as u32));
                SymbolKind::Reaction(Box::new(made))
            }
        }
    }

    /// The formula as it is said, times what its name is converted by; nothing when it names
    /// something that is deleted.
    fn kept<T>(
        &mut self,
        formula: &Formula,
        said: &Said<T>,
        factor: Option<SymbolId>,
    ) -> Option<Expr> {
        let mut made = self.lowering.kept(formula, said.instance)?;
        convert::by(&mut made, BinaryOp::Mul, factor);
        Some(made)
    }

    /// What values said of a name are multiplied by, where it is another name for something.
    fn factor_of(&self, node: usize) -> Option<SymbolId> {
        let factor = self.lowering.flat.converted.get(&node)?;
        self.symbols.of_node[*factor].map(|id| SymbolId(id as u32))
    }

    /// Whether a species needs the default compartment and nobody wrote it.
    fn needs_home(&self) -> bool {
        let written = |s: &Merged<'_>| s.name == DEFAULT && matches!(s.kind, Kind::Compartment);
        self.symbols.homeless && !self.symbols.all.iter().any(written)
    }

    /// The compartment of species that name none: one of that name, or one made at the end.
    fn default_home(&mut self) -> usize {
        let all = &self.symbols.all;
        let written =
            all.iter().position(|s| s.name == DEFAULT && matches!(s.kind, Kind::Compartment));
        written.unwrap_or(all.len())
    }

    fn reaction(
        &mut self,
        text: &'p ReactionText,
        instance: usize,
        rate: Option<&Said<&'p Formula>>,
    ) -> Reaction {
        let rate = rate.and_then(|said| {
            let made = self.lowering.kept(said.what, said.instance)?;
            Some(convert::rate(made, self.lowering.flat, self.symbols, said.instance))
        });
        let rated = rate.is_some();
        let rate = rate.unwrap_or_else(|| Expr::number(0.0));
        let reactants = self.participants(&text.reactants, instance);
        let products = self.participants(&text.products, instance);
        let mut modifiers = Vec::new();
        for id in rate.symbols() {
            let taken = reactants.iter().chain(&products).any(|p| p.species == id);
            let species = self
                .symbols
                .all
                .get(id.0 as usize)
                .is_some_and(|s| matches!(s.kind, Kind::Species { .. }));
            if species && !taken && !modifiers.contains(&Modifier::new(id)) {
                modifiers.push(Modifier::new(id));
            }
        }
        Reaction {
            modifiers,
            reversible: text.reversible,
            rated,
            ..Reaction::new(reactants, products, rate)
        }
    }

    fn participants(&mut self, terms: &[Term], instance: usize) -> Vec<Participant> {
        let mut made: Vec<Participant> = Vec::new();
        for term in terms {
            let node = self.lowering.flat.seen_from(instance, &term.species.path);
            let Some(symbol) = node.and_then(|n| self.symbols.of_node[n]) else { continue };
            if !matches!(self.symbols.all[symbol].kind, Kind::Species { .. }) {
                let name = &term.species.path;
                self.lowering.found.push(
                    Diagnostic::error("not-a-species", format!("`{name}` is not a species"))
                        .at(term.species.span, "reactions change species only")
                        .also(self.symbols.all[symbol].span, "declared here")
                        .mend(format!("declare it: `species {name} in …`")),
                );
                continue;
            }
            if node.is_some_and(|n| self.lowering.flat.converted.contains_key(&n)) {
                self.lowering.found.push(
                    Diagnostic::error("unsupported", "a converted species cannot react here")
                        .at(term.species.span, "")
                        .mend("write the reaction in the outer model"),
                );
            }
            let species = SymbolId(symbol as u32);
            let mut participant = Participant::new(species, term.stoichiometry);
            if let Some(name) = &term.variable {
                self.stoichiometry(&mut participant, &name.path, instance);
            }
            let known = made.iter_mut().find(|p| p.species == species && p.variable.is_none());
            match known.filter(|_| !self.lowering.program.tolerant) {
                Some(known) => known.stoichiometry += term.stoichiometry,
                None => made.push(participant),
            }
        }
        made
    }

    /// A stoichiometry with a name: its number, unless something gives it another value.
    fn stoichiometry(&mut self, participant: &mut Participant, name: &str, instance: usize) {
        let flat = self.lowering.flat;
        let Some(index) = flat.seen_from(instance, name).and_then(|n| self.symbols.of_node[n])
        else {
            return;
        };
        let merged = &self.symbols.all[index];
        let number = match &merged.value {
            Some(Said { what: Given::Text(formula), .. }) => formula.as_number(),
            _ => None,
        };
        let set = flat.events.iter().any(|event| {
            let targets = event.text.assignments.iter().map(|(target, _)| target);
            targets
                .filter_map(|t| flat.seen_from(event.instance, &t.path))
                .any(|node| self.symbols.of_node[node] == Some(index))
        });
        let moved = merged.rule.is_some() || set || !flat.algebraic.is_empty();
        participant.stoichiometry = number.unwrap_or(1.0);
        if moved || number.is_none() {
            participant.variable = Some(SymbolId(index as u32));
        }
    }

    /// How well the value of a symbol is known; the outermost text on each statistic holds.
    fn uncertainties(&mut self, merged: &Merged<'p>) -> Vec<Uncertainty> {
        let mut all: Vec<(u32, Uncertainty)> = Vec::new();
        for said in &merged.known {
            let (statistic, what) = said.what;
            let depth = self.lowering.flat.instances[said.instance].depth;
            let at = all.iter().position(|(_, u)| u.statistic == statistic);
            let at = at.unwrap_or_else(|| {
                let statistic = statistic.to_string();
                all.push((depth, Uncertainty { statistic, spread: None, definition: None }));
                all.len() - 1
            });
            if all[at].0 < depth {
                continue;
            }
            all[at].0 = depth;
            match what {
                Known::Definition(url) => all[at].1.definition = Some(url.to_string()),
                Known::Value(FieldValue::Range(from, to)) => {
                    let range = [from, to].map(|q| self.quantity(q, said.instance));
                    if let [Some(from), Some(to)] = range {
                        all[at].1.spread = Some(Spread::Range(from, to));
                    }
                }
                Known::Value(FieldValue::One(formula)) => {
                    all[at].1.spread = match &formula.node {
                        FormulaNode::Call(name, arguments) => {
                            let lower = |a| self.lowering.formula(a, said.instance);
                            let arguments = arguments.iter().map(lower).collect();
                            Some(Spread::Distribution(name.path.clone(), arguments))
                        }
                        _ => self.quantity(formula, said.instance).map(Spread::Value),
                    };
                }
            }
        }
        all.into_iter().map(|(_, uncertainty)| uncertainty).collect()
    }

    /// A number or a name.
    fn quantity(&mut self, formula: &Formula, instance: usize) -> Option<Quantity> {
        if let Some(number) = formula.as_number() {
            return Some(Quantity::Number(number));
        }
        match self.lowering.kept(formula, instance)?.node {
            Node::Symbol(id) => Some(Quantity::Symbol(id)),
            Node::Number(number) => Some(Quantity::Number(number)),
            _ => {
                self.lowering.found.push(
                    Diagnostic::error("unsupported", "a statistic by a formula cannot be read")
                        .at(formula.span, "")
                        .mend("give a number, or the name of one"),
                );
                None
            }
        }
    }

    /// Unit of the symbol as the network keeps it (species: of the amount), and in formulas.
    fn unit(&mut self, index: usize, row: Option<&Unit>) -> (Option<Unit>, Option<Unit>) {
        let merged = &self.symbols.all[index];
        let said = merged.unit.as_ref().map(|s| s.what.clone()).or_else(|| row.cloned());
        match &merged.kind {
            Kind::Reaction { .. } => (None, None),
            Kind::Parameter => (said.clone(), said),
            Kind::Compartment => {
                let unit = said.or_else(|| self.volume.clone());
                (unit.clone(), unit)
            }
            Kind::Species { amount: true, .. } => {
                let unit = said.or_else(|| self.substance.clone());
                (unit.clone(), unit)
            }
            Kind::Species { amount: false, compartment } => {
                let size = compartment
                    .and_then(|c| self.compartment_unit(c))
                    .or_else(|| self.volume.clone());
                // Where all of Antimony is read, what is said is the unit of the concentration.
                let tolerant = self.lowering.program.tolerant;
                let size = size.or_else(|| Unit::base("litre").filter(|_| tolerant));
                let concentration = tolerant && said.is_some();
                let Some(said) = said.or_else(|| self.substance.clone()) else {
                    return (None, None);
                };
                let Some(size) = size else { return (Some(said), None) };
                if concentration || (is_per_volume(&said) && !tolerant) {
                    (said.try_mul(&size), Some(said))
                } else {
                    let concentration = said.try_div(&size);
                    (Some(said), concentration)
                }
            }
        }
    }

    fn compartment_unit(&mut self, index: usize) -> Option<Unit> {
        let merged = &self.symbols.all[index];
        if let Some(said) = &merged.unit {
            return Some(said.what.clone());
        }
        match &merged.value {
            Some(Said { what: Given::Row(row), instance, .. }) => {
                let place = self.lowering.flat.instances[*instance].place;
                self.units.written(&row.unit, row.unit_span, place, &mut Vec::new())
            }
            _ => self.volume.clone(),
        }
    }

    fn factor(&mut self, merged: &Merged<'p>, row: &Row, from: &Unit, to: &Unit) -> f64 {
        if let Some(factor) = from.factor_to(to) {
            return factor;
        }
        let mut diagnostic = Diagnostic::error(
            "unit-mismatch",
            format!("`{}` is in {to} in the text; {from} cannot be converted to it", row.id),
        )
        .at(row.unit_span, from.to_string())
        .mend(format!("give the number in {to}, or correct the unit in the text"));
        if let Some(said) = &merged.unit {
            diagnostic = diagnostic.also(said.span, format!("the text says {}", said.what));
        }
        self.lowering.found.push(diagnostic);
        1.0
    }

    fn events(&mut self) -> Vec<Event> {
        let flat = self.lowering.flat;
        let mut events = Vec::new();
        for event in &flat.events {
            let (text, instance) = (event.text, event.instance);
            // Without its condition nothing is left of an event.
            let trigger = self.lowering.kept(&text.trigger, instance);
            let Some(trigger) = trigger.filter(|_| !flat.is_deleted(&event.name)) else { continue };
            let assignments = self.assignments(&text.assignments, instance);
            if assignments.is_empty() && !text.assignments.is_empty() {
                continue;
            }
            let delay = text.delay.as_ref().and_then(|d| self.lowering.kept(d, instance));
            let delay =
                delay.map(|d| convert::time(d, BinaryOp::Mul, flat, self.symbols, instance));
            events.push(Event {
                initially: text.initially,
                persistent: text.persistent,
                at_trigger: text.at_trigger,
                delay,
                priority: text.priority.as_ref().and_then(|p| self.lowering.kept(p, instance)),
                assignments,
                about: about(flat.told.get(&event.name).cloned().unwrap_or_default()),
                span: event.span,
                ..Event::new(event.name.clone(), trigger)
            });
        }
        events
    }

    /// What is set, and to what.
    fn assignments(
        &mut self,
        texts: &'p [(Name, Formula)],
        instance: usize,
    ) -> Vec<(SymbolId, Expr)> {
        let flat = self.lowering.flat;
        let mut assignments: Vec<(SymbolId, Expr)> = Vec::new();
        for (target, value) in texts {
            let node = flat.seen_from(instance, &target.path);
            let factor = node.and_then(|n| self.factor_of(n));
            let Some(mut value) = self.lowering.kept(value, instance) else { continue };
            convert::by(&mut value, BinaryOp::Mul, factor);
            let Some(symbol) = node.and_then(|n| self.symbols.of_node[n]) else { continue };
            let id = SymbolId(symbol as u32);
            if assignments.iter().any(|(known, _)| *known == id) {
                self.lowering.found.push(
                    Diagnostic::error(
                        "two-values",
                        format!("this event sets `{}` twice", target.path),
                    )
                    .at(target.span, "")
                    .mend("keep one of them"),
                );
                continue;
            }
            assignments.push((id, value));
        }
        assignments
    }

    fn algebraic(&mut self) -> Vec<Algebraic> {
        let flat = self.lowering.flat;
        let mut rules = Vec::new();
        for rule in flat.algebraic.iter().filter(|r| !flat.is_deleted(&r.name)) {
            let Some(expr) = self.lowering.kept(rule.formula, rule.instance) else { continue };
            let about = about(flat.told.get(&rule.name).cloned().unwrap_or_default());
            rules.push(Algebraic { name: rule.name.clone(), expr, about });
        }
        rules
    }
}

/// The symbol that a name means in an instance.
fn symbol_of(lowering: &Lowering<'_, '_>, instance: usize, name: &Name) -> Option<SymbolId> {
    let node = lowering.flat.seen_from(instance, &name.path)?;
    lowering.symbols.of_node[node].map(|index| SymbolId(index as u32))
}

/// Stoichiometries with a name have no unit.
fn stoichiometries(network: &mut Network, lowering: &Lowering<'_, '_>) {
    for symbol in &lowering.symbols.all {
        let Kind::Reaction { text, .. } = &symbol.kind else { continue };
        let terms = text.what.reactants.iter().chain(&text.what.products);
        for name in terms.filter_map(|term| term.variable.as_ref()) {
            if let Some(id) = symbol_of(lowering, text.instance, name) {
                let unit = &mut network[id].unit;
                *unit = unit.take().or_else(|| Some(Unit::dimensionless()));
            }
        }
    }
}

/// Species that act on reactions, as they are declared.
fn interactions(network: &mut Network, lowering: &mut Lowering<'_, '_>) {
    let flat = lowering.flat;
    let id = |instance: usize, name: &Name| symbol_of(lowering, instance, name);
    let mut wrong = Vec::new();
    for (instance, text) in &flat.interactions {
        for name in &text.reactions {
            let Some(target) = id(*instance, name) else {
                let full = format!("{}{}", flat.instances[*instance].prefix, name.path);
                if !flat.is_deleted(&full) {
                    wrong.push(flat.unknown(*instance, &name.path, name.span));
                }
                continue;
            };
            let SymbolKind::Reaction(reaction) = &mut network[target].kind else {
                let what = format!("`{}` is no reaction that something could act on", name.path);
                wrong.push(
                    Diagnostic::error("two-kinds", what)
                        .at(name.span, "")
                        .mend("an interaction is written `S -| J`, with the name of a reaction"),
                );
                continue;
            };
            for species in text.modifiers.iter().filter_map(|name| id(*instance, name)) {
                let modifier = Modifier {
                    species,
                    name: text.name.as_ref().map(|n| n.path.clone()),
                    sbo: Some(text.sbo),
                };
                match reaction.modifiers.iter_mut().find(|m| m.species == species) {
                    Some(known) => *known = modifier,
                    None => reaction.modifiers.push(modifier),
                }
            }
        }
    }
    lowering.found.extend(wrong);
}

/// True for `nmol/L` and `cell/mL`, false for `nmol` and `mg`: a length in the denominator.
pub(crate) fn is_per_volume(unit: &Unit) -> bool {
    unit.components().iter().any(|(base, (num, _))| *base == BaseUnit::Metre && *num < 0)
}

fn provenance(row: &Row, factor: f64) -> Provenance {
    Provenance {
        source: row.source.clone(),
        status: row.status,
        variability: row.variability.clone(),
        uncertainty: row.uncertainty.clone(),
        lower: row.lower.map(|v| v * factor),
        upper: row.upper.map(|v| v * factor),
        scale: row.scale,
        estimate: row.estimate,
        note: row.note.clone(),
        span: row.span,
    }
}
