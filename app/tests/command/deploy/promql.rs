//! What an expression of Prometheus reads: its series with their matchers, and its labels. Not a parser: it
//! finds names, and leaves to `promtool` and Prometheus whether the whole makes sense.

/// Words that are no series, though no parenthesis follows them at once.
const WORDS: [&str; 18] = [
    "and", "or", "unless", "offset", "bool", "sum", "min", "max", "avg", "count", "topk",
    "bottomk", "quantile", "stddev", "group", "inf", "nan", "atan2",
];
/// Words before a list of labels.
const LISTS: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];
/// Labels that Prometheus itself adds.
pub(super) const TARGET: [&str; 2] = ["job", "instance"];

/// A series as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) name: String,
    pub(super) matchers: Vec<Matcher>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matcher {
    pub(super) label: String,
    pub(super) sign: String,
    pub(super) value: String,
}

/// What an expression reads.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub(super) selectors: Vec<Selector>,
    /// Labels in `by (…)` and the like.
    pub(super) labels: Vec<String>,
}

/// Returns what an expression reads.
pub(super) fn reads(expression: &str) -> Reads {
    let mut found = Reads::default();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            rest = quoted(rest).1;
        } else if first == '[' {
            rest = rest.split_once(']').unwrap().1;
        } else if first.is_ascii_digit() {
            rest =
                rest.trim_start_matches(|sign: char| sign.is_ascii_alphanumeric() || sign == '.');
        } else if is_name(first) {
            let (name, behind) = word(rest);
            rest = named(name, behind.trim_start(), &mut found);
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// Takes a name and what belongs to it, and returns what is left.
fn named<'a>(name: &str, rest: &'a str, found: &mut Reads) -> &'a str {
    if LISTS.contains(&name) {
        let (list, rest) = rest.strip_prefix('(').unwrap().split_once(')').unwrap();
        let labels = list.split(',').map(str::trim);
        found
            .labels
            .extend(labels.filter(|label| !label.is_empty()).map(str::to_owned));
        return rest;
    }
    if WORDS.contains(&name) || rest.starts_with('(') {
        return rest;
    }
    let (matchers, rest) = match rest.strip_prefix('{') {
        Some(list) => matchers(list),
        None => (Vec::new(), rest),
    };
    let name = name.to_owned();
    found.selectors.push(Selector { name, matchers });
    rest
}

/// Reads `label="value", …}`.
fn matchers(mut rest: &str) -> (Vec<Matcher>, &str) {
    let mut all = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\n']);
        if let Some(rest) = rest.strip_prefix('}') {
            return (all, rest);
        }
        let (label, behind) = word(rest);
        let start = behind.find('"').unwrap();
        let (value, behind) = quoted(&behind[start..]);
        all.push(Matcher {
            label: label.to_owned(),
            sign: rest[label.len()..label.len() + start].trim().to_owned(),
            value: value.to_owned(),
        });
        rest = behind;
    }
}

/// Splits `"text" behind`; no text here holds a quote.
fn quoted(text: &str) -> (&str, &str) {
    text[1..].split_once('"').unwrap()
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(|sign: char| !is_name(sign) && !sign.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

fn is_name(sign: char) -> bool {
    sign.is_ascii_alphabetic() || "_:".contains(sign)
}

/// Returns whether a value is one that a pattern such as `open|half-open` or `5..` means.
pub(super) fn matches(pattern: &str, value: &str) -> bool {
    let same = |wanted: &str| {
        let signs = wanted.chars().zip(value.chars());
        wanted.chars().count() == value.chars().count()
            && signs
                .into_iter()
                .all(|(one, other)| one == '.' || one == other)
    };
    pattern == ".*" || pattern.split('|').any(same)
}

#[test]
fn an_expression_is_read_with_its_series_matchers_and_labels() {
    let found = reads(
        r#"sum by (job, le) (rate(calls_total{outcome=~"late|failed", job="$job"}[5m])) / 1e3 > 0.5 and on (job) up"#,
    );

    let names: Vec<_> = found.selectors.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["calls_total", "up"]);
    let first = &found.selectors[0].matchers[0];
    assert_eq!(
        (&*first.label, &*first.sign, &*first.value),
        ("outcome", "=~", "late|failed")
    );
    assert_eq!(found.labels, ["job", "le", "job"]);
    assert!(matches("late|failed", "failed") && matches("5..", "503"));
    assert!(!matches("late|failed", "fail") && !matches("5..", "404"));
}
