//! Looking over the model and the library without running anything.

use std::collections::{BTreeMap, HashSet};

use hersim_network::{Diagnostic, Level, Network, Rule, Status, SymbolKind};
use serde::Serialize;

use crate::{
    assemble::{assemble, placed},
    calibrate::{self, Calibration, CalibrationPlan},
    claims,
    distribution::Distribution,
    document::Document,
    fit,
    library::{
        Cohort, Drug, Host, Library, RegimenFile, Shelf, Tumour, cohort_sense, host_settings,
        named, tumour_sense,
    },
    model_file,
    regimen::Regimen,
    trial::{TrialSetup, check_figures},
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
        Some(path) if model_file::is_model_file(path) => {
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
    // The same row may be reached through several systems, and read several times.
    let mut seen = HashSet::new();
    report.diagnostics.retain(|d| {
        let place = d.at.as_ref().and_then(|(span, _)| library.sources.locate(*span));
        let key = (d.code, d.message.clone(), place);
        seen.insert(key)
    });
    report
}

fn check_system(library: &mut Library, id: &str, report: &mut CheckReport) {
    let assembled = assemble(library, id, &[]);
    if let Some(assembled) = report.keep(assembled) {
        report.diagnostics.extend(assembled.warnings);
        report.diagnostics.extend(variabilities(&assembled.network));
        report.systems.push(summary(id, assembled.subclones, &assembled.network));
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

/// Spreads between patients that cannot be read.
pub(crate) fn variabilities(network: &Network) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for provenance in network.iter().filter_map(|(_, s)| s.provenance.as_ref()) {
        let text = provenance.variability.as_deref().filter(|text| !text.is_empty());
        if let Some(Err(message)) = text.map(Distribution::parse) {
            found.push(
                Diagnostic::error("distribution", message)
                    .at(provenance.span, "column `variability`")
                    .mend("write for example `lognormal(cv=40%)`, or leave it empty"),
            );
        }
    }
    found
}

/// Reads every document of the library and tries it against its system.
fn check_library(library: &mut Library, report: &mut CheckReport) {
    for id in library.ids(Shelf::Drugs) {
        let drug: Option<Document<Drug>> = report.keep(library.read(Shelf::Drugs, &id, None));
        let Some(drug) = drug else { continue };
        report.documents += 1;
        report.diagnostics.extend(named(&drug, &drug.value.id, &id, Shelf::Drugs));
        for (system, route) in &drug.value.system {
            let place = Written::found(drug.file, 0, &format!("system.{system}"), &library.sources);
            let found = assemble(library, system, &[]).map_err(|e| placed(e, place.whole()));
            let Some(assembled) = report.keep(found) else { continue };
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
        report.diagnostics.extend(named(&tumour, &tumour.value.id, &id, Shelf::Tumours));
        report.diagnostics.extend(tumour_sense(&tumour));
        if tumour.value.made.is_some() {
            // The claims' check makes it.
            continue;
        }
        let subclones: Vec<String> = tumour.value.subclone.iter().map(|s| s.id.clone()).collect();
        for system in library.ids(Shelf::Systems) {
            let mut found = assemble(library, &system, &subclones);
            if let Some(last) = tumour.value.subclone.last() {
                found = found.map_err(|e| placed(e, tumour.place(&last.fraction)));
            }
            let Some(assembled) = report.keep(found) else { continue };
            let settings = attribute_settings(&tumour, &attributes, &assembled, &library.sources);
            report.keep(settings);
        }
    }
    for id in library.ids(Shelf::Hosts) {
        let host: Option<Document<Host>> = report.keep(library.read(Shelf::Hosts, &id, None));
        let Some(host) = host else { continue };
        report.documents += 1;
        report.diagnostics.extend(named(&host, &host.value.id, &id, Shelf::Hosts));
        let found = assemble(library, host.value.system.get_ref(), &[])
            .map_err(|e| placed(e, host.place(&host.value.system)));
        if let Some(assembled) = report.keep(found) {
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
        let Some(cohort) = cohort else { continue };
        report.documents += 1;
        report.diagnostics.extend(named(&cohort, &cohort.value.id, &id, Shelf::Cohorts));
        report.diagnostics.extend(cohort_sense(&cohort));
    }
    for id in library.ids(Shelf::Trials) {
        let setup = TrialSetup::new(library, &id);
        let Some(setup) = report.keep(setup) else { continue };
        report.documents += 1;
        report.diagnostics.extend(named(&setup.plan, &setup.plan.value.id, &id, Shelf::Trials));
        report.keep(check_figures(&setup, library));
    }
    for id in library.ids(Shelf::Calibrations) {
        let plan: Option<Document<CalibrationPlan>> =
            report.keep(library.read(Shelf::Calibrations, &id, None));
        let Some(plan) = plan else { continue };
        report.documents += 1;
        report.diagnostics.extend(named(&plan, &plan.value.id, &id, Shelf::Calibrations));
        report.diagnostics.extend(calibrate::check(&plan, library));
    }
    for id in library.ids(Shelf::Populations) {
        let population: Option<Document<Calibration>> =
            report.keep(library.read(Shelf::Populations, &id, None));
        report.documents += usize::from(population.is_some());
    }
    for id in fit::ids(library) {
        report.diagnostics.extend(fit::check(library, &id));
        report.documents += 1;
    }
    let claims = claims::check(library);
    report.claims = claims.claims;
    report.diagnostics.extend(claims.diagnostics);
}
