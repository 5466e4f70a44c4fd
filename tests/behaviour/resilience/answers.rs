//! What a client is told over HTTP of a change whose answer was lost on its way.

use mongoplex_testing::{Nodes, OwnSet, Proxy, own_set};

use crate::house::{Answer, House, send};

const TENANT: [(&str, &str); 1] = [("x-tenant-id", "acme")];
const CLIENT: &str = r#"{"clientCode":"C-1","companyName":"Acme"}"#;

/// The application's databases, the customers' behind a proxy.
struct Scene {
    set: OwnSet,
    proxy: Proxy,
    house: House,
}

impl Scene {
    async fn new(name: &str, settings: &[(&str, &str)]) -> Self {
        let set = own_set(Nodes::One).await;
        let proxy = Proxy::start(&set.nodes()[0].address()).await;
        let uri = proxy.uri(name);
        let through = [("DATABASE_CUSTOMER_URI", uri.as_str())];
        let house = House::on(&set, name, &[&through, settings].concat()).await;
        house.tenant("acme").await;
        Self { set, proxy, house }
    }

    async fn post(&self) -> Answer {
        let server = self.house.clients_server();
        send(&server, "POST /api/v1/clients", &TENANT, CLIENT).await
    }

    async fn clients(&self) -> u64 {
        let server = self.house.clients_server();
        let line = "GET /api/v1/clients?count=true";
        let listed = send(&server, line, &TENANT, "").await;
        listed.body["total"].as_u64().unwrap()
    }

    async fn end(self) {
        self.house.close().await;
        self.proxy.stop().await;
        self.set.stop().await;
    }
}

#[tokio::test]
async fn a_document_whose_answers_are_lost_is_created_once() {
    let scene = Scene::new("answers_lost", &[]).await;
    scene.proxy.drop_replies(b"\x02insert\0", 2);

    let created = scene.post().await;

    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(scene.proxy.dropped_replies(), 2);
    assert_eq!(scene.clients().await, 1);
    scene.end().await;
}
