//! What only the C library tells: every call into it that the collectors make.

#![expect(unsafe_code, reason = "the C library has no safe functions")]

use std::ffi::c_int;

/// Clock ticks a second, the unit of times in `/proc`.
pub fn ticks_per_second() -> Option<f64> {
    sysconf(libc::_SC_CLK_TCK).map(|ticks| ticks as f64)
}

/// Bytes a page, the unit of resident memory in `/proc`.
pub fn page_size() -> Option<u64> {
    sysconf(libc::_SC_PAGESIZE)
}

fn sysconf(name: c_int) -> Option<u64> {
    // SAFETY: takes and returns plain numbers; -1 says that it has no answer.
    u64::try_from(unsafe { libc::sysconf(name) }).ok()
}

/// The CPU time of this process in seconds, user and system together, to the nanosecond
/// where `/proc/self/stat` counts in ticks of 10 ms.
pub fn cpu_seconds() -> Option<f64> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for the answer, and outlives the call.
    let failed =
        unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    (failed == 0).then(|| time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

/// The C library's heap in bytes: obtained from the system, in use by the program, and
/// free but held for its next allocations. Asks glibc 2.33 or newer; `None` elsewhere.
#[cfg(target_env = "gnu")]
pub fn heap() -> Option<[u64; 3]> {
    // Looked up at run time: linked, the program would not start on an older glibc.
    // SAFETY: the name is a C string, and the lookup has no other condition.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"mallinfo2".as_ptr()) };
    if address.is_null() {
        return None;
    }
    // SAFETY: this is the type that mallinfo(3) states for the function of that name.
    let mallinfo2: extern "C" fn() -> libc::mallinfo2 =
        unsafe { std::mem::transmute(address) };
    let info = mallinfo2();
    let mapped = info.hblkhd;
    Some([
        (info.arena + mapped) as u64,
        (info.uordblks + mapped) as u64,
        info.fordblks as u64,
    ])
}

/// No other C library has such a function.
#[cfg(not(target_env = "gnu"))]
pub fn heap() -> Option<[u64; 3]> {
    None
}
