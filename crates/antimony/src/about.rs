//! What is said of parts for people and catalogues, put together.

use hersim_network::{About, Annotation, Creator};

use crate::ast::{CreatorField, Date, Remark};

/// One thing that is said.
#[derive(Clone, Copy)]
pub(crate) enum Told<'p> {
    Remark(&'p Remark),
    /// Words for people from a table.
    Called(&'p str),
    Sbo(u32),
}

/// Puts together what is said, each with its depth; of what can be said only once the outermost
/// holds, and among several of one depth the last.
pub(crate) fn about<'p>(mut all: Vec<(u32, Told<'p>)>) -> About {
    let mut about = About::default();
    let mut parts = Parts::default();
    all.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
    for (_, told) in all {
        match told {
            Told::Sbo(number) => about.sbo = Some(number),
            Told::Called(words) => about.display_name = Some(words.to_string()),
            Told::Remark(Remark::Called(words)) => about.display_name = Some(words.clone()),
            Told::Remark(Remark::Notes(words)) => about.notes = Some(words.clone()),
            Told::Remark(Remark::Annotate(qualifier, resources)) => {
                for annotation in annotations(qualifier, resources) {
                    if !about.annotations.contains(&annotation) {
                        about.annotations.push(annotation);
                    }
                }
            }
            Told::Remark(Remark::Date(Date::Created, date)) => about.created = Some(date.clone()),
            Told::Remark(Remark::Date(Date::Modified, date)) => about.modified.push(date.clone()),
            Told::Remark(Remark::DatePart(date, part, value)) => parts.date(*date, *part, *value),
            Told::Remark(Remark::Creator(number, field, words)) => {
                parts.creator(*number, *field, words);
            }
        }
    }
    about.creators = parts.creators.into_iter().map(|(_, creator)| creator).collect();
    if let Some(date) = parts.created {
        about.created = Some(written(date));
    }
    about.modified.extend(parts.modified.map(written));
    about
}

/// The annotations that one statement makes.
pub(crate) fn annotations<'a>(
    qualifier: &'a str,
    resources: &'a [String],
) -> impl Iterator<Item = Annotation> + 'a {
    let made = |uri: &String| Annotation { qualifier: qualifier.into(), resource: uri.clone() };
    resources.iter().map(made)
}

/// Year, month, day, hour, minute, second.
type Moment = [u32; 6];

/// What is said bit by bit.
#[derive(Default)]
struct Parts {
    created: Option<Moment>,
    modified: Option<Moment>,
    creators: Vec<(u32, Creator)>,
}

impl Parts {
    fn date(&mut self, date: Date, part: usize, value: u32) {
        let moment = match date {
            Date::Created => &mut self.created,
            Date::Modified => &mut self.modified,
        };
        if let Some(slot) = moment.get_or_insert([2000, 1, 1, 0, 0, 0]).get_mut(part) {
            *slot = value;
        }
    }

    fn creator(&mut self, number: u32, field: CreatorField, words: &str) {
        let at = self.creators.iter().position(|(known, _)| *known == number);
        let at = at.unwrap_or_else(|| {
            self.creators.push((number, Creator::default()));
            self.creators.len() - 1
        });
        let creator = &mut self.creators[at].1;
        let slot = match field {
            CreatorField::GivenName => &mut creator.given_name,
            CreatorField::FamilyName => &mut creator.family_name,
            CreatorField::Organization => &mut creator.organization,
            CreatorField::Email => &mut creator.email,
        };
        *slot = Some(words.to_string());
    }
}

fn written([year, month, day, hour, minute, second]: Moment) -> String {
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
