//! Models inside models, and what of them is deleted.

use std::collections::HashSet;

use hersim_network::{Diagnostic, nearest};

use super::{Anonymous, Flattener, Given, MOST_INSTANCES};
use crate::{
    ast::{Formula, FormulaNode, Name, Submodel},
    program::twice,
};

impl<'p> Flattener<'p, '_> {
    pub(super) fn submodel(
        &mut self,
        instance: usize,
        submodel: &'p Submodel,
        anonymous: &mut Anonymous,
    ) {
        let name = match submodel.name.path.as_str() {
            "" => anonymous.next("_sys", |a| &mut a.submodels),
            path => path.to_string(),
        };
        let prefix = format!("{}{name}.", self.flat.instances[instance].prefix);
        if let Some(first) = self.submodels.insert(prefix.clone(), submodel.name.span) {
            self.found.push(twice("submodel", &submodel.name.path, submodel.name.span, first));
            return;
        }
        let Some((file, model)) = self.program.model(&submodel.model.path) else {
            self.flat.instances[instance].broken.push(submodel.name.path.clone());
            self.unknown_model(submodel);
            return;
        };
        if let Some(first) = self.open.iter().position(|m| *m == model.name.path) {
            let ring: Vec<&str> =
                self.open[first..].iter().copied().chain([model.name.path.as_str()]).collect();
            self.flat.instances[instance].broken.push(submodel.name.path.clone());
            self.found.push(
                Diagnostic::error(
                    "cyclic-model",
                    format!("a model cannot hold itself: {}", ring.join(" -> ")),
                )
                .at(submodel.model.span, "this closes the ring")
                .mend("remove this submodel"),
            );
            return;
        }
        if self.flat.instances.len() >= MOST_INSTANCES || self.open.len() > 60 {
            self.flat.instances[instance].broken.push(submodel.name.path.clone());
            self.found.push(
                Diagnostic::error(
                    "too-many-submodels",
                    "there are more submodels than can be handled",
                )
                .at(submodel.name.span, "")
                .mend("use fewer submodels"),
            );
            return;
        }
        let inner = self.instance(prefix, file, model, Some(instance));
        self.flat.instances[inner].time = self.conversion(instance, "timeconv", &submodel.time);
        self.flat.instances[inner].extent =
            self.conversion(instance, "extentconv", &submodel.extent);
        if submodel.arguments.len() > model.ports.len() {
            let extra = &submodel.arguments[model.ports.len()];
            self.found.push(
                Diagnostic::error(
                    "too-many-ports",
                    format!(
                        "model `{}` has {} ports, {} are given",
                        model.name.path,
                        model.ports.len(),
                        submodel.arguments.len()
                    ),
                )
                .at(extra.span, "")
                .also(model.name.span, "defined here")
                .mend("leave it out, or add a port to the model"),
            );
        }
        for (port, argument) in model.ports.iter().zip(&submodel.arguments) {
            let inside = self.seen(inner, port);
            let outside = self.mention(instance, argument, true);
            self.flat.nodes[inside].inner = true;
            self.flat.nodes[outside].outer = true;
            self.flat.same.push((inside, outside));
        }
    }

    /// The name that holds a conversion factor of a submodel; a number gets one.
    fn conversion(
        &mut self,
        instance: usize,
        name: &str,
        factor: &'p Option<Formula>,
    ) -> Option<usize> {
        let factor = factor.as_ref()?;
        if let FormulaNode::Name(path) = &factor.node {
            return Some(self.mention(
                instance,
                &Name { path: path.clone(), span: factor.span },
                false,
            ));
        }
        if factor.as_number().is_none() {
            self.found.push(
                Diagnostic::error("unsupported", "a conversion by a formula cannot be read")
                    .at(factor.span, "")
                    .mend("give the formula a name, and convert by that"),
            );
            return None;
        }
        let mut path = name.to_string();
        while self.flat.seen_from(instance, &path).is_some() {
            path.push('_');
        }
        let node = self.introduced(instance, &Name { path: path.clone(), span: factor.span });
        let said = self.said(Given::Text(factor), instance, factor.span, (node, &path));
        self.flat.nodes[node].facts.values.push(said);
        Some(node)
    }

    /// What is deleted must be there, and must not go by another name as well.
    pub(super) fn check_deleted(&mut self) {
        let joined: HashSet<usize> = self.flat.same.iter().flat_map(|(a, b)| [*a, *b]).collect();
        for (full, span) in &self.flat.deleted {
            let node = self.flat.find(full);
            let mut diagnostic = None;
            if node.is_none_or(|n| !self.flat.nodes[n].declared) && !self.flat.is_no_symbol(full) {
                let what = format!("there is no `{full}` to delete");
                diagnostic = Some(Diagnostic::error("unknown-name", what).mend("check the name"));
            } else if node.is_some_and(|n| joined.contains(&n)) {
                let what = format!("deleting `{full}`, which is also called otherwise,");
                let what = format!("{what} cannot be read");
                let made = Diagnostic::error("unsupported", what);
                diagnostic = Some(made.mend("leave out the `is`, or the `delete`"));
            }
            self.found.extend(diagnostic.map(|d| d.at(*span, "")));
        }
    }

    fn unknown_model(&mut self, submodel: &Submodel) {
        if self.program.incomplete {
            return;
        }
        let diagnostic = Diagnostic::error(
            "unknown-model",
            format!("there is no model `{}`", submodel.model.path),
        )
        .at(submodel.model.span, "");
        self.found.push(match nearest(&submodel.model.path, self.program.model_names()) {
            Some(near) => diagnostic.mend(format!("did you mean `{near}`?")),
            None => diagnostic.mend("import the file that defines it"),
        });
    }
}
