//! One file of the model, read on its own.

use std::path::Path;

use hersim_antimony::Loaded;
use hersim_network::{Annotation, Network, Rule, Sources, Symbol, SymbolId, SymbolKind, Value};

use super::{
    couplings::Couplings,
    ends::Ends,
    equations::{Section, sections, within},
    formula::{Formula, formula},
    numbers::{Number, rows},
    text::{Header, header},
    wiring::{Wiring, wiring},
};
use crate::library::System;

/// One file of the model.
#[derive(Clone, Debug)]
pub struct Module {
    /// Name of the file without its ending; no two files share it.
    pub id: String,
    /// Folder it is in, below `model/`.
    pub folder: String,
    /// Path below the root.
    pub file: String,
    /// Name of the model in it.
    pub model: String,
    /// What the head of the file says.
    pub header: Header,
    /// The roles its symbols play, when it is a system.
    pub system: Option<System>,
    /// The models it is put together from.
    pub parts: Vec<Part>,
    /// What it reads from and gives to the models around it.
    pub ports: Vec<Port>,
    /// What moves in time by its own formulas.
    pub states: Vec<State>,
    /// Its formulas.
    pub sections: Vec<Section>,
    /// Its table.
    pub numbers: Vec<Number>,
    /// Annotations of its names, and of the model under the name of the model.
    pub annotations: Vec<(String, Vec<Annotation>)>,
    /// What acts on what inside it; empty for one made of others.
    pub wiring: Wiring,
    /// How the models inside it are coupled; empty for one made of none.
    pub couplings: Couplings,
}

/// A model inside another.
#[derive(Clone, Debug)]
pub struct Part {
    /// Name it has there.
    pub name: String,
    /// Id of the module.
    pub module: String,
}

/// Which way a port goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Given by the model around.
    Read,
    /// Computed here.
    Given,
    /// Another module's state that reactions here change.
    Changed,
    /// The volume that states live in.
    Volume,
}

/// A name shared with the model around.
#[derive(Clone, Debug)]
pub struct Port {
    /// The name.
    pub name: String,
    /// What it is, where the files say it.
    pub meaning: Meaning,
    /// Its unit.
    pub unit: String,
    /// Which way it goes.
    pub role: Role,
    /// Who is at the other end, for each model that uses the module.
    pub ends: Vec<Ends>,
}

/// What a name stands for.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// Words.
    pub words: String,
    /// What it is, as links.
    pub annotations: Vec<Annotation>,
}

impl Meaning {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.annotations.is_empty()
    }
}

/// A quantity that moves in time.
#[derive(Clone, Debug)]
pub struct State {
    /// The name.
    pub name: String,
    /// What it is.
    pub meaning: Meaning,
    /// Its unit.
    pub unit: String,
    /// What it is at the start, when the file says it.
    pub start: Option<Formula>,
    /// The compartment of a species.
    pub compartment: Option<String>,
}

/// Where a file is.
pub(super) struct Place<'a> {
    pub(super) folder: &'a str,
    pub(super) stem: &'a str,
    pub(super) path: &'a Path,
}

/// Which way a port goes.
pub(super) fn role(network: &Network, id: SymbolId) -> Role {
    let symbol = &network[id];
    let taken_part = |s: &Symbol| match &s.kind {
        SymbolKind::Reaction(r) => r.reactants.iter().chain(&r.products).any(|p| p.species == id),
        _ => false,
    };
    if symbol.rule.is_some() || symbol.value != Value::Missing {
        Role::Given
    } else if symbol.kind == SymbolKind::Compartment {
        Role::Volume
    } else if network.symbols.iter().any(taken_part) {
        Role::Changed
    } else {
        Role::Read
    }
}

/// Reads a file that was loaded on its own.
pub(super) fn read(place: &Place<'_>, loaded: &Loaded, sources: &Sources) -> Module {
    let network = &loaded.network;
    let text = |path: &Path| {
        let name = path.display().to_string();
        sources.find(&name).and_then(|f| sources.get(f)).map(|(_, text)| text.to_string())
    };
    let own = text(place.path).unwrap_or_default();
    let table = place.path.with_extension("tsv");
    let here = |symbol: &Symbol, span| {
        within(sources, span, place.path) || (within(sources, symbol.given, &table))
    };
    let states = network.iter().filter(|(_, s)| match (&s.rule, &s.kind) {
        (Some(Rule::Rate(e)), _) => here(s, e.span),
        (None, SymbolKind::Species { .. }) => s.value != Value::Missing && here(s, s.given),
        _ => false,
    });
    let annotated = network
        .iter()
        .filter(|(_, s)| !s.about.annotations.is_empty() && within(sources, s.span, place.path));
    let mut annotations: Vec<(String, Vec<Annotation>)> =
        annotated.map(|(_, s)| (s.name.clone(), s.about.annotations.clone())).collect();
    if !network.about.annotations.is_empty() {
        annotations.push((network.id.clone(), network.about.annotations.clone()));
    }
    let ports = loaded.ports.iter().map(|id| Port {
        name: network[*id].name.clone(),
        meaning: meaning(&network[*id]),
        unit: unit(network, *id),
        role: role(network, *id),
        ends: Vec::new(),
    });
    let composed = !loaded.modules.is_empty();
    Module {
        id: place.stem.to_string(),
        folder: place.folder.to_string(),
        file: format!("model/{}/{}.ant", place.folder, place.stem),
        model: network.id.clone(),
        header: header(&own),
        system: None,
        parts: parts(loaded),
        ports: ports.collect(),
        states: states.map(|(id, _)| state(network, id)).collect(),
        sections: sections(network, sources, place.path, &own),
        numbers: text(&table).map(|t| rows(&t)).unwrap_or_default(),
        annotations,
        wiring: if composed { Wiring::default() } else { wiring(network, &loaded.ports) },
        couplings: Couplings::default(),
    }
}

/// The models directly inside, the second subclone of a pair left out.
fn parts(loaded: &Loaded) -> Vec<Part> {
    let direct = loaded.modules.iter().filter(|m| !m.path.contains('.') && m.path != "other");
    let part = |m: &hersim_antimony::UsedModel| {
        let stem = m.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Part { name: m.path.clone(), module: stem }
    };
    direct.map(part).collect()
}

fn meaning(symbol: &Symbol) -> Meaning {
    Meaning {
        words: symbol.about.display_name.clone().unwrap_or_default(),
        annotations: symbol.about.annotations.clone(),
    }
}

fn unit(network: &Network, id: SymbolId) -> String {
    network.formula_unit(id).map(|u| u.to_string()).unwrap_or_default()
}

fn state(network: &Network, id: SymbolId) -> State {
    let symbol = &network[id];
    State {
        name: symbol.name.clone(),
        meaning: meaning(symbol),
        unit: unit(network, id),
        start: match &symbol.value {
            Value::Missing => None,
            Value::Number(value) => Some(Formula::Number(*value)),
            Value::Formula(e) => Some(formula(network, e)),
        },
        compartment: match &symbol.kind {
            SymbolKind::Species { compartment, .. } => Some(network[*compartment].name.clone()),
            _ => None,
        },
    }
}
