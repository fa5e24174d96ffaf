//! Counters and histograms with labels.
//!
//! The promise: whatever its labels are told, a family has a bounded number of series. Who comes after the last of them is
//! counted as `other`, so a caller who makes up names of models fills no memory, neither here nor where it is scraped.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// Series of a family at most. A route with its methods and answers has some ten of them.
pub(super) const MOST_SERIES: usize = 1_000;
/// What a label has in the last series.
const OTHER: &str = "other";
/// Bytes of a label's value at most.
const LONGEST: usize = 100;
/// A sum counts in millionths, so that it is one number.
const MICRO: f64 = 1_000_000.0;

/// A family as it is written for Prometheus.
pub(super) trait Family: Sync {
    fn write(&self, out: &mut String);
}

/// Name, help and labels of a family.
#[derive(Debug)]
pub(super) struct Head<const N: usize> {
    pub name: &'static str,
    pub help: &'static str,
    pub labels: [&'static str; N],
}

impl<const N: usize> Head<N> {
    pub(super) fn open(&self, kind: &str, out: &mut String) {
        let Self { name, help, .. } = self;
        line(out, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    /// One sample; `more` is a label that is not the family's own.
    pub(super) fn sample(
        &self,
        suffix: &str,
        values: &[String; N],
        more: Option<(&str, &str)>,
        number: impl std::fmt::Display,
        out: &mut String,
    ) {
        let own = self.labels.iter().copied().zip(values.iter().map(String::as_str));
        let labels: Vec<String> =
            own.chain(more).map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        line(out, format_args!("{}{suffix}{labels} {number}", self.name));
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "{text}");
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

type Known<const N: usize, T> = HashMap<String, ([String; N], Arc<T>)>;

struct Series<const N: usize, T>(RwLock<Option<Known<N, T>>>);

impl<const N: usize, T> Series<N, T> {
    const fn new() -> Self {
        Self(RwLock::new(None))
    }

    fn of(&self, labels: [&str; N], make: impl FnOnce() -> T) -> Arc<T> {
        let key = labels.join("\u{1f}");
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = known.as_ref().and_then(|known| known.get(&key)) {
            return Arc::clone(found);
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        let (key, labels) = if known.contains_key(&key) || known.len() < MOST_SERIES - 1 {
            (key, labels.map(cut))
        } else {
            ([OTHER; N].join("\u{1f}"), [OTHER; N].map(str::to_owned))
        };
        let (_, found) = known.entry(key).or_insert_with(|| (labels, Arc::new(make())));
        Arc::clone(found)
    }

    /// All of them, in the order of their labels.
    fn all(&self) -> Vec<([String; N], Arc<T>)> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = known.iter().flatten().map(|(_, series)| series.clone()).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

fn cut(label: &str) -> String {
    label.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// What only grows.
pub struct Counter<const N: usize> {
    head: Head<N>,
    series: Series<N, AtomicU64>,
}

impl<const N: usize> Counter<N> {
    pub(super) const fn new(name: &'static str, help: &'static str, labels: [&'static str; N]) -> Self {
        Self { head: Head { name, help, labels }, series: Series::new() }
    }

    pub fn add(&self, labels: [&str; N], by: u64) {
        self.series.of(labels, AtomicU64::default).fetch_add(by, Ordering::Relaxed);
    }

    pub fn count(&self, labels: [&str; N]) {
        self.add(labels, 1);
    }
}

impl<const N: usize> Family for Counter<N> {
    fn write(&self, out: &mut String) {
        self.head.open("counter", out);
        if N == 0 {
            self.series.of([""; N], AtomicU64::default);
        }
        for (labels, number) in self.series.all() {
            self.head.sample("", &labels, None, number.load(Ordering::Relaxed), out);
        }
    }
}

struct Buckets {
    /// How many fell into each, those beyond the last one at the end.
    counts: Box<[AtomicU64]>,
    sum_micros: AtomicU64,
}

/// How figures are spread.
pub struct Histogram<const N: usize> {
    head: Head<N>,
    bounds: &'static [f64],
    series: Series<N, Buckets>,
}

impl<const N: usize> Histogram<N> {
    pub(super) const fn new(
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
        bounds: &'static [f64],
    ) -> Self {
        Self { head: Head { name, help, labels }, bounds, series: Series::new() }
    }

    fn of(&self, labels: [&str; N]) -> Arc<Buckets> {
        self.series.of(labels, || Buckets {
            counts: (0..=self.bounds.len()).map(|_| AtomicU64::default()).collect(),
            sum_micros: AtomicU64::default(),
        })
    }

    pub fn observe(&self, labels: [&str; N], figure: f64) {
        let buckets = self.of(labels);
        let at = self.bounds.partition_point(|bound| *bound < figure);
        if let Some(count) = buckets.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of a float stops at the ends"
        )]
        let micros = (figure.max(0.0) * MICRO) as u64;
        buckets.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl<const N: usize> Family for Histogram<N> {
    fn write(&self, out: &mut String) {
        self.head.open("histogram", out);
        if N == 0 {
            self.of([""; N]);
        }
        for (labels, buckets) in self.series.all() {
            let mut so_far = 0;
            let bounds = self.bounds.iter().map(ToString::to_string).chain([String::from("+Inf")]);
            for (bound, count) in bounds.zip(&buckets.counts) {
                so_far += count.load(Ordering::Relaxed);
                self.head.sample("_bucket", &labels, Some(("le", &bound)), so_far, out);
            }
            #[allow(clippy::cast_precision_loss, reason = "a sum for a rate")]
            let sum = buckets.sum_micros.load(Ordering::Relaxed) as f64 / MICRO;
            self.head.sample("_sum", &labels, None, sum, out);
            self.head.sample("_count", &labels, None, so_far, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_a_bounded_number_of_series_whatever_it_is_told() {
        let counter = Counter::new("c_total", "x", ["a", "b"]);
        for n in 0..3 * MOST_SERIES {
            counter.count([&format!("made up {n}"), "b"]);
        }
        counter.count(["made up 0", "b"]);
        let mut out = String::new();
        counter.write(&mut out);
        assert_eq!(out.lines().count(), 2 + MOST_SERIES);
        assert!(out.contains("c_total{a=\"made up 0\",b=\"b\"} 2\n"), "those that are known go on");
        let rest = 2 * MOST_SERIES + 1;
        assert!(out.contains(&format!("c_total{{a=\"other\",b=\"other\"}} {rest}\n")), "nothing is lost");
    }

    #[test]
    fn a_histogram_counts_up_to_each_bound_and_a_label_is_one_line() {
        let histogram = Histogram::new("h_seconds", "x", ["a"], &[0.1, 1.0]);
        for figure in [0.05, 0.1, 0.5, 7.0, -1.0] {
            histogram.observe(["one\n\"two\"\\"], figure);
        }
        let mut out = String::new();
        histogram.write(&mut out);
        let label = "a=\"one\\\"two\\\"\\\\\"";
        let expected = format!(
            "# HELP h_seconds x\n# TYPE h_seconds histogram\nh_seconds_bucket{{{label},le=\"0.1\"}} 3\n\
             h_seconds_bucket{{{label},le=\"1\"}} 4\nh_seconds_bucket{{{label},le=\"+Inf\"}} 5\n\
             h_seconds_sum{{{label}}} 7.65\nh_seconds_count{{{label}}} 5\n"
        );
        assert_eq!(out, expected);
    }

    #[test]
    fn a_family_without_labels_is_there_before_anything_happens() {
        let (counter, histogram) = (Counter::new("c_total", "x", []), Histogram::new("h", "x", [], &[1.0]));
        let mut out = String::new();
        counter.write(&mut out);
        histogram.write(&mut out);
        assert!(out.contains("c_total 0\n") && out.contains("h_bucket{le=\"+Inf\"} 0\n"), "{out}");
    }
}
