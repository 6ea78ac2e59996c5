//! A chain with every kind of entry, byte for byte as `tests/records/` has it, which the Python
//! reader is tested on too. `BLESS=1 cargo test -p mainstem-spool golden` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::append::Append;
use crate::config::{ClassConfig, Compression, SpoolConfig};
use crate::counts::Counts;
use crate::delivery::Progress;
use crate::outbox::OutboxItem;
use crate::recover::recover;
use crate::shared::lock;
use crate::simulated::{ManualClock, Simulated};
use crate::writer::{Request, Writer};

/// 2026-11-24T05:58:20Z.
const START: u64 = 1_795_499_900_000_000_000;
const SECOND: u64 = 1_000_000_000;

fn request(number: u8, line: &str, counts: Counts) -> Request {
    Request {
        append: Append {
            digest: [number; 16],
            received_at_ns: START + u64::from(number),
            line: line.as_bytes().to_vec(),
            counts,
            redactions: vec![(0, 2), (1, 1)],
            first_ns: START - SECOND,
            last_ns: START,
        },
        held: vec![],
        reply: oneshot::channel().0,
    }
}

/// The chain's objects by file name: genesis, two segments, one of them forwarded, the hour closed,
/// a heartbeat.
fn chain() -> Vec<(String, Vec<u8>)> {
    let class = ClassConfig {
        class: "logs".into(),
        signal: "logs".into(),
        container: Some("logs".into()),
        exporters: vec!["otlp/central".into()],
        name_format: "%Y/%m/%d/logs_%H_%M_%S.json".into(),
        timezone: "UTC".into(),
        compression: Compression::None,
        policy: "0011223344556677".into(),
        rules: vec!["email".into(), "blocked_values[0]".into()],
    };
    let config = SpoolConfig::new(PathBuf::from("/spool"), "euc", "test", vec![class.clone()]);
    let clock = Arc::new(ManualClock::at(START));
    let fs = Arc::new(Simulated::new(0));
    let opened = recover(
        &config,
        fs,
        Arc::clone(&clock) as _,
        "0123456789abcdef",
        vec![],
    )
    .unwrap();
    let mut writer = Writer::new(Arc::clone(&opened.shared), class, None).unwrap();

    let stored = Counts {
        received: 3,
        stored: 2,
        rejected: 1,
        ..Counts::default()
    };
    let text = "{\"resourceLogs\":[{\"resource\":{}}]}";
    writer.commit(vec![request(1, text, stored), request(1, text, stored)]);
    writer.commit(vec![request(2, text, stored)]);
    writer.seal().unwrap();
    let dropped = Counts {
        received: 4,
        dropped: 4,
        ..Counts::default()
    };
    writer.commit(vec![request(3, "", dropped)]);
    writer.seal().unwrap();
    let progress = Progress {
        lines: 2,
        sent: 3,
        rejected: 1,
        ..Progress::default()
    };
    lock(&opened.shared.chain)
        .finish(1, "otlp/central", progress)
        .unwrap();
    clock.advance(300 * SECOND);
    opened.shared.tick().unwrap();

    let mut files = Vec::new();
    for seq in lock(&opened.shared.chain).waiting.keys() {
        let item = OutboxItem::read(&opened.shared.place, *seq).unwrap();
        files.push((format!("{seq:012}.json"), item.entry));
        files.extend(item.lines.map(|lines| (format!("{seq:012}.lines"), lines)));
    }
    files
}

#[test]
fn the_chain_is_byte_for_byte_the_golden_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/records");
    for (name, bytes) in chain() {
        let path = folder.join(name);
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &bytes).unwrap();
        }
        let golden = fs::read(&path).unwrap();
        assert!(golden == bytes, "{} differs", path.display());
    }
}
