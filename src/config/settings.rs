//! What a setting is, and how its variables are named. The table of all of them is in settings/table.rs.

mod table;

pub use self::table::SETTINGS;
use super::Environment;

/// What a setting applies to, which decides its variables' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applies {
    /// The whole process: the variable has the setting's name.
    Process,
    /// Each logical database: `DATABASE_<NAME>_<setting>`, or `DB_<setting>` for all at once.
    Database,
    /// Each logical database, and never all at once: `DATABASE_<NAME>_<setting>`.
    OneDatabase,
    /// Each server: `<SERVER>_<setting>`.
    Server,
}

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// What it applies to.
    pub applies: Applies,
    /// Its name, or the end of it.
    pub name: &'static str,
    /// What a value must be, with unit and range: ends the sentence "expected …".
    pub expected: &'static str,
    /// The default in development, test, staging and production; empty where there is none.
    pub presets: [&'static str; 4],
    /// What it is for, in one line.
    pub purpose: &'static str,
}

impl Setting {
    /// Returns the default in an environment, empty where there is none.
    pub fn preset(&self, environment: Environment) -> &'static str {
        let all = Environment::ALL.iter().zip(self.presets);
        let mut own = all.filter(|(known, _)| **known == environment);
        own.next().map_or("", |(_, preset)| preset)
    }
}

/// Returns what the variables of one logical database begin with: `DATABASE_CUSTOMER_`.
pub(crate) fn prefix(database: &str) -> String {
    format!("DATABASE_{}_", database.to_uppercase())
}

/// Returns what the variables of one server begin with: `ADMIN_SERVER_`.
pub(crate) fn server_prefix(server: &str) -> String {
    format!("{}_", server.to_uppercase().replace('-', "_"))
}

/// Returns the setting of that name; the table holds all that the code asks for.
pub(crate) fn find(applies: &[Applies], name: &str) -> &'static Setting {
    let found = SETTINGS
        .iter()
        .find(|setting| applies.contains(&setting.applies) && setting.name == name);
    #[expect(
        clippy::expect_used,
        reason = "a name in the code that the table lacks is a bug that any test meets"
    )]
    found.expect("every setting that is read stands in the table")
}
