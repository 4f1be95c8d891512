//! The result of one scrape, and the sources it can come from.

use std::sync::Arc;

use super::GatherError;
use super::consistency::{Reported, check};
use super::gather_error::caught;
use super::known::Descriptions;
use crate::collect::Scrape;
use crate::exposition::Family;

/// How many errors of one scrape are listed; each is a line of a response and of a log.
const MOST_ERRORS: usize = 100;

/// A source of metric families: a [`Registry`](super::Registry), the crate's own
/// registry, several sources ([`Gatherers`]), a closure ([`gatherer_fn`]), or an `Arc`
/// or `Box` of one. Go's `prometheus.Gatherer`.
pub trait Gatherer: Send + Sync {
    /// Collects every family once, for `scrape`.
    fn gather_for(&self, scrape: &Scrape) -> Gathered;

    /// Collects every family once, without a deadline.
    fn gather(&self) -> Gathered {
        self.gather_for(&Scrape::default())
    }
}

impl<G: Gatherer + ?Sized> Gatherer for Arc<G> {
    fn gather_for(&self, scrape: &Scrape) -> Gathered {
        (**self).gather_for(scrape)
    }
}

impl<G: Gatherer + ?Sized> Gatherer for Box<G> {
    fn gather_for(&self, scrape: &Scrape) -> Gathered {
        (**self).gather_for(scrape)
    }
}

/// Consistent families, and the errors of collecting them. [`Gathered::new`] checks
/// families when it creates one, so everything served has been checked.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    families: Vec<Family>,
    errors: Vec<GatherError>,
}

impl Gathered {
    /// Merges the families of one name and sorts them by name. Samples of a name that
    /// several families have are sorted by their labels. Of two contradictory families,
    /// the later one is dropped with an error: if both have a series, or if one name
    /// has two types or two help texts. `h_count` alongside a histogram or summary `h`
    /// is dropped in either order.
    #[must_use]
    pub fn new(mut families: Vec<Family>, errors: Vec<GatherError>) -> Gathered {
        let source = |_| "a source of families".to_owned();
        families.sort_by_key(|family| !family.kind().is_distribution());
        let families = families.into_iter().enumerate().collect();
        Gathered::checked(families, errors, source, &Descriptions::new())
    }

    /// Does the same for families with the index of their collector, which `collector`
    /// names.
    pub(super) fn checked(
        reported: Vec<Reported>,
        mut errors: Vec<GatherError>,
        collector: impl Fn(usize) -> String,
        descriptions: &Descriptions,
    ) -> Gathered {
        let (families, contradictions) = check(reported, collector, descriptions);
        errors.extend(contradictions);
        // Errors beyond the limit of sources that apply their own.
        let mut further = 0;
        errors.retain(|error| match error {
            GatherError::Further(more) => {
                further += more;
                false
            }
            _ => true,
        });
        further += errors.len().saturating_sub(MOST_ERRORS);
        errors.truncate(MOST_ERRORS);
        errors.extend((further > 0).then_some(GatherError::Further(further)));
        Gathered { families, errors }
    }

    /// Returns the families sorted by name, each with at least one sample.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Returns the errors: at most 100, then how many more there are.
    #[must_use]
    pub fn errors(&self) -> &[GatherError] {
        &self.errors
    }

    /// Returns the families by value, to pass them on.
    #[must_use]
    pub fn into_families(self) -> Vec<Family> {
        self.families
    }
}

impl From<GatherError> for Gathered {
    fn from(error: GatherError) -> Gathered {
        Gathered {
            families: Vec::new(),
            errors: vec![error],
        }
    }
}

/// Several sources as one; Go's `prometheus.Gatherers`. Families of one name are merged
/// and checked as by [`Gathered::new`].
#[derive(Default)]
pub struct Gatherers(pub Vec<Box<dyn Gatherer>>);

impl Gatherer for Gatherers {
    fn gather_for(&self, scrape: &Scrape) -> Gathered {
        let (mut families, mut errors) = (Vec::new(), Vec::new());
        for source in &self.0 {
            let gathered = gather_caught(source, scrape);
            families.extend(gathered.families);
            errors.extend(gathered.errors);
        }
        Gathered::new(families, errors)
    }
}

/// Creates a source that calls `gather` at each scrape; Go's `prometheus.GathererFunc`.
pub fn gatherer_fn(gather: impl Fn() -> Gathered + Send + Sync) -> impl Gatherer {
    GathererFn(gather)
}

struct GathererFn<F>(F);

impl<F: Fn() -> Gathered + Send + Sync> Gatherer for GathererFn<F> {
    fn gather_for(&self, _: &Scrape) -> Gathered {
        (self.0)()
    }
}

/// Returns what `source` gathers, or its panic as an error.
pub(crate) fn gather_caught(source: &dyn Gatherer, scrape: &Scrape) -> Gathered {
    caught(|| source.gather_for(scrape)).unwrap_or_else(|message| {
        GatherError::panicked("a source of families".to_owned(), message).into()
    })
}

/// Conversion into a source for a handler, from a source or from a reference to one
/// that can be cloned, such as a registry. `Kind` distinguishes the two and is
/// inferred.
pub trait IntoGatherer<Kind> {
    /// The source.
    type Source: Gatherer + 'static;

    /// Returns the source itself, or a clone that serves the same.
    fn into_gatherer(self) -> Self::Source;
}

/// The marker of [`IntoGatherer`] for a source.
pub enum ByValue {}

/// The marker of [`IntoGatherer`] for a reference to a source.
pub enum ByReference {}

impl<G: Gatherer + 'static> IntoGatherer<ByValue> for G {
    type Source = G;

    fn into_gatherer(self) -> G {
        self
    }
}

impl<G: Gatherer + Clone + 'static> IntoGatherer<ByReference> for &G {
    type Source = G;

    fn into_gatherer(self) -> G {
        self.clone()
    }
}
