//! What is to be done to one row: pure, from what the seed wants, what is there, and what was recorded.

use std::collections::BTreeMap;

use mongodb::bson::{Bson, Document, doc, serialize_to_vec};
use sha2::{Digest, Sha256};

use super::{
    describe::{Changed, Described, Kind},
    draw::first,
};

/// A row whose references are looked up.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// What stands for its natural key.
    pub(super) hash: String,
    pub(super) key: Document,
    /// All its fields, those of the key too, without `_id`.
    pub(super) fields: Document,
    pub(super) id: Option<Bson>,
    /// Its place among the seed's rows.
    pub(super) position: usize,
}

/// What is recorded of a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Record {
    /// Of the document.
    pub(super) id: Bson,
    /// Whether the seed has inserted it.
    pub(super) is_own: bool,
    /// What stands for the values that the seed last wrote, by field; none before it has ended.
    pub(super) is: Option<BTreeMap<String, i64>>,
    /// The same of what it was about to write when it was last heard of.
    pub(super) next: Option<BTreeMap<String, i64>>,
}

/// What is to be done to a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Insert,
    /// Fields to be set, and how many are kept.
    Change {
        set: Document,
        kept: usize,
    },
    /// Nothing.
    Same {
        kept: usize,
    },
    /// People took it away, and it is not written again.
    Gone,
    /// People changed these fields, and the seed is to fail then.
    Conflict(Vec<String>),
}

/// Judges a row.
pub(super) fn judge(
    seed: &Described,
    wanted: &Wanted,
    found: Option<&Document>,
    record: Option<&Record>,
) -> Verdict {
    let is_once = seed.kind == Kind::Once;
    let Some(found) = found else {
        let was_there = record.is_some_and(|record| record.is.is_some());
        return match is_once && was_there {
            true => Verdict::Gone,
            false => Verdict::Insert,
        };
    };
    if is_once {
        return Verdict::Same { kept: 0 };
    }
    let (mut set, mut changed) = (Document::new(), Vec::new());
    for (field, value) in &wanted.fields {
        let there = found.get(field);
        if there == Some(value) {
            continue;
        }
        let is_ours = seed.changed == Changed::Overwrite || is_ours(record, field, there);
        match is_ours {
            true => drop(set.insert(field, value)),
            false => changed.push(field.clone()),
        }
    }
    match (seed.changed, set.is_empty()) {
        (Changed::Fail, _) if !changed.is_empty() => Verdict::Conflict(changed),
        (_, true) => Verdict::Same {
            kept: changed.len(),
        },
        (_, false) => Verdict::Change {
            set,
            kept: changed.len(),
        },
    }
}

/// Returns whether a field is as the seed left it, or was about to.
fn is_ours(record: Option<&Record>, field: &str, there: Option<&Bson>) -> bool {
    let Some(record) = record else { return false };
    let marks = [&record.is, &record.next];
    let mut known = marks.into_iter().flatten();
    known.any(|fields| match (fields.get(field), there) {
        (Some(mark), Some(value)) => *mark == hash(value),
        (None, None) => true,
        _ => false,
    })
}

/// Returns what stands for the values of fields.
pub(super) fn hashes(fields: &Document) -> Document {
    let hashed = fields.iter();
    hashed
        .map(|(field, value)| (field.clone(), Bson::from(hash(value))))
        .collect()
}

/// Returns 64 bits that stand for a value.
pub(super) fn hash(value: &Bson) -> i64 {
    first(&digest(&doc! { "": value })).cast_signed()
}

/// Returns what stands for a natural key.
pub(super) fn key_hash(key: &Document) -> String {
    hex(&digest(key))
}

/// Returns what stands for a document.
pub(super) fn hex(bytes: &[u8]) -> String {
    let bytes = bytes.iter().take(16);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn digest(document: &Document) -> Vec<u8> {
    // Documents that were read always serialize.
    Sha256::digest(serialize_to_vec(document).unwrap_or_default()).to_vec()
}

/// Returns the part of a document that is its natural key.
pub(super) fn key(seed: &Described, fields: &Document) -> Document {
    let parts = seed.key.iter();
    parts
        .map(|field| {
            let value = fields.get(*field).cloned().unwrap_or(Bson::Null);
            ((*field).to_owned(), value)
        })
        .collect()
}
