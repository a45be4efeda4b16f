//! A regimen as an event table.

use hersim_units::Unit;

use super::{BodySize, BoundOrder, BoundRegimen, DoseScale};
use crate::{assemble::Assembled, regimen::RouteKind};

/// Writes the doses of a regimen up to `horizon_day` as an event table (CSV, one subject, amounts
/// for a patient of this size). Reading it back gives the same doses.
///
/// Amounts are in mg when all orders can be, else in the unit of their species.
pub fn event_table(
    regimen: &BoundRegimen,
    size: BodySize,
    assembled: &Assembled,
    horizon_day: f64,
) -> String {
    let milligram = Unit::parse("mg").ok();
    let by_mass: Option<Vec<f64>> = regimen
        .orders
        .iter()
        .map(|o| milligrams(o, size, assembled, milligram.as_ref()?))
        .collect();
    let unit = match &by_mass {
        Some(_) => "mg".to_string(),
        None => (regimen.orders.first())
            .and_then(|o| assembled.network[o.into].unit.as_ref())
            .map_or("1".to_string(), ToString::to_string),
    };
    let mut rows = Vec::new();
    for (i, bound) in regimen.orders.iter().enumerate() {
        let factor = by_mass.as_ref().map_or(bound.scale.factor(size), |all| all[i]);
        let route = match bound.order.route {
            RouteKind::Intravenous => "iv",
            RouteKind::Subcutaneous => "sc",
            RouteKind::Oral => "oral",
        };
        let doses: Vec<(f64, f64)> = bound.order.doses(horizon_day).collect();
        // The first dose may differ; the others are one row for each dose of a cycle.
        let split = usize::from(bound.order.first != bound.order.then && doses.len() > 1);
        let places = bound.order.offsets.len();
        let of_place = |place: usize| -> Vec<(f64, f64)> {
            let all = doses.iter().enumerate().skip(split);
            all.filter(|(i, _)| i % places == place).map(|(_, dose)| *dose).collect()
        };
        let parts = (0..places).map(of_place);
        for part in [doses[..split].to_vec()].into_iter().chain(parts) {
            let Some((day, dose)) = part.first() else { continue };
            let more = part.len() - 1;
            let every = if more > 0 { bound.order.every_day } else { 0.0 };
            rows.push((
                *day,
                format!(
                    "1,{day},1,{},{route},{},{},{every},{more}\n",
                    bound.order.drug,
                    dose * factor,
                    bound.infusion_day
                ),
            ));
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut text = format!("ID,TIME [day],EVID,DRUG,ROUTE,AMT [{unit}],DUR,II,ADDL\n");
    text.extend(rows.into_iter().map(|r| r.1));
    text
}

/// What a written dose must be multiplied with to give milligrams.
fn milligrams(
    bound: &BoundOrder,
    size: BodySize,
    assembled: &Assembled,
    milligram: &Unit,
) -> Option<f64> {
    let dosing = assembled.system.value.dosing.as_ref();
    let (body, unit) = match bound.scale {
        DoseScale::Flat(_) => (1.0, Unit::dimensionless()),
        DoseScale::PerWeight(_) => {
            (size.weight, assembled.unit(assembled.role(&dosing?.per_kg).ok()?))
        }
        DoseScale::PerSurface(_) => {
            (size.surface, assembled.unit(assembled.role(&dosing?.per_m2).ok()?))
        }
    };
    Some(body * (&bound.order.unit * &unit).factor_to(milligram)?)
}
