//! `{:?}` of errors as their message, because that is what `main` prints of a returned
//! error, and `unwrap` in a test.

/// Also for the package `exporter`; it is no part of the interface.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_is_message {
    ($error:ty) => {
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}

pub(crate) use debug_is_message;
