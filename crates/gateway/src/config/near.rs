//! "Did you mean": the nearest of some names, by the number of letters changed, added, left out or swapped.

/// The nearest candidate, if it is near enough to have been meant.
pub(super) fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.chars().count() > 40 {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let given = plain(given);
    let near = candidates.into_iter().map(|candidate| (distance(&given, &plain(candidate)), candidate));
    // A third of the letters: `lisen` means `listen`, but `foo` means nothing.
    let near =
        near.filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1) && *distance < given.chars().count());
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// The Damerau distance in its restricted form (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (row, from) in a.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, to) in b.iter().enumerate() {
            let of = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut cost = of(&last, column) + usize::from(from != *to);
            cost = cost.min(of(&last, column + 1) + 1).min(of(&current, column) + 1);
            let swapped = column.checked_sub(1).filter(|at| previous == Some(*to) && b.get(*at) == Some(&from));
            if let Some(at) = swapped {
                cost = cost.min(of(&before_last, at) + 1);
            }
            current.push(cost);
        }
        before_last = std::mem::replace(&mut last, current);
        previous = Some(from);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &str, expect: Option<&str>) {
        assert_eq!(nearest(given, ["listen", "admin_listen", "data", "api-key", "basic", "path"]), expect, "{given}");
    }

    #[test]
    fn what_was_meant() {
        check("lisen", Some("listen"));
        check("lsiten", Some("listen"));
        check("LISTEN", Some("listen"));
        check("admin-listen", Some("admin_listen"));
        check("api_key", Some("api-key"));
        check("apikey", Some("api-key"));
        check("pth", Some("path"));
        check("foo", None);
        check("x", None);
        check("", None);
    }

    #[test]
    fn distances() {
        for (a, b, expect) in [("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), expect, "{a} {b}");
        }
    }
}
