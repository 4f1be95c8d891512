//! A global allocator that counts, for `rust_memstats_*`.

#![expect(unsafe_code, reason = "the trait of global allocators is unsafe")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, AtomicUsize};

/// The system's allocator with counters.
///
/// A program opts in with one line:
///
/// ```
/// use exporter_workbook::collectors::CountingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator;
/// ```
///
/// [`RuntimeCollector`] then exports the counts; without it those metrics are absent.
///
/// [`RuntimeCollector`]: super::RuntimeCollector
#[derive(Debug)]
pub struct CountingAllocator;

/// The allocations and deallocations since the process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub mallocs: u64,
    pub frees: u64,
    pub allocated_bytes: u64,
    pub freed_bytes: u64,
}

/// The counts of some threads. Aligned to its own cache lines, so that threads of
/// different shards don't slow each other down.
#[repr(align(128))]
struct Shard {
    mallocs: AtomicU64,
    frees: AtomicU64,
    allocated_bytes: AtomicU64,
    freed_bytes: AtomicU64,
}

const SHARDS: usize = 32;

static COUNTS: [Shard; SHARDS] = [const {
    Shard {
        mallocs: AtomicU64::new(0),
        frees: AtomicU64::new(0),
        allocated_bytes: AtomicU64::new(0),
        freed_bytes: AtomicU64::new(0),
    }
}; SHARDS];

impl Shard {
    fn malloc(&self, bytes: usize) {
        self.mallocs.fetch_add(1, Relaxed);
        self.allocated_bytes.fetch_add(bytes as u64, Relaxed);
    }

    fn free(&self, bytes: usize) {
        self.frees.fetch_add(1, Release);
        self.freed_bytes.fetch_add(bytes as u64, Release);
    }

    /// Returns this thread's shard. A thread-local, because an allocator can't tell
    /// threads apart in any other way without allocating. It has no destructor, which
    /// could run before the thread's last allocation.
    fn mine() -> &'static Shard {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        const UNSET: usize = usize::MAX;
        thread_local!(static MINE: Cell<usize> = const { Cell::new(UNSET) });
        MINE.with(|mine| {
            if mine.get() == UNSET {
                mine.set(NEXT.fetch_add(1, Relaxed) % SHARDS);
            }
            &COUNTS[mine.get()]
        })
    }
}

/// Returns the counts of all threads, or `None` in a program without
/// [`CountingAllocator`].
pub fn counts() -> Option<Counts> {
    let mut counts = Counts::default();
    // The count of frees is read first and publishes the allocations before it, so that
    // a block allocated and freed meanwhile never shows as freed but not allocated.
    for shard in &COUNTS {
        counts.frees += shard.frees.load(Acquire);
        counts.freed_bytes += shard.freed_bytes.load(Acquire);
    }
    for shard in &COUNTS {
        counts.mallocs += shard.mallocs.load(Relaxed);
        counts.allocated_bytes += shard.allocated_bytes.load(Relaxed);
    }
    // A Rust program allocates before `main`.
    (counts.mallocs > 0).then_some(counts)
}

// SAFETY: every call is forwarded to `System` with its arguments.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds the contract of `alloc`.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            Shard::mine().malloc(layout.size());
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds the contract of `alloc_zeroed`.
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            Shard::mine().malloc(layout.size());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Shard::mine().free(layout.size());
        // SAFETY: the caller upholds the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) };
    }

    /// Counts as one block freed and one allocated.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller upholds the contract of `realloc`.
        let moved = unsafe { System.realloc(block, layout, size) };
        if !moved.is_null() {
            let shard = Shard::mine();
            shard.malloc(size);
            shard.free(layout.size());
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static ALLOCATOR: CountingAllocator = CountingAllocator;

    /// Runs `work` and returns what it added. Other tests allocate meanwhile, so each
    /// count is a lower bound.
    fn added(work: impl FnOnce()) -> Counts {
        let before = counts().unwrap();
        work();
        let after = counts().unwrap();
        Counts {
            mallocs: after.mallocs - before.mallocs,
            frees: after.frees - before.frees,
            allocated_bytes: after.allocated_bytes - before.allocated_bytes,
            freed_bytes: after.freed_bytes - before.freed_bytes,
        }
    }

    const MIB: usize = 1 << 20;

    #[test]
    fn a_block_is_counted_when_it_comes_and_when_it_goes() {
        let mut block = Vec::new();
        let came = added(|| block = vec![1_u8; 64 * MIB]);
        assert!(came.mallocs >= 1 && came.allocated_bytes >= 64 * MIB as u64);
        let went = added(|| drop(block));
        assert!(went.frees >= 1 && went.freed_bytes >= 64 * MIB as u64);
    }

    #[test]
    fn a_block_that_grows_is_freed_at_its_old_size_and_allocated_at_its_new() {
        let mut block: Vec<u8> = Vec::with_capacity(64 * MIB);
        let grew = added(|| block.reserve_exact(96 * MIB));
        assert!(grew.allocated_bytes >= 96 * MIB as u64);
        assert!(grew.freed_bytes >= 64 * MIB as u64);
    }

    #[test]
    fn blocks_freed_on_another_thread_add_up() {
        let counted = added(|| {
            let block = vec![0_u8; 64 * MIB];
            std::thread::spawn(move || drop(block)).join().unwrap();
        });
        assert!(counted.allocated_bytes >= 64 * MIB as u64);
        assert!(counted.freed_bytes >= 64 * MIB as u64);
    }
}
