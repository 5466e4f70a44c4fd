//! Where a call goes, and the one seam through which its inputs pass on their way out.

use std::time::Duration;

use mongodb::{
    bson::{Document, RawDocumentBuf, doc},
    options::UpdateModifications,
};

use super::{
    document::{self, Encoded},
    joint::Joint,
    scope::{self, Reach},
    upkeep::{self, View},
    verb::{Mark, Replacement},
};
use crate::{
    error::{Error, Result},
    guard::{Class, Deadline, Guard, Operation, Resend},
    model::{Namespace, TenantId, Upkeep},
    registry::Route,
    slow::Fields,
};

/// Where a call goes and what it may reach there.
#[derive(Clone)]
pub struct Target {
    pub(super) raw: mongodb::Collection<RawDocumentBuf>,
    pub(super) guard: Guard,
    pub(super) database: &'static str,
    pub(super) routes: &'static [Route],
    pub(super) namespace: Namespace,
    pub(super) reach: Reach,
    pub(super) upkeep: Upkeep,
    pub(super) view: View,
    pub(super) within: Option<Deadline>,
    /// The time that the caller gave the call, and each batch of its cursor.
    pub(super) timeout: Option<Duration>,
    /// The transaction that its calls are a part of.
    pub(super) joint: Option<Joint>,
    /// The tenant whose documents may only be read.
    pub(super) behind: Option<TenantId>,
}

impl Target {
    /// Refuses a write where only reads are let through.
    pub(super) fn admit(&self, operation: &Operation) -> Result<()> {
        match &self.behind {
            Some(tenant) if operation.is_write() => Err(Error::TenantBehind(tenant.clone())),
            _ => Ok(()),
        }
    }

    pub(super) fn rename(&mut self, collection: &'static str) {
        let database = self.raw.client().database(&self.namespace.database);
        self.raw = database.collection(collection);
        self.namespace.collection = collection;
    }

    pub(super) fn operation(&self, name: &'static str, class: Class, resend: Resend) -> Operation {
        Operation {
            name,
            database: self.database,
            namespace: self.namespace.clone(),
            is_tenants: self.reach == Reach::Tenant,
            is_joint: self.joint.is_some(),
            class,
            resend,
            timeout: self.timeout,
            within: self.within,
        }
    }

    /// Returns the names of fields that the model says.
    pub(super) fn fields(&self) -> Fields {
        let mut routes = self.routes.iter();
        let own = routes.find(|route| route.collection == self.namespace.collection);
        let schema = own.and_then(|route| (route.validator)());
        let indexes = own.map(Route::indexes).unwrap_or_default();
        let paths = indexes.iter().flat_map(|index| index.keys().into_iter());
        Fields::new(schema.as_ref(), paths.map(|(path, _)| path))
    }

    /// Passes the filter of a read.
    pub(super) fn narrow(&self, filter: &mut Document) -> Result<()> {
        self.reach.filter(filter);
        if self.upkeep.is_soft_delete() {
            self.view.narrow(filter);
        }
        Ok(())
    }

    /// Passes the filter of a read of one document. One that names nothing but an `_id` stays as it is,
    /// and the reply is looked at: MongoDB then goes straight to the document, past its planner.
    pub(super) fn narrow_one(&self, filter: &mut Document, by_id: &mut Option<View>) -> Result<()> {
        if self.upkeep.is_soft_delete() && upkeep::is_one_id(filter) {
            self.reach.filter(filter);
            *by_id = Some(self.view);
            return Ok(());
        }
        self.narrow(filter)
    }

    /// Passes a pipeline.
    pub(super) fn pipeline(&self, pipeline: &mut Vec<Document>) -> Result<()> {
        self.reach.pipeline(pipeline)?;
        let ends_in = pipeline.last().and_then(scope::written);
        if let Some(route) = ends_in.and_then(|name| self.append_only(name)) {
            return Err(Error::AppendOnly(Namespace {
                database: self.namespace.database.clone(),
                collection: route.collection,
            }));
        }
        if self.upkeep.is_soft_delete() {
            self.view.narrow_pipeline(pipeline);
        }
        Ok(())
    }

    /// Returns the route of a collection of this logical database to which documents are only added.
    fn append_only(&self, collection: &str) -> Option<&'static Route> {
        let mut routes = self.routes.iter();
        routes.find(|route| route.collection == collection && route.upkeep == Upkeep::AppendOnly)
    }

    /// Passes an update.
    pub(super) fn update(
        &self,
        filter: &mut Document,
        update: &mut UpdateModifications,
    ) -> Result<()> {
        self.writable()?;
        let is_versioned = self.is_versioned(filter);
        self.changeable(filter)?;
        upkeep::stamp(self.upkeep, update).map_err(|what| {
            let namespace = self.namespace.clone();
            Error::Kept { what, namespace }
        })?;
        if is_versioned {
            upkeep::sign(update);
        }
        Ok(())
    }

    /// Judges a deletion: one that only marks leaves its token behind, one that does not leaves nothing to
    /// know it by.
    pub(super) fn resend_deletion(&self, filter: &Document) -> Resend {
        let upkeep = match self.view {
            View::Live if self.upkeep.is_soft_delete() => self.upkeep,
            _ => Upkeep::None,
        };
        Resend::of_filter(filter, upkeep)
    }

    fn is_versioned(&self, filter: &Document) -> bool {
        Resend::of_filter(filter, self.upkeep) == Resend::Versioned
    }

    /// Passes a replacement.
    pub(super) fn replacement(&self, filter: &mut Document, with: &mut Replacement) -> Result<()> {
        let is_versioned = self.is_versioned(filter);
        self.changeable(filter)?;
        self.encoded([&with.document])?;
        if let Ok(document) = &with.document {
            with.update = upkeep::replacement(self.upkeep, document);
        }
        if let Some(update) = with.update.as_mut().filter(|_| is_versioned) {
            upkeep::sign(update);
        }
        Ok(())
    }

    /// Passes a deletion, which only marks where the model says so. What is marked already goes.
    pub(super) fn deletion(&self, filter: &mut Document, mark: &mut Mark) -> Result<()> {
        let is_versioned = self.is_versioned(filter);
        self.changeable(filter)?;
        if self.upkeep.is_soft_delete() && self.view == View::Live {
            let update = mark.0.insert(upkeep::deletion());
            if is_versioned {
                upkeep::sign(update);
            }
        }
        Ok(())
    }

    /// Passes a restoration. Where deleting does not only mark, nothing matches.
    pub(super) fn restoration(
        &self,
        filter: &mut Document,
        update: &mut UpdateModifications,
    ) -> Result<()> {
        if self.is_versioned(filter) {
            upkeep::sign(update);
        }
        self.reach.filter(filter);
        View::Deleted.narrow(filter);
        match self.upkeep {
            Upkeep::SoftDelete => Ok(()),
            Upkeep::AppendOnly => Err(Error::AppendOnly(self.namespace.clone())),
            // Its own `deletedAt`, if it has one, is none of ours.
            Upkeep::None | Upkeep::Stamps => {
                *filter = doc! { "_id": { "$in": [] } };
                Ok(())
            }
        }
    }

    /// Refuses to write among what is deleted: it would be there again, or twice.
    fn writable(&self) -> Result<()> {
        match self.view {
            View::Live => Ok(()),
            View::Deleted => Err(Error::Deleted(self.namespace.clone())),
        }
    }

    fn changeable(&self, filter: &mut Document) -> Result<()> {
        if self.upkeep == Upkeep::AppendOnly {
            return Err(Error::AppendOnly(self.namespace.clone()));
        }
        self.narrow(filter)
    }

    pub(super) fn encoded<'a>(
        &self,
        documents: impl IntoIterator<Item = &'a Encoded>,
    ) -> Result<()> {
        self.writable()?;
        let bad = documents
            .into_iter()
            .find_map(|document| document.as_ref().err());
        bad.map_or(Ok(()), |reason| {
            Err(document::misfit(reason.clone(), &self.namespace))
        })
    }
}
