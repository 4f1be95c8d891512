//! Whether a program leaks memory, threads or descriptors.

use std::thread;
use std::time::{Duration, Instant};

use crate::course::{Judge, Resource};
use crate::messages as m;
use crate::processes::Usage;
use crate::program::Running;
use crate::wanted::{Found, fails};
use crate::words::say;

/// How long a request's resources may take to be freed.
const SETTLES: Duration = Duration::from_secs(1);

/// How much a program that leaks nothing may differ: allocators keep some memory per
/// thread, and a connection that was just closed still has a thread and a descriptor.
const MEMORY: u64 = 16 * 1024 * 1024;
const OTHERS: u64 = 8;

/// Checks that it uses no more than `before` and `slack`, after `requests` more requests.
/// A thread pool may have grown to the number of requests made `at_once`.
///
/// # Errors
///
/// Returns the resource that has grown.
pub fn of_steady(
    judge: &Judge,
    running: &Running,
    before: Option<Usage>,
    (resources, slack): (&[Resource], Option<u64>),
    (requests, at_once): (usize, u32),
) -> Found {
    let Some(before) = before else {
        return Ok(());
    };
    let began = Instant::now();
    loop {
        let Some(now) = running.usage() else {
            return Ok(());
        };
        let grown = resources
            .iter()
            .find(|all| grows(**all, &before, &now, (at_once, slack)));
        let Some(resource) = grown else { return Ok(()) };
        if began.elapsed() > SETTLES {
            return says(judge, *resource, &before, &now, requests);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn amount(resource: Resource, usage: &Usage) -> u64 {
    match resource {
        Resource::Memory => usage.memory,
        Resource::PeakMemory => usage.peak,
        Resource::Threads => usage.threads,
        Resource::Descriptors => usage.descriptors,
    }
}

fn grows(
    resource: Resource,
    before: &Usage,
    now: &Usage,
    (at_once, slack): (u32, Option<u64>),
) -> bool {
    let usual = match resource {
        Resource::Memory | Resource::PeakMemory => MEMORY,
        Resource::Threads => OTHERS + u64::from(at_once),
        Resource::Descriptors => OTHERS,
    };
    let slack = slack.unwrap_or(usual);
    amount(resource, now) > amount(resource, before) + slack
}

fn says(
    judge: &Judge,
    resource: Resource,
    before: &Usage,
    now: &Usage,
    requests: usize,
) -> Found {
    let (before, now) = (amount(resource, before), amount(resource, now));
    let text = |count: u64| match resource {
        Resource::Memory | Resource::PeakMemory => {
            say(m::MIB_MEMORY, [&(count / (1024 * 1024))])
        }
        Resource::Threads => say(m::THREADS, [&count]),
        Resource::Descriptors => say(m::OPEN_DESCRIPTORS, [&count]),
    };
    let seen = say(
        m::GREW_OVER_REQUESTS,
        [&text(before), &text(now), &requests],
    );
    let expected = say(m::SAME_AFTER_REQUESTS, [&text(before), &requests]);
    fails(judge, &seen, &expected)
}
