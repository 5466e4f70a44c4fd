//! A verb on its way: inputs, options, session and time, until it is awaited.

use std::{fmt, future::IntoFuture, marker::PhantomData, time::Duration};

use futures_util::future::BoxFuture;
use mongodb::ClientSession;
use serde::de::DeserializeOwned;

use super::{
    asked::{Asked, Session},
    target::Target,
    verb::{Bounded, Verb},
};
use crate::{
    error::{Error, Result},
    guard::Attempt,
};

/// What is said where a transaction's collection is given a session.
const OTHER_SESSION: &str = "its collections take no `.session(…)`: they have its own";

/// A verb that has not been sent yet; `.await` sends it.
///
/// `M` is what comes back, `V` the [verb](super::verb). The setters of a verb's own options carry
/// the driver's names; [`with_options`](Self::with_options) takes the driver's option type whole.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<'s, M, V: Verb> {
    target: Target,
    pub(super) verb: V,
    pub(super) options: Given<V::Options>,
    session: Option<&'s mut ClientSession>,
    model: PhantomData<fn() -> M>,
}

impl<'s, M, V: Verb> Call<'s, M, V> {
    pub(super) fn new(target: Target, verb: V) -> Self {
        Self {
            target,
            verb,
            options: Given(None),
            session: None,
            model: PhantomData,
        }
    }

    /// Returns the call with all its options replaced.
    pub fn with_options(mut self, options: impl Into<Option<V::Options>>) -> Self {
        self.options = Given(options.into().map(Box::new));
        self
    }

    /// Returns the call bounded to `timeout` from its start, and each batch of its cursor too, instead
    /// of the default of its class.
    /// It still does not outlive the deadline of the handle it came from.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.target.timeout = Some(timeout);
        self
    }

    /// Returns the call as a part of a session; it is then never sent again by itself.
    pub fn session<'t>(self, session: &'t mut ClientSession) -> Call<'t, M, V>
    where
        's: 't,
    {
        Call {
            session: Some(session),
            ..self
        }
    }

    /// Returns the call as a part of a session, where there is one.
    pub fn maybe_session<'t>(self, session: Option<&'t mut ClientSession>) -> Call<'t, M, V>
    where
        's: 't,
    {
        Call { session, ..self }
    }

    pub(super) fn typed<U>(self) -> Call<'s, U, V> {
        let Self {
            target,
            verb,
            options,
            session,
            model: _,
        } = self;
        Call {
            target,
            verb,
            options,
            session,
            model: PhantomData,
        }
    }
}

impl<M, V: Verb> fmt::Debug for Call<'_, M, V> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Call({} on {})", V::NAME, self.target.namespace)
    }
}

impl<'s, M, V> IntoFuture for Call<'s, M, V>
where
    M: DeserializeOwned + Send + 's,
    V: Verb + 's,
{
    type Output = Result<V::Output<'s, M>>;
    type IntoFuture = BoxFuture<'s, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self {
            target,
            mut verb,
            options,
            mut session,
            model: _,
        } = self;
        // A block and not a function: a function's arguments would be stored twice.
        Box::pin(async move {
            // Before it is prepared: what the library adds is no part of the question.
            let resend = options.read(|options| verb.resend(options, &target));
            verb.prepare(&target)?;
            let operation = target.operation(V::NAME, V::CLASS, resend);
            target.admit(&operation)?;
            let asked = Asked {
                verb: &verb,
                options: &options,
                target: &target,
                session: Session::of(&session),
            };
            let operation = operation.told(&asked);
            let (raw, guard, sending, given) = (&target.raw, &target.guard, &verb, &options);
            let reply = match (session.as_deref_mut(), &target.joint) {
                (Some(_), Some(joint)) => return Err(joint.refusal(OTHER_SESSION)),
                (Some(session), None) => {
                    guard
                        .once(operation, |attempt| {
                            sending.send(raw, move || given.bounded(attempt), Some(session))
                        })
                        .await?
                }
                // Boxed, so that calls outside transactions are no larger for it.
                (None, Some(joint)) => {
                    Box::pin(async {
                        let mut lease = joint.lend().await?;
                        let sent = guard.once(operation, |attempt| {
                            sending.send(raw, move || given.bounded(attempt), lease.session())
                        });
                        let reply = sent.await;
                        lease.settle(&reply);
                        reply.map_err(Error::undone)
                    })
                    .await?
                }
                (None, None) => {
                    guard
                        .run(operation, |attempt| async move {
                            let sent = sending.send(raw, move || given.bounded(attempt), None);
                            let reply = sent.await;
                            if !attempt.is_repeat {
                                return reply;
                            }
                            // Boxed: hardly any call comes here, and all would carry its room.
                            let time = attempt.max_time(None);
                            Box::pin(sending.settle(raw, given.bounded(attempt), time, reply)).await
                        })
                        .await?
                }
            };
            verb.finish(options, reply, &target, session)
        })
    }
}

/// A call's options. The driver's types are large and most calls set none, so they stay unmade until
/// one is set: a call is moved several times on its way.
pub struct Given<O>(Option<Box<O>>);

impl<O: Bounded> Given<O> {
    /// Returns the options to set one of them.
    pub(super) fn set(&mut self) -> &mut O {
        self.0.get_or_insert_default()
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&O) -> T) -> T {
        match &self.0 {
            Some(given) => read(given),
            None => read(&O::default()),
        }
    }

    #[inline]
    fn bounded(&self, attempt: Attempt) -> O {
        let given = self.0.as_deref();
        given.cloned().unwrap_or_default().bounded(attempt)
    }
}
