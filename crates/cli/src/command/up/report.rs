//! What `up` says once it is up.

use mongoplex::{Databases, Deployment, schema::Report};
use mongoplex_server::Bound;
use serde_json::{Value, json};

use crate::{app::App, exit::Failure, output, place::Place};

/// How many tenants are named; more are counted.
const NAMED: u32 = 10;

pub(super) struct Up<'a> {
    pub(super) app: &'a App,
    pub(super) place: &'a Place,
    pub(super) databases: &'a Databases,
    pub(super) servers: &'a [Bound],
    pub(super) schema: &'a Report,
    /// What is to be said of migrations and seeds.
    pub(super) done: Option<String>,
}

impl Up<'_> {
    pub(super) async fn text(&self) -> Result<String, Failure> {
        let mut parts = vec![self.title()];
        parts.push(output::table(
            &["SERVER", "ADDRESS", "PAGE"],
            self.server_rows(),
        ));
        parts.push(output::table(
            &["DATABASE", "DEPLOYMENT", "NAME", "MODELS"],
            self.database_rows(),
        ));
        if let Some(tenants) = self.tenants().await? {
            parts.push(format!("tenants: {}", named(&tenants)));
        }
        if let Some(set) = &self.place.private {
            parts.push(format!(
                "uri: {}\ndata: {}",
                set.uri(""),
                set.directory().display()
            ));
        }
        parts.extend(self.done.clone());
        parts.extend(self.missing());
        Ok(parts.join("\n\n"))
    }

    pub(super) async fn json(&self) -> Result<String, Failure> {
        let servers = self.servers.iter().map(|server| {
            json!({
                "name": server.name(),
                "url": format!("http://{}", server.address()),
                "dashboard": self.page(server),
            })
        });
        let databases = self.databases.deployments().into_iter().map(|at| {
            json!({
                "database": at.database,
                "models": self.models(at.database),
                "name": at.name,
                "set": at.set,
                "hosts": at.hosts,
                "sharedWith": at.shared_with,
            })
        });
        let missing = self.schema.missing.iter().map(|missing| {
            json!({ "namespace": missing.namespace, "what": missing.what, "cure": missing.cure.advice() })
        });
        let value: Value = json!({
            "application": self.app.name,
            "environment": self.place.config.environment.as_str(),
            "servers": servers.collect::<Vec<_>>(),
            "databases": databases.collect::<Vec<_>>(),
            "tenants": self.tenants().await?,
            "uri": self.place.private.as_ref().map(|set| set.uri("")),
            "data": self.place.private.as_ref().map(|set| set.directory().display().to_string()),
            "done": self.done,
            "missing": missing.collect::<Vec<_>>(),
        });
        Ok(value.to_string())
    }

    fn title(&self) -> String {
        let environment = self.place.config.environment;
        match &self.place.private {
            Some(set) => format!(
                "{} is up in {environment}, on {}",
                self.app.name,
                set.describe()
            ),
            None => format!("{} is up in {environment}", self.app.name),
        }
    }

    fn server_rows(&self) -> Vec<Vec<String>> {
        let row = |server: &Bound| {
            vec![
                server.name().to_owned(),
                format!("http://{}", server.address()),
                self.page(server).unwrap_or_default(),
            ]
        };
        self.servers.iter().map(row).collect()
    }

    /// Returns where a server's dashboard is, where it is served.
    fn page(&self, server: &Bound) -> Option<String> {
        let config = &self.place.config;
        let is_served = config.metrics && config.environment.is_harmless();
        is_served.then(|| format!("http://{}/dashboard", server.address()))
    }

    fn models(&self, database: &str) -> Vec<&'static str> {
        let declared = self.app.registry.databases().iter();
        let own = declared.filter(|declared| declared.name == database);
        own.flat_map(|declared| declared.routes)
            .map(|route| route.model)
            .collect()
    }

    fn database_rows(&self) -> Vec<Vec<String>> {
        let row = |at: Deployment| {
            let models = self.models(at.database).join(", ");
            vec![at.database.to_owned(), place_of(&at), at.name, models]
        };
        self.databases.deployments().into_iter().map(row).collect()
    }

    /// Returns the first tenants, one more than are named; none while their collection is not whole.
    async fn tenants(&self) -> Result<Option<Vec<String>>, Failure> {
        let Ok(tenancy) = self.databases.tenancy() else {
            return Ok(None);
        };
        if !self.schema.missing.is_empty() {
            return Ok(None);
        }
        let found = tenancy.list(None, NAMED + 1).await?;
        Ok(Some(
            found.iter().map(|tenant| tenant.id.to_string()).collect(),
        ))
    }

    fn missing(&self) -> Option<String> {
        if self.schema.missing.is_empty() {
            return None;
        }
        let row = |missing: &mongoplex::schema::Difference| {
            vec![
                missing.namespace.clone(),
                missing.what.clone(),
                missing.cure.advice().to_owned(),
            ]
        };
        let rows = self.schema.missing.iter().map(row).collect();
        let table = output::table(&["NAMESPACE", "LACKS", "CURE"], rows);
        Some(format!(
            "not ready: the databases lack what the models need\n\n{table}"
        ))
    }
}

/// Names the first tenants and says whether there are more.
fn named(tenants: &[String]) -> String {
    let limit = NAMED as usize;
    match tenants.len() {
        0 => "none yet; `tenants create <id>` makes one".into(),
        many if many > limit => format!("{}, …", tenants[..limit].join(", ")),
        _ => tenants.join(", "),
    }
}

fn place_of(at: &Deployment) -> String {
    let hosts = at.hosts.join(",");
    match &at.set {
        Some(set) => format!("{set} ({hosts})"),
        None if hosts.is_empty() => "not seen yet".into(),
        None => hosts,
    }
}
