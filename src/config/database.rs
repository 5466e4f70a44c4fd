//! What one logical database is told.

use std::{fs, path::PathBuf, time::Duration};

use mongodb::options::{
    Acknowledgment, ClientOptions, Compressor, ReadConcern, ReadPreference, SelectionCriteria, Tls,
    TlsOptions, WriteConcern,
};

use super::{
    parse,
    reader::{Chosen, Found, Reader},
    settings::prefix,
    uri::Uri,
};
use crate::{
    fault::Fault,
    registry::{Declared, Registry},
};

/// Longest name of a database that has tenants: 63 less `__` and a tenant id of 36.
const MAX_TENANTED_NAME: usize = 25;

/// One logical database's settings.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DatabaseConfig {
    /// Its name in the registry.
    pub name: &'static str,
    /// Where it is.
    pub uri: Uri,
    /// Whether the process refuses to start without it.
    pub required: bool,
    /// Pool, times and concerns.
    pub tuning: Tuning,
    /// How long calls may take.
    pub deadlines: Deadlines,
}

/// How long calls may take in all, unless a request or a call says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// A read of one document.
    pub read: Duration,
    /// A write.
    pub write: Duration,
    /// Each batch of a find or an aggregate, and a count.
    pub scan: Duration,
}

/// What the driver's client is given.
#[derive(Debug, Clone)]
pub struct Tuning {
    max_pool_size: Chosen<u32>,
    min_pool_size: Chosen<u32>,
    max_idle_time: Chosen<Duration>,
    connect_timeout: Chosen<Duration>,
    server_selection_timeout: Chosen<Duration>,
    heartbeat_frequency: Chosen<Duration>,
    read_preference: Chosen<ReadPreference>,
    read_concern: Chosen<ReadConcern>,
    write_concern: Chosen<Acknowledgment>,
    tls_ca_file: Option<PathBuf>,
    tls_cert_file: Option<PathBuf>,
}

impl DatabaseConfig {
    /// Returns the driver's options: a variable wins over the URI, the URI over the preset.
    ///
    /// # Errors
    /// The driver's, which may quote the URI: it must not be printed.
    pub(crate) async fn client_options(
        &self,
        app_name: String,
    ) -> mongodb::error::Result<ClientOptions> {
        let mut options = self.uri.client_options().await?;
        self.tuning.clone().apply(&mut options);
        options.app_name = Some(app_name);
        options
            .compressors
            .get_or_insert(vec![Compressor::Snappy, Compressor::Zlib { level: None }]);
        Ok(options)
    }

    /// Returns the variable of this database's own setting: `URI` gives `DATABASE_CUSTOMER_URI`.
    pub(crate) fn variable(&self, setting: &str) -> String {
        format!("{}{setting}", prefix(self.name))
    }

    /// Returns how often a server is looked at.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.tuning.heartbeat_frequency.value
    }
}

impl Tuning {
    fn apply(self, options: &mut ClientOptions) {
        self.apply_tls(options);
        options.max_pool_size = Some(self.max_pool_size.over(options.max_pool_size));
        let min = self.min_pool_size.over(options.min_pool_size);
        options.min_pool_size = options.max_pool_size.map(|max| min.min(max));
        options.max_idle_time = Some(self.max_idle_time.over(options.max_idle_time));
        options.connect_timeout = Some(self.connect_timeout.over(options.connect_timeout));
        options.server_selection_timeout = Some(
            self.server_selection_timeout
                .over(options.server_selection_timeout),
        );
        options.heartbeat_freq = Some(self.heartbeat_frequency.over(options.heartbeat_freq));
        let preference = SelectionCriteria::ReadPreference(self.read_preference.value);
        let preference = Chosen {
            value: preference,
            explicit: self.read_preference.explicit,
        };
        options.selection_criteria = Some(preference.over(options.selection_criteria.take()));
        options.read_concern = Some(self.read_concern.over(options.read_concern.take()));
        let concern = WriteConcern::builder().w(self.write_concern.value).build();
        let concern = Chosen {
            value: concern,
            explicit: self.write_concern.explicit,
        };
        options.write_concern = Some(concern.over(options.write_concern.take()));
    }

    fn apply_tls(&self, options: &mut ClientOptions) {
        if self.tls_ca_file.is_none() && self.tls_cert_file.is_none() {
            return;
        }
        let mut tls = match options.tls.take() {
            Some(Tls::Enabled(tls)) => tls,
            _ => TlsOptions::default(),
        };
        tls.ca_file_path = self.tls_ca_file.clone().or(tls.ca_file_path);
        tls.cert_key_file_path = self.tls_cert_file.clone().or(tls.cert_key_file_path);
        options.tls = Some(Tls::Enabled(tls));
    }
}

/// Reads all databases of the registry; those that are optional and have no URI are left out.
pub(super) fn read_all(reader: &mut Reader, registry: &Registry) -> Vec<DatabaseConfig> {
    let declared = registry.databases().iter();
    let found: Vec<_> = declared
        .filter_map(|declared| read(reader, declared))
        .collect();
    for (position, database) in found.iter().enumerate() {
        for other in &found[..position] {
            if other.uri.is_same_namespace(&database.uri) {
                reader.fault(Fault::new(
                    format!("{}URI", prefix(database.name)),
                    format!(
                        "resolves to the namespace of logical database `{}`",
                        other.name
                    ),
                    "give each logical database a database of its own in the URI's path",
                ));
            }
        }
    }
    found
}

fn read(reader: &mut Reader, declared: &Declared) -> Option<DatabaseConfig> {
    let name = declared.name;
    let required = reader.database(name, "REQUIRED", parse::flag);
    let required = required.map_or(!declared.optional, |chosen| chosen.value);
    // Every setting is read even where the URI is at fault: all faults in one run.
    let tuning = tuning(reader, name);
    let deadlines = deadlines(reader, name);
    let uri = uri(reader, declared, required);
    Some(DatabaseConfig {
        name,
        uri: uri?,
        required,
        tuning: tuning?,
        deadlines: deadlines?,
    })
}

fn uri(reader: &mut Reader, declared: &Declared, required: bool) -> Option<Uri> {
    let variable = format!("{}URI", prefix(declared.name));
    let Some((variable, found)) = uri_text(reader, &variable) else {
        if required {
            reader.fault(Fault::new(
                &variable,
                "is not set",
                format!(
                    "set it, or {variable}_FILE: logical database `{}` is required",
                    declared.name
                ),
            ));
        }
        return None;
    };
    let parsed = Uri::parse(&found.value).and_then(|uri| fits_tenants(declared, uri));
    match parsed {
        Ok(uri) => Some(uri),
        Err(cure) => {
            reader.fault(
                Fault::new(variable, "is no usable MongoDB connection string", cure)
                    .set_in(found.origin),
            );
            None
        }
    }
}

fn fits_tenants(declared: &Declared, uri: Uri) -> Result<Uri, &'static str> {
    if declared.is_per_tenant() && uri.database().len() > MAX_TENANTED_NAME {
        return Err(
            "the name of a database with tenants may have at most 25 bytes: a tenant's name is put behind it",
        );
    }
    Ok(uri)
}

/// Returns the URI's text and the variable it came from, which may be the one with a file.
fn uri_text(reader: &mut Reader, variable: &str) -> Option<(String, Found)> {
    let file_variable = format!("{variable}_FILE");
    let direct = reader.text(variable);
    let Some(file) = reader.text(&file_variable) else {
        return direct.map(|found| (variable.to_owned(), found));
    };
    if direct.is_some() {
        reader.fault(
            Fault::new(
                &file_variable,
                format!("is set, and {variable} too"),
                "set one of them",
            )
            .set_in(&file.origin),
        );
    }
    match fs::read_to_string(file.value.trim()) {
        Ok(value) => Some((
            file_variable,
            Found {
                value,
                origin: file.origin,
            },
        )),
        Err(error) => {
            let problem = format!("names a file that cannot be read ({})", error.kind());
            reader.fault(
                Fault::new(file_variable, problem, "check the path and its permissions")
                    .set_in(file.origin),
            );
            direct.map(|found| (variable.to_owned(), found))
        }
    }
}

fn tuning(reader: &mut Reader, name: &str) -> Option<Tuning> {
    let max_pool_size = reader.database(name, "MAX_POOL_SIZE", parse::pool_size);
    let min_pool_size = reader.database(name, "MIN_POOL_SIZE", parse::min_pool_size);
    let max_idle_time = reader.database(name, "MAX_IDLE_TIME", parse::duration);
    let connect_timeout = reader.database(name, "CONNECT_TIMEOUT", parse::duration);
    let selection = reader.database(name, "SERVER_SELECTION_TIMEOUT", parse::duration);
    let heartbeat = reader.database(name, "HEARTBEAT_FREQUENCY", parse::heartbeat);
    let read_preference = reader.database(name, "READ_PREFERENCE", parse::read_preference);
    let read_concern = reader.database(name, "READ_CONCERN", parse::read_concern);
    let write_concern = reader.database(name, "WRITE_CONCERN", parse::write_concern);
    let tls_ca_file = reader
        .database(name, "TLS_CA_FILE", parse::file)
        .map(|chosen| chosen.value);
    let tls_cert_file = reader
        .database(name, "TLS_CERT_FILE", parse::file)
        .map(|chosen| chosen.value);
    let tuning = Tuning {
        max_pool_size: max_pool_size?,
        min_pool_size: min_pool_size?,
        max_idle_time: max_idle_time?,
        connect_timeout: connect_timeout?,
        server_selection_timeout: selection?,
        heartbeat_frequency: heartbeat?,
        read_preference: read_preference?,
        read_concern: read_concern?,
        write_concern: write_concern?,
        tls_ca_file,
        tls_cert_file,
    };
    let (min, max) = (tuning.min_pool_size, tuning.max_pool_size);
    if min.value > max.value && min.explicit {
        reader.fault(Fault::new(
            format!("MIN_POOL_SIZE of logical database `{name}`"),
            "is larger than its MAX_POOL_SIZE",
            "make it smaller",
        ));
    }
    Some(tuning)
}

fn deadlines(reader: &mut Reader, name: &str) -> Option<Deadlines> {
    let read = reader.database(name, "READ_DEADLINE", parse::duration);
    let write = reader.database(name, "WRITE_DEADLINE", parse::duration);
    let scan = reader.database(name, "SCAN_DEADLINE", parse::duration);
    Some(Deadlines {
        read: read?.value,
        write: write?.value,
        scan: scan?.value,
    })
}

#[cfg(test)]
mod tests {
    use mongodb::options::Acknowledgment;

    use crate::{Config, Registry, Sources};

    crate::logical_database! { Shop = "shop" }
    crate::logical_database! { Log = "log" }

    fn config(environment: &str) -> Sources {
        Sources::default()
            .variable("MONGOPLEX_ENV", environment)
            .variable("DATABASE_SHOP_URI", "mongodb://h/shop?maxPoolSize=7&w=1")
            .variable("DATABASE_LOG_URI", "mongodb://h/log")
    }

    async fn pools(sources: Sources) -> Vec<(Option<u32>, Option<u32>)> {
        let registry = Registry::new().with::<Shop>().with::<Log>();
        let config = Config::load(&registry, &[], &sources).unwrap();
        let mut pools = Vec::new();
        for database in &config.databases {
            let options = database.client_options("test".into()).await.unwrap();
            assert_eq!(options.app_name.as_deref(), Some("test"));
            pools.push((options.max_pool_size, options.min_pool_size));
        }
        pools
    }

    #[tokio::test]
    async fn a_variable_wins_over_the_uri_and_the_uri_over_the_preset() {
        let presets = pools(config("production")).await;
        assert_eq!(presets, [(Some(7), Some(7)), (Some(200), Some(10))]);
        assert_eq!(pools(config("development")).await[1], (Some(50), Some(2)));

        let all = config("production").variable("DB_MAX_POOL_SIZE", "20");
        assert_eq!(
            pools(all.clone()).await,
            [(Some(20), Some(10)), (Some(20), Some(10))]
        );
        let one = all.variable("DATABASE_LOG_MAX_POOL_SIZE", "30");
        assert_eq!(pools(one).await[1], (Some(30), Some(10)));
    }

    #[tokio::test]
    async fn writes_are_acknowledged_by_a_majority_unless_somebody_says_otherwise() {
        let registry = Registry::new().with::<Shop>().with::<Log>();
        let config = Config::load(&registry, &[], &config("development")).unwrap();

        let shop = config.databases[0]
            .client_options("x".into())
            .await
            .unwrap();
        let log = config.databases[1]
            .client_options("x".into())
            .await
            .unwrap();

        assert_eq!(
            shop.write_concern.unwrap().w,
            Some(Acknowledgment::Nodes(1))
        );
        assert_eq!(log.write_concern.unwrap().w, Some(Acknowledgment::Majority));
    }
}
