//! What happens to the files of a folder while a program runs, even if nothing of it is
//! left when the program ends. The system records it, so that no moment is too short.
//! Only Linux does that by name.

use std::path::Path;

/// A record of the changes in one folder, from when it is created.
pub struct Changes {
    #[cfg(target_os = "linux")]
    record: std::os::fd::OwnedFd,
}

/// One thing that happened to the file of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub name: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was created, linked or renamed to this name.
    Came,
    /// It was written or truncated while it had this name.
    Written,
    /// It was removed or renamed to another name. A file that another replaces doesn't
    /// count.
    Gone,
}

#[cfg(target_os = "linux")]
impl Changes {
    /// `None` if the system records nothing, or no more for this user.
    pub fn of(folder: &Path) -> Option<Changes> {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        let record = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
        let came = WatchFlags::CREATE | WatchFlags::MOVED_TO;
        let gone = WatchFlags::DELETE | WatchFlags::MOVED_FROM;
        add_watch(&record, folder, came | gone | WatchFlags::MODIFY).ok()?;
        Some(Changes { record })
    }

    /// All changes so far. After some 16,000, the system records no more.
    pub fn so_far(self) -> Vec<Change> {
        use rustix::fs::inotify::{ReadFlags, Reader};
        use std::mem::MaybeUninit;
        let came = ReadFlags::CREATE | ReadFlags::MOVED_TO;
        let gone = ReadFlags::DELETE | ReadFlags::MOVED_FROM;
        let kinds = [
            (came, Kind::Came),
            (ReadFlags::MODIFY, Kind::Written),
            (gone, Kind::Gone),
        ];
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.record, &mut buffer);
        let mut changes = Vec::new();
        while let Ok(event) = reader.next() {
            let is_it =
                |(flags, _): &&(ReadFlags, _)| event.events().intersects(*flags);
            let kind = kinds.iter().find(is_it);
            if let (Some((_, kind)), Some(name)) = (kind, event.file_name()) {
                let name = name.to_string_lossy().into_owned();
                changes.push(Change { name, kind: *kind });
            }
        }
        changes
    }
}

#[cfg(not(target_os = "linux"))]
impl Changes {
    pub fn of(_folder: &Path) -> Option<Changes> {
        None
    }

    pub fn so_far(self) -> Vec<Change> {
        Vec::new()
    }
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, reason = "this is test code")]
mod tests {
    use std::fs;

    use super::*;

    fn changes(act: impl Fn(&Path)) -> Vec<(String, Kind)> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("old"), "1").unwrap();
        let changes = Changes::of(folder.path()).unwrap();
        act(folder.path());
        let all = changes.so_far().into_iter();
        all.map(|all| (all.name, all.kind)).collect()
    }

    fn named(name: &str, kind: Kind) -> (String, Kind) {
        (name.to_owned(), kind)
    }

    #[test]
    fn a_file_that_another_replaces_is_never_gone() {
        let seen = changes(|folder| {
            fs::write(folder.join("new"), "2").unwrap();
            fs::rename(folder.join("new"), folder.join("old")).unwrap();
        });
        let expected = [
            named("new", Kind::Came),
            named("new", Kind::Written),
            named("new", Kind::Gone),
            named("old", Kind::Came),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_file_that_is_removed_first_is_gone() {
        let seen = changes(|folder| {
            fs::remove_file(folder.join("old")).unwrap();
            fs::write(folder.join("old"), "").unwrap();
        });
        assert_eq!(seen, [named("old", Kind::Gone), named("old", Kind::Came)]);
    }

    #[test]
    fn a_file_that_is_emptied_and_filled_again_is_written() {
        let seen = changes(|folder| fs::write(folder.join("old"), "1").unwrap());
        assert_eq!(seen, [named("old", Kind::Written)]);
    }
}
