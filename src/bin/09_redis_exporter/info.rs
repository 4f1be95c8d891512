//! The reply to `INFO`: lines such as `connected_clients:5`, under headings such as
//! `# Clients`. Some lines have several numbers: `db0:keys=1,expires=0`.

use std::collections::BTreeMap;

/// The fields of a reply. If one is repeated, the first one counts.
pub struct Info<'a>(Fields<'a>);

/// Numbers by name.
pub struct Numbers<'a>(Fields<'a>);

type Fields<'a> = BTreeMap<&'a str, &'a str>;

impl Info<'_> {
    pub fn parse(reply: &str) -> Info<'_> {
        Info(first(reply.lines().filter_map(|line| line.split_once(':'))))
    }

    /// Returns the numbers that have a line of their own.
    pub fn numbers(&self) -> Numbers<'_> {
        Numbers(self.0.clone())
    }

    /// Returns the numbers of each command, as in `cmdstat_get:calls=1,usec=2`.
    pub fn commands(&self) -> impl Iterator<Item = (&str, Numbers<'_>)> {
        self.0.iter().filter_map(|(field, value)| {
            let command = field.strip_prefix("cmdstat_")?;
            (!command.is_empty()).then(|| (command, Numbers::parse(value)))
        })
    }

    /// Returns the numbers of each database, as in `db0:keys=1,expires=0`.
    pub fn databases(&self) -> impl Iterator<Item = (&str, Numbers<'_>)> {
        self.0.iter().filter_map(|(field, value)| {
            // There are also fields such as `db0_distrib_strings_sizes`.
            let number = field.strip_prefix("db")?;
            let is_one =
                !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            is_one.then(|| (*field, Numbers::parse(value)))
        })
    }
}

impl<'a> Numbers<'a> {
    fn parse(text: &'a str) -> Numbers<'a> {
        let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
        Numbers(first(pairs))
    }

    /// Returns the number `name`, or `None` if this version of Redis doesn't have it or
    /// it isn't a number.
    pub fn get(&self, name: &str) -> Option<f64> {
        let number: f64 = self.0.get(name)?.parse().ok()?;
        number.is_finite().then_some(number)
    }
}

/// Returns the first value of each key.
fn first<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Fields<'a> {
    let mut first = BTreeMap::new();
    for (key, value) in pairs {
        first.entry(key).or_insert(value);
    }
    first
}
