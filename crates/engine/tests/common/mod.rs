//! Networks for tests, written as text: a small subset of Antimony without units.
//!
//! ```text
//! compartment c = 2;  species A in c = 1;  substanceOnly species B in c = 0;
//! k = 3;  x := k*A;  v = 1;  v' = -v;  J: 2 A + B -> C; k*A;  at (time >= 2): v = 1;
//! ```

#![allow(dead_code, reason = "not every test uses everything")]

use hersim_network::{
    BinaryOp, Event, Expr, Function, Network, Node, Participant, Reaction, Rule, Symbol, SymbolId,
    SymbolKind, Value,
};

/// Reads a network; panics on what it does not understand.
pub fn network(text: &str) -> Network {
    let text: String =
        text.lines().map(|l| l.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let statements: Vec<String> = split_statements(&text);
    let mut network = Network::new("test");
    // Names first, so that formulas may come before declarations.
    for statement in &statements {
        declare(&mut network, statement);
    }
    for statement in &statements {
        define(&mut network, statement);
    }
    network
}

/// The symbol with this name.
pub fn id(network: &Network, name: &str) -> SymbolId {
    network.find(name).unwrap_or_else(|| panic!("no symbol {name}"))
}

/// Statements end with `;`, reactions with the second one.
fn split_statements(text: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut parts = text.split(';').map(|s| s.split_whitespace().collect::<Vec<_>>().join(" "));
    while let Some(part) = parts.next() {
        let part = match part.strip_prefix("model ") {
            Some(rest) => rest.split_once(' ').map_or(String::new(), |(_, rest)| rest.to_string()),
            None => part,
        };
        let part = part.trim_end_matches(" end").to_string();
        if part.is_empty() || part == "end" {
            continue;
        }
        let arrow = part.contains("->") || part.contains("=>");
        statements.push(if arrow { format!("{part};{}", parts.next().unwrap()) } else { part });
    }
    statements
}

fn ensure(network: &mut Network, name: &str, kind: SymbolKind) -> SymbolId {
    match network.find(name) {
        Some(id) => id,
        None => network.add(Symbol::new(name, kind)).unwrap(),
    }
}

fn declare(network: &mut Network, statement: &str) {
    if statement.starts_with("at ") {
        return;
    }
    if let Some(list) = statement.strip_prefix("compartment ") {
        for item in list.split(',') {
            let (name, value) = item.split_once('=').expect("a size");
            let id = ensure(network, name.trim(), SymbolKind::Compartment);
            network[id].value = Value::Number(value.trim().parse().unwrap());
        }
        return;
    }
    if let Some((amount, rest)) =
        (statement.strip_prefix("substanceOnly species ").map(|r| (true, r)))
            .or(statement.strip_prefix("species ").map(|r| (false, r)))
    {
        for item in rest.split(", ") {
            let (name, place) = item.split_once(" in ").expect("a compartment");
            let place = place.split('=').next().unwrap().trim();
            let compartment = id(network, place);
            let boundary = name.starts_with('$');
            let kind = SymbolKind::Species { compartment, amount, boundary };
            ensure(network, name.trim_start_matches('$').trim(), kind);
        }
        return;
    }
    if statement.contains("->") || statement.contains("=>") {
        let name = statement.split(':').next().unwrap().trim();
        let reaction = Reaction {
            reversible: statement.contains("->"),
            ..Reaction::new(Vec::new(), Vec::new(), Expr::number(0.0))
        };
        ensure(network, name, SymbolKind::Reaction(Box::new(reaction)));
        return;
    }
    let name = statement.split([':', '\'', '=']).next().unwrap().trim();
    ensure(network, name, SymbolKind::Parameter);
}

fn define(network: &mut Network, statement: &str) {
    if statement.starts_with("compartment ") {
        return;
    }
    if let Some(rest) = statement.strip_prefix("at ") {
        let close = matching_parenthesis(rest);
        let trigger = formula(network, &rest[..=close]);
        let assignments = rest[close + 1..].trim_start_matches([':', ' ']);
        let assignments = (assignments.split(", "))
            .map(|a| a.split_once('=').unwrap())
            .map(|(name, value)| (id(network, name.trim()), formula(network, value)))
            .collect();
        let name = format!("event{}", network.events.len());
        network.events.push(Event { assignments, ..Event::new(name, trigger) });
        return;
    }
    if let Some(rest) =
        statement.strip_prefix("substanceOnly species ").or(statement.strip_prefix("species "))
    {
        for item in rest.split(", ") {
            if let Some((left, value)) = item.split_once('=') {
                let name = left.split(" in ").next().unwrap().trim_start_matches('$').trim();
                let value = start(network, value);
                let id = id(network, name);
                network[id].value = value;
            }
        }
        return;
    }
    if let Some((left, rate)) = statement.split_once(';') {
        let (name, sides) = left.split_once(':').unwrap();
        let (reactants, products) = sides.split_once("->").or(sides.split_once("=>")).unwrap();
        let (reactants, products) = (side(network, reactants), side(network, products));
        let rate = formula(network, rate);
        let id = id(network, name.trim());
        if let SymbolKind::Reaction(reaction) = &mut network[id].kind {
            (reaction.reactants, reaction.products, reaction.rate) = (reactants, products, rate);
        }
        return;
    }
    if let Some((name, rule)) = statement.split_once(":=") {
        let rule = Rule::Assignment(formula(network, rule));
        let id = id(network, name.trim());
        network[id].rule = Some(rule);
    } else if let Some((name, rule)) = statement.split_once("' =") {
        let rule = Rule::Rate(formula(network, rule));
        let id = id(network, name.trim());
        network[id].rule = Some(rule);
    } else if let Some((name, value)) = statement.split_once('=') {
        let value = start(network, value);
        let id = id(network, name.trim());
        network[id].value = value;
    }
}

fn start(network: &Network, text: &str) -> Value {
    match formula(network, text).node {
        Node::Number(value) => Value::Number(value),
        node => Value::Formula(Expr::made(node)),
    }
}

fn side(network: &Network, text: &str) -> Vec<Participant> {
    let items = text.split('+').map(str::trim).filter(|t| !t.is_empty());
    items
        .map(|item| {
            let (count, name) = item.split_once(' ').unwrap_or(("1", item));
            let stoichiometry = count.parse().unwrap();
            Participant::new(id(network, name.trim_start_matches('$')), stoichiometry)
        })
        .collect()
}

fn matching_parenthesis(text: &str) -> usize {
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return i;
        }
    }
    panic!("unbalanced: {text}")
}

/// Reads a formula.
pub fn formula(network: &Network, text: &str) -> Expr {
    let mut parser = Parser { network, rest: text.trim() };
    let expr = parser.binary(0);
    assert!(parser.rest.trim().is_empty(), "cannot read `{}` in `{text}`", parser.rest);
    expr
}

struct Parser<'a> {
    network: &'a Network,
    rest: &'a str,
}

/// Operators by strength; longer names first where one starts another.
const OPERATORS: [&[(&str, BinaryOp)]; 5] = [
    &[("||", BinaryOp::Or)],
    &[("&&", BinaryOp::And)],
    &[
        ("<=", BinaryOp::LessEqual),
        (">=", BinaryOp::GreaterEqual),
        ("<", BinaryOp::Less),
        (">", BinaryOp::Greater),
        ("==", BinaryOp::Equal),
    ],
    &[("+", BinaryOp::Add), ("-", BinaryOp::Sub)],
    &[("*", BinaryOp::Mul), ("/", BinaryOp::Div)],
];

impl Parser<'_> {
    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn binary(&mut self, level: usize) -> Expr {
        if level == OPERATORS.len() {
            return self.unary();
        }
        let mut left = self.binary(level + 1);
        while let Some((_, op)) = OPERATORS[level].iter().find(|(token, _)| self.eat(token)) {
            left = Expr::binary(*op, left, self.binary(level + 1));
        }
        left
    }

    fn unary(&mut self) -> Expr {
        if self.eat("-") {
            return Expr::made(Node::Neg(Box::new(self.unary())));
        }
        let base = self.atom();
        if self.eat("^") {
            return Expr::binary(BinaryOp::Pow, base, self.unary());
        }
        base
    }

    fn atom(&mut self) -> Expr {
        if self.eat("(") {
            let inner = self.binary(0);
            assert!(self.eat(")"), "no `)` at {}", self.rest);
            return inner;
        }
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !word(c) && c != '.').unwrap_or(self.rest.len());
        let mut end = end;
        let number = self.rest.starts_with(|c: char| c.is_ascii_digit());
        // An exponent may have a sign.
        if number && self.rest[..end].ends_with(['e', 'E']) {
            let more = &self.rest[end + 1..];
            end += 1 + more.find(|c| !word(c)).unwrap_or(more.len());
        }
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        if number {
            return Expr::number(token.parse().unwrap_or_else(|_| panic!("number {token}")));
        }
        if self.eat("(") {
            let mut arguments = vec![self.binary(0)];
            while self.eat(",") {
                arguments.push(self.binary(0));
            }
            assert!(self.eat(")"));
            let function = match token {
                "exp" => Function::Exp,
                "ln" => Function::Ln,
                "log10" => Function::Log10,
                "sqrt" => Function::Sqrt,
                "abs" => Function::Abs,
                "min" => Function::Min,
                "max" => Function::Max,
                "piecewise" => return piecewise(arguments),
                _ => panic!("function {token}"),
            };
            return Expr::made(Node::Call(function, arguments));
        }
        if token == "time" {
            return Expr::made(Node::Time);
        }
        Expr::symbol(id(self.network, token))
    }
}

fn piecewise(mut arguments: Vec<Expr>) -> Expr {
    let otherwise = Box::new(arguments.pop().unwrap());
    let cases = arguments.chunks(2).map(|c| (c[0].clone(), c[1].clone())).collect();
    Expr::made(Node::Piecewise { cases, otherwise })
}
