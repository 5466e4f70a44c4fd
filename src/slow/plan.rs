//! Reads what `explain` answers: which index, how much was looked at, and what follows from it.

use mongodb::bson::{Bson, Document};

use super::{
    explain::{Answer, Question},
    fields::{Fields, UNKNOWN},
};

/// What stands behind a plan that was not run to its end: then it has no figures.
const TOO_LONG: &str = " (run for the figures it took longer than 1 s)";

/// From how many documents examined for one returned on there is something to say.
const RATIO: u64 = 100;

/// Where stages have those that feed them.
const INPUTS: [&str; 9] = [
    "inputStage",
    "inputStages",
    "outerStage",
    "innerStage",
    "thenStage",
    "elseStage",
    "shards",
    "winningPlan",
    "queryPlan",
];

/// What a shape's `explain` said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    /// `COLLSCAN`, `IXSCAN { tier: 1 }`, or why there is none.
    pub(crate) plan: String,
    /// Documents.
    pub(crate) examined: Option<u64>,
    /// Keys of indexes.
    pub(crate) keys_examined: Option<u64>,
    /// Documents that what examined them gave on.
    pub(crate) returned: Option<u64>,
    pub(crate) advice: Option<String>,
}

impl Finding {
    pub(super) fn refused(reason: &str) -> Self {
        Self {
            plan: format!("not explained: {reason}"),
            ..Self::default()
        }
    }
}

/// Reads an answer.
pub(super) fn read(reply: &Document, question: &Question) -> Finding {
    let mut parts = Vec::new();
    find(reply, &mut parts);
    let Some((plans, mut stats)) = gather(&parts) else {
        return Finding::refused("the server told no plan");
    };
    let is_cut_off = |own: &&Document| matches!(own.get_bool("executionSuccess"), Ok(false));
    let is_partial = stats.is_empty() || stats.iter().any(is_cut_off);
    if is_partial {
        stats.clear();
    }
    let mut access = Vec::new();
    for plan in plans {
        leaves(plan, &question.fields, &mut access);
    }
    let sum = |name| sum(&stats, name);
    let (examined, returned) = (sum("totalDocsExamined"), sum("nReturned"));
    let is_scan = access.iter().any(|own| own == "COLLSCAN");
    let cure = question.cure.clone().filter(|_| is_scan);
    let advice = cure.or_else(|| excess(examined?, returned?, question.answer));
    Finding {
        plan: access.join(", ") + if is_partial { TOO_LONG } else { "" },
        examined,
        keys_examined: sum("totalKeysExamined"),
        returned,
        advice,
    }
}

fn excess(examined: u64, returned: u64, answer: Answer) -> Option<String> {
    let is_far = answer == Answer::Documents && examined > returned.max(1).saturating_mul(RATIO);
    is_far.then(|| format!("examined far above returned: {examined} documents for {returned}"))
}

type Part<'a> = (&'a Document, Option<&'a Document>);

/// Finds plan and figures where the forms of the answer have them: at the top, in a pipeline's stages, in
/// shards. Not just anywhere: the answer repeats the command, which holds what the caller wrote.
fn find<'a>(reply: &'a Document, parts: &mut Vec<Part<'a>>) {
    if let Ok(planner) = reply.get_document("queryPlanner") {
        if let Ok(plan) = planner.get_document("winningPlan") {
            parts.push((plan, reply.get_document("executionStats").ok()));
        }
        return;
    }
    let stages = reply.get_array("stages").into_iter().flatten();
    for stage in stages.filter_map(Bson::as_document) {
        // `$cursor`, or the stage that has one in it.
        if let Some(first) = stage.values().next().and_then(Bson::as_document) {
            find(first, parts);
        }
    }
    if let Ok(shards) = reply.get_document("shards") {
        shards
            .values()
            .filter_map(Bson::as_document)
            .for_each(|shard| find(shard, parts));
    }
}

fn gather<'a>(parts: &[Part<'a>]) -> Option<(Vec<&'a Document>, Vec<&'a Document>)> {
    let plans = parts.iter().map(|part| part.0).collect::<Vec<_>>();
    let stats = parts.iter().filter_map(|part| part.1).collect();
    (!plans.is_empty()).then_some((plans, stats))
}

fn sum(stats: &[&Document], name: &str) -> Option<u64> {
    let all = stats.iter().filter_map(|own| match own.get(name) {
        Some(Bson::Int32(number)) => u64::try_from(*number).ok(),
        Some(Bson::Int64(number)) => u64::try_from(*number).ok(),
        _ => None,
    });
    (!stats.is_empty()).then(|| all.sum())
}

/// Collects the stages that read, each once, in their order.
fn leaves(stage: &Document, fields: &Fields, found: &mut Vec<String>) {
    let mut is_leaf = true;
    for name in INPUTS {
        let below: Vec<_> = match stage.get(name) {
            Some(Bson::Document(one)) => vec![one],
            Some(Bson::Array(all)) => all.iter().filter_map(Bson::as_document).collect(),
            _ => continue,
        };
        is_leaf = false;
        below.into_iter().for_each(|one| leaves(one, fields, found));
    }
    let Some(name) = stage.get_str("stage").ok().filter(|_| is_leaf) else {
        return;
    };
    let keys = stage.get_document("keyPattern").ok();
    let keys = keys.map(|keys| format!(" {{ {} }}", pattern(keys, fields)));
    let text = format!("{name}{}", keys.unwrap_or_default());
    if !found.contains(&text) {
        found.push(text);
    }
}

/// Returns an index's keys; a name that is not the model's is somebody else's index's.
fn pattern(keys: &Document, fields: &Fields) -> String {
    let keys = keys.iter().map(|(path, kind)| {
        let kind = match kind {
            Bson::String(kind) if ["text", "2d", "2dsphere", "hashed"].contains(&&**kind) => {
                kind.clone()
            }
            kind => super::shape::direction(kind).map_or(UNKNOWN.into(), |way| way.to_string()),
        };
        format!("{}: {kind}", fields.show(path).0)
    });
    keys.collect::<Vec<_>>().join(", ")
}
