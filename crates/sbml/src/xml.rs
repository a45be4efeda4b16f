//! A thin layer over the XML writer: elements with optional attributes, written to memory.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

/// An XML text that is being written.
pub(crate) struct Xml {
    writer: Writer<Vec<u8>>,
    open: Vec<String>,
    /// Name space of the elements.
    pub(crate) core: &'static str,
}

/// Name space of Level 3 Version 2.
pub(crate) const CORE: &str = "http://www.sbml.org/sbml/level3/version2/core";

/// Attributes of an element; those without a value are left out.
pub(crate) type Attributes<'a> = &'a [(&'a str, Option<&'a str>)];

impl Xml {
    pub(crate) fn new() -> Self {
        let mut xml = Xml {
            writer: Writer::new_with_indent(Vec::new(), b' ', 2),
            open: Vec::new(),
            core: CORE,
        };
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml
    }

    fn event(&mut self, event: Event<'_>) {
        // Writing to memory does not fail.
        let _ = self.writer.write_event(event);
    }

    fn start<'a>(name: &'a str, attributes: Attributes<'_>) -> BytesStart<'a> {
        let mut start = BytesStart::new(name);
        for (key, value) in attributes {
            if let Some(value) = value {
                start.push_attribute((*key, *value));
            }
        }
        start
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        self.event(Event::Start(Xml::start(name, attributes)));
        self.open.push(name.to_string());
    }

    /// Writes text that is XML already.
    pub(crate) fn raw(&mut self, text: &str) {
        self.event(Event::Text(BytesText::from_escaped(text)));
    }

    /// Closes the element opened last.
    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.event(Event::End(BytesEnd::new(name)));
        }
    }

    /// An element without content.
    pub(crate) fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.event(Event::Empty(Xml::start(name, attributes)));
    }

    /// An element with text only.
    pub(crate) fn text(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.open(name, attributes);
        self.event(Event::Text(BytesText::new(&clean(text))));
        self.close();
    }

    /// Text between the elements of the open one.
    pub(crate) fn inline(&mut self, text: &str) {
        self.event(Event::Text(BytesText::new(&clean(text))));
    }

    /// A comment.
    pub(crate) fn comment(&mut self, text: &str) {
        let text = clean(text).replace("--", "- -");
        self.event(Event::Comment(BytesText::from_escaped(format!(" {text} "))));
    }

    /// The whole text, with all elements closed.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        let mut text = String::from_utf8_lossy(&self.writer.into_inner()).into_owned();
        text.push('\n');
        text
    }
}

/// Without the control characters that XML cannot hold.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// A number as the shortest text that reads back to it, as XML Schema doubles are written.
pub(crate) fn double(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_string()
    } else if value.is_infinite() {
        if value > 0.0 { "INF" } else { "-INF" }.to_string()
    } else if is_plain(value) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// True for numbers that are readable without a power of ten.
pub(crate) fn is_plain(value: f64) -> bool {
    value == 0.0 || (1e-4..1e15).contains(&value.abs())
}
