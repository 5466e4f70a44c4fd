//! Misspelt variables: a setting that nobody reads is a fault, with the nearest right name. One that only looks
//! like ours may be somebody else's, so it is a suspect.

use std::collections::BTreeSet;

use super::{
    reader::Reader,
    settings::{self, Applies, SETTINGS},
};
use crate::{fault::Fault, registry::Registry};

/// Names that begin so are ours; others in the environment belong to somebody else.
const OURS: [&str; 3] = ["DATABASE_", "DB_", "MONGOPLEX_"];

/// Returns what looks like a setting and is none.
pub(super) fn check(
    reader: &mut Reader,
    registry: &Registry,
    servers: &[(&'static str, u16)],
) -> Vec<Fault> {
    let known = known(registry, servers);
    let (mut faults, mut suspects) = (Vec::new(), Vec::new());
    for layer in reader.layers() {
        // All of the TOML file and the command line is ours, but for servers that run elsewhere; in
        // the others only what begins like one of ours.
        let whole = ["mongoplex.toml", "command line"].contains(&layer.origin.as_str());
        let ours = |name: &str| {
            (whole && !name.ends_with("_ADDRESS"))
                || OURS.iter().any(|prefix| name.starts_with(prefix))
        };
        let names = layer.variables.keys();
        let names = names.filter(|name| !known.contains(*name));
        let (own, others): (Vec<_>, Vec<_>) = names.partition(|name| ours(name));
        faults.extend(own.iter().map(|name| fault(name, &layer.origin, &known)));
        let alike = others.iter().filter(|name| is_alike(name, &known));
        suspects.extend(alike.map(|name| fault(name, &layer.origin, &known)));
    }
    faults.into_iter().for_each(|fault| reader.fault(fault));
    suspects
}

/// Returns whether a name is a setting's but for one slip in six letters.
fn is_alike(name: &str, known: &BTreeSet<String>) -> bool {
    let mut distances = known
        .iter()
        .map(|known| strsim::damerau_levenshtein(known, name));
    distances.any(|distance| distance * 6 <= name.len())
}

fn known(registry: &Registry, servers: &[(&'static str, u16)]) -> BTreeSet<String> {
    let databases = registry.databases();
    let per_database = |name: &str| -> Vec<String> {
        databases
            .iter()
            .map(|database| format!("{}{name}", settings::prefix(database.name)))
            .collect()
    };
    let names = SETTINGS.iter().flat_map(|setting| match setting.applies {
        Applies::Process => vec![setting.name.to_owned()],
        Applies::OneDatabase => per_database(setting.name),
        Applies::Database => {
            let mut names = per_database(setting.name);
            names.push(format!("DB_{}", setting.name));
            names
        }
        Applies::Server => {
            let servers = servers.iter();
            servers
                .map(|(server, _)| format!("{}{}", settings::server_prefix(server), setting.name))
                .collect()
        }
    });
    names.collect()
}

fn fault(name: &str, origin: &str, known: &BTreeSet<String>) -> Fault {
    let distance = |known: &&String| strsim::damerau_levenshtein(known, name);
    let nearest = known.iter().min_by_key(distance);
    // Farther than a third of the name it is another word altogether.
    let near = nearest.filter(|nearest| distance(nearest) * 3 <= name.len());
    let cure = near.map_or_else(
        || "remove it; `.env.example` lists what there is".into(),
        |near| format!("did you mean `{near}`?"),
    );
    Fault::new(name, "is not a setting", cure).set_in(origin)
}
