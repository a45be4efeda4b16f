//! Settled symbols into a network.

mod happenings;
mod uncertainty;

use hersim_network::{
    About, BinaryOp, Diagnostic, Event, Expr, Modifier, Network, Participant, Provenance, Reaction,
    Rule, Span, Symbol, SymbolId, SymbolKind, Value,
};
use hersim_units::{BaseUnit, Unit};

use self::happenings::{interactions, stoichiometries, symbol_of};
use crate::{
    about::about,
    ast::{Formula, How, ReactionText, Term},
    convert,
    expression::Lowering,
    flatten::{Given, Said},
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
