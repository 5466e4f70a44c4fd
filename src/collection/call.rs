//! A verb on its way: inputs, options, session and time, until it is awaited.

use std::{fmt, future::IntoFuture, marker::PhantomData, time::Duration};

use futures_util::future::BoxFuture;
use mongodb::ClientSession;
use serde::de::DeserializeOwned;

use super::{
    target::Target,
    verb::{Bounded, Verb},
};
use crate::error::Result;

/// A verb that has not been sent yet; `.await` sends it.
///
/// `M` is what comes back, `V` the [verb](super::verb). The setters of a verb's own options carry
/// the driver's names; [`with_options`](Self::with_options) takes the driver's option type whole.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<'s, M, V: Verb> {
    target: Target,
    pub(super) verb: V,
    pub(super) options: V::Options,
    session: Option<&'s mut ClientSession>,
    model: PhantomData<fn() -> M>,
}

impl<'s, M, V: Verb> Call<'s, M, V> {
    pub(super) fn new(target: Target, verb: V) -> Self {
        let options = V::Options::default();
        Self {
            target,
            verb,
            options,
            session: None,
            model: PhantomData,
        }
    }

    /// Returns the call with all its options replaced.
    pub fn with_options(mut self, options: impl Into<Option<V::Options>>) -> Self {
        self.options = options.into().unwrap_or_default();
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
        Box::pin(self.send())
    }
}

impl<'s, M: DeserializeOwned + Send + 's, V: Verb + 's> Call<'s, M, V> {
    async fn send(self) -> Result<V::Output<'s, M>> {
        let Self {
            target,
            mut verb,
            options,
            mut session,
            model: _,
        } = self;
        verb.prepare(&target)?;
        let resend = verb.resend(&options);
        let operation = target.operation(V::NAME, V::CLASS, resend);
        let (raw, verb, options) = (&target.raw, &verb, &options);
        let reply = match session.as_deref_mut() {
            Some(session) => {
                let sent = target.guard.once(operation, |attempt| {
                    verb.send(raw, options.bounded(attempt), Some(session))
                });
                sent.await?
            }
            None => {
                let sent = target.guard.run(operation, |attempt| {
                    verb.send(raw, options.bounded(attempt), None)
                });
                sent.await?
            }
        };
        V::finish(reply, &target, session)
    }
}
