//! Settled symbols into a network.

use hersim_network::{
    Diagnostic, Event, Network, Participant, Provenance, Reaction, Rule, Span, Symbol, SymbolId,
    SymbolKind, Value,
};
use hersim_units::{BaseUnit, Unit};

use crate::{
    ast::{How, ReactionText, Term},
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
    network.annotations = lowering.flat.annotations.clone();
    let symbols = lowering.symbols;
    let mut builder = Builder::new(lowering, units, main);
    let made: Vec<Symbol> =
        (0..symbols.all.len()).map(|index| builder.symbol(index, &symbols.all[index])).collect();
    let homeless = builder.homeless;
    let events: Vec<Event> = builder.events();
    for symbol in made {
        if let Err(symbol) = network.add(symbol) {
            lowering.found.push(
                Diagnostic::error("duplicate", format!("`{}` is defined twice", symbol.name))
                    .at(symbol.span, ""),
            );
        }
    }
    if homeless {
        let _ = network.add(default_compartment());
    }
    for event in &events {
        for (target, _) in &event.assignments {
            if let Some(symbol) = network.symbols.get_mut(target.0 as usize)
                && symbols.all[target.0 as usize].constant != Some(true)
            {
                symbol.constant = false;
            }
        }
    }
    network.events = events;
    network.unit_names = units.all(lowering.found);
    network
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

fn default_compartment() -> Symbol {
    Symbol {
        unit: Unit::base("litre"),
        value: Value::Number(1.0),
        constant: true,
        ..Symbol::new(DEFAULT, SymbolKind::Compartment)
    }
}

struct Builder<'b, 'a, 'p> {
    lowering: &'b mut Lowering<'a, 'p>,
    units: &'b mut Units<'p>,
    symbols: &'a Symbols<'p>,
    /// True when a species names no compartment.
    homeless: bool,
    volume: Option<Unit>,
    substance: Option<Unit>,
}

impl<'b, 'a, 'p> Builder<'b, 'a, 'p> {
    fn new(lowering: &'b mut Lowering<'a, 'p>, units: &'b mut Units<'p>, main: Place<'p>) -> Self {
        let volume = units.special("volume", main, lowering.found).map(|(u, _)| u);
        let substance = units.special("substance", main, lowering.found).map(|(u, _)| u);
        let symbols = lowering.symbols;
        let volume = volume.or_else(|| Unit::base("litre"));
        Builder { lowering, units, symbols, homeless: false, volume, substance }
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
        let value = match &merged.value {
            None => Value::Missing,
            Some(Said { what: Given::Row(row), .. }) => Value::Number(row.value * factor),
            Some(Said { what: Given::Text(formula), instance, .. }) => match formula.as_number() {
                Some(number) => Value::Number(number),
                None => Value::Formula(self.lowering.formula(formula, *instance)),
            },
        };
        let rule = merged.rule.as_ref().map(|said| {
            let (how, formula) = said.what;
            let formula = self.lowering.formula(formula, said.instance);
            match how {
                How::Rate => Rule::Rate(formula),
                How::Always | How::Initial => Rule::Assignment(formula),
            }
        });
        let fixed = rule.is_none() && matches!(merged.kind, Kind::Parameter | Kind::Compartment);
        Symbol {
            name: merged.name.clone(),
            display_name: merged.called.clone(),
            kind,
            unit,
            value,
            constant: merged.constant.unwrap_or(fixed) && !matches!(merged.kind, Kind::Reaction(_)),
            rule,
            annotations: merged.annotations.clone(),
            notes: None,
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
            Kind::Reaction(said) => {
                SymbolKind::Reaction(Box::new(self.reaction(said.what, said.instance)))
            }
        }
    }

    /// The compartment of species that name none: one of that name, or one made at the end.
    fn default_home(&mut self) -> usize {
        let all = &self.symbols.all;
        let written =
            all.iter().position(|s| s.name == DEFAULT && matches!(s.kind, Kind::Compartment));
        self.homeless |= written.is_none();
        written.unwrap_or(all.len())
    }

    fn reaction(&mut self, text: &'p ReactionText, instance: usize) -> Reaction {
        let rate = self.lowering.formula(&text.rate, instance);
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
            if species && !taken && !modifiers.contains(&id) {
                modifiers.push(id);
            }
        }
        Reaction { reactants, products, modifiers, reversible: text.reversible, fast: false, rate }
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
            let species = SymbolId(symbol as u32);
            match made.iter_mut().find(|p| p.species == species) {
                Some(known) => known.stoichiometry += term.stoichiometry,
                None => made.push(Participant::new(species, term.stoichiometry)),
            }
        }
        made
    }

    /// Unit of the symbol as the network keeps it (species: of the amount), and in formulas.
    fn unit(&mut self, index: usize, row: Option<&Unit>) -> (Option<Unit>, Option<Unit>) {
        let merged = &self.symbols.all[index];
        let said = merged.unit.as_ref().map(|s| s.what.clone()).or_else(|| row.cloned());
        match &merged.kind {
            Kind::Reaction(_) => (None, None),
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
                let Some(said) = said.or_else(|| self.substance.clone()) else {
                    return (None, None);
                };
                let Some(size) = size else { return (Some(said), None) };
                if is_per_volume(&said) {
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
            let trigger = self.lowering.formula(&event.text.trigger, event.instance);
            let mut assignments: Vec<(SymbolId, hersim_network::Expr)> = Vec::new();
            for (target, value) in &event.text.assignments {
                let value = self.lowering.formula(value, event.instance);
                let node = flat.seen_from(event.instance, &target.path);
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
            events.push(Event {
                initially: event.text.initially,
                assignments,
                span: event.span,
                ..Event::new(event.name.clone(), trigger)
            });
        }
        events
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
