//! Basic authentication by users with bcrypt hashes.
//!
//! A hash takes tens of milliseconds on purpose, so what a password gave is remembered,
//! few are checked at once, and few wait for it: an address from which somebody guesses is
//! told to try again later, and no other one waits.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_saphyr::Spanned;

use super::config::at;

/// How many passwords are remembered.
const REMEMBERED: usize = 100;

/// How many are checked at once, each from another address.
const AT_ONCE: usize = 2;

/// How many wait for that from one address, and for how long.
const WAITING: usize = 8;
const TURN: Duration = Duration::from_secs(5);

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
        Ok(parts) if (4..=MAX_COST).contains(&parts.get_cost()) => Ok(()),
        Ok(parts) => Err(format!(
            "the hash of {user:?} has cost {}, not 4 to {MAX_COST}: above, each wrong \
             password would take seconds",
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

/// What a result is about. With a new hash, or as a new user, there is none yet.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    user: String,
    is_known: bool,
    hash: String,
    password: Vec<u8>,
}

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
    /// What is checked, and for whom.
    checking: HashMap<Key, IpAddr>,
    waiting: Vec<IpAddr>,
}

impl Passwords {
    /// Checks the value of a header `Authorization` that came from `client`.
    pub fn check(
        &self,
        users: &Users,
        client: IpAddr,
        header: Option<&str>,
    ) -> Verdict {
        let Some((user, password)) = header.and_then(credentials) else {
            return Verdict::Denied;
        };
        let known = users.get(&user);
        let Some(hash) = known.or_else(|| self.another(users, &user)) else {
            return Verdict::Denied;
        };
        let key = Key {
            is_known: known.is_some(),
            user,
            hash: hash.clone(),
            password,
        };
        let mut state = self.turn(&key, client);
        if let Some(is_right) = state.results.get(&key) {
            return verdict(*is_right);
        }
        if state.is_busy_for(client) {
            return Verdict::Busy;
        }
        state.checking.insert(key.clone(), client);
        drop(state);
        let is_right = bcrypt::verify(&key.password, hash).unwrap_or(false);
        let is_right = is_right && key.is_known;
        let mut state = self.state();
        state.checking.remove(&key);
        state.remember(key, is_right);
        self.is_checked.notify_all();
        verdict(is_right)
    }

    /// Returns a hash for a user who doesn't exist, always the same, so that the time of
    /// the answer doesn't say so.
    fn another<'a>(&self, users: &'a Users, user: &str) -> Option<&'a String> {
        let count = u64::try_from(users.len()).ok().filter(|count| *count > 0)?;
        let number = self.random.hash_one(user) % count;
        users.values().nth(usize::try_from(number).ok()?)
    }

    /// Waits until the password is known or can be checked, but not too long.
    fn turn(&self, key: &Key, client: IpAddr) -> MutexGuard<'_, State> {
        let is_checked = |state: &mut State| state.checking.contains_key(key);
        // Another request has the same password: this ends soon.
        let waited = self.is_checked.wait_while(self.state(), is_checked);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let from_here = state.waiting.iter().filter(|other| **other == client);
        if !state.must_wait(key, client) || from_here.count() >= WAITING {
            return state;
        }
        state.waiting.push(client);
        let must_wait = |state: &mut State| state.must_wait(key, client);
        let waited = self.is_checked.wait_timeout_while(state, TURN, must_wait);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = state.waiting.iter().position(|other| *other == client) {
            state.waiting.swap_remove(place);
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// One address can't have all checks, so that nobody who guesses can keep others
    /// from theirs.
    fn is_busy_for(&self, client: IpAddr) -> bool {
        let mut all = self.checking.values();
        self.checking.len() >= AT_ONCE || all.any(|other| *other == client)
    }

    fn must_wait(&self, key: &Key, client: IpAddr) -> bool {
        !self.results.contains_key(key) && self.is_busy_for(client)
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
fn credentials(header: &str) -> Option<(String, Vec<u8>)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    // Bcrypt looks at no more bytes, and a NUL would end the password there.
    let seen = password.as_bytes().iter().take(72).copied().collect();
    (!password.contains('\0')).then(|| (user.to_owned(), seen))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

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
        let check = |header: &str| passwords.check(&users, HERE, Some(header));
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
        assert_eq!(passwords.check(&users, HERE, None), Verdict::Denied);
    }

    #[test]
    fn a_new_hash_counts_at_once() {
        let passwords = Passwords::default();
        let old = header("metrics", "secret");
        assert_eq!(
            passwords.check(&one_user(), HERE, Some(&old)),
            Verdict::Allowed
        );
        let hash = bcrypt::hash("new", 4).unwrap();
        let users = [("metrics".to_owned(), hash)].into();
        assert_eq!(passwords.check(&users, HERE, Some(&old)), Verdict::Denied);
        let new = header("metrics", "new");
        assert_eq!(passwords.check(&users, HERE, Some(&new)), Verdict::Allowed);
    }

    #[test]
    fn guesses_fill_no_memory_and_forget_no_right_password() {
        let (passwords, users) = (Passwords::default(), one_user());
        let right = header("metrics", "secret");
        assert_eq!(
            passwords.check(&users, HERE, Some(&right)),
            Verdict::Allowed
        );
        for guess in 0..2 * REMEMBERED {
            let guess = header("metrics", &guess.to_string());
            assert_eq!(passwords.check(&users, HERE, Some(&guess)), Verdict::Denied);
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
        assert_eq!(
            passwords.check(&users, HERE, Some(&right)),
            Verdict::Allowed
        );
        let guess = |user: &str| Key {
            user: user.to_owned(),
            is_known: false,
            hash: String::new(),
            password: Vec::new(),
        };
        passwords.state().checking.insert(guess("a"), HERE);
        assert_eq!(
            passwords.check(&users, HERE, Some(&right)),
            Verdict::Allowed
        );
        let other = header("metrics", "other");
        assert_eq!(passwords.check(&users, HERE, Some(&other)), Verdict::Busy);
        // So many wait already that it isn't worth it.
        passwords.state().waiting = vec![HERE; WAITING];
        assert_eq!(passwords.check(&users, HERE, Some(&other)), Verdict::Busy);
        assert_eq!(passwords.state().waiting.len(), WAITING);
        // From elsewhere, it's checked, as long as there is room.
        let elsewhere = "192.0.2.7".parse().unwrap();
        let check = |header| passwords.check(&users, elsewhere, Some(header));
        assert_eq!(check(&other), Verdict::Denied);
        passwords.state().waiting = vec![elsewhere; WAITING];
        passwords.state().checking.insert(guess("b"), elsewhere);
        assert_eq!(check(&header("metrics", "third")), Verdict::Busy);
    }

    #[test]
    fn a_user_who_is_removed_or_added_counts_at_once() {
        let passwords = Passwords::default();
        let hash = bcrypt::hash("secret", 4).unwrap();
        let one = |name: &str| Users::from([(name.to_owned(), hash.clone())]);
        let check = |users: &Users, name: &str| {
            passwords.check(users, HERE, Some(&header(name, "secret")))
        };
        // An unknown user is checked against the only user's hash.
        for _ in 0..2 {
            for (user, other) in [("a", "b"), ("b", "a")] {
                assert_eq!(check(&one(user), user), Verdict::Allowed);
                assert_eq!(check(&one(user), other), Verdict::Denied);
            }
        }
    }

    #[test]
    fn what_bcrypt_does_not_look_at_is_not_another_password() {
        let long = "x".repeat(72);
        let hash = bcrypt::hash(&long, 4).unwrap();
        let users = Users::from([("metrics".to_owned(), hash)]);
        let passwords = Passwords::default();
        for suffix in ["", "a", "b"] {
            let header = header("metrics", &format!("{long}{suffix}"));
            let verdict = passwords.check(&users, HERE, Some(&header));
            assert_eq!(verdict, Verdict::Allowed);
        }
        assert_eq!(passwords.state().results.len(), 1);
        let header = header("metrics", "secret\0");
        let verdict = passwords.check(&one_user(), HERE, Some(&header));
        assert_eq!(verdict, Verdict::Denied);
    }

    #[test]
    fn a_password_that_many_send_at_once_is_checked_once() {
        // Slow enough that all of them arrive meanwhile.
        let hash = bcrypt::hash("secret", 8).unwrap();
        let users: Users = [("metrics".to_owned(), hash)].into();
        let passwords = Passwords::default();
        let right = header("metrics", "secret");
        thread::scope(|scope| {
            let checks = (0..3 * WAITING)
                .map(|_| scope.spawn(|| passwords.check(&users, HERE, Some(&right))));
            for check in checks.collect::<Vec<_>>() {
                assert_eq!(check.join().unwrap(), Verdict::Allowed);
            }
        });
        let state = passwords.state();
        assert!(state.checking.is_empty());
        assert!(state.waiting.is_empty());
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
                "line 1, column 10: the hash of \"metrics\" has cost 15, not 4 to \
                 14: above, \
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
