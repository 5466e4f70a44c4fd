//! The command `mongoplex`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mongoplex_cli::run(app::app())
}
