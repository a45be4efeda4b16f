//! Bounded Levenberg–Marquardt for many searches at once.
//!
//! All searches go in step: in each round, the vectors that any of them wants evaluated (one per
//! parameter for the derivatives, then one per damping to try) are handed over together, so that
//! an ensemble simulator has every lane full. No search sees the others: each goes the same way
//! alone or in company.

use super::linear::{Square, dot, solve};

/// Dampings tried at once, as multiples of the present one.
const TRIED: [f64; 4] = [0.03, 0.3, 3.0, 100.0];
/// Damping beyond which no step is worth trying.
const MOST_DAMPING: f64 = 1e10;
/// Least damping.
const LEAST_DAMPING: f64 = 1e-10;
/// A fall of the objective below this, relative to one plus the objective, is none.
const SMALL: f64 = 1e-5;

/// How a search stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It goes on.
    Moving,
    /// No step makes the objective notably smaller.
    Converged,
    /// The iterations were used up.
    Stopped,
    /// Its first point cannot be simulated.
    Failed,
}

/// The box that searches stay in, and how derivatives are taken.
#[derive(Clone, Debug)]
pub struct Space {
    /// Lowest values.
    pub lower: Vec<f64>,
    /// Highest values.
    pub upper: Vec<f64>,
    /// Steps of the difference quotients.
    pub step: Vec<f64>,
}

/// One search.
#[derive(Clone, Debug)]
pub struct Search {
    /// Where it is.
    pub point: Vec<f64>,
    /// Parameters that may move.
    pub free: Vec<bool>,
    /// Residuals there; empty before the first evaluation.
    pub residuals: Vec<f64>,
    /// Half the sum of their squares.
    pub cost: f64,
    /// How it stands.
    pub status: Status,
    /// Objective after each iteration, from the start, with the point.
    pub path: Vec<(f64, Vec<f64>)>,
    damping: f64,
    jacobian: Option<Vec<Vec<f64>>>,
    small_falls: u32,
}

impl Search {
    /// A search from a point, in which the parameters marked `free` may move.
    pub fn new(point: Vec<f64>, free: Vec<bool>) -> Search {
        Search {
            point,
            free,
            residuals: Vec::new(),
            cost: f64::INFINITY,
            status: Status::Moving,
            path: Vec::new(),
            damping: 0.1,
            jacobian: None,
            small_falls: 0,
        }
    }

    fn moving(&self) -> bool {
        self.status == Status::Moving
    }
}

/// Residuals of vectors; none where there are no numbers.
pub type Evaluate<'a> = dyn FnMut(&[Vec<f64>]) -> Vec<Option<Vec<f64>>> + 'a;

/// Brings all searches down, at most so many iterations. `tick` hears of each iteration done by
/// each search.
pub fn descend(
    searches: &mut [Search],
    space: &Space,
    iterations: usize,
    evaluate: &mut Evaluate<'_>,
    tick: &dyn Fn(u64),
) {
    begin(searches, evaluate);
    for iteration in 0..iterations {
        if !searches.iter().any(Search::moving) {
            break;
        }
        differentiate(searches, space, evaluate);
        advance(searches, space, evaluate);
        for search in searches.iter_mut() {
            if search.path.len() == iteration + 2 {
                tick(1);
            }
            if search.moving() && iteration + 1 == iterations {
                search.status = Status::Stopped;
            }
        }
    }
}

/// Evaluates the first points.
fn begin(searches: &mut [Search], evaluate: &mut Evaluate<'_>) {
    let points: Vec<Vec<f64>> = searches.iter().map(|s| s.point.clone()).collect();
    for (search, residuals) in searches.iter_mut().zip(evaluate(&points)) {
        match residuals {
            Some(residuals) => {
                search.cost = 0.5 * dot(&residuals, &residuals);
                search.residuals = residuals;
                search.path.push((search.cost, search.point.clone()));
            }
            None => search.status = Status::Failed,
        }
    }
}

/// Forward differences (backward at the upper bound) for the searches that need new ones.
fn differentiate(searches: &mut [Search], space: &Space, evaluate: &mut Evaluate<'_>) {
    let mut wanted = Vec::new();
    let mut owners = Vec::new();
    for (number, search) in searches.iter().enumerate() {
        if !search.moving() || search.jacobian.is_some() {
            continue;
        }
        for i in (0..search.point.len()).filter(|i| search.free[*i]) {
            let up = search.point[i] + space.step[i] <= space.upper[i];
            let step = if up { space.step[i] } else { -space.step[i] };
            let mut point = search.point.clone();
            point[i] += step;
            wanted.push(point);
            owners.push((number, i, step));
        }
    }
    let found = evaluate(&wanted);
    for search in searches.iter_mut().filter(|s| s.moving() && s.jacobian.is_none()) {
        search.jacobian = Some(vec![vec![0.0; search.residuals.len()]; search.point.len()]);
    }
    for ((number, i, step), residuals) in owners.into_iter().zip(found) {
        let search = &mut searches[number];
        // A parameter whose change cannot be simulated stays where it is for this step.
        let (Some(residuals), Some(jacobian)) = (residuals, &mut search.jacobian) else { continue };
        let base = &search.residuals;
        jacobian[i] = residuals.iter().zip(base).map(|(a, b)| (a - b) / step).collect();
    }
}

/// Tries several dampings and takes the best step, if any is good.
fn advance(searches: &mut [Search], space: &Space, evaluate: &mut Evaluate<'_>) {
    let mut wanted = Vec::new();
    let mut owners = Vec::new();
    for (number, search) in searches.iter().enumerate().filter(|(_, s)| s.moving()) {
        let Some(jacobian) = &search.jacobian else { continue };
        for factor in TRIED {
            let damping = (search.damping * factor).clamp(LEAST_DAMPING, MOST_DAMPING);
            if let Some(point) = stepped(search, jacobian, space, damping) {
                wanted.push(point);
                owners.push((number, damping));
            }
        }
    }
    let found = evaluate(&wanted);
    let mut best: Vec<Option<(f64, usize)>> = vec![None; searches.len()];
    for (i, residuals) in found.iter().enumerate() {
        let Some(residuals) = residuals else { continue };
        let cost = 0.5 * dot(residuals, residuals);
        let slot = &mut best[owners[i].0];
        if slot.is_none_or(|(other, _)| cost < other) {
            *slot = Some((cost, i));
        }
    }
    for (number, search) in searches.iter_mut().enumerate().filter(|(_, s)| s.moving()) {
        match best[number].filter(|(cost, _)| *cost < search.cost) {
            Some((cost, i)) => {
                let fall = search.cost - cost;
                search.small_falls =
                    if fall < SMALL * (1.0 + search.cost) { search.small_falls + 1 } else { 0 };
                search.cost = cost;
                search.point = wanted[i].clone();
                search.residuals = found[i].clone().unwrap_or_default();
                search.damping = owners[i].1;
                search.jacobian = None;
            }
            None => {
                search.small_falls += 1;
                search.damping *= 1e4;
            }
        }
        search.path.push((search.cost, search.point.clone()));
        if search.small_falls >= 2 || search.damping > MOST_DAMPING {
            search.status = Status::Converged;
        }
    }
}

/// The point after a damped step, held in the box; none when there is no step.
///
/// Parameters that the step would carry out of the box are put on the bound, and the step of the
/// others is worked out again with those fixed.
fn stepped(
    search: &Search,
    jacobian: &[Vec<f64>],
    space: &Space,
    damping: f64,
) -> Option<Vec<f64>> {
    let n = search.point.len();
    let hessian = Square::gram(jacobian);
    let gradient: Vec<f64> = jacobian.iter().map(|column| dot(column, &search.residuals)).collect();
    let mut step = vec![0.0; n];
    let mut open: Vec<usize> = (0..n)
        .filter(|i| {
            let (at, g) = (search.point[*i], gradient[*i]);
            let pushed_out =
                (at <= space.lower[*i] && g > 0.0) || (at >= space.upper[*i] && g < 0.0);
            search.free[*i] && !pushed_out && hessian.at(*i, *i) > 0.0
        })
        .collect();
    while !open.is_empty() {
        let mut matrix = hessian.kept(&open);
        let right: Vec<f64> = (open.iter())
            .map(|i| {
                let fixed: f64 =
                    (0..n).filter(|j| !open.contains(j)).map(|j| hessian.at(*i, j) * step[j]).sum();
                -gradient[*i] - fixed
            })
            .collect();
        for (k, i) in open.iter().enumerate() {
            *matrix.at_mut(k, k) += damping * hessian.at(*i, *i);
        }
        let solved = solve(&matrix, &right)?;
        let mut next = Vec::new();
        for (i, delta) in open.iter().zip(&solved) {
            let to = search.point[*i] + delta;
            if to < space.lower[*i] || to > space.upper[*i] {
                step[*i] = to.clamp(space.lower[*i], space.upper[*i]) - search.point[*i];
            } else {
                step[*i] = *delta;
                next.push(*i);
            }
        }
        if next.len() == open.len() {
            break;
        }
        open = next;
    }
    let moved = step.iter().any(|s| *s != 0.0);
    let at = |i: usize| (search.point[i] + step[i]).clamp(space.lower[i], space.upper[i]);
    moved.then(|| (0..n).map(at).collect())
}

/// Central differences at a point, one column per parameter (zero where it may not move or cannot
/// be simulated; one-sided at bounds).
pub fn central(point: &[f64], space: &Space, evaluate: &mut Evaluate<'_>) -> Option<Vec<Vec<f64>>> {
    let mut wanted = vec![point.to_vec()];
    for i in 0..point.len() {
        for sign in [-1.0, 1.0] {
            let mut other = point.to_vec();
            other[i] = (other[i] + sign * space.step[i]).clamp(space.lower[i], space.upper[i]);
            wanted.push(other);
        }
    }
    let mut found = evaluate(&wanted).into_iter();
    let base = found.next()??;
    let mut columns = Vec::new();
    for i in 0..point.len() {
        let (low, high) = (found.next().flatten(), found.next().flatten());
        let (a, b) = (wanted[1 + 2 * i][i], wanted[2 + 2 * i][i]);
        let quotient = |to: &[f64], from: &[f64], width: f64| -> Vec<f64> {
            to.iter().zip(from).map(|(t, f)| (t - f) / width).collect()
        };
        columns.push(match (low, high) {
            (Some(low), Some(high)) => quotient(&high, &low, b - a),
            (Some(low), None) if a < point[i] => quotient(&base, &low, point[i] - a),
            (None, Some(high)) if b > point[i] => quotient(&high, &base, b - point[i]),
            _ => vec![0.0; base.len()],
        });
    }
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(n: usize) -> Space {
        Space { lower: vec![-2.0; n], upper: vec![2.0; n], step: vec![1e-6; n] }
    }

    /// Rosenbrock's valley; the best point in the box is (1, 1), or on the bound.
    fn valley(points: &[Vec<f64>]) -> Vec<Option<Vec<f64>>> {
        let at = |p: &Vec<f64>| vec![10.0 * (p[1] - p[0] * p[0]), 1.0 - p[0]];
        points.iter().map(|p| (p[0] > -1.9).then(|| at(p))).collect()
    }

    #[test]
    fn finds_the_bottom_of_a_valley() {
        let mut searches = [Search::new(vec![-1.2, 1.0], vec![true; 2])];
        descend(&mut searches, &space(2), 100, &mut valley, &|_| {});
        let best = &searches[0];
        assert_eq!(best.status, Status::Converged);
        assert!((best.point[0] - 1.0).abs() < 1e-4 && (best.point[1] - 1.0).abs() < 1e-4);
        assert!(best.path.windows(2).all(|w| w[1].0 <= w[0].0));
    }

    #[test]
    fn stays_in_the_box_and_on_what_is_fixed() {
        let tight = Space { upper: vec![0.5, 2.0], ..space(2) };
        let mut searches = [
            Search::new(vec![-1.2, 1.0], vec![true; 2]),
            Search::new(vec![0.0, 1.5], vec![true, false]),
        ];
        descend(&mut searches, &tight, 100, &mut valley, &|_| {});
        assert!((searches[0].point[0] - 0.5).abs() < 1e-9, "{:?}", searches[0].point);
        assert!((searches[0].point[1] - 0.25).abs() < 1e-4);
        assert_eq!(searches[1].point[1], 1.5);
    }

    #[test]
    fn company_changes_nothing() {
        let start = |x: f64| Search::new(vec![x, 0.3], vec![true; 2]);
        let mut alone = [start(-0.7)];
        descend(&mut alone, &space(2), 50, &mut valley, &|_| {});
        let mut many = [start(1.9), start(-0.7), start(-1.95), start(0.1)];
        descend(&mut many, &space(2), 50, &mut valley, &|_| {});
        assert_eq!(alone[0].path, many[1].path);
        assert_eq!(many[2].status, Status::Failed);
    }

    #[test]
    fn central_differences_at_and_off_bounds() {
        let columns = central(&[2.0, 0.5], &space(2), &mut valley).unwrap();
        assert!((columns[0][0] + 40.0).abs() < 1e-3);
        assert!((columns[1][0] - 10.0).abs() < 1e-6);
    }
}
