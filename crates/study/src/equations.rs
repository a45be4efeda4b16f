//! A system as a page that people read: equations, numbers, sources.

use std::fmt::Write as _;

use hersim_antimony::formula;
use hersim_network::{
    Expr, Network, Participant, Provenance, Reaction, Rule, Status, Symbol, SymbolKind, Value,
};

use crate::assemble::Assembled;

/// The equations, numbers and sources of a system as Markdown, a section per module.
// Writing to a String cannot fail; the results of `writeln!` are dropped.
pub fn markdown(assembled: &Assembled) -> String {
    let network = &assembled.network;
    let system = &assembled.system.value;
    let mut page = format!("# {}\n\n", system.title);
    let _ = writeln!(
        page,
        "System `{}`, written from the model's own files by `hersim convert {} --to markdown`. \
         Rates are amounts per {}; inside a cell the amount is copies per cell.\n",
        system.id, system.id, system.time_unit
    );
    let mut modules: Vec<&str> = Vec::new();
    for symbol in &network.symbols {
        let module = module(symbol);
        if !modules.contains(&module) {
            modules.push(module);
        }
    }
    for name in modules {
        let members: Vec<&Symbol> = network.symbols.iter().filter(|s| module(s) == name).collect();
        section(&mut page, network, name, &members);
    }
    page
}

/// What stands before the last dot of a name.
fn module(symbol: &Symbol) -> &str {
    symbol.name.rsplit_once('.').map_or("", |(module, _)| module)
}

fn section(page: &mut String, network: &Network, name: &str, members: &[&Symbol]) {
    let reactions: Vec<(&Symbol, &Reaction)> = (members.iter())
        .filter_map(|s| match &s.kind {
            SymbolKind::Reaction(reaction) => Some((*s, reaction.as_ref())),
            _ => None,
        })
        .collect();
    let rules: Vec<(&Symbol, &Rule)> =
        members.iter().filter_map(|s| Some((*s, s.rule.as_ref()?))).collect();
    let rows: Vec<(&Symbol, &Provenance)> =
        members.iter().filter_map(|s| Some((*s, s.provenance.as_ref()?))).collect();
    if reactions.is_empty() && rules.is_empty() && rows.is_empty() {
        return;
    }
    let title = if name.is_empty() { "The system itself" } else { name };
    let _ = writeln!(page, "## {title}\n");
    if !reactions.is_empty() {
        page.push_str("| reaction | | rate |\n|---|---|---|\n");
        for (symbol, reaction) in reactions {
            let rate = code(network, name, &reaction.rate);
            let arrow = if reaction.reversible { "⇌" } else { "→" };
            let left = side(network, name, &reaction.reactants);
            let right = side(network, name, &reaction.products);
            let _ = writeln!(page, "| {} | {left} {arrow} {right} | {rate} |", last(symbol));
        }
        page.push('\n');
    }
    if !rules.is_empty() {
        page.push_str("| | |\n|---|---|\n");
        for (symbol, rule) in rules {
            let (left, right) = match rule {
                Rule::Assignment(expr) => (last(symbol).to_string(), expr),
                Rule::Rate(expr) => (format!("d {} / dt", last(symbol)), expr),
            };
            let _ = writeln!(page, "| `{left}` | = {} |", code(network, name, right));
        }
        page.push('\n');
    }
    if !rows.is_empty() {
        page.push_str("| number | value | unit | spread | status | source | |\n");
        page.push_str("|---|---|---|---|---|---|---|\n");
        for (symbol, row) in rows {
            let value = match symbol.value {
                Value::Number(value) => value.to_string(),
                _ => String::new(),
            };
            let unit = symbol.unit.as_ref().map(ToString::to_string).unwrap_or_default();
            let status = match row.status {
                Status::Measured => "measured",
                Status::Fitted => "fitted",
                Status::Assumed => "assumed",
            };
            let spread = row.variability.as_deref().unwrap_or("");
            let words = symbol.display_name.as_deref().unwrap_or("");
            let about = [words, row.note.as_str()]
                .iter()
                .filter(|w| !w.is_empty())
                .copied()
                .collect::<Vec<_>>();
            let _ = writeln!(
                page,
                "| {} | {value} | {unit} | {spread} | {status} | {} | {} |",
                last(symbol),
                cell(&row.source),
                cell(&about.join(": "))
            );
        }
        page.push('\n');
    }
}

/// The name within its module.
fn last(symbol: &Symbol) -> &str {
    symbol.name.rsplit('.').next().unwrap_or(&symbol.name)
}

/// A formula as code, names of its own module without the module.
fn code(network: &Network, module: &str, expr: &Expr) -> String {
    format!("`{}`", within(module, &formula(network, expr)).replace('|', "\\|"))
}

/// Names of a module without the module.
fn within(module: &str, text: &str) -> String {
    if module.is_empty() { text.to_string() } else { text.replace(&format!("{module}."), "") }
}

fn side(network: &Network, module: &str, participants: &[Participant]) -> String {
    let term = |p: &Participant| {
        let name = within(module, &network[p.species].name);
        if p.stoichiometry == 1.0 { name } else { format!("{} {name}", p.stoichiometry) }
    };
    if participants.is_empty() {
        return "∅".into();
    }
    format!("`{}`", participants.iter().map(term).collect::<Vec<_>>().join(" + "))
}

/// Text that cannot break out of a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").replace('*', "\\*").replace('_', "\\_")
}
