//! Least squares: bounded searches for many points at once, and the linear algebra they need.

mod descent;
mod linear;

pub use descent::{Evaluate, Search, Space, Status, central, descend};
pub use linear::{Square, dot, eigen, solve};
