//! A tenant's id: parsed once at the edge, then trusted.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A tenant's id: 1–36 of `a`–`z`, `0`–`9` and `-`, beginning with a letter or digit. A UUID fits.
///
/// ```
/// use mongoplex::TenantId;
///
/// assert!("acme".parse::<TenantId>().is_ok());
/// assert!("0b1c4d9e-58a1-4d3e-9a55-2f0b6f0e7d11".parse::<TenantId>().is_ok());
/// assert!("Acme/../x".parse::<TenantId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Arc<str>);

/// A text is no tenant id. The text itself is not repeated: it came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tenant id is 1–36 of a–z, 0–9 and `-`, beginning with a letter or digit")]
pub struct InvalidTenantId;

impl TenantId {
    /// Longest id, in bytes.
    pub const MAX_LENGTH: usize = 36;

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = InvalidTenantId;

    fn from_str(text: &str) -> Result<Self, InvalidTenantId> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (1..=Self::MAX_LENGTH).contains(&text.len())
            && text.bytes().all(plain)
            && !text.starts_with('-');
        if good {
            Ok(Self(Arc::from(text)))
        } else {
            Err(InvalidTenantId)
        }
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "TenantId({self})")
    }
}

impl Serialize for TenantId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TenantId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_lower_case_ids_are_taken() {
        for good in ["a", "0", "acme-2", &"x".repeat(36)] {
            assert!(good.parse::<TenantId>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "Acme",
            "a_b",
            "a.b",
            "a/b",
            "a b",
            "ä",
            "a\0",
            &"x".repeat(37),
        ] {
            assert_eq!(bad.parse::<TenantId>(), Err(InvalidTenantId), "{bad:?}");
        }
    }
}
