//! Small networks from lines of text, so that messages can point at them.
//!
//! The text is only a stage for spans: each method writes one line and remembers what it means.

use hersim_units::Unit;

use crate::{
    BinaryOp, Event, Expr, FileId, Function, Network, Node, Participant, Reaction, Rule, Sources,
    Span, Symbol, SymbolId, SymbolKind, Value, check,
};

/// What a line gives besides a symbol, as byte ranges of formulas to read at the end.
enum Formula {
    Assignment(String),
    Rate(String),
    Start(String),
    Reaction { name: String, sides: [Vec<(String, f64)>; 2] },
    Event { name: String, target: String, trigger: Span },
}

#[derive(Default)]
pub struct Build {
    text: String,
    network: Network,
    formulas: Vec<(Formula, Span)>,
}

/// A day for time; a compartment `c` of one litre.
pub fn build() -> Build {
    let mut build = Build { network: Network::new("test"), ..Build::default() };
    build.network.time_unit = Some(Unit::parse("day").unwrap());
    build.compartment("c", "L")
}

impl Build {
    fn span_of(&self, start: usize, length: usize) -> Span {
        Span::new(FileId(0), start..start + length)
    }

    fn symbol(&mut self, name: &str, kind: SymbolKind, unit: &str, value: Value) {
        let line = format!("{name} has {};\n", if unit.is_empty() { "?" } else { unit });
        let span = self.span_of(self.text.len(), name.len());
        self.text.push_str(&line);
        let unit = (!unit.is_empty()).then(|| Unit::parse(unit).unwrap());
        let symbol = Symbol { unit, value, span, ..Symbol::new(name, kind) };
        self.network.add(symbol).expect("names are new");
    }

    pub fn compartment(mut self, name: &str, unit: &str) -> Self {
        self.symbol(name, SymbolKind::Compartment, unit, Value::Number(1.0));
        self
    }

    fn any_species(mut self, name: &str, unit: &str, amount: bool, boundary: bool) -> Self {
        let compartment = self.network.find("c").unwrap();
        let kind = SymbolKind::Species { compartment, amount, boundary };
        self.symbol(name, kind, unit, Value::Number(1.0));
        self
    }

    /// An amount in `c`.
    pub fn amount(self, name: &str, unit: &str) -> Self {
        self.any_species(name, unit, true, false)
    }

    /// A species with a concentration in formulas; `unit` is that of its amount.
    pub fn concentration(self, name: &str, unit: &str) -> Self {
        self.any_species(name, unit, false, false)
    }

    pub fn boundary(self, name: &str, unit: &str) -> Self {
        self.any_species(name, unit, true, true)
    }

    pub fn parameter(mut self, name: &str, unit: &str) -> Self {
        self.symbol(name, SymbolKind::Parameter, unit, Value::Number(1.0));
        self
    }

    pub fn valueless(mut self, name: &str, unit: &str) -> Self {
        self.symbol(name, SymbolKind::Parameter, unit, Value::Missing);
        self
    }

    pub fn edit(mut self, name: &str, edit: impl FnOnce(&mut Symbol)) -> Self {
        let id = self.network.find(name).unwrap();
        edit(&mut self.network[id]);
        self
    }

    fn formula(mut self, before: &str, formula: &str, what: Formula) -> Self {
        self.text.push_str(before);
        let span = self.span_of(self.text.len(), formula.len());
        self.text.push_str(formula);
        self.text.push_str(";\n");
        self.formulas.push((what, span));
        self
    }

    pub fn rule(self, name: &str, formula: &str) -> Self {
        self.formula(&format!("{name} := "), formula, Formula::Assignment(name.to_string()))
    }

    pub fn rate(self, name: &str, formula: &str) -> Self {
        self.formula(&format!("{name}' = "), formula, Formula::Rate(name.to_string()))
    }

    pub fn start(self, name: &str, formula: &str) -> Self {
        self.formula(&format!("{name} = "), formula, Formula::Start(name.to_string()))
    }

    /// `reaction("bind", "A + 2 B => AB", "k*A*B")`.
    pub fn reaction(mut self, name: &str, sides: &str, formula: &str) -> Self {
        let side = |text: &str| {
            let terms = text.split('+').map(str::trim).filter(|t| !t.is_empty());
            terms
                .map(|term| match term.split_once(' ') {
                    Some((n, species)) => (species.to_string(), n.parse().unwrap()),
                    None => (term.to_string(), 1.0),
                })
                .collect::<Vec<_>>()
        };
        let (left, right) = sides.split_once("=>").unwrap();
        let sides_read = [side(left), side(right)];
        let span = self.span_of(self.text.len(), name.len());
        let symbol = Symbol { span, ..Symbol::new(name, SymbolKind::Parameter) };
        self.network.add(symbol).expect("names are new");
        let what = Formula::Reaction { name: name.to_string(), sides: sides_read };
        self.formula(&format!("{name}: {sides}; "), formula, what)
    }

    pub fn event(mut self, name: &str, trigger: &str, target: &str, formula: &str) -> Self {
        let before = format!("{name}: at (");
        let span = self.span_of(self.text.len() + before.len(), trigger.len());
        let (name, target) = (name.to_string(), target.to_string());
        let between = format!("{before}{trigger}): {target} = ");
        let _ = &mut self;
        self.formula(&between, formula, Formula::Event { name, target, trigger: span })
    }

    pub fn done(mut self) -> (Network, Sources) {
        let mut network = self.network;
        for (what, span) in std::mem::take(&mut self.formulas) {
            let find = |name: &str| network.find(name).unwrap_or_else(|| panic!("no {name}"));
            let expr = read(&self.text, span, &find);
            match what {
                Formula::Assignment(name) => {
                    let id = find(&name);
                    network[id].rule = Some(Rule::Assignment(expr));
                }
                Formula::Rate(name) => {
                    let id = find(&name);
                    network[id].rule = Some(Rule::Rate(expr));
                }
                Formula::Start(name) => {
                    let id = find(&name);
                    network[id].value = Value::Formula(expr);
                }
                Formula::Reaction { name, sides } => {
                    let id = find(&name);
                    let [reactants, products] = sides.map(|side| {
                        side.iter()
                            .map(|(species, n)| Participant::new(find(species), *n))
                            .collect()
                    });
                    let reaction = Reaction::new(reactants, products, expr);
                    network[id].kind = SymbolKind::Reaction(Box::new(reaction));
                }
                Formula::Event { name, target, trigger } => {
                    let condition = read(&self.text, trigger, &find);
                    let target = find(&target);
                    network.events.push(Event {
                        assignments: vec![(target, expr)],
                        span: trigger,
                        ..Event::new(name, condition)
                    });
                }
            }
        }
        let mut sources = Sources::default();
        sources.add("test.ant", self.text);
        (network, sources)
    }

    /// The codes of all messages.
    pub fn codes(self) -> Vec<&'static str> {
        check(&self.done().0).iter().map(|d| d.code).collect()
    }

    /// All messages as a terminal shows them.
    pub fn shown(self) -> String {
        let (network, sources) = self.done();
        let messages = check(&network);
        messages.iter().map(|d| d.render(&sources, false)).collect::<Vec<_>>().join("\n\n")
    }
}

fn read(text: &str, span: Span, find: &dyn Fn(&str) -> SymbolId) -> Expr {
    let mut reader = Reader { text: &text[..span.end as usize], at: span.start as usize, find };
    let expr = reader.expr(0);
    assert_eq!(reader.token(), "", "unread text");
    expr
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    find: &'a dyn Fn(&str) -> SymbolId,
}

const OPERATORS: &[(&str, BinaryOp, u8)] = &[
    ("||", BinaryOp::Or, 1),
    ("&&", BinaryOp::And, 2),
    ("<=", BinaryOp::LessEqual, 3),
    (">=", BinaryOp::GreaterEqual, 3),
    ("<", BinaryOp::Less, 3),
    (">", BinaryOp::Greater, 3),
    ("==", BinaryOp::Equal, 3),
    ("+", BinaryOp::Add, 4),
    ("-", BinaryOp::Sub, 4),
    ("*", BinaryOp::Mul, 5),
    ("/", BinaryOp::Div, 5),
    ("^", BinaryOp::Pow, 7),
];

impl<'a> Reader<'a> {
    /// The next word, number or sign, not taken.
    fn token(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        let rest = &self.text[self.at..];
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
        match word.unwrap_or(rest.len()) {
            0 if ["||", "&&", "<=", ">=", "=="].iter().any(|op| rest.starts_with(op)) => &rest[..2],
            0 => &rest[..rest.chars().next().map_or(0, char::len_utf8)],
            n => &rest[..n],
        }
    }

    fn take(&mut self) -> &'a str {
        let token = self.token();
        self.at += token.len();
        token
    }

    fn spanned(&self, start: usize, node: Node) -> Expr {
        Expr { node, span: Span::new(FileId(0), start..self.at) }
    }

    fn expr(&mut self, least: u8) -> Expr {
        self.token();
        let start = self.at;
        let mut left = self.operand();
        loop {
            let token = self.token();
            let Some((_, op, level)) = OPERATORS.iter().find(|(t, ..)| *t == token) else {
                return left;
            };
            if *level < least {
                return left;
            }
            self.take();
            let right = self.expr(level + 1);
            left = self.spanned(start, Node::Binary(*op, Box::new(left), Box::new(right)));
        }
    }

    fn operand(&mut self) -> Expr {
        self.token();
        let start = self.at;
        let token = self.take();
        match token {
            "-" => {
                let a = self.expr(6);
                return self.spanned(start, Node::Neg(Box::new(a)));
            }
            "!" => {
                let a = self.expr(6);
                return self.spanned(start, Node::Not(Box::new(a)));
            }
            "(" => {
                let inner = self.expr(0);
                assert_eq!(self.take(), ")");
                return inner;
            }
            "time" => return self.spanned(start, Node::Time),
            _ => {}
        }
        if let Ok(number) = token.parse() {
            return self.spanned(start, Node::Number(number));
        }
        if self.token() != "(" {
            let id = (self.find)(token);
            return self.spanned(start, Node::Symbol(id));
        }
        let mut arguments = Vec::new();
        while self.take() != ")" {
            arguments.push(self.expr(0));
        }
        let function = match token {
            "exp" => Function::Exp,
            "ln" => Function::Ln,
            "log10" => Function::Log10,
            "sqrt" => Function::Sqrt,
            "abs" => Function::Abs,
            "min" => Function::Min,
            "max" => Function::Max,
            "piecewise" => {
                let otherwise = Box::new(arguments.pop().unwrap());
                let mut cases = Vec::new();
                let mut rest = arguments.into_iter();
                while let (Some(value), Some(condition)) = (rest.next(), rest.next()) {
                    cases.push((value, condition));
                }
                return self.spanned(start, Node::Piecewise { cases, otherwise });
            }
            other => panic!("unknown function {other}"),
        };
        self.spanned(start, Node::Call(function, arguments))
    }
}
