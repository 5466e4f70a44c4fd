//! What is told of the first administrator, whom a seed makes. There is no default: a password that
//! everybody knows is none.

use super::{misfit, reader::Reader, secret::Secret, settings};

const EMAIL: &str = "SUPER_ADMIN_EMAIL";
const PASSWORD: &str = "SUPER_ADMIN_PASSWORD";

/// The first administrator, as far as somebody said who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SuperAdmin {
    /// In lower case: `SUPER_ADMIN_EMAIL`.
    pub email: Option<String>,
    /// `SUPER_ADMIN_PASSWORD`.
    pub password: Option<Secret>,
}

pub(super) fn read(reader: &mut Reader) -> SuperAdmin {
    SuperAdmin {
        email: reader.process(EMAIL, email).map(|chosen| chosen.value),
        password: password(reader),
    }
}

fn password(reader: &mut Reader) -> Option<Secret> {
    let (name, found) = reader.secret_or_file(PASSWORD)?;
    let text = found.value.trim();
    if (12..=256).contains(&text.len()) {
        return Some(Secret::new(text));
    }
    let expected = settings::find(&[settings::Applies::Process], PASSWORD).expected;
    let cure = "choose a longer one, or leave it out: one is made up then";
    reader.fault(misfit(&name, &found.origin, expected, cure));
    None
}

/// An address as the validators of users take it, whatever its case.
fn email(text: &str) -> Option<String> {
    let (name, host) = text.split_once('@')?;
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c == '@' || c.is_whitespace());
    (plain(name) && plain(host) && text.len() <= 254).then(|| text.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_in_lower_case_and_nothing_else_is_taken() {
        assert_eq!(email("Ann@Example.org").as_deref(), Some("ann@example.org"));
        for bad in ["", "ann", "@example.org", "ann@", "a b@c", "a@b@c"] {
            assert_eq!(email(bad), None, "{bad}");
        }
    }
}
