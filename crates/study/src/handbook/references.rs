//! `model/references.csv`: the literature that `ref:` means.

use hersim_network::Diagnostic;

use crate::library::Library;

/// One paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its number, as `ref:` names it.
    pub number: String,
    /// Line of the file it stands in, from one.
    pub line: usize,
    /// Authors.
    pub authors: String,
    /// Title.
    pub title: String,
    /// Journal, year, volume and pages.
    pub place: String,
}

/// Reads the file; a model without one has no references.
pub(super) fn read(library: &mut Library) -> Result<Vec<Reference>, Vec<Diagnostic>> {
    let path = library.path("model/references.csv");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let (files, sources) = library.reader();
    let text = crate::document::text(files, &path)?;
    sources.add(path.display().to_string(), text.as_str());
    Ok(parse(&text))
}

/// The rows below the header; fields in quotes may hold commas.
fn parse(text: &str) -> Vec<Reference> {
    let mut lines = text.lines().enumerate();
    let Some((_, header)) = lines.next() else { return Vec::new() };
    let header = fields(header);
    let read = |(number, line): (usize, &str)| {
        let fields = fields(line);
        let field = |name: &str| {
            let column = header.iter().position(|h| h == name);
            column.and_then(|c| fields.get(c)).cloned().unwrap_or_default()
        };
        let volume = [field("volume"), field("pages")].join(": ");
        let volume = volume.trim_matches([':', ' ']).to_string();
        let place = [field("journal"), field("year"), volume];
        let place: Vec<String> = place.into_iter().filter(|p| !p.is_empty()).collect();
        Reference {
            number: field("number"),
            line: number + 1,
            authors: field("authors"),
            title: field("title"),
            place: place.join(", "),
        }
    };
    lines.filter(|(_, line)| !line.trim().is_empty()).map(read).collect()
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                fields.last_mut().into_iter().for_each(|f| f.push('"'));
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().into_iter().for_each(|f| f.push(c)),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_commas_and_quotes() {
        let text = "number,authors,title,journal,year,volume,pages\n\
                    1,\"A, B\",\"The \"\"one\"\"\",J. X,1999,,12\n";
        let read = parse(text);
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].number.as_str(), read[0].line), ("1", 2));
        assert_eq!(read[0].authors, "A, B");
        assert_eq!(read[0].title, "The \"one\"");
        assert_eq!(read[0].place, "J. X, 1999, 12");
    }
}
