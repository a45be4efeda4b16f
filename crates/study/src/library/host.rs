//! `library/hosts/*.toml`: the animals that grafts grow in, as parameters of a system.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, SymbolId};
use hersim_units::Unit;
use serde::Deserialize;

use crate::{
    assemble::Assembled,
    document::{Document, Spanned},
};

/// A host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Identity (URIs).
    #[serde(default)]
    pub is: Vec<String>,
    /// What sort of host: `mouse strain`.
    pub kind: String,
    /// The system it is a host of.
    pub system: Spanned<String>,
    /// Remarks.
    #[serde(default)]
    pub note: String,
    /// Parameters of the system in which it differs from the tables.
    pub set: BTreeMap<Spanned<String>, HostValue>,
}

/// Value of a parameter in a host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostValue {
    /// The number, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: Spanned<String>,
    /// Where it comes from.
    pub source: String,
    /// What the number rests on, in words.
    #[serde(default)]
    pub note: String,
}

/// The parameters that a host sets, in the model's units.
///
/// # Errors
/// `host-system` when it is a host of another system; every parameter that is unknown, computed
/// by the model, or in another unit.
pub fn host_settings(
    host: &Document<Host>,
    assembled: &Assembled,
) -> Result<Vec<(SymbolId, f64)>, Vec<Diagnostic>> {
    let system = &assembled.system.value.id;
    if host.value.system.get_ref() != system {
        let message = format!("`{}` is not a host of system `{system}`", host.value.id);
        let own = host.value.system.get_ref();
        let error =
            Diagnostic::error("host-system", message).at(host.place(&host.value.system), "");
        return Err(vec![error.mend(format!("use it with `--system {own}`"))]);
    }
    let mut settings = Vec::new();
    let mut errors = Vec::new();
    for (name, given) in &host.value.set {
        let place = host.place(name);
        let found = assembled
            .symbol(name.get_ref(), Some(place))
            .and_then(|id| assembled.settable(id, place).map(|()| id));
        let id = match found {
            Ok(id) => id,
            Err(error) => {
                errors.push(*error);
                continue;
            }
        };
        let needed = assembled.unit(id);
        let written = given.unit.get_ref();
        match Unit::parse(written).ok().and_then(|unit| unit.factor_to(&needed)) {
            Some(factor) => settings.push((id, given.value * factor)),
            None => errors.push(
                Diagnostic::error(
                    "unit",
                    format!("`{written}` is not the unit of `{}`", name.get_ref()),
                )
                .at(host.place(&given.unit), "")
                .mend(format!("needed is `{needed}`")),
            ),
        }
    }
    if errors.is_empty() { Ok(settings) } else { Err(errors) }
}
