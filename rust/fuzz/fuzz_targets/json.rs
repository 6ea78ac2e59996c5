//! Any bytes as a request's JSON body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mainstem_fuzz::{Encoding, comes_back, read, signal_and_body};

fuzz_target!(|data: &[u8]| {
    let Some((signal, body)) = signal_and_body(data) else {
        return;
    };
    if let Some(request) = read(Encoding::Json, signal, body) {
        comes_back(&request);
    }
});
