//! The name that somebody may have meant.

/// Returns the known name that is nearest to what was typed, where it is near enough: farther than a
/// third of the name it is another word altogether.
pub(crate) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let measured = known.map(|name| (strsim::damerau_levenshtein(name, typed), name));
    let nearest = measured.min_by_key(|(distance, _)| *distance);
    nearest
        .filter(|(distance, name)| distance * 3 <= name.len().max(typed.len()))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["admin", "customer"];

        assert_eq!(nearest("custmer", known.into_iter()), Some("customer"));
        assert_eq!(nearest("audit", known.into_iter()), None);
        assert_eq!(nearest("x", [].into_iter()), None);
    }
}
