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
//! `up`, `config`, `routes`, `sync`, `migrate`, `seed`, `doctor`, `health` and `tenants` then work on these
//! models, in this project. Exit codes, for every command: 0 done, 1 failure, 2 wrong usage, 3 something is
//! missing or pending, 64 configuration.
//!
//! Of `migrate` and `seed`: 3 pending (with `--exit-code`) or a migration that is older than one that is
//! applied, 4 drift or a missing file, 5 the lock is held or another run has taken over, 6 some targets
//! failed or are quarantined, 7 interrupted: a person is needed, 8 refused, 9 no replica set or no rights, 130
//! stopped cleanly.

mod app;
mod arguments;
mod command;
mod exit;
mod fleet;
mod nearest;
mod output;
mod place;
mod private;
mod scope;

use std::process::ExitCode;

use clap::Parser;

pub use mongoplex_server as server;

pub use self::app::App;
use self::{
    arguments::{Arguments, Command, ServeArguments},
    command::{config, doctor, health, migrate, routes, seed, sync, tenants, up},
    exit::Failure,
};

/// Runs the command that the process's arguments name.
pub fn run(app: App) -> ExitCode {
    let Arguments { set, command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    finish(|| async move {
        match command {
            Command::Up(arguments) => up::run(&app, &set, &arguments, up::Sharing::Own).await,
            Command::Routes(arguments) => routes::run(&app, &set, &arguments),
            Command::Config(command) => config::run(&app, &set, &command),
            Command::Sync(arguments) => sync::run(&app, &set, &arguments).await,
            Command::Migrate(command) => migrate::run(&app, &set, command).await,
            Command::Doctor(arguments) => doctor::run(&app, &set, &arguments).await,
            Command::Health(arguments) => health::run(&app, &set, &arguments).await,
            Command::Seed(command) => seed::run(&app, &set, &command).await,
            Command::Tenants(arguments) => tenants::run(&app, &set, arguments).await,
        }
    })
}

/// Runs the servers of `app` and nothing else: the `main` of a server's own binary.
///
/// It is `up`, but where a private set already runs for this project it is used.
pub fn serve(app: App) -> ExitCode {
    let ServeArguments { set, up: arguments } = match ServeArguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    finish(|| async move { up::run(&app, &set, &arguments, up::Sharing::Attach).await })
}

/// Prints what is wrong with the command line, or the help that was asked for. A URI that was put where
/// something else belongs is not repeated: it may hold a password.
fn refuse(error: &clap::Error) -> ExitCode {
    let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    if !error.use_stderr() {
        output::result(error.render());
        return code;
    }
    let secret = |argument: &String| argument.contains("://");
    let text = error.render().to_string();
    let text = std::env::args()
        .filter(secret)
        .fold(text, |text, argument| text.replace(&argument, "<uri>"));
    output::note(text.trim_end());
    code
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
