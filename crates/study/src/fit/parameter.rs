//! Parameters of a problem: values, bounds, scales and priors, from its table and the model's.

use std::collections::HashMap;

use hersim_network::{Diagnostic, Span, Symbol, SymbolId, SymbolKind, Value, nearest};
use hersim_units::Unit;

use crate::sheet::{Cell, Sheet};
use crate::{assemble::Assembled, quantity::parse_unit};

/// Share of the range between the bounds, on the parameter's scale, that is the standard
/// deviation of the prior of a model parameter without another.
const DEFAULT_SPREAD: f64 = 0.25;

/// On which scale a parameter is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// As it is.
    Lin,
    /// Natural logarithm.
    Log,
    /// Decimal logarithm.
    Log10,
}

impl Scale {
    /// From a value to the scale.
    pub fn forward(self, value: f64) -> f64 {
        match self {
            Scale::Lin => value,
            Scale::Log => value.ln(),
            Scale::Log10 => value.log10(),
        }
    }

    /// From the scale to a value.
    pub fn back(self, scaled: f64) -> f64 {
        match self {
            Scale::Lin => scaled,
            Scale::Log => scaled.exp(),
            Scale::Log10 => 10f64.powf(scaled),
        }
    }
}

/// What is believed of a parameter before the data are seen; all are Gaussian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prior {
    /// Nothing but its bounds.
    Flat,
    /// On the parameter's own scale.
    Scaled {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Of the value itself.
    Linear {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Of its natural logarithm.
    Log {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
}

impl Prior {
    /// Distance from the mean in standard deviations; none for a flat prior.
    pub fn residual(self, scaled: f64, value: f64) -> Option<f64> {
        match self {
            Prior::Flat => None,
            Prior::Scaled { mean, sd } => Some((scaled - mean) / sd),
            Prior::Linear { mean, sd } => Some((value - mean) / sd),
            Prior::Log { mean, sd } => Some((value.ln() - mean) / sd),
        }
    }

    /// Standard deviation on the parameter's scale near a value; none for a flat prior.
    pub fn scaled_sd(self, scale: Scale, value: f64) -> Option<f64> {
        // Width on the scale of a small change of the value, and of its logarithm.
        let (per_value, per_log) = match scale {
            Scale::Lin => (1.0, value.abs()),
            Scale::Log => (1.0 / value.abs(), 1.0),
            Scale::Log10 => (std::f64::consts::LOG10_E / value.abs(), std::f64::consts::LOG10_E),
        };
        match self {
            Prior::Flat => None,
            Prior::Scaled { sd, .. } => Some(sd),
            Prior::Linear { sd, .. } => Some(sd * per_value),
            Prior::Log { sd, .. } => Some(sd * per_log),
        }
    }
}

/// One parameter of a problem.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name: of the problem's table, or below a subclone or the system.
    pub id: String,
    /// Words.
    pub title: String,
    /// Value where it is not estimated, and of the first start.
    pub nominal: f64,
    /// Lowest value.
    pub lower: f64,
    /// Highest value.
    pub upper: f64,
    /// Scale of its estimation.
    pub scale: Scale,
    /// Whether it is estimated.
    pub estimated: bool,
    /// What is believed of it.
    pub prior: Prior,
    /// Unit of all these values; none for a parameter the model does not have.
    pub unit: Option<Unit>,
    /// Symbols it sets, by system of the problem; empty for one that only formulas of the
    /// problem use.
    pub symbols: Vec<Vec<SymbolId>>,
    /// Row of the model's table.
    pub row: Option<Span>,
    /// Where the problem names it.
    pub place: Span,
}

/// The symbols a name stands for: the same symbol of every subclone, or one of the system.
pub fn symbols_named(assembled: &Assembled, name: &str) -> Vec<SymbolId> {
    let below = |s: &String| assembled.network.find(&format!("{s}.{name}"));
    let found: Vec<SymbolId> = assembled.subclones.iter().filter_map(below).collect();
    if found.is_empty() { assembled.network.find(name).into_iter().collect() } else { found }
}

/// The names by which a problem may call the symbols of a system.
pub fn bare(system: &Assembled) -> impl Fn(&Symbol) -> &str + '_ {
    |symbol| {
        let below = |s: &String| symbol.name.strip_prefix(s.as_str())?.strip_prefix('.');
        system.subclones.iter().find_map(below).unwrap_or(&symbol.name)
    }
}

/// Whether a study may set a symbol: a constant with a number of its own.
pub fn settable(symbol: &Symbol) -> bool {
    matches!(symbol.kind, SymbolKind::Parameter | SymbolKind::Compartment)
        && symbol.rule.is_none()
        && !matches!(symbol.value, Value::Formula(_))
}

/// Collects the parameters of a problem over the systems it uses.
pub struct Collector<'a> {
    systems: Vec<&'a Assembled>,
    found: Vec<Parameter>,
    index: HashMap<String, usize>,
    errors: Vec<Diagnostic>,
}

impl<'a> Collector<'a> {
    /// A collector for these systems.
    pub fn new(systems: Vec<&'a Assembled>) -> Self {
        Collector { systems, found: Vec::new(), index: HashMap::new(), errors: Vec::new() }
    }

    /// Adds what a pattern stands for: `signalling.*` all parameters below it that the model's
    /// tables mark for estimation.
    pub fn pattern(&mut self, pattern: &str, place: Span) {
        let matches = |name: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        let mut names: Vec<String> = Vec::new();
        for system in &self.systems {
            for (_, symbol) in system.network.iter() {
                let name = bare(system)(symbol);
                let marked = symbol.provenance.as_ref().is_some_and(|p| p.estimate);
                if marked && matches(name) && !names.iter().any(|n| n == name) {
                    names.push(name.to_string());
                }
            }
        }
        if names.is_empty() {
            let message = format!("no parameter that may be estimated is called `{pattern}`");
            self.errors.push(Diagnostic::error("unknown-parameter", message).at(place, "").mend(
                "a pattern is a name, or the beginning of names followed by `*`; only rows \
                     with `estimate` 1 in the model's tables count",
            ));
        }
        for name in names {
            if !self.index.contains_key(&name)
                && let Some(parameter) = self.modelled(&name, place)
            {
                self.check(&parameter);
                self.add(parameter);
            }
        }
    }

    /// Adds or changes the parameters of a table.
    pub fn table(&mut self, sheet: &Sheet) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for row in &sheet.rows {
            let id = match sheet.needed(row, "parameterId") {
                Ok(id) => id,
                Err(error) => {
                    self.errors.push(*error);
                    continue;
                }
            };
            if let Some(first) = seen.insert(&id.text, id.span) {
                let message = format!("parameter `{}` is there twice", id.text);
                let error = Diagnostic::error("duplicate", message).at(id.span, "");
                self.errors.push(error.also(first, "first here").mend("remove one of them"));
                continue;
            }
            if let Some(parameter) = self.row(sheet, row, id) {
                self.add(parameter);
            }
        }
    }

    /// All parameters, in the order they were added.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn finish(self) -> Result<Vec<Parameter>, Vec<Diagnostic>> {
        if self.errors.is_empty() { Ok(self.found) } else { Err(self.errors) }
    }

    fn add(&mut self, parameter: Parameter) {
        match self.index.get(&parameter.id) {
            Some(at) => self.found[*at] = parameter,
            None => {
                self.index.insert(parameter.id.clone(), self.found.len());
                self.found.push(parameter);
            }
        }
    }

    /// A parameter as the model's tables have it; none when no system has the name.
    fn modelled(&mut self, name: &str, place: Span) -> Option<Parameter> {
        let symbols: Vec<Vec<SymbolId>> =
            self.systems.iter().map(|s| symbols_named(s, name)).collect();
        let (system, id) = symbols.iter().enumerate().find_map(|(i, s)| Some((i, *s.first()?)))?;
        let assembled = self.systems[system];
        let symbol = &assembled.network[id];
        if !settable(symbol) {
            let message = format!("`{}` is computed by the model and cannot be set", symbol.name);
            self.errors.push(
                Diagnostic::error("not-settable", message)
                    .at(place, "")
                    .also(symbol.span, "computed here")
                    .mend("set a parameter that it is computed from"),
            );
            return None;
        }
        let row = symbol.provenance.as_ref();
        let scale = match row.map(|r| r.scale) {
            Some(hersim_network::Scale::Log10) => Scale::Log10,
            _ => Scale::Lin,
        };
        let nominal = if let Value::Number(value) = symbol.value { value } else { f64::NAN };
        let mut parameter = Parameter {
            id: name.to_string(),
            title: symbol.about.display_name.clone().unwrap_or_default(),
            nominal,
            lower: row.and_then(|r| r.lower).unwrap_or(f64::NEG_INFINITY),
            upper: row.and_then(|r| r.upper).unwrap_or(f64::INFINITY),
            scale,
            estimated: true,
            prior: Prior::Flat,
            unit: Some(assembled.unit(id)),
            symbols,
            row: row.map(|r| r.span),
            place,
        };
        parameter.prior = default_prior(&parameter);
        Some(parameter)
    }

    /// A row of the problem's table, over what the model says of the same parameter.
    fn row(&mut self, sheet: &Sheet, row: &[Cell], id: &Cell) -> Option<Parameter> {
        let before = self.errors.len();
        let known = self.systems.iter().any(|s| !symbols_named(s, &id.text).is_empty());
        // A row without a value speaks of a parameter of the model.
        if !known && sheet.cell(row, "nominalValue").is_none() {
            let error = self.unknown(&id.text, id.span);
            self.errors.push(error);
            return None;
        }
        let mut parameter = if known {
            self.modelled(&id.text, id.span)?
        } else {
            Parameter {
                id: id.text.clone(),
                title: String::new(),
                nominal: f64::NAN,
                lower: f64::NEG_INFINITY,
                upper: f64::INFINITY,
                scale: Scale::Lin,
                estimated: true,
                prior: Prior::Flat,
                unit: None,
                symbols: vec![Vec::new(); self.systems.len()],
                row: None,
                place: id.span,
            }
        };
        if let Some(title) = sheet.cell(row, "parameterName") {
            parameter.title = title.text.clone();
        }
        let factor = self.factor(sheet, row, &parameter);
        for (column, value) in [
            ("nominalValue", &mut parameter.nominal),
            ("lowerBound", &mut parameter.lower),
            ("upperBound", &mut parameter.upper),
        ] {
            match sheet.cell(row, column).map(Cell::number) {
                Some(Ok(number)) => *value = number * factor,
                Some(Err(error)) => self.errors.push(*error),
                None => {}
            }
        }
        if let Some(cell) = sheet.cell(row, "parameterScale") {
            match cell.text.as_str() {
                "lin" => parameter.scale = Scale::Lin,
                "log" => parameter.scale = Scale::Log,
                "log10" => parameter.scale = Scale::Log10,
                other => self.refuse("bad-scale", cell, other, "write lin, log or log10"),
            }
        }
        if let Some(cell) = sheet.cell(row, "estimate") {
            match cell.text.as_str() {
                "0" => parameter.estimated = false,
                "1" => parameter.estimated = true,
                other => self.refuse("bad-estimate", cell, other, "write 1 or 0"),
            }
        }
        parameter.prior = if known { default_prior(&parameter) } else { Prior::Flat };
        self.prior(sheet, row, &mut parameter, factor);
        self.check(&parameter);
        (self.errors.len() == before).then_some(parameter)
    }

    fn unknown(&self, name: &str, place: Span) -> Diagnostic {
        let names = self.systems.iter().flat_map(|s| s.network.symbols.iter().map(bare(s)));
        let message = format!("no system of the problem has a parameter `{name}`");
        let error = Diagnostic::error("unknown-parameter", message).at(place, "");
        match nearest(name, names) {
            Some(near) => error.mend(format!("did you mean `{near}`?")),
            None => error.mend(
                "mend its name; a parameter that only the problem has needs its nominalValue",
            ),
        }
    }

    /// What a number of the row must be multiplied with.
    fn factor(&mut self, sheet: &Sheet, row: &[Cell], parameter: &Parameter) -> f64 {
        let (Some(cell), Some(needed)) = (sheet.cell(row, "unit"), &parameter.unit) else {
            return 1.0;
        };
        let factor = parse_unit(&cell.text).and_then(|unit| {
            unit.factor_to(needed)
                .ok_or_else(|| format!("`{unit}` cannot be expressed in `{needed}`"))
        });
        factor.unwrap_or_else(|message| {
            let error = Diagnostic::error("unit", message).at(cell.span, "");
            self.errors.push(error.mend(format!("the model counts it in `{needed}`")));
            1.0
        })
    }

    fn prior(&mut self, sheet: &Sheet, row: &[Cell], parameter: &mut Parameter, factor: f64) {
        let Some(kind) = sheet.cell(row, "objectivePriorType") else { return };
        if matches!(kind.text.as_str(), "uniform" | "parameterScaleUniform") {
            parameter.prior = Prior::Flat;
            return;
        }
        let cell = match sheet.needed(row, "objectivePriorParameters") {
            Ok(cell) => cell,
            Err(error) => {
                self.errors.push(*error);
                return;
            }
        };
        let numbers: Vec<Option<f64>> =
            cell.text.split(';').map(|n| n.trim().parse().ok()).collect();
        let (mean, sd) = match numbers.as_slice() {
            [Some(mean), Some(sd)] if mean.is_finite() && *sd > 0.0 && sd.is_finite() => {
                (*mean, *sd)
            }
            _ => {
                let mend = "write `mean;sd`, the sd above 0";
                return self.refuse("bad-prior", cell, &cell.text, mend);
            }
        };
        parameter.prior = match kind.text.as_str() {
            "parameterScaleNormal" => {
                // On a logarithmic scale another unit moves the mean, else both.
                let (mean, sd) = match parameter.scale {
                    Scale::Lin => (mean * factor, sd * factor),
                    scale => (mean + scale.forward(factor), sd),
                };
                Prior::Scaled { mean, sd }
            }
            "normal" => Prior::Linear { mean: mean * factor, sd: sd * factor },
            "logNormal" => Prior::Log { mean: mean + factor.ln(), sd },
            other => {
                let mend = "write uniform, normal, logNormal, parameterScaleUniform or \
                            parameterScaleNormal; others are not supported";
                return self.refuse("bad-prior", kind, other, mend);
            }
        };
    }

    fn check(&mut self, p: &Parameter) {
        let mut fail = |code, message: String, mend: &str| {
            self.errors.push(Diagnostic::error(code, message).at(p.place, "").mend(mend));
        };
        if !p.nominal.is_finite() {
            fail(
                "missing-value",
                format!("`{}` has no nominalValue", p.id),
                "fill the column `nominalValue`; the model knows no parameter of this name",
            );
        }
        if !p.estimated {
            return;
        }
        if !(p.lower.is_finite() && p.upper.is_finite()) {
            fail(
                "missing-bounds",
                format!("`{}` is estimated but lacks bounds", p.id),
                "fill lowerBound and upperBound, or set estimate to 0",
            );
        } else if p.lower >= p.upper || !(p.lower..=p.upper).contains(&p.nominal) {
            fail(
                "bad-bounds",
                format!("`{}` is {} between bounds {} and {}", p.id, p.nominal, p.lower, p.upper),
                "lowerBound <= nominalValue <= upperBound, all in the row's unit",
            );
        } else if p.scale != Scale::Lin && p.lower <= 0.0 {
            fail(
                "bad-scale",
                format!("`{}` must be positive on a logarithmic scale", p.id),
                "raise lowerBound above 0, or use `lin`",
            );
        }
    }

    fn refuse(&mut self, code: &'static str, cell: &Cell, text: &str, mend: &str) {
        let message = format!("`{text}` cannot be used here");
        self.errors.push(Diagnostic::error(code, message).at(cell.span, "").mend(mend));
    }
}

/// Gaussian around the nominal value on the parameter's scale.
fn default_prior(p: &Parameter) -> Prior {
    let (mean, low, high) =
        (p.scale.forward(p.nominal), p.scale.forward(p.lower), p.scale.forward(p.upper));
    let sd = DEFAULT_SPREAD * (high - low);
    if mean.is_finite() && sd.is_finite() && sd > 0.0 {
        Prior::Scaled { mean, sd }
    } else {
        Prior::Flat
    }
}
