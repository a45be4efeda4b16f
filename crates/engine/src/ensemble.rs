//! Many subjects, a few at a time side by side, on every thread.
//!
//! Subjects wait in one queue. Each thread runs a group of lanes; every lane has its own subject,
//! time and step size, and takes the next subject when it is done.

use std::{
    slice::IterMut,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    Program, Settings, Stats, Subject, Width, group::Group, lanes::Isa, rodas::Tolerances,
};

/// Simulates every subject to its end or its failure.
///
/// `progress` is called from any thread with the number of subjects done so far. What each
/// subject sees does not depend on the others, on their order, on the number of threads or on the
/// width, to the last bit.
pub fn run<S: Subject>(
    program: &Program,
    subjects: &mut [S],
    settings: &Settings,
    progress: &(dyn Fn(usize) + Sync),
) -> Stats {
    let threads = match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let threads = threads.clamp(1, subjects.len().max(1));
    let job = Job {
        program,
        settings,
        absolute: absolute_tolerances(program, settings),
        isa: choose_isa(settings.width, subjects.len().div_ceil(threads)),
        queue: Mutex::new(subjects.iter_mut()),
        done: AtomicUsize::new(0),
        progress,
    };
    let mut stats = Stats { width: job.isa.width(), ..Stats::default() };
    let finished = if threads == 1 {
        vec![Group::new(&job).work()]
    } else {
        std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..threads).map(|_| scope.spawn(|| Group::new(&job).work())).collect();
            let join = |worker: std::thread::ScopedJoinHandle<'_, Stats>| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            workers.into_iter().map(join).collect()
        })
    };
    for part in finished {
        stats.finished += part.finished;
        stats.failed += part.failed;
        stats.steps += part.steps;
        stats.rejections += part.rejections;
        stats.batches += part.batches;
    }
    stats
}

/// The widest instructions worth using for this many subjects on one thread.
pub(crate) fn choose_isa(width: Width, subjects: usize) -> Isa {
    Isa::detect(match width {
        Width::One => 1,
        Width::Four => 4,
        Width::Eight => 8,
        Width::Auto => match subjects {
            0 | 1 => 1,
            2..=4 => 4,
            _ => 8,
        },
    })
}

fn absolute_tolerances(program: &Program, settings: &Settings) -> Vec<f64> {
    let last = settings.atol.last().copied().unwrap_or(settings.rtol * 1e-3);
    let mut absolute = settings.atol.clone();
    absolute.resize(program.states().len(), last);
    absolute
}

/// What all threads share.
pub(crate) struct Job<'a, 's, S> {
    pub(crate) program: &'a Program,
    pub(crate) settings: &'a Settings,
    /// Absolute tolerance per state.
    pub(crate) absolute: Vec<f64>,
    pub(crate) isa: Isa,
    queue: Mutex<IterMut<'s, S>>,
    done: AtomicUsize,
    progress: &'a (dyn Fn(usize) + Sync),
}

impl<'s, S> Job<'_, 's, S> {
    /// The next subject that waits.
    pub(crate) fn next_subject(&self) -> Option<&'s mut S> {
        // The queue is whole even if another thread has panicked in a subject.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    pub(crate) fn tolerances(&self) -> Tolerances<'_> {
        Tolerances { relative: self.settings.rtol, absolute: &self.absolute }
    }

    /// One more subject is done.
    pub(crate) fn count(&self) {
        (self.progress)(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }
}
