//! From a system's id and its subclones to a checked network with roles.

use std::collections::HashMap;

use hersim_antimony::Request;
use hersim_network::{Diagnostic, Level, Network, Span, SymbolId, SymbolKind, Value, nearest};
use hersim_units::Unit;

use crate::{
    document::{Document, Spanned},
    hypothesis,
    library::{Library, Shelf, System},
    quantity,
    written::Written,
};

/// A system assembled for some subclones.
#[derive(Clone)]
pub struct Assembled {
    /// Its roles.
    pub system: Document<System>,
    /// The flat network, checked.
    pub network: Network,
    /// Names of the subclones.
    pub subclones: Vec<String>,
    /// Other names of symbols: ports, and names joined by `is`.
    pub aliases: HashMap<String, SymbolId>,
    /// What is legal but probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads, composes and checks a system, with the answers to open questions that the library was
/// opened with.
///
/// # Errors
/// Everything that is wrong with the texts and tables it is made of, and with the answers.
pub fn assemble(
    library: &mut Library,
    system: &str,
    subclones: &[String],
) -> Result<Assembled, Vec<Diagnostic>> {
    let mut assembled = assemble_open(library, system, subclones)?;
    hypothesis::answer(library, &mut assembled)?;
    Ok(assembled)
}

/// Reads, composes and checks a system as the tables have it, open questions left open.
///
/// # Errors
/// Everything that is wrong with the texts and tables it is made of.
pub fn assemble_open(
    library: &mut Library,
    system: &str,
    subclones: &[String],
) -> Result<Assembled, Vec<Diagnostic>> {
    let system: Document<System> = library.read(Shelf::Systems, system, None)?;
    let rule = &system.value.subclones;
    let subclones = if subclones.is_empty() { rule.default.clone() } else { subclones.to_vec() };
    if subclones.len() > rule.at_most {
        return Err(vec![
            Diagnostic::error(
                "too-many-subclones",
                format!(
                    "system `{}` is made for at most {} subclones; {} were asked for",
                    system.value.id,
                    rule.at_most,
                    subclones.len()
                ),
            )
            .mend("merge the rarest subclones"),
        ]);
    }
    let path = library.path(Shelf::Systems.folder()).join(system.value.model.get_ref());
    let (files, sources) = library.reader();
    let request = Request { model: &path, main: None, subclones: &subclones, tolerant: false };
    let loaded = hersim_antimony::load(files, &request, sources).map_err(|found| {
        let missing = found.iter().any(|d| d.code == "missing-file");
        let place = system.place(&system.value.model);
        if missing { placed(found, place) } else { found }
    })?;
    let mut warnings = loaded.warnings;
    let (errors, more): (Vec<_>, Vec<_>) =
        hersim_network::check(&loaded.network).into_iter().partition(|d| d.level == Level::Error);
    if !errors.is_empty() {
        return Err(errors);
    }
    warnings.extend(more);
    let aliases = loaded.aliases.into_iter().collect();
    Ok(Assembled { system, network: loaded.network, subclones, aliases, warnings })
}

/// Messages that point at nothing, at what asked for what they are about.
pub fn placed(found: Vec<Diagnostic>, place: Span) -> Vec<Diagnostic> {
    let point = |d: Diagnostic| if d.at.is_some() { d } else { d.at(place, "") };
    found.into_iter().map(point).collect()
}

/// A symbol, or why there is none.
pub type Found = Result<SymbolId, Box<Diagnostic>>;

impl Assembled {
    /// The symbol with this name.
    ///
    /// # Errors
    /// `unknown-symbol`, pointing at `place`, with the nearest known name.
    pub fn symbol(&self, name: &str, place: Option<Span>) -> Found {
        self.find(name).ok_or_else(|| {
            let mut diagnostic = Diagnostic::error(
                "unknown-symbol",
                format!("system `{}` has no symbol `{name}`", self.system.value.id),
            );
            if let Some(place) = place {
                diagnostic = diagnostic.at(place, "");
            }
            let aliases = self.aliases.keys().map(String::as_str);
            let near =
                nearest(name, self.network.iter().map(|(_, s)| s.name.as_str()).chain(aliases));
            Box::new(match near {
                Some(near) => diagnostic.mend(format!("did you mean `{near}`?")),
                None => diagnostic
                    .mend(format!("`hersim check {}` lists its symbols", self.system.value.id)),
            })
        })
    }

    /// The symbol with this name or this other name.
    pub fn find(&self, name: &str) -> Option<SymbolId> {
        self.network.find(name).or_else(|| self.aliases.get(name).copied())
    }

    /// The symbols a path means: with the word `clone` in it, or when it is a path below a
    /// subclone, one for each subclone that has it; else the system's own.
    pub fn below(&self, path: &str) -> Vec<SymbolId> {
        let of_each = |make: &dyn Fn(&String) -> String| -> Vec<SymbolId> {
            self.subclones.iter().filter_map(|s| self.find(&make(s))).collect()
        };
        if with_subclone(path, "") != path {
            return of_each(&|s| with_subclone(path, s));
        }
        let found = of_each(&|s| format!("{s}.{path}"));
        if found.is_empty() { self.find(path).into_iter().collect() } else { found }
    }

    /// Refuses symbols that cannot be set: those with a rule, or computed from others.
    ///
    /// # Errors
    /// `not-settable`, pointing at `place`.
    pub fn settable(&self, id: SymbolId, place: Span) -> Result<(), Box<Diagnostic>> {
        let symbol = &self.network[id];
        let fixed = matches!(symbol.kind, SymbolKind::Parameter | SymbolKind::Compartment)
            && symbol.rule.is_none()
            && !matches!(symbol.value, Value::Formula(_));
        if fixed {
            return Ok(());
        }
        let message = format!("`{}` is computed by the model and cannot be set", symbol.name);
        Err(Box::new(
            Diagnostic::error("not-settable", message)
                .at(place, "")
                .also(symbol.span, "computed here")
                .mend("set a parameter that it is computed from"),
        ))
    }

    /// The symbol a role of the system's own document names.
    ///
    /// # Errors
    /// As [`Assembled::symbol`].
    pub fn role(&self, name: &Spanned<String>) -> Found {
        self.symbol(name.get_ref(), Some(self.system.place(name)))
    }

    /// The symbol that a role names for one subclone: the word `clone` in it stands for the
    /// subclone (`clone_fraction`, `clone.growth.cells`).
    ///
    /// # Errors
    /// As [`Assembled::symbol`].
    pub fn of_subclone(&self, name: &Spanned<String>, subclone: &str) -> Found {
        self.symbol(&with_subclone(name.get_ref(), subclone), Some(self.system.place(name)))
    }

    /// The symbols a role names: one, or one for each subclone when it has the word `clone`.
    pub fn for_each_subclone(&self, name: &Spanned<String>) -> Vec<(Option<&str>, Found)> {
        if with_subclone(name.get_ref(), "") == *name.get_ref() {
            return vec![(None, self.role(name))];
        }
        self.subclones.iter().map(|s| (Some(s.as_str()), self.of_subclone(name, s))).collect()
    }

    /// Unit of a symbol as it stands in formulas.
    pub fn unit(&self, id: SymbolId) -> Unit {
        self.network.formula_unit(id).unwrap_or_else(Unit::dimensionless)
    }

    /// Days in the model's unit of time.
    pub fn days_per_time_unit(&self) -> f64 {
        let unit = self.network.time_unit.clone().unwrap_or_else(quantity::day);
        unit.factor_to(&quantity::day()).unwrap_or(1.0)
    }

    /// The parameter that is 1 while the tumour is equilibrated.
    ///
    /// # Errors
    /// As [`Assembled::symbol`].
    pub fn switch(&self) -> Found {
        self.role(&self.system.value.equilibration.switch)
    }

    /// Longest time of equilibration, days.
    ///
    /// # Errors
    /// `quantity` when the document does not give a time.
    pub fn equilibration_days(&self, library: &Library) -> Result<f64, Box<Diagnostic>> {
        let text = &self.system.value.equilibration.duration;
        let written = Written::in_document(&self.system, text, &library.sources);
        days(&written)
    }
}

/// A name in which the word `clone` has become the subclone's name.
fn with_subclone(name: &str, subclone: &str) -> String {
    let replace = |word: &str| {
        let bare = word.trim_end_matches(['.', '_']);
        if bare == "clone" { word.replacen(bare, subclone, 1) } else { word.to_string() }
    };
    name.split_inclusive(['.', '_']).map(replace).collect()
}

/// A written time in days.
///
/// # Errors
/// `quantity`, pointing at the text.
pub fn days(written: &Written) -> Result<f64, Box<Diagnostic>> {
    match quantity::Quantity::parse(&written.text).and_then(|q| q.days()) {
        Ok(days) if days >= 0.0 => Ok(days),
        Ok(_) => Err(Box::new(
            Diagnostic::error("quantity", "a time cannot be negative")
                .at(written.whole(), "")
                .mend("write for example `8 week` or `1y`"),
        )),
        Err(error) => Err(Box::new(
            Diagnostic::error("quantity", error)
                .at(written.whole(), "")
                .mend("write for example `8 week` or `1y`"),
        )),
    }
}
