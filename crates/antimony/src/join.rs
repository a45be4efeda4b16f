//! Which rows of a table belong to which model of its file.

use std::collections::HashSet;

use hersim_network::{Diagnostic, nearest};

use crate::{
    ast::{FileText, Model},
    program::Program,
    replicate::visit_model,
    table::Row,
};

/// With one model in the file every row is its; else rows go to the models that use the name.
pub(crate) fn belongs(row: &Row, model: &Model, file: &FileText) -> bool {
    if file.models.len() == 1 {
        return true;
    }
    uses(model, &row.id)
}

fn uses(model: &Model, id: &str) -> bool {
    let first = id.split('.').next().unwrap_or(id);
    let mut used = false;
    visit_model(model, &mut |name| used |= name == id || (first != id && name == first));
    used || model.unread.contains(id) || model.unread.contains(first)
}

/// Rows that no model of the file uses, and tables of files without a model.
pub(crate) fn check_rows(program: &Program, found: &mut Vec<Diagnostic>) {
    for file in &program.files {
        let Some(table) = &file.table else { continue };
        let mut used: HashSet<String> = HashSet::new();
        for model in &file.text.models {
            visit_model(model, &mut |name| {
                used.insert(name.to_string());
            });
            used.extend(model.unread.iter().cloned());
        }
        for row in &table.rows {
            let first = row.id.split('.').next().unwrap_or(&row.id);
            if used.contains(&row.id) || (first != row.id && used.contains(first)) {
                continue;
            }
            let mend = match nearest(&row.id, used.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove the row, or use the name in the text".to_string(),
            };
            found.push(
                Diagnostic::error(
                    "unknown-parameter",
                    format!(
                        "`{}` has a row here, but {} never mentions it",
                        row.id,
                        file.path.display()
                    ),
                )
                .at(row.id_span, "column `parameterId`")
                .mend(mend),
            );
        }
    }
}
