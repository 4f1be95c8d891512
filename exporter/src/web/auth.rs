//! Basic authentication by users with bcrypt hashes.
//!
//! A hash takes tens of milliseconds on purpose, so what a password gave is remembered,
//! and few are checked at once: whoever guesses passwords waits, and nobody else does.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// How many passwords are remembered.
const REMEMBERED: usize = 100;

/// How many are checked at once.
const AT_ONCE: usize = 2;

/// How long one more waits for its turn.
const TURN: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Denied,
    /// Too many passwords are being checked.
    Busy,
}

/// The results so far, by user, hash and password: a new hash has no result yet.
#[derive(Default)]
pub struct Passwords {
    state: Mutex<State>,
    free: Condvar,
}

#[derive(Default)]
struct State {
    results: HashMap<(String, String, String), bool>,
    checking: usize,
}

impl Passwords {
    /// Checks the value of a request's header `Authorization`.
    pub fn check(
        &self,
        users: &BTreeMap<String, String>,
        header: Option<&str>,
    ) -> Verdict {
        let Some((user, password)) = header.and_then(credentials) else {
            return Verdict::Denied;
        };
        let is_known = users.contains_key(&user);
        // For a user who doesn't exist, the slowest hash of another one: nobody must be
        // told by the time of the answer.
        let slowest = || users.values().max_by_key(|hash| hash.get(4..6));
        let Some(hash) = users.get(&user).or_else(slowest) else {
            return Verdict::Denied;
        };
        let key = (user, hash.clone(), password);
        let state = self.state();
        if let Some(is_right) = state.results.get(&key) {
            return verdict(*is_right);
        }
        let has_no_turn = |state: &mut State| state.checking >= AT_ONCE;
        let waited = self.free.wait_timeout_while(state, TURN, has_no_turn);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Verdict::Busy;
        }
        state.checking += 1;
        drop(state);
        let is_right = bcrypt::verify(&key.2, hash).unwrap_or(false) && is_known;
        let mut state = self.state();
        state.checking -= 1;
        state.remember(key, is_right);
        self.free.notify_one();
        verdict(is_right)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Wrong passwords make room for others, right ones only if there are too many.
    fn remember(&mut self, key: (String, String, String), is_right: bool) {
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
    use super::*;

    /// Cost 4 is the lowest.
    fn users() -> BTreeMap<String, String> {
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
        let (passwords, users) = (Passwords::default(), users());
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
        assert_eq!(passwords.check(&users(), Some(&old)), Verdict::Allowed);
        let hash = bcrypt::hash("new", 4).unwrap();
        let users = [("metrics".to_owned(), hash)].into();
        assert_eq!(passwords.check(&users, Some(&old)), Verdict::Denied);
        let new = header("metrics", "new");
        assert_eq!(passwords.check(&users, Some(&new)), Verdict::Allowed);
    }

    #[test]
    fn guesses_fill_no_memory_and_forget_no_right_password() {
        let (passwords, users) = (Passwords::default(), users());
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
        let (passwords, users) = (Passwords::default(), users());
        let right = header("metrics", "secret");
        assert_eq!(passwords.check(&users, Some(&right)), Verdict::Allowed);
        passwords.state().checking = AT_ONCE;
        assert_eq!(passwords.check(&users, Some(&right)), Verdict::Allowed);
        let other = header("metrics", "other");
        assert_eq!(passwords.check(&users, Some(&other)), Verdict::Busy);
    }
}
