//! The documents say what the code does: settings with their examples, links, compose file.
//!
//! They are read as files, so nothing here connects to anything.

mod alerts;
mod links;

use std::{collections::BTreeMap, fs, path::Path};

use mongoplex::{
    Config, Environment, Registry, Sources,
    config::{Applies, SETTINGS, Setting},
};
use saphyr::{LoadableYamlNode, Yaml};

mongoplex::logical_database! { Admin = "admin", common: [mongoplex::Tenant] }
mongoplex::logical_database! { Customer = "customer" }
mongoplex::logical_database! { optional Shared = "shared" }

const DATABASES: [&str; 3] = ["ADMIN", "CUSTOMER", "SHARED"];
const SERVERS: [(&str, u16); 2] = [("admin-server", 3000), ("customer-services", 3001)];

#[test]
fn every_setting_stands_in_both_examples_and_nothing_else_does() {
    let mut expected: Vec<String> = SETTINGS.iter().flat_map(variables).collect();
    expected.sort();

    for file in [".env.example", ".env.production.example"] {
        let mut found: Vec<String> = lines(&read(file)).map(|line| line.name).collect();
        found.sort();

        assert_eq!(found, expected, "{file}");
    }
}

#[test]
fn every_variable_of_the_examples_is_explained() {
    for file in [".env.example", ".env.production.example"] {
        let text = read(file);
        let all: Vec<&str> = text.lines().collect();
        for line in lines(&text) {
            let before = all[line.number - 1];
            let explained =
                before.starts_with("# ") && Line::parse(line.number - 1, before).is_none();
            assert!(explained, "{file}: `{}` has no reason", line.name);
        }
    }
}

#[test]
fn the_defaults_in_the_example_are_those_of_development() {
    assert_defaults(".env.example", Environment::Development);
}

#[test]
fn the_defaults_in_the_production_example_are_those_of_production() {
    assert_defaults(".env.production.example", Environment::Production);
}

#[test]
fn the_example_sets_nothing() {
    assert_eq!(lines(&read(".env.example")).find(|line| line.set), None);
}

#[test]
fn every_value_of_the_example_is_taken() {
    let text = read(".env.example");
    // Files that are not there, and the second of two ways to say the same.
    let usable = lines(&text).filter(|line| !line.name.ends_with("_FILE"));
    let sources = usable.fold(Sources::default(), |sources, line| {
        sources.variable(line.name, line.value)
    });

    let config = load(&sources);

    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.databases.len(), DATABASES.len());
    assert_eq!(config.server.addresses["customer-services"].port(), 3001);
}

#[test]
fn the_production_example_is_taken_as_it_is_once_its_files_are_there() {
    let folder = std::env::temp_dir().join(format!("mongoplex-documents-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let text = read(".env.production.example");
    let set = lines(&text).filter(|line| line.set);
    let sources = set.fold(Sources::default(), |sources, line| {
        let Some(database) = line.name.strip_suffix("_URI_FILE") else {
            let value = match line.name.ends_with("_FILE") {
                true => file(&folder, "ca.pem", ""),
                false => line.value.clone(),
            };
            return sources.variable(&line.name, value);
        };
        let uri = format!("mongodb://127.0.0.1/{database}?replicaSet=rs&tls=true");
        let path = file(&folder, database, &uri);
        sources.variable(&line.name, path)
    });

    let config = load(&sources);

    assert_eq!(config.environment, Environment::Production);
    assert_eq!(config.databases.len(), DATABASES.len());
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_production_example_holds_no_secret() {
    let text = read(".env.production.example");
    let uris = lines(&text).filter(|line| line.name.ends_with("_URI"));

    for line in uris {
        assert_eq!(
            (line.set, line.value.as_str()),
            (false, ""),
            "{}",
            line.name
        );
    }
}

#[test]
fn the_table_of_variables_names_every_setting_with_its_defaults() {
    let file = "docs/configuration.md";
    let text = read(file);
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();

    for setting in SETTINGS {
        let name = match setting.applies {
            Applies::Process => format!("`{}`", setting.name),
            Applies::Database => format!("`DB_{}`", setting.name),
            Applies::OneDatabase => format!("`DATABASE_<NAME>_{}`", setting.name),
            Applies::Server => format!("`<SERVER>_{}`", setting.name),
        };
        let row = rows.iter().find(|row| row.contains(&name));
        let row = row.unwrap_or_else(|| panic!("{file} has no row of {name}"));
        for preset in setting.presets.iter().filter(|preset| !preset.is_empty()) {
            assert!(row.contains(preset), "{file}: {name} lacks {preset}");
        }
    }
}

#[test]
fn the_compose_file_has_three_mongods_of_one_replica_set_on_loopback() {
    let text = read("deploy/compose.yaml");
    let documents = Yaml::load_from_str(&text).expect("it is YAML");
    let services = documents[0].as_mapping_get("services");
    let services = services.and_then(Yaml::as_mapping).expect("services");

    let commands = services.values().filter_map(|service| {
        let command = service.as_mapping_get("command")?.as_sequence()?;
        Some(command.iter().filter_map(Yaml::as_str).collect::<Vec<_>>())
    });
    let members = commands.filter(|command| command.first() == Some(&"mongod"));
    let mut members: Vec<[&str; 2]> = members
        .map(|command| [after(&command, "--replSet"), after(&command, "--port")])
        .collect();
    members.sort_unstable();
    let ports = services.values().filter_map(|service| {
        let ports = service.as_mapping_get("ports")?.as_sequence()?;
        Some(ports.iter().filter_map(Yaml::as_str).collect::<Vec<_>>())
    });
    let ports: Vec<&str> = ports.flatten().collect();

    let set = "mongoplex";
    assert_eq!(members, [[set, "27017"], [set, "27018"], [set, "27019"]]);
    for [_, port] in members {
        assert!(ports.contains(&format!("127.0.0.1:{port}:{port}").as_str()));
        let host = format!("host: \"127.0.0.1:{port}\"");
        assert!(text.contains(&host), "the set's own name of {port}");
    }
    assert_eq!(ports.len(), 3, "nothing else is published");
}

/// A variable of an example, set or behind a `#`.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    number: usize,
    name: String,
    value: String,
    set: bool,
}

impl Line {
    fn parse(number: usize, line: &str) -> Option<Self> {
        let (text, set) = match line.strip_prefix("# ") {
            Some(text) => (text, false),
            None => (line, true),
        };
        let (name, value) = text.split_once('=')?;
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let good =
            name.starts_with(|first: char| first.is_ascii_uppercase()) && name.bytes().all(plain);
        good.then(|| Self {
            number,
            name: name.to_owned(),
            value: value.to_owned(),
            set,
        })
    }
}

fn lines(text: &str) -> impl Iterator<Item = Line> {
    let numbered = text.lines().enumerate();
    numbered.filter_map(|(number, line)| Line::parse(number, line))
}

/// The variables that the examples spell out for a setting.
fn variables(setting: &Setting) -> Vec<String> {
    let name = setting.name;
    match setting.applies {
        Applies::Process => vec![name.to_owned()],
        Applies::Database => vec![format!("DB_{name}")],
        Applies::OneDatabase => DATABASES
            .map(|database| format!("DATABASE_{database}_{name}"))
            .into(),
        Applies::Server => SERVERS
            .map(|(server, _)| format!("{}_{name}", server.to_uppercase().replace('-', "_")))
            .into(),
    }
}

/// What is behind a `#` is the default; what is set was set on purpose.
fn assert_defaults(file: &str, environment: Environment) {
    let presets: BTreeMap<String, &str> = SETTINGS
        .iter()
        .flat_map(|setting| {
            let preset = preset(setting, environment);
            let names = variables(setting).into_iter();
            names.map(move |name| (name, preset))
        })
        .filter(|(_, preset)| !preset.is_empty())
        .collect();
    for line in lines(&read(file)).filter(|line| !line.set) {
        if let Some(preset) = presets.get(&line.name) {
            assert_eq!(&line.value, preset, "{file}: {}", line.name);
        }
    }
}

fn preset(setting: &Setting, environment: Environment) -> &'static str {
    let mut pairs = Environment::ALL.into_iter().zip(setting.presets);
    pairs
        .find(|(one, _)| *one == environment)
        .map_or("", |(_, preset)| preset)
}

fn load(sources: &Sources) -> Config {
    let registry = Registry::new()
        .with::<Admin>()
        .with::<Customer>()
        .with::<Shared>();
    Config::load(&registry, &SERVERS, sources).unwrap_or_else(|faults| panic!("{faults}"))
}

fn after<'a>(command: &[&'a str], option: &str) -> &'a str {
    let position = command.iter().position(|word| *word == option);
    position
        .and_then(|at| command.get(at + 1))
        .copied()
        .unwrap_or_default()
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap_or_else(|error| panic!("{name}: {error}"));
    path.to_string_lossy().into_owned()
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}
