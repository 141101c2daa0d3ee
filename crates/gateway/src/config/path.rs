//! Path patterns: `/exact`, `/one/*/segment`, `/everything/below/**`. `/a/**` matches `/a` too.

use countersign::{Target, TargetFault, fold};
use std::fmt;

/// Which paths a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    /// The segments before `**`; a path has them all.
    segments: Vec<Segment>,
    /// Does it end with `/**`?
    below: bool,
    /// Where no segment is `*`, the text before `/**` as written and folded: compared at once.
    plain: Option<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `*`: one segment, whatever it is.
    Any,
    /// As written, and as a reader that ignores case sees it.
    Text(String, String),
}

impl PathPattern {
    /// Reads a pattern, which is canonical as request targets are.
    ///
    /// # Errors
    /// A sentence that says what is wrong, and how it could be written.
    pub fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let canonical = Target::parse(text).map_err(|fault| (format!("{fault}, so no request has such a path"), canonical(text, fault)))?;
        if canonical.query().is_some() {
            return Err(("rules are about paths, without a query".into(), Some(canonical.path().to_owned())));
        }
        if canonical.path() != text {
            return Err(("it is not canonical, so no request has such a path".into(), Some(canonical.path().to_owned())));
        }
        let (before, below) = text.strip_suffix("/**").map_or((text, false), |before| (before, true));
        let segments: Vec<&str> = before.split('/').skip(1).collect();
        if segments.contains(&"**") {
            return Err(("`**` stands for everything below, so it comes last".into(), None));
        }
        if segments.iter().any(|segment| segment.contains('*') && *segment != "*") {
            return Err(("a star stands for a whole segment: `/*/`, or `/**` at the end".into(), None));
        }
        let plain = (!segments.contains(&"*")).then(|| (before.to_owned(), fold(before)));
        let read = |segment: &&str| if *segment == "*" { Segment::Any } else { Segment::Text((*segment).to_owned(), fold(segment)) };
        Ok(Self { text: text.to_owned(), segments: segments.iter().map(read).collect(), below, plain })
    }

    /// `/**`
    pub(super) fn everything() -> Self {
        Self { text: "/**".into(), segments: Vec::new(), below: true, plain: Some(Default::default()) }
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Does it match a canonical path?
    pub(super) fn matches(&self, path: &str) -> bool {
        self.matches_as(path, false)
    }

    /// Does it match the path of a reader that ignores case ([`Target::folded_path`])?
    pub(super) fn matches_folded(&self, path: &str) -> bool {
        self.matches_as(path, true)
    }

    /// Would it match if one segment were another?
    pub(super) fn nearly_matches(&self, folded_path: &str) -> bool {
        let mut given = folded_path.split('/').skip(1);
        let misses = self.segments.iter().filter(|segment| !given.next().is_some_and(|given| segment.matches(given, true))).count();
        let more = given.next().is_some() && !self.below;
        // A pattern of one segment is near to everything, which tells nothing.
        misses + usize::from(more) == 1 && self.segments.len() > misses
    }

    /// Does every path that the other matches match this one too?
    pub(super) fn covers(&self, other: &Self) -> bool {
        if other.segments.len() < self.segments.len() || (!self.below && (other.below || other.segments.len() > self.segments.len())) {
            return false;
        }
        self.segments.iter().zip(&other.segments).all(|(mine, theirs)| match (mine, theirs) {
            // A star takes no empty segment, which is what a path that ends with a slash has last.
            (Segment::Any, Segment::Text(text, _)) => !text.is_empty(),
            (Segment::Any, Segment::Any) => true,
            (Segment::Text(..), Segment::Any) => false,
            (Segment::Text(mine, _), Segment::Text(theirs, _)) => mine == theirs,
        })
    }

    fn matches_as(&self, path: &str, folded: bool) -> bool {
        if let Some((text, text_folded)) = &self.plain {
            let wanted = if folded { text_folded } else { text };
            return match path.strip_prefix(wanted.as_str()) {
                Some(rest) if self.below => rest.is_empty() || rest.starts_with('/'),
                rest => rest == Some(""),
            };
        }
        let mut given = path.split('/').skip(1);
        let all = self.segments.iter().all(|segment| given.next().is_some_and(|given| segment.matches(given, folded)));
        all && (self.below || given.next().is_none())
    }
}

impl Segment {
    fn matches(&self, given: &str, with_fold: bool) -> bool {
        match self {
            Self::Any => !given.is_empty(),
            Self::Text(text, folded) => given == if with_fold { folded } else { text },
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The spelling that was meant, where that is clear.
fn canonical(text: &str, fault: TargetFault) -> Option<String> {
    let meant = match fault {
        TargetFault::NotAbsolute => format!("/{text}"),
        TargetFault::EmptySegment => {
            text.split('/').filter(|segment| !segment.is_empty()).fold(String::new(), |path, segment| path + "/" + segment)
        }
        TargetFault::NotUtf8 => percent_encoding::utf8_percent_encode(text, percent_encoding::CONTROLS).to_string(),
        TargetFault::ControlCharacter => text.replace(' ', "%20"),
        _ => return None,
    };
    Target::parse(&meant).ok().filter(|meant| meant.query().is_none()).map(|meant| meant.path().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(pattern: &str, matched: &[&str], not_matched: &[&str]) {
        let pattern = PathPattern::parse(pattern).unwrap();
        for path in matched {
            assert!(pattern.matches(path), "{pattern} and {path}");
        }
        for path in not_matched {
            assert!(!pattern.matches(path), "{pattern} and {path}");
        }
    }

    #[test]
    fn paths_match() {
        check("/**", &["/", "/a", "/a/b/"], &[]);
        check("/", &["/"], &["/a"]);
        check("/a", &["/a"], &["/a/", "/a/b", "/A", "/ab"]);
        check("/a/**", &["/a", "/a/", "/a/b/c"], &["/ab", "/A/b", "/"]);
        check("/u/*", &["/u/1"], &["/u", "/u/", "/u/1/2"]);
        check("/u/*/posts", &["/u/1/posts"], &["/u//posts", "/u/1/posts/", "/u/1/Posts"]);
        check("/u/*/posts/**", &["/u/1/posts", "/u/1/posts/2/3"], &["/u/posts", "/u/1/post"]);
        check("/*/**", &["/a", "/a/b"], &["/"]);
        check("/a%20b/**", &["/a%20b/c"], &["/a b/c"]);
    }

    #[test]
    fn a_reader_that_ignores_case_is_not_led_past_a_rule() {
        for (pattern, raw) in
            [("/Admin/**", "/aDMIN/x"), ("/a/*/Keys", "/A/1/KEYS"), ("/kelvin", "/%E2%84%AAelvin"), ("/caf%C3%A9", "/CAF%C3%89")]
        {
            let target = Target::parse(raw).unwrap();
            let pattern = PathPattern::parse(pattern).unwrap();
            assert!(!pattern.matches(target.path()) && pattern.matches_folded(target.folded_path()), "{pattern} and {raw}");
        }
    }

    #[test]
    fn patterns_that_are_none() {
        for (text, meant) in [
            ("api/**", Some("/api/**")),
            ("/a//b", Some("/a/b")),
            ("/caf\u{e9}", Some("/caf%C3%A9")),
            ("/%61pi", Some("/api")),
            ("/a b", Some("/a%20b")),
            ("/a?x=1", Some("/a")),
            ("/a/../b", None),
            ("/a/**/b", None),
            ("/a*", None),
            ("/a/***", None),
            ("/a;b", None),
        ] {
            let (_, mend) = PathPattern::parse(text).unwrap_err();
            assert_eq!(mend.as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn one_pattern_covers_another() {
        let covers = |a: &str, b: &str| PathPattern::parse(a).unwrap().covers(&PathPattern::parse(b).unwrap());
        for (a, b, expect) in [
            ("/**", "/a", true),
            ("/**", "/", true),
            ("/a/**", "/a", true),
            ("/a/**", "/a/b/**", true),
            ("/a/*", "/a/b", true),
            ("/a/*/**", "/a/b/**", true),
            ("/a/*", "/a/**", false),
            ("/a/*", "/a/", false),
            ("/a", "/a/**", false),
            ("/a/**", "/ab", false),
            ("/a/b", "/a/*", false),
            ("/a", "/a", true),
        ] {
            assert_eq!(covers(a, b), expect, "{a} and {b}");
        }
    }

    #[test]
    fn near_paths() {
        let near = |pattern: &str, path: &str| PathPattern::parse(pattern).unwrap().nearly_matches(path);
        assert!(near("/api/orders", "/api/order"));
        assert!(near("/api/orders", "/api/orders/1"));
        assert!(near("/api/orders/*", "/api/orders"));
        assert!(!near("/api/orders", "/api/orders"));
        assert!(!near("/api", "/other"));
    }
}
