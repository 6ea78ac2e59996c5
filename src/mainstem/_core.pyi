"""The data plane (Rust): receive, decode, redact, encode, spool; and blobs to Arrow."""
