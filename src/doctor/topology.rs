//! What kind of deployment it is, and what its writes survive.

use mongodb::{
    bson::Document,
    options::{Acknowledgment, WriteConcern},
};

use super::{Check, Finding, Live, Standing, Status};

/// Says what kind of deployment it is.
pub(super) fn examine(live: &Live, standing: Standing) -> Finding {
    let finding = deployment(&live.hello, live.members(), standing);
    match finding.status {
        Status::Ok if live.is_atlas() => {
            let reason = format!(
                "{}, on Atlas, where nothing of ours was tried",
                finding.found
            );
            Finding::not_tested(finding.check, reason)
        }
        _ => finding,
    }
}

fn deployment(hello: &Document, members: Option<usize>, standing: Standing) -> Finding {
    let check = Check::Topology;
    let Some(members) = members else {
        let reason = "mongos of a sharded cluster, on which nothing of ours was tried";
        return Finding::not_tested(check, reason);
    };
    let Ok(set) = hello.get_str("setName") else {
        let found = "a standalone: it has no transactions, no change streams and no failover";
        return Finding::failure(check, found).cure(
            "start it with --replSet and initiate the set; one node is enough to begin with",
        );
    };
    if !hello.contains_key("primary") {
        let found =
            format!("replica set {set} of {members} has no primary: nothing can be written");
        return Finding::failure(check, found)
            .cure("look at its members (rs.status()): a majority must see each other");
    }
    match members {
        1 | 2 => {
            let found = format!("replica set {set} of {members}: the loss of one ends all writes");
            let finding = Finding::new(check, standing.limit(), found);
            match standing.is_private {
                true => finding,
                false => finding.cure("give it three members that hold data"),
            }
        }
        _ => Finding::ok(check, format!("replica set {set} of {members}")),
    }
}

/// Says that the servers are of another replica set than the one that is asked for, or of none. They answer
/// heartbeats then, and the driver sends them nothing else.
pub(super) fn another_set(asked: Option<&str>, seen: Option<&str>, uri: &str) -> Option<Finding> {
    let (asked, seen) = (asked?, seen?);
    let failure = |found: String| Finding::failure(Check::Connection, found);
    match seen {
        _ if seen == asked => None,
        "" => {
            let found = format!("the server is of no replica set, and {uri} asks for `{asked}`");
            let cure = format!(
                "start it with --replSet and initiate the set, or take replicaSet out of {uri}"
            );
            Some(failure(found).cure(cure))
        }
        _ => {
            let found =
                format!("the servers are of replica set `{seen}`, and {uri} asks for `{asked}`");
            let cure = format!("set replicaSet={seen} in {uri}, if these are the right servers");
            Some(failure(found).cure(cure))
        }
    }
}

/// Says whether a failover may undo what was acknowledged.
pub(super) fn write_concern(
    concern: &WriteConcern,
    members: Option<usize>,
    standing: Standing,
    variable: &str,
) -> Finding {
    let check = Check::WriteConcern;
    let loses = |found: String, status| {
        Finding::new(check, status, found).cure(format!("set {variable}=majority"))
    };
    if concern.journal == Some(false) {
        let found = "journal=false: a crash undoes what was acknowledged";
        return Finding::new(check, standing.limit(), found).cure("remove it from the URI");
    }
    match &concern.w {
        Some(Acknowledgment::Majority) | None => Finding::ok(check, "majority"),
        Some(Acknowledgment::Nodes(nodes)) => {
            let nodes = *nodes as usize;
            match members {
                Some(members) if nodes > members => {
                    let found = format!("{nodes}, of a set of {members}: every write fails");
                    loses(found, Status::Failure)
                }
                Some(members) if nodes > 1 && nodes > members / 2 => {
                    Finding::ok(check, format!("{nodes} of {members}"))
                }
                None if nodes > 1 => {
                    Finding::not_tested(check, format!("{nodes}: of how many members is not known"))
                }
                _ => {
                    let found = format!("{nodes}: a failover may undo what was acknowledged");
                    loses(found, standing.limit())
                }
            }
        }
        _ => Finding::not_tested(check, "a concern that the set's own configuration defines"),
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    const GIVEN: Standing = Standing {
        is_private: false,
        is_harmless: false,
    };

    #[test]
    fn a_mongos_reads_not_tested() {
        let finding = deployment(&doc! { "msg": "isdbgrid" }, None, GIVEN);

        assert_eq!(finding.status, Status::NotTested);
    }

    #[test]
    fn a_set_without_primary_is_a_failure_and_one_of_three_is_fine() {
        let hello = doc! { "setName": "rs" };
        assert_eq!(deployment(&hello, Some(3), GIVEN).status, Status::Failure);

        let hello = doc! { "setName": "rs", "primary": "h:1" };
        assert_eq!(deployment(&hello, Some(3), GIVEN).status, Status::Ok);
        assert_eq!(deployment(&hello, Some(2), GIVEN).status, Status::Warning);
    }

    #[test]
    fn fewer_than_a_majority_warns_and_more_than_all_fails() {
        let status = |nodes, members| {
            let concern = WriteConcern::builder()
                .w(Acknowledgment::Nodes(nodes))
                .build();
            write_concern(&concern, members, GIVEN, "X").status
        };

        assert_eq!(status(1, Some(1)), Status::Warning);
        assert_eq!(status(2, Some(5)), Status::Warning);
        assert_eq!(status(2, Some(3)), Status::Ok);
        assert_eq!(status(4, Some(3)), Status::Failure);
        assert_eq!(status(2, None), Status::NotTested);
        assert_eq!(status(1, None), Status::Warning);
    }
}
