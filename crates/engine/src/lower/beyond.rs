//! What a network may say and an ensemble cannot follow.

use hersim_network::{Diagnostic, Expr, Function, Network, Node, Rule, Span, SymbolKind, Value};

/// Refuses by name what would otherwise be run wrongly.
pub(super) fn check(network: &Network) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut refuse = |what: String, span: Span| {
        problems.push(
            Diagnostic::error("beyond-ensembles", format!("{what} cannot be run in ensembles"))
                .at(span, "")
                .mend("`hersim simulate` of a model file follows one system with it"),
        );
    };
    for rule in &network.algebraic {
        refuse("an algebraic rule".into(), rule.expr.span);
    }
    for event in &network.events {
        let parts = [
            ("a delay", event.delay.is_some()),
            ("a priority", event.priority.is_some()),
            ("a trigger that can be withdrawn", !event.persistent),
            ("values of the time of execution", !event.at_trigger && event.delay.is_some()),
        ];
        for (part, has) in parts {
            if has {
                refuse(format!("the event `{}` has {part}, which", event.name), event.span);
            }
        }
    }
    for (_, symbol) in network.iter() {
        if symbol.conversion.is_some() {
            refuse(format!("`{}` has a conversion factor, which", symbol.name), symbol.span);
        }
        if let SymbolKind::Reaction(reaction) = &symbol.kind {
            if reaction.fast {
                refuse(format!("the fast reaction `{}`", symbol.name), symbol.span);
            }
            let mut participants = reaction.reactants.iter().chain(&reaction.products);
            if participants.any(|p| p.variable.is_some()) {
                let what = format!("`{}` has a stoichiometry with a name, which", symbol.name);
                refuse(what, symbol.span);
            }
        }
    }
    for expr in formulas(network) {
        expr.walk(&mut |part| {
            if let Node::Call(function, _) = part.node
                && !is_known(function)
            {
                refuse(format!("the function `{}`", function.name()), expr.span);
            }
        });
    }
    problems
}

/// Functions with a portable, differentiable form.
fn is_known(function: Function) -> bool {
    use Function::{Abs, Exp, Ln, Log10, Max, Min, Sqrt};
    matches!(function, Abs | Exp | Ln | Log10 | Max | Min | Sqrt)
}

fn formulas(network: &Network) -> impl Iterator<Item = &Expr> {
    let symbols = network.symbols.iter().flat_map(|symbol| {
        let value = match &symbol.value {
            Value::Formula(expr) => Some(expr),
            _ => None,
        };
        let rule = symbol.rule.as_ref().map(|(Rule::Assignment(e) | Rule::Rate(e))| e);
        let rate = match &symbol.kind {
            SymbolKind::Reaction(reaction) => Some(&reaction.rate),
            _ => None,
        };
        [value, rule, rate].into_iter().flatten()
    });
    let events = network.events.iter().flat_map(|event| {
        std::iter::once(&event.trigger).chain(event.assignments.iter().map(|(_, expr)| expr))
    });
    symbols.chain(events)
}
