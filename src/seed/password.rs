//! A password that nobody chose: made up once, and kept in a file that only its owner may read.
//!
//! A file that is there is taken as it is: the run that wrote it may have ended before anybody got the
//! password.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use super::error::SeedError;
use crate::config::Secret;

/// Returns the file and the password in it.
pub(super) fn generated(directory: &Path, database: &str) -> Result<(PathBuf, Secret), SeedError> {
    let folder = directory.join(".mongoplex");
    let path = folder.join(format!("super-admin.{database}.password"));
    let failed = |error: std::io::Error| {
        let path = path.display();
        let problem = error.kind();
        SeedError::refused(format!(
            "no password could be put into {path} ({problem}): set SUPER_ADMIN_PASSWORD, or let this user write there"
        ))
    };
    private_folder(&folder).map_err(failed)?;
    let text = match create(&path) {
        Ok(mut file) => write(&mut file).map_err(failed)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(&path)?,
        Err(error) => return Err(failed(error)),
    };
    Ok((path, Secret::new(text)))
}

/// Makes the folder where it is not there, and keeps it out of version control.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)?;
    fs::write(folder.join(".gitignore"), "*\n")
}

fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}

/// Writes a password of 24 random bytes, so that it is there before anything relies on it.
fn write(file: &mut File) -> std::io::Result<String> {
    let mut bytes = [0_u8; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(file, "{text}")?;
    file.sync_all()?;
    Ok(text)
}

fn read(path: &Path) -> Result<String, SeedError> {
    let unfit = |why: &str| {
        let path = path.display();
        SeedError::refused(format!(
            "{path} {why}: delete it, a new one is made, or set SUPER_ADMIN_PASSWORD"
        ))
    };
    let metadata = fs::symlink_metadata(path).map_err(|_| unfit("cannot be read"))?;
    #[cfg(unix)]
    if !metadata.is_file()
        || std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
    {
        return Err(unfit("is no file that its owner alone may read"));
    }
    let text = fs::read_to_string(path).map_err(|_| unfit("cannot be read"))?;
    let text = text.trim();
    match text.len() >= 12 {
        true => Ok(text.to_owned()),
        false => Err(unfit("was not written to its end")),
    }
}
