//! From a regimen and a patient's size to amounts at times.

use hersim_network::{Diagnostic, SymbolId};
use hersim_units::Unit;

use crate::{
    assemble::Assembled,
    document::Document,
    library::{Drug, Library, Shelf},
    regimen::{Order, Regimen, RouteKind},
    written::Written,
};

/// One order of a regimen, bound to a species of a system.
#[derive(Clone, Debug)]
pub struct BoundOrder {
    /// The order.
    pub order: Order,
    /// Species that receives the doses.
    pub into: SymbolId,
    /// What the written dose must be multiplied with to give the species' unit.
    pub scale: DoseScale,
    /// Days over which a dose is infused; zero for a bolus.
    pub infusion_day: f64,
}

/// How a written dose becomes an amount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DoseScale {
    /// The same for everyone.
    Flat(f64),
    /// Times body weight.
    PerWeight(f64),
    /// Times body surface.
    PerSurface(f64),
}

/// A regimen bound to a system.
#[derive(Clone, Debug, Default)]
pub struct BoundRegimen {
    /// Its orders.
    pub orders: Vec<BoundOrder>,
}

/// What doses may refer to.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodySize {
    /// Body weight, in the unit of the system's symbol.
    pub weight: f64,
    /// Body surface, in the unit of the system's symbol.
    pub surface: f64,
}

/// A change of a species' supply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoseEvent {
    /// When, days.
    pub day: f64,
    /// Index of the order in its regimen.
    pub order: usize,
    /// What happens.
    pub action: DoseAction,
}

/// What happens at a [`DoseEvent`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DoseAction {
    /// An amount at once.
    Bolus(f64),
    /// An infusion begins: amount per day.
    Start(f64),
    /// The infusion ends.
    Stop,
}

impl BoundRegimen {
    /// Finds the species for each drug of a regimen.
    ///
    /// # Errors
    /// `unknown-drug`, `drug-route`, `dose-unit`: all that do not fit.
    pub fn bind(
        regimen: &Regimen,
        assembled: &Assembled,
        library: &mut Library,
    ) -> Result<BoundRegimen, Vec<Diagnostic>> {
        let mut orders = Vec::new();
        let mut errors = Vec::new();
        for order in &regimen.orders {
            match bind_order(order, assembled, library) {
                Ok(bound) => orders.push(bound),
                Err(more) => errors.extend(more),
            }
        }
        if errors.is_empty() { Ok(BoundRegimen { orders }) } else { Err(errors) }
    }

    /// Species that receive doses.
    pub fn inputs(&self) -> impl Iterator<Item = SymbolId> + '_ {
        self.orders.iter().map(|o| o.into)
    }

    /// All changes from `start_day` to `horizon_day`, in order of time; at one time, ends of
    /// infusions come first.
    pub fn events(&self, size: BodySize, start_day: f64, horizon_day: f64) -> Vec<DoseEvent> {
        let mut events = Vec::new();
        for (index, bound) in self.orders.iter().enumerate() {
            for (day, dose) in bound.order.doses(horizon_day - start_day) {
                let day = start_day + day;
                let amount = dose * bound.scale.factor(size);
                if bound.infusion_day > 0.0 {
                    let rate = amount / bound.infusion_day;
                    let stop = day + bound.infusion_day;
                    events.push(DoseEvent { day, order: index, action: DoseAction::Start(rate) });
                    events.push(DoseEvent { day: stop, order: index, action: DoseAction::Stop });
                } else {
                    events.push(DoseEvent { day, order: index, action: DoseAction::Bolus(amount) });
                }
            }
        }
        let rank = |e: &DoseEvent| u8::from(e.action != DoseAction::Stop);
        events.sort_by(|a, b| {
            a.day.total_cmp(&b.day).then(rank(a).cmp(&rank(b))).then(a.order.cmp(&b.order))
        });
        events
    }
}

impl DoseScale {
    /// Amount per written dose for a patient of this size.
    pub fn factor(self, size: BodySize) -> f64 {
        match self {
            DoseScale::Flat(scale) => scale,
            DoseScale::PerWeight(scale) => scale * size.weight,
            DoseScale::PerSurface(scale) => scale * size.surface,
        }
    }
}

fn bind_order(
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
    let infusion_day = match (order.infusion_day, &route.infusion, order.route) {
        (Some(day), _, _) => day,
        (None, Some(text), RouteKind::Intravenous) => {
            let written = Written::in_document(&drug, text, &library.sources);
            crate::assemble::days(&written).map_err(|e| vec![*e])?
        }
        _ => 0.0,
    };
    let scale = dose_scale(order, &drug, species, assembled, library)?;
    Ok(BoundOrder { order: order.clone(), into: species, scale, infusion_day })
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
    let molar_unit = Unit::parse(molar.unit.get_ref())
        .map_err(|e| vec![Diagnostic::error("unit", format!("{e}")).at(molar_place.whole(), "")])?;
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
