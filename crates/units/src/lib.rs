//! Dimensions and exact unit algebra.

/// A unit of measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit(());

impl std::ops::Div for &Unit {
    type Output = Unit;
    fn div(self, _other: &Unit) -> Unit {
        Unit(())
    }
}
