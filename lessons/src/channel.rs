//! The connection between the runner and a guard: the guard's standard input.
//!
//! The runner never writes to it. When it closes, the guard knows that the runner has let
//! go or has ended. On Unix it is a socket, on which the guard reports what it sees, one
//! line each.

use std::io;
use std::process::{Child, Command};

#[cfg(not(unix))]
pub use elsewhere::{End, tell};
#[cfg(unix)]
pub use unix::{End, tell};

/// The start of the line with the command's process id.
pub const STARTED: &str = "started ";

/// Starts a guard, with the runner's end of the channel.
pub fn spawn(guard: Command) -> io::Result<(Child, End)> {
    End::spawn(guard)
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Read, Write};
    use std::net::Shutdown;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::net::UnixStream;
    use std::process::{Child, Command, Stdio};

    /// The runner's end.
    pub struct End {
        socket: UnixStream,
        heard: Vec<u8>,
    }

    impl End {
        pub fn spawn(mut guard: Command) -> io::Result<(Child, End)> {
            let (socket, input) = UnixStream::pair()?;
            socket.set_nonblocking(true)?;
            guard.stdin(Stdio::from(OwnedFd::from(input)));
            let heard = Vec::new();
            Ok((guard.spawn()?, End { socket, heard }))
        }

        pub fn hang_up(&mut self) {
            let _ = self.socket.shutdown(Shutdown::Write);
        }

        /// Everything the guard has reported so far.
        pub fn heard(&mut self) -> String {
            // Fails with an error when there is no more data yet, or ever.
            let _ = self.socket.read_to_end(&mut self.heard);
            String::from_utf8_lossy(&self.heard).into_owned()
        }
    }

    /// Sends the runner a line. If the runner has ended, nobody needs it.
    pub fn tell(line: &str) {
        let input = io::stdin().as_fd().try_clone_to_owned();
        if let Ok(input) = input {
            let _ = UnixStream::from(input).write_all(format!("{line}\n").as_bytes());
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;
    use std::process::{Child, ChildStdin, Command, Stdio};

    /// The runner's end.
    pub struct End(Option<ChildStdin>);

    impl End {
        pub fn spawn(mut guard: Command) -> io::Result<(Child, End)> {
            let mut guard = guard.stdin(Stdio::piped()).spawn()?;
            let end = End(guard.stdin.take());
            Ok((guard, end))
        }

        pub fn hang_up(&mut self) {
            self.0 = None;
        }

        /// Nothing: this is a pipe.
        pub fn heard(&mut self) -> String {
            String::new()
        }
    }

    /// Does nothing: nobody reads it.
    pub fn tell(_line: &str) {}
}
