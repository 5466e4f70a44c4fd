//! The memory of the bench, looked at each second.

use std::{fs, time::Duration};

use tokio::{
    sync::oneshot,
    task::JoinSet,
    time::{Instant, interval},
};

use super::Failure;

/// Resident memory at a time: seconds and MB.
type Sample = (f64, f64);

/// The watch; it ends with [`end`](Self::end).
pub(crate) struct Memory {
    end: oneshot::Sender<()>,
    watch: JoinSet<Vec<Sample>>,
}

impl Memory {
    pub(crate) fn watch() -> Self {
        let (end, ended) = oneshot::channel();
        let mut watch = JoinSet::new();
        watch.spawn(look(ended));
        Self { end, watch }
    }

    /// Returns what it has seen.
    pub(crate) async fn end(mut self) -> Result<Samples, Failure> {
        drop(self.end);
        let samples = self.watch.join_next().await;
        Ok(Samples(samples.ok_or("nobody watched the memory")??))
    }
}

async fn look(mut ended: oneshot::Receiver<()>) -> Vec<Sample> {
    let (began, mut ticks) = (Instant::now(), interval(Duration::from_secs(1)));
    let mut samples = Vec::new();
    loop {
        tokio::select! {
            _ = &mut ended => return samples,
            _ = ticks.tick() => {
                let sample = resident().map(|megabytes| (began.elapsed().as_secs_f64(), megabytes));
                samples.extend(sample);
            }
        }
    }
}

fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// Returns the least and the most, in MB.
    pub(crate) fn range(&self) -> (f64, f64) {
        let megabytes = self.0.iter().map(|(_, megabytes)| *megabytes);
        let least = megabytes.clone().fold(f64::MAX, f64::min);
        (least, megabytes.fold(0.0, f64::max))
    }

    /// Returns the slope of the second half in MB a minute, by least squares; nothing of fewer than three
    /// samples.
    pub(crate) fn slope(&self) -> Option<f64> {
        let half = &self.0[self.0.len() / 2..];
        if half.len() < 3 {
            return None;
        }
        let count = half.len() as f64;
        let mean = |of: fn(&Sample) -> f64| half.iter().map(of).sum::<f64>() / count;
        let (time, size) = (mean(|sample| sample.0), mean(|sample| sample.1));
        let both = half.iter().map(|(at, is)| (at - time) * (is - size));
        let squares = half.iter().map(|(at, _)| (at - time).powi(2));
        Some(both.sum::<f64>() / squares.sum::<f64>() * 60.0)
    }

    /// Returns by how many MB it grew over the second half, by that slope.
    pub(crate) fn growth(&self) -> Option<f64> {
        let half = &self.0[self.0.len() / 2..];
        let minutes = (half.last()?.0 - half.first()?.0) / 60.0;
        self.slope().map(|slope| slope * minutes)
    }
}
