//! Makes the nodes one replica set: initiates it, or tells it the ports that its nodes have now.
//!
//! A node whose stored configuration names another port is REMOVED and stays so until it is reconfigured by force.

use std::time::Duration;

use futures_util::future::{join_all, select_all};
use mongodb::{
    bson::{Bson, Document, doc},
    error::Error as DriverError,
};
use tokio::time::sleep;

use crate::{
    Error, Node,
    node::{
        admin::{Admin, code},
        start_line::SELF_CHECK,
    },
};

/// `NotYetInitialized`: the node has no configuration, or has not read it yet.
const NOT_INITIALIZED: i32 = 94;

/// `AlreadyInitialized`, `NotYetInitialized` and `ConfigurationInProgress`: a moment later the answer is another.
const TRY_AGAIN: [i32; 3] = [23, NOT_INITIALIZED, 109];

const TICK: Duration = Duration::from_millis(10);

/// Makes the nodes one set and returns when all of them are primary or secondary and one is a writable primary.
///
/// The caller bounds it in time.
pub(crate) async fn join(name: &str, nodes: &[Node]) -> Result<(), Error> {
    let admins = connect(nodes)?;
    let answer = async {
        while !configure(name, nodes, &admins).await? {
            sleep(TICK).await;
        }
        Ok(())
    };
    let answer = answer.await;
    close(admins).await;
    answer?;
    settled(nodes).await
}

/// Returns when all running nodes are primary or secondary and one is a writable primary.
pub(crate) async fn settled(nodes: &[Node]) -> Result<(), Error> {
    while !is_settled(&states(nodes).await?) {
        sleep(TICK).await;
    }
    Ok(())
}

/// Returns the index of the first node that says it is a writable primary, waiting for one.
pub(crate) async fn primary(nodes: &[Node]) -> usize {
    // Each is asked again and again by itself: a paused one answers nothing for seconds.
    let asked = nodes.iter().enumerate().map(|(index, node)| {
        Box::pin(async move {
            while !is_primary(node).await {
                sleep(TICK).await;
            }
            index
        })
    });
    select_all(asked).await.0
}

async fn is_primary(node: &Node) -> bool {
    node.pid().is_some() && matches!(state(node).await, Ok(State::Primary))
}

/// What a node says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Primary,
    Secondary,
    Other,
    Ended,
}

fn is_settled(states: &[State]) -> bool {
    states.contains(&State::Primary) && !states.contains(&State::Other)
}

async fn states(nodes: &[Node]) -> Result<Vec<State>, Error> {
    let asked = nodes.iter().map(async |node| match node.pid() {
        Some(_) => state(node).await,
        None => Ok(State::Ended),
    });
    join_all(asked).await.into_iter().collect()
}

async fn state(node: &Node) -> Result<State, Error> {
    let admin = Admin::connect(node.port()).map_err(refused(node, "hello"))?;
    // No answer is an answer too: the caller asks again until its time is over.
    let hello = admin.run(doc! { "hello": 1 }).await.unwrap_or_default();
    admin.close().await;
    let says = |field| hello.get_bool(field).unwrap_or(false);
    Ok(match (says("isWritablePrimary"), says("secondary")) {
        (true, _) => State::Primary,
        (false, true) => State::Secondary,
        (false, false) => State::Other,
    })
}

/// Does one step towards a set whose configuration names its nodes; true when there is nothing left to do.
async fn configure(name: &str, nodes: &[Node], admins: &[Admin]) -> Result<bool, Error> {
    let mut newest: Option<(usize, Document)> = None;
    for (index, node) in nodes.iter().enumerate() {
        let Some(config) = stored(node, &admins[index]).await? else {
            continue;
        };
        if newest
            .as_ref()
            .is_none_or(|(_, found)| version(found) < version(&config))
        {
            newest = Some((index, config));
        }
    }
    let (index, command) = match newest {
        None => (0, doc! { "replSetInitiate": first_config(name, nodes) }),
        Some((_, config)) if hosts(&config) == addresses(nodes) => return Ok(true),
        Some((index, config)) => (
            index,
            doc! { "replSetReconfig": moved(config, nodes), "force": true },
        ),
    };
    let verb = command.keys().next().cloned().unwrap_or_default();
    know_themselves(nodes, admins).await;
    match admins[index].run(command).await {
        Ok(_) => Ok(false),
        Err(error) if may_pass(&error) => Ok(false),
        Err(error) => Err(refused(&nodes[index], &verb)(error)),
    }
}

/// Lets moved nodes look again which address of a configuration is their own: see `Place::Moved`.
async fn know_themselves(nodes: &[Node], admins: &[Admin]) {
    for (_, admin) in nodes
        .iter()
        .zip(admins)
        .filter(|(node, _)| node.has_moved())
    {
        let off = doc! { "configureFailPoint": SELF_CHECK, "mode": "off" };
        if let Err(error) = admin.run(off).await {
            tracing::debug!("a moved node kept its self check off: {error}");
        }
    }
}

async fn stored(node: &Node, admin: &Admin) -> Result<Option<Document>, Error> {
    match admin.run(doc! { "replSetGetConfig": 1 }).await {
        Ok(answer) => Ok(answer.get_document("config").ok().cloned()),
        Err(error) if code(&error) == Some(NOT_INITIALIZED) => Ok(None),
        Err(error) => Err(refused(node, "replSetGetConfig")(error)),
    }
}

/// A node that did not answer may do so yet; one that refused does not change its mind, but for three codes.
fn may_pass(error: &DriverError) -> bool {
    code(error).is_none_or(|code| TRY_AGAIN.contains(&code))
}

fn first_config(name: &str, nodes: &[Node]) -> Document {
    let member = |(index, host)| Bson::Document(doc! { "_id": index, "host": host });
    let members: Vec<Bson> = (0_i32..).zip(addresses(nodes)).map(member).collect();
    let mut config = doc! { "_id": name, "members": members };
    if nodes.len() > 1 {
        // The server's own are 10 s and 2 s: an election would take as long.
        config.insert(
            "settings",
            doc! { "electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200 },
        );
    }
    config
}

/// Returns the configuration with the addresses that the nodes have now; everything else stays.
fn moved(mut config: Document, nodes: &[Node]) -> Document {
    let next = version(&config).saturating_add(1);
    config.insert("version", next);
    config.remove("term");
    if let Ok(members) = config.get_array_mut("members") {
        for (member, host) in members.iter_mut().zip(addresses(nodes)) {
            if let Some(member) = member.as_document_mut() {
                member.insert("host", host);
            }
        }
    }
    config
}

fn version(config: &Document) -> i32 {
    config.get_i32("version").unwrap_or(0)
}

fn hosts(config: &Document) -> Vec<String> {
    let members = config
        .get_array("members")
        .map(Vec::as_slice)
        .unwrap_or_default();
    let host = |member: &Bson| Some(member.as_document()?.get_str("host").ok()?.to_owned());
    members.iter().filter_map(host).collect()
}

fn addresses(nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(Node::address).collect()
}

fn connect(nodes: &[Node]) -> Result<Vec<Admin>, Error> {
    nodes
        .iter()
        .map(|node| Admin::connect(node.port()).map_err(refused(node, "connect")))
        .collect()
}

async fn close(admins: Vec<Admin>) {
    join_all(admins.into_iter().map(Admin::close)).await;
}

fn refused(node: &Node, command: &str) -> impl FnOnce(DriverError) -> Error {
    let (address, command) = (node.address(), command.to_owned());
    move |source| Error::Command {
        address,
        command,
        source: Box::new(source),
    }
}
