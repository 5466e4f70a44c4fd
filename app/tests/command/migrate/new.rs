//! `migrate new` in a project's folder, without any database.

use std::{fs, path::Path};

use mongoplex_testing::{Program, Project};

use crate::house::{MONGOPLEX, project};

fn new(project: &Project, words: &[&str]) -> (Option<i32>, String) {
    let mut command = project.command(MONGOPLEX);
    // Nothing is connected to: there would be nothing.
    command.env("MONGOD", "/nowhere").args(["migrate", "new"]);
    Program::run(command.args(words))
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn new_writes_a_file_and_its_line_and_leaves_the_rest_alone() {
    let project = project();
    let place = project.path().join("migrations");
    fs::create_dir(&place).unwrap();
    let list = place.join("tenant.rs");
    let text = "//! Each tenant's.\n\nmongoplex::migrations! {\n    Tenants<Shop>: [\n        mod m20260101000000_first,\n    ]\n}\n";
    fs::write(&list, text).unwrap();

    let (code, output) = new(&project, &["tenant", "Orders by", "State"]);

    assert_eq!(code, Some(0), "{output}");
    let written = files(&place.join("tenant"));
    let [file] = written.as_slice() else {
        panic!("{written:?}");
    };
    let module = file.strip_suffix(".rs").unwrap();
    assert!(module.ends_with("_orders_by_state"), "{module}");
    assert_eq!(module.len(), "m20260101000000_orders_by_state".len());
    let line = format!("first,\n        mod {module},\n");
    assert_eq!(
        fs::read_to_string(&list).unwrap(),
        text.replace("first,\n", &line)
    );
    let path = place.join("tenant").join(file);
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains("fn migration() -> Migration")
    );

    fs::write(&path, "mine").unwrap();
    new(&project, &["tenant", "orders", "by", "state"]);

    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn a_missing_list_is_told_with_what_to_write() {
    let project = project();

    let (code, output) = new(&project, &["tenant", "first"]);

    assert_eq!(code, Some(2), "{output}");
    for part in [
        "src/migrations/tenant.rs",
        "mongoplex::migrations! {\n    mongoplex::migrate::Tenants<Customer>: [\n    ]\n}",
        ".migrations(migrations::tenant::list())",
    ] {
        assert!(output.contains(part), "{part} in\n{output}");
    }
    assert_eq!(files(project.path()), ["Cargo.lock"]);

    let place = project.path().join("src/migrations");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("admin.rs"), "// nothing yet\n").unwrap();
    let (near, told) = new(&project, &["admn", "first"]);
    let (empty, output) = new(&project, &["admin", "first"]);

    assert_eq!((near, empty), (Some(2), Some(1)), "{told} {output}");
    assert!(told.contains("did you mean `admin`?"), "{told}");
    assert!(output.contains("    Admin: [\n"), "{output}");
    assert_eq!(files(&place), ["admin.rs"]);
}

#[test]
fn words_that_make_no_name_are_wrong_usage() {
    let project = project();

    for words in [&["tenant"][..], &["tenant", "…"], &["../tenant", "first"]] {
        let (code, output) = new(&project, words);

        assert_eq!(code, Some(2), "{words:?}: {output}");
    }
}
