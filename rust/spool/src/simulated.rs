//! A clock that is set, and a file system in memory that keeps, over a crash, only what it promised to keep.
//!
//! A crash tears unsynced bytes by sector (kept, zeroed, or never there), and keeps any subset of
//! the names made, moved or removed since their folder's sync; a rename within a folder is one
//! such change, one between folders two, of which the new name comes first. Bytes whose fsync
//! failed read well and are lost, even if a later fsync of the same file succeeds.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Clock;
use crate::file_system::{AppendFile, FileSystem, Lock};
use crate::shared::lock;

const SECTOR: usize = 64;

/// A clock that the test sets; each look takes a nanosecond.
#[derive(Debug)]
pub(crate) struct ManualClock {
    unix_ns: AtomicU64,
    elapsed_ns: AtomicU64,
}

impl ManualClock {
    pub(crate) fn at(unix_ns: u64) -> Self {
        Self {
            unix_ns: AtomicU64::new(unix_ns),
            elapsed_ns: AtomicU64::new(0),
        }
    }

    pub(crate) fn advance(&self, ns: u64) {
        self.unix_ns.fetch_add(ns, Ordering::Relaxed);
        self.elapsed_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Set the machine's clock back, which stops no time.
    pub(crate) fn set_back(&self, ns: u64) {
        self.unix_ns.fetch_sub(ns, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn unix_ns(&self) -> u64 {
        self.unix_ns.fetch_add(1, Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.elapsed_ns.load(Ordering::Relaxed))
    }
}

/// Random numbers that a seed determines (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[derive(Debug, Default, Clone)]
struct Inode {
    /// What is read.
    content: Vec<u8>,
    /// What a crash keeps for certain.
    durable: Vec<u8>,
    /// Bytes that it takes of the disk beyond its content.
    allocated: usize,
    /// Ranges whose fsync failed.
    lost: Vec<Range<usize>>,
}

impl Inode {
    fn sync(&mut self) {
        self.durable.clone_from(&self.content);
        for range in self.lost.clone() {
            self.durable[range].fill(0);
        }
    }

    fn sync_failed(&mut self) {
        self.lost.push(self.durable.len()..self.content.len());
    }

    fn crash(&mut self, random: &mut Random) {
        let unsynced = self.durable.len()..self.content.len();
        let end = unsynced.start + random.below(unsynced.len() + 1);
        let whole = random.chance(30);
        let mut kept = self.durable.clone();
        kept.extend_from_slice(
            &self.content[unsynced.start..if whole { unsynced.end } else { end }],
        );
        for sector in kept[unsynced.start..].chunks_mut(SECTOR) {
            if !whole && random.chance(30) {
                sector.fill(0);
            }
        }
        self.content.clone_from(&kept);
        self.durable = kept;
        self.lost.clear();
    }
}

#[derive(Debug, Clone)]
enum Change {
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf, usize),
}

impl Change {
    fn folder(&self) -> &Path {
        let (Self::Link(path, _) | Self::Unlink(path) | Self::Rename(path, ..)) = self;
        path.parent().expect("a file lies in a folder")
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Link(path, inode) => {
                names.insert(path.clone(), *inode);
            }
            Self::Unlink(path) => {
                names.remove(path);
            }
            Self::Rename(from, to, inode) => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
        }
    }
}

#[derive(Debug)]
struct State {
    random: Random,
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    pending: Vec<Change>,
    /// Operations until the crash, if one is planned.
    fuse: Option<usize>,
    /// Percentage of operations that fail.
    faults: usize,
    full: bool,
    /// Bytes that all files may take together, if there is a limit.
    capacity: Option<usize>,
    dead: bool,
}

/// The file system; clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Simulated(Arc<Mutex<State>>);

/// What an operation is to do before it returns.
enum Fate {
    Succeed,
    /// Do a part, then fail.
    Fail(Error),
}

impl State {
    /// Count an operation down to the crash, and decide whether it fails.
    fn fate(&mut self, needs_space: bool) -> Fate {
        if self.dead {
            return Fate::Fail(Error::other("crashed"));
        }
        if let Some(fuse) = &mut self.fuse {
            if *fuse == 0 {
                self.dead = true;
                return Fate::Fail(Error::other("crashed"));
            }
            *fuse -= 1;
        }
        if needs_space && self.full {
            return Fate::Fail(ErrorKind::StorageFull.into());
        }
        if self.faults > 0 && self.random.chance(self.faults) {
            return Fate::Fail(Error::other("fault"));
        }
        Fate::Succeed
    }

    /// A change of names that either happens or does not, even where it fails.
    fn change(&mut self, changes: Vec<Change>) -> Result<()> {
        let was_dead = self.dead;
        let fate = self.fate(false);
        let happens = match fate {
            Fate::Succeed => true,
            Fate::Fail(_) => !was_dead && self.dead && self.random.chance(50),
        };
        if happens {
            for change in changes {
                change.apply(&mut self.names);
                self.pending.push(change);
            }
        }
        match fate {
            Fate::Succeed => Ok(()),
            Fate::Fail(error) => Err(error),
        }
    }

    /// No file system loses a file that is moved: one that had a durable name and would have none
    /// has the name that is seen.
    fn keep_moved(&self, names: &mut BTreeMap<PathBuf, usize>) {
        for inode in self.durable_names.values() {
            if !names.values().any(|named| named == inode) {
                let seen = self.names.iter().filter(|(_, seen)| *seen == inode);
                names.extend(seen.map(|(path, inode)| (path.clone(), *inode)));
            }
        }
    }

    /// Bytes that the files take, those without a name left out.
    fn used(&self) -> usize {
        let inodes = self.names.values().map(|inode| &self.inodes[*inode]);
        inodes
            .map(|inode| inode.content.len() + inode.allocated)
            .sum()
    }

    /// Bytes that are free, where that matters.
    fn room(&self) -> usize {
        let room = |capacity: usize| capacity.saturating_sub(self.used());
        self.capacity.map_or(usize::MAX, room)
    }

    fn inode(&self, path: &Path) -> Result<usize> {
        self.names
            .get(path)
            .copied()
            .ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Simulated {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: Random(seed),
            inodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending: Vec::new(),
            fuse: None,
            faults: 0,
            full: false,
            capacity: None,
            dead: false,
        })))
    }

    /// Crash at the operation that follows `fuse` others; of all, let `faults` percent fail.
    pub(crate) fn plan(&self, fuse: Option<usize>, faults: usize) {
        let mut state = lock(&self.0);
        (state.fuse, state.faults) = (fuse, faults);
    }

    pub(crate) fn set_full(&self, full: bool) {
        lock(&self.0).full = full;
    }

    /// Leave so many bytes free, or as many as may come.
    pub(crate) fn set_room(&self, room: Option<usize>) {
        let mut state = lock(&self.0);
        state.capacity = room.map(|room| state.used() + room);
    }

    pub(crate) fn is_dead(&self) -> bool {
        lock(&self.0).dead
    }

    /// End the process; what the system holds stays.
    pub(crate) fn kill(&self) {
        let mut state = lock(&self.0);
        state.dead = false;
        state.full = false;
        state.capacity = None;
        state.fuse = None;
        state.faults = 0;
    }

    /// Lose power: what was not synced is torn.
    pub(crate) fn crash(&self) {
        self.kill();
        let mut guard = lock(&self.0);
        let state = &mut *guard;
        let mut names = state.durable_names.clone();
        let keep = [0, 50, 90, 100][state.random.below(4)];
        for change in std::mem::take(&mut state.pending) {
            if state.random.chance(keep) {
                change.apply(&mut names);
            }
        }
        state.keep_moved(&mut names);
        for inode in &mut state.inodes {
            inode.crash(&mut state.random);
        }
        state.durable_names.clone_from(&names);
        state.names = names;
    }

    /// Flip a random bit of a random file whose name ends so; false if there is none.
    pub(crate) fn flip(&self, suffix: &str) -> bool {
        let mut guard = lock(&self.0);
        let state = &mut *guard;
        let files: Vec<usize> = state
            .names
            .iter()
            .filter(|(path, _)| path.to_string_lossy().ends_with(suffix))
            .map(|(_, inode)| *inode)
            .filter(|inode| !state.inodes[*inode].content.is_empty())
            .collect();
        if files.is_empty() {
            return false;
        }
        let inode = &mut state.inodes[files[state.random.below(files.len())]];
        let bit = state.random.below(inode.content.len() * 8);
        inode.content[bit / 8] ^= 1 << (bit % 8);
        inode.durable.clone_from(&inode.content);
        true
    }
}

struct SimulatedFile {
    state: Arc<Mutex<State>>,
    inode: usize,
}

impl AppendFile for SimulatedFile {
    fn append(&mut self, pieces: &mut [IoSlice<'_>]) -> Result<()> {
        let bytes = pieces
            .iter()
            .map(|piece| &**piece)
            .collect::<Vec<_>>()
            .concat();
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let was_dead = state.dead;
        let room = state.room();
        match state.fate(true) {
            Fate::Succeed if bytes.len() > room => {
                let fits = &bytes[..room];
                state.inodes[self.inode].content.extend_from_slice(fits);
                Err(ErrorKind::StorageFull.into())
            }
            Fate::Succeed => {
                state.inodes[self.inode].content.extend_from_slice(&bytes);
                Ok(())
            }
            Fate::Fail(error) => {
                if !was_dead {
                    let part = state.random.below(bytes.len() + 1);
                    state.inodes[self.inode]
                        .content
                        .extend_from_slice(&bytes[..part]);
                }
                Err(error)
            }
        }
    }

    fn sync_data(&mut self) -> Result<()> {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        let was_dead = state.dead;
        match state.fate(false) {
            Fate::Succeed => {
                state.inodes[self.inode].sync();
                Ok(())
            }
            Fate::Fail(error) => {
                if !was_dead && state.dead && state.random.chance(50) {
                    state.inodes[self.inode].sync();
                } else if !state.dead {
                    state.inodes[self.inode].sync_failed();
                }
                Err(error)
            }
        }
    }
}

struct SimulatedLock;

impl Lock for SimulatedLock {}

impl FileSystem for Simulated {
    fn create_dir_all(&self, _path: &Path) -> Result<()> {
        Ok(())
    }

    fn list(&self, directory: &Path) -> Result<Vec<String>> {
        let state = lock(&self.0);
        let files = state
            .names
            .keys()
            .filter(|path| path.parent() == Some(directory));
        let names = files.filter_map(|path| path.file_name()?.to_str());
        Ok(names.map(str::to_owned).collect())
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let state = lock(&self.0);
        let inode = state.inode(path)?;
        Ok(state.inodes[inode].content.clone())
    }

    fn create_new(&self, path: &Path) -> Result<Box<dyn AppendFile>> {
        let mut state = lock(&self.0);
        if state.names.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        if state.full && !state.dead {
            return Err(ErrorKind::StorageFull.into());
        }
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.change(vec![Change::Link(path.to_owned(), inode)])?;
        Ok(Box::new(SimulatedFile {
            state: Arc::clone(&self.0),
            inode,
        }))
    }

    fn allocate(&self, path: &Path, bytes: u64) -> Result<()> {
        drop(self.create_new(path)?);
        let mut state = lock(&self.0);
        let bytes = usize::try_from(bytes).expect("as on the disk");
        let inode = state.inode(path)?;
        if bytes > state.room() {
            return Err(ErrorKind::StorageFull.into());
        }
        state.inodes[inode].allocated = bytes;
        Ok(())
    }

    fn size(&self, path: &Path) -> Result<u64> {
        let state = lock(&self.0);
        let inode = &state.inodes[state.inode(path)?];
        Ok((inode.content.len() + inode.allocated) as u64)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut state = lock(&self.0);
        let inode = state.inode(from)?;
        state.change(if from.parent() == to.parent() {
            vec![Change::Rename(from.to_owned(), to.to_owned(), inode)]
        } else {
            vec![
                Change::Link(to.to_owned(), inode),
                Change::Unlink(from.to_owned()),
            ]
        })
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let mut state = lock(&self.0);
        state.inode(path)?;
        state.change(vec![Change::Unlink(path.to_owned())])
    }

    fn sync_dir(&self, directory: &Path) -> Result<()> {
        let mut guard = lock(&self.0);
        let state = &mut *guard;
        if let Fate::Fail(error) = state.fate(false) {
            return Err(error);
        }
        let (now, later) = std::mem::take(&mut state.pending)
            .into_iter()
            .partition(|change| change.folder() == directory);
        state.pending = later;
        let mut names = state.durable_names.clone();
        for change in Vec::into_iter(now) {
            change.apply(&mut names);
        }
        state.keep_moved(&mut names);
        state.durable_names = names;
        Ok(())
    }

    fn try_lock(&self, _path: &Path) -> Result<Option<Box<dyn Lock>>> {
        Ok(Some(Box::new(SimulatedLock)))
    }

    fn fleeting(&self, _path: &Path) -> Option<&'static str> {
        None
    }
}
