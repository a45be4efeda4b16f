//! Fields of names, and what is said of parts for people and catalogues.

use hersim_network::{Diagnostic, Span};

use super::{Flattener, Given, Known, Mention};
use crate::{
    about::Told,
    ast::{FieldText, FieldValue, Formula, FormulaNode, Name, Remark},
    fields::{Field, field_of},
};

impl<'p> Flattener<'p, '_> {
    /// `x.sboTerm = 3`, unless `x` is a submodel that has a symbol of that name.
    pub(super) fn field(&mut self, instance: usize, text: &'p FieldText) {
        let name = &text.name;
        let full = format!("{}{}", self.flat.instances[instance].prefix, name.path);
        let symbol = self.flat.find(&full).is_some_and(|n| self.flat.nodes[n].declared);
        if let (true, FieldValue::One(formula)) = (symbol, &text.value) {
            self.names_of(instance, formula);
            let node = self.introduced(instance, name);
            let said = self.said(Given::Text(formula), instance, name.span, (node, &name.path));
            self.flat.nodes[node].facts.values.push(said);
            return;
        }
        let Some((owner, _)) = name.path.rsplit_once('.') else { return };
        let owner = Name { path: owner.to_string(), span: name.span };
        match field_of(&name.path) {
            Some(Field::Sbo) => self.sbo(instance, &owner, text),
            Some(Field::Statistic(statistic)) => {
                match &text.value {
                    FieldValue::One(value) => self.names_of_value(instance, value),
                    FieldValue::Range(from, to) => {
                        self.names_of_value(instance, from);
                        self.names_of_value(instance, to);
                    }
                }
                let node = self.introduced(instance, &owner);
                let what = (statistic, Known::Value(&text.value));
                let said = self.said(what, instance, name.span, (node, &name.path));
                self.flat.nodes[node].facts.known.push(said);
            }
            None => {}
        }
    }

    /// Distributions are no functions of formulas, but their parameters are formulas.
    fn names_of_value(&mut self, instance: usize, value: &Formula) {
        match &value.node {
            FormulaNode::Call(_, arguments) => {
                arguments.iter().for_each(|a| self.names_of(instance, a));
            }
            _ => self.names_of(instance, value),
        }
    }

    fn sbo(&mut self, instance: usize, owner: &Name, text: &'p FieldText) {
        let number = match &text.value {
            FieldValue::One(value) => value.as_number(),
            FieldValue::Range(..) => None,
        };
        let whole = number.filter(|n| n.fract() == 0.0 && (0.0..1e7).contains(n));
        let Some(number) = whole else {
            self.found.push(
                Diagnostic::error("bad-number", "an SBO term is a number of up to seven digits")
                    .at(text.name.span, "")
                    .mend("for example `x.sboTerm = 247`"),
            );
            return;
        };
        let model = owner.path == self.flat.instances[instance].model.name.path;
        let owner = (!model).then_some(owner);
        self.tell(instance, owner, Told::Sbo(number as u32), text.name.span);
    }

    pub(super) fn remark(
        &mut self,
        instance: usize,
        name: Option<&'p Name>,
        remark: &'p Remark,
        span: Span,
    ) {
        if let (Some(name), Remark::Called(words)) = (name, remark)
            && let Some(Field::Statistic(statistic)) = field_of(&name.path)
            && self.flat.seen_from(instance, &name.path).is_none()
        {
            let owner = name.path.rsplit_once('.').map_or("", |(owner, _)| owner).to_string();
            let node = self.introduced(instance, &Name { path: owner, span: name.span });
            let what = (statistic, Known::Definition(words));
            let said = self.said(what, instance, span, (node, &name.path));
            self.flat.nodes[node].facts.known.push(said);
            return;
        }
        self.tell(instance, name, Told::Remark(remark), span);
    }

    /// Of a part, or of the model.
    fn tell(&mut self, instance: usize, name: Option<&Name>, told: Told<'p>, span: Span) {
        let depth = self.flat.instances[instance].depth;
        let Some(name) = name else {
            let source = matches!(told, Told::Remark(Remark::Annotate("isDescribedBy", _)));
            if instance == 0 || (source && !self.program.tolerant) {
                self.flat.told.entry(String::new()).or_default().push((depth, told));
            }
            return;
        };
        let full = format!("{}{}", self.flat.instances[instance].prefix, name.path);
        if !self.flat.is_no_symbol(&full) {
            let node = self.seen(instance, name);
            let may_be_new = false;
            self.flat.mentions.push(Mention { node, instance, span: name.span, may_be_new });
            if self.program.tolerant && !name.path.contains('.') && !self.flat.nodes[node].declared
            {
                self.flat.nodes[node].declared = true;
                self.flat.nodes[node].span = span;
            }
        }
        self.flat.told.entry(full).or_default().push((depth, told));
    }
}
