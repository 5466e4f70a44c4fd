//! `doctor`: what is wrong here, and its cure. The examination is the library's.

use mongoplex::doctor::{Doctor, Finding, Report, Status};
use serde_json::{Value, json};

use crate::{
    app::App,
    arguments::DoctorArguments,
    exit::Failure,
    output,
    place::{self, Sharing},
    private,
};

pub(crate) async fn run(
    app: &App,
    set: &[(String, String)],
    arguments: &DoctorArguments,
) -> Result<(), Failure> {
    let sources = place::sources(set);
    let config = match place::configuration(app, &sources) {
        Ok(config) => config,
        Err(faults) => {
            tell(&Doctor::refuse(&faults), arguments);
            return Err(Failure::configuration("the configuration is at fault"));
        }
    };
    mongoplex_server::init_logging(&config.server);
    let place = place::find(app, &sources, Sharing::Attach).await?;
    let doctor = Doctor::new(app.registry.clone(), place.config.clone()).application(app.name);
    let doctor = match &place.private {
        Some(set) => {
            private::announce(set);
            doctor.on_private_set()
        }
        None => doctor,
    };
    let report = doctor.examine().await;
    place.stop().await;
    tell(&report, arguments);
    verdict(&report)
}

/// Turns the worst finding into the command's end.
fn verdict(report: &Report) -> Result<(), Failure> {
    let failures = report.findings.iter();
    let failures = failures.filter(|finding| finding.status == Status::Failure);
    match failures.count() {
        0 => Ok(()),
        1 => Err(Failure::failed("one check failed")),
        many => Err(Failure::failed(format!("{many} checks failed"))),
    }
}

fn tell(report: &Report, arguments: &DoctorArguments) {
    output::result(match arguments.json {
        true => json(report).to_string(),
        false => table(report),
    });
}

fn table(report: &Report) -> String {
    let row = |finding: &Finding| {
        let cure = finding.cure.as_ref().map(|cure| format!("\n→ {cure}"));
        vec![
            finding.status.to_string(),
            finding.check.as_str().to_owned(),
            finding.database.unwrap_or("").to_owned(),
            format!("{}{}", finding.found, cure.unwrap_or_default()),
        ]
    };
    let rows = report.findings.iter().map(row).collect();
    output::table(&["STATUS", "CHECK", "DATABASE", "FOUND"], rows)
}

fn json(report: &Report) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "check": finding.check.as_str(),
            "database": finding.database,
            "status": finding.status.as_str(),
            "found": finding.found,
            "cure": finding.cure,
        })
    };
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    json!({ "worst": report.worst().as_str(), "findings": findings })
}
