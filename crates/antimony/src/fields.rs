//! Fields of names: `x.sboTerm`, `x.mean` and the like.

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Term of the Systems Biology Ontology.
    Sbo,
    /// A statistic, in SBML's spelling.
    Statistic(&'static str),
}

/// Spellings in small letters, and SBML's.
const STATISTICS: [(&str, &str); 17] = [
    ("mean", "mean"),
    ("stdev", "standardDeviation"),
    ("standarddeviation", "standardDeviation"),
    ("coefficientofvariation", "coeffientOfVariation"),
    ("kurtosis", "kurtosis"),
    ("median", "median"),
    ("mode", "mode"),
    ("samplesize", "sampleSize"),
    ("skewness", "skewness"),
    ("standarderror", "standardError"),
    ("variance", "variance"),
    ("range", "range"),
    ("confidenceinterval", "confidenceInterval"),
    ("credibleinterval", "credibleInterval"),
    ("interquartilerange", "interquartileRange"),
    ("distribution", "distribution"),
    ("externalparameter", "externalParameter"),
];

/// The field at the end of a path, when its last step is the name of one; a submodel may still
/// have a symbol of that name.
pub(crate) fn field_of(path: &str) -> Option<Field> {
    let (_, last) = path.rsplit_once('.')?;
    let last = last.to_ascii_lowercase();
    if last == "sboterm" {
        return Some(Field::Sbo);
    }
    let found = STATISTICS.iter().find(|(spelling, _)| *spelling == last);
    found.map(|(_, statistic)| Field::Statistic(statistic))
}

/// The spelling that writes a statistic.
pub(crate) fn spelling(statistic: &str) -> &str {
    if statistic == "coeffientOfVariation" { "coefficientOfVariation" } else { statistic }
}
