use super::*;

mod build;
mod conserved;
mod structural;
mod unit_rules;
mod wording;

use build::build;
