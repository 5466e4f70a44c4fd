//! What a client's user may do, as the server says: `connectionStatus`, which needs no right itself.

use mongodb::bson::{Bson, Document, doc};

/// What `connectionStatus` said.
#[derive(Debug)]
pub(crate) enum Privileges {
    /// The server checks none: it has no users, or the client named none and was let in.
    Unchecked,
    /// What the user has, roles resolved.
    Of(Vec<Document>),
}

impl Privileges {
    /// Returns the command that asks for them.
    pub(crate) fn question() -> Document {
        doc! { "connectionStatus": 1, "showPrivileges": true }
    }

    /// Reads the answer.
    pub(crate) fn of(answer: &Document) -> Self {
        let Ok(info) = answer.get_document("authInfo") else {
            return Self::Of(Vec::new());
        };
        let users = info.get_array("authenticatedUsers");
        if users.is_ok_and(Vec::is_empty) {
            return Self::Unchecked;
        }
        let privileges = info.get_array("authenticatedUserPrivileges");
        let privileges = privileges.into_iter().flatten();
        Self::Of(privileges.filter_map(Bson::as_document).cloned().collect())
    }

    /// Returns whether an action is allowed on a collection, or with an empty name on the database itself.
    /// `None` as database is one whose name is not known yet.
    pub(crate) fn allow(&self, action: &str, database: Option<&str>, collection: &str) -> bool {
        match self {
            Self::Unchecked => true,
            Self::Of(privileges) => privileges
                .iter()
                .any(|privilege| has(privilege, action) && covers(privilege, database, collection)),
        }
    }
}

fn covers(privilege: &Document, database: Option<&str>, collection: &str) -> bool {
    let Ok(resource) = privilege.get_document("resource") else {
        return false;
    };
    if resource.get_bool("anyResource").unwrap_or(false) {
        return true;
    }
    // An empty name stands for every one.
    let of = resource.get_str("db").ok();
    let here = of == Some("") || (database.is_some() && of == database);
    let named = resource.get_str("collection").ok();
    here && (named == Some("") || named == Some(collection))
}

fn has(privilege: &Document, action: &str) -> bool {
    let actions = privilege.get_array("actions").into_iter().flatten();
    let mut words = actions.filter_map(Bson::as_str);
    words.any(|word| word == action || word == "anyAction")
}
