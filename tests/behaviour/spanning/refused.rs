//! What is refused before the first write: another deployment, and a user who may not.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use models::{
    admin_server::{Admin, User},
    customer_services::{Customer, Plan},
    shared::Shared,
};
use mongoplex::{
    Config, Database, Databases, Error, Result, Sources,
    bson::{Document, doc},
    mongodb,
};
use mongoplex_testing::{Lone, Nodes, own_set, raw, shared};

use super::user;
use crate::house::{House, registry};

fn plan() -> Plan {
    Plan {
        code: "a".into(),
        name: "a".into(),
        monthly_price: 1,
    }
}

/// Writes to both in a transaction that the first begins; `runs` counts how often its body runs.
async fn both(
    customer: &Database<Customer>,
    admin: &Database<Admin>,
    runs: &Arc<AtomicU32>,
) -> Result<()> {
    let runs = runs.clone();
    let both = customer.transaction().with(admin);
    both.run(async move |(customer, admin)| -> Result<()> {
        runs.fetch_add(1, Ordering::SeqCst);
        customer.collection().insert_one(plan()).await?;
        admin
            .collection()
            .insert_one(user("a@example.org"))
            .await
            .map(drop)
    })
    .await
}

#[tokio::test]
async fn another_deployment_is_refused_with_both_variables() {
    let other = own_set(Nodes::One).await;
    let house = House::on(
        shared(),
        "refused_foreign",
        &[("DATABASE_ADMIN_URI", &other.uri("refused_foreign"))],
    )
    .await;
    let runs = Arc::new(AtomicU32::new(0));

    let refused = both(&house.customer(), &house.admin(), &runs)
        .await
        .unwrap_err();

    assert!(
        matches!(
            refused,
            Error::ForeignDeployment {
                begun_at: "customer",
                joined: "admin"
            }
        ),
        "{refused:?}"
    );
    let text = refused.to_string();
    for part in [
        "DATABASE_CUSTOMER_URI",
        "DATABASE_ADMIN_URI",
        "one deployment",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    house.close().await;
    other.stop().await;
}

/// Host names prove nothing, so what was never seen is not taken for the same.
#[tokio::test]
async fn a_deployment_that_was_not_seen_is_refused() {
    let house = House::on(
        shared(),
        "refused_unseen",
        &[
            (
                "DATABASE_SHARED_URI",
                "mongodb://127.0.0.1:1/refused_unseen",
            ),
            ("DATABASE_SHARED_SERVER_SELECTION_TIMEOUT", "500ms"),
        ],
    )
    .await;
    let unseen = house.databases.database::<Shared>().unwrap();
    let runs = Arc::new(AtomicU32::new(0));

    let count = runs.clone();
    let both = house.customer().transaction().with(&unseen);
    let refused = both.run(async move |_| -> Result<()> {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let refused = refused.await.unwrap_err();

    assert!(refused.is_unavailable(), "{refused:?}");
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    house.close().await;
}

/// A replica set of one node with users: `root`, and `clerk` with the role of a test.
async fn guarded(clerk: Document) -> (Lone, mongodb::Database) {
    let key =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("key-{}", std::process::id()));
    // A file that a test before made is not writable.
    drop(fs::remove_file(&key));
    fs::write(&key, "bm90IGEgc2VjcmV0").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    let server = Lone::start(&["--replSet", "guarded", "--keyFile", key.to_str().unwrap()]).await;
    server.initiate("guarded").await;
    let create =
        |name: &str, role: Document| doc! { "createUser": name, "pwd": "canary", "roles": [role] };
    let direct = format!("{}?directConnection=true", server.uri("admin"));
    let first = raw(&direct).await.database("admin");
    let root = create("root", doc! { "role": "root", "db": "admin" });
    first.run_command(root).await.unwrap();
    let root = raw(&signed(&server, "root", "admin"))
        .await
        .database("admin");
    root.run_command(create("clerk", clerk)).await.unwrap();
    (server, root)
}

fn signed(server: &Lone, user: &str, database: &str) -> String {
    let address = server.address();
    format!("mongodb://{user}:canary@{address}/{database}?replicaSet=guarded&authSource=admin")
}

/// Returns the databases of the two users: `clerk` works with the customers', `root` with the administrators'.
async fn connect(server: &Lone) -> Databases {
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable("DATABASE_ADMIN_URI", signed(server, "root", "staff"))
        .variable("DATABASE_CUSTOMER_URI", signed(server, "clerk", "shop"));
    let config = Config::load(&registry(), &[], &sources).unwrap();
    Databases::builder(registry(), config)
        .connect()
        .await
        .unwrap()
}

async fn counts(root: &mongodb::Database) -> (u64, u64) {
    let client = root.client();
    let plans = client.database("shop").collection::<Document>("plans");
    let users = client.database("staff").collection::<Document>("users");
    (
        plans.count_documents(doc! {}).await.unwrap(),
        users.count_documents(doc! {}).await.unwrap(),
    )
}

/// Returns how many transactions are open on the server.
async fn open(root: &mongodb::Database) -> i64 {
    let status = root.run_command(doc! { "serverStatus": 1 }).await.unwrap();
    let transactions = status.get_document("transactions").unwrap();
    transactions.get_i64("currentOpen").unwrap()
}

#[tokio::test]
async fn a_user_without_rights_on_the_second_is_refused_before_the_first_write() {
    let (server, root) = guarded(doc! { "role": "readWrite", "db": "shop" }).await;
    let databases = connect(&server).await;
    let (admin, customer) = (databases.database().unwrap(), databases.database().unwrap());
    let runs = Arc::new(AtomicU32::new(0));

    let refused = both(&customer, &admin, &runs).await.unwrap_err();

    assert!(matches!(refused, Error::NoRights { .. }), "{refused:?}");
    let text = refused.to_string();
    for part in [
        "DATABASE_CUSTOMER_URI",
        "DATABASE_ADMIN_URI",
        "find, insert, update, remove on `staff`",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!format!("{text}{refused:?}").contains("canary"));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    assert_eq!(counts(&root).await, (0, 0));

    // A reader of it may not either; who may write to both may, without a new start.
    let grant = async |role: &str| {
        let role = doc! { "role": role, "db": "staff" };
        let grant = doc! { "grantRolesToUser": "clerk", "roles": [role] };
        root.run_command(grant).await.unwrap();
    };
    grant("read").await;
    let refused = both(&customer, &admin, &runs).await;
    assert!(
        matches!(refused, Err(Error::NoRights { .. })),
        "{refused:?}"
    );
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    grant("readWrite").await;
    both(&customer, &admin, &runs).await.unwrap();
    assert_eq!(counts(&root).await, (1, 1));
    databases.shutdown(std::time::Duration::from_secs(5)).await;
    server.stop().await;
}

/// Error 13 carries no label and aborts nothing: a commit would keep the first half.
#[tokio::test]
async fn a_right_that_is_lost_inside_aborts_at_once_even_where_the_body_ignores_it() {
    let (server, root) = guarded(doc! { "role": "readWriteAnyDatabase", "db": "admin" }).await;
    let databases = connect(&server).await;
    let (admin, customer) = (
        databases.database::<Admin>().unwrap(),
        databases.database::<Customer>().unwrap(),
    );

    for ignores in [false, true] {
        let all = doc! { "role": "readWriteAnyDatabase", "db": "admin" };
        let grant = doc! { "grantRolesToUser": "clerk", "roles": [&all] };
        root.run_command(grant).await.unwrap();
        let administrators = root.clone();
        let half = customer.transaction().with(&admin);
        let ended = half.run(async move |(customer, admin)| -> Result<()> {
            customer.collection().insert_one(plan()).await?;
            let revoke = doc! { "revokeRolesFromUser": "clerk", "roles": [&all] };
            administrators.run_command(revoke).await.unwrap();
            let own = doc! { "role": "readWrite", "db": "shop" };
            let grant = doc! { "grantRolesToUser": "clerk", "roles": [own] };
            administrators.run_command(grant).await.unwrap();
            let second = admin
                .collection::<User>()
                .insert_one(user("a@example.org"))
                .await;
            match ignores {
                true => Ok(()),
                false => second.map(drop),
            }
        });
        let ended = ended.await;

        match ignores {
            true => assert!(matches!(ended, Err(Error::Transaction { .. })), "{ended:?}"),
            false => {
                let Err(Error::Driver { cause, .. }) = ended else {
                    panic!("{ended:?}");
                };
                assert_eq!(cause.code(), Some(13));
            }
        }
        assert_eq!(open(&root).await, 0);
        assert_eq!(counts(&root).await, (0, 0));
    }
    databases.shutdown(std::time::Duration::from_secs(5)).await;
    server.stop().await;
}
