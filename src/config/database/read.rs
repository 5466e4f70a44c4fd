//! Reads what a logical database is told, and says all that is wrong with it.

use super::{DatabaseConfig, Tuning};
use crate::{
    config::{guard, parse, reader::Reader, settings::prefix, uri::Uri},
    fault::Fault,
    registry::{Declared, Registry},
};

/// Longest name of a database that has tenants: 63 less `__` and a tenant id of 36.
const MAX_TENANTED_NAME: usize = 25;

/// Reads all databases of the registry; those that are optional and have no URI are left out.
pub(in crate::config) fn read_all(reader: &mut Reader, registry: &Registry) -> Vec<DatabaseConfig> {
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
    let guard = guard::read(reader, name);
    check_reserve(reader, name);
    let uri = uri(reader, declared, required);
    Some(DatabaseConfig {
        name,
        uri: uri?,
        required,
        tuning: tuning?,
        guard: guard?,
    })
}

fn uri(reader: &mut Reader, declared: &Declared, required: bool) -> Option<Uri> {
    let variable = format!("{}URI", prefix(declared.name));
    let Some((variable, found)) = reader.secret_or_file(&variable) else {
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
        Ok(uri) => {
            reader.found_uri(declared.name, &uri);
            Some(uri)
        }
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

/// A reserve that takes the whole pool leaves one place for all calls: nobody means that.
fn check_reserve(reader: &mut Reader, name: &str) {
    let reserve = reader.database(name, "POOL_RESERVE", parse::count_or_none);
    let pool = reader.database(name, "MAX_POOL_SIZE", parse::pool_size);
    let Some((reserve, pool)) = reserve.zip(pool) else {
        return;
    };
    if reserve.value >= pool.value && (reserve.explicit || pool.explicit) {
        reader.fault(Fault::new(
            format!("POOL_RESERVE of logical database `{name}`"),
            "leaves no connection of its MAX_POOL_SIZE to calls",
            "make it smaller, or the pool larger",
        ));
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
