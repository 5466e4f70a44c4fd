//! Many projects, drawn: half of a tenant's volume. Each belongs to a client that is drawn, too.

use models::customer_services::{
    Project,
    project::{Priority, ProjectStatus, ProjectType},
};
use mongoplex::{
    bson::DateTime,
    seed::{Draw, Row, Seed},
};

const KINDS: [ProjectType; 5] = [
    ProjectType::Strategy,
    ProjectType::Implementation,
    ProjectType::Transformation,
    ProjectType::Assessment,
    ProjectType::Support,
];
const STAGES: [ProjectStatus; 6] = [
    ProjectStatus::Draft,
    ProjectStatus::Active,
    ProjectStatus::Active,
    ProjectStatus::OnHold,
    ProjectStatus::Completed,
    ProjectStatus::Archived,
];

pub(super) fn seed() -> Seed<Project> {
    Seed::volume("many-projects")
        .key(&["code"])
        .after("many-clients")
        .drawn(5, row)
}

fn row(draw: &mut Draw<'_>) -> Row {
    let number = draw.index();
    let begin = draw.date();
    let weeks = draw.between(2..=60);
    Row::new(&Project {
        code: format!("V{number:08}"),
        name: format!("Project {number}"),
        client_id: draw.id_of("many-clients"),
        kind: *draw.one_of(&KINDS),
        priority: *draw.one_of(&[
            Priority::Critical,
            Priority::High,
            Priority::Medium,
            Priority::Medium,
            Priority::Low,
        ]),
        status: *draw.one_of(&STAGES),
        budget: Some(draw.between(5..=500) * 100_000),
        starts_at: Some(begin),
        due_at: Some(DateTime::from_millis(
            begin.timestamp_millis() + weeks * 7 * 86_400_000,
        )),
    })
}
