//! The operator's command of a mongoplex application, whole, as a library.
//!
//! An [`App`] carries the application in; [`run`] is the command:
//!
//! ```no_run
//! # mongoplex::logical_database! { pub Shop = "shop" }
//! use std::process::ExitCode;
//!
//! use mongoplex_cli::App;
//!
//! fn main() -> ExitCode {
//!     mongoplex_cli::run(App::new("shop").database::<Shop>())
//! }
//! ```
//!
//! `up`, `config`, `routes`, `sync`, `doctor` and `tenants` then work on these models, in this project. Exit codes, for every
//! command: 0 done, 1 failure, 2 wrong usage, 3 something is missing or pending, 64 configuration.

mod app;
mod arguments;
mod command;
mod exit;
mod fleet;
mod nearest;
mod output;
mod place;
mod private;

use std::process::ExitCode;

use clap::Parser;

pub use mongoplex_server as server;

pub use self::app::App;
use self::{
    arguments::{Arguments, Command, ServeArguments},
    command::{config, doctor, routes, sync, tenants, up},
    exit::Failure,
};

/// Runs the command that the process's arguments name.
pub fn run(app: App) -> ExitCode {
    let Arguments { set, command } = Arguments::parse();
    finish(|| async move {
        match command {
            Command::Up(arguments) => up::run(&app, &set, &arguments, up::Sharing::Own).await,
            Command::Routes(arguments) => routes::run(&app, &set, &arguments),
            Command::Config(command) => config::run(&app, &set, &command),
            Command::Sync(arguments) => sync::run(&app, &set, &arguments).await,
            Command::Doctor(arguments) => doctor::run(&app, &set, &arguments).await,
            Command::Tenants(arguments) => tenants::run(&app, &set, arguments).await,
        }
    })
}

/// Runs the servers of `app` and nothing else: the `main` of a server's own binary.
///
/// It is `up`, but where a private set already runs for this project it is used.
pub fn serve(app: App) -> ExitCode {
    let ServeArguments { set, up: arguments } = ServeArguments::parse();
    finish(|| async move { up::run(&app, &set, &arguments, up::Sharing::Attach).await })
}

fn finish<F: Future<Output = Result<(), Failure>>>(command: impl FnOnce() -> F) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(command());
            // A download that nobody waits for any more must not hold up the end.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Failure::failed(format!(
            "the runtime did not start: {error}"
        ))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}
