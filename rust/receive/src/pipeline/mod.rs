//! From a request to what the spool keeps of it: its pipelines, their steps, and the ways out.

pub mod gated;
pub mod intake;
pub mod pass;
pub mod samplers;
pub mod steps;
pub mod times;
pub mod ways;
