//! Lines that are too long, cut, binary, or meant to deceive; and blocks that end anywhere.

use super::super::sketch::Sketch;
use super::super::{LogFormat, LogReader, LogReport};
use super::{line, read};
use crate::terminal::Screen;

fn some_log() -> String {
    let of = |second: i64| {
        let client = format!("10.0.{}.{}", second % 7, second % 13);
        let status = [200, 200, 304, 404, 401, 200, 403, 500][(second % 8) as usize];
        line(&client, "-", second * 7 % 80_000, &format!("/api/{}/x?page=4 401 4", second % 5), status)
    };
    (0..4_000).map(of).collect()
}

fn in_blocks(text: &[u8], size: usize, read_all: u64) -> LogReport {
    let mut reader = LogReader::new(LogFormat::recognise(text).unwrap());
    reader.read_all = read_all;
    text.chunks(size).for_each(|block| reader.feed(block));
    reader.finish()
}

#[test]
fn blocks_may_end_anywhere() {
    let text = some_log();
    let whole = serde_json::to_string(&in_blocks(text.as_bytes(), usize::MAX, u64::MAX)).unwrap();
    for size in [1, 7, 100, 4096, 65_536] {
        assert_eq!(serde_json::to_string(&in_blocks(text.as_bytes(), size, u64::MAX)).unwrap(), whole, "{size}");
    }
}

#[test]
fn refusals_are_all_found_where_others_are_only_sampled() {
    let text = some_log();
    let all = in_blocks(text.as_bytes(), 50_000, u64::MAX);
    let sampled = in_blocks(text.as_bytes(), 50_000, 1);
    assert!(sampled.refused > 500);
    let sums = |report: &LogReport| report.series.points.iter().fold([0_u32; 2], |sum, point| [sum[0] + point[0], sum[1] + point[1]]);
    assert_eq!((sampled.refused, sampled.lines, sums(&sampled)), (all.refused, all.lines, sums(&all)));
    assert_eq!((&sampled.by_status, sampled.unreadable), (&all.by_status, 0));
    for (few, many) in sampled.clients.iter().zip(&all.clients) {
        assert_eq!((&few.name, few.refused), (&many.name, many.refused));
    }
}

#[test]
fn long_and_broken_lines_are_counted() {
    let good = line("10.0.0.1", "-", 5, "/a", 401);
    let long = format!("10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] \"GET /{} HTTP/1.1\" 401 1\n", "a".repeat(3_000_000));
    let mut text = good.repeat(3).into_bytes();
    text.extend_from_slice(long.as_bytes());
    text.extend_from_slice(b"\0\xff\xfe\x1b[2J garbage \" 401 \n\n# a comment\n");
    text.extend_from_slice(good.as_bytes());
    text.extend_from_slice(b"10.0.0.1 - - [10/Oct/2025:13:5");
    for size in [1_000, 1 << 20, usize::MAX] {
        let report = in_blocks(&text, size, u64::MAX);
        assert_eq!((report.lines, report.unreadable, report.refused), (7, 3, 4), "{size}");
    }
}

#[test]
fn nothing_of_the_log_moves_the_cursor() {
    let mut text = line("10.0.0.1", "a\u{1b}[2Jb\u{202e}", 5, "/a\u{1b}]0;x\u{7}/\u{200f}", 401).into_bytes();
    text.extend_from_slice(b"10.0.0.2\x1b[1m - \xff\x00 [10/Oct/2025:13:55:36 +0000] \"GET /\xc3\x28 HTTP/1.1\" 403 1 \"-\" \"\x9b2J\"\n");
    let report = read(&text);
    assert_eq!(report.refused, 2);
    let shown = super::super::render_log(&report, &Screen { width: 80, colour: false }, true);
    let json = serde_json::to_string(&report).unwrap();
    for text in [shown.replace('\n', ""), json] {
        assert!(!text.contains(|c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{text}");
    }
}

#[test]
fn queries_are_not_kept() {
    let text = line("10.0.0.1", "-", 5, "/a?api_key=s3cr3t-value&x=1#s3cr3t", 401);
    assert!(!serde_json::to_string(&read(text.as_bytes())).unwrap().contains("s3cr3t"));
}

#[test]
fn times_that_cannot_be_do_not_stretch_the_series() {
    let mut text = line("10.0.0.1", "-", 60, "/a", 401).repeat(4);
    text += &text.replace("2025", "1971");
    text += &line("10.0.0.1", "-", 120, "/a", 401).replace("2025", "9998");
    let report = read(text.as_bytes());
    assert_eq!((report.refused, report.series.points.len(), report.series.seconds), (9, 1, 60));
}

#[test]
fn memory_does_not_grow_with_what_differs() {
    let mut sketch: Sketch<()> = Sketch::new(8);
    (0..10_000_u32).for_each(|number| {
        sketch.count(format!("{number}{}", "x".repeat(10_000)).as_bytes(), 1);
    });
    assert!(sketch.len() <= 16 && sketch.top().iter().all(|row| row.key.len() <= 256));
}
