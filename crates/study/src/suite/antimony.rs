//! Pairs of an Antimony text and the SBML that it must mean.

use std::{fs, io, path::Path};

use hersim_antimony::{Files, Request};
use hersim_network::{Diagnostic, Level, Sources};

use super::{case::Verdict, told_apart};

/// The one text of a pair.
struct One(String);

impl Files for One {
    fn read(&self, path: &Path) -> io::Result<String> {
        match path.extension().and_then(|e| e.to_str()) {
            Some("ant") => Ok(self.0.clone()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Compares the meaning of a pair.
pub(crate) fn judge(folder: &Path, id: &str) -> Verdict {
    verdict(folder, id).unwrap_or_else(Verdict::Refused)
}

fn verdict(folder: &Path, id: &str) -> Result<Verdict, String> {
    let read = |ending: &str| {
        let name = format!("{id}.{ending}");
        fs::read_to_string(folder.join(&name)).map_err(|e| format!("missing-file: {name}: {e}"))
    };
    let (text, sbml) = (read("txt")?, read("xml")?);
    let mut sources = Sources::default();
    let request =
        Request { model: Path::new("model.ant"), main: None, subclones: &[], tolerant: true };
    let said = hersim_antimony::load(&One(text), &request, &mut sources).map_err(first)?;
    // What is only warned of is left out of the network: that is not the whole meaning.
    if let Some(left) = said.warnings.iter().find(|d| d.code == "ignored") {
        return Err(format!("{}: {}", left.code, left.message));
    }
    let mut other = |file: &str| fs::read_to_string(folder.join(file)).ok();
    let meant = hersim_sbml::read(&format!("{id}.xml"), &sbml, &mut sources, &mut other);
    let [more, less] = told_apart(&said.network, &meant.map_err(first)?);
    if more.is_empty() && less.is_empty() {
        return Ok(Verdict::Right);
    }
    Ok(Verdict::Wrong(format!("said {more:?}, meant {less:?}")))
}

/// The first error, as `code: message`.
fn first(problems: Vec<Diagnostic>) -> String {
    let error = problems.iter().find(|d| d.level == Level::Error).or(problems.first());
    error.map_or(String::new(), |d| format!("{}: {}", d.code, d.message))
}
