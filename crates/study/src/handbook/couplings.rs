//! How the modules inside a model are coupled: who gives how many quantities to whom. What the
//! model itself computes at all times is seen through, so that modules are coupled by what its
//! sums and means are made of; constants couple nothing.

use std::collections::BTreeSet;

use hersim_network::{Network, Rule, SymbolId, SymbolKind};

use super::{
    ends::{Context, Read, When},
    formula::is_constant,
    module::{Module, Role},
};

/// The coupling of the modules inside a model.
#[derive(Clone, Debug, Default)]
pub struct Couplings {
    /// The modules, then what is around.
    pub places: Vec<Place>,
    /// Who gives to whom.
    pub list: Vec<Coupling>,
}

/// Somewhere a quantity comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A module inside, by its name there, with the module's id.
    Part {
        /// Name it has there.
        name: String,
        /// Id of its module.
        module: String,
    },
    /// States of the model itself.
    Itself,
    /// What the models around give to it.
    Before,
    /// What the models around read from it.
    After,
}

/// What one place gives to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupling {
    /// Index of the giving place.
    pub from: usize,
    /// Index of the receiving place.
    pub to: usize,
    /// Names of the quantities, as the receiving place calls them.
    pub quantities: Vec<String>,
}

/// Fills in the couplings of all models that are put together from others.
pub(super) fn tell(modules: &mut [Module], reads: &[Read], contexts: &[Context]) {
    for context in contexts {
        let network = &reads[context.module].loaded.network;
        let couplings = Finder::new(modules, context, network).find();
        modules[context.module].couplings = couplings;
    }
}

struct Finder<'a> {
    modules: &'a [Module],
    context: &'a Context,
    network: &'a Network,
    places: Vec<Place>,
    list: Vec<Coupling>,
}

impl<'a> Finder<'a> {
    fn new(modules: &'a [Module], context: &'a Context, network: &'a Network) -> Self {
        let parts = context.parts.iter().map(|(name, module)| Place::Part {
            name: name.clone(),
            module: modules[*module].id.clone(),
        });
        let places = parts.chain([Place::Itself, Place::Before, Place::After]).collect();
        Finder { modules, context, network, places, list: Vec::new() }
    }

    fn itself(&self) -> usize {
        self.context.parts.len()
    }

    fn role(&self, (part, port): (usize, usize)) -> Role {
        self.modules[self.context.parts[part].1].ports[port].role
    }

    fn find(mut self) -> Couplings {
        for (id, members) in &self.context.members {
            let from = self.sources(*id);
            for member in members {
                let name = &self.modules[self.context.parts[member.0].1].ports[member.1].name;
                match self.role(*member) {
                    Role::Read => self.couple(&from, member.0, name),
                    Role::Changed => {
                        self.couple(&from, member.0, name);
                        for to in &from {
                            self.couple(&BTreeSet::from([member.0]), *to, name);
                        }
                    }
                    Role::Given | Role::Volume => {}
                }
            }
        }
        for own in self.context.own.iter().filter(|o| o.when == When::Rate) {
            let name = last(&self.network[own.target].name).to_string();
            for to in self.sources(own.target) {
                for read in &own.reads {
                    let from = self.sources(*read);
                    self.couple(&from, to, &name);
                }
            }
        }
        let after = self.itself() + 2;
        for port in &self.modules[self.context.module].ports {
            if let (Role::Given, Some(id)) = (port.role, self.network.find(&port.name)) {
                let from = self.sources(id);
                self.couple(&from, after, &port.name);
            }
        }
        self.tidy()
    }

    fn couple(&mut self, from: &BTreeSet<usize>, to: usize, name: &str) {
        for from in from.iter().copied().filter(|f| *f != to) {
            let at = self.list.iter().position(|c| (c.from, c.to) == (from, to));
            let at = at.unwrap_or_else(|| {
                self.list.push(Coupling { from, to, quantities: Vec::new() });
                self.list.len() - 1
            });
            let quantities = &mut self.list[at].quantities;
            if !quantities.iter().any(|q| q == name) {
                quantities.push(name.to_string());
            }
        }
    }

    /// Where a quantity comes from.
    fn sources(&self, id: SymbolId) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        self.collect(id, &mut found, &mut BTreeSet::new());
        found
    }

    fn collect(&self, id: SymbolId, found: &mut BTreeSet<usize>, seen: &mut BTreeSet<SymbolId>) {
        if !seen.insert(id) {
            return;
        }
        let members = self.context.members.get(&id).map(Vec::as_slice).unwrap_or_default();
        if let Some((part, _)) = members.iter().find(|m| self.role(**m) == Role::Given) {
            found.insert(*part);
            return;
        }
        let symbol = &self.network[id];
        if let Some((first, _)) = symbol.name.split_once('.') {
            found.extend(self.context.parts.iter().position(|(name, _)| name == first));
            return;
        }
        if is_constant(self.network, id) {
            return;
        }
        match &symbol.rule {
            Some(Rule::Assignment(e)) => {
                e.symbols().into_iter().for_each(|s| self.collect(s, found, seen));
            }
            Some(Rule::Rate(_)) => _ = found.insert(self.itself()),
            None => {
                let around = &self.modules[self.context.module].ports;
                let read = around.iter().any(|p| p.role == Role::Read && p.name == symbol.name);
                if read {
                    found.insert(self.itself() + 1);
                } else if matches!(symbol.kind, SymbolKind::Species { .. }) {
                    found.insert(self.itself());
                }
            }
        }
    }

    /// Without the places that nothing is coupled to, unless they are modules.
    fn tidy(mut self) -> Couplings {
        let used: BTreeSet<usize> = self.list.iter().flat_map(|c| [c.from, c.to]).collect();
        let kept: Vec<usize> =
            (0..self.places.len()).filter(|p| *p < self.itself() || used.contains(p)).collect();
        let moved = |place: usize| kept.iter().position(|k| *k == place).unwrap_or(0);
        for coupling in &mut self.list {
            coupling.from = moved(coupling.from);
            coupling.to = moved(coupling.to);
        }
        self.list.sort_by_key(|c| (c.from, c.to));
        let places = kept.iter().map(|k| self.places[*k].clone()).collect();
        Couplings { places, list: self.list }
    }
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
