//! Response and progression by RECIST 1.1 (Eisenhauer et al. 2009, doi:10.1016/j.ejca.2008.10.026).

use crate::outcome::Response;

/// Smallest relative increase over the nadir that is progression.
const PROGRESSION_RELATIVE: f64 = 0.20;
/// Smallest absolute increase over the nadir that is progression, mm.
const PROGRESSION_ABSOLUTE_MM: f64 = 5.0;
/// Smallest relative decrease from baseline that is a partial response.
const PARTIAL_RESPONSE: f64 = 0.30;

/// What the visits of one patient have shown so far.
#[derive(Clone, Debug)]
pub struct Recist {
    baseline_mm: f64,
    nadir_mm: f64,
    detection_limit_mm: f64,
    best: Response,
    best_change_percent: Option<f64>,
    first_response_day: Option<f64>,
}

impl Recist {
    /// Starts from the baseline sum of diameters; a sum below `detection_limit_mm` at a later
    /// visit means that no lesion is seen any more.
    pub fn new(baseline_mm: f64, detection_limit_mm: f64) -> Recist {
        Recist {
            baseline_mm,
            nadir_mm: baseline_mm,
            detection_limit_mm,
            best: Response::NE,
            best_change_percent: None,
            first_response_day: None,
        }
    }

    /// Takes a visit on a day, with its sum of diameters in mm, into account and says how it is
    /// judged.
    pub fn visit(&mut self, day: f64, sum: f64, new_lesion: bool) -> Response {
        let response = self.judge(sum, new_lesion);
        self.nadir_mm = self.nadir_mm.min(sum);
        let change = 100.0 * (sum / self.baseline_mm - 1.0);
        self.best_change_percent = Some(self.best_change_percent.map_or(change, |b| b.min(change)));
        if matches!(response, Response::CR | Response::PR) && self.first_response_day.is_none() {
            self.first_response_day = Some(day);
        }
        if rank(response) < rank(self.best) {
            self.best = response;
        }
        response
    }

    fn judge(&self, sum: f64, new_lesion: bool) -> Response {
        let grown = sum - self.nadir_mm;
        let progressed =
            grown >= PROGRESSION_ABSOLUTE_MM && grown >= PROGRESSION_RELATIVE * self.nadir_mm;
        if new_lesion || progressed {
            Response::PD
        } else if sum < self.detection_limit_mm {
            Response::CR
        } else if sum <= (1.0 - PARTIAL_RESPONSE) * self.baseline_mm {
            Response::PR
        } else {
            Response::SD
        }
    }

    /// Best response so far.
    pub fn best(&self) -> Response {
        self.best
    }

    /// Best change from baseline so far, percent; none before the first visit.
    pub fn best_change_percent(&self) -> Option<f64> {
        self.best_change_percent
    }

    /// Day of the first visit that showed a response.
    pub fn first_response_day(&self) -> Option<f64> {
        self.first_response_day
    }
}

fn rank(response: Response) -> u8 {
    match response {
        Response::CR => 0,
        Response::PR => 1,
        Response::SD => 2,
        Response::PD => 3,
        Response::NE => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(visits: &[(f64, bool)]) -> (Vec<Response>, Recist) {
        let mut recist = Recist::new(100.0, 5.0);
        let responses = (visits.iter().enumerate())
            .map(|(i, (sum, new_lesion))| recist.visit(56.0 * (i + 1) as f64, *sum, *new_lesion))
            .collect();
        (responses, recist)
    }

    #[test]
    fn thirty_percent_down_is_a_partial_response() {
        assert_eq!(judge(&[(70.0, false)]).0, [Response::PR]);
        assert_eq!(judge(&[(70.1, false)]).0, [Response::SD]);
        assert_eq!(judge(&[(4.9, false)]).0, [Response::CR]);
    }

    #[test]
    fn progression_is_counted_from_the_nadir_and_needs_five_millimetres() {
        use Response::{PD, PR, SD};
        assert_eq!(judge(&[(50.0, false), (60.0, false)]).0, [PR, PD]);
        assert_eq!(judge(&[(20.0, false), (24.5, false)]).0, [PR, PR], "only 4.5 mm");
        assert_eq!(judge(&[(119.9, false)]).0, [SD]);
        assert_eq!(judge(&[(120.0, false)]).0, [PD]);
        assert_eq!(judge(&[(60.0, true)]).0, [PD], "a new lesion is progression");
    }

    #[test]
    fn the_best_is_kept() {
        let (_, recist) = judge(&[(90.0, false), (60.0, false), (100.0, false)]);
        assert_eq!(recist.best(), Response::PR);
        assert_eq!(recist.first_response_day(), Some(112.0));
        assert!((recist.best_change_percent().unwrap() + 40.0).abs() < 1e-12);
    }
}
