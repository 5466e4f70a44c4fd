//! `migrate` as a program: what it does, what it prints, and how it ends.

mod back;
mod new;
mod refused;
mod schema;
mod stopped;

use std::process::Command;

use futures_util::TryStreamExt;
use mongoplex::{
    bson::{DateTime, Document, doc},
    mongodb::{Client, Collection},
};
use mongoplex_testing::{Program, Project, TestDatabases, raw};
use serde_json::Value;

use crate::house::{MONGOPLEX, project};

const TENANTS: &str = "tenants of customer";

/// Databases that are not new, and tenants whose databases are still to come: each list has work.
struct Ground {
    names: TestDatabases,
    project: Project,
    client: Client,
}

impl Ground {
    async fn new(test: &str, tenants: &[&str]) -> Self {
        Self::on(TestDatabases::new(test), tenants).await
    }

    async fn on(names: TestDatabases, tenants: &[&str]) -> Self {
        let client = raw(&names.uri("admin")).await;
        let ground = Self {
            names,
            project: project(),
            client,
        };
        let row = |id: &&str| doc! { "_id": *id, "name": *id, "status": "active", "createdAt": DateTime::now() };
        let rows: Vec<Document> = tenants.iter().map(row).collect();
        let registry = ground.collection("admin", "tenants");
        registry.insert_many(rows).await.unwrap();
        for database in ["admin", "customer"] {
            let left = ground.collection(database, "left_over");
            left.insert_one(doc! {}).await.unwrap();
        }
        ground
    }

    fn collection(&self, database: &str, collection: &str) -> Collection<Document> {
        let database = self.client.database(&self.names.name(database));
        database.collection(collection)
    }

    /// Returns a collection of a tenant's database.
    fn of_tenant(&self, tenant: &str, collection: &str) -> Collection<Document> {
        let name = format!("{}__{tenant}", self.names.name("customer"));
        self.client.database(&name).collection(collection)
    }

    /// Returns the names of a tenant's collections, in their order.
    async fn collections(&self, tenant: &str) -> Vec<String> {
        let name = format!("{}__{tenant}", self.names.name("customer"));
        let database = self.client.database(&name);
        let mut names = database.list_collection_names().await.unwrap();
        names.sort();
        names
    }

    /// Returns the records of all targets.
    async fn records(&self) -> Vec<Document> {
        let targets = self.collection("control", "targets");
        let found = targets.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
        found.try_collect().await.unwrap()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = self.project.command(MONGOPLEX);
        self.given(&mut command)
            .arg("migrate")
            .args(line.split(' '));
        command
    }

    fn given<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("MONGOPLEX_ENV", "test")
            .env("CONTROL_DATABASE", self.names.name("control"))
            .env("DATABASE_ADMIN_URI", self.names.uri("admin"))
            .env("DATABASE_CUSTOMER_URI", self.names.uri("customer"))
    }

    /// Runs `migrate` and returns its exit code and both outputs.
    fn run(&self, line: &str) -> (Option<i32>, String) {
        Program::run(&mut self.command(line))
    }

    /// Runs `migrate` and returns its exit code and what its standard output holds.
    fn result(&self, line: &str) -> (Option<i32>, String) {
        let mut command = self.project.command("sh");
        self.given(&mut command)
            .args(["-c", r#"exec "$@" 2>/dev/null"#, "sh", MONGOPLEX, "migrate"])
            .args(line.split(' '));
        Program::run(&mut command)
    }

    /// Runs `migrate … --json` and returns its exit code and all that its standard output holds.
    fn told(&self, line: &str) -> (Option<i32>, Vec<Value>) {
        let (code, output) = self.result(&format!("{line} --json"));
        (code, objects(&output))
    }
}

/// Returns every line as an object: a line that is none fails the test.
fn objects(output: &str) -> Vec<Value> {
    let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{output}"));
    output.lines().map(object).collect()
}

fn of<'a>(told: &'a [Value], event: &str) -> Vec<&'a Value> {
    let is_it = |object: &&Value| object["event"] == event;
    told.iter().filter(is_it).collect()
}

/// Returns the last object, which is the only summary.
fn summary(told: &[Value]) -> &Value {
    assert_eq!(of(told, "summary").len(), 1, "{told:?}");
    let last = told.last().unwrap();
    assert_eq!(last["event"], "summary");
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn up_applies_everything_once_and_a_second_one_does_nothing() {
    let ground = Ground::new("migrate_up", &["acme", "globex"]).await;

    let (code, first) = ground.run("up");
    let before = ground.records().await;
    let (again, second) = ground.run("up");

    assert_eq!(code, Some(0), "{first}");
    let row = |target: &str| {
        let line = first.lines().find(|line| line.starts_with(target));
        let words = line.unwrap_or_else(|| panic!("{first}"));
        let words = words[target.len()..].split_whitespace();
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("admin"), ["applied", "7", "1", "0"]);
    assert_eq!(row("customer"), ["applied", "3", "1", "0"]);
    assert_eq!(row(TENANTS), ["applied", "14", "2", "0"]);
    assert_eq!(first.matches("migrate down --run ").count(), 3, "{first}");
    assert_eq!(ground.collections("globex").await.len(), 8);
    assert_eq!(again, Some(0), "{second}");
    assert!(second.contains("nothing to do"), "{second}");
    assert_eq!(ground.records().await, before);
    let (code, status) = ground.run("status --exit-code");
    assert_eq!(code, Some(0), "{status}");
    assert!(status.contains("2 ready"), "{status}");
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_each_step_and_is_what_a_dry_run_shows() {
    let ground = Ground::new("migrate_plan", &["acme", "globex"]).await;

    let (code, plan) = ground.result("plan");
    let (pending, _) = ground.run("plan --exit-code");
    let (dry, shown) = ground.result("up --dry-run");

    assert_eq!((code, pending, dry), (Some(0), Some(3), Some(0)), "{plan}");
    assert_eq!(plan, shown);
    let line = |text: &str| {
        let found = plan.lines().find(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("no {text} in\n{plan}"))
    };
    assert!(line("tenants of customer: 2 targets of 2").contains("no record yet"));
    assert!(line("drop sessions_retired").contains("destructive, cannot be taken back"));
    assert!(line("hide status_1").contains("raw"));
    assert_eq!(ground.collections("acme").await, Vec::<String>::new());
    assert_eq!(ground.records().await, Vec::<Document>::new());
    let (_, back) = ground.run("plan --down");
    assert!(back.contains("nothing to do"), "{back}");
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_chosen_is_worked_on() {
    let ground = Ground::new("migrate_chosen", &["acme", "globex"]).await;
    let done = |told: &[Value]| -> Vec<String> {
        let done = of(told, "done").into_iter();
        let name = |done: &Value| {
            let tenant = done["tenant"].as_str();
            tenant.or(done["target"].as_str()).unwrap().to_owned()
        };
        done.map(name).collect()
    };

    let (_, one) = ground.told("up --tenant acme");
    let (_, common) = ground.told("up --db admin");
    let (_, tenants) = ground.told("up --all-tenants --steps 1");
    let (_, status) = ground.told("status --tenant globex");
    let to = "up --to 20260915093000_unique_plan_codes";
    let (_, upto) = ground.told(to);
    let (code, rest) = ground.told("up --db customer");

    assert_eq!(done(&one), ["acme"]);
    assert_eq!(done(&common), ["admin"]);
    assert_eq!(done(&tenants), ["globex"]);
    assert_eq!(summary(&tenants)["migrations"], 1);
    assert_eq!(of(&status, "status").len(), 1);
    assert_eq!(of(&status, "status")[0]["targets"], 1);
    assert_eq!(summary(&status)["pending"], 1);
    assert_eq!(done(&upto), ["customer"]);
    assert_eq!(summary(&upto)["migrations"], 2);
    assert_eq!(
        (code, done(&rest)),
        (Some(0), vec!["customer".into(), "globex".into()])
    );
    assert_eq!(summary(&rest)["migrations"], 7);
    ground.names.drop().await;
}

/// What was made today from the models has every migration behind it.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_is_made_from_the_models_and_replays_nothing() {
    let names = TestDatabases::new("migrate_empty");
    let client = raw(&names.uri("admin")).await;
    let ground = Ground {
        names,
        project: project(),
        client,
    };

    let (code, told) = ground.told("up");

    assert_eq!(code, Some(0), "{told:?}");
    assert_eq!(summary(&told)["migrations"], 0);
    let (code, status) = ground.told("status --exit-code");
    assert_eq!(code, Some(0), "{status:?}");
    assert_eq!(of(&status, "status")[0]["atHead"], 1);
    ground.names.drop().await;
}
