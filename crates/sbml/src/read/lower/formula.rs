//! Formulas: names resolved, functions written out.

use std::collections::HashMap;

use hersim_network::{Diagnostic, Expr, Function, Node, Span, SymbolId, nearest};

use super::{Lowering, Math};
use crate::read::syntax::MathNode;

/// Parts that all formulas together may have once functions are written out.
const MOST_PARTS: usize = 4_000_000;
/// Functions may call one another this deep.
const DEEPEST_CALL: usize = 100;
/// Operations may stand in one another this deep, once functions are written out.
const DEEPEST: usize = 800;

/// What names mean besides the network's.
struct Scope<'s> {
    /// Parameters of a kinetic law.
    locals: &'s HashMap<&'s str, SymbolId>,
    /// Arguments of the function that is written out.
    bound: Option<&'s [(String, Expr, usize)]>,
    depth: usize,
}

impl Lowering<'_> {
    pub(super) fn global(&mut self, math: &Math) -> Expr {
        self.with_locals(math, &HashMap::new())
    }

    /// A formula in which the parameters of a rate law have names of their own.
    pub(super) fn with_locals(&mut self, math: &Math, locals: &HashMap<&str, SymbolId>) -> Expr {
        self.expr(math, &Scope { locals, bound: None, depth: 0 })
    }

    fn expr(&mut self, math: &Math, scope: &Scope) -> Expr {
        self.level += 1;
        let expr = if self.level > DEEPEST {
            self.too_deep(math.span);
            Expr { node: Node::Number(f64::NAN), span: math.span }
        } else {
            self.part(math, scope)
        };
        self.level -= 1;
        expr
    }

    fn too_deep(&mut self, span: Span) {
        if self.unknown.insert("(deep)".into()) {
            let message = format!("operations stand in one another more than {DEEPEST} deep");
            self.found.push(
                Diagnostic::error("sbml-too-deep", message)
                    .at(span, "")
                    .mend("give parts of the formula names: parameters with assignment rules"),
            );
        }
    }

    fn part(&mut self, math: &Math, scope: &Scope) -> Expr {
        self.parts += 1;
        let span = math.span;
        let mut boxed = |a: &Math| Box::new(self.expr(a, scope));
        let node = match &math.node {
            MathNode::Number(value) => Node::Number(*value),
            MathNode::Time => Node::Time,
            MathNode::Neg(a) => Node::Neg(boxed(a)),
            MathNode::Not(a) => Node::Not(boxed(a)),
            MathNode::Binary(op, a, b) => Node::Binary(*op, boxed(a), boxed(b)),
            MathNode::Piecewise(cases, otherwise) => Node::Piecewise {
                cases: cases.iter().map(|(v, c)| (*boxed(v), *boxed(c))).collect(),
                otherwise: match otherwise {
                    Some(otherwise) => boxed(otherwise),
                    None => Box::new(Expr::number(f64::NAN)),
                },
            },
            MathNode::Call(function, arguments) => {
                let arguments: Vec<Expr> = arguments.iter().map(|a| *boxed(a)).collect();
                if *function == Function::RateOf
                    && !arguments.iter().all(|a| matches!(a.node, Node::Symbol(_)))
                {
                    self.found.push(
                        Diagnostic::error("bad-math", "`rateOf` takes a name, not a formula")
                            .at(span, "")
                            .mend("give the formula a name with an assignment rule"),
                    );
                }
                Node::Call(*function, arguments)
            }
            MathNode::Name(name) => return self.name(name, span, scope),
            MathNode::User(name, arguments) => {
                let arguments = arguments.iter().map(|a| *boxed(a)).collect();
                return self.inline(name, arguments, span, scope);
            }
        };
        Expr { node, span }
    }

    fn name(&mut self, name: &str, span: Span, scope: &Scope) -> Expr {
        if let Some(bound) = scope.bound {
            if let Some((_, value, depth)) = bound.iter().find(|b| b.0 == name) {
                if self.level + depth > DEEPEST {
                    self.too_deep(span);
                    return Expr { node: Node::Number(f64::NAN), span };
                }
                value.walk(&mut |_| self.parts += 1);
                return value.clone();
            }
            if self.unknown.insert(format!("{name} in a function")) {
                let message = format!("`{name}` is no argument of this function");
                self.found.push(
                    Diagnostic::error("unknown-name", message)
                        .at(span, "")
                        .mend("hand it over as an argument; a function knows nothing else"),
                );
            }
            return Expr { node: Node::Number(f64::NAN), span };
        }
        let found = scope.locals.get(name).copied().or_else(|| self.network.find(name));
        match found {
            Some(id) => Expr { node: Node::Symbol(id), span },
            None => {
                self.unknown(name, span, "parameter");
                Expr { node: Node::Number(f64::NAN), span }
            }
        }
    }

    /// A call of a function of the model, written out.
    fn inline(&mut self, name: &str, arguments: Vec<Expr>, span: Span, scope: &Scope) -> Expr {
        let nothing = Expr { node: Node::Number(f64::NAN), span };
        let Some(function) = self.functions.get(name).copied() else {
            if self.unknown.insert(name.to_string()) {
                let near = nearest(name, self.functions.keys().copied());
                self.found.push(
                    Diagnostic::error("unknown-function", format!("there is no function `{name}`"))
                        .at(span, "")
                        .mend(match near {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "define it in `listOfFunctionDefinitions`".into(),
                        }),
                );
            }
            return nothing;
        };
        if scope.depth >= DEEPEST_CALL {
            if self.unknown.insert(format!("{name}()")) {
                self.found.push(
                    Diagnostic::error("cyclic-function", format!("`{name}` is defined by itself"))
                        .at(function.head.span, "")
                        .mend("define it by others"),
                );
            }
            return nothing;
        }
        if self.parts > MOST_PARTS {
            if self.unknown.insert(String::new()) {
                let message = "the formulas become too large once functions are written out";
                self.found.push(
                    Diagnostic::error("sbml-too-large", message)
                        .at(span, "")
                        .mend("give parts of them names: parameters with assignment rules"),
                );
            }
            return nothing;
        }
        if arguments.len() != function.arguments.len() {
            let (wanted, given) = (function.arguments.len(), arguments.len());
            self.found.push(
                Diagnostic::error(
                    "wrong-arguments",
                    format!("`{name}` takes {wanted} arguments, not {given}"),
                )
                .at(span, "")
                .also(function.head.span, "defined here")
                .mend(format!("give {wanted}")),
            );
            return nothing;
        }
        if let ([Expr { node: Node::Symbol(_), .. }], true) = (&*arguments, function.is_rate) {
            return Expr { node: Node::Call(Function::RateOf, arguments), span };
        }
        let Some(body) = &function.body else { return nothing };
        let named = function.arguments.iter().cloned().zip(arguments);
        let bound: Vec<(String, Expr, usize)> = named
            .map(|(name, value)| {
                let deep = depth(&value);
                (name, value, deep)
            })
            .collect();
        let scope = Scope { locals: scope.locals, bound: Some(&bound), depth: scope.depth + 1 };
        let inlined = self.expr(body, &scope);
        Expr { span, ..inlined }
    }
}

/// How many operations of a formula stand in one another.
fn depth(expr: &Expr) -> usize {
    let parts: Vec<&Expr> = match &expr.node {
        Node::Number(_) | Node::Symbol(_) | Node::Time => return 1,
        Node::Neg(a) | Node::Not(a) => vec![a],
        Node::Binary(_, a, b) => vec![a, b],
        Node::Call(_, arguments) => arguments.iter().collect(),
        Node::Piecewise { cases, otherwise } => {
            cases.iter().flat_map(|(v, c)| [v, c]).chain([&**otherwise]).collect()
        }
    };
    1 + parts.into_iter().map(depth).max().unwrap_or(0)
}
