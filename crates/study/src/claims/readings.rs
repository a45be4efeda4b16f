//! Reading claims: readouts as written become formulas over what is read from courses.

use std::collections::BTreeMap;

use hersim_network::{Diagnostic, Expr, FileId, Node, Span, SymbolId, nearest};

use super::{
    course::Crossing,
    file::{Expect, Protocol, Readout},
    formula::{Formula, Part, mistake},
    plan::{How, Moment, PlannedReadout, Reading, Sides, Value},
    planner::{ArmText, Planned, Planner},
};
use crate::{
    assemble::days, document::Spanned, hypothesis::Choice, quantity::Quantity, written::Written,
};

/// How long a crossing is waited for when the claim does not say.
const HORIZON_DAYS: f64 = 365.25;

impl Planner<'_> {
    /// Plans one readout.
    ///
    /// # Errors
    /// Everything in it that cannot be honoured.
    pub fn readout(
        &mut self,
        file: FileId,
        index: usize,
        readout: &Readout,
        arms: &[ArmText],
        choice: &Choice,
    ) -> Planned<PlannedReadout> {
        let mut errors = Vec::new();
        let mut sides = Vec::new();
        for of in readout.of.get_ref().texts() {
            let from = readout.of.span().start;
            let of = Written::found(file, from, of, &self.library.sources);
            let asked = Asked { file, readout, of: &of, arms, choice };
            match self.sides(&asked) {
                Ok(more) => sides.push(more),
                Err(more) => errors.extend(more),
            }
        }
        errors.extend(missing(file, readout));
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(PlannedReadout {
            index,
            expect: readout.expect,
            sides,
            band: readout.band.as_ref().map(|b| *b.get_ref()),
            share: readout.share.as_ref().map_or(0.5, |s| *s.get_ref()),
            least: readout.least.as_ref().map(|l| *l.get_ref()).or(self.least(readout)),
            difference: readout.difference,
            exploratory: readout.exploratory,
            label: readout.label.clone(),
        })
    }

    /// The least difference that the protocols of a readout ask for.
    fn least(&self, readout: &Readout) -> Option<f64> {
        let protocols = &self.catalogue.protocols.value;
        let asked = readout.of.get_ref().texts().iter().filter_map(|of| protocols.get(of)?.least);
        asked.reduce(f64::max)
    }

    fn sides(&mut self, asked: &Asked) -> Planned<Sides> {
        let mut errors = Vec::new();
        let mut value = |planner: &mut Self, text: Option<&Spanned<String>>| {
            let written = Written::in_file(asked.file, text?, &planner.library.sources);
            match planner.value(asked, &written) {
                Ok(value) => Some(value),
                Err(more) => {
                    errors.extend(more);
                    None
                }
            }
        };
        let readout = asked.readout;
        let sides = Sides {
            of: asked.of.text.clone(),
            perturbed: value(self, readout.perturbed.as_ref()),
            reference: value(self, readout.reference.as_ref()),
            resistant: value(self, readout.resistant.as_ref()),
            parental: value(self, readout.parental.as_ref()),
            ascending: readout.ascending.iter().filter_map(|t| value(self, Some(t))).collect(),
        };
        if errors.is_empty() { Ok(sides) } else { Err(errors) }
    }

    /// A formula over arms.
    fn value(&mut self, asked: &Asked, written: &Written) -> Planned<Value> {
        let mut errors = Vec::new();
        let mut readings: Vec<Reading> = Vec::new();
        let formula = Formula::parse(written).map_err(|e| vec![*e])?;
        let lowered = formula.lower(written, &mut |leaf| {
            let Part::Name(name, day) = &leaf.part else {
                return Err(mistake(written, leaf, "there is no such function over arms"));
            };
            let Some(arm) = asked.arms.iter().find(|a| a.name == *name) else {
                return Err(unknown_arm(written, leaf, name, asked.arms));
            };
            match self.reading(asked, arm, *day) {
                Ok(how) => {
                    readings.push(Reading { arm: name.clone(), how });
                    Ok(Expr::symbol(SymbolId(readings.len() as u32 - 1)))
                }
                Err(more) => {
                    errors.extend(more);
                    Ok(Expr::number(f64::NAN))
                }
            }
        });
        match lowered {
            Ok(expr) if errors.is_empty() => {
                Ok(Value { expr, readings, text: written.text.clone() })
            }
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(*error);
                Err(errors)
            }
        }
    }

    /// What the readout's formula gives in one arm.
    fn reading(&mut self, asked: &Asked, arm: &ArmText, day: Option<f64>) -> Planned<How> {
        if let Some(protocol) = self.catalogue.protocols.value.get(&asked.of.text) {
            return self.derived(protocol, arm, day, asked.choice);
        }
        let course = self.course(arm, &[], asked.choice)?;
        let stage = self.plan.courses[course].stage;
        let of = self.plan.stages[stage].formula(asked.of).map_err(|e| vec![*e])?;
        let moment = match (day, &asked.readout.at, &asked.readout.when) {
            (Some(day), _, _) => Moment::Day(day),
            (None, Some(at), _) => {
                let written = Written::in_file(asked.file, at, &self.library.sources);
                Moment::Day(days(&written).map_err(|e| vec![*e])?)
            }
            (None, None, Some(when)) => {
                let written = Written::in_file(asked.file, when, &self.library.sources);
                let crossing = self.crossing(asked, stage, &written)?;
                Moment::Crossing(self.plan.courses[course].cross(crossing))
            }
            (None, None, None) => {
                let place = Span::new(asked.file, asked.readout.of.span());
                return Err(vec![
                    Diagnostic::error("claim", "this readout has no time")
                        .at(place, "")
                        .mend("add `at = \"72 h\"`, or `when = \"FORMULA = VALUE\"`"),
                ]);
            }
        };
        if let Moment::Day(day) = moment {
            self.plan.courses[course].ask(day);
        }
        Ok(How::Read { course, moment, of })
    }

    /// What a protocol gives in one arm.
    fn derived(
        &mut self,
        protocol: &Protocol,
        arm: &ArmText,
        day: Option<f64>,
        choice: &Choice,
    ) -> Planned<How> {
        let file = self.catalogue.protocols.file;
        let written = |s: &Spanned<String>, p: &Self| Written::in_file(file, s, &p.library.sources);
        let at = days(&written(&protocol.at, self)).map_err(|e| vec![*e])?;
        let (of, value) = (written(&protocol.of, self), written(&protocol.value, self));
        let mut branches = BTreeMap::new();
        for (name, added) in [("with", &protocol.with), ("without", &protocol.without)] {
            let added = self.texts(file, added);
            branches.insert(name, self.course(arm, &added, choice)?);
        }
        let formula = Formula::parse(&value).map_err(|e| vec![*e])?;
        let mut readings: Vec<Reading> = Vec::new();
        let expr = formula.lower(&value, &mut |leaf| {
            let found = match &leaf.part {
                Part::Name(name, other) => branches.get(name.as_str()).map(|c| (*c, *other)),
                _ => None,
            };
            let Some((course, other)) = found else {
                return Err(mistake(&value, leaf, "a protocol knows only `with` and `without`"));
            };
            let stage = self.plan.courses[course].stage;
            let of = self.plan.stages[stage].formula(&of)?;
            let day = other.or(day).unwrap_or(at);
            self.plan.courses[course].ask(day);
            let how = How::Read { course, moment: Moment::Day(day), of };
            let branch = format!("{} {}", arm.name, named(leaf));
            readings.push(Reading { arm: branch, how });
            Ok(Expr::symbol(SymbolId(readings.len() as u32 - 1)))
        });
        let expr = expr.map_err(|e| vec![*e])?;
        Ok(How::Derived(Box::new(Value { expr, readings, text: value.text.clone() })))
    }

    /// `FORMULA = QUANTITY` on a stage.
    fn crossing(&mut self, asked: &Asked, stage: usize, when: &Written) -> Planned<Crossing> {
        let refuse = |message: &str| {
            vec![
                Diagnostic::error("formula", message)
                    .at(when.whole(), "")
                    .mend("write for example `when = \"cells = 1e6 cell\"`"),
            ]
        };
        let Some((left, right)) = when.text.split_once('=') else {
            return Err(refuse("a crossing is FORMULA = VALUE"));
        };
        let left = when.part(0, left.len());
        let stage = &mut self.plan.stages[stage];
        let formula = stage.formula(&left).map_err(|e| vec![*e])?;
        let right = right.trim();
        let bare: Option<f64> = right.parse().ok().filter(|v: &f64| v.is_finite());
        let level = match (bare, &formula.node) {
            (Some(value), _) => value,
            (None, _) => {
                let quantity = Quantity::parse(right).map_err(|m| refuse(&m))?;
                // A sum over subclones has the unit of its first term.
                let Some(first) = formula.symbols().first().copied() else {
                    return Err(refuse("a crossing needs a symbol of the system"));
                };
                let simple = matches!(formula.node, Node::Symbol(_))
                    || formula.symbols().iter().all(|s| {
                        stage.assembled.unit(*s).factor_to(&stage.assembled.unit(first)).is_some()
                    });
                let needed = stage.assembled.unit(first);
                match quantity.to(&needed) {
                    Ok(level) if simple => level,
                    Ok(_) => return Err(refuse("the unit of this formula is not known")),
                    Err(message) => return Err(refuse(&message)),
                }
            }
        };
        let Some(symbol) = stage.watch(&left.text, &formula) else {
            return Err(refuse("this crossing cannot be watched"));
        };
        let horizon = match &asked.readout.horizon {
            Some(text) => {
                let written = Written::in_file(asked.file, text, &self.library.sources);
                days(&written).map_err(|e| vec![*e])?
            }
            None => HORIZON_DAYS,
        };
        Ok(Crossing { symbol, level, horizon })
    }
}

/// The name that a leaf is.
fn named(leaf: &Formula) -> &str {
    match &leaf.part {
        Part::Name(name, _) => name,
        _ => "",
    }
}

/// A readout and what it stands among.
struct Asked<'a> {
    file: FileId,
    readout: &'a Readout,
    of: &'a Written,
    arms: &'a [ArmText],
    choice: &'a Choice,
}

fn unknown_arm(written: &Written, leaf: &Formula, name: &str, arms: &[ArmText]) -> Box<Diagnostic> {
    let known: Vec<&str> = arms.iter().map(|a| a.name.as_str()).collect();
    let error = mistake(written, leaf, format!("there is no arm `{name}`"));
    Box::new(match nearest(name, known.iter().copied()) {
        Some(near) => error.mend(format!("did you mean `{near}`?")),
        None => error.mend(format!("known: {}", known.join(", "))),
    })
}

/// Keys that an expectation needs and the readout lacks.
fn missing(file: FileId, readout: &Readout) -> Vec<Diagnostic> {
    let (p, r) = (readout.perturbed.is_some(), readout.reference.is_some());
    let band = readout.band.is_some();
    let (wanted, given): (&str, bool) = match readout.expect {
        Expect::Increase | Expect::Decrease => ("`perturbed` and `reference`", p && r),
        Expect::NoChange => ("`perturbed`, `reference` and `band`", p && r && band),
        Expect::Value => ("`perturbed` and `band`", p && band),
        Expect::Order => ("two formulas or more in `ascending`", readout.ascending.len() > 1),
        Expect::Restored => (
            "`perturbed`, `resistant` and `parental`",
            p && readout.resistant.is_some() && readout.parental.is_some(),
        ),
    };
    let mut errors = Vec::new();
    let place = Span::new(file, readout.of.span());
    if !given {
        let message = format!("this expectation needs {wanted}");
        errors.push(Diagnostic::error("claim", message).at(place, "").mend("see docs/formats.md"));
    }
    if let Some(band) = &readout.band
        && band.get_ref()[0].partial_cmp(&band.get_ref()[1]).is_none_or(|o| o.is_gt())
    {
        errors.push(
            Diagnostic::error("claim", "the lower end of this band is above its upper end")
                .at(Span::new(file, band.span()), "")
                .mend("swap them"),
        );
    }
    errors
}
