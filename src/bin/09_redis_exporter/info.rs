//! The reply to `INFO`: lines such as `connected_clients:5`, under headings such as
//! `# Clients`. Some lines have several numbers: `db0:keys=1,expires=0`.

use std::collections::BTreeMap;

use exporter_workbook::collect::CollectError;

/// The fields of a reply. If one is repeated, the first one counts.
pub struct Info(BTreeMap<String, String>);

/// Numbers by name.
pub struct Numbers<'a>(BTreeMap<&'a str, &'a str>);

impl Info {
    /// Returns an error if there is no field.
    pub fn parse(reply: &str) -> Result<Info, CollectError> {
        let mut fields = BTreeMap::new();
        for (field, value) in reply.lines().filter_map(|line| line.split_once(':')) {
            fields.entry(field.to_owned()).or_insert(value.to_owned());
        }
        if fields.is_empty() {
            return Err("the reply has no fields".into());
        }
        Ok(Info(fields))
    }

    /// Returns the numbers that have a line of their own.
    pub fn numbers(&self) -> Numbers<'_> {
        let fields = self.0.iter();
        Numbers(fields.map(|(field, value)| (&**field, &**value)).collect())
    }

    /// Returns the numbers of each command, as in `cmdstat_get:calls=1,usec=2`.
    pub fn commands(&self) -> impl Iterator<Item = (&str, Numbers<'_>)> {
        self.0.iter().filter_map(|(field, value)| {
            let command = field.strip_prefix("cmdstat_")?;
            Some((command, Numbers::parse(value)))
        })
    }

    /// Returns the numbers of each database, as in `db0:keys=1,expires=0`.
    pub fn databases(&self) -> impl Iterator<Item = (&str, Numbers<'_>)> {
        self.0.iter().filter_map(|(field, value)| {
            // There are also fields such as `db0_distrib_strings_sizes`.
            let _: u32 = field.strip_prefix("db")?.parse().ok()?;
            Some((field.as_str(), Numbers::parse(value)))
        })
    }
}

impl<'a> Numbers<'a> {
    fn parse(text: &'a str) -> Numbers<'a> {
        let mut numbers = BTreeMap::new();
        for (name, number) in text.split(',').filter_map(|pair| pair.split_once('=')) {
            numbers.entry(name).or_insert(number);
        }
        Numbers(numbers)
    }

    /// Returns the number `name`, or `None` if this version of Redis doesn't have it or
    /// it isn't a number.
    pub fn get(&self, name: &str) -> Option<f64> {
        let number: f64 = self.0.get(name)?.parse().ok()?;
        number.is_finite().then_some(number)
    }
}
