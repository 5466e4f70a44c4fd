//! How long the whole application takes: `up` to ready, the workspace to be built. How large it is.
//!
//! None of it has a goal: it is told, so that a change of it is seen.

use std::{
    error::Error,
    fs::{self, File},
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use mongoplex_figures::{Arguments, Figure, Goal, Report, target};
use mongoplex_testing::{Program, Project, Signal, binary, free_port, http};

type Failure = Box<dyn Error>;

const MONGOPLEX: &str = env!("CARGO_BIN_EXE_mongoplex");

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read();
    let mut report = Report::new(binary().version());
    for figure in [first_starts(&arguments)?, later_starts(&arguments)?] {
        report.add(figure);
    }
    for program in ["mongoplex", "admin-server", "customer-services"] {
        report.add(size(program));
    }
    for figure in builds(&arguments)? {
        report.add(figure);
    }
    Ok(report.finish()?)
}

/// Starts with nothing there: a new data folder, all collections and two tenants.
fn first_starts(arguments: &Arguments) -> Result<Figure, Failure> {
    Report::note("up: new data folder");
    let each = |_| up(&Project::new(env!("CARGO_TARGET_TMPDIR")));
    let rounds = (0..arguments.choose(5, 1)).map(each);
    let rounds: Vec<f64> = rounds.collect::<Result<_, _>>()?;
    let name = "`up` on a new data folder, to ready";
    Ok(Figure::plain(name, "ms", Goal::None, rounds))
}

/// Starts with the data of the last one.
fn later_starts(arguments: &Arguments) -> Result<Figure, Failure> {
    Report::note("up: the same data folder");
    let project = Project::new(env!("CARGO_TARGET_TMPDIR"));
    up(&project)?;
    let rounds = (0..arguments.choose(5, 2)).map(|_| up(&project));
    let rounds: Vec<f64> = rounds.collect::<Result<_, _>>()?;
    let name = "`up` on an existing data folder, to ready";
    Ok(Figure::plain(name, "ms", Goal::None, rounds))
}

/// Runs `up` until customer-services says that it is ready, then stops it. Returns milliseconds.
fn up(project: &Project) -> Result<f64, Failure> {
    let address = || SocketAddr::from(([127, 0, 0, 1], free_port()));
    let (admin, customer) = (address(), address());
    let mut command = project.command(MONGOPLEX);
    command.arg("up");
    command.args(["--set", &format!("ADMIN_SERVER_ADDRESS={admin}")]);
    command.args(["--set", &format!("CUSTOMER_SERVICES_ADDRESS={customer}")]);
    let started = Instant::now();
    let mut program = Program::start(&mut command);
    let ready = || http(customer, "GET /health/ready", &[], "").is_ok_and(|it| it.status == 200);
    while !ready() {
        if started.elapsed() > Duration::from_secs(60) {
            return Err(format!("it is not ready after a minute:\n{}", program.output()).into());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let elapsed = started.elapsed();
    program.signal(Signal::TERM);
    program.end();
    Ok(elapsed.as_secs_f64() * 1e3)
}

/// Returns the size of a program beside ours, where it was built.
fn size(program: &str) -> Figure {
    let path = Path::new(MONGOPLEX).with_file_name(program);
    let bytes = fs::metadata(path)
        .ok()
        .map(|found| found.len() as f64 / 1e6);
    Figure::plain(format!("size of `{program}`"), "MB", Goal::None, bytes)
}

/// Builds a copy of the workspace for development: from nothing, and again after a change of the
/// library and of a model. The short form builds nothing.
///
/// A copy, because the changes are real ones: in a file that was only touched the compiler finds nothing
/// to do. What cargo downloads is there already. It takes some 3 GB for as long as it runs.
fn builds(arguments: &Arguments) -> Result<[Figure; 3], Failure> {
    let [cold, library, model] = match arguments.short {
        true => [None; 3],
        false => {
            let folder = target().join("figures-build");
            drop(fs::remove_dir_all(&folder));
            copy(&workspace(), &folder)?;
            let cold = build("nothing built", &folder)?;
            change(&folder.join("src/lib.rs"))?;
            let library = build("the library changed", &folder)?;
            change(&folder.join("models/customer_services.rs"))?;
            let model = build("a model changed", &folder)?;
            fs::remove_dir_all(&folder)?;
            [cold, library, model].map(Some)
        }
    };
    let figures = [
        ("from nothing", cold),
        ("after a change of src/", library),
        ("after a change of models/", model),
    ];
    Ok(figures
        .map(|(name, time)| Figure::plain(format!("`cargo build`, {name}"), "s", Goal::None, time)))
}

/// Builds the workspace in `folder` and returns seconds.
fn build(what: &str, folder: &Path) -> Result<f64, Failure> {
    Report::note(&format!("build: {what}"));
    let started = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--workspace", "--locked", "--quiet"])
        .args(["--target-dir", "target"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()?;
    match status.success() {
        true => Ok(started.elapsed().as_secs_f64()),
        false => Err("the workspace does not build".into()),
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Copies a folder without what was built in it and what is hidden, cargo's settings excepted.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let hidden = name.to_string_lossy().starts_with('.') && name != ".cargo";
        match kind.is_dir() {
            _ if hidden || name == "target" => {}
            true => copy(&entry.path(), &to.join(name))?,
            false => drop(fs::copy(entry.path(), to.join(name))?),
        }
    }
    Ok(())
}

/// Adds a function to a file.
fn change(file: &Path) -> io::Result<()> {
    let mut file = File::options().append(true).open(file)?;
    writeln!(
        file,
        "\n/// Is new.\npub fn is_new() -> bool {{\n    true\n}}"
    )
}
