//! From an order to the species that takes its doses.

use hersim_network::{Diagnostic, SymbolId, SymbolKind};
use hersim_units::Unit;

use super::{BoundOrder, DoseScale};
use crate::{
    assemble::Assembled,
    document::Document,
    library::{Drug, Library, Shelf},
    quantity,
    regimen::{Order, RouteKind},
    written::Written,
};

/// Finds the species for an order's doses.
///
/// # Errors
/// `unknown-drug`, `drug-route`, `dose-unit`.
pub(super) fn bind_order(
    order: &Order,
    assembled: &Assembled,
    library: &mut Library,
) -> Result<BoundOrder, Vec<Diagnostic>> {
    let drug: Document<Drug> = library.read(Shelf::Drugs, &order.drug, Some(order.drug_span))?;
    let system = &assembled.system.value;
    let refuse = |message: String, mend: &str| {
        vec![Diagnostic::error("drug-route", message).at(order.drug_span, "").mend(mend)]
    };
    let Some(route) = drug.value.system.get(&system.id) else {
        return Err(refuse(
            format!("`{}` cannot be given in system `{}`", order.drug, system.id),
            "add the route to the drug's file in library/drugs",
        ));
    };
    let into = match order.route {
        RouteKind::Intravenous => route.into.as_ref(),
        RouteKind::Subcutaneous => route.sc.as_ref().map(|d| &d.into),
        RouteKind::Oral => route.oral.as_ref().map(|d| &d.into),
    };
    let Some(into) = into else {
        return Err(refuse(
            format!("`{}` has no such route in system `{}`", order.drug, system.id),
            "name a route that its file in library/drugs has, or set a concentration with --medium",
        ));
    };
    let species = assembled.symbol(into.get_ref(), Some(drug.place(into))).map_err(|e| vec![*e])?;
    if !matches!(assembled.network[species].kind, SymbolKind::Species { .. }) {
        let message = format!("`{}` is not a species, so it takes no doses", into.get_ref());
        let error = Diagnostic::error("not-a-species", message).at(drug.place(into), "");
        return Err(vec![error.mend("name a species of the system")]);
    }
    let infusion_day = match (order.infusion_day, &route.infusion, order.route) {
        (Some(day), _, _) => day,
        (None, Some(text), RouteKind::Intravenous) => {
            let written = Written::in_document(&drug, text, &library.sources);
            crate::assemble::days(&written).map_err(|e| vec![*e])?
        }
        _ => 0.0,
    };
    let scale = dose_scale(order, &drug, species, assembled, library)?;
    let toxicity = drug.value.discontinuation.as_ref().map(|d| &d.hazard);
    let toxicity_per_day = toxicity.map_or(Ok(0.0), |h| {
        h.to(&quantity::per_day()).map_err(|m| {
            let error = Diagnostic::error("unit", m).at(drug.place(&h.unit), "");
            vec![error.mend("give it per time, such as 1/day")]
        })
    })?;
    Ok(BoundOrder {
        order: order.clone(),
        into: species,
        unit: assembled.network[species].unit.as_ref().map_or("1".into(), ToString::to_string),
        scale,
        infusion_day,
        lag_day: 0.0,
        available: 1.0,
        epoch: 0,
        toxicity_per_day,
    })
}

/// The factor from the written dose to the species' amount.
fn dose_scale(
    order: &Order,
    drug: &Document<Drug>,
    species: SymbolId,
    assembled: &Assembled,
    library: &Library,
) -> Result<DoseScale, Vec<Diagnostic>> {
    let amount = assembled.network[species].unit.clone().unwrap_or_else(Unit::dimensionless);
    let molar = &drug.value.molar_mass;
    let molar_place = Written::in_document(drug, &molar.unit, &library.sources);
    let molar_unit = Unit::parse(molar.unit.get_ref()).map_err(|e| {
        vec![
            Diagnostic::error("unit", format!("{e}"))
                .at(molar_place.whole(), "")
                .mend("give a mass per mole, such as kg/mol"),
        ]
    })?;
    if molar_unit.factor_to(&quantity::known("kg/mol")).is_none() {
        let message = format!("`{molar_unit}` is not a mass per mole");
        let error = Diagnostic::error("unit", message).at(molar_place.whole(), "");
        return Err(vec![error.mend("give it in kg/mol")]);
    }
    if !(molar.value.is_finite() && molar.value > 0.0) {
        let message = format!("a molar mass is above zero; this is {}", molar.value);
        return Err(vec![
            Diagnostic::error("quantity", message)
                .at(molar_place.whole(), "")
                .mend("give the mass of one mole"),
        ]);
    }
    // The dose as an amount of the species' unit: the same dimension, or mass against moles.
    let to_amount = |unit: &Unit| -> Option<f64> {
        unit.factor_to(&amount)
            .or_else(|| Some((unit / &molar_unit).factor_to(&amount)? / molar.value))
            .or_else(|| Some((unit * &molar_unit).factor_to(&amount)? * molar.value))
    };
    if let Some(scale) = to_amount(&order.unit) {
        return Ok(DoseScale::Flat(scale));
    }
    if let Some(dosing) = &assembled.system.value.dosing {
        for (role, make) in [
            (&dosing.per_kg, DoseScale::PerWeight as fn(f64) -> DoseScale),
            (&dosing.per_m2, DoseScale::PerSurface as fn(f64) -> DoseScale),
        ] {
            let id = assembled.role(role).map_err(|e| vec![*e])?;
            if let Some(scale) = to_amount(&(&order.unit * &assembled.unit(id))) {
                return Ok(make(scale));
            }
        }
    }
    Err(vec![
        Diagnostic::error(
            "dose-unit",
            format!(
                "`{}` is not a dose of `{}`, which is counted in {amount}",
                order.unit, order.drug
            ),
        )
        .at(order.dose_span, "")
        .mend("give an amount (mg), or an amount per kg or m2"),
    ])
}
