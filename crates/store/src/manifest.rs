//! What a run folder is: the inputs that decide its contents, and its state.

use std::{collections::BTreeMap, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::{Difference, StoreError};

/// Version of the layout of run folders.
pub(crate) const FORMAT: u32 = 1;

/// The inputs of a run, its chunks and its state; `manifest.json` in its folder.
///
/// Two runs are the same run when `study`, `seed`, `model_hash`, `versions`, `settings` and
/// `chunks` are equal. `command`, `circumstances`, `created` and `state` do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout; set by the folder.
    #[serde(default)]
    pub format: u32,
    /// The command as it was typed.
    pub command: String,
    /// Identifier of the trial or study.
    pub study: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Content hash of the model and the library files used.
    pub model_hash: String,
    /// Versions of the programs whose results these are.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    /// Settings that change results, with their units.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Settings that do not change results: threads, lane width, machine.
    #[serde(default)]
    pub circumstances: BTreeMap<String, String>,
    /// When the folder was made, UTC (RFC 3339); set by the folder.
    #[serde(default)]
    pub created: String,
    /// The chunks, in order.
    pub chunks: Vec<Chunk>,
    /// Whether the run is finished; set by the folder.
    #[serde(default)]
    pub state: State,
}

/// A piece of the run, computed and stored on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Its name, also of its file.
    pub name: String,
    /// Content hash of everything that decides its rows.
    pub key: String,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Parts may be missing.
    #[default]
    Running,
    /// All parts are there.
    Complete,
}

impl Manifest {
    /// The fields in which two runs differ; empty when they are the same run.
    pub(crate) fn differences(&self, here: &Manifest) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |field: &str, there: &str, here: &str| {
            if there != here {
                let [field, there, here] = [field, there, here].map(str::to_string);
                found.push(Difference { field, there, here });
            }
        };
        compare("study", &self.study, &here.study);
        compare("seed", &self.seed.to_string(), &here.seed.to_string());
        compare("model_hash", &self.model_hash, &here.model_hash);
        for (name, there, here) in [
            ("versions", &self.versions, &here.versions),
            ("settings", &self.settings, &here.settings),
        ] {
            let keys: std::collections::BTreeSet<_> = there.keys().chain(here.keys()).collect();
            for key in keys {
                let value = |map: &BTreeMap<String, String>| {
                    map.get(key).cloned().unwrap_or_else(|| "not set".into())
                };
                compare(&format!("{name}.{key}"), &value(there), &value(here));
            }
        }
        if self.chunks.len() != here.chunks.len() {
            let count = |m: &Manifest| m.chunks.len().to_string();
            compare("chunks", &count(self), &count(here));
        } else {
            for (i, (a, b)) in self.chunks.iter().zip(&here.chunks).enumerate() {
                compare(&format!("chunks[{i}].name"), &a.name, &b.name);
                compare(&format!("chunks[{i}].key"), &a.key, &b.key);
            }
            // Every key differs when the inputs do; the first says enough.
            found.dedup_by(|b, a| a.field.starts_with("chunks[") && b.field.starts_with("chunks["));
        }
        found
    }

    /// Refuses chunk names that cannot be files, or that share one file.
    pub(crate) fn check_names(&self) -> Result<(), StoreError> {
        let mut seen = std::collections::HashSet::new();
        for chunk in &self.chunks {
            // Some file systems do not tell upper from lower case.
            if !is_file_name(&chunk.name) || !seen.insert(chunk.name.to_lowercase()) {
                return Err(StoreError::BadName { name: chunk.name.clone() });
            }
        }
        Ok(())
    }
}

/// Whether a name is a plain file name on every system.
pub(crate) fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// The present moment in UTC, to the second: `2001-03-15T09:30:00Z`.
pub(crate) fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    rfc3339(since.as_secs())
}

/// Seconds since 1970 as a date and time in UTC (Gregorian calendar, no leap seconds).
fn rfc3339(seconds: u64) -> String {
    let (mut days, rest) = (seconds / 86_400, seconds % 86_400);
    let leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!(
        "{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        month + 1,
        days + 1,
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from `date -u -d @N +%FT%TZ`.
    #[test]
    fn dates() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_735_689_599), "2024-12-31T23:59:59Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for name in ["", ".", "..", "../a", "a/b", "a\\b", ".hidden", "a b", "ü"] {
            assert!(!is_file_name(name), "{name}");
        }
        for name in ["arm-0_chunk-0001", "report.html"] {
            assert!(is_file_name(name), "{name}");
        }
    }
}
