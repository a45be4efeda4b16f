//! What arrived of each drug.

use serde::{Deserialize, Serialize};

/// How much of a drug has arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivered {
    /// Drug.
    pub drug: String,
    /// Amount, in `unit`.
    pub amount: f64,
    /// Unit of the species that took it.
    pub unit: String,
}

impl Delivered {
    /// Adds this to what arrived before.
    pub fn add_to(self, all: &mut Vec<Delivered>) {
        match all.iter_mut().find(|d| d.drug == self.drug && d.unit == self.unit) {
            Some(one) => one.amount += self.amount,
            None => all.push(self),
        }
    }
}
