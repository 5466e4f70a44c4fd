//! What can be wrong with a registry: all of it is found before anything connects.

use super::{Declared, Registry, Route};
use crate::{
    fault::{Fault, Faults},
    tenancy::is_tenant,
};

pub(super) fn of(registry: &Registry) -> Faults {
    let mut faults = Faults::default();
    if registry.databases.is_empty() {
        faults.push(Fault::new(
            "registry",
            "holds no logical database",
            "register one where the application is declared",
        ));
    }
    for (position, database) in registry.databases.iter().enumerate() {
        faults.extend(name(database));
        faults.extend(twice(registry, position, database));
        faults.extend(
            database
                .routes
                .iter()
                .filter_map(|route| collection(database, route)),
        );
        faults.extend(shared_namespaces(database));
    }
    faults.extend(homeless_tenants(registry));
    faults
}

fn name(database: &Declared) -> Option<Fault> {
    let name = database.name;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let good = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(plain)
        && !name.contains("__")
        && !name.ends_with('_')
        && name.len() <= 38;
    (!good).then(|| {
        Fault::new(
            format!("logical database `{name}`"),
            "has an invalid name",
            "use a lower-case letter, then letters, digits and single `_`, at most 38 in all",
        )
    })
}

fn twice(registry: &Registry, position: usize, database: &Declared) -> Option<Fault> {
    let earlier = &registry.databases[..position];
    let same = earlier.iter().any(|other| other.name == database.name);
    same.then(|| {
        Fault::new(
            format!("logical database `{}`", database.name),
            "is declared by two modules",
            "give one of them another name",
        )
    })
}

/// <https://www.mongodb.com/docs/manual/reference/limits/#mongodb-limit-Restriction-on-Collection-Names>
fn collection(database: &Declared, route: &Route) -> Option<Fault> {
    let name = route.collection;
    let bad = name.is_empty()
        || name.len() > 120
        || name.contains(['$', '\0'])
        || name.starts_with("system.")
        || name.starts_with('.')
        || name.ends_with('.');
    bad.then(|| {
        Fault::new(
            format!("model `{}` of `{}`", route.model, database.name),
            "has an invalid collection name",
            "use 1–120 bytes without `$`, not beginning with `system.` or `.`",
        )
    })
}

fn shared_namespaces(database: &Declared) -> Vec<Fault> {
    let routes = database.routes;
    let pairs =
        (0..routes.len()).flat_map(|one| (one + 1..routes.len()).map(move |two| (one, two)));
    let same = pairs.filter(|&(one, two)| {
        routes[one].scope == routes[two].scope && routes[one].collection == routes[two].collection
    });
    same.map(|(one, two)| {
        Fault::new(
            format!(
                "models `{}` and `{}` of `{}`",
                routes[one].model, routes[two].model, database.name
            ),
            format!("share the collection `{}`", routes[one].collection),
            "give one of them another COLLECTION",
        )
    })
    .collect()
}

fn homeless_tenants(registry: &Registry) -> Option<Fault> {
    let database = registry
        .databases
        .iter()
        .find(|database| database.is_per_tenant())?;
    let homes = registry
        .databases
        .iter()
        .filter(|database| database.routes.iter().any(|route| is_tenant(route.id)));
    let problem = match homes.count() {
        1 => return None,
        0 => "has per-tenant models, but no logical database lists the tenants' records",
        _ => "has per-tenant models, but several logical databases list the tenants' records",
    };
    Some(Fault::new(
        format!("logical database `{}`", database.name),
        problem,
        "list `mongoplex::Tenant` in exactly one, under `common`",
    ))
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::{Model, Registry};

    #[derive(Serialize, Deserialize)]
    struct One {}
    impl Model for One {
        const COLLECTION: &str = "things";
    }
    #[derive(Serialize, Deserialize)]
    struct Two {}
    impl Model for Two {
        const COLLECTION: &str = "things";
    }
    #[derive(Serialize, Deserialize)]
    struct Odd {}
    impl Model for Odd {
        const COLLECTION: &str = "system.odd";
    }
    #[derive(Serialize, Deserialize)]
    struct Private {}
    impl Model for Private {
        const COLLECTION: &str = "private";
    }

    crate::logical_database! { Things = "things", per_tenant: [Private], common: [One, Two, Odd] }
    crate::logical_database! { Other = "a__b" }
    crate::logical_database! { Again = "things" }

    #[test]
    fn all_faults_are_found_at_once() {
        let registry = Registry::new()
            .with::<Things>()
            .with::<Other>()
            .with::<Again>();

        let faults = registry.check().unwrap_err().to_string();

        assert_eq!(faults.lines().count(), 5, "{faults}");
        assert!(faults.contains("models `One` and `Two` of `things`: share the collection"));
        assert!(faults.contains("model `Odd` of `things`: has an invalid collection name"));
        assert!(faults.contains("logical database `a__b`: has an invalid name"));
        assert!(faults.contains("`things`: is declared by two modules"));
        assert!(faults.contains("list `mongoplex::Tenant` in exactly one"));
    }

    #[test]
    fn registering_twice_changes_nothing() {
        let registry = Registry::new().with::<Other>().with::<Other>();

        assert_eq!(registry.databases().len(), 1);
    }
}
