//! What is written is read back as the same network.

use std::{io, path::Path};

use hersim_network::{BinaryOp, Expr, Function, Node, Rule, Sources, Span, SymbolKind, Value};
use proptest::prelude::*;

use crate::{Files, Loaded, Request, functions::truth, load, write};
use hersim_network::{Network, Symbol, SymbolId};

struct One<'a>(&'a str);

impl Files for One<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        match path.extension() {
            Some(e) if e == "ant" => Ok(self.0.to_string()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

fn read(text: &str) -> Loaded {
    let mut sources = Sources::default();
    let request = Request { model: Path::new("m.ant"), main: None, subclones: &[], tolerant: true };
    load(&One(text), &request, &mut sources).unwrap_or_else(|found| {
        panic!("{}\n{text}", found.iter().map(|d| d.render(&sources, false)).collect::<String>())
    })
}

fn plain(expr: &mut Expr) {
    expr.span = Span::NONE;
    match &mut expr.node {
        Node::Number(_) | Node::Symbol(_) | Node::Time => {}
        Node::Neg(a) | Node::Not(a) => plain(a),
        Node::Binary(op, a, b) => {
            plain(a);
            plain(b);
            // What stands for truth is compared with zero where that is not plain.
            if matches!(op, BinaryOp::And | BinaryOp::Or) {
                **a = truth((**a).clone());
                **b = truth((**b).clone());
            }
        }
        Node::Call(_, arguments) => arguments.iter_mut().for_each(plain),
        Node::Piecewise { cases, otherwise } => {
            for (value, condition) in cases {
                plain(value);
                plain(condition);
            }
            plain(otherwise);
        }
    }
}

fn without_spans(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once(", span: Span {") {
        plain.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    plain + rest
}

/// All that a text can say of a network, by name, without places.
fn shape(network: &Network) -> Vec<String> {
    let mut network = network.clone();
    for symbol in &mut network.symbols {
        if let SymbolKind::Reaction(reaction) = &mut symbol.kind {
            plain(&mut reaction.rate);
        }
        if let Value::Formula(formula) = &mut symbol.value {
            plain(formula);
        }
        match &mut symbol.rule {
            Some(Rule::Assignment(formula) | Rule::Rate(formula)) => plain(formula),
            None => {}
        }
    }
    // Symbols may be declared in another order, so they are named.
    let name = |id: SymbolId| network[id].name.replace('.', "__");
    let named = |text: String| {
        let mut text = without_spans(&text);
        for (id, _) in network.iter().collect::<Vec<_>>().into_iter().rev() {
            text = text.replace(&format!("SymbolId({})", id.0), &name(id));
        }
        text
    };
    let mut said: Vec<String> = network
        .iter()
        .map(|(id, s)| {
            named(format!(
                "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                name(id),
                s.kind,
                s.unit,
                s.value,
                s.rule,
                s.constant,
                s.about,
                s.uncertainties
            ))
        })
        .collect();
    for event in &network.events {
        let mut event = event.clone();
        plain(&mut event.trigger);
        event.assignments.iter_mut().for_each(|(_, value)| plain(value));
        event.name = event.name.replace('.', "__");
        event.span = Span::NONE;
        said.push(named(format!("{event:?}")));
    }
    for rule in &network.algebraic {
        said.push(named(format!("{:?}", (rule.name.replace('.', "__"), &rule.expr, &rule.about))));
    }
    said.push(format!("{:?} {:?}", network.time_unit, network.about));
    said.sort();
    said
}

fn round_trip(text: &str) {
    let first = read(text).network;
    let written = write(&first);
    let second = read(&written).network;
    assert_eq!(shape(&first), shape(&second), "{written}");
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&written), lines(&write(&second)), "writing twice");
}

#[test]
fn a_model_with_everything_comes_back() {
    round_trip(
        "unit per_day = 1 / (86400 second);
         unit time_unit = 86400 second;
         function f(x) x/(1 + x) end
         model part(c, S)
           compartment c; substanceOnly species S in c, T in c;
           S has copies; T has copies; unit copies = item;
           S = 3; T = 4*k; k = 1e-7; k has odd; unit odd = 12.5 * mole^2/(gram*second*cell);
           go: S -> T; k*S - f(S)/3;
           T identity \"urn:x\";
         end
         model *whole()
           compartment v = 2, w; v has litre; w' = 0.1; w = 1; w has litre;
           a: part(v, S); b: part(); b.c is v;
           species $X in v, Y in w; const species Z in v;
           X has nM; Y has nM; Z has nM; unit nM = 1e-9 mole/litre;
           X = 1; Y = 1e20; Z = 0.1;
           var q; q = inf; r := X*Y^2 - -3; s' = -r; s = a.k/3; const t; u has percent; u = 3;
           unit percent = 0.01 dimensionless;
           t has per_day;
           2.5 Y => ; piecewise(1, time > 2 && (X < 1 || !(Y == 2)), min(X, Y, 3))*log10(abs(Y));
           E: at (Y > 3), t0=false: Y = Y/2, a.k = sqrt(exp(ln(2)));
           at (time > 1): q = 1;
           v is \"the 'big' one\";
           model isDescribedBy \"urn:y\"
         end",
    );
}

#[test]
fn words_of_other_readers_are_not_written() {
    let text = write(&read("model time_() delay = 1; x := delay + 1; end").network);
    assert!(text.contains("delay_ = 1;") && text.contains("x := delay_ + 1;"), "{text}");
}

#[test]
fn names_stay_apart() {
    let text = "model i() x = 1; end model *m() a: i(); a__x = 2; y := a.x + a__x; end";
    let network = read(text).network;
    let written = write(&network);
    assert!(
        written.contains("y := a__x_ + a__x;") || written.contains("y := a__x + a__x_;"),
        "{written}"
    );
}

#[test]
fn a_large_model_comes_back() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites/qsp/her2_99.ant");
    match std::fs::read_to_string(&path) {
        Ok(text) => round_trip(&text),
        Err(error) => eprintln!("skipped: {}: {error}", path.display()),
    }
}

/// Formulas over three parameters, as the reader could have made them.
fn formulas() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        prop_oneof![-1e3..1e3, Just(0.0), Just(1e-300), Just(3e200), Just(7.0)]
            .prop_map(|x: f64| Expr::number(x)),
        (0..3u32).prop_map(|i| Expr::symbol(SymbolId(i))),
        Just(Expr::made(Node::Time)),
    ];
    leaf.prop_recursive(6, 40, 3, |inner| {
        let op = prop::sample::select(vec![
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Mul,
            BinaryOp::Div,
            BinaryOp::Pow,
            BinaryOp::Less,
            BinaryOp::LessEqual,
            BinaryOp::Greater,
            BinaryOp::GreaterEqual,
            BinaryOp::Equal,
            BinaryOp::NotEqual,
            BinaryOp::And,
            BinaryOp::Or,
        ]);
        let one = prop::sample::select(vec![
            Function::Exp,
            Function::Ln,
            Function::Log10,
            Function::Sqrt,
            Function::Abs,
        ]);
        let many = prop::sample::select(vec![Function::Min, Function::Max]);
        prop_oneof![
            (op, inner.clone(), inner.clone()).prop_map(|(op, a, b)| Expr::binary(op, a, b)),
            // A sign before a number is read as part of it.
            inner
                .clone()
                .prop_filter("a number", |e| !matches!(e.node, Node::Number(_)))
                .prop_map(|a| Expr::made(Node::Neg(Box::new(a)))),
            inner.clone().prop_map(|a| Expr::made(Node::Not(Box::new(a)))),
            (one, inner.clone()).prop_map(|(f, a)| Expr::made(Node::Call(f, vec![a]))),
            (many, prop::collection::vec(inner.clone(), 1..4))
                .prop_map(|(f, a)| Expr::made(Node::Call(f, a))),
            (inner.clone(), inner.clone(), inner).prop_map(|(value, condition, otherwise)| {
                Expr::made(Node::Piecewise {
                    cases: vec![(value, condition)],
                    otherwise: Box::new(otherwise),
                })
            }),
        ]
    })
}

fn parameter(name: &str, rule: Option<Rule>) -> Symbol {
    Symbol {
        value: if rule.is_some() { Value::Missing } else { Value::Number(1.0) },
        constant: rule.is_none(),
        rule,
        ..Symbol::new(name, SymbolKind::Parameter)
    }
}

proptest! {
    #[test]
    fn any_formula_is_read_back_as_it_was(formula in formulas()) {
        let mut network = Network::new("m");
        for name in ["a", "b", "c"] {
            network.add(parameter(name, None)).unwrap();
        }
        network.add(parameter("y", Some(Rule::Assignment(formula.clone())))).unwrap();
        let text = write(&network);
        let back = read(&text).network;
        let y = back.find("y").unwrap();
        let Some(Rule::Assignment(again)) = &back[y].rule else { panic!("{text}") };
        let (mut again, mut formula) = (again.clone(), formula);
        plain(&mut again);
        plain(&mut formula);
        prop_assert_eq!(again, formula, "{}", text);
    }

    #[test]
    fn any_soup_of_words_is_answered(words in prop::collection::vec(prop::sample::select(vec![
        "model", "m", "(", ")", "end", "species", "A", "in", "c", ";", "\n", "->", "=>", "2", "+",
        "-", "*", "/", "^", "=", ":=", "'", "\"", "has", "unit", "is", "at", ":", ",", "t0", "true",
        "function", "f", "import", "compartment", "var", "const", "substanceOnly", "$", "!", "&&",
        "||", "<", "time", "a.b", "1e9", "/*", "*/", "//", "#", "```", "\\", "piecewise", "µ", "x",
        "delete", "identity", "model m()\n", "species A;\n", "A = 1;\n", "x: m();\n", "x.A",
        "after", "priority", "persistent", "-|", "-o", "-(", "notes", "\"words\"", "A.sboTerm", "A.mean",
        "{", "}", "%", "0 = ", "timeconv", "creator1.email", "created", "modified.year", "x.A is B;\n",
        "J: A -> B;", "J = 2;\n", "delete x.A;\n", "at 2 after (A > 1):", "i: A -| J;\n", "volume",
    ]), 0..60)) {
        let text = words.join(" ");
        let request = Request { model: Path::new("m.ant"), main: None, subclones: &[], tolerant: true };
        let mut sources = Sources::default();
        match load(&One(&text), &request, &mut sources) {
            Ok(loaded) => {
                let written = write(&loaded.network);
                let again = load(&One(&written), &request, &mut sources).map(|l| shape(&l.network));
                prop_assert_eq!(again.ok(), Some(shape(&loaded.network)), "{}\n{}", text, written);
            }
            Err(found) => {
                prop_assert!(!found.is_empty());
                for diagnostic in &found {
                    let _ = diagnostic.render(&sources, false);
                }
            }
        }
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,80}", table in "[\\PC\t\n#]{0,80}") {
        struct Two(String, String);
        impl Files for Two {
            fn read(&self, path: &Path) -> io::Result<String> {
                Ok(if path.extension().is_some_and(|e| e == "tsv") { self.1.clone() } else { self.0.clone() })
            }
        }
        let files = Two(format!("model m()\n{text}\nend"), format!("parameterId\tnominalValue\tunit\tsource\tstatus\n{table}"));
        let request = Request { model: Path::new("m.ant"), main: None, subclones: &["bulk".into()], tolerant: false };
        let mut sources = Sources::default();
        if let Err(found) = load(&files, &request, &mut sources) {
            for diagnostic in &found {
                let _ = diagnostic.render(&sources, false);
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused_not_fatal() {
    let deep = [
        format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("{}a", "-".repeat(100_000)),
        format!("{}a", "!".repeat(100_000)),
        format!("a{}", "^a".repeat(100_000)),
        format!("a{}", " + a".repeat(100_000)),
        format!("{}a{}", "exp(".repeat(100_000), ")".repeat(100_000)),
        format!("1{}", "+".repeat(100_000)),
    ];
    for formula in deep {
        let text =
            format!("model m() a = 1; y := {formula}; z has {}mole; end", "(".repeat(100_000));
        let request =
            Request { model: Path::new("m.ant"), main: None, subclones: &[], tolerant: true };
        assert!(load(&One(&text), &request, &mut Sources::default()).is_err());
    }
}

#[test]
fn what_only_other_models_say_comes_back() {
    round_trip(
        "model part(S)
           S -> ; k*S; k = 0.1
           at time > 5: S = 1
         end
         model *whole()
           species X, Y; compartment c = 2
           x1: part(X), timeconv = 60, extentconv = factor
           factor = 3
           J0 in c: n X + X -> 2 Y;
           n := 1 + time
           i: Y -| J0; X -o x1._J0
           alg: 0 = u + v - 3
           const v = 1
           alg is \"a \\\"rule\\\"\"
           E0: at 2*v after (X > 3), priority = v, t0=false, persistent=false, fromTrigger=false: X = 0, n2 = 4
           E0.sboTerm = 231
           E0 notes \"both & more\"
           at (X > 5) || (Y > 2) && true: ;
           X.sboTerm = SBO:0000247
           X.mean = 3; X.range = {1, v}; X.distribution = normal(3, v + 1)
           X.externalParameter = v; X.externalParameter is \"urn:z\"
           X created \"2019-07-29T10:53:09Z\"; X modified \"2020-01-02T03:04:05Z\"
           X creator1.givenName \"A\"; X creator1.familyName \"B\"; X creator2.email \"c@d\"
           X notes ```<p>two
             lines</p>```
           w = 7 % v; z := piecewise(1, xor(X > 1, Y > 1)) + arcsinh(2) + delay(X, 3) + rateOf(X)
         end
         whole is \"the whole\"
         whole.sboTerm = 4
         whole modified.year 2019
         whole modified.month 7",
    );
}

#[test]
fn deep_and_long_texts_are_answered() {
    let deep = |open: &str, close: &str| {
        format!("model m(); x = {}1{}; end", open.repeat(20_000), close.repeat(20_000))
    };
    let long = |word: &str, count| format!("model m(); {} end", word.repeat(count));
    let texts = [
        deep("(", ")"),
        deep("-", ""),
        deep("!", ""),
        deep("sin(", ")"),
        deep("2^", ""),
        deep("piecewise(", ", true)"),
        long("x = 1 + y; ", 20_000),
        format!("model m(); x = 1{}; end", " + y".repeat(50_000)),
        format!("model m(); x = 1{}; end", " % y".repeat(5_000)),
        format!("model m(); J: {}S -> ; 1; end", "S + ".repeat(5_000)),
        format!("model m(); unit u = {}second; end", "second * ".repeat(50_000)),
        format!("model m(); x is \"{}\"; end", "\\\\".repeat(100_000)),
        long("a.b.", 20_000),
        long("delete a; ", 5_000),
    ];
    for text in texts {
        let request =
            Request { model: Path::new("m.ant"), main: None, subclones: &[], tolerant: true };
        let mut sources = Sources::default();
        match load(&One(&text), &request, &mut sources) {
            Ok(loaded) => {
                let _ = write(&loaded.network);
            }
            Err(found) => assert!(!found.is_empty()),
        }
    }
}
