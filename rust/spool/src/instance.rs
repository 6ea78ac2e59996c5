//! Who a spool is: the instance whose chain it writes.

use serde::{Deserialize, Serialize};

use crate::chain::Author;
use crate::error::SpoolError;
use crate::place::Place;

const FILE: &str = "instance.json";

/// `instance.json`, written once, after the genesis entry is durable: where it stands, the chain
/// has begun, and where it does not, nothing was ever offered or taken.
#[derive(Debug, Serialize, Deserialize)]
struct Instance {
    instance: String,
    region: String,
    environment: String,
    created_unix_nano: u64,
}

/// The author that the spool was made for, or `None` where it is new.
pub(crate) fn read(
    place: &Place,
    region: &str,
    environment: &str,
) -> Result<Option<Author>, SpoolError> {
    let Some(bytes) = place.read_if_there(&place.root.join(FILE))? else {
        return Ok(None);
    };
    let instance: Instance = serde_json::from_slice(&bytes)
        .map_err(|_| SpoolError::damaged(FILE, "is not an instance's description"))?;
    if instance.region != region {
        return Err(SpoolError::Foreign { key: "region" });
    }
    if instance.environment != environment {
        return Err(SpoolError::Foreign { key: "environment" });
    }
    Ok(Some(Author {
        instance: instance.instance,
        region: instance.region,
        environment: instance.environment,
    }))
}

/// Note the author whose chain has begun.
pub(crate) fn write(place: &Place, author: &Author, now_ns: u64) -> Result<(), SpoolError> {
    let instance = Instance {
        instance: author.instance.clone(),
        region: author.region.clone(),
        environment: author.environment.clone(),
        created_unix_nano: now_ns,
    };
    let bytes = serde_json::to_vec(&instance).expect("an instance is plain text and numbers");
    let draft = place.root.join("instance.tmp");
    place.write_new(&draft, &bytes)?;
    place.rename(&draft, &place.root.join(FILE))?;
    place
        .fs
        .sync_dir(&place.root)
        .map_err(SpoolError::io("sync spool"))
}
