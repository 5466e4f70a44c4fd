//! A house of one test: the application's databases on a set, and its servers without a port.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use models::{admin_server::Admin, customer_services::Customer, shared::Shared};
use mongoplex::{
    Config, Connect, Database, Databases, Registry, Sources, TenantDatabase, guard::Observer,
    mongodb, schema::Mode,
};
use mongoplex_testing::{ReplicaSet, TestDatabases, raw, shared};
use serde_json::Value;
use tower::ServiceExt;

/// How long anything may take that is waited for: ten times what is expected of the slowest.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn registry() -> Registry {
    Registry::new()
        .with::<Admin>()
        .with::<Customer>()
        .with::<Shared>()
}

pub(crate) struct House {
    pub(crate) databases: Databases,
    pub(crate) config: Config,
    pub(crate) names: TestDatabases,
}

impl House {
    /// Returns a house on the shared set, its schema complete.
    pub(crate) async fn new(test: &str) -> Self {
        Self::on(shared(), test, &[]).await
    }

    pub(crate) async fn on(set: &ReplicaSet, test: &str, variables: &[(&str, &str)]) -> Self {
        Self::observed(set, test, variables, Vec::new()).await
    }

    pub(crate) async fn observed(
        set: &ReplicaSet,
        test: &str,
        variables: &[(&str, &str)],
        observers: Vec<Arc<dyn Observer>>,
    ) -> Self {
        let with = |builder: Connect| observers.into_iter().fold(builder, Connect::observer);
        let house = Self::bare(set, test, variables, with).await;
        house.databases.schema().common(Mode::Add).await.unwrap();
        house
    }

    /// Returns a house whose databases are not there yet, connected by what a test makes of the builder.
    pub(crate) async fn bare(
        set: &ReplicaSet,
        test: &str,
        variables: &[(&str, &str)],
        with: impl FnOnce(Connect) -> Connect,
    ) -> Self {
        let names = TestDatabases::on(set, test);
        let config = config(&names, variables);
        let builder = Databases::builder(registry(), config.clone()).application(test);
        let databases = with(builder).connect().await.unwrap();
        Self {
            databases,
            config,
            names,
        }
    }

    pub(crate) fn admin(&self) -> Database<Admin> {
        self.databases.database().unwrap()
    }

    pub(crate) fn customer(&self) -> Database<Customer> {
        self.databases.database().unwrap()
    }

    /// Creates a tenant and returns its database.
    pub(crate) async fn tenant(&self, id: &str) -> TenantDatabase<Customer> {
        let id = id.parse().unwrap();
        self.databases
            .tenancy()
            .unwrap()
            .create(&id, id.as_str())
            .await
            .unwrap();
        self.customer().tenant(&id).await.unwrap()
    }

    /// Returns the driver's own view of a physical database, through another connection.
    pub(crate) async fn outside(&self, name: &str) -> mongodb::Database {
        raw(&self.names.uri("admin")).await.database(name)
    }

    pub(crate) fn clients_server(&self) -> Router {
        customer_services::server()
            .router(&self.databases, &self.config)
            .unwrap()
    }

    pub(crate) fn admin_server(&self) -> Router {
        admin_server::server()
            .router(&self.databases, &self.config)
            .unwrap()
    }

    /// Takes everything down and drops the test's databases.
    pub(crate) async fn close(self) {
        self.databases.shutdown(Duration::from_secs(5)).await;
        self.names.drop().await;
    }
}

pub(crate) fn sources(names: &TestDatabases) -> Sources {
    Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable("CONTROL_DATABASE", names.name("control"))
        .variable("DATABASE_ADMIN_URI", names.uri("admin"))
        .variable("DATABASE_CUSTOMER_URI", names.uri("customer"))
}

pub(crate) fn config(names: &TestDatabases, variables: &[(&str, &str)]) -> Config {
    let sources = variables
        .iter()
        .fold(sources(names), |sources, (name, value)| {
            sources.variable(*name, *value)
        });
    Config::load(
        &registry(),
        &[("admin-server", 3000), ("customer-services", 3001)],
        &sources,
    )
    .unwrap()
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends a request as a local client would: `Host: localhost`, a JSON body where there is one.
pub(crate) async fn send(
    router: &Router,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("host"))
    {
        request = request.header("host", "localhost");
    }
    if !body.is_empty() {
        request = request.header("content-length", body.len());
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        body,
    }
}

/// Waits until `check` holds; panics with `what` when it never does.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let started = std::time::Instant::now();
    while started.elapsed() < PATIENCE {
        if check().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: not within {PATIENCE:?}");
}
