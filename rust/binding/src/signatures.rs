//! Ed25519 for the heads of the chains. A seed stands in no error and no log.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

#[pyfunction]
pub fn signing_public_key(seed: &[u8]) -> PyResult<Vec<u8>> {
    Ok(key_pair(seed)?.public_key().as_ref().to_vec())
}

#[pyfunction]
pub fn sign(seed: &[u8], message: &[u8]) -> PyResult<Vec<u8>> {
    Ok(key_pair(seed)?.sign(message).as_ref().to_vec())
}

#[pyfunction]
pub fn signature_fits(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(message, signature)
        .is_ok()
}

fn key_pair(seed: &[u8]) -> PyResult<Ed25519KeyPair> {
    // The seed is all that is kept, so that there is no public key to compare it with.
    Ed25519KeyPair::from_seed_unchecked(seed)
        .map_err(|_| PyValueError::new_err("a signing key's seed has 32 bytes"))
}
