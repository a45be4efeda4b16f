//! Formulas of names into formulas of symbols; functions are written out where they are called.

use std::collections::HashMap;

use hersim_network::{BinaryOp, Diagnostic, Expr, Function, Node, Span, SymbolId, nearest};

use crate::{
    ast::{Formula, FormulaNode, FunctionText, MAX_DEPTH, Name},
    convert,
    flatten::Flat,
    functions::{applied, truth},
    merge::Symbols,
    program::Program,
    words::is_taken,
};

/// Lowers the formulas of one flat list.
pub(crate) struct Lowering<'a, 'p> {
    pub(crate) program: &'p Program,
    pub(crate) flat: &'a Flat<'p>,
    pub(crate) symbols: &'a Symbols<'p>,
    pub(crate) found: &'a mut Vec<Diagnostic>,
    /// Functions being written out, to catch those that call themselves.
    pub(crate) open: Vec<&'p str>,
    /// Operations made for the formula at hand, against functions that multiply without end.
    pub(crate) made: usize,
    /// Whether the formula at hand names something that is deleted, and something that changes.
    pub(crate) lost: bool,
    pub(crate) lost_change: bool,
}

/// The built-in functions, with the number of arguments.
const FUNCTIONS: [(&str, usize, usize); 13] = [
    ("exp", 1, 1),
    ("ln", 1, 1),
    ("log", 1, 2),
    ("log10", 1, 1),
    ("sqrt", 1, 1),
    ("sqr", 1, 1),
    ("abs", 1, 1),
    ("min", 1, usize::MAX),
    ("max", 1, usize::MAX),
    ("pow", 2, 2),
    ("power", 2, 2),
    ("root", 2, 2),
    ("piecewise", 3, usize::MAX),
];

/// Functions of SBML that a network has no word for, and what to write instead.
const FOREIGN: [(&str, &str); 12] = [
    ("tanh", "write `1 - 2/(exp(2*x) + 1)`"),
    ("sinh", "write `(exp(x) - exp(-x))/2`"),
    ("cosh", "write `(exp(x) + exp(-x))/2`"),
    ("sin", "a periodic input can be a pair of rate rules"),
    ("cos", "a periodic input can be a pair of rate rules"),
    ("tan", "a periodic input can be a pair of rate rules"),
    ("arctan", "use a sigmoid of exp"),
    ("floor", "use piecewise"),
    ("ceil", "use piecewise"),
    ("factorial", "write the number"),
    ("delay", "write the delay as a chain of states"),
    ("rateOf", "give the rate a name with an assignment rule"),
];

/// The value SBML fixes for its symbol of this name.
const AVOGADRO: f64 = 6.022_141_79e23;

/// Most operations in one formula after functions are written out.
const MOST_OPERATIONS: usize = 200_000;

type Bindings<'b> = HashMap<&'b str, &'b Expr>;

impl<'p> Lowering<'_, 'p> {
    /// The formula as an instance sees it; mistakes go to `found` and leave a hole.
    pub(crate) fn formula(&mut self, formula: &Formula, instance: usize) -> Expr {
        self.made = 0;
        self.lost = false;
        self.lost_change = false;
        self.open.clear();
        let made = self.lower(formula, instance, None);
        let made = convert::formula(made, self.flat, self.symbols, instance);
        if depth(&made) > MAX_DEPTH {
            self.too_large(formula.span);
            return hole();
        }
        made
    }

    /// The formula, unless it names something that is deleted: then nothing is left of it.
    pub(crate) fn kept(&mut self, formula: &Formula, instance: usize) -> Option<Expr> {
        let made = self.formula(formula, instance);
        (!self.lost).then_some(made)
    }

    /// Reported once per formula.
    fn too_large(&mut self, place: Span) {
        if self.made < usize::MAX / 2 {
            self.made = usize::MAX / 2;
            self.found.push(
                Diagnostic::error(
                    "formula-too-deep",
                    "this formula is too large with its functions written out",
                )
                .at(place, "")
                .mend("give parts of it names with assignment rules (`part := …`)"),
            );
        }
    }

    fn lower(
        &mut self,
        formula: &Formula,
        instance: usize,
        inlined: Option<(&Bindings<'_>, Span)>,
    ) -> Expr {
        self.made += 1;
        let span = inlined.map_or(formula.span, |(_, call)| call);
        let expr = |node| Expr { node, span };
        match &formula.node {
            FormulaNode::Number(value) => expr(Node::Number(*value)),
            FormulaNode::Name(name) => self.name(name, formula.span, instance, inlined),
            FormulaNode::Neg(a) => expr(Node::Neg(Box::new(self.lower(a, instance, inlined)))),
            FormulaNode::Not(a) => expr(Node::Not(Box::new(self.lower(a, instance, inlined)))),
            FormulaNode::Binary(op, a, b) => {
                let mut sides = [a, b].map(|side| self.lower(side, instance, inlined));
                if self.program.tolerant && matches!(op, BinaryOp::And | BinaryOp::Or) {
                    sides = sides.map(truth);
                }
                let [a, b] = sides.map(Box::new);
                expr(Node::Binary(*op, a, b))
            }
            FormulaNode::Call(function, arguments) => {
                let arguments: Vec<Expr> =
                    arguments.iter().map(|a| self.lower(a, instance, inlined)).collect();
                let mut made = self.call(function, arguments, instance, span);
                made.span = span;
                made
            }
        }
    }

    fn name(
        &mut self,
        name: &str,
        place: Span,
        instance: usize,
        inlined: Option<(&Bindings<'_>, Span)>,
    ) -> Expr {
        let span = inlined.map_or(place, |(_, call)| call);
        let expr = |node| Expr { node, span };
        if let Some((bindings, _)) = inlined
            && let Some(bound) = bindings.get(name)
        {
            bound.walk(&mut |_| self.made += 1);
            return if self.made > MOST_OPERATIONS { hole() } else { (*bound).clone() };
        }
        let truth = |value: f64| {
            if self.program.tolerant {
                return expr(Node::Number(value));
            }
            expr(Node::Binary(
                BinaryOp::Equal,
                Box::new(Expr::number(value)),
                Box::new(Expr::number(1.0)),
            ))
        };
        match name {
            "time" => return expr(Node::Time),
            "pi" => return expr(Node::Number(std::f64::consts::PI)),
            "exponentiale" => return expr(Node::Number(std::f64::consts::E)),
            "avogadro" => return expr(Node::Number(AVOGADRO)),
            "inf" | "infinity" | "INF" => return expr(Node::Number(f64::INFINITY)),
            "nan" | "NaN" | "NAN" | "notanumber" => return expr(Node::Number(f64::NAN)),
            "true" => return truth(1.0),
            "false" => return truth(0.0),
            _ => {}
        }
        if let Some((bindings, _)) = inlined {
            let mend = match nearest(name, bindings.keys().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "hand it over as an argument; a function knows nothing else".to_string(),
            };
            self.found.push(
                Diagnostic::error(
                    "unknown-name",
                    format!("`{name}` is no argument of this function"),
                )
                .at(place, "not known here")
                .mend(mend),
            );
            return hole();
        }
        let full = format!("{}{name}", self.flat.instances[instance].prefix);
        let node = self.flat.find(&full);
        // A name that only a failed declaration mentions has no node of its own.
        let id = |node: usize| Some(SymbolId(self.symbols.of_node[node]? as u32));
        match node.and_then(id) {
            Some(symbol) => {
                let mut made = expr(Node::Symbol(symbol));
                let factor = node.and_then(|n| self.flat.converted.get(&n));
                convert::by(&mut made, BinaryOp::Div, factor.and_then(|f| id(*f)));
                made
            }
            None if self.flat.is_deleted(&full) => {
                self.lost = true;
                self.lost_change |= node.is_some_and(|n| self.flat.nodes[n].facts.changes());
                hole()
            }
            None => {
                let suppressed = (self.program.incomplete && name.contains('.'))
                    || self.flat.may_be_unread(instance, name);
                if !suppressed {
                    self.found.push(self.flat.unknown(instance, name, place));
                }
                hole()
            }
        }
    }

    fn call(
        &mut self,
        function: &Name,
        mut arguments: Vec<Expr>,
        instance: usize,
        span: Span,
    ) -> Expr {
        let name = function.path.as_str();
        if let Some(user) = self.program.function(name) {
            return self.inline(user, &arguments, instance, function.span, span);
        }
        if self.program.tolerant {
            let count = arguments.len();
            let made = applied(name, arguments);
            return made.unwrap_or_else(|| {
                self.not_applied(function, count);
                hole()
            });
        }
        let Some((_, least, most)) = FUNCTIONS.iter().find(|(n, ..)| *n == name) else {
            self.unknown_function(function);
            return hole();
        };
        let count = arguments.len();
        if count < *least || count > *most {
            self.wrong_count(function, *least, *most, count);
            return hole();
        }
        let one = |function, mut arguments: Vec<Expr>| {
            arguments.truncate(1);
            Expr::made(Node::Call(function, arguments))
        };
        match name {
            "exp" => one(Function::Exp, arguments),
            "ln" => one(Function::Ln, arguments),
            "log10" => one(Function::Log10, arguments),
            "sqrt" => one(Function::Sqrt, arguments),
            "abs" => one(Function::Abs, arguments),
            "min" => Expr::made(Node::Call(Function::Min, arguments)),
            "max" => Expr::made(Node::Call(Function::Max, arguments)),
            "log" if count == 1 => one(Function::Ln, arguments),
            "piecewise" => self.piecewise(arguments, function),
            _ => {
                let second = arguments.pop().unwrap_or_else(hole);
                let first = arguments.pop();
                match (name, first) {
                    ("log", Some(base)) => Expr::binary(
                        BinaryOp::Div,
                        one(Function::Ln, vec![second]),
                        one(Function::Ln, vec![base]),
                    ),
                    ("root", Some(degree)) => Expr::binary(
                        BinaryOp::Pow,
                        second,
                        Expr::binary(BinaryOp::Div, Expr::number(1.0), degree),
                    ),
                    (_, Some(base)) => Expr::binary(BinaryOp::Pow, base, second),
                    (_, None) => Expr::binary(BinaryOp::Pow, second, Expr::number(2.0)),
                }
            }
        }
    }

    fn piecewise(&mut self, arguments: Vec<Expr>, function: &Name) -> Expr {
        if arguments.len().is_multiple_of(2) {
            self.found.push(
                Diagnostic::error(
                    "wrong-arguments",
                    "piecewise needs a last value for when no condition holds",
                )
                .at(function.span, "")
                .mend("write `piecewise(value, condition, …, otherwise)`"),
            );
            return hole();
        }
        let mut arguments = arguments.into_iter();
        let mut cases = Vec::new();
        let mut otherwise = hole();
        while let Some(value) = arguments.next() {
            match arguments.next() {
                Some(condition) => cases.push((value, condition)),
                None => otherwise = value,
            }
        }
        Expr::made(Node::Piecewise { cases, otherwise: Box::new(otherwise) })
    }

    fn inline(
        &mut self,
        user: &'p FunctionText,
        arguments: &[Expr],
        instance: usize,
        place: Span,
        call: Span,
    ) -> Expr {
        let name = user.name.path.as_str();
        if self.open.contains(&name) {
            let ring: Vec<&str> = self.open.iter().copied().chain([name]).collect();
            self.found.push(
                Diagnostic::error(
                    "cyclic-function",
                    format!("a function cannot call itself: {}", ring.join(" -> ")),
                )
                .at(place, "")
                .mend("write it without the call"),
            );
            return hole();
        }
        if arguments.len() != user.parameters.len() {
            self.found.push(
                Diagnostic::error(
                    "wrong-arguments",
                    format!(
                        "`{name}` takes {}, not {}",
                        count_of(user.parameters.len()),
                        arguments.len()
                    ),
                )
                .at(place, "")
                .also(user.name.span, "defined here")
                .mend("give as many as it takes"),
            );
            return hole();
        }
        let bindings: Bindings<'_> =
            user.parameters.iter().map(|p| p.path.as_str()).zip(arguments).collect();
        self.open.push(name);
        let made = self.lower(&user.body, instance, Some((&bindings, call)));
        self.open.pop();
        if self.made > MOST_OPERATIONS || depth(&made) > MAX_DEPTH {
            self.too_large(place);
            return hole();
        }
        made
    }

    fn not_applied(&mut self, function: &Name, count: usize) {
        let name = &function.path;
        if is_taken(name) {
            let what = format!("`{name}` with {} cannot be read", count_of(count));
            self.found.push(
                Diagnostic::error("unsupported", what)
                    .at(function.span, "")
                    .mend("see what the function takes; random functions cannot be followed"),
            );
        } else {
            self.unknown_function(function);
        }
    }

    fn unknown_function(&mut self, function: &Name) {
        let name = function.path.as_str();
        if let Some((_, mend)) = FOREIGN.iter().find(|(n, _)| *n == name) {
            self.found.push(
                Diagnostic::error("unsupported", format!("the function `{name}` cannot be used"))
                    .at(function.span, "")
                    .mend(*mend),
            );
            return;
        }
        let known = FUNCTIONS.iter().map(|(n, ..)| *n).chain(self.program.function_names());
        let mend = match nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it (`function {name}(x) … end`), or write `*` for a product"),
        };
        self.found.push(
            Diagnostic::error("unknown-function", format!("there is no function `{name}`"))
                .at(function.span, "")
                .mend(mend),
        );
    }

    fn wrong_count(&mut self, function: &Name, least: usize, most: usize, count: usize) {
        let takes = match (least, most) {
            (a, b) if a == b => count_of(a),
            (1, usize::MAX) => "one argument or more".to_string(),
            (a, usize::MAX) => format!("{a} arguments or more"),
            (a, b) => format!("{a} to {b} arguments"),
        };
        self.found.push(
            Diagnostic::error(
                "wrong-arguments",
                format!("`{}` takes {takes}, not {count}", function.path),
            )
            .at(function.span, "")
            .mend("give as many as it takes"),
        );
    }
}

/// Stands where a mistake was; the network is not handed out then.
fn hole() -> Expr {
    Expr::number(0.0)
}

fn count_of(arguments: usize) -> String {
    match arguments {
        1 => "one argument".into(),
        n => format!("{n} arguments"),
    }
}

fn depth(expr: &Expr) -> u32 {
    1 + match &expr.node {
        Node::Number(_) | Node::Symbol(_) | Node::Time => 0,
        Node::Neg(a) | Node::Not(a) => depth(a),
        Node::Binary(_, a, b) => depth(a).max(depth(b)),
        Node::Call(_, arguments) => arguments.iter().map(depth).max().unwrap_or(0),
        Node::Piecewise { cases, otherwise } => cases
            .iter()
            .map(|(v, c)| depth(v).max(depth(c)))
            .max()
            .unwrap_or(0)
            .max(depth(otherwise)),
    }
}
