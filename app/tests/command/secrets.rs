//! A canary in every field, header and address of a request appears in no output, at any level.

use std::process::ExitStatus;

use mongoplex_testing::{Signal, http};

use crate::house::{ACME, Ports, project, up};

#[test]
fn no_content_of_a_request_is_logged_even_at_trace_level() {
    for format in ["json", "text"] {
        let (project, ports) = (project(), Ports::free());
        let mut command = ports.up(&project);
        let (mut program, _) = up(command.env("LOG_LEVEL", "trace").env("LOG_FORMAT", format));
        let client = r#"{"clientCode":"canary","companyName":"canary","addresses":[{"label":"canary","street":"canary","city":"canary","country":"CA"}]}"#;
        let user =
            r#"{"email":"canary@canary","firstName":"canary","lastName":"canary","role":"admin"}"#;
        let requests: [(_, &str, &[&str], &str); 12] = [
            (ports.customer, "POST /api/v1/clients", &[ACME], client),
            (ports.customer, "POST /api/v1/clients", &[ACME], client),
            (
                ports.customer,
                "POST /api/v1/clients",
                &[ACME],
                r#"{"clientCode":"canary canary","companyName":"canary"}"#,
            ),
            (
                ports.customer,
                "POST /api/v1/clients",
                &[ACME],
                r#"{"canary":"canary"}"#,
            ),
            (ports.customer, "POST /api/v1/clients", &[ACME], "canary"),
            (
                ports.customer,
                "GET /api/v1/clients?canary=canary",
                &[ACME],
                "",
            ),
            (ports.customer, "GET /api/v1/clients/canary", &[ACME], ""),
            (
                ports.customer,
                "GET /canary",
                &["X-Tenant-ID: canary", "Authorization: Bearer canary"],
                "",
            ),
            (
                ports.customer,
                "GET /api/v1/clients",
                &["X-Tenant-ID: canary"],
                "",
            ),
            (ports.admin, "POST /api/v1/admin/users", &[], user),
            (ports.admin, "POST /api/v1/admin/users", &[], user),
            (
                ports.admin,
                "POST /api/v1/admin/tenants",
                &[],
                r#"{"id":"can","name":"canary"}"#,
            ),
        ];
        let statuses: Vec<u16> = requests
            .iter()
            .map(|(address, line, headers, body)| {
                http(*address, line, headers, body).unwrap().status
            })
            .collect();
        assert_eq!(
            statuses,
            [201, 409, 400, 400, 400, 400, 400, 404, 404, 201, 409, 201]
        );

        program.signal(Signal::TERM);
        let (status, output) = program.end();

        assert_eq!(status.code(), Some(0));
        assert!(output.contains("insert_one"), "the log is at trace level");
        let hits: Vec<&str> = output
            .lines()
            .filter(|line| line.to_lowercase().contains("canary"))
            .collect();
        assert!(hits.is_empty(), "{hits:#?}");
    }
}

/// Starts a house, asks it for clients under a request id, and returns all that it printed.
fn asked(format: &str, id: &str) -> (ExitStatus, String) {
    let (project, ports) = (project(), Ports::free());
    let mut command = ports.up(&project);
    command
        .env("LOG_LEVEL", "info,mongoplex=debug")
        .env("LOG_FORMAT", format);
    let (mut program, _) = up(&mut command);
    let header = format!("X-Request-ID: {id}");
    let answer = http(ports.customer, "GET /api/v1/clients", &[ACME, &header], "").unwrap();
    assert_eq!(answer.header("x-request-id"), Some(id));
    program.signal(Signal::TERM);
    program.end()
}

#[test]
fn every_line_of_a_request_carries_its_id() {
    let (_, text) = asked("text", "request-78");
    let own: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("request-78"))
        .collect();
    assert!(own.iter().any(|line| line.contains("`find` on")), "{text}");
    assert!(
        own.iter()
            .any(|line| line.contains("GET /api/v1/clients 200")),
        "{text}"
    );
    let (_, output) = asked("json", "request-77");
    let lines: Vec<serde_json::Value> = output
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let own: Vec<_> = lines
        .iter()
        .filter(|line| line["span"]["request.id"] == "request-77")
        .collect();
    assert!(
        own.iter().any(|line| line["db.operation"] == "find"),
        "{output}"
    );
    assert!(own.iter().any(|line| line["status"] == 200), "{output}");
}

#[test]
fn a_uri_in_a_wrong_place_of_the_command_line_is_not_repeated() {
    let uri = "mongodb://root:canary@h/x";
    for arguments in [
        ["--set", uri, "config", "check"],
        ["--set", "A=B", uri, "check"],
        ["tenants", "create", uri, "--json"],
    ] {
        let project = project();
        let mut command = project.command(crate::house::MONGOPLEX);

        let (code, output) = mongoplex_testing::Program::run(command.args(arguments));

        assert_eq!(code, Some(2), "{output}");
        assert!(!output.contains("canary"), "{output}");
        assert!(output.contains("<uri>"), "{output}");
    }
}

/// Address and key of the webhook are in no line, also where nobody can be told, and not in what is
/// explained.
#[test]
fn the_webhook_is_a_secret_even_at_trace_level() {
    let (project, ports) = (project(), Ports::free());
    let rules = project.path().join("rules.toml");
    let rule = "[always]\nmeasure = \"database-down\"\nthreshold = -1\nfor = \"0s\"\n";
    std::fs::write(&rules, rule).unwrap();
    let key = format!("whsec_{}", "canary12".repeat(4));
    let url = format!("http://127.0.0.1:{}/canary", mongoplex_testing::free_port());
    let told = |command: &mut std::process::Command| {
        command
            .env("ALERT_RULES_FILE", &rules)
            .env("ALERT_WEBHOOK_URL", &url)
            .env("ALERT_WEBHOOK_KEY", &key);
    };
    let mut command = ports.up(&project);
    told(&mut command);
    let (mut program, _) = up(command.env("LOG_LEVEL", "trace"));
    program.line("fires (ticket)");
    program.signal(Signal::TERM);
    let (status, output) = program.end();

    assert_eq!(status.code(), Some(0));
    let reason = "(firing): it cannot be reached";
    assert!(output.contains(reason), "{output}");
    assert!(!output.to_lowercase().contains("canary"), "{output}");

    for arguments in [["config", "explain"], ["config", "check"]] {
        let mut command = project.command(crate::house::MONGOPLEX);
        told(&mut command);
        let (code, output) = mongoplex_testing::Program::run(command.args(arguments));
        assert_eq!(code, Some(0), "{output}");
        assert!(!output.contains("canary"), "{output}");
    }
}
