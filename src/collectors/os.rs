//! Every call into the C library that the collectors make.

#![expect(unsafe_code, reason = "the C library has no safe functions")]

use std::ffi::c_int;

use super::proc_files::Unavailable;

/// Converts clock ticks, the unit of times in `/proc`, to seconds.
pub fn ticks_as_seconds(ticks: u64) -> Result<f64, Unavailable> {
    Ok(ticks as f64 / sysconf(libc::_SC_CLK_TCK, "clock ticks a second")? as f64)
}

/// Returns the bytes per page, the unit of resident memory in `/proc`.
pub fn page_size() -> Result<u64, Unavailable> {
    sysconf(libc::_SC_PAGESIZE, "bytes a page")
}

fn sysconf(name: c_int, what: &str) -> Result<u64, Unavailable> {
    // SAFETY: `sysconf` accepts and returns plain numbers; -1 means that it has no
    // value.
    match u64::try_from(unsafe { libc::sysconf(name) }) {
        Ok(answer @ 1..) => Ok(answer),
        _ => Err(Unavailable(format!(
            "the system does not report its {what}"
        ))),
    }
}

/// Returns the CPU time of this process in seconds, user and system together, to the
/// nanosecond; `/proc/self/stat` counts in ticks of 10 ms.
pub fn cpu_seconds() -> Result<f64, Unavailable> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is valid for writes and outlives the call.
    let failed =
        unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    match failed {
        0 => Ok(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9),
        _ => {
            let error = std::io::Error::last_os_error();
            Err(Unavailable(format!("cannot read the CPU clock: {error}")))
        }
    }
}

/// Returns the state of the C library's heap in bytes: obtained from the system, in use
/// by the program, and free but held for later allocations. `None` before glibc 2.33.
#[cfg(target_env = "gnu")]
pub fn heap() -> Option<[u64; 3]> {
    // Looked up at run time: a linked program wouldn't start on an older glibc. SAFETY:
    // the name is a C string, and the lookup has no other condition.
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

/// Returns `None`: no other C library has such a function.
#[cfg(not(target_env = "gnu"))]
pub fn heap() -> Option<[u64; 3]> {
    None
}
