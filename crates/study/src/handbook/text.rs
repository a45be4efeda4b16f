//! What the comments of a file say: its head, its sections, remarks above formulas.

/// The comment at the head of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// First sentence, without its full stop.
    pub title: String,
    /// Chapters of the biology it belongs to, the main one first (`Part of: …; …`).
    pub parts: Vec<String>,
    /// What the module claims (`Claims:`).
    pub claims: String,
    /// What it leaves out (`Leaves out:`).
    pub leaves_out: String,
    /// What else it says, a text per paragraph.
    pub remarks: Vec<String>,
}

/// Where the words of a labelled paragraph go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Part,
    Claims,
    LeavesOut,
    None,
}

const LABELS: [(&str, Label); 3] =
    [("Part of:", Label::Part), ("Claims:", Label::Claims), ("Leaves out:", Label::LeavesOut)];

/// Reads the head of a file.
pub(super) fn header(text: &str) -> Header {
    let mut header = Header::default();
    for (number, (label, words)) in paragraphs(text).into_iter().enumerate() {
        match label {
            Label::Part => {
                let parts = words.trim_end_matches('.').split(';').map(|p| p.trim().to_string());
                header.parts = parts.filter(|p| !p.is_empty()).collect();
            }
            Label::Claims => header.claims = words,
            Label::LeavesOut => header.leaves_out = words,
            Label::None if number == 0 => {
                let (title, rest) = words.split_once(". ").unwrap_or((&words, ""));
                header.title = title.trim_end_matches('.').to_string();
                header.remarks.extend((!rest.is_empty()).then(|| rest.to_string()));
            }
            Label::None => header.remarks.push(words),
        }
    }
    header
}

/// Paragraphs of the first comment; a new one begins after an empty line and at a label.
fn paragraphs(text: &str) -> Vec<(Label, String)> {
    let mut found: Vec<(Label, String)> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let Some(line) = line.trim().strip_prefix("//") else { break };
        let line = line.trim();
        let label = LABELS.iter().find(|(word, _)| line.starts_with(word));
        let words = label.map_or(line, |(word, _)| line[word.len()..].trim_start());
        match found.last_mut() {
            Some((_, text)) if open && label.is_none() && !line.is_empty() => {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(words);
            }
            _ if !line.is_empty() => {
                found.push((label.map_or(Label::None, |(_, l)| *l), words.to_string()));
            }
            _ => {}
        }
        open = !line.is_empty();
    }
    found
}

/// A heading or remark inside a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Comment {
    /// `// ---- words ----`.
    Section(String),
    /// Other words, lines that follow each other joined.
    Remark(String),
}

/// The comments after the head, each with the byte it begins and ends at.
pub(super) fn comments(text: &str) -> Vec<(usize, usize, Comment)> {
    let mut found: Vec<(usize, usize, Comment)> = Vec::new();
    let mut at = 0;
    let (mut head, mut joined) = (true, false);
    for line in text.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let Some(words) = line.trim().strip_prefix("//").map(str::trim) else {
            head = false;
            joined = false;
            continue;
        };
        if head {
            continue;
        }
        if let Some(title) = words.strip_prefix("----") {
            let title = title.trim_end_matches('-').trim().to_string();
            found.push((start, end, Comment::Section(title)));
            joined = false;
        } else if let Some((_, last, Comment::Remark(text))) = found.last_mut().filter(|_| joined) {
            *last = end;
            text.push(' ');
            text.push_str(words);
        } else {
            found.push((start, end, Comment::Remark(words.to_string())));
            joined = true;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_apart() {
        let text = "// From here\n// to there.\n//\n// Claims: one; two\n// three.\n\
                    // Leaves out: four.\n// Part of: Roads; Far ways.\n//\n// And more.\n\nmodel x()\nend\n";
        assert_eq!(
            header(text),
            Header {
                title: "From here to there".into(),
                parts: vec!["Roads".into(), "Far ways".into()],
                claims: "one; two three.".into(),
                leaves_out: "four.".into(),
                remarks: vec!["And more.".into()],
            }
        );
        assert_eq!(header("model x()\n// Claims: no\nend"), Header::default());
        let two = header("// One thing. Another\n// thing.\n");
        assert_eq!((two.title.as_str(), two.remarks), ("One thing", vec!["Another thing.".into()]));
    }

    #[test]
    fn comments_are_sections_or_remarks() {
        let text = "// Head.\nmodel x()\n  // ---- first part ----\n  // one\n  // two\n  a = 1;\n  // three\nend\n";
        let found: Vec<Comment> = comments(text).into_iter().map(|(_, _, c)| c).collect();
        let remark = |t: &str| Comment::Remark(t.into());
        assert_eq!(
            found,
            [Comment::Section("first part".into()), remark("one two"), remark("three")]
        );
        for (start, end, _) in comments(text) {
            assert!(text[start..end].trim_start().starts_with("//"));
        }
    }
}
