//! The invariants of ARCHITECTURE.md that stand in the text of the sources.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The modules of src/, upper to lower: none may use one that stands above it.
const LAYERS: [&[&str]; 8] = [
    &["doctor"],
    &[
        "orchestrator",
        "database",
        "tenancy",
        "schema",
        "transaction",
        "audit",
        "monitor",
        "control",
        "migrate",
        "seed",
    ],
    &["collection"],
    &["guard"],
    &["tasks"],
    &["config"],
    &["meter", "slow", "health"],
    &["registry", "model", "error", "fault", "pauses"],
];

/// Uses upwards that are there on purpose, each with its reason.
const EXCEPTIONS: [(&str, &str); 2] = [
    // An error names the call that failed.
    ("error", "guard"),
    // The library's own record is found by its type in the lists.
    ("registry", "tenancy"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let deep = entries.flat_map(|path| {
        if path.is_dir() {
            sources(&path)
        } else {
            vec![path]
        }
    });
    deep.filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Returns the modules that a text names behind `crate::`, in paths and in braces.
fn used(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let Some(inside) = rest.strip_prefix('{') else {
            found.extend(
                rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .map(str::to_owned),
            );
            continue;
        };
        let (mut depth, mut start) = (1, true);
        let mut word = String::new();
        for c in inside.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => start = true,
                c if (c.is_alphanumeric() || c == '_') && depth == 1 && start => {
                    word.push(c);
                    continue;
                }
                c if c.is_whitespace() => continue,
                _ => {}
            }
            if !word.is_empty() {
                found.insert(std::mem::take(&mut word));
                start = c == ',';
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

#[test]
fn no_layer_reaches_up() {
    let src = root().join("src");
    let mut checked = 0;
    for path in sources(&src) {
        let relative = path.strip_prefix(&src).unwrap();
        let module = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        let module = module.trim_end_matches(".rs");
        let Some(own) = layer(module) else {
            assert_eq!(module, "lib", "{} stands in no layer", relative.display());
            continue;
        };
        for other in used(&fs::read_to_string(&path).unwrap()) {
            checked += 1;
            let upward = layer(&other).is_some_and(|other| other < own);
            let meant = EXCEPTIONS.contains(&(module, other.as_str()));
            assert!(
                !upward || meant,
                "{} uses `{other}`, which stands above it",
                relative.display()
            );
        }
    }
    assert!(
        checked > 50,
        "the search finds what there is to find: {checked}"
    );
}

#[test]
fn the_search_sees_paths_and_braces() {
    let text = "use crate::{\n    error::{Error, Result},\n    guard,\n};\nuse crate::model::Index;\n// crate::no";
    let expected = ["error", "guard", "model"].map(str::to_owned);
    assert_eq!(used(text), BTreeSet::from(expected));
}

#[test]
fn the_product_names_nothing_of_an_application() {
    let words = [
        "acme",
        "globex",
        "insightserenity",
        "admin_server",
        "customer_services",
        "models::",
    ];
    for folder in [
        "src",
        "crates/server/src",
        "crates/cli/src",
        "crates/mongod/src",
    ] {
        for path in sources(&root().join(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for line in code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
            {
                let found = words.iter().find(|word| line.contains(**word));
                assert!(found.is_none(), "{}: {line}", path.display());
            }
        }
    }
}

/// A migration's file that its list forgets would never be applied anywhere.
#[test]
fn each_folder_of_migrations_and_its_list_hold_the_same() {
    let folders: Vec<PathBuf> = fs::read_dir(root().join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.ends_with("target"))
        .collect();
    assert!(folders.len() >= 3);
    for folder in folders {
        let text = fs::read_to_string(folder.with_extension("rs")).unwrap();
        let list = text.split("migrations!").nth(1).unwrap();
        let lines = list.lines().map(str::trim);
        let listed: Vec<&str> = lines
            .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(','))
            .collect();
        let mut files: Vec<String> = sources(&folder)
            .iter()
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        assert_eq!(
            listed,
            files,
            "the list of {} in the order of its files",
            folder.display()
        );
    }
}

/// A model's file that its database's list forgets would never be created anywhere.
#[test]
fn each_folder_of_models_and_its_list_hold_the_same() {
    let folders: Vec<PathBuf> = fs::read_dir(root().join("models"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.ends_with("target"))
        .collect();
    assert!(folders.len() >= 2);
    for folder in folders {
        let module = fs::read_to_string(folder.with_extension("rs")).unwrap();
        for path in sources(&folder) {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let declared = ["mod {};", "mod {}::"].map(|form| form.replace("{}", name));
            assert!(
                declared.iter().any(|form| module.contains(form)),
                "{} is not in its module",
                path.display()
            );
            let text = fs::read_to_string(&path).unwrap();
            let models = text
                .split("impl Model for ")
                .skip(1)
                .map(|rest| rest.split_whitespace().next().unwrap());
            for model in models {
                let list = module.split("logical_database!").nth(1).unwrap();
                let listed = list
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|word| word == model);
                assert!(listed, "`{model}` of {} stands in no list", path.display());
            }
        }
    }
}
