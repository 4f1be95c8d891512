//! The reply to `INFO`: lines such as `connected_clients:5`, under headings such as
//! `# Clients`. Some lines have several numbers: `db0:keys=1,expires=0`.

use std::collections::BTreeMap;

/// The fields of a reply.
pub struct Info<'a>(Numbers<'a>);

/// Numbers by name. If one is repeated, the first one counts.
pub struct Numbers<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Info<'a> {
    pub fn parse(reply: &'a str) -> Info<'a> {
        let lines = reply.lines();
        Info(Numbers::first(
            lines.filter_map(|line| line.split_once(':')),
        ))
    }

    /// Returns the numbers that have a line of their own.
    pub fn numbers(&self) -> &Numbers<'a> {
        &self.0
    }

    /// Returns the numbers of each command, as in `cmdstat_get:calls=1,usec=2`.
    pub fn commands(&self) -> impl Iterator<Item = (&str, Numbers<'_>)> {
        self.0.0.iter().filter_map(|(field, value)| {
            let command = field.strip_prefix("cmdstat_")?;
            (!command.is_empty()).then(|| (command, Numbers::parse(value)))
        })
    }

    /// Returns the numbers of each database, as in `db0:keys=1,expires=0`.
    pub fn databases(&self) -> impl Iterator<Item = (&str, Numbers<'_>)> {
        self.0.0.iter().filter_map(|(field, value)| {
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
        let pairs = text.split(',');
        Numbers::first(pairs.filter_map(|pair| pair.split_once('=')))
    }

    fn first(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Numbers<'a> {
        let mut first = BTreeMap::new();
        for (key, value) in pairs {
            first.entry(key).or_insert(value);
        }
        Numbers(first)
    }

    /// Returns the number `name`, or `None` if this version of Redis doesn't have it or
    /// it isn't a number.
    pub fn get(&self, name: &str) -> Option<f64> {
        let number: f64 = self.0.get(name)?.parse().ok()?;
        number.is_finite().then_some(number)
    }
}
