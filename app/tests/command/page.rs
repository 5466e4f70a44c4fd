//! The dashboard of a real server in a real browser: what happens to its deployment is read from the page.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

use mongoplex::bson::doc;
use mongoplex_testing::{Node, Nodes, Program, raw};

use crate::running::Running;

/// Returns a command of the script that reads the page.
fn watch() -> Command {
    let mut command = Command::new("node");
    command.arg("tests/real/watch.mjs").current_dir(dashboard());
    command
}

fn dashboard() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("crates/server/dashboard")
}

/// Returns whether node, its packages and a browser are there; else says what is skipped and why.
fn has_browser() -> bool {
    let why = match watch().arg("--check").output() {
        Ok(output) if output.status.success() => return true,
        Ok(output) if output.stdout.is_empty() => {
            "`npm ci` was not run in crates/server/dashboard".to_owned()
        }
        Ok(output) => String::from_utf8(output.stdout).unwrap(),
        Err(error) => format!("no node: {error}"),
    };
    // Nobody may be listening.
    let _ = writeln!(
        io::stderr(),
        "skipped: the dashboard on a real server: {why}"
    );
    false
}

/// Returns the server that a line of the script ends with.
fn named<'a>(running: &'a Running, line: &str) -> &'a Node {
    let address = line.rsplit(' ').next().unwrap();
    let mut nodes = running.set.nodes().iter();
    nodes.find(|node| node.address() == address).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_killed_nodes_their_return_and_a_step_down() {
    if !has_browser() {
        return;
    }
    let running = Running::on(Nodes::Three, "page_real").await;
    let mut command = watch();
    command.arg(running.ports.customer.to_string());
    let mut page = Program::start(&mut command);

    let first = named(&running, &page.line("saw healthy: "));
    first.kill().await;
    let second = named(&running, &page.line("saw another primary: "));
    assert_ne!(second.port(), first.port());

    second.kill().await;
    let reasons = page.line("saw no primary: ");
    for node in [first, second] {
        assert!(reasons.contains(&node.address()), "{reasons}");
    }

    for node in [first, second] {
        node.restart().await.unwrap();
    }
    let third = named(&running, &page.line("saw recovered: "));
    let client = raw(&third.uri("admin")).await;
    let order = doc! { "replSetStepDown": 30, "secondaryCatchUpPeriodSecs": 20 };
    client.database("admin").run_command(order).await.unwrap();
    let last = named(&running, &page.line("saw stepped down: "));
    assert_ne!(last.port(), third.port());

    let (status, output) = page.end();
    assert!(status.success() && output.contains("saw all"), "{output}");
    client.shutdown().immediate(true).await;
    running.close().await;
}
