//! What reaches a socket: listeners, TLS, the two protocols, and what a sender is told.

pub mod answer;
pub mod body;
pub mod certificate;
pub mod connection;
pub mod grpc;
pub mod http;
pub mod listener;
pub mod replies;
pub mod reply_body;
pub mod server;
pub mod tls;
