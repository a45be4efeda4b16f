//! One cell as written, many at load: statements about `clone` are repeated per subclone.
//!
//! The text stays plain Antimony with one `clone` and, where pairs matter, one `other`. For the
//! subclones that are asked for,
//! - what is said of `other` alone is dropped: it stands for the rest of the subclones;
//! - a statement about both is repeated for every ordered pair;
//! - an assignment rule for a name that belongs to no clone becomes the sum of its right side
//!   over the subclones;
//! - every other statement about `clone` is repeated per subclone.
//!
//! A name is about `clone` when `clone` is the first step of its path or a word between
//! underscores of that step (`clone_to_other`).

use hersim_network::{BinaryOp, Diagnostic, Span};

use crate::{
    ast::{
        Declaration, FieldText, FieldValue, Formula, FormulaNode, How, InteractionText, Model,
        Name, Stated, Statement,
    },
    table::{Row, Table},
};

const CLONE: &str = "clone";
const OTHER: &str = "other";

/// Rewrites the main model, and the table of its file, for these subclones.
pub(crate) fn replicate(
    model: &mut Model,
    table: Option<&mut Table>,
    subclones: &[String],
    found: &mut Vec<Diagnostic>,
) {
    if !check_subclones(model, subclones, found) {
        return;
    }
    let pairs: Vec<(&str, &str)> = subclones
        .iter()
        .flat_map(|a| {
            subclones.iter().filter(move |b| *b != a).map(move |b| (a.as_str(), b.as_str()))
        })
        .collect();
    let mut body = Vec::with_capacity(model.body.len());
    for stated in std::mem::take(&mut model.body) {
        let (clone, other) = mentions(&stated.what);
        match (clone, other) {
            (false, false) => body.push(stated),
            (false, true) => {}
            _ if !can_repeat(&stated, other, found) => {}
            (true, true) => body.extend(pairs.iter().map(|(a, b)| renamed(&stated, a, Some(b)))),
            (true, false) => match summed(&stated, subclones) {
                Some(sum) => body.push(sum),
                None => body.extend(subclones.iter().map(|a| renamed(&stated, a, None))),
            },
        }
    }
    model.body = body;
    model.ports = model.ports.iter().flat_map(|port| ports(port, subclones)).collect();
    if let Some(table) = table {
        table.rows = table.rows.iter().flat_map(|row| rows(row, subclones, &pairs)).collect();
    }
}

fn check_subclones(model: &Model, subclones: &[String], found: &mut Vec<Diagnostic>) -> bool {
    let before = found.len();
    let has_clone = model
        .body
        .iter()
        .any(|s| matches!(&s.what, Statement::Submodel(submodel) if submodel.name.path == CLONE));
    if !has_clone {
        found.push(
            Diagnostic::error(
                "no-clone",
                format!("model `{}` has no submodel `clone` to repeat", model.name.path),
            )
            .at(model.name.span, "")
            .mend("declare one: `clone: cell();`"),
        );
    }
    for (i, name) in subclones.iter().enumerate() {
        let word = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !crate::words::is_taken(name);
        if !word {
            found.push(
                Diagnostic::error("bad-subclone", format!("`{name}` cannot name a subclone"))
                    .mend("use letters, digits and `_`, a letter first"),
            );
        }
        if subclones[..i].contains(name) {
            found.push(
                Diagnostic::error("bad-subclone", format!("subclone `{name}` is named twice"))
                    .mend("give every subclone a name of its own"),
            );
        }
    }
    found.len() == before
}

fn has_word(path: &str, word: &str) -> bool {
    path.split('.').next().unwrap_or(path).split('_').any(|w| w == word)
}

/// The name with `clone` (and `other`) replaced in its first step.
fn rename(path: &str, clone: &str, other: Option<&str>) -> String {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let words: Vec<&str> = first
        .split('_')
        .map(|word| match (word, other) {
            (CLONE, _) => clone,
            (OTHER, Some(other)) => other,
            _ => word,
        })
        .collect();
    let first = words.join("_");
    rest.map_or(first.clone(), |rest| format!("{first}.{rest}"))
}

fn mentions(statement: &Statement) -> (bool, bool) {
    let (mut clone, mut other) = (false, false);
    visit(statement, &mut |name| {
        clone |= has_word(name, CLONE);
        other |= has_word(name, OTHER);
    });
    (clone, other)
}

/// Calls `see` with every name of a model: ports, and all that its statements mention.
pub(crate) fn visit_model(model: &Model, see: &mut dyn FnMut(&str)) {
    model.ports.iter().for_each(|p| see(&p.path));
    model.body.iter().for_each(|stated| visit(&stated.what, see));
}

/// Calls `see` with every name of a statement that is not a unit, model or function.
fn visit(statement: &Statement, see: &mut dyn FnMut(&str)) {
    match statement {
        Statement::Declare(d) => {
            see(&d.name.path);
            d.compartment.iter().for_each(|c| see(&c.path));
            d.value.iter().for_each(|(_, f)| f.names(&mut |n| see(n)));
        }
        Statement::Unit(_) | Statement::Remark(None, _) => {}
        Statement::Reaction(r) => {
            r.name.iter().chain(&r.compartment).for_each(|n| see(&n.path));
            for term in r.reactants.iter().chain(&r.products) {
                term.variable.iter().for_each(|n| see(&n.path));
                see(&term.species.path);
            }
            r.rate.iter().for_each(|f| f.names(&mut |n| see(n)));
        }
        Statement::Event(e) => {
            e.name.iter().for_each(|n| see(&n.path));
            for formula in e.delay.iter().chain(&e.priority).chain([&e.trigger]) {
                formula.names(&mut |n| see(n));
            }
            for (target, value) in &e.assignments {
                see(&target.path);
                value.names(&mut |n| see(n));
            }
        }
        Statement::Submodel(s) => {
            see(&s.name.path);
            s.arguments.iter().for_each(|a| see(&a.path));
            s.time.iter().chain(&s.extent).for_each(|f| f.names(&mut |n| see(n)));
        }
        Statement::Same(a, b, factor) => {
            [a, b].into_iter().chain(factor).for_each(|n| see(&n.path));
        }
        Statement::Algebraic(name, formula) => {
            name.iter().for_each(|n| see(&n.path));
            formula.names(&mut |n| see(n));
        }
        Statement::Interaction(i) => {
            i.name.iter().chain(&i.modifiers).chain(&i.reactions).for_each(|n| see(&n.path));
        }
        Statement::Field(field) => {
            see(&field.name.path);
            match &field.value {
                FieldValue::One(value) => value.names(&mut |n| see(n)),
                FieldValue::Range(from, to) => {
                    [from, to].into_iter().for_each(|f| f.names(&mut |n| see(n)));
                }
            }
        }
        Statement::Delete(name) | Statement::Remark(Some(name), _) => see(&name.path),
    }
}

fn renamed(stated: &Stated, clone: &str, other: Option<&str>) -> Stated {
    let change = |path: &str| rename(path, clone, other);
    let name = |n: &Name| Name { path: change(&n.path), span: n.span };
    let formula = |f: &Formula| {
        let mut f = f.clone();
        f.rename(&change);
        f
    };
    let what = match &stated.what {
        Statement::Declare(d) => Statement::Declare(Declaration {
            name: name(&d.name),
            compartment: d.compartment.as_ref().map(name),
            value: d.value.as_ref().map(|(how, f)| (*how, formula(f))),
            ..d.clone()
        }),
        Statement::Reaction(r) => {
            let mut r = r.clone();
            r.name = r.name.as_ref().map(name);
            r.compartment = r.compartment.as_ref().map(name);
            for term in r.reactants.iter_mut().chain(&mut r.products) {
                term.species = name(&term.species);
                term.variable = term.variable.as_ref().map(name);
            }
            r.rate = r.rate.as_ref().map(formula);
            Statement::Reaction(r)
        }
        Statement::Event(e) => {
            let mut e = e.clone();
            e.name = e.name.as_ref().map(name);
            e.trigger = formula(&e.trigger);
            e.delay = e.delay.as_ref().map(formula);
            e.priority = e.priority.as_ref().map(formula);
            e.assignments = e.assignments.iter().map(|(n, f)| (name(n), formula(f))).collect();
            Statement::Event(e)
        }
        Statement::Submodel(s) => {
            let mut s = s.clone();
            s.name = name(&s.name);
            s.arguments = s.arguments.iter().map(name).collect();
            s.time = s.time.as_ref().map(formula);
            s.extent = s.extent.as_ref().map(formula);
            Statement::Submodel(s)
        }
        Statement::Same(a, b, by) => Statement::Same(name(a), name(b), by.as_ref().map(name)),
        Statement::Algebraic(n, f) => Statement::Algebraic(n.as_ref().map(name), formula(f)),
        Statement::Interaction(i) => Statement::Interaction(InteractionText {
            name: i.name.as_ref().map(name),
            modifiers: i.modifiers.iter().map(name).collect(),
            reactions: i.reactions.iter().map(name).collect(),
            sbo: i.sbo,
        }),
        Statement::Field(field) => Statement::Field(FieldText {
            name: name(&field.name),
            value: match &field.value {
                FieldValue::One(value) => FieldValue::One(formula(value)),
                FieldValue::Range(from, to) => FieldValue::Range(formula(from), formula(to)),
            },
        }),
        Statement::Delete(n) => Statement::Delete(name(n)),
        Statement::Remark(n, remark) => Statement::Remark(n.as_ref().map(name), remark.clone()),
        Statement::Unit(_) => stated.what.clone(),
    };
    Stated { what, span: stated.span }
}

/// `total := clone.cells` as the sum over the subclones.
fn summed(stated: &Stated, subclones: &[String]) -> Option<Stated> {
    let Statement::Declare(declaration) = &stated.what else { return None };
    let Some((How::Always, right)) = &declaration.value else { return None };
    if has_word(&declaration.name.path, CLONE) {
        return None;
    }
    let sum = subclones
        .iter()
        .map(|subclone| {
            let mut term = right.clone();
            term.rename(&|path| rename(path, subclone, None));
            term
        })
        .reduce(|a, b| {
            let node = FormulaNode::Binary(BinaryOp::Add, Box::new(a), Box::new(b));
            Formula::new(node, right.span)
        })?;
    let value = Some((How::Always, sum));
    let what = Statement::Declare(Declaration { value, ..declaration.clone() });
    Some(Stated { what, span: stated.span })
}

/// What would give one name several meanings when repeated is refused.
fn can_repeat(stated: &Stated, pairs: bool, found: &mut Vec<Diagnostic>) -> bool {
    let owner: Option<(&Name, &str)> = match &stated.what {
        Statement::Declare(d) => match d.value {
            Some((How::Always, _)) if !pairs => None,
            Some(_) => Some((&d.name, "value")),
            None => None,
        },
        Statement::Reaction(r) => r.name.as_ref().map(|n| (n, "reaction")),
        Statement::Event(e) => e.name.as_ref().map(|n| (n, "event")),
        Statement::Submodel(s) => Some((&s.name, "submodel")),
        _ => None,
    };
    let Some((name, what)) = owner else { return true };
    let needed: &[&str] = if pairs { &[CLONE, OTHER] } else { &[CLONE] };
    if needed.iter().all(|word| has_word(&name.path, word)) {
        return true;
    }
    let mend = match what {
        "value" if pairs => {
            "leave `other` out: `total := clone.x` runs over all subclones".to_string()
        }
        "value" => {
            "sum it first in an assignment rule, which runs over all subclones: `total := clone.x`"
                .to_string()
        }
        _ => format!("name it `{}_{}`", name.path, needed.join("_to_")),
    };
    found.push(
        Diagnostic::error(
            "clone-name",
            format!("the {what} `{}` would be repeated per subclone under one name", name.path),
        )
        .at(name.span, "")
        .mend(mend),
    );
    false
}

fn ports(port: &Name, subclones: &[String]) -> Vec<Name> {
    if !has_word(&port.path, CLONE) {
        return if has_word(&port.path, OTHER) { Vec::new() } else { vec![port.clone()] };
    }
    let at = |span: Span, path: String| Name { path, span };
    subclones.iter().map(|s| at(port.span, rename(&port.path, s, None))).collect()
}

fn rows(row: &Row, subclones: &[String], pairs: &[(&str, &str)]) -> Vec<Row> {
    let with = |id: String| Row { id, ..row.clone() };
    match (has_word(&row.id, CLONE), has_word(&row.id, OTHER)) {
        (false, false) => vec![row.clone()],
        (false, true) => Vec::new(),
        (true, true) => pairs.iter().map(|(a, b)| with(rename(&row.id, a, Some(b)))).collect(),
        (true, false) => subclones.iter().map(|s| with(rename(&row.id, s, None))).collect(),
    }
}
