//! One line for what is the same in many databases.

use mongoplex::{
    TenantId,
    schema::{Cure, Difference, Mode},
};

use super::word;

/// How many tenants are named where many have the same difference; the rest is counted.
const NAMED: usize = 3;

/// The same difference in one or many tenants' databases.
pub(super) struct Group<'a> {
    namespace: String,
    found: &'a Difference,
    tenants: Vec<&'a TenantId>,
}

/// Puts together what is the same in many tenants' databases: a fleet that lacks one index is told in
/// one line.
pub(super) fn grouped<'a>(
    all: impl Iterator<Item = (Option<&'a TenantId>, &'a Difference)>,
) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (tenant, found) in all {
        let own = tenant.map_or_else(String::new, |id| format!("__{id}."));
        let namespace = match tenant {
            Some(_) => found.namespace.replacen(&own, "__<tenant>.", 1),
            None => found.namespace.clone(),
        };
        let same = |group: &&mut Group<'_>| {
            group.namespace == namespace
                && (group.found.kind, &group.found.what, group.found.cure)
                    == (found.kind, &found.what, found.cure)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.tenants.extend(tenant),
            None => groups.push(Group {
                namespace,
                found,
                tenants: tenant.into_iter().collect(),
            }),
        }
    }
    groups
}

impl Group<'_> {
    fn place(&self) -> String {
        let named: Vec<&str> = self
            .tenants
            .iter()
            .take(NAMED)
            .map(|id| id.as_str())
            .collect();
        let named = named.join(", ");
        match self.tenants.len() {
            0 | 1 => self.found.namespace.clone(),
            many if many > NAMED => format!("{} of {many} tenants: {named}, …", self.namespace),
            many => format!("{} of {many} tenants: {named}", self.namespace),
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("{}: {}", self.place(), self.found.what)
    }

    /// Says what to do about what is left.
    pub(super) fn advice(&self) -> &'static str {
        self.found.cure.advice()
    }

    pub(super) fn row(&self, here: Mode, only_check: bool) -> Vec<String> {
        let cure = match self.found.cure {
            _ if self.found.is_ended_by(here) && only_check => "`sync` adds it",
            _ if self.found.is_ended_by(here) => "this run adds it, if it can",
            Cure::Migration => "a migration",
            _ => "none needed",
        };
        let words = [word(self.found.kind), &self.found.what, cure];
        std::iter::once(self.place())
            .chain(words.map(str::to_owned))
            .collect()
    }
}
