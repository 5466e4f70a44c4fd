//! Operators, patterns and forged cursors in every position of a query: refused, or compared as the
//! plain text that they are.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mongoplex::bson::{self, Bson, Document, Regex, doc, oid::ObjectId};
use serde_json::Value;

use super::{Full, Sample, table};

const OPERATORS: [&str; 8] = ["", ".eq", ".ne", ".gt", ".gte", ".lt", ".in", ".prefix"];

/// None of these stands in any document. They are sent percent-encoded.
const TEXTS: [&str; 7] = [
    r#"{"$gt":""}"#,
    r#"{"$ne":null}"#,
    ".*",
    "/^./",
    "'; return true; //",
    "$where",
    "[object Object]",
];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Returns how many documents a literal comparison gives, as MongoDB compares texts: byte by byte,
/// and a missing field is only unequal.
fn literal(items: &[Value], field: &str, operator: &str, text: &str) -> usize {
    let holds = |item: &&Value| match (operator, item[field].as_str()) {
        (".ne", value) => value != Some(text),
        (_, None) => false,
        ("" | ".eq" | ".in", Some(value)) => value == text,
        (".gt", Some(value)) => value > text,
        (".gte", Some(value)) => value >= text,
        (".lt", Some(value)) => value < text,
        (".prefix", Some(value)) => value.starts_with(text),
        (operator, _) => panic!("{operator}"),
    };
    items.iter().filter(holds).count()
}

#[tokio::test]
async fn a_value_of_a_filter_is_never_read_as_an_operator_or_a_pattern() {
    let full = Full::new("resources_injection").await;

    for sample in table::all() {
        let items = three(&full, &sample).await;
        let (mut refused, mut compared) = (0, 0);
        for field in sample.filters.iter().chain(&["id", "createdAt", "version"]) {
            for operator in OPERATORS {
                for text in TEXTS {
                    let query = format!("{field}{operator}={}", encoded(text));
                    let line = format!("GET {}?{query}", sample.path);
                    let answer = full.send(&sample, &line, &[], "").await;
                    if answer.status == 400 {
                        refused += 1;
                        continue;
                    }
                    assert_eq!(answer.status, 200, "{line}: {answer:?}");
                    let found = answer.body["items"].as_array().unwrap().len();
                    let expected = literal(&items, field, operator, text);
                    assert_eq!(found, expected, "{field}{operator}={text}");
                    compared += 1;
                }
            }
        }
        assert!(refused > 0 && compared > 0 || sample.unique.is_empty());
    }
    full.close().await;
}

#[tokio::test]
async fn a_name_of_a_parameter_is_never_read_as_an_operator_or_a_path() {
    let full = Full::new("resources_injection_names").await;

    for sample in table::all() {
        three(&full, &sample).await;
        let names = sample.filters.iter().flat_map(|field| {
            [
                format!("{field}[$ne]=x"),
                format!("{field}%5B%24gt%5D="),
                format!("{field}.$ne=x"),
                format!("{field}.$regex=.*"),
                format!("{field}.regex=.*"),
                format!("{field}.0=x"),
                format!("{field}.x.eq=x"),
                format!("{field}%00=x"),
                format!("sort={field}.$x"),
                format!("sort=--{field}"),
                format!("sort={field},_id"),
                format!("{field}.in={}", vec!["x"; 101].join(",")),
            ]
        });
        let fixed = [
            "$where=1",
            "$or=[]",
            "$expr=1",
            "$comment=x",
            "_id=x",
            "filter={}",
            "sort=$natural",
            "sort=-$natural",
            "sort=passwordHash",
            "sort=",
            "sort=-",
            "sort={\"a\":1}",
            "passwordHash=x",
            "passwordHash.prefix=$argon2id",
            "passwordHash.exists=true",
            "limit=-1",
            "limit=0",
            "limit=1e3",
            "limit={\"$gt\":0}",
            "after=",
            "after=x",
            "after={\"$gt\":\"\"}",
            "count={\"$gt\":0}",
            "deleted={\"$ne\":null}",
        ];
        for query in names.chain(fixed.map(str::to_owned)) {
            let query = query
                .replace('{', "%7B")
                .replace('}', "%7D")
                .replace('"', "%22");
            let line = format!("GET {}?{query}", sample.path);
            let answer = full.send(&sample, &line, &[], "").await;
            assert_eq!(answer.status, 400, "{line}: {answer:?}");
        }
    }
    full.close().await;
}

#[tokio::test]
async fn a_forged_cursor_is_refused_or_a_place_in_the_order() {
    let full = Full::new("resources_injection_cursors").await;
    let values = [
        doc! { "$gt": "" }.into(),
        doc! { "$ne": null }.into(),
        doc! { "$where": "sleep(5000)" }.into(),
        Bson::Array(vec![doc! { "$gt": "" }.into()]),
        Bson::RegularExpression(Regex {
            pattern: ".*".try_into().unwrap(),
            options: "".try_into().unwrap(),
        }),
        Bson::JavaScriptCode("1".into()),
        Bson::Undefined,
        Bson::MinKey,
        Bson::MaxKey,
        Bson::Null,
        Bson::String("\u{0}".into()),
        Bson::Int32(0),
        Bson::ObjectId(ObjectId::from_bytes([0; 12])),
    ];

    for sample in table::all() {
        let all = three(&full, &sample).await.len();
        for sort in ["id", "createdAt", sample.filters[0]] {
            for descending in ["", "-"] {
                for (value, id) in values
                    .iter()
                    .flat_map(|a| values.iter().map(move |b| (a, b)))
                {
                    let stored = if sort == "id" { "_id" } else { sort };
                    let cursor =
                        doc! { "sort": format!("{descending}{stored}"), "value": value, "id": id };
                    let line = format!(
                        "GET {}?sort={descending}{sort}&after={}",
                        sample.path,
                        text(&cursor)
                    );
                    let answer = full.send(&sample, &line, &[], "").await;
                    let (status, items) = (answer.status.as_u16(), &answer.body["items"]);
                    assert!([200, 400].contains(&status), "{cursor}: {answer:?}");
                    let found = items.as_array().map_or(0, Vec::len);
                    assert!(found <= all, "{cursor}: {answer:?}");
                }
            }
        }
        let other = doc! { "sort": "-createdAt", "value": 1, "id": 1 };
        let line = format!("GET {}?sort=createdAt&after={}", sample.path, text(&other));
        let answer = full.send(&sample, &line, &[], "").await;
        assert_eq!(answer.status, 400, "a cursor of another order");
    }
    full.close().await;
}

fn text(cursor: &Document) -> String {
    URL_SAFE_NO_PAD.encode(bson::serialize_to_vec(cursor).unwrap())
}

/// Creates three, and one more that a list must not show: it is deleted.
async fn three(full: &Full, sample: &Sample) -> Vec<Value> {
    for number in 1..=3 {
        full.create(sample, number).await;
    }
    let gone = full.create(sample, 4).await;
    let line = format!("DELETE {}", gone.header("location"));
    assert_eq!(full.send(sample, &line, &[], "").await.status, 204);
    let line = format!("GET {}", sample.path);
    let listed = full.send(sample, &line, &[], "").await;
    let items = listed.body["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 3);
    items
}
