//! The spool on the machine's own file system, from the threads that serve it.

use std::io::IoSlice;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use spool::{
    Append, ClassConfig, Compression, Counts, Durability, FileSystem, OutboxItem, RealFileSystem,
    Refusal, Spool, SpoolConfig, SpoolError, State, Stored,
};

/// A folder of the test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mainstem-spool-{}-{count}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the test's folder can be removed");
    }
}

fn class(name: &str, compression: Compression) -> ClassConfig {
    ClassConfig {
        class: name.into(),
        signal: name.into(),
        container: Some(name.into()),
        exporters: vec![],
        name_format: format!("%Y/%m/%d/{name}_%H_%M_%S.json"),
        timezone: "UTC".into(),
        compression,
        policy: "0011223344556677".into(),
        rules: vec!["email".into(), "ipv4".into()],
    }
}

fn config(folder: &Folder) -> SpoolConfig {
    let classes = vec![
        class("logs", Compression::Zstd),
        class("traces", Compression::Gzip),
        class("metrics", Compression::None),
    ];
    SpoolConfig::new(folder.path().to_owned(), "euc", "test", classes)
}

fn open(config: &SpoolConfig) -> Result<Spool, SpoolError> {
    Spool::open(config.clone(), Arc::new(RealFileSystem))
}

fn append(number: u64) -> Append {
    let mut digest = [0; 16];
    digest[..8].copy_from_slice(&number.to_le_bytes());
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Append {
        digest,
        received_at_ns: u64::try_from(now.as_nanos()).unwrap(),
        line: format!("{{\"number\":{number}}}").into_bytes(),
        counts: Counts {
            received: 2,
            stored: 1,
            dropped: 1,
            ..Counts::default()
        },
        redactions: vec![(1, 3)],
        first_ns: number + 1,
        last_ns: number + 2,
    }
}

/// Take all that waits, as a store would; the lines of the blobs.
fn drain(spool: &Spool) -> (Vec<OutboxItem>, usize) {
    let mut items = Vec::new();
    let mut lines = 0;
    while let Some(item) = spool.next_outbox(Duration::ZERO).unwrap() {
        if item.blob_name.is_some() {
            lines += text(&item).lines().count();
        }
        spool.confirm(item.seq).unwrap();
        items.push(item);
    }
    (items, lines)
}

fn text(item: &OutboxItem) -> String {
    let payload = item.payload().unwrap();
    let name = item.blob_name.as_deref().unwrap();
    let text = match name.rsplit('.').next() {
        Some("zst") => zstd::decode_all(&payload[..]).unwrap(),
        Some("gz") => {
            let mut text = Vec::new();
            let mut reader = flate2::read::MultiGzDecoder::new(&payload[..]);
            std::io::Read::read_to_end(&mut reader, &mut text).unwrap();
            text
        }
        _ => payload,
    };
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn what_is_appended_becomes_a_blob_and_an_entry() {
    let folder = Folder::new();
    let spool = open(&config(&folder)).unwrap();
    for class in 0..3 {
        assert_eq!(spool.append(class, append(1)).await, Ok(Stored::New));
        assert_eq!(spool.append(class, append(2)).await, Ok(Stored::New));
        assert_eq!(spool.append(class, append(1)).await, Ok(Stored::Duplicate));
    }
    spool.seal_all().unwrap();

    let genesis = spool.next_outbox(Duration::ZERO).unwrap().unwrap();
    assert_eq!((genesis.seq, genesis.kind), (0, "genesis"));
    assert!(matches!(
        spool.confirm(1),
        Err(SpoolError::OutOfOrder { seq: 1 })
    ));
    spool.confirm(0).unwrap();
    let mut containers = Vec::new();
    for seq in 1..=3 {
        let item = spool.next_outbox(Duration::ZERO).unwrap().unwrap();
        assert_eq!((item.seq, item.kind), (seq, "segment"));
        assert_eq!(text(&item), "{\"number\":1}\n{\"number\":2}\n");
        assert_eq!(item.lines.as_ref().unwrap().len(), 48);
        let entry: serde_json::Value = serde_json::from_slice(&item.entry).unwrap();
        assert_eq!(entry["counts"]["received"], 6);
        assert_eq!(entry["counts"]["stored"], 2);
        assert_eq!(entry["counts"]["duplicate"], 2);
        assert_eq!(entry["redactions"]["ipv4"], 6);
        assert_eq!(entry["first_time_unix_nano"], "2");
        assert_eq!(entry["last_time_unix_nano"], "4");
        assert_eq!(entry["blob"]["lines"], 2);
        spool.confirm(seq).unwrap();
        spool.confirm(seq).unwrap();
        containers.extend(item.container);
    }
    containers.sort();
    assert_eq!(containers, ["logs", "metrics", "traces"]);
    assert!(
        spool
            .next_outbox(Duration::from_millis(1))
            .unwrap()
            .is_none()
    );
    let stats = spool.stats();
    assert_eq!((stats.outbox_entries, stats.classes[0].duplicates), (0, 1));
    assert_eq!(stats.classes[0].fsync.count, stats.classes[0].commits);
}

#[tokio::test]
async fn a_second_opener_is_refused_and_another_region_too() {
    let folder = Folder::new();
    let spool = open(&config(&folder)).unwrap();
    assert!(matches!(open(&config(&folder)), Err(SpoolError::Held)));
    spool.close().unwrap();
    assert_eq!(spool.append(0, append(1)).await, Err(Refusal::Closed));
    let mut other = config(&folder);
    other.region = "use".into();
    assert!(matches!(
        open(&other),
        Err(SpoolError::Foreign { key: "region" })
    ));
    open(&config(&folder)).unwrap();
}

#[tokio::test]
async fn digests_and_the_chain_outlast_a_restart() {
    let folder = Folder::new();
    let spool = open(&config(&folder)).unwrap();
    spool.append(0, append(1)).await.unwrap();
    spool.seal_all().unwrap();
    let (before, _) = drain(&spool);
    spool.append(0, append(2)).await.unwrap();
    drop(spool);

    let mut config = config(&folder);
    config.classes[0].policy = "8899aabbccddeeff".into();
    let spool = open(&config).unwrap();
    assert_eq!(
        spool.append(0, append(1)).await,
        Ok(Stored::Duplicate),
        "confirmed"
    );
    assert_eq!(
        spool.append(0, append(2)).await,
        Ok(Stored::Duplicate),
        "sealed"
    );
    assert_eq!(spool.append(0, append(3)).await, Ok(Stored::New));
    spool.seal_all().unwrap();
    let (after, _) = drain(&spool);
    let policies: Vec<_> = after
        .iter()
        .map(|item| serde_json::from_slice::<serde_json::Value>(&item.entry).unwrap())
        .map(|entry| entry["policy"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(policies, ["0011223344556677", "8899aabbccddeeff"]);
    assert_eq!((before.len(), after[0].seq), (2, 2));
}

#[tokio::test]
async fn a_listing_shows_how_far_each_segment_has_come() {
    let folder = Folder::new();
    let spool = open(&config(&folder)).unwrap();
    spool.append(0, append(1)).await.unwrap();
    spool.seal_all().unwrap();
    drain(&spool);
    spool.append(0, append(2)).await.unwrap();
    spool.seal_all().unwrap();
    spool.append(2, append(3)).await.unwrap();
    let listed = spool::list(folder.path(), Arc::new(RealFileSystem)).unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|one| (one.state, one.seq, one.class.as_deref(), one.lines))
        .collect();
    assert_eq!(
        listed,
        [
            (State::Confirmed, Some(1), Some("logs"), 1),
            (State::Waiting, Some(2), Some("logs"), 1),
            (State::Open, None, Some("metrics"), 1),
        ]
    );
}

/// Changes one byte of a file.
fn spoil(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn verifying_finds_what_was_changed_and_nothing_else() {
    let folder = Folder::new();
    let spool = open(&config(&folder)).unwrap();
    for number in 0..3 {
        spool.append(2, append(number)).await.unwrap();
        spool.seal_all().unwrap();
    }
    spool.append(0, append(8)).await.unwrap();
    spool.append(0, append(9)).await.unwrap();
    let verify = || spool::verify(folder.path(), Arc::new(RealFileSystem)).unwrap();
    let whole = verify();
    assert_eq!(
        (whole.entries, whole.segments, whole.unfinished_bytes),
        (4, 4, 0)
    );
    assert_eq!(whole.faults, []);

    let outbox = folder.path().join("outbox");
    spoil(&outbox.join("000000000001.seg"), 500);
    spoil(&outbox.join("000000000002.lines"), 20);
    let entry = outbox.join("000000000003.json");
    let text = std::fs::read_to_string(&entry).unwrap();
    let (_, other) = text.split_once("\"previous\":\"").unwrap();
    let text = text.replace(&other[..64], &"0".repeat(64));
    std::fs::write(&entry, text).unwrap();
    let faults = verify().faults;
    let faults: Vec<_> = faults
        .iter()
        .map(|fault| (fault.file.as_str(), fault.reason.as_str()))
        .collect();
    assert_eq!(
        faults,
        [
            ("outbox/000000000001.seg", "has a broken commit"),
            ("outbox/000000000002.lines", "is not what the entry says"),
            (
                "outbox/000000000003.json",
                "does not follow the entry before"
            ),
        ]
    );

    let [open] = &std::fs::read_dir(folder.path().join("open"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect::<Vec<_>>()[..]
    else {
        panic!("one segment is open")
    };
    spoil(open, 20);
    let reason = verify().faults.pop().map(|fault| fault.reason);
    assert_eq!(reason.as_deref(), Some("has a broken header"));
}

#[tokio::test]
async fn a_blob_is_read_in_pieces_and_only_from_its_own_segment() {
    let folder = Folder::new();
    let spool = open(&config(&folder)).unwrap();
    let mut lines = String::new();
    // Large ones are given as they are, small ones are joined.
    for (number, length) in [(0, 100_000), (1, 10), (2, 40_000), (3, 70_000), (4, 10)] {
        let line = char::from(b'a' + number).to_string().repeat(length);
        let request = Append {
            line: line.clone().into_bytes(),
            ..append(number.into())
        };
        spool.append(2, request).await.unwrap();
        lines += &(line + "\n");
    }
    spool.seal_all().unwrap();
    spool.append(2, append(5)).await.unwrap();
    spool.seal_all().unwrap();
    let item = spool.outbox_after(0, Duration::ZERO).unwrap().unwrap();
    let mut pieces = Vec::new();
    item.pieces(|piece| pieces.push(piece.to_vec())).unwrap();
    assert!(pieces.concat() == item.payload().unwrap());
    assert!(pieces.concat() == lines.into_bytes());
    assert_eq!(
        pieces.iter().map(Vec::len).collect::<Vec<_>>(),
        [100_001, 110_013, 11]
    );

    let outbox = folder.path().join("outbox");
    std::fs::copy(
        outbox.join("000000000002.seg"),
        outbox.join("000000000001.seg"),
    )
    .unwrap();
    assert!(matches!(
        item.pieces(|_| ()),
        Err(SpoolError::Damaged { .. })
    ));
}

#[test]
fn any_number_of_pieces_is_appended_whole_and_in_order() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path()).unwrap();
    let path = folder.path().join("file");
    let mut file = RealFileSystem.create_new(&path).unwrap();
    let texts: Vec<String> = (0..3_000).map(|number| "x".repeat(number % 3)).collect();
    let mut pieces: Vec<_> = texts
        .iter()
        .map(|text| IoSlice::new(text.as_bytes()))
        .collect();
    file.append(&mut pieces).unwrap();
    file.append(&mut [IoSlice::new(b""), IoSlice::new(b"y")])
        .unwrap();
    file.append(&mut []).unwrap();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        texts.concat() + "y"
    );
}

#[tokio::test]
async fn under_store_the_answer_follows_the_confirmation() {
    let folder = Folder::new();
    let mut config = config(&folder);
    config.durability = Durability::Store;
    let spool = open(&config).unwrap();
    let mut answer = Box::pin(spool.append(0, append(1)));
    spool.seal_all().unwrap();
    let early = tokio::time::timeout(Duration::from_millis(20), &mut answer).await;
    assert!(early.is_err(), "nothing is confirmed yet");
    drain(&spool);
    assert_eq!(answer.await, Ok(Stored::New));
    let unconfirmed = spool.append(0, append(2));
    spool.close().unwrap();
    assert_eq!(unconfirmed.await, Err(Refusal::Closed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_commit_in_groups() {
    let folder = Folder::new();
    let spool = Arc::new(open(&config(&folder)).unwrap());
    let mut tasks = Vec::new();
    for task in 0..64 {
        let spool = Arc::clone(&spool);
        tasks.push(tokio::spawn(async move {
            for number in 0..20 {
                let stored = spool.append(0, append(task * 1000 + number)).await;
                assert_eq!(stored, Ok(Stored::New));
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let stats = spool.stats().classes[0].clone();
    assert_eq!(stats.lines, 64 * 20);
    assert!(stats.commits <= stats.requests);
    spool.seal_all().unwrap();
    assert_eq!(drain(&spool).1, 64 * 20);
}

/// A request that left no line has its digest in its segment alone, which goes when the store has
/// it: a retry after a restart is counted again, as received and as rejected. There was nothing of
/// it to store, so nothing can be stored twice, and each segment's books balance.
#[tokio::test]
async fn a_request_without_a_line_is_forgotten_with_its_segment_and_never_stored() {
    let folder = Folder::new();
    let rejected = Append {
        line: vec![],
        counts: Counts {
            received: 2,
            rejected: 2,
            ..Counts::default()
        },
        ..append(1)
    };
    let mut books = Counts::default();
    for _ in 0..2 {
        let spool = open(&config(&folder)).unwrap();
        assert_eq!(spool.append(0, rejected.clone()).await, Ok(Stored::New));
        let again = spool.append(0, rejected.clone()).await;
        assert_eq!(again, Ok(Stored::Duplicate));
        assert!(spool.append(0, append(2)).await.is_ok());
        spool.seal_all().unwrap();
        for item in drain(&spool).0 {
            let entry: serde_json::Value = serde_json::from_slice(&item.entry).unwrap();
            if item.kind == "segment" {
                books += serde_json::from_value(entry["counts"].clone()).unwrap();
            }
        }
    }
    let expected = Counts {
        received: 12,
        stored: 1,
        rejected: 4,
        dropped: 1,
        duplicate: 6,
        ..Counts::default()
    };
    assert_eq!(books, expected);
}

/// Its request stays queued, is committed once, and gives its place in the queue back.
#[tokio::test]
async fn a_sender_that_goes_away_is_stored_once_and_holds_no_place_in_the_queue() {
    let folder = Folder::new();
    let spool = open(&config(&folder)).unwrap();
    let large = |number| Append {
        line: vec![b'x'; 24 << 20],
        ..append(number)
    };
    for number in 0..3 {
        // The second of two would not fit in the queue beside the first.
        drop(spool.append(2, large(number)));
        spool.seal_all().unwrap();
        let retry = spool.append(2, large(number)).await;
        assert_eq!(retry, Ok(Stored::Duplicate));
    }
    spool.seal_all().unwrap();
    assert_eq!(drain(&spool).1, 3);
}

#[tokio::test]
async fn room_for_sealing_is_kept_while_the_spool_is_open() {
    let folder = Folder::new();
    let reserve = folder.path().join("reserve");
    let spool = open(&config(&folder)).unwrap();
    let kept = std::fs::metadata(&reserve).unwrap();
    assert_eq!(kept.len(), spool.stats().reserve_bytes);
    let blocks = std::os::unix::fs::MetadataExt::blocks(&kept);
    assert!(blocks * 512 >= kept.len(), "it is no hole");
    spool.append(0, append(1)).await.unwrap();
    spool.close().unwrap();
    assert!(!reserve.exists());
}

#[tokio::test]
async fn a_class_under_another_policy_follows_the_earlier_one_and_knows_its_requests() {
    let folder = Folder::new();
    let spool = open(&config(&folder)).unwrap();
    assert_eq!(spool.append(0, append(1)).await, Ok(Stored::New));
    let mut changed = class("logs", Compression::Zstd);
    changed.policy = "8899aabbccddeeff".into();
    let next = spool.add_class(changed, None).unwrap();
    // What is under way goes on under the earlier policy.
    assert_eq!(spool.append(0, append(2)).await, Ok(Stored::New));
    assert_eq!(spool.append(next, append(2)).await, Ok(Stored::Duplicate));
    assert_eq!(spool.append(next, append(3)).await, Ok(Stored::New));
    spool.retire_class(0);
    let mut policies = Vec::new();
    while policies.is_empty() {
        let item = spool.next_outbox(Duration::from_secs(10)).unwrap().unwrap();
        if item.kind == "segment" {
            assert_eq!(text(&item), "{\"number\":1}\n{\"number\":2}\n");
            policies.push(policy(&item));
        }
        spool.confirm(item.seq).unwrap();
    }
    assert_eq!(spool.append(0, append(4)).await, Err(Refusal::Closed));
    spool.seal_all().unwrap();
    let (items, lines) = drain(&spool);
    assert_eq!(lines, 1);
    policies.extend(items.iter().map(policy));
    assert_eq!(policies, ["0011223344556677", "8899aabbccddeeff"]);
    assert_eq!(spool.stats().classes.len(), 3);
    spool.close().unwrap();
    assert!(
        spool
            .add_class(class("logs", Compression::Zstd), None)
            .is_err()
    );
}

fn policy(item: &OutboxItem) -> String {
    let entry: serde_json::Value = serde_json::from_slice(&item.entry).unwrap();
    entry["policy"].as_str().unwrap_or_default().to_owned()
}
