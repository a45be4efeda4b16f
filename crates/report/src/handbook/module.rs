//! The page of a file of the model.

use hersim_study::handbook::{
    Ends, Equation, Handbook, Header, Meaning, Module, Number, Place, Port, Role, Shown,
};

use super::{
    coupling::{coupling_figure, coupling_map},
    document::{Block, Inline, Page, Target, code, table, words},
    math::{Left, Row, rows},
    sources::{identities, linked},
    system,
    wiring::wiring_figure,
};

/// Path of a module's page.
pub(super) fn path(module: &Module) -> String {
    format!("{}/{}", module.folder, module.id)
}

/// A link to a module's page; plain words when there is none.
pub(super) fn to_module(book: &Handbook, id: &str, shown: &str) -> Inline {
    match book.module(id) {
        Some(module) => Inline::Link(shown.to_string(), Target::Page(path(module))),
        None => Inline::Text(shown.to_string()),
    }
}

/// The title of a module's page.
pub(super) fn title(module: &Module) -> String {
    match (&module.system, module.header.title.as_str()) {
        (Some(system), _) => system.title.clone(),
        (None, "") => module.model.clone(),
        (None, title) => title.to_string(),
    }
}

/// The page.
pub(super) fn page(book: &Handbook, module: &Module) -> Page {
    let mut blocks = vec![Block::Text(origin(book, module))];
    head(book, &module.header, &mut blocks);
    figures(book, module, &mut blocks);
    if let Some(system) = &module.system {
        system::roles(system, &mut blocks);
    }
    parts(book, module, &mut blocks);
    ports(book, module, &[Role::Read, Role::Changed, Role::Volume], "What it reads", &mut blocks);
    ports(book, module, &[Role::Given], "What it gives", &mut blocks);
    states(module, &mut blocks);
    equations(book, module, &mut blocks);
    numbers(book, module, &mut blocks);
    annotations(module, &mut blocks);
    Page { path: path(module), title: title(module), blocks }
}

fn origin(book: &Handbook, module: &Module) -> Vec<Inline> {
    let mut line = vec![
        Inline::Text("Model ".into()),
        Inline::Code(module.model.clone()),
        Inline::Text(" of ".into()),
        Inline::Code(module.file.clone()),
    ];
    if !module.header.parts.is_empty() {
        line.push(Inline::Text(format!(", part of: {}", module.header.parts.join("; "))));
    }
    let users: Vec<&Module> =
        (book.modules.iter()).filter(|m| m.parts.iter().any(|p| p.module == module.id)).collect();
    for (i, user) in users.iter().enumerate() {
        line.push(Inline::Text(if i == 0 { ". Used by ".into() } else { ", ".into() }));
        line.push(to_module(book, &user.id, &user.id));
    }
    line.push(Inline::Text(".".into()));
    line
}

fn head(book: &Handbook, header: &Header, blocks: &mut Vec<Block>) {
    for (label, text) in [("Claims", &header.claims), ("Leaves out", &header.leaves_out)] {
        if !text.is_empty() {
            let mut line = vec![Inline::Strong(format!("{label}:")), Inline::Text(" ".into())];
            line.extend(linked(book, text));
            blocks.push(Block::Text(line));
        }
    }
    blocks.extend(header.remarks.iter().map(|r| Block::Text(linked(book, r))));
}

fn figures(book: &Handbook, module: &Module, blocks: &mut Vec<Block>) {
    let title = title(module);
    if let Some(svg) = wiring_figure(&module.wiring, &format!("Wiring: {title}")) {
        let caption = format!("Wiring of {}. Constants and decay are left out.", module.id);
        blocks.push(Block::Figure { name: module.id.clone(), svg, caption });
    }
    if let Some(svg) = coupling_figure(book, &module.couplings, &format!("Modules: {title}")) {
        let mut caption = format!(
            "Modules of {} and what they give to each other; the more quantities, the thicker the \
             arrow. Constants couple nothing.",
            module.id
        );
        if module.couplings.places.contains(&Place::Before) {
            caption.push_str(" What comes from around stands in the map.");
        }
        blocks.push(Block::Figure { name: module.id.clone(), svg, caption });
    }
    if let Some(svg) = coupling_map(book, &module.couplings, &format!("Couplings: {title}")) {
        let caption = format!(
            "The same as a map of {}: the row gives to the column; the more quantities, the \
             larger the dot.",
            module.id
        );
        blocks.push(Block::Figure { name: format!("{}_map", module.id), svg, caption });
    }
}

fn parts(book: &Handbook, module: &Module, blocks: &mut Vec<Block>) {
    if module.parts.is_empty() {
        return;
    }
    blocks.push(Block::Heading(2, "Modules".into()));
    let rows = module.parts.iter().map(|part| {
        let inner = book.module(&part.module);
        let about = inner.map(|m| m.header.title.clone()).unwrap_or_default();
        let chapter = inner.map(|m| m.header.parts.join("; ")).unwrap_or_default();
        vec![vec![to_module(book, &part.module, &part.name)], words(about), words(chapter)]
    });
    let rows: Vec<_> = rows.collect();
    blocks.push(table(vec!["module", "what it is", "part of"], rows));
}

fn ports(book: &Handbook, module: &Module, roles: &[Role], heading: &str, blocks: &mut Vec<Block>) {
    let chosen: Vec<&Port> = module.ports.iter().filter(|p| roles.contains(&p.role)).collect();
    if chosen.is_empty() {
        return;
    }
    blocks.push(Block::Heading(2, heading.into()));
    let last = if roles.contains(&Role::Read) { "from" } else { "to" };
    let row = |port: &&Port| {
        let mut about = meaning(&port.meaning);
        let more = match port.role {
            Role::Changed => "a state there, changed here",
            Role::Volume => "the volume that states are in",
            _ => "",
        };
        if !more.is_empty() {
            if !about.is_empty() {
                about.push(Inline::Text("; ".into()));
            }
            about.push(Inline::Text(more.into()));
        }
        vec![code(&port.name), about, words(&port.unit), ends(book, &port.name, &port.ends)]
    };
    let rows = chosen.iter().map(row).collect();
    blocks.push(table(vec!["name", "what it is", "unit", last], rows));
}

/// Who is at the other end; by the model around, where more than one uses the module.
fn ends(book: &Handbook, own: &str, ends: &[Ends]) -> Vec<Inline> {
    let told: Vec<&Ends> = ends.iter().filter(|e| !e.others.is_empty()).collect();
    let mut line = Vec::new();
    for (i, group) in told.iter().enumerate() {
        if i > 0 {
            line.push(Inline::Text("; ".into()));
        }
        if ends.len() > 1 {
            line.push(Inline::Text(format!("in {}: ", group.within)));
        }
        for (j, end) in group.others.iter().enumerate() {
            if j > 0 {
                line.push(Inline::Text(", ".into()));
            }
            line.push(to_module(book, &end.module, &end.name));
            if end.port != own {
                line.push(Inline::Text(" (".into()));
                line.push(Inline::Code(end.port.clone()));
                line.push(Inline::Text(")".into()));
            }
        }
    }
    line
}

fn meaning(meaning: &Meaning) -> Vec<Inline> {
    let mut line = Vec::new();
    if !meaning.words.is_empty() {
        line.push(Inline::Text(meaning.words.clone()));
    }
    if !meaning.annotations.is_empty() {
        if !line.is_empty() {
            line.push(Inline::Text("; ".into()));
        }
        line.extend(identities(&meaning.annotations));
    }
    line
}

fn states(module: &Module, blocks: &mut Vec<Block>) {
    if module.states.is_empty() {
        return;
    }
    blocks.push(Block::Heading(2, "States".into()));
    let row = |state: &hersim_study::handbook::State| {
        let start = state.start.clone().map(Inline::Formula);
        vec![
            code(&state.name),
            meaning(&state.meaning),
            words(&state.unit),
            start.into_iter().collect(),
        ]
    };
    let rows = module.states.iter().map(row).collect();
    blocks.push(table(vec!["state", "what it is", "unit", "at the start"], rows));
}

fn equations(book: &Handbook, module: &Module, blocks: &mut Vec<Block>) {
    let mut told = false;
    for section in &module.sections {
        let shown = |e: &&Equation| !is_start_of_state(module, e);
        let equations: Vec<&Equation> = section.equations.iter().filter(shown).collect();
        if equations.is_empty() {
            continue;
        }
        if !told {
            blocks.push(Block::Heading(2, "Equations".into()));
            told = true;
        }
        if !section.title.is_empty() {
            let mut title = section.title.clone();
            if let Some(first) = title.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            blocks.push(Block::Heading(3, title));
        }
        set(book, &equations, blocks);
    }
}

/// What states are at the start stands in their table.
fn is_start_of_state(module: &Module, equation: &Equation) -> bool {
    match &equation.shown {
        Shown::Start(name, _) => module.states.iter().any(|s| s.name == *name),
        _ => false,
    }
}

/// Equations of a kind stand in one block; a remark begins a new one.
fn set(book: &Handbook, equations: &[&Equation], blocks: &mut Vec<Block>) {
    let mut open: Vec<Row> = Vec::new();
    let close = |open: &mut Vec<Row>, blocks: &mut Vec<Block>| {
        if !open.is_empty() {
            blocks.push(Block::Equations(std::mem::take(open)));
        }
    };
    for equation in equations {
        for row in rows(&equation.shown, equation.remark.as_deref()) {
            let reaction = |r: &Row| matches!(r.left, Left::Reaction { .. });
            if open.last().is_some_and(|last| reaction(last) != reaction(&row)) {
                close(&mut open, blocks);
            }
            if let Some(remark) = &row.remark {
                close(&mut open, blocks);
                blocks.push(Block::Text(linked(book, remark)));
            }
            open.push(row);
        }
    }
    close(&mut open, blocks);
}

fn numbers(book: &Handbook, module: &Module, blocks: &mut Vec<Block>) {
    if module.numbers.is_empty() {
        return;
    }
    blocks.push(Block::Heading(2, "Numbers".into()));
    let spread = module.numbers.iter().any(|n| !n.variability.is_empty());
    let row = |number: &Number| {
        let mut cells = vec![
            code(&number.id),
            about(book, number),
            words(&number.value),
            words(&number.unit),
            words(range(number)),
        ];
        if spread {
            cells.push(words(&number.variability));
        }
        let mut status = number.status.clone();
        if !number.uncertainty.is_empty() {
            status.push_str(&format!(", {}", number.uncertainty));
        }
        cells.push(words(status));
        cells.push(match number.source.as_str() {
            "assumed" => Vec::new(),
            source => linked(book, source),
        });
        cells
    };
    let mut head = vec!["number", "what it means", "value", "unit", "range", "status", "source"];
    if spread {
        head.insert(5, "spread");
    }
    blocks.push(table(head, module.numbers.iter().map(row).collect()));
    if module.numbers.iter().any(|n| n.estimated) {
        blocks.push(Block::Text(words("† A fit may move it within its range.")));
    }
}

fn about(book: &Handbook, number: &Number) -> Vec<Inline> {
    let texts = [number.meaning.as_str(), number.note.as_str()];
    let texts: Vec<&str> = texts.into_iter().filter(|t| !t.is_empty()).collect();
    linked(book, &texts.join(": "))
}

fn range(number: &Number) -> String {
    let mark = if number.estimated { " †" } else { "" };
    match (number.lower.as_str(), number.upper.as_str()) {
        ("", "") => String::new(),
        (low, "") => format!("from {low}{mark}"),
        ("", high) => format!("to {high}{mark}"),
        (low, high) => format!("{low} to {high}{mark}"),
    }
}

/// Annotations of names that stand in no other table.
fn annotations(module: &Module, blocks: &mut Vec<Block>) {
    let told = |name: &str| {
        module.states.iter().any(|s| s.name == name) || module.ports.iter().any(|p| p.name == name)
    };
    let rest: Vec<_> = module.annotations.iter().filter(|(name, _)| !told(name)).collect();
    if rest.is_empty() {
        return;
    }
    blocks.push(Block::Heading(2, "Other names".into()));
    let row = |(name, found): &&(String, Vec<hersim_network::Annotation>)| {
        vec![code(name), identities(found)]
    };
    let rows = rest.iter().map(row).collect();
    blocks.push(table(vec!["name", "what it is"], rows));
}
