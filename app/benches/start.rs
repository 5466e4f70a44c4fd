//! How long the whole application takes: `up` to ready, the workspace to be built. How large it is.
//!
//! None of it has a goal: it is told, so that a change of it is seen.

use std::{
    error::Error,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
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

/// Builds the workspace for development in a folder of its own: from nothing, unchanged but for the
/// library, and unchanged but for a model. The short form builds nothing.
fn builds(arguments: &Arguments) -> Result<[Figure; 3], Failure> {
    let times = match arguments.short {
        true => [None; 3],
        false => {
            let folder = target().join("figures-build");
            drop(fs::remove_dir_all(&folder));
            let cold = build("nothing built", &folder)?;
            touch("src/lib.rs")?;
            let library = build("the library changed", &folder)?;
            touch("models/customer_services.rs")?;
            let model = build("a model changed", &folder)?;
            drop(fs::remove_dir_all(&folder));
            [cold, library, model].map(Some)
        }
    };
    let names = [
        "from nothing",
        "after a change of src/",
        "after a change of models/",
    ];
    let mut pairs = names.into_iter().zip(times);
    Ok([(); 3].map(|()| {
        let (name, time) = pairs.next().unwrap_or_default();
        Figure::plain(format!("`cargo build`, {name}"), "s", Goal::None, time)
    }))
}

/// Builds everything into `folder` and returns seconds.
fn build(what: &str, folder: &Path) -> Result<f64, Failure> {
    Report::note(&format!("build: {what}"));
    let started = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--workspace", "--quiet", "--target-dir"])
        .arg(folder)
        .current_dir(workspace())
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

/// Makes a file look changed; its text stays.
fn touch(path: &str) -> Result<(), Failure> {
    let file = fs::File::options()
        .append(true)
        .open(workspace().join(path))?;
    Ok(file.set_modified(SystemTime::now())?)
}
