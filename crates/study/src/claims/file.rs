//! The documents of `library/claims/`: claims section by section, and protocols.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{document::Spanned, library::Phase};

/// One section: `library/claims/<section>.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimFile {
    /// Its claims.
    #[serde(default)]
    pub claim: Vec<Claim>,
}

/// One statement of the literature.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Identifier.
    pub id: Spanned<String>,
    /// Section of the review it stands in.
    pub section: String,
    /// What kind of statement it is.
    pub kind: Kind,
    /// Whether it is a test of its own.
    pub tier: Tier,
    /// Whether the literature agrees.
    pub stance: String,
    /// The statement in words.
    pub statement: String,
    /// Numbers of the references, from `model/references.csv`.
    #[serde(default)]
    pub refs: Vec<Spanned<u32>>,
    /// How firmly it is stated.
    #[serde(default)]
    pub certainty: String,
    /// Claims that say otherwise.
    #[serde(default)]
    pub contested_by: Vec<Spanned<String>>,
    /// Part of the model it is about.
    #[serde(default)]
    pub module: String,
    /// Remarks.
    #[serde(default)]
    pub note: String,
    /// Why it cannot be tested by simulation.
    pub untestable: Option<String>,
    /// What it waits for.
    pub waiting: Option<String>,
    /// How it is tested.
    pub experiment: Option<Experiment>,
}

/// What kind of statement a claim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Mechanism,
    Resistance,
    Reversal,
    Biomarker,
    Prevalence,
    Trial,
    Background,
}

/// Whether a claim is a test of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// A test of its own.
    Core,
    /// A part of what another claim tests.
    Detail,
}

/// How a claim is tested.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// True when it only says that something occurs; counted apart.
    #[serde(default)]
    pub existence: bool,
    /// Data sets of fits that used its numbers; counted apart when there are any.
    #[serde(default)]
    pub fitted: Vec<String>,
    /// Hypotheses under which it is tried when it fails under the defaults.
    #[serde(default)]
    pub hypotheses: BTreeMap<Spanned<String>, Spanned<String>>,
    /// System of the arms.
    pub system: Spanned<String>,
    /// Tumour of the arms.
    pub tumour: Option<Spanned<String>>,
    /// Arms by name. The one written first is the reference arm.
    pub arm: BTreeMap<Spanned<String>, Arm>,
    /// What is compared.
    #[serde(default)]
    pub readout: Vec<Readout>,
}

/// One arm of an experiment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Another tumour than the experiment's.
    pub tumour: Option<Spanned<String>>,
    /// Another system than the experiment's.
    pub system: Option<Spanned<String>>,
    /// Holds already before and while the tumour comes to rest.
    #[serde(default)]
    pub before: Vec<Spanned<String>>,
    /// Done at time zero.
    #[serde(default, rename = "do")]
    pub deeds: Vec<Spanned<String>>,
    /// Done later.
    #[serde(default)]
    pub then: Vec<Then>,
    /// What the cells went through before time zero.
    #[serde(default)]
    pub history: Vec<Phase>,
}

/// Something done after time zero.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Then {
    /// When.
    pub at: Spanned<String>,
    /// What.
    #[serde(rename = "do")]
    pub deeds: Vec<Spanned<String>>,
}

/// What is compared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readout {
    /// A formula over the system, several of them, or the name of a protocol.
    pub of: Spanned<OneOrMany>,
    /// Time it is read at.
    pub at: Option<Spanned<String>>,
    /// Crossing it is read at.
    pub when: Option<Spanned<String>>,
    /// How long to wait for the crossing.
    pub horizon: Option<Spanned<String>>,
    /// Formula over the arms: the value to judge.
    pub perturbed: Option<Spanned<String>>,
    /// Formula over the arms: the value it is judged against.
    pub reference: Option<Spanned<String>>,
    /// What is expected.
    pub expect: Expect,
    /// Limits for `no change` and `value`.
    pub band: Option<Spanned<[f64; 2]>>,
    /// Formulas over the arms that must rise, for `order`.
    #[serde(default)]
    pub ascending: Vec<Spanned<String>>,
    /// Share of the gap that must be closed, for `restored`.
    pub share: Option<Spanned<f64>>,
    /// Formula over the arms: the resistant value, for `restored`.
    pub resistant: Option<Spanned<String>>,
    /// Formula over the arms: what it was before resistance, for `restored`.
    pub parental: Option<Spanned<String>>,
    /// Least absolute difference, where numbers are near zero.
    pub least: Option<Spanned<f64>>,
    /// Whether `no change` compares by difference instead of ratio.
    #[serde(default)]
    pub difference: bool,
    /// Shown, not scored.
    #[serde(default)]
    pub exploratory: bool,
    /// Words.
    #[serde(default)]
    pub label: String,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The texts.
    pub fn texts(&self) -> &[String] {
        match self {
            OneOrMany::One(text) => std::slice::from_ref(text),
            OneOrMany::Many(texts) => texts,
        }
    }
}

/// What is expected of a readout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Expect {
    Increase,
    Decrease,
    #[serde(rename = "no change")]
    NoChange,
    Order,
    Value,
    Restored,
}

/// All protocols by name: `library/claims/protocols.toml`.
pub type Protocols = BTreeMap<String, Protocol>;

/// A readout that needs two more arms for each arm.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// What it measures, in words.
    pub meaning: String,
    /// Done at time zero, besides what the arm does, in the arm called `with`.
    #[serde(default)]
    pub with: Vec<Spanned<String>>,
    /// Done at time zero, besides what the arm does, in the arm called `without`.
    #[serde(default)]
    pub without: Vec<Spanned<String>>,
    /// Formula over the system.
    pub of: Spanned<String>,
    /// Time it is read at.
    pub at: Spanned<String>,
    /// Formula over `with` and `without`.
    pub value: Spanned<String>,
    /// Least absolute difference of readouts that do not give their own.
    pub least: Option<f64>,
}
