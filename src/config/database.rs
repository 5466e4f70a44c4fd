//! What one logical database is told.

mod read;

use std::{path::PathBuf, time::Duration};

use mongodb::options::{
    Acknowledgment, ClientOptions, Compressor, ReadConcern, ReadPreference, SelectionCriteria, Tls,
    TlsOptions,
};

pub(super) use self::read::read_all;
use super::{guard::GuardConfig, reader::Chosen, settings::prefix, uri::Uri};

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
    /// How its calls are guarded.
    pub guard: GuardConfig,
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
        // The guard sends again what the server was too busy for, from its budget: one layer retries.
        options.max_adaptive_retries.get_or_insert(0);
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
        // Only `w` is ours: journal and timeout of the URI stay, and without a `w` it is the preset's.
        let concern = options.write_concern.get_or_insert_default();
        concern.w = Some(self.write_concern.over(concern.w.take()));
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

#[cfg(test)]
mod tests;
