//! The cache gets a whole mongod or none, also when two fetch at once.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{Error, Pip, Progress, Wheel, fetch_wheel};

/// A folder with a pip that copies the file `wheel` to where it is asked for one.
struct Index(PathBuf);

impl Index {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mongoplex-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let wheel = path.join("wheel");
        let script = format!(
            "#!/bin/sh\nwhile [ $# -gt 0 ]; do [ \"$1\" = -d ] && cp {wheel:?} \"$2/x.whl\"; shift; done\n"
        );
        fs::write(path.join("pip"), script).unwrap();
        fs::set_permissions(path.join("pip"), fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    /// Puts a wheel there whose mongod is `text`.
    fn offer(&self, text: &str) -> Wheel {
        let mut zip = ZipWriter::new(fs::File::create(self.0.join("wheel")).unwrap());
        zip.start_file(
            "x.data/purelib/fiftyone/db/bin/mongod",
            SimpleFileOptions::default(),
        )
        .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
        zip.finish().unwrap();
        let bytes = fs::read(self.0.join("wheel")).unwrap();
        let sum: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let wheel = Wheel::of("linux", "x86_64").unwrap();
        Wheel {
            bytes: bytes.len() as u64,
            sha256: sum.leak(),
            ..wheel
        }
    }

    fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }

    fn fetch(&self, wheel: &Wheel, progress: &dyn Fn(Progress<'_>)) -> Result<PathBuf, Error> {
        fetch_wheel(
            wheel,
            &Pip::find(self.0.as_os_str()).unwrap(),
            &self.cache(),
            progress,
        )
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_whole_wheel_becomes_an_executable_and_nothing_else() {
    let index = Index::new("whole");
    let wheel = index.offer("the mongod");
    // What a killed download has left.
    fs::create_dir_all(index.cache().join(".fetch-1")).unwrap();

    let path = index.fetch(&wheel, &|_| ()).unwrap();

    assert_eq!(fs::read_to_string(&path).unwrap(), "the mongod");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(names(&index.cache()), [".lock", "6.0.5"]);
    assert_eq!(names(&index.cache().join("6.0.5")), ["mongod"]);
}

#[test]
fn a_changed_wheel_is_refused_and_not_unpacked() {
    let index = Index::new("changed");
    let wheel = index.offer("the mongod");
    index.offer("another mongod");

    let refused = index.fetch(&wheel, &|_| ()).unwrap_err();

    assert!(matches!(refused, Error::Checksum { .. }), "{refused}");
    assert_eq!(names(&index.cache()), [".lock"]);
}

#[test]
fn of_two_that_fetch_at_once_one_downloads() {
    let index = Index::new("two");
    let wheel = index.offer("the mongod");
    let downloads = Mutex::new(0);
    let listen = |step: Progress<'_>| {
        *downloads.lock().unwrap() += usize::from(matches!(step, Progress::Fetching { .. }));
    };

    thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| index.fetch(&wheel, &listen).unwrap()));
        for one in both {
            assert!(one.join().unwrap().is_file());
        }
    });

    assert_eq!(*downloads.lock().unwrap(), 1);
}
