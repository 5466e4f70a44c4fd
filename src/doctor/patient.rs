//! One logical database, examined step by step: what needs an answer that did not come reads
//! "not tested", with the reason.

use std::time::Duration;

use mongodb::{error::ErrorKind, options::ClientOptions};

use super::{
    Check, Finding, Standing, Status, drift, live::Live, reach, rights, server, tls::Wire,
    topology, within,
};
use crate::{
    config::DatabaseConfig, error::Cause, guard::Listeners, health::Need, orchestrator::Connection,
    registry::Declared,
};

/// The longest that a doctor's client looks for a server, and for a connection, whatever the settings.
const SELECTION: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(2);

/// The connections to each server beside the pool's: a heartbeat, and the measurement of its time.
const MONITORS: u64 = 2;

/// A logical database to be examined.
pub(super) struct Subject<'a> {
    pub(super) declared: Declared,
    pub(super) config: &'a DatabaseConfig,
    pub(super) application: &'a str,
    pub(super) standing: Standing,
}

/// A logical database after its examination.
pub(super) struct Examined {
    pub(super) declared: Declared,
    pub(super) findings: Vec<Finding>,
    /// The most connections of one process to each server.
    pub(super) sockets: u64,
    /// How many servers it has, as far as is known.
    pub(super) servers: usize,
    /// What its writes survive, as far as the settings alone tell.
    concern: Option<Finding>,
    /// Its client, where it answers.
    pub(super) live: Option<Live>,
}

impl Examined {
    fn new(subject: &Subject<'_>) -> Self {
        Self {
            declared: subject.declared,
            findings: Vec::new(),
            sockets: 0,
            servers: 0,
            concern: None,
            live: None,
        }
    }
}

/// Makes all checks of one database.
pub(super) async fn examine(subject: Subject<'_>) -> Examined {
    let mut examined = Examined::new(&subject);
    match stages(&subject, &mut examined).await {
        Ok(live) => examined.live = Some(live),
        Err(reason) => {
            examined.findings.extend(examined.concern.take());
            let done: Vec<Check> = examined
                .findings
                .iter()
                .map(|finding| finding.check)
                .collect();
            let rest = Check::OF_A_DATABASE
                .into_iter()
                .filter(|check| !done.contains(check));
            let untested = rest.map(|check| Finding::not_tested(check, reason));
            examined.findings.extend(untested);
        }
    }
    let need = match subject.config.required {
        true => Need::Required,
        false => Need::Optional,
    };
    let findings = examined.findings.into_iter();
    let name = subject.declared.name;
    examined.findings = findings.map(|finding| finding.of(name, need)).collect();
    examined
}

/// Goes from the URI's names to the schema, and ends early with the reason why the rest is not tested.
async fn stages(subject: &Subject<'_>, examined: &mut Examined) -> Result<Live, &'static str> {
    let uri = subject.config.variable("URI");
    let options = options(subject, examined, &uri).await?;
    let pool = options.max_pool_size.map_or(10, u64::from);
    examined.sockets = pool + MONITORS;
    examined.servers = options.hosts.len();
    examined.concern = Some(concern(subject, &options, None));

    let resolved = reach::resolve(&options.hosts).await;
    let found = reach::names_found(&resolved, &uri);
    go_on(examined, found, "no host name of the URI was found")?;
    let reached = reach::sockets(&resolved, &uri).await;
    if reached.status == Status::Failure {
        examined.findings.push(reached);
        return Err("no server accepts connections");
    }
    let live = meet(subject, examined, &options, reached).await?;
    examined.servers = examined.servers.max(live.members().unwrap_or(1));
    let signed_in = server::authentication(&live, subject.standing).await;
    go_on(
        examined,
        signed_in,
        "the server answers nobody without a user",
    )?;
    look_around(subject, examined, &options, &live).await;
    Ok(live)
}

/// The checks of a server that answers: none of them keeps another from being made.
async fn look_around(
    subject: &Subject<'_>,
    examined: &mut Examined,
    options: &ClientOptions,
    live: &Live,
) {
    let standing = subject.standing;
    let (rights, version, clock, schema) = tokio::join!(
        rights::examine(live, &subject.declared),
        server::version(live, standing),
        server::clock(live),
        drift::common(live, standing),
    );
    examined.findings.extend([
        rights,
        version,
        topology::examine(live, standing),
        concern(subject, options, live.members()),
        clock,
        server::compression(live, options.compressors.as_deref().unwrap_or_default()),
        schema,
    ]);
}

/// Judges the write concern; without `members` by the settings alone.
fn concern(subject: &Subject<'_>, options: &ClientOptions, members: Option<usize>) -> Finding {
    let concern = options.write_concern.clone().unwrap_or_default();
    let variable = subject.config.variable("WRITE_CONCERN");
    topology::write_concern(&concern, members, subject.standing, &variable)
}

/// Writes a finding down, and ends the examination where it is a failure.
fn go_on(
    examined: &mut Examined,
    finding: Finding,
    reason: &'static str,
) -> Result<(), &'static str> {
    let failed = finding.status == Status::Failure;
    examined.findings.push(finding);
    match failed {
        true => Err(reason),
        false => Ok(()),
    }
}

/// Makes the driver's options, which looks up the name of a `mongodb+srv` URI. They are those of the
/// application, but in a hurry, and with no connection that nobody asked for.
async fn options(
    subject: &Subject<'_>,
    examined: &mut Examined,
    uri: &str,
) -> Result<ClientOptions, &'static str> {
    let name = format!("{}/{}/doctor", subject.application, subject.declared.name);
    let made = within(subject.config.client_options(name)).await;
    let mut options = match made {
        Ok(options) => options,
        Err(cause) => {
            let found = format!("the URI's servers could not be looked up: {cause}");
            let cure =
                format!("check the name in {uri}: its SRV and TXT records, and the DNS here");
            examined
                .findings
                .push(Finding::failure(Check::Dns, found).cure(cure));
            return Err("the URI's servers are not known");
        }
    };
    let shorter = |set: Option<Duration>, most: Duration| Some(set.unwrap_or(most).min(most));
    options.server_selection_timeout = shorter(options.server_selection_timeout, SELECTION);
    options.connect_timeout = shorter(options.connect_timeout, CONNECT);
    options.min_pool_size = None;
    Ok(options)
}

/// Connects: a server has answered a command, encrypted and signed in as the URI says.
async fn meet(
    subject: &Subject<'_>,
    examined: &mut Examined,
    options: &ClientOptions,
    reached: Finding,
) -> Result<Live, &'static str> {
    let wire = Wire::of(options, subject.config);
    let built = Connection::with_options(
        subject.declared,
        subject.config,
        options.clone(),
        Listeners::default(),
    );
    let connection = match built {
        Ok(connection) => connection,
        Err(error) => {
            examined.findings.push(reached);
            return Err(unbuilt(examined, &wire, error));
        }
    };
    match Live::meet(connection, options.hosts.clone()).await {
        Ok(live) => {
            examined
                .findings
                .extend([reached, wire.works(subject.standing)]);
            Ok(live)
        }
        Err((connection, cause)) => {
            let (findings, reason) = if cause.is_authentication() {
                let refused = server::refused(&subject.config.variable("URI"));
                let findings = vec![reached, wire.works(subject.standing), refused];
                (findings, "the server did not accept user and password")
            } else {
                unmet(subject, options, &wire, &connection, &cause, reached)
            };
            examined.findings.extend(findings);
            Err(reason)
        }
    }
}

/// Says why a server that accepts connections was sent no command, as far as its heartbeats tell.
fn unmet(
    subject: &Subject<'_>,
    options: &ClientOptions,
    wire: &Wire,
    connection: &Connection,
    cause: &Cause,
    reached: Finding,
) -> (Vec<Finding>, &'static str) {
    let broken = connection.failure();
    if let Some(broken) = broken.and_then(|failure| wire.failed(&failure)) {
        return (vec![reached, broken], "TLS with the server failed");
    }
    let asked = options.repl_set_name.as_deref();
    let uri = subject.config.variable("URI");
    match topology::another_set(asked, connection.set().as_deref(), &uri) {
        Some(finding) => (vec![finding], "no server is of the URI's replica set"),
        None => (vec![silent(cause)], "no server answers"),
    }
}

fn unbuilt(examined: &mut Examined, wire: &Wire, error: mongodb::error::Error) -> &'static str {
    let finding = match &*error.kind {
        ErrorKind::InvalidTlsConfig { .. } | ErrorKind::Io(_) => wire.unusable(),
        _ => Finding::failure(Check::Connection, Cause::new(error).to_string())
            .cure("correct the options of the URI"),
    };
    examined.findings.push(finding);
    "no client could be made"
}

fn silent(cause: &Cause) -> Finding {
    let found = format!("the server accepts connections and does not answer: {cause}");
    Finding::failure(Check::Connection, found)
        .cure("look at the server: it may be stopped, overloaded, or no MongoDB")
}
