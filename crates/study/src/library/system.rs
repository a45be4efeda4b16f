//! `model/systems/*.toml`: the roles that symbols of a system play.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::document::Spanned;

/// A system and its roles.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Identifier.
    pub id: String,
    /// Words.
    pub title: String,
    /// Antimony file, beside this one.
    pub model: Spanned<String>,
    /// Subclones it is assembled for.
    pub subclones: SubcloneRule,
    /// Unit of time of the model.
    pub time_unit: String,
    /// How a tumour is brought to rest before treatment.
    pub equilibration: Equilibration,
    /// Cell numbers at the start.
    pub population: Population,
    /// What doses per kilogram and per square metre refer to.
    pub dosing: Option<DosingRoles>,
    /// What a trial reads and sets.
    pub clinic: Option<ClinicRoles>,
    /// Concentrations that can be set by name.
    #[serde(default)]
    pub medium: BTreeMap<String, Spanned<String>>,
    /// What `hersim simulate` shows.
    #[serde(default)]
    pub readout: Vec<Readout>,
}

/// Which subclones a system has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubcloneRule {
    /// Names when nothing else is said.
    pub default: Vec<String>,
    /// How many there may be.
    pub at_most: usize,
}

/// How a tumour is brought to rest before treatment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equilibration {
    /// Parameter that is 1 during equilibration and 0 afterwards.
    pub switch: Spanned<String>,
    /// How long at most.
    #[serde(rename = "for")]
    pub duration: Spanned<String>,
}

/// Cell numbers at the start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Parameter that holds a subclone's share of all tumour cells; the word `clone` in it
    /// stands for the subclone.
    pub fraction: Spanned<String>,
    /// States that count cells, living ones first; the word `clone` in them stands for the
    /// subclone. Passaging multiplies them all by the same factor.
    #[serde(default)]
    pub numbers: Vec<Spanned<String>>,
}

/// What doses per kilogram and per square metre refer to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DosingRoles {
    /// Body weight.
    pub per_kg: Spanned<String>,
    /// Body surface.
    pub per_m2: Spanned<String>,
}

/// What a trial reads and sets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicRoles {
    /// Sum of the diameters of the target lesions.
    pub sum_of_diameters: Spanned<String>,
    /// Cumulative hazard of death.
    pub death: Spanned<String>,
    /// Cumulative hazard of a new lesion.
    pub new_lesion: Spanned<String>,
    /// Parameter that is 1 once the disease has progressed.
    pub progressed: Spanned<String>,
    /// Parameter that is 1 while treatment is given that a trial does not name.
    pub later_treatment: Spanned<String>,
    /// What taking the tumour out does, where it can be.
    pub surgery: Option<SurgeryRoles>,
}

/// What a trial reads and sets when a tumour is taken out. Cell numbers are those of
/// [`Population::numbers`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurgeryRoles {
    /// Parameter that is 1 once the tumour has been taken out.
    pub operated: Spanned<String>,
    /// Parameter: share of the cells that are elsewhere and stay.
    pub left_behind: Spanned<String>,
    /// State that integrates death rate over number of living cells: the chance that a subclone
    /// has died out is exp(-1/risk). The word `clone` in it stands for the subclone.
    pub risk: Spanned<String>,
    /// 1 when no cell would be found in the breast.
    pub clear_breast: Spanned<String>,
    /// 1 when no cell would be found in breast and nodes.
    pub clear: Spanned<String>,
}

/// Something worth showing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readout {
    /// Column name.
    pub id: String,
    /// Symbol.
    pub symbol: Spanned<String>,
    /// Words.
    pub title: String,
    /// Unit to show it in.
    pub unit: Spanned<String>,
    /// Whether it is measured at every visit of a trial.
    #[serde(default)]
    pub marker: bool,
}
