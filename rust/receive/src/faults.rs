//! What the process leaves behind when something goes wrong in it: the place, and never the data.

use std::panic::{self, AssertUnwindSafe, catch_unwind};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::listen::replies::Refusal;

/// Lets a panic cost the request that it happened in and nothing else. What the work leaves half
/// done is the request's own and goes with it.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Refusal::Fault))
}

/// Makes panics print their place alone. A panic's message may quote what was being worked on.
pub fn quiet_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location();
        eprintln!(
            "mainstem: a fault in the data plane at {}:{}",
            place.map_or("?", |place| place.file()),
            place.map_or(0, |place| place.line()),
        );
    }));
}

/// Keeps the process's memory, where requests stand unredacted, out of core files.
///
/// A limit alone does not bind a handler that the system pipes cores to.
pub fn forbid_core_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Both can only fail where they would loosen something.
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_fault_of_its_request() {
        quiet_panics();
        let work = || -> Result<(), Refusal> { panic!("what a sender wrote") };
        assert_eq!(guarded(work), Err(Refusal::Fault));
        assert_eq!(guarded(|| Ok(1)), Ok(1));
    }
}
