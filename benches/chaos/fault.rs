//! One fault: it strikes the primary, and is over when the set is sound again.

use std::time::Duration;

use mongoplex::{bson::doc, mongodb::error::ErrorKind};
use mongoplex_testing::{FailPoint, Fault, OwnSet, raw};
use tokio::time::sleep;

use super::{Failure, stock::NAME, tally::Tally};

/// What strikes.
#[derive(Debug, Clone)]
pub(crate) enum Strike {
    /// The primary steps down.
    StepDown,
    /// It is killed (SIGKILL), and started again once there is another.
    Kill,
    /// It is stopped (SIGSTOP) for some time.
    Stop(Duration),
    /// It answers otherwise than it should.
    Point(Point),
}

/// A fail point.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) name: &'static str,
    pub(crate) commands: &'static [&'static str],
    pub(crate) harm: Harm,
    pub(crate) times: u32,
    pub(crate) lasts: Duration,
}

#[derive(Debug, Clone)]
pub(crate) enum Harm {
    Close,
    /// With the label that makes the driver try again by itself, or without any.
    Error {
        code: i32,
        labelled: bool,
    },
    Latency(Duration),
    Concern(i32),
}

impl Strike {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::StepDown => "step-down",
            Self::Kill => "kill",
            Self::Stop(_) => "stop",
            Self::Point(point) => point.name,
        }
    }

    /// Strikes and returns, once all is sound again, how often a fail point has struck; of the others the
    /// tally knows whom they met.
    pub(crate) async fn strike(&self, set: &OwnSet, tally: &Tally) -> Result<u64, Failure> {
        match self {
            Self::StepDown => step_down(set, tally).await,
            Self::Kill => kill(set, tally).await,
            Self::Stop(time) => stop(set, tally, *time).await,
            Self::Point(point) => Ok(point.strike(set).await),
        }
    }
}

async fn step_down(set: &OwnSet, tally: &Tally) -> Result<u64, Failure> {
    let client = raw(&set.uri("admin")).await;
    let command = doc! { "replSetStepDown": 5, "secondaryCatchUpPeriodSecs": 3 };
    let answer = client.database("admin").run_command(command).await;
    // One that is refused, for want of a secondary that has caught up, is no fault; its own connection
    // may be closed over one that is not.
    let is_refused = answer.is_err_and(|error| matches!(*error.kind, ErrorKind::Command(_)));
    if !is_refused {
        tally.struck();
        set.primary().await?;
        tally.healed();
    }
    client.shutdown().immediate(true).await;
    set.ready().await?;
    Ok(0)
}

async fn kill(set: &OwnSet, tally: &Tally) -> Result<u64, Failure> {
    let node = set.primary().await?;
    node.kill().await;
    tally.struck();
    set.primary().await?;
    tally.healed();
    node.restart().await?;
    set.ready().await?;
    Ok(0)
}

/// Another primary is elected where it takes long enough; the old one finds that out afterwards.
async fn stop(set: &OwnSet, tally: &Tally, time: Duration) -> Result<u64, Failure> {
    let node = set.primary().await?;
    node.pause();
    tally.struck();
    let goes_on = async {
        sleep(time).await;
        node.resume();
    };
    // The one that is stopped says nothing: it is another, or itself afterwards.
    let healed = async {
        let primary = set.primary().await;
        tally.healed();
        primary.map(drop)
    };
    let ((), healed) = tokio::join!(goes_on, healed);
    healed?;
    set.ready().await?;
    Ok(0)
}

impl Point {
    async fn strike(&self, set: &OwnSet) -> u64 {
        let fault = Fault::of(self.commands.iter().copied(), &format!("{NAME}/shop"));
        let fault = match self.harm {
            Harm::Close => fault.close_connection(),
            Harm::Error { code, labelled } => {
                let labels = labelled.then_some("RetryableWriteError");
                fault.error(code, labels)
            }
            Harm::Latency(time) => fault.block(time),
            Harm::Concern(code) => fault.write_concern_error(code),
        };
        let point = FailPoint::set(&set.uri("admin"), fault.times(self.times)).await;
        sleep(self.lasts).await;
        point.off().await
    }
}
