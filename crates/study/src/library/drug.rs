//! `library/drugs/*.toml`: where a drug's doses go.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::SourcedNumber;
use crate::document::Spanned;

/// A drug.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drug {
    /// Identifier: the international non-proprietary name.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Identity (URIs).
    #[serde(default)]
    pub is: Vec<String>,
    /// Mass of one mole.
    pub molar_mass: SourcedNumber,
    /// How it enters each system.
    pub system: BTreeMap<String, Route>,
    /// How often it is stopped for its toxicity.
    pub discontinuation: Option<Discontinuation>,
    /// Lower doses that its label knows, highest first.
    #[serde(default)]
    pub dose_level: Vec<DoseLevel>,
}

/// How often a drug is stopped for its toxicity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discontinuation {
    /// Rate per time under treatment.
    pub hazard: SourcedNumber,
}

/// A lower dose that a label knows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoseLevel {
    /// Share of the full dose.
    pub share: f64,
    /// Where it comes from.
    pub source: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
}

/// How a drug enters a system.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Species that doses go into.
    pub into: Option<Spanned<String>>,
    /// Usual length of the infusion; a bolus when absent.
    pub infusion: Option<Spanned<String>>,
    /// Symbol that is held at a concentration instead of being dosed.
    pub sets: Option<Spanned<String>>,
    /// Subcutaneous route, if there is one.
    pub sc: Option<Depot>,
    /// Oral route, if there is one.
    pub oral: Option<Depot>,
}

/// A depot that is emptied by absorption.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Depot {
    /// Species that doses go into.
    pub into: Spanned<String>,
}
