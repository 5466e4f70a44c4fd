//! A resource over HTTP: create, read, change, replace, delete, restore and list, by one line per model.

mod body;
mod change;
mod cursor;
mod filter;
mod handlers;
mod json;
mod list;
mod place;
mod shape;
mod strict;

use std::{fmt, marker::PhantomData, sync::Arc};

use axum::{
    Router,
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use mongoplex::{
    Broken, Collection, Resource, Stored,
    bson::{Document, oid::ObjectId},
};
use serde_json::{Map, Value};

use self::{
    body::{Body, Difference},
    change::Change,
    place::Place,
};
pub use self::{
    json::{Shown, shown},
    list::List,
    place::Audited,
};
use crate::{
    extract::{Actor, Id, IfMatch, Json},
    problem::Problem,
};

/// Takes fields out of a body and returns what hidden fields they make, such as a password's hash.
pub type Prepared = Result<(Map<String, Value>, Document), Problem>;
type Prepare = Arc<dyn Fn(Map<String, Value>) -> BoxFuture<'static, Prepared> + Send + Sync>;

/// The routes of one model at one address.
///
/// `P` is the place where its documents are: [`Db<D>`](crate::Db) for a common model,
/// [`TenantDb<D>`](crate::TenantDb) for a tenant's, [`Audited<D>`] for one whose changes leave an audit
/// entry. The model keeps its stamps ([`Upkeep`](mongoplex::Upkeep)).
///
/// ```
/// # use mongoplex::{Model, Resource, Upkeep, Database};
/// # use mongoplex_server::{Crud, TenantDb, axum::Router};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Clone, Serialize, Deserialize)] struct Note { title: String }
/// # impl Model for Note { const COLLECTION: &str = "notes"; const UPKEEP: Upkeep = Upkeep::Stamps; }
/// # impl Resource for Note { const FILTERS: &[&str] = &["title"]; }
/// # mongoplex::logical_database! { Shop = "shop", per_tenant: [Note], common: [mongoplex::Tenant] }
/// fn routes() -> Router<Database<Shop>> {
///     Router::new().merge(Crud::<TenantDb<Shop>, Note>::at("/api/v1/notes").routes())
/// }
/// ```
///
/// | request | does | answers |
/// |---|---|---|
/// | `POST /notes` | creates | 201, `Location`, `ETag` |
/// | `GET /notes/{id}` | reads | 200, `ETag` |
/// | `PATCH /notes/{id}` | changes the fields that are given (RFC 7396: `null` drops one) | 200 |
/// | `PUT /notes/{id}` | takes a whole document: what is left out has its default or is gone | 200 |
/// | `DELETE /notes/{id}` | deletes, or marks as deleted, if the model lets it | 204 |
/// | `POST /notes/{id}/restore` | takes the mark away | 200 |
/// | `DELETE /notes/{id}?purge=true` | deletes for good what was marked | 204 |
/// | `GET /notes` | lists | 200 `{"items": […], "nextCursor": …}` |
///
/// `PATCH` and `PUT` need the version that was read as `If-Match` (else 428), the others take it; a
/// document that has another version by now is a 412. A change that changes nothing writes nothing.
///
/// A list takes `limit` (50; more than 100 counts as that), `after` (the `nextCursor` of the page before),
/// `sort=field` or `sort=-field`, `count=true` (adds `total`), `deleted=true` (those that are marked), and
/// conditions on [`FILTERS`](Resource::FILTERS), `id` and the stamps: `field=value`, `field.ne`, `.gt`, `.gte`,
/// `.lt`, `.lte`, `.in=a,b`, `.exists=true`, `.prefix=Ac` for texts. A page goes on behind the last document
/// of the one before, so documents that come in between are never twice in a list and shift none out of
/// it; one whose sort field changes meanwhile may be met twice or not at all.
pub struct Crud<P, M> {
    path: &'static str,
    prepare: Option<Prepare>,
    place: PhantomData<fn() -> (P, M)>,
}

impl<P, M> Clone for Crud<P, M> {
    fn clone(&self) -> Self {
        let Self {
            path,
            prepare,
            place,
        } = self;
        Self {
            path,
            prepare: prepare.clone(),
            place: *place,
        }
    }
}

impl<P, M> fmt::Debug for Crud<P, M> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Crud({})", self.path)
    }
}

impl<P, M: Resource> Crud<P, M> {
    /// Returns the routes below `path`, such as `/api/v1/notes`.
    pub fn at(path: &'static str) -> Self {
        Self {
            path,
            prepare: None,
            place: PhantomData,
        }
    }

    /// Returns the same with a step that every body passes: it may take fields out and make hidden
    /// fields of them.
    #[must_use]
    pub fn prepare<F, A>(mut self, prepare: F) -> Self
    where
        F: Fn(Map<String, Value>) -> A + Send + Sync + 'static,
        A: Future<Output = Prepared> + Send + 'static,
    {
        self.prepare = Some(Arc::new(move |fields| Box::pin(prepare(fields))));
        self
    }

    /// Returns the routes that read: one document and lists, for models that keep no stamps too.
    pub fn read_routes<S>(self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
        P: Place<M> + FromRequestParts<S, Rejection = Problem>,
    {
        let one = format!("{}/{{id}}", self.path);
        if M::UPKEEP.has_stamps() {
            return Router::new()
                .route(self.path, get(handlers::list::<P, M, Stored<M>>))
                .route(&one, get(handlers::read::<P, M>));
        }
        let read = async move |place: P, Id(id): Id| {
            let found = place.collection().find_by_id(id).await?;
            let found = found.ok_or_else(Problem::not_found)?;
            Ok::<_, Problem>(Json(shown(&found, M::HIDDEN)?))
        };
        Router::new()
            .route(self.path, get(handlers::list::<P, M, M>))
            .route(&one, get(read))
    }

    /// Returns all routes.
    pub fn routes<S>(self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
        P: Place<M> + FromRequestParts<S, Rejection = Problem>,
    {
        const {
            assert!(
                M::UPKEEP.has_stamps(),
                "a resource that is changed needs `UPKEEP: Upkeep = Upkeep::Stamps`"
            );
        }
        let one = format!("{}/{{id}}", self.path);
        let create = self.clone();
        let update = |whole: Whole| {
            let crud = self.clone();
            async move |place, actor, id, version, body| {
                crud.update(place, actor, id, version, body, whole).await
            }
        };
        let all = get(handlers::list::<P, M, Stored<M>>)
            .post(async move |place, actor, body| create.create(place, actor, body).await);
        let each = get(handlers::read::<P, M>)
            .patch(update(Whole::Partly))
            .put(update(Whole::Whole))
            .delete(handlers::delete::<P, M>);
        let routes = Router::new().route(self.path, all).route(&one, each);
        match M::UPKEEP.is_soft_delete() {
            true => routes.route(&format!("{one}/restore"), post(handlers::restore::<P, M>)),
            false => routes,
        }
    }

    async fn create(self, place: P, actor: Actor, body: Body<M>) -> Result<Response, Problem>
    where
        P: Place<M>,
    {
        let mut document = Document::new();
        let body = body.without_theirs(None)?;
        body::merge(&mut document, self.prepared(body).await?);
        let model: M = body::model(document)?;
        model.check(None).map_err(broken)?;
        let change = Change::Create(Box::new(model));
        let document = place.change(actor, change).await?;
        let location = (header::LOCATION, format!("{}/{}", self.path, document.id));
        answer(StatusCode::CREATED, &document, Some(location))
    }

    async fn update(
        self,
        place: P,
        actor: Actor,
        Id(id): Id,
        IfMatch(version): IfMatch,
        body: Body<M>,
        whole: Whole,
    ) -> Result<Response, Problem>
    where
        P: Place<M>,
    {
        let before = find(&place.collection(), id).await?;
        if before.version != version {
            return Err(Problem::stale());
        }
        let body = body.without_theirs(Some(&shown(&before, M::HIDDEN)?))?;
        let body = self.prepared(body).await?;
        let mut document = json::document(&before.model)?;
        if matches!(whole, Whole::Whole) {
            let hidden = document
                .into_iter()
                .filter(|(field, _)| M::HIDDEN.contains(&field.as_str()));
            document = hidden.collect();
        }
        body::merge(&mut document, body);
        let after: M = body::model(document)?;
        after.check(Some(&before)).map_err(broken)?;
        let difference = Difference::between(&before.model, &after)?;
        if difference.is_empty() {
            return answer(StatusCode::OK, &before, None);
        }
        let change = Change::Update {
            id,
            version,
            difference,
        };
        answer(StatusCode::OK, &place.change(actor, change).await?, None)
    }

    async fn prepared(&self, mut body: Body<M>) -> Result<Document, Problem> {
        let mut hidden = Document::new();
        if let Some(prepare) = &self.prepare {
            (body.fields, hidden) = prepare(std::mem::take(&mut body.fields)).await?;
        }
        let mut document = body.document()?;
        document.extend(hidden);
        Ok(document)
    }
}

/// Whether a body is the whole document or a part of it.
#[derive(Clone, Copy)]
enum Whole {
    Whole,
    Partly,
}

async fn find<M: Resource>(collection: &Collection<M>, id: ObjectId) -> Result<Stored<M>, Problem> {
    let found = collection.find_by_id(id).stored().await?;
    found.ok_or_else(Problem::not_found)
}

fn broken(broken: Broken) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid", broken.rule)
        .with_fields(vec![broken.field.to_owned()])
}

fn answer<M: Resource>(
    status: StatusCode,
    document: &Stored<M>,
    more: Option<(HeaderName, String)>,
) -> Result<Response, Problem> {
    let etag = (header::ETAG, format!("\"{}\"", document.version));
    let mut response = (status, Json(shown(document, M::HIDDEN)?)).into_response();
    for (name, value) in [Some(etag), more].into_iter().flatten() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}
