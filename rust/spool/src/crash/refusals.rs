//! What a sender hears while the disk is full or fails, and that the spool goes on afterwards.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::{Answer, SECOND, World, digest};
use crate::ack::Stored;
use crate::append::Append;
use crate::config::Durability;
use crate::counts::Counts;
use crate::error::Refusal;
use crate::shared::{Shared, lock};
use crate::writer::{Request, Writer};

/// A calm world with `durability` and its first class's committer.
fn calm(durability: Durability) -> (World, Arc<Shared>, Writer) {
    let mut world = World::new(0);
    world.config.durability = durability;
    let (shared, mut writers) = world.open().unwrap();
    let writer = writers.swap_remove(0);
    (world, shared, writer)
}

fn send(writer: &mut Writer, number: usize) -> Answer {
    let (reply, answer) = oneshot::channel();
    let counts = Counts {
        received: 1,
        stored: 1,
        ..Counts::default()
    };
    let append = Append {
        digest: digest(number),
        received_at_ns: 1,
        line: format!("{{\"n\":{number}}}").into_bytes(),
        counts,
        redactions: vec![],
        first_ns: 1,
        last_ns: 1,
    };
    writer.commit(vec![Request {
        append,
        held: vec![],
        reply,
    }]);
    answer
}

fn hear(answer: &mut Answer) -> Option<Result<Stored, Refusal>> {
    answer.try_recv().ok()
}

#[test]
fn a_full_disk_refuses_and_takes_again_when_there_is_space() {
    let (world, shared, mut writer) = calm(Durability::Disk);
    assert_eq!(hear(&mut send(&mut writer, 1)), Some(Ok(Stored::New)));
    world.fs.set_full(true);
    for _ in 0..3 {
        assert_eq!(
            hear(&mut send(&mut writer, 2)),
            Some(Err(Refusal::DiskFull))
        );
    }
    assert!(
        writer.due_in().is_some(),
        "the committer tries again by itself"
    );
    assert!(shared.stats().failing);
    world.fs.set_full(false);
    shared.tick().unwrap();
    assert_eq!(hear(&mut send(&mut writer, 2)), Some(Ok(Stored::New)));
    assert_eq!(hear(&mut send(&mut writer, 1)), Some(Ok(Stored::Duplicate)));
    let stats = shared.stats();
    assert_eq!(
        (stats.failing, stats.classes[0].refused_disk_full),
        (false, 3)
    );
}

#[test]
fn a_spool_opens_on_a_full_disk_and_seals_what_was_open_later() {
    let (mut world, shared, mut writer) = calm(Durability::Disk);
    assert_eq!(hear(&mut send(&mut writer, 1)), Some(Ok(Stored::New)));
    drop((shared, writer));
    world.fs.set_full(true);
    let (shared, mut writers) = world.open().unwrap();
    assert_eq!(
        hear(&mut send(&mut writers[0], 2)),
        Some(Err(Refusal::DiskFull))
    );
    lock(&shared.chain)
        .confirm(0)
        .expect("a confirmation needs no space");
    world.fs.set_full(false);
    shared.tick().unwrap();
    let waiting: Vec<u64> = lock(&shared.chain).waiting.keys().copied().collect();
    assert_eq!(waiting, [1], "the segment that was open");
}

/// A world with an open segment of each class, larger than the entries and lines that stay of it.
fn filling() -> (World, Arc<Shared>, Vec<Writer>) {
    let mut world = World::new(0);
    world.config.durability = Durability::Disk;
    world.config.segment_bytes = 1 << 20;
    let (shared, mut writers) = world.open().unwrap();
    let open = |shared: &Shared| {
        shared
            .stats()
            .classes
            .into_iter()
            .map(|class| class.open_bytes)
    };
    while open(&shared).any(|bytes| bytes < 5_000) {
        world.append(&mut writers);
        world.hear();
    }
    (world, shared, writers)
}

fn acknowledged(world: &World) -> u64 {
    world.sent.iter().map(|sent| sent.acked).sum()
}

#[test]
fn a_disk_full_of_open_segments_seals_uploads_and_takes_again() {
    let (mut world, shared, mut writers) = filling();
    let reserved = shared.stats().reserve_bytes;
    world.fs.set_room(Some(5_000));
    while shared.stats().reserve_bytes > 0 {
        world.append(&mut writers);
        world.hear();
    }
    let before = acknowledged(&world);
    world.append(&mut writers);
    world.hear();
    assert_eq!(acknowledged(&world), before, "the room is for sealing");
    shared.tick().unwrap();
    assert_eq!(shared.stats().reserve_bytes, 0, "nothing was uploaded yet");
    for writer in &mut writers {
        writer.seal().unwrap();
    }
    while !lock(&shared.chain).waiting.is_empty() {
        world.upload(&shared);
    }
    shared.tick().unwrap();
    assert_eq!(shared.stats().reserve_bytes, reserved);
    world.append(&mut writers);
    world.hear();
    assert!(acknowledged(&world) > before);
    drop((shared, writers));
    world.fs.set_room(None);
    world.finish();
}

#[test]
fn a_spool_killed_on_a_disk_full_of_open_segments_seals_them_when_it_opens() {
    let (mut world, shared, writers) = filling();
    drop((shared, writers));
    world.fs.set_room(Some(0));
    let (shared, writers) = world.open().unwrap();
    assert!(lock(&shared.leftovers).is_empty());
    while !lock(&shared.chain).waiting.is_empty() {
        world.upload(&shared);
    }
    shared.tick().unwrap();
    assert!(shared.stats().reserve_bytes > 0);
    drop((shared, writers));
    world.fs.set_room(None);
    world.finish();
}

#[test]
fn a_failed_fsync_closes_the_segment_at_its_last_good_commit() {
    let (world, shared, mut writer) = calm(Durability::Disk);
    assert_eq!(hear(&mut send(&mut writer, 1)), Some(Ok(Stored::New)));
    world.fs.plan(None, 100);
    assert_eq!(hear(&mut send(&mut writer, 2)), Some(Err(Refusal::Storage)));
    world.fs.plan(None, 0);
    assert_eq!(hear(&mut send(&mut writer, 2)), Some(Ok(Stored::New)));
    writer.seal().unwrap();
    let chain = lock(&shared.chain);
    let blobs = chain.waiting.values().filter(|item| item.bytes > 0).count();
    assert_eq!(blobs, 2, "one segment before the failure, one after");
}

#[test]
fn under_store_the_answer_waits_for_the_confirmation_and_a_retry_with_it() {
    let (mut world, shared, mut writer) = calm(Durability::Store);
    let mut first = send(&mut writer, 1);
    let mut again = send(&mut writer, 1);
    assert_eq!((hear(&mut first), hear(&mut again)), (None, None));
    world.clock.advance(SECOND);
    writer.seal_due().unwrap();
    while !lock(&shared.chain).waiting.is_empty() {
        world.upload(&shared);
    }
    assert_eq!(hear(&mut first), Some(Ok(Stored::New)));
    assert_eq!(hear(&mut again), Some(Ok(Stored::Duplicate)));
}

#[test]
fn in_memory_the_answer_needs_no_sync_and_sealing_does() {
    let (world, shared, mut writer) = calm(Durability::Memory);
    assert_eq!(hear(&mut send(&mut writer, 1)), Some(Ok(Stored::New)));
    assert_eq!(shared.stats().classes[0].fsync.count, 0);
    writer.seal().unwrap();
    world.fs.crash();
    let seq = lock(&shared.chain)
        .waiting
        .keys()
        .next_back()
        .copied()
        .unwrap();
    let item = crate::outbox::OutboxItem::read(&shared.place, seq).unwrap();
    assert_eq!(item.payload().unwrap().len() as u64, item.bytes);
    assert_eq!(shared.opened.load(Ordering::Relaxed), 1);
}
