//! What a server tells, and what is wrong with an expression that asks for something else.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    files::Rule,
    promql::{Matcher, Selector, TARGET, matches, reads},
};

/// What is served: for each name of a series the sets of labels that it has.
pub(super) struct Served(BTreeMap<String, Vec<BTreeMap<String, String>>>);

impl Served {
    pub(super) fn of(text: &str) -> Self {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let found = reads(line.rsplit_once(' ').unwrap().0);
            let Selector { name, matchers } = found.selectors.into_iter().next().unwrap();
            let labels = matchers.into_iter().map(|one| (one.label, one.value));
            all.entry(name).or_default().push(labels.collect());
        }
        // Prometheus' own.
        all.entry("up".into()).or_default().push(BTreeMap::new());
        all.entry("ALERTS".into()).or_default();
        Self(all)
    }

    fn labels(&self, name: &str) -> BTreeSet<String> {
        let rows = self.0.get(name).into_iter().flatten();
        rows.flat_map(|labels| labels.keys().cloned()).collect()
    }

    /// Returns what is wrong with a series that is asked for: nobody serves it, or never with such labels.
    fn fault(&self, asked: &Selector) -> Option<String> {
        let name = &asked.name;
        let Some(rows) = self.0.get(name) else {
            return Some(format!("nobody serves `{name}`"));
        };
        let ours = |one: &&Matcher| !TARGET.contains(&&*one.label) && !one.value.contains('$');
        let fits = |labels: &BTreeMap<String, String>| {
            asked.matchers.iter().filter(ours).all(|asked| {
                let Some(value) = labels.get(&asked.label) else {
                    return false;
                };
                match &*asked.sign {
                    "=" => asked.value == *value,
                    "=~" => matches(&asked.value, value),
                    "!=" => asked.value != *value,
                    sign => panic!("{sign} is not understood"),
                }
            })
        };
        let known = |one: &Matcher| rows.iter().any(|labels| labels.contains_key(&one.label));
        let strange = asked
            .matchers
            .iter()
            .find(|one| !TARGET.contains(&&*one.label) && !known(one));
        if let Some(strange) = strange {
            return Some(format!("`{name}` has no label `{}`", strange.label));
        }
        let found = rows.iter().any(fits);
        (!found).then(|| format!("`{name}` is never served with {:?}", asked.matchers))
    }
}

/// Everything that expressions may name: what is served, and what rules record.
pub(super) struct Names<'a> {
    pub(super) served: &'a Served,
    pub(super) rules: &'a [Rule],
}

impl Names<'_> {
    /// Returns the labels that what an expression gives may have.
    fn labels(&self, expression: &str) -> BTreeSet<String> {
        let selectors = reads(expression).selectors.into_iter();
        let labels = selectors.flat_map(|one| match self.recorded(&one.name) {
            Some(rule) => self.labels(&rule.expression),
            None => self.served.labels(&one.name),
        });
        labels.chain(TARGET.map(str::to_owned)).collect()
    }

    fn recorded(&self, name: &str) -> Option<&Rule> {
        let mut rules = self.rules.iter();
        rules.find(|rule| rule.record.as_deref() == Some(name))
    }

    /// Returns what is wrong with an expression, and with the labels that texts beside it name.
    pub(super) fn faults(&self, expression: &str, beside: &[String]) -> Vec<String> {
        let found = reads(expression);
        assert!(!found.selectors.is_empty(), "`{expression}` reads nothing");
        let unknown = found
            .selectors
            .iter()
            .filter(|one| self.recorded(&one.name).is_none());
        let series = unknown.filter_map(|one| self.served.fault(one));
        let known = self.labels(expression);
        let labels = found.labels.iter().chain(beside);
        let labels = labels.filter(|label| !known.contains(*label));
        let labels = labels.map(|label| format!("no series has the label `{label}`"));
        series.chain(labels).collect()
    }
}
