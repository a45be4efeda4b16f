//! What a well-formed network is.

use crate::{Diagnostic, Network};

/// Everything wrong with a network: units of every expression, orphans, missing values.
pub fn check(_network: &Network) -> Vec<Diagnostic> {
    Vec::new()
}
