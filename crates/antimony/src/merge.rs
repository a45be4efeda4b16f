//! Names that are one, and what holds of each: the outer text wins over the inner one, and two
//! texts of one level may not contradict each other.

use std::collections::HashMap;

use hersim_network::{About, Diagnostic, Span};
use hersim_units::Unit;

use crate::{
    about::about,
    ast::{Class, Formula, How, ReactionText},
    flatten::{Facts, Flat, Given, Known, Said},
    program::{Program, twice},
};

/// One symbol of the network to be.
pub(crate) struct Merged<'p> {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) span: Span,
    pub(crate) kind: Kind<'p>,
    pub(crate) unit: Option<Said<Unit>>,
    pub(crate) value: Option<Said<Given<'p>>>,
    pub(crate) rule: Option<Said<(How, &'p Formula)>>,
    /// Whether some text gives a rule, even one that does not hold.
    pub(crate) ruled: bool,
    pub(crate) constant: Option<bool>,
    pub(crate) boundary: bool,
    pub(crate) known: Vec<Said<(&'static str, Known<'p>)>>,
    pub(crate) about: About,
}

/// What a symbol is.
pub(crate) enum Kind<'p> {
    /// Compartment by index of its symbol, if one is given.
    Species {
        amount: bool,
        compartment: Option<usize>,
    },
    Compartment,
    Parameter,
    /// What takes part, the rate, and where it takes place.
    Reaction {
        text: Said<&'p ReactionText>,
        rate: Option<Said<&'p Formula>>,
        compartment: Option<usize>,
    },
}

/// The symbols, and which one each name of the flat list means.
pub(crate) struct Symbols<'p> {
    pub(crate) all: Vec<Merged<'p>>,
    pub(crate) of_node: Vec<Option<usize>>,
    /// Whether a species names no compartment.
    pub(crate) homeless: bool,
}

/// Joins names that are the same and settles what holds of them.
pub(crate) fn merge<'p>(
    program: &Program,
    flat: &mut Flat<'p>,
    found: &mut Vec<Diagnostic>,
) -> Symbols<'p> {
    let groups = groups(flat);
    check_mentions(program, flat, &groups, found);
    let depths: Vec<u32> = flat.instances.iter().map(|i| i.depth).collect();
    let homes = homes(flat, &groups);
    let mut of_node = vec![None; flat.nodes.len()];
    let declared = groups.iter().filter(|g| g.iter().any(|n| flat.nodes[*n].declared));
    let deleted = |g: &&Vec<usize>| g.iter().any(|n| flat.is_deleted(&flat.nodes[*n].name));
    let live: Vec<&Vec<usize>> = declared.filter(|g| !deleted(g)).collect();
    for (index, group) in live.iter().enumerate() {
        group.iter().for_each(|n| of_node[*n] = Some(index));
    }
    let tolerant = program.tolerant;
    let settle = |group: &Vec<usize>| {
        let settler = Settler { tolerant, depths: &depths, found, of_node: &of_node };
        settler.settle(flat, group, &homes)
    };
    let all: Vec<Merged<'p>> = live.into_iter().map(settle).collect();
    let homeless =
        |merged: &Merged<'_>| matches!(merged.kind, Kind::Species { compartment: None, .. });
    let homeless = all.iter().any(homeless);
    Symbols { all, of_node, homeless }
}

/// Where species are that take part in a reaction with a compartment: its node by theirs.
fn homes(flat: &Flat<'_>, groups: &[Vec<usize>]) -> HashMap<usize, usize> {
    let mut homes = HashMap::new();
    for group in groups {
        let compartment = group.iter().flat_map(|n| &flat.nodes[*n].facts.compartment).last();
        let Some(compartment) = compartment else { continue };
        for said in group.iter().flat_map(|n| &flat.nodes[*n].facts.reactions) {
            for term in said.what.reactants.iter().chain(&said.what.products) {
                if let Some(node) = flat.seen_from(said.instance, &term.species.path) {
                    homes.insert(node, compartment.what);
                }
            }
        }
    }
    homes
}

/// Sets of names that are one, in order of first appearance.
fn groups(flat: &Flat<'_>) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..flat.nodes.len()).collect();
    fn root(parent: &mut [usize], mut node: usize) -> usize {
        while parent[node] != node {
            parent[node] = parent[parent[node]];
            node = parent[node];
        }
        node
    }
    for (a, b) in &flat.same {
        let (a, b) = (root(&mut parent, *a), root(&mut parent, *b));
        let (first, second) = (a.min(b), a.max(b));
        parent[second] = first;
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); flat.nodes.len()];
    for node in 0..flat.nodes.len() {
        let home = root(&mut parent, node);
        groups[home].push(node);
    }
    groups.retain(|g| !g.is_empty());
    groups
}

fn check_mentions(
    program: &Program,
    flat: &Flat<'_>,
    groups: &[Vec<usize>],
    found: &mut Vec<Diagnostic>,
) {
    let mut group_of = vec![0; flat.nodes.len()];
    for (index, group) in groups.iter().enumerate() {
        group.iter().for_each(|n| group_of[*n] = index);
    }
    for mention in &flat.mentions {
        let node = &flat.nodes[mention.node];
        let made_inside = || {
            groups[group_of[mention.node]].iter().any(|n| {
                let facts = &flat.nodes[*n].facts;
                flat.nodes[*n].declared
                    && !(facts.rules.is_empty()
                        && facts.reactions.is_empty()
                        && facts.class.is_empty()
                        && !facts.used_as_species)
            })
        };
        if node.declared || (mention.may_be_new && made_inside()) {
            continue;
        }
        let prefix = &flat.instances[mention.instance].prefix;
        let path = node.name.strip_prefix(prefix.as_str()).unwrap_or(&node.name);
        if flat.is_no_symbol(&node.name)
            || (program.incomplete && path.contains('.'))
            || flat.may_be_unread(mention.instance, path)
        {
            continue;
        }
        found.push(flat.unknown(mention.instance, path, mention.span));
    }
}

struct Settler<'a> {
    tolerant: bool,
    depths: &'a [u32],
    found: &'a mut Vec<Diagnostic>,
    of_node: &'a [Option<usize>],
}

impl Settler<'_> {
    fn settle<'p>(
        mut self,
        flat: &mut Flat<'p>,
        group: &[usize],
        homes: &HashMap<usize, usize>,
    ) -> Merged<'p> {
        let best = group
            .iter()
            .copied()
            .min_by_key(|n| {
                let node = &flat.nodes[*n];
                let facts = &node.facts;
                let made = !(facts.rules.is_empty()
                    && facts.reactions.is_empty()
                    && facts.values.is_empty());
                let dots = node.name.matches('.').count();
                if self.tolerant {
                    (dots, node.inner, !node.outer, *n)
                } else {
                    (dots, !made, !node.outer, *n)
                }
            })
            .unwrap_or(group[0]);
        let name = flat.nodes[best].name.clone();
        let span = flat.nodes[best].span;
        let aliases =
            group.iter().filter(|n| **n != best).map(|n| flat.nodes[*n].name.clone()).collect();
        let mut facts = Facts::default();
        let mut told = Vec::new();
        for node in group {
            told.extend(flat.told.remove(&flat.nodes[*node].name).unwrap_or_default());
            let own = std::mem::take(&mut flat.nodes[*node].facts);
            facts.class.extend(own.class);
            facts.compartment.extend(own.compartment);
            facts.constant.extend(own.constant);
            facts.boundary |= own.boundary;
            facts.used_as_species |= own.used_as_species;
            facts.used_as_compartment |= own.used_as_compartment;
            facts.unit.extend(own.unit);
            facts.values.extend(own.values);
            facts.rules.extend(own.rules);
            facts.reactions.extend(own.reactions);
            facts.known.extend(own.known);
        }
        let ruled = !facts.rules.is_empty();
        let rule = self.one(&name, "rule", &facts.rules);
        let rule = rule.and_then(|said| {
            let Said { what: (how, formula), instance, node, span, explicit } = said;
            formula.map(|formula| Said { what: (how, formula), instance, node, span, explicit })
        });
        let mut value = self.one(&name, "value", &facts.values);
        self.check_replaced(&name, &facts, rule.as_ref());
        if let (Some(rule), Some(given)) = (&rule, &value)
            && rule.what.0 == How::Always
        {
            let nothing = matches!(given.what, Given::Nothing);
            if self.depth(given) <= self.depth(rule) && !nothing {
                self.found.push(
                    Diagnostic::error(
                        "two-values",
                        format!("`{name}` is computed by a rule and cannot have a value too"),
                    )
                    .at(given.span, "a value here")
                    .also(rule.span, "the rule")
                    .mend("keep one of them"),
                );
            }
            value = None;
        }
        let ruled_at = rule.as_ref().map(|r| r.span);
        let given_at = value.as_ref().map(|v| v.span).filter(|_| !self.tolerant);
        let home = group.iter().filter_map(|n| homes.get(n)).next_back();
        let home = home.and_then(|n| self.of_node[*n]);
        let mut kind = self.kind(&name, &facts, ruled_at.or(given_at), home);
        if let Kind::Reaction { text, rate, .. } = &mut kind {
            // `J = rate` gives a reaction its rate.
            if let Some(said) = value.take().filter(|v| self.depth(v) <= self.depth(text)) {
                let Said { what, instance, node, span, explicit } = said;
                *rate = match what {
                    Given::Text(what) => Some(Said { what, instance, node, span, explicit }),
                    _ => None,
                };
            }
        }
        let unit = self.unit(&name, &facts.unit);
        Merged {
            aliases,
            span,
            kind,
            unit,
            value: value.filter(|v| !matches!(v.what, Given::Nothing)),
            rule,
            ruled,
            constant: self.outermost(&facts.constant).map(|c| c.what),
            boundary: facts.boundary,
            known: facts.known,
            about: about(told),
            name,
        }
    }

    fn depth<T>(&self, said: &Said<T>) -> u32 {
        self.depths[said.instance]
    }

    /// The outermost; where all of Antimony is read, the last of several of one level.
    fn outermost<'s, T>(&self, said: &'s [Said<T>]) -> Option<&'s Said<T>> {
        if self.tolerant {
            return said.iter().rev().min_by_key(|s| self.depth(s));
        }
        said.iter().min_by_key(|s| self.depth(s))
    }

    /// The outermost of several; two of one level are an error unless they are one text.
    fn one<T: Clone>(&mut self, name: &str, what: &str, said: &[Said<T>]) -> Option<Said<T>> {
        let first = self.outermost(said)?.clone();
        if self.tolerant {
            return Some(first);
        }
        let depth = self.depth(&first);
        let rival = said.iter().find(|s| {
            let same_text =
                s.span == first.span && (what == "value" || s.instance == first.instance);
            self.depth(s) == depth && !same_text
        });
        if let Some(rival) = rival {
            self.found.push(if rival.span == first.span {
                Diagnostic::error("two-values", format!("several submodels give `{name}` a {what}"))
                    .at(first.span, "each of them by this")
                    .mend("let each have a name of its own, or compute it outside")
            } else {
                Diagnostic::error("two-values", format!("`{name}` is given a {what} twice"))
                    .at(rival.span, "again here")
                    .also(first.span, "first here")
                    .mend("keep one of them; the outer model may replace what an inner one says")
            });
        }
        Some(first)
    }

    fn check_replaced(
        &mut self,
        name: &str,
        facts: &Facts<'_>,
        rule: Option<&Said<(How, &Formula)>>,
    ) {
        let Some(rule) = rule else { return };
        let number = |v: &&Said<Given<'_>>| !matches!(v.what, Given::Nothing);
        let mut values = facts.values.iter().filter(number);
        if let Some(given) = values.find(|v| self.depth(v) < self.depth(rule))
            && rule.what.0 == How::Always
        {
            self.found.push(
                Diagnostic::error(
                    "two-values",
                    format!("`{name}` is computed inside the submodel and cannot be given a value"),
                )
                .at(given.span, "a value here")
                .also(rule.span, "the rule")
                .mend("replace the rule with `:=`, or remove the value"),
            );
        }
        let inner = facts.rules.iter().find(|r| self.depth(r) > self.depth(rule));
        if let (Some(inner), false) = (inner, rule.explicit) {
            self.found.push(
                Diagnostic::warning(
                    "replaced-rule",
                    format!("the rule of `{name}` replaces the one of a submodel"),
                )
                .at(rule.span, "this one holds")
                .also(inner.span, "this one does not")
                .mend("remove one of them, or replace it openly: `submodel.name := …`"),
            );
        }
    }

    fn kind<'p>(
        &mut self,
        name: &str,
        facts: &Facts<'p>,
        ruled: Option<Span>,
        taking_part: Option<usize>,
    ) -> Kind<'p> {
        if let Some(reaction) = self.outermost(&facts.reactions) {
            let second = facts.reactions.get(1).filter(|_| !self.tolerant);
            let other = second.map(|r| r.span).or(ruled).or(facts.class.first().map(|c| c.span));
            if let Some(other) = other {
                self.found.push(twice("name", name, other, reaction.span));
            }
            let text = reaction.clone();
            let rate = text.what.rate.as_ref().map(|what| Said {
                what,
                instance: text.instance,
                node: text.node,
                span: what.span,
                explicit: text.explicit,
            });
            return Kind::Reaction { text, rate, compartment: self.home(facts) };
        }
        let home = self.home(facts).or(taking_part);
        let mut species: Vec<&Said<Class>> = Vec::new();
        let mut compartment: Option<Span> = None;
        for class in &facts.class {
            match class.what {
                Class::Species { .. } => species.push(class),
                Class::Compartment => compartment = compartment.or(Some(class.span)),
                Class::Parameter => {}
            }
        }
        species.sort_by_key(|s| self.depth(s));
        if let (Some(a), Some(b)) = (species.first(), compartment) {
            self.found.push(
                Diagnostic::error(
                    "two-kinds",
                    format!("`{name}` is called a species and a compartment"),
                )
                .at(a.span, "a species here")
                .also(b, "a compartment here")
                .mend("give them two names"),
            );
        }
        let Some(first) = species.first() else {
            if compartment.is_some() || facts.used_as_compartment {
                return Kind::Compartment;
            }
            if facts.used_as_species {
                return Kind::Species { amount: false, compartment: home };
            }
            return Kind::Parameter;
        };
        let rival = species.iter().find(|s| s.what != first.what && !self.tolerant);
        if let Some(other) = rival {
            self.found.push(
                Diagnostic::error(
                    "two-kinds",
                    format!("`{name}` is an amount in one text and a concentration in another"),
                )
                .at(first.span, "")
                .also(other.span, "")
                .mend("write `substanceOnly species` in both, or in neither"),
            );
        }
        let amount = if self.tolerant {
            species.iter().any(|s| s.what == Class::Species { amount: true })
        } else {
            first.what == Class::Species { amount: true }
        };
        Kind::Species { amount, compartment: home }
    }

    fn home(&mut self, facts: &Facts<'_>) -> Option<usize> {
        let said = self.outermost(&facts.compartment)?.clone();
        let home = self.of_node[said.what];
        if home.is_none() {
            let what = "this compartment is deleted, and something is in it";
            self.found.push(
                Diagnostic::error("unknown-name", what)
                    .at(said.span, "")
                    .mend("delete what is in it as well"),
            );
        }
        home
    }

    fn unit(&mut self, name: &str, said: &[Said<Unit>]) -> Option<Said<Unit>> {
        let first = self.outermost(said)?.clone();
        if let Some(rival) = said.iter().find(|s| s.what != first.what && !self.tolerant) {
            self.found.push(
                Diagnostic::error(
                    "unit-clash",
                    format!("`{name}` has two units: {} and {}", first.what, rival.what),
                )
                .at(rival.span, rival.what.to_string())
                .also(first.span, first.what.to_string())
                .mend("give it one unit; names joined by `is` or by a port are one symbol"),
            );
        }
        Some(first)
    }
}
