//! Sends requests to a running program, more than once: again as other clients
//! do, several times in parallel, and to other paths in between. A program that is right
//! only for the first request is not right.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::course::{Lesson, PageKind, Step, Wanted};
use crate::finding::Finding;
use crate::guessed::{is_secret, neighbours, queries};
use crate::html;
use crate::messages as m;
use crate::scrape::{Answer, Client, Request, line, scrape};
use crate::wanted::name_of;
use crate::words::say;

/// The time limit for a response of a lesson's program.
pub const SLOW: Duration = Duration::from_secs(3);

/// The number of parallel scrapes. With a step's other scrapes there are seven, so a
/// cache that is renewed every second or third scrape is stale at the first scrape of a
/// later step.
const AT_ONCE: u32 = 3;

/// What a browser requests from any server.
const ELSEWHERE: &str = "/favicon.ico";

/// The maximum number of characters that are shown of a header's value.
const WIDEST: usize = 60;

/// The maximum number of links that are followed on a page.
const LINKS: usize = 10;

/// A request and its result.
pub struct Asked {
    /// The path, after another method than GET; or the file of a program that has ended.
    pub path: String,
    pub part: Part,
    /// When or how it was sent, as a note for a finding; empty for the first request.
    pub how: String,
    /// Whether it was sent in parallel with others, so that none came first.
    pub at_once: bool,
    pub answer: Result<Answer, Finding>,
}

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What the step requests: all checks apply.
    Asked,
    /// Another path in between, or the same path with a query.
    Aside,
    /// Another path, which the landing page links to.
    Linked,
    /// A scrape in parallel with the step's requests.
    Meanwhile,
}

impl Asked {
    /// Whether it was sent to another run of the program.
    pub fn is_other_start(&self) -> bool {
        self.how == say(m::AFTER_ANOTHER_START, [])
    }

    /// Whether there was no response in time, so further requests would only take long.
    fn is_stuck(&self) -> bool {
        match &self.answer {
            Ok(answer) => answer.took > SLOW,
            Err(_) => true,
        }
    }
}

/// Sends the requests of `step` to `address`.
pub fn ask(lesson: &Lesson, step: &Step, address: SocketAddr) -> Vec<Asked> {
    let mut asking = Asking {
        address,
        client: match step.as_curl {
            true => Client::Curl,
            false => Client::Prometheus,
        },
        step,
        asked: Vec::new(),
    };
    match step.times {
        Some(times) => asking.so_often(step, times),
        None => asking.in_several_ways(lesson, step),
    }
    asking.asked
}

/// Waits until a program serves: it may listen before it has finished its startup.
pub fn until_it_serves(address: SocketAddr) {
    let request = Request {
        method: "GET",
        path: ELSEWHERE,
        headers: &[],
        client: Client::Curl,
    };
    let _ = scrape(address, &request);
}

/// Sends one request to another run of the program.
pub fn ask_once(step: &Step, address: SocketAddr) -> Asked {
    let how = say(m::AFTER_ANOTHER_START, []);
    let asking = (step, Part::Asked, Client::Prometheus);
    one(address, &step.get, asking, &how, 1)
}

struct Asking<'a> {
    address: SocketAddr,
    /// For requests whose number counts.
    client: Client,
    step: &'a Step,
    asked: Vec<Asked>,
}

impl Asking<'_> {
    fn in_several_ways(&mut self, lesson: &Lesson, step: &Step) {
        let again = [
            (String::new(), Client::Prometheus),
            (say(m::ASKED_AGAIN, []), Client::Prometheus),
        ];
        for (how, client) in again {
            self.ask(&step.get, Part::Asked, &how, client);
        }
        if step.page == PageKind::Metrics {
            self.asides(lesson, step);
        }
        let plain = say(m::ASKED_AS_CURL, []);
        self.ask(&step.get, Part::Asked, &plain, Client::Curl);
        if !self.is_stuck() {
            self.at_once(&step.get, AT_ONCE, AT_ONCE);
        }
        let more = say(m::ASKED_ONCE_MORE, []);
        self.ask(&step.get, Part::Asked, &more, Client::Prometheus);
    }

    /// Whether the last response never ended, so that no more requests are sent.
    fn is_stuck(&self) -> bool {
        self.asked.last().is_some_and(Asked::is_stuck)
    }

    fn ask(&mut self, path: &str, part: Part, how: &str, client: Client) {
        if !self.is_stuck() {
            let asking = (self.step, part, client);
            self.asked.push(one(self.address, path, asking, how, 1));
        }
    }

    /// Requests the lesson's other paths, one that doesn't exist, the families that must
    /// not be here, and whatever the landing page links to.
    fn asides(&mut self, lesson: &Lesson, step: &Step) {
        for path in aside_paths(lesson, step) {
            self.ask(&path, Part::Aside, "", Client::Prometheus);
        }
        if step.judge.iter().any(is_secret) {
            let how = say(m::ASKED_THROUGH_PROXY, []);
            self.ask(&step.get, Part::Aside, &how, Client::Proxied);
        }
        self.ask("/", Part::Aside, "", Client::Curl);
        let host = self.address.to_string();
        let links = match self.asked.last().map(|last| &last.answer) {
            Some(Ok(page)) if is_html(page) => html::links(&host, "/", &page.text()),
            _ => Vec::new(),
        };
        // Links are not followed when the number of requests counts.
        let counts = |link: &String| {
            let mut steps = lesson.text.step.iter();
            steps.any(|all| all.get == *link && all.times.is_some())
        };
        let links = links.into_iter();
        let links = links.filter(|link| *link != step.get && !counts(link));
        for link in links.take(LINKS) {
            self.ask(&link, Part::Linked, "", Client::Curl);
        }
    }

    fn so_often(&mut self, step: &Step, times: u32) {
        if step.at_once > 1 {
            match &step.meanwhile {
                Some(path) => self.with_scrapes(step, times, path),
                None => self.at_once(&step.get, times, step.at_once),
            }
            return;
        }
        for time in 1..=times {
            let how = match time {
                1 if step.as_curl => say(m::ASKED_AS_CURL, []),
                1 => String::new(),
                time => say(m::ASKED_NTH_TIME, [&time]),
            };
            if !self.is_stuck() {
                let asking = (step, Part::Asked, self.client);
                self.asked
                    .push(one(self.address, &step.get, asking, &how, time));
            }
        }
    }

    fn with_scrapes(&mut self, step: &Step, times: u32, path: &str) {
        self.ask(path, Part::Meanwhile, "", Client::Prometheus);
        let address = self.address;
        let is_over = AtomicBool::new(false);
        let scrapes = thread::scope(|scope| {
            let scraping = scope.spawn(|| {
                let how = say(m::ASKED_MEANWHILE, [&step.get]);
                let mut scrapes = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let asking = (step, Part::Meanwhile, Client::Prometheus);
                    let asked = one(address, path, asking, &how, 1);
                    let is_stuck = asked.is_stuck();
                    scrapes.push(asked);
                    if is_stuck {
                        break;
                    }
                }
                scrapes
            });
            self.at_once(&step.get, times, step.at_once);
            is_over.store(true, Ordering::Relaxed);
            scraping.join().unwrap_or_default()
        });
        self.asked.extend(scrapes);
    }

    /// Sends `times` requests, some of them in parallel, until one is stuck.
    fn at_once(&mut self, path: &str, times: u32, threads: u32) {
        let how = say(m::ASKED_AT_ONCE, [&threads]);
        let (address, asking) = (self.address, (self.step, Part::Asked, self.client));
        let sent = AtomicU32::new(0);
        let ask = || {
            let number = sent.fetch_add(1, Ordering::Relaxed) + 1;
            let one = one(address, path, asking, &how, number);
            let at_once = threads > 1;
            Asked { at_once, ..one }
        };
        let asked = in_threads(times, threads, ask, Asked::is_stuck);
        self.asked.extend(asked);
    }
}

/// The results of so many calls of `call` in so many threads. After one that is the last,
/// no further call begins.
pub fn in_threads<T: Send>(
    calls: u32,
    threads: u32,
    call: impl Fn() -> T + Sync,
    is_last: impl Fn(&T) -> bool + Sync,
) -> Vec<T> {
    let left = AtomicU32::new(calls);
    let less = |left: u32| left.checked_sub(1);
    let order = Ordering::Relaxed;
    let calling = || {
        let mut results = Vec::new();
        while left.fetch_update(order, order, less).is_ok() {
            let result = call();
            if is_last(&result) {
                left.store(0, order);
            }
            results.push(result);
        }
        results
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(calling)).collect();
        let results = threads.into_iter().map(|thread| thread.join());
        results.flat_map(Result::unwrap_or_default).collect()
    })
}

/// Sends the `number`th request of a step.
fn one(
    address: SocketAddr,
    path: &str,
    (step, part, client): (&Step, Part, Client),
    how: &str,
    number: u32,
) -> Asked {
    let numbered = |text: &str| match step.times {
        Some(_) => text.replace("{}", &number.to_string()),
        None => text.to_owned(),
    };
    let method = match part {
        Part::Asked => numbered(&step.method),
        _ => "GET".to_owned(),
    };
    let path = numbered(path);
    let request = Request {
        method: &method,
        path: &path,
        headers: &step.headers,
        client,
    };
    let answer = scrape(address, &request);
    Asked {
        path: line(&method, &path),
        part,
        how: with_headers(how, &step.headers),
        at_once: false,
        answer,
    }
}

/// The note with the headers of the step.
fn with_headers(how: &str, headers: &[(String, String)]) -> String {
    let cut = |value: &str| match value.char_indices().nth(WIDEST) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    };
    let shown = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", cut(value)));
    let shown = shown.map(|header| say(m::ASKED_WITH, [&header]));
    let how = (!how.is_empty()).then(|| how.to_owned());
    let all: Vec<String> = how.into_iter().chain(shown).collect();
    all.join(&say(m::COMMA, []))
}

/// `path` with one more parameter.
pub fn with_query(path: &str, parameter: &str) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}{parameter}")
}

/// The other paths that are requested during `step`.
fn aside_paths(lesson: &Lesson, step: &Step) -> Vec<String> {
    let steps = lesson.text.step.iter();
    let is_asked = |other: &&Step| other.times.is_none() && !other.ends;
    let others = steps.filter(|other| is_asked(other) && other.get != step.get);
    let mut paths: Vec<String> =
        others.clone().map(|other| other.get.clone()).collect();
    paths.push(ELSEWHERE.to_owned());
    for judge in others.flat_map(|other| &other.judge) {
        if let Wanted::Sample(samples) = &judge.wanted {
            let name = name_of(&samples.sample);
            paths.push(with_query(&step.get, &format!("name[]={name}")));
        }
    }
    if step.judge.iter().any(is_secret) {
        let all = lesson.text.step.iter().map(|all| all.get.as_str());
        let near = all.clone().flat_map(neighbours);
        paths.extend(near.filter(|path| *path != step.get));
        paths.extend(queries(&step.get, all));
    }
    paths.sort();
    paths.dedup();
    paths.retain(|path| path != "/");
    paths
}

/// Whether a browser renders it as a page: without a type it looks at the text.
pub fn is_html(answer: &Answer) -> bool {
    let kind = answer.content_type.as_deref().map(str::to_lowercase);
    let text = || answer.text().trim_start().starts_with('<');
    match kind
        .as_deref()
        .map(|kind| kind.split(';').next().unwrap_or_default().trim())
    {
        Some(kind) => ["text/html", "application/xhtml+xml"].contains(&kind),
        None => text(),
    }
}
