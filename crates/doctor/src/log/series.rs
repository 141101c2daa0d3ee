//! Counts by time in a bounded number of buckets. It begins with minutes; where a log spans more of them than there are
//! buckets, neighbours are merged, two and two. Buckets begin at multiples of their width, so that series agree.

use std::collections::VecDeque;

/// `N` counts by time.
#[derive(Clone, Debug)]
pub(super) struct Series<const N: usize> {
    limit: usize,
    /// A bucket's width: two to this power, in minutes.
    doublings: u32,
    /// The number of the first bucket: its time is `start` widths since the epoch.
    start: i64,
    buckets: VecDeque<[u32; N]>,
}

impl<const N: usize> Series<N> {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, doublings: 0, start: 0, buckets: VecDeque::new() }
    }

    /// Adds to the counts of a time, in seconds since the epoch.
    pub(super) fn add(&mut self, at: i64, counts: [u32; N]) {
        let minute = at.div_euclid(60);
        let here = usize::try_from((minute >> self.doublings) - self.start).ok().and_then(|at| self.buckets.get_mut(at));
        match here {
            Some(sums) => add(sums, counts),
            None => self.stretch(minute, counts),
        }
    }

    /// Adds where there is no bucket yet.
    #[cold]
    fn stretch(&mut self, minute: i64, counts: [u32; N]) {
        let mut bucket = minute >> self.doublings;
        if self.buckets.is_empty() {
            self.start = bucket;
        }
        while self.first_with(bucket).abs_diff(self.last_with(bucket)) >= self.limit as u64 {
            self.merge();
            bucket = minute >> self.doublings;
        }
        while bucket < self.start {
            self.buckets.push_front([0; N]);
            self.start -= 1;
        }
        let at = (bucket - self.start) as usize;
        self.buckets.resize(self.buckets.len().max(at + 1), [0; N]);
        self.buckets.get_mut(at).into_iter().for_each(|sums| add(sums, counts));
    }

    fn first_with(&self, bucket: i64) -> i64 {
        self.start.min(bucket)
    }

    fn last_with(&self, bucket: i64) -> i64 {
        (self.start + (self.buckets.len() as i64 - 1).max(0)).max(bucket)
    }

    fn merge(&mut self) {
        let start = self.start.div_euclid(2);
        for (place, number) in (self.start..).take(self.buckets.len()).enumerate() {
            let counts = std::mem::replace(self.buckets.get_mut(place).unwrap_or(&mut [0; N]), [0; N]);
            let to = (number.div_euclid(2) - start) as usize;
            self.buckets.get_mut(to).into_iter().for_each(|sums| add(sums, counts));
        }
        self.buckets.truncate((self.start + self.buckets.len() as i64 - 1).div_euclid(2).abs_diff(start) as usize + 1);
        self.start = start;
        self.doublings += 1;
    }

    /// The first count of the last bucket.
    pub(super) fn last(&self) -> i64 {
        self.buckets.back().and_then(|counts| counts.first()).copied().unwrap_or_default().into()
    }

    /// A bucket's width in seconds.
    pub(super) const fn seconds(&self) -> i64 {
        60 << self.doublings
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

fn add<const N: usize>(sums: &mut [u32; N], counts: [u32; N]) {
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(count));
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
