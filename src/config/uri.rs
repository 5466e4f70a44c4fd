//! A connection string: a secret that knows its database.

use std::fmt;

use mongodb::options::{Acknowledgment, ClientOptions, ConnectionString, HostInfo};

/// A MongoDB connection string with a database in its path.
///
/// It is printed as `<uri>`, never as text.
#[derive(Clone, PartialEq, Eq)]
pub struct Uri {
    text: String,
    database: String,
    hosts: Vec<String>,
}

impl Uri {
    /// Parses a connection string.
    ///
    /// # Errors
    /// What is wrong, in words that hold nothing of the text: the driver's own message may quote
    /// a part of the password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if !text.starts_with("mongodb://") && !text.starts_with("mongodb+srv://") {
            return Err("it must begin with mongodb:// or mongodb+srv://");
        }
        let options = text.rsplit('?').next().unwrap_or_default().to_lowercase();
        if options.contains("sockettimeoutms=") {
            return Err(
                "remove `socketTimeoutMS`, which the driver refuses; deadlines bound calls",
            );
        }
        let parsed = ConnectionString::parse(text).map_err(|error| cure(&error.to_string()))?;
        let database = parsed
            .default_database
            .ok_or("name the database in its path: mongodb://host:port/database")?;
        physical_name(&database)?;
        let concern = parsed.write_concern.and_then(|concern| concern.w);
        if concern == Some(Acknowledgment::Nodes(0)) {
            return Err("remove `w=0`: no write would be acknowledged");
        }
        let hosts = match parsed.host_info {
            HostInfo::HostIdentifiers(hosts) => hosts.iter().map(ToString::to_string).collect(),
            HostInfo::DnsRecord(name) => vec![name],
            _ => Vec::new(),
        };
        Ok(Self {
            text: text.to_owned(),
            database,
            hosts,
        })
    }

    /// Returns the name of the database in the path.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Returns the hosts, or the one name that DNS resolves to hosts.
    pub(super) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// Returns the text once more as what it was found to be.
    pub(super) fn parsed(&self) -> Option<ConnectionString> {
        ConnectionString::parse(&self.text).ok()
    }

    /// Returns whether both name one database of a common host, whoever signs in. Hosts by other
    /// names are found out once connected.
    pub(super) fn is_same_namespace(&self, other: &Self) -> bool {
        self.database == other.database && self.hosts.iter().any(|host| other.hosts.contains(host))
    }

    /// Returns the driver's options, resolving `mongodb+srv` names by DNS.
    ///
    /// # Errors
    /// The driver's, which may quote the URI: it must not be printed.
    pub(crate) async fn client_options(&self) -> mongodb::error::Result<ClientOptions> {
        ClientOptions::parse(&self.text).await
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<uri>")
    }
}

/// Says which rule a text breaks that the driver refused, from a list of our own sentences.
fn cure(message: &str) -> &'static str {
    const ENCODE: &str =
        "percent-encode user and password: `@` is %40, `:` is %3A, `/` is %2F, `%` is %25";
    const KNOWN: &[(&str, &str)] = &[
        (
            "zstd",
            "its `compressors` may be snappy and zlib; zstd is not built in",
        ),
        ("URL encoded", ENCODE),
        ("unescaped", ENCODE),
        (
            "mongodb+srv",
            "with mongodb+srv:// there is one host and no port",
        ),
        (
            "port",
            "check host and port; `:` in user or password is %3A, `@` is %40, `/` is %2F",
        ),
        (
            "option",
            "check the options behind `?`; a `?` in the password is %3F",
        ),
    ];
    let known = KNOWN.iter().find(|(part, _)| message.contains(part));
    known.map_or(
        "write mongodb://user:password@host:port/database, user and password percent-encoded",
        |(_, cure)| cure,
    )
}

/// <https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions>
fn physical_name(name: &str) -> Result<(), &'static str> {
    if ["admin", "config", "local"].contains(&name) {
        return Err(
            "its path names one of MongoDB's own databases; admin, config and local cannot be used",
        );
    }
    if name.contains("__") {
        return Err("the database's name may not hold `__`, which separates a tenant's name");
    }
    if name.is_empty()
        || name.len() > 63
        || name.contains(['/', '\\', '.', ' ', '"', '$', '*', '<', '>', ':', '|', '?'])
    {
        return Err("the database's name must be 1–63 bytes without any of /\\. \"$*<>:|?");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_that_does_not_parse_tells_a_cure_and_no_part_of_itself() {
        for text in [
            "mongodb://user:p:w@d@localhost/shop",
            "mongodb://user:canary%4@localhost/shop",
            "mongodb://user:can/ary@localhost/shop",
            "mongodb://localhost:canary/shop",
            "mongodb://localhost/shop?canary=1&replicaSet",
            "canary://localhost/shop",
            "mongodb://localhost",
            "mongodb://localhost/admin",
            "mongodb://localhost/a__b",
            "mongodb://localhost/shop?compressors=zstd",
            "mongodb://localhost/shop?socketTimeoutMS=1",
            "mongodb://localhost/shop?w=0",
            "{x",
            "00123",
        ] {
            let fault = Uri::parse(text).expect_err(text);
            assert!(!fault.contains("canary"), "{fault}");
        }
    }

    #[test]
    fn a_percent_encoded_password_is_taken_and_hidden() {
        let uri = Uri::parse("mongodb://user:p%3Aw%40d%2540@localhost/shop").unwrap();

        assert_eq!(uri.database(), "shop");
        assert_eq!(format!("{uri:?}"), "<uri>");
    }
}
