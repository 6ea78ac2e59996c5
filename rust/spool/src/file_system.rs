//! The few file operations that the spool rests on, so that tests can crash between any two.
//!
//! What is promised after a crash: bytes that `sync_data` returned for, and names of a directory
//! that `sync_dir` returned for. Nothing else: bytes may be torn, and names made, moved or removed
//! since then may or may not have been.

use std::fmt;
use std::fs;
use std::io::{self, IoSlice, Read, Write};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

/// A file open for appending.
pub trait AppendFile: Send {
    /// Write all of the pieces at the end, in their order; the slices are used up. After an error
    /// any part of them may have been written.
    ///
    /// # Errors
    /// As the system reports; `StorageFull` where the disk is full.
    fn append(&mut self, pieces: &mut [IoSlice<'_>]) -> io::Result<()>;

    /// Make all that was appended durable (fdatasync).
    ///
    /// # Errors
    /// As the system reports. The file must not be synced again: the system may have thrown away
    /// the pages that it failed to write, and a second call would say that all is well.
    fn sync_data(&mut self) -> io::Result<()>;
}

/// Held for as long as the spool is open.
pub trait Lock: Send + Sync {}

/// The file system under a spool.
pub trait FileSystem: Send + Sync + fmt::Debug {
    /// Make a directory and its parents durable; well if they exist.
    ///
    /// # Errors
    /// As the system reports.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;

    /// The names in a directory, sorted.
    ///
    /// # Errors
    /// As the system reports.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// A file's bytes.
    ///
    /// # Errors
    /// As the system reports.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// A file to be read from its beginning, piece by piece.
    ///
    /// # Errors
    /// As the system reports.
    fn open(&self, path: &Path) -> io::Result<Box<dyn io::Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.read(path)?)))
    }

    /// Make a new file.
    ///
    /// # Errors
    /// As the system reports; `AlreadyExists` where the name is taken.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;

    /// Make a new file that takes so many bytes of the disk, for its room alone: what it holds is
    /// not said, and it need not outlast a crash.
    ///
    /// # Errors
    /// As the system reports; `StorageFull` where there is not so much room. Then a part of the
    /// file may have been made.
    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<()>;

    /// A file's length in bytes.
    ///
    /// # Errors
    /// As the system reports.
    fn size(&self, path: &Path) -> io::Result<u64>;

    /// Give a file another name, replacing what bears it.
    ///
    /// # Errors
    /// As the system reports.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Remove a file.
    ///
    /// # Errors
    /// As the system reports.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Make the names of a directory durable.
    ///
    /// # Errors
    /// As the system reports.
    fn sync_dir(&self, directory: &Path) -> io::Result<()>;

    /// Lock a file against every other opener; `None` where another holds it.
    ///
    /// # Errors
    /// As the system reports.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>>;

    /// The kind of a file system that may not outlast the container or the machine (`overlay`,
    /// `tmpfs`), or `None` where it lasts or cannot be told.
    fn fleeting(&self, path: &Path) -> Option<&'static str>;
}

/// The machine's own file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFileSystem;

struct RealFile(fs::File);

impl AppendFile for RealFile {
    fn append(&mut self, mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        // Drops the empty ones in front, so that nothing written means that nothing can be.
        IoSlice::advance_slices(&mut pieces, 0);
        while !pieces.is_empty() {
            match self.0.write_vectored(pieces) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => IoSlice::advance_slices(&mut pieces, count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

struct RealLock(#[allow(dead_code, reason = "closing the file unlocks it")] fs::File);

impl Lock for RealLock {}

/// Options for a file that only its owner reads.
fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

impl FileSystem for RealFileSystem {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        if let Some(parent) = parent {
            self.create_dir_all(parent)?;
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.sync_dir(parent.unwrap_or(Path::new(".")))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(directory)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn io::Read + Send>> {
        Ok(Box::new(fs::File::open(path)?))
    }

    fn create_new(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let file = private().append(true).create_new(true).open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn allocate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let mut file = private().write(true).create_new(true).open(path)?;
        match fallocate(&file, FallocateFlags::empty(), 0, bytes) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                // Noise, since a file system that compresses has zeros in no room at all.
                let noise = blake3::Hasher::new().finalize_xof();
                io::copy(&mut noise.take(bytes), &mut file)?;
            }
            result => result?,
        }
        file.sync_all()
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, directory: &Path) -> io::Result<()> {
        fs::File::open(directory)?.sync_all()
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>> {
        let file = private().write(true).create(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(RealLock(file)))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn fleeting(&self, path: &Path) -> Option<&'static str> {
        let path = path.canonicalize().ok()?;
        fleeting_mount(&fs::read_to_string("/proc/mounts").ok()?, &path)
    }
}

/// The kind of the mount that `path` lies on, by the table in `/proc/mounts`, if it is fleeting.
fn fleeting_mount(mounts: &str, path: &Path) -> Option<&'static str> {
    let kind = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let place = fields.next()?.replace("\\040", " ");
            Some((place, fields.next()?))
        })
        .filter(|(place, _)| path.starts_with(place))
        // The longest place is the nearest; of two at one place the later one covers the earlier.
        .max_by_key(|(place, _)| place.len())?
        .1;
    ["overlay", "tmpfs", "ramfs"]
        .into_iter()
        .find(|&fleeting| fleeting == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_decides_whether_files_last() {
        let mounts = "overlay / overlay rw 0 0\n/dev/vdb /data ext4 rw 0 0\n\
                      tmpfs /data/my\\040scratch tmpfs rw 0 0\n";
        let fleeting = |path| fleeting_mount(mounts, Path::new(path));
        assert_eq!(fleeting("/var/spool"), Some("overlay"));
        assert_eq!(fleeting("/data/spool"), None);
        assert_eq!(fleeting("/database"), Some("overlay"));
        assert_eq!(fleeting("/data/my scratch/spool"), Some("tmpfs"));
    }
}
