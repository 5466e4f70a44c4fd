//! One drill: calls at their pace, whatever becomes of those before, and what the server counts of them.

use std::time::Duration;

use mongoplex::{
    Collection, Databases, Force, Model, Tenant,
    bson::{Document, doc},
    mongodb::{self, Client},
};
use mongoplex_testing::{FailPoint, Fault, OwnSet, raw};
use tokio::{task::JoinSet, time::interval};

use crate::shop::{self, Failure, Shop};

/// Between two calls: 500 a second.
const PACE: Duration = Duration::from_millis(2);

/// The budget begins full; what it pays for then is not counted.
const SETTLING: Duration = Duration::from_secs(2);

/// An error code and its labels.
pub(crate) type Answer = (i32, &'static [&'static str]);

/// 89 NetworkTimeout: the driver tries once more by itself, and keeps its server.
pub(crate) const GONE: Answer = (89, &[]);

/// 462 IngressRequestRateLimitExceeded: only the guard tries again.
pub(crate) const BUSY: Answer = (462, &["SystemOverloadedError", "RetryableError"]);

/// Whose calls are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The driver's.
    Driver,
    /// The library's.
    Library,
    /// The library's, whose circuit an operator has disabled: only the budget is left.
    BudgetOnly,
}

/// What is offered, and what the server answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drill {
    pub(crate) caller: Caller,
    pub(crate) answer: Answer,
    /// One call in so many is answered so.
    pub(crate) one_in: u64,
    /// What the URI ends with.
    pub(crate) options: &'static str,
}

/// What was counted.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Calls, after the first 2 s.
    offered: u64,
    /// Requests that the server received since then: heartbeats are among them, some 6 a second.
    arrived: u64,
    /// How often the fail point has struck, from the beginning.
    struck: u64,
}

impl Seen {
    /// Returns the requests per call; `None` where none was offered, or none met the fault.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let was_met = self.offered > 0 && self.struck > 0;
        was_met.then(|| self.arrived as f64 / self.offered as f64)
    }
}

/// The same collection, for both.
#[derive(Clone)]
struct Stock {
    ours: Collection<Tenant>,
    driver: mongodb::Collection<Document>,
}

impl Drill {
    pub(crate) async fn run(&self, set: &OwnSet, length: Duration) -> Result<Seen, Failure> {
        let uri = format!("{}{}", set.uri("shop"), self.options);
        let databases = shop::connect(&uri, &[("DB_MAX_POOL_SIZE", "50")]).await?;
        if self.caller == Caller::BudgetOnly {
            databases.force_circuit("shop", Force::Disable);
        }
        let (code, labels) = self.answer;
        let fault = Fault::of(["find"], "benches/shop").error(code, labels.iter().copied());
        let point = FailPoint::set(&set.uri("admin"), fault.always()).await;
        let outside = raw(&set.uri("admin")).await;
        let (stock, mut calls) = (Stock::of(&databases)?, JoinSet::new());

        self.offer(&stock, SETTLING, &mut calls).await;
        let before = requests(&outside).await?;
        let rest = length.saturating_sub(SETTLING);
        let offered = self.offer(&stock, rest, &mut calls).await;
        calls.join_all().await;
        let arrived = requests(&outside).await? - before;

        let struck = point.off().await;
        outside.shutdown().immediate(true).await;
        databases.shutdown(Duration::from_secs(5)).await;
        Ok(Seen {
            offered,
            arrived,
            struck,
        })
    }

    /// Returns how many calls were offered.
    async fn offer(&self, stock: &Stock, length: Duration, calls: &mut JoinSet<()>) -> u64 {
        let count = (length.as_millis() / PACE.as_millis()) as u64;
        let mut pace = interval(PACE);
        for number in 0..count {
            pace.tick().await;
            let Stock { ours, driver } = stock.clone();
            match (self.caller, number % self.one_in) {
                (Caller::Driver, _) => {
                    calls.spawn(async move { drop(driver.find_one(doc! {}).await) });
                }
                (_, 0) => {
                    calls.spawn(async move { drop(ours.find_one(doc! {}).await) });
                }
                // An aggregate, which the fail point lets through.
                (_, _) => {
                    calls.spawn(async move { drop(ours.count_documents(doc! {}).await) });
                }
            }
            while calls.try_join_next().is_some() {}
        }
        count
    }
}

impl Stock {
    fn of(databases: &Databases) -> Result<Self, Failure> {
        let shop = databases.database::<Shop>()?;
        Ok(Self {
            ours: shop.collection(),
            driver: shop.unguarded().collection(Tenant::COLLECTION),
        })
    }
}

/// Returns how many requests the server has received so far. Those that a fail point answers are in no
/// other counter of it.
async fn requests(outside: &Client) -> Result<u64, Failure> {
    let status = doc! { "serverStatus": 1 };
    let status = outside.database("admin").run_command(status).await?;
    let requests = status.get_document("network")?.get_i64("numRequests")?;
    Ok(u64::try_from(requests)?)
}
