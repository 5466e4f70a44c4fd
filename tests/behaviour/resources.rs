//! Every resource of the application from the outside: what all have by one generic piece, and what
//! each adds.

mod filters;
mod injection;
mod pages;
mod prepare;
mod rules;
mod table;
mod trail;
mod unique;
mod values;
mod way;

use axum::Router;
use mongoplex::{Databases, schema::Mode};
use mongoplex_testing::{TestDatabases, shared};

use self::table::Sample;
use crate::house::{Answer, House, config, registry, send};

pub(crate) const ACME: (&str, &str) = ("x-tenant-id", "acme");
const GLOBEX: (&str, &str) = ("x-tenant-id", "globex");

/// A house with all databases, the optional one too, its servers, and the tenants acme and globex.
pub(crate) struct Full {
    pub(crate) house: House,
    pub(crate) admin: Router,
    pub(crate) customer: Router,
}

impl Full {
    pub(crate) async fn new(test: &str) -> Self {
        Self::with(test, &[]).await
    }

    async fn with(test: &str, variables: &[(&str, &str)]) -> Self {
        let names = TestDatabases::on(shared(), test);
        let uri = names.uri("shared");
        let variables = [&[("DATABASE_SHARED_URI", uri.as_str())], variables].concat();
        let config = config(&names, &variables);
        let builder = Databases::builder(registry(), config.clone()).application(test);
        let databases = builder.connect().await.unwrap();
        databases.schema().common(Mode::Add).await.unwrap();
        let house = House {
            databases,
            config,
            names,
        };
        house.tenant("acme").await;
        house.tenant("globex").await;
        let (admin, customer) = (house.admin_server(), house.clients_server());
        Self {
            house,
            admin,
            customer,
        }
    }

    /// Sends a request to the server that has the resource; for a tenant's resource as acme.
    pub(crate) async fn send(
        &self,
        sample: &Sample,
        line: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let server = match sample.path.starts_with("/api/v1/admin/") {
            true => &self.admin,
            false => &self.customer,
        };
        let named = headers.iter().any(|(name, _)| *name == ACME.0);
        let tenant = [ACME].into_iter().filter(|_| sample.tenant && !named);
        let headers: Vec<_> = tenant.chain(headers.iter().copied()).collect();
        send(server, line, &headers, body).await
    }

    /// Creates one; it must go well.
    pub(crate) async fn create(&self, sample: &Sample, number: usize) -> Answer {
        let body = (sample.body)(number).to_string();
        let line = format!("POST {}", sample.path);
        let answer = self.send(sample, &line, &[], &body).await;
        assert_eq!(answer.status, 201, "{line} {body}: {answer:?}");
        answer
    }

    pub(crate) async fn close(self) {
        self.house.close().await;
    }
}
