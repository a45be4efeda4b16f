//! Identifiers that SBML allows, for dotted names.

use std::collections::HashSet;

use hersim_network::Network;

/// The SBML id of each symbol, by [`hersim_network::SymbolId`]: the flat name with `__` for each
/// dot. Names that are ids already keep them; where two names would share one, the later gets a
/// number (`a__b_2`). The dotted name is kept in the `name` attribute.
pub fn ids(network: &Network) -> Vec<String> {
    assign(network.symbols.iter().map(|symbol| symbol.name.as_str()), &mut HashSet::new())
}

/// Ids for names, none of them in `taken`, which grows by them.
pub(crate) fn assign<'a>(
    names: impl Iterator<Item = &'a str> + Clone,
    taken: &mut HashSet<String>,
) -> Vec<String> {
    // Names that need no change come first, so that they are never the ones that give way.
    let mut ids: Vec<Option<String>> = names
        .clone()
        .map(|name| {
            let id = identifier(name);
            (id == name && taken.insert(id.clone())).then_some(id)
        })
        .collect();
    for (slot, name) in ids.iter_mut().zip(names) {
        if slot.is_none() {
            let wish = identifier(name);
            let mut id = wish.clone();
            let mut number = 2;
            while !taken.insert(id.clone()) {
                id = format!("{wish}_{number}");
                number += 1;
            }
            *slot = Some(id);
        }
    }
    ids.into_iter().flatten().collect()
}

/// A text as an SBML identifier: letters, digits and underscores, no digit first.
pub(crate) fn identifier(text: &str) -> String {
    let mut id = String::new();
    for c in text.chars() {
        match c {
            '.' => id.push_str("__"),
            c if c.is_ascii_alphanumeric() || c == '_' => id.push(c),
            _ => id.push('_'),
        }
    }
    if !id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        id.insert(0, '_');
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_legal() {
        let names = ["a.b", "a__b", "x", "1y", "β", "a..b", "a____b"];
        let mut taken = HashSet::from(["x".to_string()]);
        let ids = assign(names.into_iter(), &mut taken);
        assert_eq!(ids, ["a__b_2", "a__b", "x_2", "_1y", "_", "a____b_2", "a____b"]);
    }
}
