//! Finds or fetches a mongod and prints every step: `cargo run -p mongoplex-mongod --example find`.

use std::io::Write;

use mongoplex_mongod::{Binary, Search};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut output = std::io::stdout();
    let listen = |step: mongoplex_mongod::Progress<'_>| {
        // A closed pipe is no reason to stop a download.
        let _ = writeln!(std::io::stdout(), "{step:?}");
    };
    let binary = Binary::find(&Search::default(), &listen)?;
    writeln!(
        output,
        "{} is {}",
        binary.path().display(),
        binary.version()
    )?;
    Ok(())
}
