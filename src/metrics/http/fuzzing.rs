//! What the door of the server tells the fuzz targets. It is in no other build.

use super::{Http, IntCounter, Reason};

impl Http {
    /// How often each code was answered, and each reason given.
    pub fn counted(&self) -> (Vec<(u16, u64)>, Vec<(Reason, u64)>) {
        let codes = self.listener.codes();
        let sum = |code: usize| {
            let of_code = self.requests.iter().skip(code).step_by(codes.len());
            of_code.map(IntCounter::get).sum()
        };
        let answered = codes.iter().enumerate().map(|(place, code)| (*code, sum(place)));
        let rejected = Reason::ALL.into_iter().zip(&self.rejected);
        let rejected = rejected.filter_map(|(reason, counter)| Some((reason, counter.as_ref()?.get())));
        (answered.collect(), rejected.collect())
    }
}
