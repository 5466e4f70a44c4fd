//! What a model says of itself to those outside: which fields may be asked for, which are shown,
//! and which rules a single document's validator cannot state.

use super::Model;

/// A model that is offered outside, such as over HTTP by `mongoplex_server::Crud`.
///
/// ```
/// use mongoplex::{Broken, Model, Resource, Upkeep};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Ticket { title: String, closed: bool }
///
/// impl Model for Ticket {
///     const COLLECTION: &str = "tickets";
///     const UPKEEP: Upkeep = Upkeep::Stamps;
/// }
///
/// impl Resource for Ticket {
///     const FILTERS: &[&str] = &["title", "closed"];
///
///     fn check(&self, before: Option<&Self>) -> Result<(), Broken> {
///         let was_closed = before.is_some_and(|before| before.closed);
///         Broken::unless(!was_closed || self.closed, "closed", "a closed ticket stays closed")
///     }
/// }
/// ```
pub trait Resource: Model + Clone {
    /// The fields that a list may be filtered and sorted by. Their types are read from the model's
    /// validator. Whatever is not listed is refused; `id` and the library's stamps always may.
    const FILTERS: &'static [&'static str] = &[];

    /// The fields that never leave, by their first name: no answer shows them, no body may set them, and their names are
    /// all that an audit entry holds.
    const HIDDEN: &'static [&'static str] = &[];

    /// Checks what is about to be stored, against what was there before; `None` where it is new.
    ///
    /// A resource calls it for every whole document that it writes. The verbs do not: an update names
    /// operators and not a document.
    ///
    /// # Errors
    /// The first rule that is broken.
    fn check(&self, _before: Option<&Self>) -> Result<(), Broken> {
        Ok(())
    }

    /// Checks whether a document may be deleted.
    ///
    /// # Errors
    /// The first rule that is broken.
    fn check_deletion(&self) -> Result<(), Broken> {
        Ok(())
    }
}

/// A rule of a model that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {rule}")]
pub struct Broken {
    /// The field at fault, by its name in the database.
    pub field: &'static str,
    /// What must hold, in words that hold no value.
    pub rule: &'static str,
}

impl Broken {
    /// Returns the broken rule unless `holds`.
    ///
    /// # Errors
    /// The rule, where it does not hold.
    pub fn unless(holds: bool, field: &'static str, rule: &'static str) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(Self { field, rule })
        }
    }
}
