//! The application's own seeds: their lists and folders, and what they say.

use std::{collections::BTreeSet, fs, path::Path};

use mongoplex::seed::Kind;

use super::Bed;

#[test]
fn each_folder_of_seeds_and_its_list_hold_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeders");
    for (folder, list) in [
        ("admin", seeders::admin::list()),
        ("customer", seeders::customer::list()),
        ("tenant", seeders::tenant::list()),
    ] {
        let module = fs::read_to_string(root.join(folder).with_extension("rs")).unwrap();
        let listed: BTreeSet<String> = module
            .lines()
            .filter_map(|line| {
                Some(
                    line.trim()
                        .strip_prefix("mod ")?
                        .trim_end_matches(',')
                        .to_owned(),
                )
            })
            .collect();
        let files: BTreeSet<String> = fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(listed, files, "{folder}");
        // Each file is called as its seed is.
        let names: BTreeSet<String> = list
            .seeds()
            .map(|(name, _)| name.replace('-', "_"))
            .collect();
        assert_eq!(names, files, "{folder}");
    }
}

#[test]
fn only_tenants_have_what_belongs_into_development_and_test() {
    for list in [seeders::admin::list(), seeders::customer::list()] {
        for (name, kind) in list.seeds() {
            assert!(matches!(kind, Kind::Reference | Kind::Once), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_permission_of_a_role_is_there() {
    let bed = Bed::new(
        "seed_content",
        vec![seeders::admin::list(), seeders::customer::list()],
    )
    .await;

    let outcome = bed.seeder().run().await.unwrap();

    assert!(outcome.is_whole(), "{outcome:?}");
    let admins = bed.database("admin");
    let permissions = bed.all(&admins, "permissions").await;
    let text = |found: &mongoplex::bson::Document, key| found.get_str(key).unwrap().to_owned();
    let known: BTreeSet<String> = permissions
        .iter()
        .flat_map(|found| {
            let resource = text(found, "resource");
            [
                format!("{resource}:{}", text(found, "action")),
                format!("{resource}:*"),
            ]
        })
        .collect();
    for role in bed.all(&admins, "roles").await {
        for permission in role.get_array("permissions").unwrap() {
            assert!(known.contains(permission.as_str().unwrap()), "{permission}");
        }
    }
    // Nobody said who the first administrator is, and there is no default.
    assert!(bed.all(&admins, "users").await.is_empty());
    assert_eq!(outcome.rows.inserted, 40 + 6 + 5);
    bed.close().await;
}
