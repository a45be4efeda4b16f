//! Looking over the model and the library without running anything.

use std::{collections::BTreeMap, path::Path};

use hersim_antimony::Request;
use hersim_network::{Diagnostic, Level, Network, Rule, Status, SymbolKind};
use serde::Serialize;

use crate::{
    assemble::assemble,
    claims,
    document::Document,
    fit,
    library::{Cohort, Drug, Host, Library, RegimenFile, Shelf, Tumour, host_settings},
    model_file,
    regimen::Regimen,
    trial::TrialSetup,
    tumour::attribute_settings,
    written::Written,
};

/// What was looked over.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CheckReport {
    /// One per system.
    pub systems: Vec<SystemSummary>,
    /// How many documents of the library were read.
    pub documents: usize,
    /// How many claims were read.
    pub claims: usize,
    /// What is wrong.
    #[serde(skip)]
    pub diagnostics: Vec<Diagnostic>,
}

/// Counts of a system.
#[derive(Clone, Debug, Serialize)]
pub struct SystemSummary {
    /// Identifier, or file.
    pub system: String,
    /// Subclones it was assembled for.
    pub subclones: Vec<String>,
    /// Species that reactions or rules change.
    pub species: usize,
    /// Variables with a rate rule.
    pub rate_rules: usize,
    /// Reactions.
    pub reactions: usize,
    /// Parameters with a row in a table, by status.
    pub parameters: BTreeMap<String, usize>,
    /// Sums that no reaction changes, as text.
    pub conserved: Vec<String>,
}

impl CheckReport {
    /// Whether nothing is wrong; warnings do not count.
    pub fn passed(&self) -> bool {
        self.diagnostics.iter().all(|d| d.level != Level::Error)
    }

    fn keep<T>(&mut self, result: Result<T, Vec<Diagnostic>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(more) => {
                self.diagnostics.extend(more);
                None
            }
        }
    }
}

/// Checks one system (by id) or file, or everything when nothing is named.
pub fn check(library: &mut Library, what: Option<&str>) -> CheckReport {
    let mut report = CheckReport::default();
    match what {
        Some(path) if path.ends_with(".ant") => check_file(library, Path::new(path), &mut report),
        Some(path) if model_file::is_sbml(path) => {
            report = model_file::check(path, &mut library.sources);
        }
        Some(id) => check_system(library, id, &mut report),
        None => {
            for id in library.ids(Shelf::Systems) {
                check_system(library, &id, &mut report);
            }
            if report.passed() {
                check_library(library, &mut report);
            }
        }
    }
    // The same row may be reached through several systems.
    let mut seen = Vec::new();
    report.diagnostics.retain(|d| {
        let key = (d.code, d.message.clone(), d.at.clone());
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
    report
}

fn check_system(library: &mut Library, id: &str, report: &mut CheckReport) {
    let assembled = assemble(library, id, &[]);
    if let Some(assembled) = report.keep(assembled) {
        report.diagnostics.extend(assembled.warnings);
        report.systems.push(summary(id, assembled.subclones, &assembled.network));
    }
}

fn check_file(library: &mut Library, path: &Path, report: &mut CheckReport) {
    let (files, sources) = library.reader();
    let request = Request { model: path, main: None, subclones: &[], tolerant: false };
    let loaded = hersim_antimony::load(files, &request, sources);
    if let Some(loaded) = report.keep(loaded) {
        report.diagnostics.extend(loaded.warnings);
        // The ports of a module get their values from the model around it.
        let ports: Vec<_> = loaded.ports.iter().map(|p| loaded.network[*p].span).collect();
        let left_open = |d: &Diagnostic| {
            let at_port = d.at.as_ref().is_some_and(|(span, _)| ports.contains(span));
            at_port && ["value-missing", "orphan-parameter", "orphan-species"].contains(&d.code)
        };
        let found = hersim_network::check(&loaded.network);
        report.diagnostics.extend(found.into_iter().filter(|d| !left_open(d)));
        let name = path.display().to_string();
        report.systems.push(summary(&name, Vec::new(), &loaded.network));
    }
}

pub(crate) fn summary(system: &str, subclones: Vec<String>, network: &Network) -> SystemSummary {
    let count =
        |pick: fn(&SymbolKind) -> bool| network.iter().filter(|(_, s)| pick(&s.kind)).count();
    let mut parameters = BTreeMap::new();
    for (_, symbol) in network.iter() {
        if let Some(provenance) = &symbol.provenance {
            let status = match provenance.status {
                Status::Measured => "measured",
                Status::Fitted => "fitted",
                Status::Assumed => "assumed",
            };
            *parameters.entry(status.to_string()).or_default() += 1;
        }
    }
    // Exact arithmetic on more reactions than this takes minutes.
    const MOST_REACTIONS: usize = 2_000;
    let reactions = count(|k| matches!(k, SymbolKind::Reaction(_)));
    let sums = match reactions {
        0..=MOST_REACTIONS => hersim_network::conservation(network),
        _ => Vec::new(),
    };
    let conserved = sums
        .iter()
        .map(|sum| {
            let terms: Vec<String> = (sum.iter())
                .map(|(id, factor)| match *factor {
                    1.0 => network[*id].name.clone(),
                    f => format!("{f}*{}", network[*id].name),
                })
                .collect();
            terms.join(" + ")
        })
        .collect();
    SystemSummary {
        system: system.to_string(),
        subclones,
        species: count(|k| matches!(k, SymbolKind::Species { .. })),
        rate_rules: network.iter().filter(|(_, s)| matches!(s.rule, Some(Rule::Rate(_)))).count(),
        reactions,
        parameters,
        conserved,
    }
}

/// Reads every document of the library and tries it against its system.
fn check_library(library: &mut Library, report: &mut CheckReport) {
    for id in library.ids(Shelf::Drugs) {
        let drug: Option<Document<Drug>> = report.keep(library.read(Shelf::Drugs, &id, None));
        let Some(drug) = drug else { continue };
        report.documents += 1;
        for (system, route) in &drug.value.system {
            let Some(assembled) = report.keep(assemble(library, system, &[])) else { continue };
            let depots = [&route.sc, &route.oral].into_iter().flatten().map(|d| &d.into);
            for symbol in route.into.iter().chain(&route.sets).chain(depots) {
                if let Err(error) = assembled.symbol(symbol.get_ref(), Some(drug.place(symbol))) {
                    report.diagnostics.push(*error);
                }
            }
        }
    }
    let Some(attributes) = report.keep(library.attributes()) else { return };
    for id in library.ids(Shelf::Tumours) {
        let tumour: Option<Document<Tumour>> = report.keep(library.read(Shelf::Tumours, &id, None));
        let Some(tumour) = tumour else { continue };
        report.documents += 1;
        if tumour.value.made.is_some() {
            // The claims' check makes it.
            continue;
        }
        let subclones: Vec<String> = tumour.value.subclone.iter().map(|s| s.id.clone()).collect();
        for system in library.ids(Shelf::Systems) {
            let Some(assembled) = report.keep(assemble(library, &system, &subclones)) else {
                continue;
            };
            let settings = attribute_settings(&tumour, &attributes, &assembled, &library.sources);
            report.keep(settings);
        }
    }
    for id in library.ids(Shelf::Hosts) {
        let host: Option<Document<Host>> = report.keep(library.read(Shelf::Hosts, &id, None));
        let Some(host) = host else { continue };
        report.documents += 1;
        if let Some(assembled) = report.keep(assemble(library, host.value.system.get_ref(), &[])) {
            report.keep(host_settings(&host, &assembled));
        }
    }
    for id in library.ids(Shelf::Regimens) {
        let file: Option<Document<RegimenFile>> =
            report.keep(library.read(Shelf::Regimens, &id, None));
        let Some(file) = file else { continue };
        report.documents += 1;
        let written = Written::in_document(&file, &file.value.text, &library.sources);
        if let Some(regimen) = report.keep(Regimen::parse(&written)) {
            for order in regimen.orders {
                let known = library.ids(Shelf::Drugs).contains(&order.drug);
                if !known {
                    let error = library.unknown(Shelf::Drugs, &order.drug, Some(order.drug_span));
                    report.diagnostics.push(error);
                }
            }
        }
    }
    for id in library.ids(Shelf::Cohorts) {
        let cohort: Option<Document<Cohort>> = report.keep(library.read(Shelf::Cohorts, &id, None));
        report.documents += usize::from(cohort.is_some());
    }
    for id in library.ids(Shelf::Trials) {
        let setup = TrialSetup::new(library, &id);
        report.documents += usize::from(report.keep(setup).is_some());
    }
    for id in fit::ids(library) {
        report.diagnostics.extend(fit::check(library, &id));
        report.documents += 1;
    }
    let claims = claims::check(library);
    report.claims = claims.claims;
    report.diagnostics.extend(claims.diagnostics);
}
