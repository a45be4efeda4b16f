//! Reads XML back into a tree, refusing what is not well formed.

use quick_xml::{Reader, events::Event};

#[derive(Clone, Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The only child on a path like `model/listOfSpecies`.
    pub fn at(&self, path: &str) -> &Element {
        path.split('/').fold(self, |element, name| {
            let found: Vec<_> = element.children.iter().filter(|c| c.name == name).collect();
            assert_eq!(found.len(), 1, "{name} in {}", element.name);
            found[0]
        })
    }

    /// The child with this value of an attribute.
    pub fn with(&self, key: &str, value: &str) -> &Element {
        let found: Vec<_> = self.children.iter().filter(|c| c.get(key) == Some(value)).collect();
        assert_eq!(found.len(), 1, "{key}={value} in {}", self.name);
        found[0]
    }

    pub fn all<'a>(&'a self, found: &mut Vec<&'a Element>) {
        found.push(self);
        self.children.iter().for_each(|c| c.all(found));
    }
}

pub fn read(text: &str) -> Element {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut stack = vec![Element::default()];
    loop {
        let event = reader.read_event().expect("well-formed XML");
        let start = match &event {
            Event::Start(start) | Event::Empty(start) => Some(start),
            _ => None,
        };
        if let Some(start) = start {
            let attributes = start.attributes().map(|a| {
                let a = a.expect("well-formed attributes");
                (a.key.as_ref().to_string(), a.value.to_string())
            });
            stack.push(Element {
                name: start.name().as_ref().to_string(),
                attributes: attributes.collect(),
                ..Element::default()
            });
        }
        match event {
            Event::Empty(_) | Event::End(_) => {
                let done = stack.pop().expect("an open element");
                stack.last_mut().expect("a parent").children.push(done);
            }
            Event::Text(text) => {
                let open = stack.last_mut().expect("an open element");
                open.text.push_str(text.xml10_content().trim());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(stack.len(), 1, "all elements are closed");
    stack.remove(0).children.remove(0)
}
