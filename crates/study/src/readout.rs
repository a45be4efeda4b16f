//! What a system shows: its readouts as columns with units.

use hersim_network::{Diagnostic, SymbolId};
use hersim_units::Unit;

use crate::assemble::Assembled;

/// One column to show.
#[derive(Clone, Debug)]
pub struct Column {
    /// Name of the column.
    pub id: String,
    /// Words.
    pub title: String,
    /// Unit it is shown in.
    pub unit: String,
    /// Factor from the symbol's own unit.
    pub factor: f64,
    /// The symbol.
    pub symbol: SymbolId,
    /// Whether it is measured at every visit of a trial.
    pub marker: bool,
}

/// The readouts of a system; those that name `clone` once for each subclone.
///
/// # Errors
/// `unknown-symbol` and `unit`, all of them.
pub fn columns(assembled: &Assembled) -> Result<Vec<Column>, Vec<Diagnostic>> {
    let mut columns = Vec::new();
    let mut errors = Vec::new();
    for readout in &assembled.system.value.readout {
        let shown = readout.unit.get_ref();
        let unit = Unit::parse(shown).ok();
        for (subclone, symbol) in assembled.for_each_subclone(&readout.symbol) {
            let symbol = match symbol {
                Ok(symbol) => symbol,
                Err(error) => {
                    errors.push(*error);
                    continue;
                }
            };
            let own = assembled.unit(symbol);
            let Some(factor) = unit.as_ref().and_then(|u| own.factor_to(u)) else {
                let name = &assembled.network[symbol].name;
                errors.push(
                    Diagnostic::error("unit", format!("`{name}` cannot be shown in `{shown}`"))
                        .at(assembled.system.place(&readout.unit), "")
                        .mend(format!("it is counted in `{own}`")),
                );
                continue;
            };
            let (id, title) = match subclone.filter(|_| assembled.subclones.len() > 1) {
                Some(s) => (format!("{s}_{}", readout.id), format!("{} ({s})", readout.title)),
                None => (readout.id.clone(), readout.title.clone()),
            };
            let (unit, marker) = (shown.clone(), readout.marker);
            columns.push(Column { id, title, unit, factor, symbol, marker });
        }
    }
    if errors.is_empty() { Ok(columns) } else { Err(errors) }
}
