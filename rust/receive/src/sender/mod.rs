//! Who a request is from, whether that sender may send, and what it is allowed to say.

pub mod addresses;
pub mod claims;
pub mod forwarded;
pub mod guard;
pub mod identity;
pub mod passwords;
pub mod senders;
