//! Basic authentication by users with bcrypt hashes.
//!
//! A hash takes tens of milliseconds on purpose, so what a password gave is remembered,
//! few are checked at once, and few wait for it: whoever guesses passwords is told to
//! try again later, and nobody else waits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_saphyr::Spanned;

use super::config::at;

/// How many passwords are remembered.
const REMEMBERED: usize = 100;

/// How many are checked at once.
const AT_ONCE: usize = 2;

/// How many wait for that, and for how long.
const WAITING: usize = 8;
const TURN: Duration = Duration::from_secs(1);

/// The highest cost of a hash, with which a check takes about a second.
const MAX_COST: u32 = 14;

/// The hashes by user.
pub type Users = BTreeMap<String, String>;

/// Returns the users.
///
/// # Errors
///
/// Returns an error if what a user has isn't a hash by bcrypt, or one of a cost above
/// 14.
pub fn users(
    config: &BTreeMap<String, Spanned<Option<String>>>,
) -> Result<Users, String> {
    let mut users = Users::new();
    for (user, hash) in config {
        let text = hash.value.as_deref().unwrap_or_default();
        check_hash(user, text).map_err(|message| at(hash.defined, message))?;
        users.insert(user.clone(), text.to_owned());
    }
    Ok(users)
}

fn check_hash(user: &str, hash: &str) -> Result<(), String> {
    if user.contains(':') {
        return Err(format!(
            "the user {user:?} has a colon, which no client can send"
        ));
    }
    let parts: Result<bcrypt::HashParts, _> = hash.parse();
    match parts {
        Ok(parts) if parts.get_cost() <= MAX_COST => Ok(()),
        Ok(parts) => Err(format!(
            "the hash of {user:?} has cost {}, above {MAX_COST}: each wrong password \
             would take seconds",
            parts.get_cost()
        )),
        Err(_) => Err(format!(
            "the password of {user:?} isn't a bcrypt hash: `htpasswd -nBC 10 {user}` \
             makes one"
        )),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Denied,
    /// Too many passwords are being checked.
    Busy,
}

/// A user, the hash and a password: a new hash has no result yet.
type Key = (String, String, String);

/// The results so far.
#[derive(Default)]
pub struct Passwords {
    state: Mutex<State>,
    is_checked: Condvar,
    random: RandomState,
}

#[derive(Default)]
struct State {
    results: HashMap<Key, bool>,
    checking: HashSet<Key>,
    waiting: usize,
}

impl Passwords {
    /// Checks the value of a request's header `Authorization`.
    pub fn check(&self, users: &Users, header: Option<&str>) -> Verdict {
        let Some((user, password)) = header.and_then(credentials) else {
            return Verdict::Denied;
        };
        let known = users.get(&user);
        let Some(hash) = known.or_else(|| self.another(users, &user)) else {
            return Verdict::Denied;
        };
        let is_known = known.is_some();
        let key = (user, hash.clone(), password);
        let mut state = self.turn(&key);
        if let Some(is_right) = state.results.get(&key) {
            return verdict(*is_right);
        }
        if state.is_busy(&key) {
            return Verdict::Busy;
        }
        state.checking.insert(key.clone());
        drop(state);
        let is_right = bcrypt::verify(&key.2, hash).unwrap_or(false) && is_known;
        let mut state = self.state();
        state.checking.remove(&key);
        state.remember(key, is_right);
        self.is_checked.notify_all();
        verdict(is_right)
    }

    /// Returns a hash for a user who doesn't exist, always the same, so that the time
    /// of the answer doesn't say so.
    fn another<'a>(&self, users: &'a Users, user: &str) -> Option<&'a String> {
        let count = u64::try_from(users.len()).ok().filter(|count| *count > 0)?;
        let number = self.random.hash_one(user) % count;
        users.values().nth(usize::try_from(number).ok()?)
    }

    /// Waits until the password is known or can be checked, but not too long.
    fn turn(&self, key: &Key) -> MutexGuard<'_, State> {
        let mut state = self.state();
        if state.results.contains_key(key)
            || !state.is_busy(key)
            || state.waiting >= WAITING
        {
            return state;
        }
        state.waiting += 1;
        let waited = self.is_checked.wait_timeout_while(state, TURN, |state| {
            !state.results.contains_key(key) && state.is_busy(key)
        });
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_busy(&self, key: &Key) -> bool {
        self.checking.len() >= AT_ONCE || self.checking.contains(key)
    }

    /// Wrong passwords make room for others, right ones only if there are too many.
    fn remember(&mut self, key: Key, is_right: bool) {
        if self.results.len() >= REMEMBERED {
            self.results.retain(|_, is_right| *is_right);
        }
        if self.results.len() >= REMEMBERED {
            self.results.clear();
        }
        self.results.insert(key, is_right);
    }
}

fn verdict(is_right: bool) -> Verdict {
    match is_right {
        true => Verdict::Allowed,
        false => Verdict::Denied,
    }
}

/// Returns the user and the password of `Basic <base64>`.
fn credentials(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Cost 4 is the lowest.
    fn one_user() -> Users {
        let hash = bcrypt::hash("secret", 4).unwrap();
        [("metrics".to_owned(), hash)].into()
    }

    fn header(user: &str, password: &str) -> String {
        format!(
            "Basic {}",
            BASE64_STANDARD.encode(format!("{user}:{password}"))
        )
    }

    #[test]
    fn only_the_right_password_of_a_user_is_allowed() {
        let (passwords, users) = (Passwords::default(), one_user());
        let check = |header: &str| passwords.check(&users, Some(header));
        // The second time from memory.
        for _ in 0..2 {
            assert_eq!(check(&header("metrics", "secret")), Verdict::Allowed);
            for wrong in [
                header("metrics", "Secret"),
                header("metrics", ""),
                header("nobody", "secret"),
                header("", ""),
                "Basic".to_owned(),
                "Basic !".to_owned(),
                "Bearer secret".to_owned(),
                format!("Basic {}", BASE64_STANDARD.encode("metrics")),
                format!("Basic {}", BASE64_STANDARD.encode(b"metrics:\xff")),
            ] {
                assert_eq!(check(&wrong), Verdict::Denied, "{wrong}");
            }
        }
        assert_eq!(passwords.check(&users, None), Verdict::Denied);
    }

    #[test]
    fn a_new_hash_counts_at_once() {
        let passwords = Passwords::default();
        let old = header("metrics", "secret");
        assert_eq!(passwords.check(&one_user(), Some(&old)), Verdict::Allowed);
        let hash = bcrypt::hash("new", 4).unwrap();
        let users = [("metrics".to_owned(), hash)].into();
        assert_eq!(passwords.check(&users, Some(&old)), Verdict::Denied);
        let new = header("metrics", "new");
        assert_eq!(passwords.check(&users, Some(&new)), Verdict::Allowed);
    }

    #[test]
    fn guesses_fill_no_memory_and_forget_no_right_password() {
        let (passwords, users) = (Passwords::default(), one_user());
        let right = header("metrics", "secret");
        assert_eq!(passwords.check(&users, Some(&right)), Verdict::Allowed);
        for guess in 0..2 * REMEMBERED {
            let guess = header("metrics", &guess.to_string());
            assert_eq!(passwords.check(&users, Some(&guess)), Verdict::Denied);
        }
        let state = passwords.state();
        assert!(state.results.len() <= REMEMBERED);
        assert_eq!(
            state.results.values().filter(|is_right| **is_right).count(),
            1
        );
    }

    #[test]
    fn one_that_is_remembered_waits_for_none_that_is_checked() {
        let (passwords, users) = (Passwords::default(), one_user());
        let right = header("metrics", "secret");
        assert_eq!(passwords.check(&users, Some(&right)), Verdict::Allowed);
        for user in ["a", "b"] {
            let key = (user.to_owned(), String::new(), String::new());
            passwords.state().checking.insert(key);
        }
        assert_eq!(passwords.check(&users, Some(&right)), Verdict::Allowed);
        let other = header("metrics", "other");
        assert_eq!(passwords.check(&users, Some(&other)), Verdict::Busy);
        // So many wait already that it isn't worth it.
        passwords.state().waiting = WAITING;
        assert_eq!(passwords.check(&users, Some(&other)), Verdict::Busy);
        assert_eq!(passwords.state().waiting, WAITING);
    }

    #[test]
    fn a_password_that_many_send_at_once_is_checked_once() {
        // Slow enough that all of them arrive meanwhile.
        let hash = bcrypt::hash("secret", 8).unwrap();
        let users: Users = [("metrics".to_owned(), hash)].into();
        let passwords = Passwords::default();
        let right = header("metrics", "secret");
        thread::scope(|scope| {
            let checks = (0..WAITING)
                .map(|_| scope.spawn(|| passwords.check(&users, Some(&right))));
            for check in checks.collect::<Vec<_>>() {
                assert_eq!(check.join().unwrap(), Verdict::Allowed);
            }
        });
        let state = passwords.state();
        assert!(state.checking.is_empty());
        assert_eq!(state.waiting, 0);
    }

    #[test]
    fn an_unknown_user_always_has_the_hash_of_the_same_known_one() {
        let passwords = Passwords::default();
        let users = ["a", "b"].map(|name| (name.to_owned(), name.to_owned()));
        let users = Users::from(users);
        let of = |name: usize| passwords.another(&users, &name.to_string());
        let all: Vec<_> = (0..100).map(of).collect();
        assert_eq!(all, (0..100).map(of).collect::<Vec<_>>());
        for hash in ["a", "b"] {
            assert!(all.contains(&Some(&hash.to_owned())), "{all:?}");
        }
        assert_eq!(passwords.another(&Users::new(), "a"), None);
    }

    #[test]
    fn what_is_no_hash_is_named_with_its_line() {
        let costly = "$2b$15$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
        for (yaml, expected) in [
            (
                "\nmetrics: secret".to_owned(),
                "line 2, column 10: the password of \"metrics\" isn't a bcrypt hash: \
                 `htpasswd -nBC 10 metrics` makes one",
            ),
            (
                "metrics:\n".to_owned(),
                "line 1, column 8: the password of \"metrics\" isn't a bcrypt hash: \
                 `htpasswd -nBC 10 metrics` makes one",
            ),
            (
                format!("metrics: {costly}"),
                "line 1, column 10: the hash of \"metrics\" has cost 15, above 14: \
                 each wrong password would take seconds",
            ),
            (
                format!("'a:b': {costly}"),
                "line 1, column 8: the user \"a:b\" has a colon, which no client can \
                 send",
            ),
        ] {
            let config = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(users(&config).err().unwrap(), expected);
        }
    }
}
