//! Lists: a page, filtered and sorted by what the model allows, that stays right under inserts.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use futures_util::TryStreamExt;
use mongoplex::{
    Collection, Resource,
    bson::{Document, RawDocumentBuf, doc},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    cursor::{Cursor, Sort},
    filter,
    json::{Shown, shown},
    shape::bad,
};
use crate::{
    extract::{Json, Page},
    problem::Problem,
};

/// What a list is asked for. Every parameter is known or a fault; none stands twice.
#[derive(Debug)]
pub(super) struct Asked<M> {
    limit: u32,
    after: Option<Cursor>,
    sort: Sort,
    count: bool,
    deleted: bool,
    filter: Document,
    model: std::marker::PhantomData<fn() -> M>,
}

impl<S: Send + Sync, M: Resource> FromRequestParts<S> for Asked<M> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(pairs) = pairs.map_err(|_| Problem::bad_request("the query is malformed"))?;
        Self::read(pairs)
    }
}

impl<M: Resource> Asked<M> {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut asked = Self {
            limit: 50,
            after: None,
            sort: Sort::default(),
            count: false,
            deleted: false,
            filter: Document::new(),
            model: std::marker::PhantomData,
        };
        let (mut seen, mut after) = (Vec::new(), None);
        for (name, text) in pairs {
            if seen.contains(&name) {
                return Err(bad(&name, "stands twice"));
            }
            match name.as_str() {
                "limit" => asked.limit = limit(&text)?,
                "after" => after = Some(text),
                "sort" => asked.sort = Sort::read::<M>(&text)?,
                "count" => asked.count = flag(&name, &text)?,
                "deleted" if M::UPKEEP.is_soft_delete() => asked.deleted = flag(&name, &text)?,
                _ => filter::add::<M>(&mut asked.filter, &name, &text)?,
            }
            seen.push(name);
        }
        asked.after = after
            .map(|text| Cursor::read(&text, &asked.sort))
            .transpose()?;
        Ok(asked)
    }

    /// Reads the page, each document as `T`: the model, or all that is stored.
    ///
    /// The cursor is taken from the document as it lies in the database: the model may give a field that
    /// is missing there a default, which the database does not sort by.
    pub(super) async fn run<T: DeserializeOwned + Serialize>(
        self,
        collection: &Collection<M>,
    ) -> Result<Json<List>, Problem> {
        let deleted = self.deleted.then(|| collection.try_deleted()).flatten();
        let collection = deleted.as_ref().unwrap_or(collection);
        let filter = match &self.after {
            Some(after) => doc! { "$and": [self.filter.clone(), after.filter(&self.sort)] },
            None => self.filter.clone(),
        };
        // One more than asked for tells whether there is a next page.
        let find = collection
            .find(filter)
            .sort(self.sort.document())
            .limit(self.limit + 1);
        let found: Vec<RawDocumentBuf> = find.raw().await?.try_collect().await?;
        let more = found.len() > self.limit as usize;
        let found = &found[..found.len().min(self.limit as usize)];
        let show = |raw: &RawDocumentBuf| shown(&collection.decode::<T>(raw)?, M::HIDDEN);
        let items = found.iter().map(show).collect::<Result<Vec<_>, _>>()?;
        let last = found.last().filter(|_| more);
        let next_cursor = last.map(|last| Cursor::at(last, &self.sort).write());
        let total = match self.count {
            true => Some(collection.count_documents(self.filter).await?),
            false => None,
        };
        Ok(Json(List {
            items,
            next_cursor,
            total,
        }))
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    /// The documents, in the order that was asked for.
    pub items: Vec<Shown>,
    /// What the next request gives as `after`; none where nothing follows.
    pub next_cursor: Option<String>,
    /// How many there are in all, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

fn limit(text: &str) -> Result<u32, Problem> {
    // However large: more than a page holds counts as a page.
    match text.parse::<u128>() {
        Ok(0) | Err(_) => Err(bad("limit", "expected a whole number from 1")),
        Ok(limit) => Ok(u32::try_from(limit).map_or(Page::MAX, |limit| limit.min(Page::MAX))),
    }
}

fn flag(name: &str, text: &str) -> Result<bool, Problem> {
    text.parse()
        .map_err(|_| bad(name, "expected true or false"))
}
