//! How a study tells its door how far it is.

/// Hears how far a study is. Called from several threads.
pub trait Progress: Sync {
    /// A stage with `total` pieces of work begins.
    fn begin(&self, what: &str, total: u64);
    /// So many more pieces are done.
    fn advance(&self, pieces: u64);
    /// The stage is over.
    fn end(&self);
}

/// Hears nothing.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _total: u64) {}
    fn advance(&self, _pieces: u64) {}
    fn end(&self) {}
}
