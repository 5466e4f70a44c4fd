//! `new`: the file of a migration, and its line in the list. It connects to nothing and overwrites nothing.

mod line;
#[cfg(test)]
mod template;

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use mongoplex::{Sources, bson::DateTime};

use crate::{
    app::App, arguments::migrate::NewArguments, exit::Failure, nearest::nearest, output, place,
};

/// The longest name, in bytes, without time and `m`.
const LONGEST: usize = 79;

const TEMPLATE: &str = include_str!("new/template.rs");

pub(crate) fn run(
    app: &App,
    set: &[(String, String)],
    arguments: &NewArguments,
) -> Result<(), Failure> {
    let sources = place::sources(set);
    let words = slug(&arguments.words.join(" "))?;
    let list = find(app, &sources, &arguments.folder)?;
    let text = fs::read_to_string(&list).map_err(|error| unusable(&list, &error))?;
    let module = format!("m{}_{words}", now()?);
    let Some(text) = line::added(&text, &module) else {
        return Err(Failure::failed(format!(
            "{} has no list of migrations: write\n\n{}",
            list.display(),
            shown(app, &arguments.folder)
        )));
    };
    let file = list.with_extension("").join(format!("{module}.rs"));
    write(&file)?;
    fs::write(&list, text).map_err(|error| unusable(&list, &error))?;
    output::result(format_args!("wrote {}", file.display()));
    output::result(format_args!("added `mod {module}` to {}", list.display()));
    Ok(())
}

/// Returns words as a part of a name: a–z, 0–9, and `_` between them.
fn slug(words: &str) -> Result<String, Failure> {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
        _ => ' ',
    };
    let plain: String = words.chars().map(plain).collect();
    let slug = plain.split_whitespace().collect::<Vec<_>>().join("_");
    match slug.len() {
        0 => Err(Failure::usage(
            "say in a few words what the migration does: letters a–z and digits become its name",
        )),
        1..=LONGEST => Ok(slug),
        long => Err(Failure::usage(format!(
            "the words make a name of {long} bytes, and {LONGEST} is the most: use fewer"
        ))),
    }
}

/// Returns the UTC time as 14 digits.
fn now() -> Result<String, Failure> {
    let now = DateTime::now().try_to_rfc3339_string();
    let now = now.map_err(|error| Failure::failed(format!("the clock is off: {error}")))?;
    let digits = now.chars().filter(char::is_ascii_digit).take(14);
    Ok(digits.collect())
}

/// Returns the file of a list.
fn find(app: &App, sources: &Sources, folder: &str) -> Result<PathBuf, Failure> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if folder.is_empty() || !folder.chars().all(plain) {
        return Err(Failure::usage(
            "a list's folder is one word of a–z, 0–9 and `_`, such as `tenant`",
        ));
    }
    let places = ["migrations", "src/migrations"].map(|place| sources.directory().join(place));
    let found = places.iter().find(|place| place.is_dir());
    let list = |place: &Path| place.join(format!("{folder}.rs"));
    match found {
        Some(place) if list(place).is_file() => Ok(list(place)),
        found => Err(no_list(app, found.unwrap_or(&places[1]), folder)),
    }
}

fn no_list(app: &App, place: &Path, folder: &str) -> Failure {
    let known: Vec<String> = lists(place);
    let near = nearest(folder, known.iter().map(String::as_str));
    let meant = near.map(|near| format!(": did you mean `{near}`?"));
    Failure::usage(format!(
        "there is no list {}{}\nTo begin it write there\n\n{}",
        place.join(format!("{folder}.rs")).display(),
        meant.unwrap_or_default(),
        shown(app, folder)
    ))
}

/// Returns the names of the files beside which lists would be.
fn lists(place: &Path) -> Vec<String> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let names = names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned));
    names.filter(|name| name != "lib").collect()
}

/// Returns what to write where there is no list yet.
fn shown(app: &App, folder: &str) -> String {
    let databases = app.registry.databases();
    let per_tenant = databases.iter().find(|known| known.is_per_tenant());
    let own = databases.iter().find(|known| known.name == folder);
    let target = match (own, per_tenant) {
        (Some(known), _) => type_name(known.name),
        (None, Some(known)) if folder.starts_with("tenant") => {
            format!("mongoplex::migrate::Tenants<{}>", type_name(known.name))
        }
        _ => databases
            .first()
            .map_or_else(|| type_name(folder), |known| type_name(known.name)),
    };
    format!(
        "mongoplex::migrations! {{\n    {target}: [\n    ]\n}}\n\nwith the type of your logical database in it, or `mongoplex::migrate::Tenants<…>` of it for each tenant's.\nName the file with `pub mod {folder};` in the module above, and hand the list to the application:\n\n    .migrations(migrations::{folder}::list())"
    )
}

/// Returns a name as types are written.
fn type_name(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(word).collect()
}

/// Writes the file where there is none.
fn write(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    let written = made.and_then(|mut file| file.write_all(TEMPLATE.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::failed(format!(
            "{} is there already; it was left as it is",
            path.display()
        )),
        _ => unusable(path, &error),
    })
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_a_name() {
        assert_eq!(slug("Orders by  State!").unwrap(), "orders_by_state");
        assert_eq!(slug("añadir 2").unwrap(), "a_adir_2");
        assert_eq!(slug("…").unwrap_err().code, 2);
        assert_eq!(slug(&"x".repeat(80)).unwrap_err().code, 2);
    }

    #[test]
    fn the_time_is_fourteen_digits() {
        let now = now().unwrap();

        assert_eq!(now.len(), 14, "{now}");
        assert!(now.starts_with("20"), "{now}");
    }

    #[test]
    fn the_template_is_a_migration() {
        let steps = format!("{:?}", template::migration());

        assert!(steps.contains("create examples"), "{steps}");
        assert!(TEMPLATE.contains("pub(crate) fn migration() -> Migration"));
    }

    #[test]
    fn a_type_is_named_as_types_are() {
        assert_eq!(type_name("customer_services"), "CustomerServices");
    }
}
