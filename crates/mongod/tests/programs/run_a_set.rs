//! Runs a private set in the folder that is its first argument and prints the pids of its nodes in one line.
//! With the second argument `paused` its nodes are paused then.
//! It then waits for the end of its input, and returns without stopping anything: a program to be killed by tests.

use std::{
    env,
    error::Error,
    io::{self, Read, Write},
};

use mongoplex_mongod::{Binary, Node, Nodes, Purpose, ReplicaSet, Search, Settings};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = env::args_os()
        .nth(1)
        .ok_or("usage: run-a-set FOLDER")?
        .into();
    let search = Search {
        explicit: env::var_os("MONGOD").map(Into::into),
        ..Search::default()
    };
    let binary = Binary::find(&search, &|_| ())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let settings = Settings {
        directory,
        nodes: Nodes::One,
        purpose: Purpose::Test,
    };
    let set = runtime.block_on(ReplicaSet::start(&binary, settings))?;
    if env::args_os().nth(2).is_some_and(|word| word == "paused") {
        set.nodes().iter().for_each(Node::pause);
    }
    let pids: Vec<String> = set
        .nodes()
        .iter()
        .filter_map(|node| Some(node.pid()?.to_string()))
        .collect();
    writeln!(io::stdout(), "{}", pids.join(" "))?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
