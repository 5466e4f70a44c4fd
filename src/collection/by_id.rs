//! Shorthands for the one document of an `_id`.

use std::borrow::Borrow;

use mongodb::{
    bson::{Bson, Document, doc},
    options::UpdateModifications,
};

use super::{Call, Collection, verb as v};
use crate::model::Model;

impl<M: Model> Collection<M> {
    /// Returns the document of an `_id`, or `None`.
    pub fn find_by_id(&self, id: impl Into<Bson>) -> Call<'static, M, v::FindOne> {
        self.find_one(of(id))
    }

    /// Changes the document of an `_id`.
    pub fn update_by_id(
        &self,
        id: impl Into<Bson>,
        update: impl Into<UpdateModifications>,
    ) -> Call<'static, M, v::UpdateOne> {
        self.update_one(of(id), update)
    }

    /// Replaces the document of an `_id`.
    pub fn replace_by_id(
        &self,
        id: impl Into<Bson>,
        replacement: impl Borrow<M>,
    ) -> Call<'static, M, v::ReplaceOne> {
        self.replace_one(of(id), replacement)
    }

    /// Deletes the document of an `_id`.
    pub fn delete_by_id(&self, id: impl Into<Bson>) -> Call<'static, M, v::DeleteOne> {
        self.delete_one(of(id))
    }

    /// Takes the mark of deletion from the document of an `_id`.
    pub fn restore_by_id(&self, id: impl Into<Bson>) -> Call<'static, M, v::RestoreOne> {
        self.restore_one(of(id))
    }
}

fn of(id: impl Into<Bson>) -> Document {
    doc! { "_id": id.into() }
}
