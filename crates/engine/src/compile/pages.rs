//! Memory with machine code: written first, executable after, never both.

#![allow(unsafe_code, reason = "machine code is entered here, and nowhere else")]

use std::sync::Arc;

use memmap2::{Mmap, MmapMut};

/// Machine code of functions that take the addresses of a group's memory, of the constants and of
/// slots that are moved.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    code: Arc<Mmap>,
}

type Function = unsafe extern "sysv64" fn(memory: *mut u8, constants: *const u8, moved: *mut u8);

impl Pages {
    /// Pages that hold this code; none where the system does not allow it.
    pub(crate) fn new(code: &[u8]) -> Option<Pages> {
        let mut pages = MmapMut::map_anon(code.len().max(1)).ok()?;
        pages[..code.len()].copy_from_slice(code);
        Some(Pages { code: Arc::new(pages.make_exec().ok()?) })
    }

    /// Calls the function that starts at `entry`.
    ///
    /// # Safety
    /// At `entry` starts a whole function in this processor's instructions that ends by returning,
    /// keeps to the System V calling convention, reads nothing outside of what the pointers point
    /// to, and writes nothing outside of what `memory` and `moved` point to.
    pub(crate) unsafe fn call(
        &self,
        entry: usize,
        memory: *mut u8,
        constants: *const u8,
        moved: *mut u8,
    ) {
        let start: *const u8 = self.code[entry..].as_ptr();
        // SAFETY: by contract a function of this type starts there; the pages are executable and
        // live as long as `self`.
        unsafe {
            let function = std::mem::transmute::<*const u8, Function>(start);
            function(memory, constants, moved);
        }
    }
}
