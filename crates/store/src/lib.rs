//! Run folders: tables as Parquet parts, a manifest, and what is still missing.
//!
//! A run is split into chunks that are named and keyed by the hash of what they are made from.
//! Each chunk becomes one Parquet part, written under a temporary name and renamed, so that a
//! part is either whole or absent. The manifest says which run the folder belongs to; opening
//! the folder again for the same run continues it, for another run is refused.
//!
//! This crate does not know what a study, a patient or a model is: it stores tables, texts and
//! the names of settings. It reads no clock except for the manifest's `created`.

mod atomic;
mod error;
mod hash;
mod manifest;
mod parquet;
mod run_folder;
mod table;

pub use crate::{
    atomic::write_text,
    error::{Difference, StoreError},
    hash::content_hash,
    manifest::{Chunk, Manifest, State},
    parquet::{read_parquet, write_parquet},
    run_folder::RunFolder,
    table::{Column, Table, Values, write_csv},
};
