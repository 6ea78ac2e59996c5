//! What becomes of a find: a mask, a part of it, a hash, a pseudonym, something coarser, or nothing.

use std::borrow::Cow;

use crate::key::is_pseudonym;
use crate::mask::{Mask, STARS};
use crate::own::generalise::{self, Generalise};
use crate::own::spec::{ActionSpec, Keep, RuleSpec, To};
use crate::rotation::{Pseudonyms, Rotate};
use crate::spec::{HashFunction, ProcessorSpec};

/// A rule's action.
#[derive(Clone)]
pub(crate) enum Action {
    /// The detector's mask, `****` for nearly all.
    Mask,
    Partial(Keep),
    Hash(Box<Mask>),
    Pseudonym(Rotate),
    Generalise(Generalise),
    DropAttribute,
    DropRecord,
}

impl Action {
    /// A rule's action, or the reason why it has none.
    pub fn new(spec: &RuleSpec, rotate: Rotate) -> Result<Self, &'static str> {
        let own = [
            (
                spec.keep.is_some(),
                ActionSpec::Partial,
                "keep is for partial",
            ),
            (
                spec.hash_function != HashFunction::None,
                ActionSpec::Hash,
                "hash_function is for hash",
            ),
            (
                spec.rotate.is_some(),
                ActionSpec::Pseudonym,
                "rotate is for pseudonym",
            ),
            (
                spec.to.is_some(),
                ActionSpec::Generalise,
                "to is for generalise",
            ),
        ];
        for (given, action, reason) in own {
            if given && spec.action != action {
                return Err(reason);
            }
        }
        if spec.size.is_some() && spec.to != Some(To::Bucket) {
            return Err("size is for generalise to bucket");
        }
        Ok(match spec.action {
            ActionSpec::Mask => Action::Mask,
            ActionSpec::Partial => Action::Partial(spec.keep.ok_or("partial wants keep")?),
            ActionSpec::Hash => {
                if spec.hash_function == HashFunction::None {
                    return Err("hash wants a hash_function");
                }
                Action::Hash(Box::new(Mask::new(&ProcessorSpec {
                    hash_function: spec.hash_function,
                    hmac_key: spec.hmac_key.clone(),
                    ..ProcessorSpec::default()
                })?))
            }
            ActionSpec::Pseudonym => Action::Pseudonym(spec.rotate.unwrap_or(rotate)),
            ActionSpec::Generalise => Action::Generalise(Generalise::new(
                spec.to.ok_or("generalise wants to")?,
                spec.size,
            )?),
            ActionSpec::DropAttribute => Action::DropAttribute,
            ActionSpec::DropRecord => Action::DropRecord,
        })
    }

    /// What it makes of a value, for people.
    pub fn effect(&self) -> &'static str {
        match self {
            Action::Mask => "masked",
            Action::Partial(Keep::Last(_)) => "masked but for its end",
            Action::Partial(Keep::Domain) => "masked but for its domain",
            Action::Hash(mask) => mask.effect(),
            Action::Pseudonym(rotate) => rotate.effect(),
            Action::Generalise(generalise) => generalise.effect(),
            Action::DropAttribute => "attribute dropped",
            Action::DropRecord => "record dropped",
        }
    }

    /// What a find becomes; `mask` is its detector's own.
    pub fn of<'f>(
        &self,
        found: &'f str,
        mask: &'static str,
        keys: &Pseudonyms<'_>,
    ) -> Cow<'f, str> {
        match self {
            Action::Mask | Action::DropAttribute | Action::DropRecord => Cow::Borrowed(mask),
            Action::Partial(keep) => Cow::Owned(partial(found, *keep)),
            Action::Hash(hash) => Cow::Owned(hash.of(found).into_owned()),
            Action::Pseudonym(_) if found.is_empty() || is_pseudonym(found) => Cow::Borrowed(found),
            Action::Pseudonym(rotate) => Cow::Owned(keys.pseudonym(*rotate, found)),
            Action::Generalise(how) => {
                generalise::text(found, how).map_or(Cow::Borrowed(STARS), Cow::Owned)
            }
        }
    }
}

/// `****` and what is kept. What would be left with less than half of it masked is masked whole.
fn partial(found: &str, keep: Keep) -> String {
    let kept = match keep {
        Keep::Last(count) => {
            let count = usize::from(count);
            let plain = found.strip_prefix(STARS).unwrap_or(found);
            let length = plain.chars().count();
            let already = plain.len() < found.len() && length <= count;
            if length < 2 * count && !already {
                ""
            } else {
                let from = plain.char_indices().rev().nth(count.saturating_sub(1));
                from.map_or(plain, |(at, _)| &plain[at..])
            }
        }
        Keep::Domain => ["@", "%40"]
            .iter()
            .filter_map(|at| found.rfind(at))
            .max()
            .map_or("", |at| &found[at..]),
    };
    format!("{STARS}{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_kept_only_of_what_is_long_enough() {
        for (found, keep, kept) in [
            ("4111111111111111", Keep::Last(4), "****1111"),
            ("****1111", Keep::Last(4), "****1111"),
            ("1234567", Keep::Last(4), "****"),
            ("ünïcödé!", Keep::Last(2), "****é!"),
            ("anna@contoso.com", Keep::Domain, "****@contoso.com"),
            ("anna%40contoso.com", Keep::Domain, "****%40contoso.com"),
            ("anna", Keep::Domain, "****"),
        ] {
            assert_eq!(partial(found, keep), kept);
        }
    }
}
