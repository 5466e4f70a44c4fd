//! The same for programs.

use mongoplex::{
    TenantId,
    health::Need,
    schema::{Cure, Difference, Mode, Part},
};
use serde_json::{Value, json};

use super::{Compared, word};

/// Returns the result for programs:
///
/// - `complete`: whether nothing is missing or different any more
/// - `tenants`: how many were looked at, `null` where none was asked for
/// - `differences`: all that was found at first; `added` and `left`: what became of it; each of them
///   `{ tenant, namespace, kind, part, what, cure, required }`, where `tenant` is `null` in a common
///   database, `kind` is missing, different or unknown, `part` is collection, index or validator,
///   and `cure` is add, migration or nothing
/// - `skipped`: optional databases that could not be reached
pub(in crate::command::sync) fn json(before: &Compared, after: &Compared) -> Value {
    let here = before.here;
    let left = |compared: &Compared| objects(here, compared.all(|report| &report.missing));
    let mut differences = left(before);
    differences.extend(objects(here, before.all(|report| &report.unknown)));
    json!({
        "complete": after.judge().is_ok(),
        "tenants": after.tenants.as_ref().map(Vec::len),
        "differences": differences,
        "added": objects(here, after.all(|report| &report.added)),
        "left": left(after),
        "skipped": after.common.skipped,
    })
}

fn objects<'a>(
    here: Mode,
    all: impl Iterator<Item = (Option<&'a TenantId>, &'a Difference)>,
) -> Vec<Value> {
    let object = move |(tenant, found): (Option<&TenantId>, &Difference)| {
        let part = match found.part {
            Part::Collection => "collection",
            Part::Index => "index",
            _ => "validator",
        };
        let cure = match found.cure {
            _ if found.is_ended_by(here) => "add",
            Cure::Migration => "migration",
            _ => "nothing",
        };
        json!({
            "tenant": tenant.map(TenantId::as_str),
            "namespace": found.namespace,
            "kind": word(found.kind),
            "part": part,
            "what": found.what,
            "cure": cure,
            "required": found.need == Need::Required,
        })
    };
    all.map(object).collect()
}
