//! Configuration: all faults in one run, by variable and cure, and no value of any of them.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use mongoplex::{Config, Environment, Faults, Registry, Sources};

use crate::house::registry;

const SERVERS: [(&str, u16); 2] = [("admin-server", 3000), ("customer-services", 3001)];

mongoplex::logical_database! { pub Audit = "audit" }
mongoplex::logical_database! { pub optional AuditLog = "audit_log" }

fn good() -> Sources {
    Sources::default()
        .variable("MONGOPLEX_ENV", "production")
        .variable("DATABASE_ADMIN_URI", "mongodb://localhost/shop_admin")
        .variable("DATABASE_CUSTOMER_URI", "mongodb://localhost/shop_customer")
}

fn load(sources: &Sources) -> Result<Config, Faults> {
    Config::load(&registry(), &SERVERS, sources)
}

fn faults(sources: &Sources) -> Vec<String> {
    load(sources)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn four_faults_are_told_at_once_by_variable_and_cure() {
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "prod")
        .variable("DATABASE_ADMIN_URI", "mongodb://u:canary@@localhost/shop")
        .variable("DATABASE_CUSTOMER_MAX_POOL_SIZE", "canary")
        .variable("DATABASE_CUSTOMER_MAX_POOLSIZE", "canary");

    let found = faults(&sources);

    let expected = [
        (
            "MONGOPLEX_ENV (from environment)",
            "expected development, test, staging or production",
        ),
        (
            "DATABASE_ADMIN_URI (from environment)",
            "is no usable MongoDB connection string",
        ),
        (
            "DATABASE_CUSTOMER_MAX_POOL_SIZE (from environment)",
            "expected a whole number from 1 to 10000",
        ),
        ("DATABASE_CUSTOMER_URI", "is not set"),
        (
            "DATABASE_CUSTOMER_MAX_POOLSIZE (from environment)",
            "did you mean `DATABASE_CUSTOMER_MAX_POOL_SIZE`?",
        ),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (subject, text) in expected {
        assert!(
            found
                .iter()
                .any(|fault| fault.starts_with(subject) && fault.contains(text)),
            "{subject}: {found:#?}"
        );
    }
    assert!(!found.concat().contains("canary"));
}

#[test]
fn passwords_survive_any_text_and_are_never_printed() {
    for (written, real) in [
        ("p%3Aw%40d", "p:w@d"),
        ("%2540", "%40"),
        ("00123", "00123"),
        ("%7Bx", "{x"),
        ("{x", "{x"),
    ] {
        let uri = format!("mongodb://u:{written}@localhost/shop_admin");
        let sources = good().variable("DATABASE_ADMIN_URI", &uri);
        let shown = match load(&sources) {
            Ok(config) => format!("{config:?} {sources:?}"),
            Err(faults) => panic!("{real}: {faults}"),
        };
        assert!(!shown.contains(written) && !shown.contains(real), "{shown}");
    }
    for broken in [
        "mongodb://u:p:w@d@localhost/x",
        "00123",
        "{x",
        "mongodb://u:canary%4@h/x",
        "mongodb+srv://u:canary@h:1/x",
    ] {
        let sources = good().variable("DATABASE_ADMIN_URI", broken);
        let shown = format!("{:?}", load(&sources).unwrap_err());
        assert!(
            !shown.contains(broken) && !shown.contains("canary"),
            "{shown}"
        );
    }
}

#[test]
fn a_value_in_the_wrong_variable_is_not_printed_either() {
    for variable in [
        "LOG_FORMAT",
        "REQUEST_TIMEOUT",
        "DB_READ_PREFERENCE",
        "ADMIN_SERVER_ADDRESS",
        "DATABASE_ADMIN_REQUIRED",
        "MONGOPLEX_ENV",
    ] {
        let found = faults(&good().variable(variable, "mongodb://u:canary@h/x")).concat();
        assert!(
            found.contains(variable) && !found.contains("canary"),
            "{found}"
        );
    }
}

#[test]
fn a_uri_is_read_from_a_file_and_a_missing_file_is_a_fault() {
    let folder = Folder::new();
    let path = folder.write("uri", "mongodb://localhost/from_file\n");
    let base = Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable("DATABASE_CUSTOMER_URI", "mongodb://localhost/shop");

    let config = load(
        &base
            .clone()
            .variable("DATABASE_ADMIN_URI_FILE", path.to_str().unwrap()),
    )
    .unwrap();
    assert_eq!(config.databases[0].uri.database(), "from_file");

    let missing = faults(
        &base
            .clone()
            .variable("DATABASE_ADMIN_URI_FILE", "/nonexistent/canary"),
    );
    assert!(
        missing[0].starts_with("DATABASE_ADMIN_URI_FILE (from environment)"),
        "{missing:?}"
    );
    assert!(!missing.concat().contains("canary"));
    let both = base
        .variable("DATABASE_ADMIN_URI_FILE", path.to_str().unwrap())
        .variable("DATABASE_ADMIN_URI", "mongodb://h/x");
    assert!(faults(&both)[0].contains("set one of them"));
}

#[test]
fn layers_win_in_their_order() {
    let folder = Folder::new();
    folder.write("mongoplex.toml", "request_timeout = \"1s\"\n[database.admin]\nuri = \"mongodb://localhost/toml\"\nmax_pool_size = 7\n");
    folder.write(".env", "MONGOPLEX_ENV=staging\nREQUEST_TIMEOUT=2s\nDATABASE_CUSTOMER_URI='mongodb://localhost/dot$env'\nSOMEBODY_ELSES=1\n");
    folder.write(".env.staging", "REQUEST_TIMEOUT=3s\n");
    let base = Sources::directory_of(&folder.0);
    let seconds = |sources: &Sources| load(sources).unwrap().server.request_timeout.as_secs();

    let config = load(&base).unwrap_err().to_string();
    assert!(
        config.contains("DATABASE_CUSTOMER_URI (from .env)"),
        "a `$` is no name's part: {config}"
    );
    folder.write(".env", "MONGOPLEX_ENV=staging\nREQUEST_TIMEOUT=2s\nDATABASE_CUSTOMER_URI='mongodb://localhost/dot_env'\n");
    let config = load(&base).unwrap();
    assert_eq!(config.environment, Environment::Staging);
    assert_eq!(config.databases[0].uri.database(), "toml");
    assert_eq!(config.databases[1].uri.database(), "dot_env");
    assert_eq!(seconds(&base), 3);
    folder.write(".env.staging.local", "REQUEST_TIMEOUT=4s\n");
    assert_eq!(seconds(&base), 4);
    let environment = base.variable("REQUEST_TIMEOUT", "5s");
    assert_eq!(seconds(&environment), 5);
    assert_eq!(seconds(&environment.argument("REQUEST_TIMEOUT", "6s")), 6);
}

#[test]
fn a_variable_that_is_set_to_nothing_hides_no_lower_layer() {
    let folder = Folder::new();
    folder.write(".env", "MONGOPLEX_ENV=production\n");
    folder.write(
        ".env.production",
        "DATABASE_ADMIN_URI=mongodb://localhost/a\nDATABASE_CUSTOMER_URI=mongodb://localhost/b\n",
    );
    let sources = Sources::directory_of(&folder.0)
        .variable("MONGOPLEX_ENV", " ")
        .variable("DATABASE_ADMIN_URI", "");

    assert!(!Config::privacy(&registry(), &sources).allows_private_set());
    let config = load(&sources).unwrap();
    assert_eq!(config.environment, Environment::Production);
    assert_eq!(config.databases[0].uri.database(), "a");
}

#[test]
fn a_file_that_cannot_be_parsed_is_a_fault_without_its_text() {
    let folder = Folder::new();
    folder.write("mongoplex.toml", "uri = canary canary\n");
    folder.write(".env", "MONGOPLEX_ENV=test\nthis is canary\n");

    let found = faults(&Sources::directory_of(&folder.0)).concat();

    assert!(
        found.contains("mongoplex.toml") && found.contains(".env"),
        "{found}"
    );
    assert!(
        !found.contains("MONGOPLEX_ENV"),
        "its other lines are read: {found}"
    );
    assert!(!found.contains("canary"), "{found}");
}

#[test]
fn a_dollar_in_a_file_is_kept_or_refused_and_never_replaced() {
    let folder = Folder::new();
    let rest = "MONGOPLEX_ENV=test\nDATABASE_CUSTOMER_URI=mongodb://localhost/shop\n";
    let load_with = |line: &str| {
        folder.write(".env", &format!("{rest}{line}\n"));
        load(&Sources::directory_of(&folder.0))
    };

    let kept = load_with("DATABASE_ADMIN_URI='mongodb://u:p$HOME@localhost/shop_admin'");
    assert!(kept.is_ok(), "{kept:?}");
    for line in [
        "DATABASE_ADMIN_URI=mongodb://u:canary$HOME@h/x",
        "DATABASE_ADMIN_URI=\"mongodb://u:canary$HOME@h/x\"",
    ] {
        let refused = load_with(line).unwrap_err().to_string();
        assert!(
            refused.contains(".env: line 3 holds a `$`") && !refused.contains("canary"),
            "{refused}"
        );
    }
    assert!(
        load_with("# a comment with a $\nDATABASE_ADMIN_URI=mongodb://localhost/shop_admin")
            .is_ok()
    );
}

#[test]
fn a_fault_of_all_databases_is_told_once() {
    let found = faults(
        &good()
            .variable("DB_MAX_POOL_SIZE", "many")
            .variable("LOG_LEVEL", "loud"),
    );

    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn names_are_matched_against_the_registered_databases() {
    let registry = Registry::new().with::<Audit>().with::<AuditLog>();
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable("DATABASE_AUDIT_URI", "mongodb://localhost/audit")
        .variable("DATABASE_AUDIT_LOG_URI", "mongodb://localhost/audit_log")
        .variable("DATABASE_AUDIT_LOG_MAX_POOL_SIZE", "3");
    let config = Config::load(&registry, &[], &sources).unwrap();
    assert_eq!(config.databases.len(), 2);

    let misspelt = sources
        .variable("DATABASE_AUDIT_LOG_MAXPOOL_SIZE", "3")
        .variable("DATABASE_URL", "x")
        .variable("DB_HOST", "x");
    let found = Config::load(&registry, &[], &misspelt)
        .unwrap_err()
        .to_string();
    assert!(
        found.contains("did you mean `DATABASE_AUDIT_LOG_MAX_POOL_SIZE`?"),
        "{found}"
    );
    assert!(
        found.contains("DATABASE_URL") && found.contains("DB_HOST"),
        "{found}"
    );
}

#[test]
fn names_that_could_meet_are_refused() {
    for (uri, text) in [
        ("mongodb://localhost/admin", "MongoDB's own databases"),
        ("mongodb://localhost/local", "MongoDB's own databases"),
        ("mongodb://localhost/a__b", "`__`"),
        (
            "mongodb://localhost/abcdefghijklmnopqrstuvwxyz",
            "at most 25 bytes",
        ),
        ("mongodb://localhost", "name the database"),
        (
            "mongodb://localhost/shop?compressors=zstd",
            "zstd is not built in",
        ),
    ] {
        let found = faults(&good().variable("DATABASE_CUSTOMER_URI", uri)).concat();
        assert!(found.contains(text), "{uri}: {found}");
    }
    let same = good().variable(
        "DATABASE_CUSTOMER_URI",
        "mongodb://other:1,u:p@localhost:27017/shop_admin".replace("other:1,u:p@", "u:p@"),
    );
    assert!(
        faults(&same)
            .concat()
            .contains("resolves to the namespace of logical database `admin`")
    );
}

#[test]
fn what_is_dangerous_or_out_of_range_is_refused() {
    for (name, value) in [
        ("ADMIN_SERVER_ADDRESS", "0.0.0.0:3000"),
        ("DB_WRITE_CONCERN", "0"),
        ("DB_MAX_POOL_SIZE", "0"),
        ("DB_HEARTBEAT_FREQUENCY", "100ms"),
        ("REQUEST_TIMEOUT", "30"),
        ("BODY_LIMIT", "1MB"),
        ("DB_TLS_CA_FILE", "/nonexistent"),
    ] {
        let found = faults(&good().variable(name, value));
        assert!(
            !found.is_empty() && found.concat().contains(name.trim_start_matches("DB_")),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn some_uris_are_a_fault_and_none_allows_a_private_set() {
    let none = Sources::default();
    assert!(Config::privacy(&registry(), &none).allows_private_set());
    let development = none.clone().variable("MONGOPLEX_ENV", "development");
    assert!(Config::privacy(&registry(), &development).allows_private_set());
    for sources in [
        none.clone()
            .variable("DATABASE_ADMIN_URI", "mongodb://localhost/shop"),
        none.clone().variable("DATABASE_ADMIN_URI_FILE", "x"),
        none.clone().variable("MONGOPLEX_ENV", "production"),
        none.variable("MONGOPLEX_ENV", "prodution"),
    ] {
        assert!(!Config::privacy(&registry(), &sources).allows_private_set());
        assert!(load(&sources).is_err());
    }
    let folder = Folder::new();
    folder.write(
        ".env.development",
        "DATABASE_ADMIN_URI=mongodb://localhost/shop\n",
    );
    let file = Sources::directory_of(&folder.0);
    assert!(
        !Config::privacy(&registry(), &file).allows_private_set(),
        "what a file says is not passed over"
    );
}

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "config-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn a_reserve_that_leaves_calls_no_connection_is_a_fault() {
    let sources = good()
        .variable("DATABASE_ADMIN_MAX_POOL_SIZE", "4")
        .variable("DATABASE_ADMIN_POOL_RESERVE", "4");

    let found = faults(&sources);

    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("POOL_RESERVE of logical database `admin`"));
    assert!(load(&good().variable("DB_POOL_RESERVE", "199")).is_ok());
}

#[test]
fn a_name_that_looks_like_a_setting_is_told_and_is_no_fault() {
    let sources = good()
        .variable("METRICS_TENANT", "hashed")
        .variable("REQUEST_TIMOUT", "1s")
        .variable("TIMEZONE", "UTC");

    let suspects = load(&sources).unwrap().suspects;

    let told: Vec<String> = suspects.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("METRICS_TENANT") && told[0].contains("did you mean `METRICS_TENANTS`?")
    );
    assert!(told[1].contains("did you mean `REQUEST_TIMEOUT`?"));
    assert!(!told.concat().contains("hashed"));
}
