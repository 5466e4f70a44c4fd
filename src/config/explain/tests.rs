use super::*;
use crate::config::Setting;

crate::logical_database! { Shop = "shop" }
crate::logical_database! { optional Log = "log" }

const SERVERS: [(&str, u16); 1] = [("api", 3000)];

fn explain(sources: &Sources) -> Explanation {
    let registry = Registry::new().with::<Shop>().with::<Log>();
    Config::explain(&registry, &SERVERS, sources)
}

fn sources(uri: &str) -> Sources {
    Sources::default()
        .variable("MONGOPLEX_ENV", "production")
        .variable("DATABASE_SHOP_URI", uri)
}

/// Returns value and origin of a setting, and both as `-` where nothing applies.
fn row<'a>(explained: &'a Explanation, variable: &str) -> (&'a str, &'a str) {
    let mut rows = explained.settings.iter();
    let row = rows.find(|row| row.variable == variable).unwrap();
    let text = |text: &'a Option<String>| text.as_deref().unwrap_or("-");
    (text(&row.value), text(&row.origin))
}

#[test]
fn the_origin_is_the_highest_that_says_something() {
    let uri = "mongodb://h/shop?connectTimeoutMS=1500&w=1&readPreference=nearest";
    let plain = sources(uri).variable("LOG_LEVEL", "debug");
    let all = plain.clone().variable("DB_CONNECT_TIMEOUT", "3s");
    let own = all.clone().argument("DATABASE_SHOP_CONNECT_TIMEOUT", "4s");
    let name = "DATABASE_SHOP_CONNECT_TIMEOUT";

    let plain = explain(&plain);
    assert_eq!(
        row(&plain, name),
        ("1s 500ms", "the URI's `connectTimeoutMS`")
    );
    assert_eq!(
        row(&plain, "DATABASE_SHOP_WRITE_CONCERN"),
        ("1", "the URI's `w`")
    );
    assert_eq!(
        row(&plain, "DATABASE_SHOP_READ_PREFERENCE"),
        ("nearest", "the URI's `readPreference`")
    );
    let preset = ("2s", "preset of production");
    assert_eq!(row(&plain, "DATABASE_LOG_CONNECT_TIMEOUT"), preset);
    assert_eq!(row(&plain, "LOG_LEVEL"), ("debug", "environment"));
    assert_eq!(row(&plain, "API_ADDRESS"), ("127.0.0.1:3000", "default"));
    assert_eq!(
        row(&plain, "DATABASE_SHOP_REQUIRED"),
        ("true", "declaration")
    );
    assert_eq!(
        row(&plain, "DATABASE_LOG_REQUIRED"),
        ("false", "declaration")
    );
    assert_eq!(row(&plain, "DATABASE_LOG_URI"), ("-", "-"));
    let all = explain(&all);
    assert_eq!(row(&all, name), ("3s", "environment (DB_CONNECT_TIMEOUT)"));
    assert_eq!(row(&explain(&own), name), ("4s", "command line"));
}

#[test]
fn the_explained_values_are_those_that_the_driver_gets() {
    let uri = "mongodb://h/shop?maxPoolSize=7&minPoolSize=3&heartbeatFrequencyMS=700\
        &maxIdleTimeMS=900&serverSelectionTimeoutMS=800&readConcernLevel=available&journal=true";
    let sources = sources(uri);
    let registry = Registry::new().with::<Shop>().with::<Log>();
    let config = Config::load(&registry, &SERVERS, &sources).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let options = runtime
        .block_on(config.databases[0].client_options("x".into()))
        .unwrap();
    let explained = explain(&sources);
    let value = |name: &str| {
        row(&explained, &format!("DATABASE_SHOP_{name}"))
            .0
            .to_owned()
    };
    let time = |name: &str| Some(humantime::parse_duration(&value(name)).unwrap());

    assert_eq!(options.max_pool_size, value("MAX_POOL_SIZE").parse().ok());
    assert_eq!(options.min_pool_size, value("MIN_POOL_SIZE").parse().ok());
    assert_eq!(options.heartbeat_freq, time("HEARTBEAT_FREQUENCY"));
    assert_eq!(options.max_idle_time, time("MAX_IDLE_TIME"));
    assert_eq!(options.connect_timeout, time("CONNECT_TIMEOUT"));
    assert_eq!(
        options.server_selection_timeout,
        time("SERVER_SELECTION_TIMEOUT")
    );
    assert_eq!(value("READ_CONCERN"), "available");
    let concern = options.write_concern.unwrap();
    assert_eq!(concern.w, Some(mongodb::options::Acknowledgment::Majority));
    assert!(
        concern.journal.is_some(),
        "what the URI says beside `w` stays"
    );
    assert_eq!(value("WRITE_CONCERN"), "majority");
}

#[test]
fn the_smallest_pool_is_never_told_larger_than_the_largest() {
    let explained = explain(&sources("mongodb://h/shop?maxPoolSize=7"));

    let lowered = ("7", "preset of production, lowered to MAX_POOL_SIZE");
    assert_eq!(row(&explained, "DATABASE_SHOP_MIN_POOL_SIZE"), lowered);
    let own = ("10", "preset of production");
    assert_eq!(row(&explained, "DATABASE_LOG_MIN_POOL_SIZE"), own);
}

#[test]
fn no_secret_is_shown_wherever_it_stands() {
    let uri = "mongodb://canary:canary@h:1/shop?w=canary&readConcernLevel=canary&tls=true&tlsCAFile=/canary";
    let explained = explain(
        &sources(uri)
            .variable("DATABASE_LOG_URI_FILE", "/canary")
            .variable("MONGOD", "canary")
            .variable("REQUEST_TIMEOUT", "canary")
            .variable("API_ADDRESS", "canary")
            .variable("DB_TLS_CERT_FILE", "canary"),
    );

    let text = format!("{explained:?}");
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(
        row(&explained, "DATABASE_SHOP_URI"),
        ("<set>", "environment")
    );
    assert_eq!(row(&explained, "DATABASE_SHOP_URI hosts").0, "h:1");
    assert_eq!(row(&explained, "DATABASE_SHOP_URI database").0, "shop");
    assert_eq!(
        row(&explained, "DATABASE_SHOP_WRITE_CONCERN"),
        ("<set>", "the URI's `w`")
    );
    assert_eq!(
        row(&explained, "REQUEST_TIMEOUT"),
        ("<at fault>", "environment")
    );
    assert_eq!(row(&explained, "MONGOD"), ("<set>", "environment"));
}

#[test]
fn without_an_environment_only_what_all_presets_share_is_told() {
    let explained = explain(&Sources::default());

    assert_eq!(row(&explained, "MONGOPLEX_ENV"), ("-", "-"));
    assert_eq!(row(&explained, "SHUTDOWN_GRACE"), ("10s", "preset"));
    let unsure = ("<as MONGOPLEX_ENV says>", "preset");
    assert_eq!(row(&explained, "DATABASE_SHOP_MAX_POOL_SIZE"), unsure);
    let subjects: Vec<_> = explained
        .faults
        .iter()
        .map(|fault| &fault.subject)
        .collect();
    assert_eq!(subjects, ["MONGOPLEX_ENV", "DATABASE_SHOP_URI"]);
}

#[test]
fn every_setting_is_explained_once_for_each_that_it_applies_to() {
    let explained = explain(&sources("mongodb://h/shop"));

    let times = |setting: &Setting| match setting.applies {
        Applies::Process | Applies::Server => 1,
        Applies::Database | Applies::OneDatabase => 2,
    };
    let parts = 2;
    let expected = SETTINGS.iter().map(times).sum::<usize>() + parts;
    assert_eq!(explained.settings.len(), expected);
}
