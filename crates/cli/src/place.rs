//! Where a command's databases are: those of the variables, or the private set.

use std::{convert::Infallible, future::pending, time::Duration};

use mongoplex::{
    Config, Connect, Databases, Faults, Shutdown, Sources,
    schema::{Mode, Report},
};

use crate::{
    app::App,
    exit::Failure,
    output,
    private::{self, PrivateSet},
};

/// The configuration of a run and the private set under it, if there is one.
pub(crate) struct Place {
    pub(crate) config: Config,
    pub(crate) private: Option<PrivateSet>,
}

/// Whether a private set that another process runs may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// No: this process is the one that runs it.
    Own,
    /// Yes, and where none runs this process runs one for its own duration.
    Attach,
}

/// Returns the sources of a run: the process's, and what `--set` says.
pub(crate) fn sources(set: &[(String, String)]) -> Sources {
    set.iter()
        .fold(Sources::process(), |sources, (name, value)| {
            sources.argument(name, value)
        })
}

/// Returns the sources with a private set in the place of URIs that nobody set, and whether there is
/// one to be: nothing is connected to or started.
pub(crate) fn rehearse(app: &App, sources: &Sources) -> (Sources, bool) {
    let privacy = Config::privacy(&app.registry, sources);
    match privacy.allows_private_set() {
        true => {
            let filled = private::rehearse(sources, &privacy, &app.registry, app.name);
            (filled, true)
        }
        false => (sources.clone(), false),
    }
}

/// Reads the configuration of `app` without connecting or starting anything.
pub(crate) fn configuration(app: &App, sources: &Sources) -> Result<Config, Faults> {
    let (sources, _) = rehearse(app, sources);
    let config = Config::load(&app.registry, &app.ports(), &sources)?;
    for suspect in &config.suspects {
        output::note(format_args!("note: {suspect}"));
    }
    Ok(config)
}

/// Finds the place of a run, starting the private set where it is needed.
pub(crate) async fn find(app: &App, sources: &Sources, sharing: Sharing) -> Result<Place, Failure> {
    let privacy = Config::privacy(&app.registry, sources);
    if !privacy.allows_private_set() {
        let config = Config::load(&app.registry, &app.ports(), sources)?;
        return Ok(Place {
            config,
            private: None,
        });
    }
    let set = match sharing {
        Sharing::Own => private::start(sources).await?,
        Sharing::Attach => private::share(sources).await?,
    };
    let sources = private::point(sources, &privacy, &app.registry, app.name, &set);
    let config = Config::load(&app.registry, &app.ports(), &sources)?;
    Ok(Place {
        config,
        private: Some(set),
    })
}

impl Place {
    /// Connects all databases. Where that fails, nothing is left running.
    pub(crate) async fn connect(&self, app: &App) -> Result<Databases, Failure> {
        self.connected(self.builder(app)).await
    }

    /// Connects all databases to look at them: those that are down too.
    pub(crate) async fn look(&self, app: &App) -> Result<Databases, Failure> {
        self.connected(self.builder(app).even_if_down()).await
    }

    fn builder(&self, app: &App) -> Connect {
        let builder =
            Databases::builder(app.registry.clone(), self.config.clone()).application(app.name);
        let lists = app.migrations.iter().cloned();
        let builder = lists.fold(builder, Connect::migrations);
        let seeds = app.seeds.iter().cloned();
        seeds.fold(builder, Connect::seeds)
    }

    async fn connected(&self, builder: Connect) -> Result<Databases, Failure> {
        match builder.connect().await {
            Ok(databases) => Ok(databases),
            Err(error) => {
                self.stop().await;
                Err(error.into())
            }
        }
    }

    /// Brings the common models' schema up, as far as it may be: all of it on a private set.
    pub(crate) async fn complete(
        &self,
        databases: &Databases,
        given: Mode,
    ) -> Result<Report, Failure> {
        let mode = if self.private.is_some() {
            Mode::Build
        } else {
            given
        };
        Ok(databases.schema().common(mode).await?)
    }

    /// Closes the databases, calls in flight having `grace` to end, then the private set where it is
    /// this process's own.
    pub(crate) async fn close(&self, databases: &Databases, grace: Duration) {
        if let Shutdown::CutOff { calls } = databases.shutdown(grace).await {
            output::note(format_args!(
                "{calls} calls were cut off; their writes may have been applied"
            ));
        }
        self.stop().await;
    }

    /// Keeps the private set running, where there is one; see [`PrivateSet::keep`].
    pub(crate) async fn keep(&self) -> Result<Infallible, Failure> {
        match &self.private {
            Some(set) => set.keep().await,
            None => pending().await,
        }
    }

    /// Stops the private set where it is this process's own.
    pub(crate) async fn stop(&self) {
        if let Some(set) = &self.private {
            set.stop().await;
        }
    }
}
