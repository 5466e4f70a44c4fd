//! Starts one mongod and waits until it is provably this one that answers on the port.
//!
//! A taken port and a folder that an ending mongod still holds are tried again; every other early end is an error.

use std::{
    process::ExitStatus,
    time::{Duration, Instant},
};

use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{
    Plan,
    admin::Admin,
    log, port,
    process::Process,
    start_line::{self, Place},
};
use crate::{Error, READY_WITHIN};

/// mongod's exit code when its port is taken.
const PORT_TAKEN: i32 = 48;

/// How many ports are tried.
const PORTS: usize = 8;

/// How long an ending mongod may hold the folder; 1.1 s is usual.
const UNLOCKED_WITHIN: Duration = Duration::from_secs(2);

const TICK: Duration = Duration::from_millis(10);

/// How a start ended that gave no mongod.
enum Failure {
    PortTaken,
    Locked,
    Fatal(Error),
}

/// Starts a mongod on the stored port or on another, and returns it with its place.
pub(crate) async fn anywhere(plan: &Plan) -> Result<(Process, Place), Error> {
    let stored = plan.folder.port();
    let (mut preferred, mut last) = (stored, 0);
    for _ in 0..PORTS {
        last = port::choose(preferred.take());
        let place = match stored {
            Some(stored) if stored != last => Place::Moved(last),
            _ => Place::Home(last),
        };
        match unlocked(plan, place).await {
            Ok(process) => return Ok((process, place)),
            Err(Failure::PortTaken) => tracing::debug!("port {last} was taken meanwhile"),
            Err(failure) => return Err(error(plan, failure, last)),
        }
    }
    Err(Error::NoPort { tried: PORTS, last })
}

/// Starts a mongod on exactly this port, which its configuration knows. Somebody who only looks whether the port is
/// free holds it for a moment: it is tried more than once.
pub(crate) async fn on_port(plan: &Plan, port: u16) -> Result<Process, Error> {
    let mut tries = 1;
    loop {
        match unlocked(plan, Place::Home(port)).await {
            Err(Failure::PortTaken) if tries < PORTS => {
                tries += 1;
                sleep(TICK * 5).await;
            }
            started => return started.map_err(|failure| error(plan, failure, port)),
        }
    }
}

fn error(plan: &Plan, failure: Failure, port: u16) -> Error {
    match failure {
        Failure::PortTaken => Error::NoPort {
            tried: 1,
            last: port,
        },
        Failure::Locked => Error::Locked {
            directory: plan.folder.data(),
            pid: plan.folder.lock_holder(),
        },
        Failure::Fatal(error) => error,
    }
}

/// Starts a mongod, again and again for 2 s while another still holds the folder.
async fn unlocked(plan: &Plan, place: Place) -> Result<Process, Failure> {
    let started = Instant::now();
    loop {
        match once(plan, place).await {
            Err(Failure::Locked) if started.elapsed() < UNLOCKED_WITHIN => sleep(TICK * 5).await,
            answer => return answer,
        }
    }
}

async fn once(plan: &Plan, place: Place) -> Result<Process, Failure> {
    let output = log::begin(&plan.folder.log()).map_err(Failure::Fatal)?;
    let arguments = start_line::arguments(&plan.folder.data(), place, &plan.set, plan.purpose);
    let started = Process::start(&plan.binary, &arguments, plan.folder.path(), output).await;
    let process = started.map_err(|source| {
        Failure::Fatal(Error::Spawn {
            path: plan.binary.clone(),
            source,
        })
    })?;
    let answered = tokio::select! {
        status = process.wait() => Err(ended(plan, status.unwrap_or_default())),
        answer = timeout(READY_WITHIN, answers(place.port(), process.id())) => {
            answer.map_err(|_| Failure::Fatal(silent(plan, place.port())))
        }
    };
    answered.map(|()| process)
}

fn ended(plan: &Plan, status: ExitStatus) -> Failure {
    let log = plan.folder.log();
    if status.code() == Some(PORT_TAKEN) || log::says_port_taken(&log) {
        return Failure::PortTaken;
    }
    if log::says_locked(&log) {
        return Failure::Locked;
    }
    Failure::Fatal(Error::Exited {
        status,
        line: log::decisive_line(&log),
        log,
    })
}

fn silent(plan: &Plan, port: u16) -> Error {
    let what = format!("the first answer of mongod at 127.0.0.1:{port}");
    Error::Timeout {
        what,
        limit: READY_WITHIN,
        log: plan.folder.log(),
    }
}

/// Returns when the process `pid` itself answers on `port`: another may have taken the port a moment before it.
async fn answers(port: u16, pid: u32) {
    loop {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() && pid_at(port).await == Some(pid)
        {
            return;
        }
        sleep(TICK).await;
    }
}

/// Returns the process id of the mongod that listens on `port`, if one does.
pub(crate) async fn pid_at(port: u16) -> Option<u32> {
    let admin = Admin::connect(port).ok()?;
    let pid = admin.pid().await.ok().flatten();
    admin.close().await;
    pid
}
