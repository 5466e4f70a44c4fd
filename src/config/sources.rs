//! Where settings come from, one layer over the other, each value with its origin.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};

use super::Environment;
use crate::fault::Fault;

/// The places that are looked at: command line, environment and a folder of files.
///
/// [`process`](Self::process) is what a program wants; tests build their own and touch no
/// environment variable of the process.
#[derive(Clone, Default)]
pub struct Sources {
    command_line: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    not_unicode: Vec<String>,
    stand_in: BTreeMap<String, String>,
    directory: PathBuf,
    files: Files,
}

/// What a private MongoDB that stands in for variables that nobody set is called in messages.
pub(super) const STAND_IN: &str = "private MongoDB";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Files {
    Read,
    #[default]
    Ignored,
}

impl Sources {
    /// Returns the environment of this process and the files of its project: the nearest folder
    /// upwards that holds a `Cargo.lock`, else the working directory.
    pub fn process() -> Self {
        let mut sources = Self::directory_of(project_directory());
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(value) => drop(sources.environment.insert(name, value)),
                Err(_) => sources.not_unicode.push(name),
            }
        }
        sources
    }

    /// Returns the files of `directory` and nothing else.
    pub fn directory_of(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            files: Files::Read,
            ..Self::default()
        }
    }

    /// Returns the sources with a variable as if it stood in the environment.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Returns the sources with a variable as if it were given on the command line.
    #[must_use]
    pub fn argument(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.command_line.insert(name.into(), value.into());
        self
    }

    /// Returns the sources with a variable that a private MongoDB sets, over everything else: it is for
    /// what nobody set, and once it runs no file may lead elsewhere.
    #[must_use]
    pub fn private(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.stand_in.insert(name.into(), value.into());
        self
    }

    /// Returns the folder in which files are looked for.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the names of variables whose value is no Unicode text.
    pub(super) fn not_unicode(&self) -> &[String] {
        &self.not_unicode
    }

    /// Stacks the layers, lowest first, and returns them with the faults of unreadable files.
    pub(super) fn stack(&self) -> (Vec<Layer>, Vec<Fault>) {
        let mut faults = Vec::new();
        let mut layers = Vec::new();
        if self.files == Files::Read {
            layers.extend(toml(&self.directory.join("mongoplex.toml"), &mut faults));
            layers.extend(dotenv(&self.directory.join(".env"), &mut faults));
        }
        let fixed = [
            Layer::new("environment", self.environment.clone()),
            Layer::new("command line", self.command_line.clone()),
            Layer::new(STAND_IN, self.stand_in.clone()),
        ];
        // The environment's name decides which files lie between: looked up in the others first.
        if let Some(environment) =
            environment_of(layers.iter().chain(&fixed)).filter(|_| self.files == Files::Read)
        {
            for name in [
                format!(".env.{environment}"),
                format!(".env.{environment}.local"),
            ] {
                layers.extend(dotenv(&self.directory.join(name), &mut faults));
            }
        }
        layers.extend(fixed);
        (layers, faults)
    }
}

/// Values are left out: any of them may be a secret.
impl fmt::Debug for Sources {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sources")
            .field("command_line", &self.command_line.keys())
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// One layer of variables, and what it is called in messages.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) origin: String,
    pub(super) variables: BTreeMap<String, String>,
}

impl Layer {
    /// A variable that is set to nothing counts as not set, so that a lower layer is seen.
    fn new(origin: impl Into<String>, mut variables: BTreeMap<String, String>) -> Self {
        variables.retain(|_, value| !value.trim().is_empty());
        Self {
            origin: origin.into(),
            variables,
        }
    }
}

/// Text goes in as text: figment's own `Env` would read `00123` as a number and `{x` as a map.
impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let pairs = self.variables.iter();
        let values = pairs.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        Ok(Profile::Default.collect(values.collect()))
    }
}

/// Merges the layers, lowest first; figment keeps each value's origin.
pub(super) fn merge(layers: &[Layer]) -> Figment {
    layers.iter().fold(Figment::new(), |figment, layer| {
        figment.merge(layer.clone())
    })
}

fn environment_of<'a>(layers: impl DoubleEndedIterator<Item = &'a Layer>) -> Option<Environment> {
    layers
        .rev()
        .find_map(|layer| layer.variables.get("MONGOPLEX_ENV"))?
        .trim()
        .parse()
        .ok()
}

fn project_directory() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let project = here
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    project.map_or_else(|| here.clone(), Path::to_owned)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Reads a file, noting a fault when it is there and cannot be read.
fn read(path: &Path, faults: &mut Vec<Fault>) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    let text = std::fs::read_to_string(path);
    if text.is_err() {
        let cure = "check its permissions and that it is UTF-8 text";
        faults.push(Fault::new(file_name(path), "cannot be read", cure));
    }
    text.ok()
}

/// Reads a file of `NAME=value` lines; a missing one is no layer, a bad line is a fault and the
/// others are read all the same.
fn dotenv(path: &Path, faults: &mut Vec<Fault>) -> Option<Layer> {
    let (text, name) = (read(path, faults)?, file_name(path));
    for (number, _) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| substitutes(line))
    {
        let problem = format!(
            "line {} holds a `$` or `\\` outside single quotes, which would be replaced",
            number + 1
        );
        faults.push(Fault::new(&name, problem, "put the value in single quotes"));
    }
    let mut variables = BTreeMap::new();
    for (number, line) in dotenvy::from_read_iter(text.as_bytes()).enumerate() {
        // The parser's own message quotes the line, which may be a secret.
        match line {
            Ok((key, value)) => drop(variables.insert(key, value)),
            Err(_) => faults.push(Fault::new(
                &name,
                format!("its setting number {} is not `NAME=value`", number + 1),
                "quote values that hold spaces, `#` or `$` with single quotes",
            )),
        }
    }
    Some(Layer::new(name, variables))
}

/// Returns whether the parser would put something else in the place of a part of the value: a secret
/// must survive any text.
fn substitutes(line: &str) -> bool {
    let line = line.trim_start();
    let value = line
        .split_once('=')
        .map_or("", |(_, value)| value.trim_start());
    !line.starts_with('#') && !value.starts_with('\'') && value.contains(['$', '\\'])
}

/// Reads `mongoplex.toml`: section and key joined by `_` are the variable's name.
fn toml(path: &Path, faults: &mut Vec<Fault>) -> Option<Layer> {
    let text = read(path, faults)?;
    let Ok(data) = Toml::string(&text).data() else {
        let cure = "check it with a TOML linter; its text is not shown here";
        faults.push(Fault::new(file_name(path), "is not valid TOML", cure));
        return None;
    };
    let mut variables = BTreeMap::new();
    for (key, value) in data.into_values().flatten() {
        flatten(&key.to_uppercase(), value, &mut variables);
    }
    Some(Layer::new(file_name(path), variables))
}

fn flatten(name: &str, value: Value, variables: &mut BTreeMap<String, String>) {
    let text = match value {
        Value::Dict(_, entries) => {
            for (key, value) in entries {
                flatten(&format!("{name}_{}", key.to_uppercase()), value, variables);
            }
            return;
        }
        Value::String(_, text) => text,
        Value::Bool(_, value) => value.to_string(),
        Value::Num(_, number) => match (number.to_i128(), number.to_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(float)) => float.to_string(),
            (None, None) => String::new(),
        },
        // No setting is a list: kept as a value that no setting takes.
        _ => String::new(),
    };
    variables.insert(name.to_owned(), text);
}
