//! What can be asked of a call once it was slow: its shape, and what explains it.
//!
//! It is borrowed from the call while it is under way, and kept by a cursor that goes on.

use std::sync::Arc;

use mongodb::raw_batch_cursor::RawBatch;

use super::{batches, call::Given, target::Target, verb::Verb};
use crate::{
    model::upkeep::DELETED_AT,
    slow::{Inputs, Question},
};

/// The inputs of a call, as they are sent.
pub(super) struct Asked<'a, V: Verb> {
    pub(super) verb: &'a V,
    pub(super) options: &'a Given<V::Options>,
    pub(super) target: &'a Target,
    pub(super) session: Session,
}

/// Whether a call is a part of a session of the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    None,
    Callers,
}

impl Session {
    pub(super) fn of<S>(session: &Option<S>) -> Self {
        match session {
            None => Self::None,
            Some(_) => Self::Callers,
        }
    }
}

impl<V: Verb> Inputs for Asked<'_, V> {
    fn shape(&self) -> String {
        let fields = self.target.fields();
        let verb = self.verb;
        self.options
            .read(|options| verb.asks(options).shape(&fields))
    }

    /// Nothing of a transaction, which sees what nobody else does, and nothing of a session: it may be one.
    fn question(&self) -> Option<Question> {
        let target = self.target;
        if target.joint.is_some() || self.session == Session::Callers {
            return None;
        }
        let kept = target.upkeep.is_soft_delete().then_some(DELETED_AT);
        self.options.read(|options| {
            let explained = self.verb.explain(options, target.namespace.collection);
            let (command, answer) = explained?;
            let fields = target.fields();
            Some(Question {
                database: target.raw.client().database(&target.namespace.database),
                command,
                cure: self.verb.asks(options).cure(&fields, kept),
                fields,
                answer,
            })
        })
    }
}

/// The inputs of a cursor's call, for the batches that follow.
pub(super) struct Kept<V: Verb> {
    verb: V,
    options: Given<V::Options>,
    target: Target,
    session: Session,
}

impl<V: Verb> Kept<V> {
    /// Keeps the inputs where more batches may follow and slow calls are looked at.
    pub(super) fn of(
        verb: V,
        options: Given<V::Options>,
        target: &Target,
        first: &Option<RawBatch>,
        session: Session,
    ) -> Option<Arc<dyn Inputs>> {
        let goes_on = first.as_ref().is_some_and(|first| !batches::is_last(first));
        (goes_on && target.guard.keeps_slow()).then(|| -> Arc<dyn Inputs> {
            Arc::new(Self {
                verb,
                options,
                target: target.clone(),
                session,
            })
        })
    }

    fn asked(&self) -> Asked<'_, V> {
        let Self {
            verb,
            options,
            target,
            session,
        } = self;
        Asked {
            verb,
            options,
            target,
            session: *session,
        }
    }
}

impl<V: Verb> Inputs for Kept<V> {
    fn shape(&self) -> String {
        self.asked().shape()
    }

    fn question(&self) -> Option<Question> {
        self.asked().question()
    }
}
