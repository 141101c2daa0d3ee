//! Counts by time in a bounded number of buckets. It begins with minutes; where a log spans more of them than there are
//! buckets, neighbours are merged, two and two. Buckets begin at multiples of their width, so that series agree.

use std::collections::VecDeque;

/// `N` counts by time.
#[derive(Clone, Debug)]
pub(super) struct Series<const N: usize> {
    limit: usize,
    /// A bucket's width in minutes: a power of two.
    width: i64,
    /// The number of the first bucket: its time is `start * width` minutes since the epoch.
    start: i64,
    buckets: VecDeque<[u32; N]>,
}

impl<const N: usize> Series<N> {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, width: 1, start: 0, buckets: VecDeque::new() }
    }

    /// Adds to the counts of a time, in seconds since the epoch.
    pub(super) fn add(&mut self, at: i64, counts: [u32; N]) {
        let minute = at.div_euclid(60);
        let mut bucket = minute.div_euclid(self.width);
        if self.buckets.is_empty() {
            self.start = bucket;
        }
        while self.first_with(bucket).abs_diff(self.last_with(bucket)) >= self.limit as u64 {
            self.merge();
            bucket = minute.div_euclid(self.width);
        }
        while bucket < self.start {
            self.buckets.push_front([0; N]);
            self.start -= 1;
        }
        let at = (bucket - self.start) as usize;
        while self.buckets.len() <= at {
            self.buckets.push_back([0; N]);
        }
        for (sum, count) in self.buckets.get_mut(at).into_iter().flatten().zip(counts) {
            *sum = sum.saturating_add(count);
        }
    }

    fn first_with(&self, bucket: i64) -> i64 {
        self.start.min(bucket)
    }

    fn last_with(&self, bucket: i64) -> i64 {
        (self.start + (self.buckets.len() as i64 - 1).max(0)).max(bucket)
    }

    fn merge(&mut self) {
        let old = std::mem::take(&mut self.buckets);
        let start = self.start.div_euclid(2);
        for (number, counts) in (self.start..).zip(old) {
            let at = (number.div_euclid(2) - start) as usize;
            while self.buckets.len() <= at {
                self.buckets.push_back([0; N]);
            }
            for (sum, count) in self.buckets.get_mut(at).into_iter().flatten().zip(counts) {
                *sum = sum.saturating_add(count);
            }
        }
        self.start = start;
        self.width *= 2;
    }

    /// A bucket's width in seconds.
    pub(super) const fn seconds(&self) -> i64 {
        self.width * 60
    }

    /// The buckets with the times at which they begin, without gaps.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (i64, [u32; N])> + '_ {
        (self.start..).map(|number| number * self.seconds()).zip(self.buckets.iter().copied())
    }

    /// The sums of the buckets that touch `from..to`.
    pub(super) fn sum(&self, from: i64, to: i64) -> [u64; N] {
        let mut sums = [0; N];
        for (_, counts) in self.buckets().filter(|(at, _)| *at < to && at + self.seconds() > from) {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(count));
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: &[i64], limit: usize, seconds: i64, expect: &[(i64, u32)]) {
        let mut series: Series<1> = Series::new(limit);
        times.iter().for_each(|at| series.add(*at, [1]));
        assert_eq!(series.seconds(), seconds);
        assert_eq!(series.buckets().map(|(at, [count])| (at, count)).collect::<Vec<_>>(), expect);
        assert_eq!(series.sum(i64::MIN / 2, i64::MAX / 2), [times.len() as u64]);
    }

    #[test]
    fn minutes_are_merged_when_there_are_many() {
        check(&[], 4, 60, &[]);
        check(&[60, 61, 180], 4, 60, &[(60, 2), (120, 0), (180, 1)]);
        check(&[180, 60], 4, 60, &[(60, 1), (120, 0), (180, 1)]);
        check(&[60, 120, 180, 240, 300], 4, 120, &[(0, 1), (120, 2), (240, 2)]);
        check(&[60, 6000], 4, 1920, &[(0, 1), (1920, 0), (3840, 0), (5760, 1)]);
        check(&[0, 4_000_000_000], 2, 2_013_265_920, &[(0, 1), (2_013_265_920, 1)]);
    }
}
