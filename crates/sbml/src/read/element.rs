//! Elements and their attributes: where they stand and what they say.

use hersim_network::{About, Diagnostic, FileId, Span};
use roxmltree::{Attribute, Node};

use super::{
    annotation,
    syntax::{Head, Math, Name, Pointer, Replaced, Step},
    uncertainty,
};

/// Elements of `comp`.
pub(super) const COMP: &str = "http://www.sbml.org/sbml/level3/version1/comp/version1";

/// The file that is being read, and what is wrong with it so far.
pub(super) struct Place<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    pub(super) level: u32,
    pub(super) version: u32,
    pub(super) found: Vec<Diagnostic>,
}

impl Place<'_> {
    /// The start tag of an element, or the whole of one that holds text only.
    pub(super) fn span(&self, node: Node) -> Span {
        let range = node.range();
        let whole = self.text.get(range.clone()).unwrap_or("");
        let leaf = !node.children().any(|c| c.is_element()) && !whole.contains('\n');
        let length =
            if leaf { whole.len() } else { whole.find('>').map_or(whole.len(), |i| i + 1) };
        Span::new(self.file, range.start..range.start + length)
    }

    pub(super) fn wrong_math(&mut self, node: Node, message: &str) -> Math {
        let span = self.span(node);
        self.found.push(
            Diagnostic::error("bad-math", message)
                .at(span, "")
                .mend("see the subset of MathML in the specification of SBML"),
        );
        Math::number(f64::NAN, span)
    }

    pub(super) fn head(&mut self, node: Node) -> Head {
        let id = self.id(node).unwrap_or("").to_string();
        let mut replaces = Vec::new();
        let mut replaced_by = None;
        for child in node.children().filter(|c| c.tag_name().namespace() == Some(COMP)) {
            match child.tag_name().name() {
                "listOfReplacedElements" => {
                    for one in child.children().filter(Node::is_element) {
                        let deleted = one.attribute((COMP, "deletion")).is_some();
                        let factor = self.comp_name(one, "conversionFactor");
                        let at = self.pointer(one);
                        replaces.push(Replaced { at, factor, deleted });
                    }
                }
                "replacedBy" => replaced_by = Some(self.pointer(child)),
                _ => {}
            }
        }
        let notes = node.children().find(|c| c.has_tag_name_local("notes"));
        let mut about = About {
            display_name: node.attribute("name").filter(|n| !n.is_empty()).map(str::to_string),
            notes: notes.map(|n| annotation::inner(n, self.text)).filter(|n| !n.is_empty()),
            sbo: node.attribute("sboTerm").and_then(annotation::sbo),
            ..About::default()
        };
        annotation::read(node, &mut about);
        Head {
            id,
            home: String::new(),
            meta: node.attribute("metaid").map(str::to_string),
            about,
            uncertainties: uncertainty::read(node, self),
            span: self.span(node),
            replaces,
            replaced_by,
        }
    }

    fn id<'a>(&self, node: Node<'a, '_>) -> Option<&'a str> {
        match node.tag_name().name() {
            // Their ids are what they act on, not names of their own.
            _ if node.tag_name().namespace() == Some(COMP) => node.attribute((COMP, "id")),
            _ => node.attribute("id"),
        }
    }

    /// What an attribute names.
    pub(super) fn name(&self, node: Node, attribute: &str) -> Option<Name> {
        self.named_by(node.attribute_node(attribute)?)
    }

    pub(super) fn comp_name(&self, node: Node, attribute: &str) -> Option<Name> {
        self.named_by(node.attribute_node((COMP, attribute))?)
    }

    fn named_by(&self, attribute: Attribute) -> Option<Name> {
        let text = attribute.value().trim().to_string();
        Some(Name { text, span: Span::new(self.file, attribute.range_value()) })
    }

    /// A name that must be there.
    pub(super) fn needed(&mut self, node: Node, attribute: &str) -> Name {
        self.there(self.name(node, attribute), node, attribute)
    }

    pub(super) fn comp_needed(&mut self, node: Node, attribute: &str) -> Name {
        self.there(self.comp_name(node, attribute), node, attribute)
    }

    fn there(&mut self, name: Option<Name>, node: Node, attribute: &str) -> Name {
        match name {
            Some(name) => name,
            None => {
                let span = self.span(node);
                let tag = node.tag_name().name();
                self.found.push(
                    Diagnostic::error(
                        "missing-attribute",
                        format!("`{tag}` has no attribute `{attribute}`"),
                    )
                    .at(span, "")
                    .mend(format!("add `{attribute}=\"…\"`")),
                );
                Name { text: String::new(), span }
            }
        }
    }

    pub(super) fn number(&mut self, node: Node, attribute: &str) -> Option<f64> {
        let text = node.attribute(attribute)?.trim();
        self.parsed(node, attribute, text)
    }

    /// A number in an attribute of a package.
    pub(super) fn number_in(&mut self, node: Node, space: &str, attribute: &str) -> Option<f64> {
        let text = node.attribute((space, attribute))?.trim();
        self.parsed(node, attribute, text)
    }

    fn parsed(&mut self, node: Node, attribute: &str, text: &str) -> Option<f64> {
        let value = match text {
            "INF" => Ok(f64::INFINITY),
            "-INF" => Ok(f64::NEG_INFINITY),
            "NaN" => Ok(f64::NAN),
            _ => text.parse(),
        };
        match value {
            Ok(value) => Some(value),
            Err(_) => {
                self.bad(node, attribute, text, "a number");
                None
            }
        }
    }

    /// A whole number of at most `most`.
    pub(super) fn whole(&mut self, node: Node, attribute: &str, most: i32) -> Option<i32> {
        let value = self.number(node, attribute)?;
        if value.fract() == 0.0 && value.abs() <= f64::from(most) {
            return Some(value as i32);
        }
        let text = node.attribute(attribute).unwrap_or("").trim();
        self.bad(node, attribute, text, &format!("a whole number from -{most} to {most}"));
        None
    }

    /// The id that an element must have.
    pub(super) fn needed_id(&mut self, node: Node) {
        let id = self.needed(node, "id");
        let mut letters = id.text.chars();
        let first = letters.next().is_none_or(|c| c.is_ascii_alphabetic() || c == '_');
        if !first || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            self.bad(node, "id", &id.text, "an id: letters, digits and `_`, no digit first");
        }
    }

    pub(super) fn truth(&mut self, node: Node, attribute: &str, default: bool) -> bool {
        match node.attribute(attribute).map(str::trim) {
            None => default,
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            Some(other) => {
                self.bad(node, attribute, other, "`true` or `false`");
                default
            }
        }
    }

    fn bad(&mut self, node: Node, attribute: &str, text: &str, wanted: &str) {
        let message = format!("`{attribute}` is `{text}`, which is not {wanted}");
        let place = node.attribute_node(attribute).map(|a| Span::new(self.file, a.range_value()));
        self.found.push(
            Diagnostic::error("bad-attribute", message)
                .at(place.unwrap_or(self.span(node)), "")
                .mend(format!("give {wanted}")),
        );
    }

    /// The way to an element that a `comp` element gives.
    pub(super) fn pointer(&mut self, node: Node) -> Pointer {
        let submodel = node.attribute((COMP, "submodelRef")).map(str::to_string);
        let mut steps = Vec::new();
        let mut at = Some(node);
        while let Some(here) = at {
            let get = |name| here.attribute((COMP, name)).map(|s: &str| s.trim().to_string());
            steps.extend(
                None.or_else(|| get("idRef").map(Step::Id))
                    .or_else(|| get("metaIdRef").map(Step::Meta))
                    .or_else(|| get("portRef").map(Step::Port))
                    .or_else(|| get("unitRef").map(Step::Unit)),
            );
            at = here.children().find(|c| c.has_tag_name((COMP, "sBaseRef")));
        }
        Pointer { submodel, steps, span: self.span(node) }
    }
}

/// Looking at the local part of a name only.
pub(super) trait Local {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl Local for Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}
