//! What differs between virtual patients: from draws and attributes to parameter values.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, FileId, Sources, SymbolId, SymbolKind, Value};
use hersim_units::Unit;
use rand::RngExt;

use crate::{
    assemble::Assembled,
    condition::{Fact, Person},
    copula::Copula,
    distribution::{Distribution, normal_quantile, normal_share},
    document::{Document, Spanned},
    library::{Attributes, Cohort, Draw, Scope, Tumour},
    random::stream,
    trial::Stratum,
    tumour::attribute_settings,
    written::Written,
};

/// The parameters that differ between patients, and how they are drawn.
pub struct Population {
    /// Symbols that differ, in the order of a patient's values.
    pub varying: Vec<SymbolId>,
    /// Value of each where nothing is drawn.
    nominal: Vec<f64>,
    /// Draws for everyone.
    common: BTreeMap<String, Setter>,
    /// Kinds of patients: identifier, tags, share, draws.
    groups: Vec<Kind>,
    /// Strata of randomisation: identifier, share, draws.
    strata: Vec<Kind>,
    /// Multiplicative and additive spread between patients, from the tables.
    spread: BTreeMap<String, Setter>,
    /// Shares of the subclones: positions in `varying`, and a distribution for all but one.
    fractions: Vec<(usize, Option<Distribution>, String)>,
    /// Draws that hang together.
    copula: Copula,
    /// What a calibration has moved.
    shifts: Shifts,
}

/// Mean and standard deviation of the normal score of each draw that a calibration has moved, by
/// the draw's name.
pub type Shifts = BTreeMap<String, (f64, f64)>;

/// A kind of patients.
struct Kind {
    id: String,
    tags: BTreeMap<String, String>,
    share: f64,
    setters: BTreeMap<String, Setter>,
}

/// One draw and the parameters it sets.
#[derive(Clone)]
struct Setter {
    targets: Vec<usize>,
    distribution: Distribution,
    limits: Option<[f64; 2]>,
    factor: f64,
}

/// One virtual patient.
#[derive(Clone, Debug)]
pub struct VirtualPatient {
    /// Values of [`Population::varying`].
    pub values: Vec<f64>,
    /// Identifier of the group, empty when the cohort has none.
    pub group: String,
    /// Tags of the group.
    pub tags: BTreeMap<String, String>,
    /// Identifier of the stratum, empty when there is none.
    pub stratum: String,
    /// What was drawn, by the names and in the units of the cohort's draws.
    pub traits: BTreeMap<String, f64>,
    /// Normal score of each draw before correlations are put in, by the draw's name.
    pub scores: BTreeMap<String, f64>,
}

impl VirtualPatient {
    /// What conditions may ask: stratum, group, its tags, and what was drawn.
    pub fn fact(&self, name: &str) -> Option<Fact> {
        let Self { stratum, group, tags, traits, .. } = self;
        Person { stratum, group, tags, traits }.fact(name)
    }

    /// Someone with these values who belongs to no group.
    pub fn of(values: Vec<f64>) -> VirtualPatient {
        VirtualPatient {
            values,
            group: String::new(),
            tags: BTreeMap::new(),
            stratum: String::new(),
            traits: BTreeMap::new(),
            scores: BTreeMap::new(),
        }
    }
}

/// Everything a population is made from.
pub struct Ingredients<'a> {
    /// The system.
    pub assembled: &'a Assembled,
    /// What may be said of a tumour.
    pub attributes: &'a Document<Attributes>,
    /// The disease population.
    pub cohort: Option<&'a Document<Cohort>>,
    /// A tumour all patients have.
    pub tumour: Option<&'a Document<Tumour>>,
    /// Strata of the trial and the trial's file.
    pub strata: (&'a [Stratum], FileId),
    /// Other parameters that the study sets per patient.
    pub also: &'a [SymbolId],
    /// Whether the tables' spread between patients applies.
    pub spread: bool,
}

impl Population {
    /// Works out which parameters differ and how.
    ///
    /// # Errors
    /// All draws, attributes and settings that do not fit the system.
    pub fn new(parts: &Ingredients, sources: &Sources) -> Result<Population, Vec<Diagnostic>> {
        let mut builder = Builder {
            parts,
            sources,
            varying: Vec::new(),
            index: BTreeMap::new(),
            nominal: Vec::new(),
            errors: Vec::new(),
        };
        for id in parts.also {
            builder.slot(*id);
        }
        if let Some(tumour) = parts.tumour {
            builder.tumour(tumour);
        }
        let fractions = builder.fractions();
        let (mut common, mut groups) = (BTreeMap::new(), Vec::new());
        if let Some(cohort) = parts.cohort {
            common = builder.draws(&cohort.value.draw, cohort.file);
            for group in &cohort.value.group {
                groups.push(Kind {
                    id: group.id.clone(),
                    tags: group.tags.clone(),
                    share: *group.share.get_ref(),
                    setters: builder.draws(&group.draw, cohort.file),
                });
            }
            builder.shares(cohort.file, cohort.value.group.iter().map(|g| &g.share));
        }
        let (strata, file) = parts.strata;
        builder.shares(file, strata.iter().map(|s| &s.share));
        let strata = strata
            .iter()
            .map(|s| Kind {
                id: s.id.clone(),
                tags: BTreeMap::new(),
                share: *s.share.get_ref(),
                setters: builder.draws(&s.draw, file),
            })
            .collect();
        let spread = if parts.spread { builder.spread() } else { BTreeMap::new() };
        let copula = builder.copula(&common, &groups);
        if !builder.errors.is_empty() {
            return Err(builder.errors);
        }
        Ok(Population {
            varying: builder.varying,
            nominal: builder.nominal,
            common,
            groups,
            strata,
            spread,
            fractions,
            copula,
            shifts: Shifts::new(),
        })
    }

    /// The same population with draws that a calibration has moved.
    pub fn shifted(mut self, shifts: Shifts) -> Population {
        self.shifts = shifts;
        self
    }

    /// Names of the draws that a calibration can move: those with quantiles.
    pub fn movable(&self) -> Vec<String> {
        let kinds = self.groups.iter().chain(&self.strata).map(|k| &k.setters);
        let draws = std::iter::once(&self.common).chain(kinds).flatten();
        let spread = self.spread.iter().map(|(name, s)| (format!("spread:{name}"), s));
        let mut names: Vec<String> = draws
            .map(|(name, s)| (name.clone(), s))
            .chain(spread)
            .filter(|(_, s)| s.distribution.has_quantiles())
            .map(|(name, _)| name)
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// What conditions may ask of a patient before anything happens.
    pub fn facts(&self) -> Vec<String> {
        let kinds = self.groups.iter().chain(&self.strata);
        let mut names: Vec<String> = (self.groups.iter().flat_map(|g| g.tags.keys()))
            .chain(self.common.keys())
            .chain(kinds.flat_map(|k| k.setters.keys()))
            .cloned()
            .chain(["stratum".to_string(), "group".to_string()])
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Position of a symbol in a patient's values.
    pub fn position(&self, id: SymbolId) -> Option<usize> {
        self.varying.iter().position(|v| *v == id)
    }

    /// The patient called `patient` of `arm`: the same whoever asks, and when.
    pub fn sample(&self, seed: u64, study: &str, arm: &str, patient: &str) -> VirtualPatient {
        let key = |purpose: &str| stream(seed, &[study, arm, patient, purpose]);
        let group = pick(&self.groups, &mut key("group"));
        let stratum = pick(&self.strata, &mut key("stratum"));
        let mut scores = BTreeMap::new();
        let mut score = |name: &str| {
            let plain = normal_quantile(key(name).random::<f64>().max(f64::MIN_POSITIVE));
            let (mean, sd) = self.shifts.get(name).copied().unwrap_or((0.0, 1.0));
            let score = mean + sd * plain;
            scores.insert(name.to_string(), score);
            score
        };
        let together: BTreeMap<String, f64> = self.copula.draw(&mut score);
        let mut patient = self.fill(group, stratum, |purpose, distribution, limits| {
            if let Some(p) = together.get(purpose) {
                return distribution.quantile_within(*p, limits);
            }
            match distribution.has_quantiles() {
                true => distribution.quantile_within(normal_share(score(purpose)), limits),
                false => distribution.draw(limits, &mut key(purpose)),
            }
        });
        patient.scores = scores;
        patient
    }

    /// The patient who has the middle of everything, in the commonest group and the stratum
    /// asked for.
    pub fn typical(&self, stratum: Option<&str>) -> VirtualPatient {
        let most = |kinds: &[Kind]| {
            (0..kinds.len()).max_by(|a, b| kinds[*a].share.total_cmp(&kinds[*b].share))
        };
        let stratum = stratum
            .and_then(|id| self.strata.iter().position(|s| s.id == id))
            .or_else(|| most(&self.strata));
        self.fill(most(&self.groups), stratum, |_, d, limits| match limits {
            Some([low, high]) => d.typical().clamp(low, high),
            None => d.typical(),
        })
    }

    fn fill(
        &self,
        group: Option<usize>,
        stratum: Option<usize>,
        mut draw: impl FnMut(&str, &Distribution, Option<[f64; 2]>) -> f64,
    ) -> VirtualPatient {
        let group = group.map(|i| &self.groups[i]);
        let stratum = stratum.map(|i| &self.strata[i]);
        let mut setters: BTreeMap<&str, &Setter> = BTreeMap::new();
        for kind in [Some(&self.common), group.map(|g| &g.setters), stratum.map(|s| &s.setters)] {
            setters.extend(kind.into_iter().flatten().map(|(name, s)| (name.as_str(), s)));
        }
        let mut values = self.nominal.clone();
        // A draw for one subclone (`minor:…`) refines the draw for all, so it comes later.
        let mut order: Vec<_> = setters.into_iter().collect();
        order.sort_by_key(|(name, _)| name.contains(':'));
        let mut traits = BTreeMap::new();
        for (name, setter) in order {
            let value = draw(name, &setter.distribution, setter.limits);
            traits.insert(name.to_string(), value);
            setter.targets.iter().for_each(|t| values[*t] = value * setter.factor);
        }
        for (name, setter) in &self.spread {
            let value = draw(&format!("spread:{name}"), &setter.distribution, setter.limits);
            for target in &setter.targets {
                match setter.distribution {
                    Distribution::Normal { .. } => values[*target] += value,
                    _ => values[*target] *= value,
                }
            }
        }
        let mut rest = 1.0;
        for (slot, distribution, name) in &self.fractions {
            if let Some(distribution) = distribution {
                let share = draw(&format!("fraction:{name}"), distribution, Some([0.0, 1.0]));
                values[*slot] = share.min(rest);
                rest -= values[*slot];
            }
        }
        for (slot, distribution, _) in &self.fractions {
            if distribution.is_none() {
                values[*slot] = rest;
            }
        }
        VirtualPatient {
            values,
            group: group.map(|g| g.id.clone()).unwrap_or_default(),
            tags: group.map(|g| g.tags.clone()).unwrap_or_default(),
            stratum: stratum.map(|s| s.id.clone()).unwrap_or_default(),
            traits,
            scores: BTreeMap::new(),
        }
    }
}

fn pick(kinds: &[Kind], random: &mut impl rand::Rng) -> Option<usize> {
    let options = kinds.iter().enumerate().map(|(i, k)| (i as f64, k.share)).collect();
    (!kinds.is_empty()).then(|| Distribution::Choice(options).draw(None, random) as usize)
}

struct Builder<'a> {
    parts: &'a Ingredients<'a>,
    sources: &'a Sources,
    varying: Vec<SymbolId>,
    index: BTreeMap<SymbolId, usize>,
    nominal: Vec<f64>,
    errors: Vec<Diagnostic>,
}

impl Builder<'_> {
    /// Position of a parameter among those that vary.
    fn slot(&mut self, id: SymbolId) -> usize {
        if let Some(slot) = self.index.get(&id) {
            return *slot;
        }
        let slot = self.varying.len();
        self.index.insert(id, slot);
        self.varying.push(id);
        self.nominal.push(match self.parts.assembled.network[id].value {
            Value::Number(value) => value,
            _ => 0.0,
        });
        slot
    }

    /// Refuses symbols that cannot be set: those with a rule, or computed from others.
    fn settable(&mut self, id: SymbolId, place: hersim_network::Span) -> bool {
        let symbol = &self.parts.assembled.network[id];
        let fixed = matches!(symbol.kind, SymbolKind::Parameter | SymbolKind::Compartment)
            && symbol.rule.is_none()
            && !matches!(symbol.value, Value::Formula(_));
        if !fixed {
            self.errors.push(
                Diagnostic::error(
                    "not-settable",
                    format!("`{}` is computed by the model and cannot be set", symbol.name),
                )
                .at(place, "")
                .also(symbol.span, "computed here")
                .mend("set a parameter that it is computed from"),
            );
        }
        fixed
    }

    fn tumour(&mut self, tumour: &Document<Tumour>) {
        match attribute_settings(tumour, self.parts.attributes, self.parts.assembled, self.sources)
        {
            Ok(settings) => {
                for (id, value) in settings {
                    let slot = self.slot(id);
                    self.nominal[slot] = value;
                }
            }
            Err(errors) => self.errors.extend(errors),
        }
    }

    /// One setter per draw, by name.
    fn draws(&mut self, draws: &[Draw], file: FileId) -> BTreeMap<String, Setter> {
        let mut setters = BTreeMap::new();
        for draw in draws {
            match self.draw(draw, file) {
                Ok((name, setter)) => {
                    setters.insert(name, setter);
                }
                Err(error) => self.errors.push(*error),
            }
        }
        setters
    }

    fn draw(&mut self, draw: &Draw, file: FileId) -> Result<(String, Setter), Box<Diagnostic>> {
        let written = |s: &Spanned<String>| Written::in_file(file, s, self.sources);
        let text = written(&draw.distribution);
        let distribution = Distribution::parse(&text.text).map_err(|message| {
            Box::new(
                Diagnostic::error("distribution", message)
                    .at(text.whole(), "")
                    .mend("write for example `lognormal(median=66, cv=20%)`"),
            )
        })?;
        let (name, symbols, place) = match (&draw.symbol, &draw.attribute) {
            (Some(symbol), None) => {
                let place = written(symbol).whole();
                let id = self.parts.assembled.symbol(symbol.get_ref(), Some(place))?;
                (symbol.get_ref().clone(), vec![id], place)
            }
            (None, Some(attribute)) => {
                let place = written(attribute).whole();
                let symbols = self.attribute_symbols(attribute.get_ref(), place)?;
                (attribute.get_ref().clone(), symbols, place)
            }
            _ => {
                return Err(Box::new(
                    Diagnostic::error("draw", "a draw needs either `symbol` or `attribute`")
                        .at(text.whole(), "")
                        .mend("name the parameter or the attribute that is drawn"),
                ));
            }
        };
        let unit_text = written(&draw.unit);
        let unit = Unit::parse(&unit_text.text).map_err(|e| {
            Box::new(
                Diagnostic::error("unit", e.to_string())
                    .at(unit_text.whole(), "")
                    .mend("write it like kg, 1/day or nM"),
            )
        })?;
        let mut factor = 1.0;
        let mut targets = Vec::new();
        for id in symbols {
            let needed = self.parts.assembled.unit(id);
            factor = unit.factor_to(&needed).ok_or_else(|| {
                Box::new(
                    Diagnostic::error(
                        "unit",
                        format!("`{unit}` cannot be expressed in `{needed}`"),
                    )
                    .at(unit_text.whole(), "")
                    .mend(format!("give the distribution in `{needed}`")),
                )
            })?;
            if self.settable(id, place) {
                targets.push(self.slot(id));
            }
        }
        Ok((name, Setter { targets, distribution, limits: draw.limits, factor }))
    }

    /// The parameters that `pten` or `minor:pten` stands for.
    fn attribute_symbols(
        &self,
        name: &str,
        place: hersim_network::Span,
    ) -> Result<Vec<SymbolId>, Box<Diagnostic>> {
        let (subclone, attribute) = match name.split_once(':') {
            Some((subclone, attribute)) => (Some(subclone), attribute),
            None => (None, name),
        };
        let assembled = self.parts.assembled;
        let document = self.parts.attributes;
        let Some(found) = document.value.get(attribute) else {
            return Err(Box::new(crate::tumour::unknown_attribute(
                attribute,
                document,
                Some(place),
            )));
        };
        let parameter = found.parameter.get_ref();
        let role = Some(document.place(&found.parameter));
        match (found.scope, subclone) {
            (Scope::Host, _) => Ok(vec![assembled.symbol(parameter, role)?]),
            (Scope::Subclone, Some(one)) => {
                if !assembled.subclones.iter().any(|s| s == one) {
                    return Err(Box::new(
                        Diagnostic::error(
                            "unknown-subclone",
                            format!("there is no subclone `{one}`"),
                        )
                        .at(place, "")
                        .mend(format!("known: {}", assembled.subclones.join(", "))),
                    ));
                }
                Ok(vec![assembled.symbol(&format!("{one}.{parameter}"), role)?])
            }
            (Scope::Subclone, None) => assembled
                .subclones
                .iter()
                .map(|s| assembled.symbol(&format!("{s}.{parameter}"), role))
                .collect(),
        }
    }

    /// Positions of the subclones' shares and how they are drawn.
    fn fractions(&mut self) -> Vec<(usize, Option<Distribution>, String)> {
        let assembled = self.parts.assembled;
        let role = &assembled.system.value.population.fraction;
        let mut fractions = Vec::new();
        for subclone in &assembled.subclones {
            let id = match assembled.of_subclone(role, subclone) {
                Ok(id) => id,
                Err(error) => {
                    self.errors.push(*error);
                    continue;
                }
            };
            let slot = self.slot(id);
            if let Some(tumour) = self.parts.tumour {
                let share = tumour.value.subclone.iter().find(|s| s.id == *subclone);
                let share = share
                    .map_or(if assembled.subclones.len() == 1 { 1.0 } else { 0.0 }, |s| {
                        *s.fraction.get_ref()
                    });
                fractions.push((slot, Some(Distribution::Fixed(share)), subclone.clone()));
                continue;
            }
            if self.parts.cohort.is_none() {
                let share = if subclone == &assembled.subclones[0] { 1.0 } else { 0.0 };
                fractions.push((slot, Some(Distribution::Fixed(share)), subclone.clone()));
                continue;
            }
            let plan = (self.parts.cohort)
                .and_then(|c| Some((c.file, c.value.subclone.iter().find(|s| s.id == *subclone)?)));
            let distribution = plan.and_then(|(file, plan)| {
                let text =
                    Written::in_file(file, &plan.fraction.as_ref()?.distribution, self.sources);
                Distribution::parse(&text.text)
                    .map_err(|message| {
                        self.errors.push(
                            Diagnostic::error("distribution", message)
                                .at(text.whole(), "")
                                .mend("write for example `loguniform(low=1e-5, high=1e-2)`"),
                        );
                    })
                    .ok()
            });
            fractions.push((slot, distribution, subclone.clone()));
        }
        fractions
    }

    /// Draws of the cohort that hang together.
    fn copula(&mut self, common: &BTreeMap<String, Setter>, groups: &[Kind]) -> Copula {
        let Some(cohort) = self.parts.cohort else { return Copula::default() };
        let draws = |name: &str| -> Vec<&Setter> {
            let of_groups = groups.iter().filter_map(|g| g.setters.get(name));
            common.get(name).into_iter().chain(of_groups).collect()
        };
        let known = |name: &str| {
            let all = draws(name);
            !all.is_empty() && all.iter().all(|s| s.distribution.has_quantiles())
        };
        Copula::new(&cohort.value.correlation, cohort.file, known).unwrap_or_else(|errors| {
            self.errors.extend(errors);
            Copula::default()
        })
    }

    /// Shares must sum to one.
    fn shares<'s>(&mut self, file: FileId, shares: impl Iterator<Item = &'s Spanned<f64>>) {
        let shares: Vec<_> = shares.collect();
        let total: f64 = shares.iter().map(|s| *s.get_ref()).sum();
        let Some(last) = shares.last() else { return };
        if (total - 1.0).abs() > 1e-9 || shares.iter().any(|s| *s.get_ref() < 0.0) {
            let place = hersim_network::Span::new(file, last.span());
            self.errors.push(
                Diagnostic::error(
                    "shares",
                    format!("shares must be positive and sum to 1, not {total}"),
                )
                .at(place, "")
                .mend("make them sum to 1"),
            );
        }
    }

    /// Spread between patients from the tables. The same row in several subclones is one draw.
    fn spread(&mut self) -> BTreeMap<String, Setter> {
        let mut spread: BTreeMap<String, Setter> = BTreeMap::new();
        let assembled = self.parts.assembled;
        for (id, symbol) in assembled.network.iter() {
            let Some(provenance) = &symbol.provenance else { continue };
            let Some(text) = provenance.variability.as_deref().filter(|t| !t.is_empty()) else {
                continue;
            };
            let distribution = match Distribution::parse(text) {
                Ok(distribution) => distribution,
                Err(message) => {
                    self.errors.push(
                        Diagnostic::error("distribution", message)
                            .at(provenance.span, "column `variability`")
                            .mend("write for example `lognormal(cv=40%)`, or leave it empty"),
                    );
                    continue;
                }
            };
            let name = assembled
                .subclones
                .iter()
                .find_map(|s| symbol.name.strip_prefix(s.as_str())?.strip_prefix('.'))
                .unwrap_or(&symbol.name);
            if !self.settable(id, provenance.span) {
                continue;
            }
            let slot = self.slot(id);
            spread
                .entry(name.to_string())
                .or_insert_with(|| Setter {
                    targets: vec![],
                    distribution,
                    limits: None,
                    factor: 1.0,
                })
                .targets
                .push(slot);
        }
        spread
    }
}
