/// The candidate that `name` was probably meant to be: near enough that at least two thirds of it are right.
pub(super) fn nearest<'c>(name: &str, candidates: &[&'c str]) -> Option<&'c str> {
    // Nothing longer is near, and it would only cost time.
    if name.len() > 64 {
        return None;
    }
    let name = name.to_lowercase().replace('-', "_");
    let length = name.chars().count();
    candidates
        .iter()
        // Nor is what differs by more in its length alone; a file of unknown keys has a hundred thousand.
        .filter(|candidate| length.abs_diff(candidate.len()) <= candidate.len() / 3)
        .map(|&candidate| (distance(&name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many characters must be added, removed, replaced or swapped with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_must_change() {
        for (a, b, expected) in [
            ("", "", 0),
            ("ops", "ops", 0),
            ("", "ops", 3),
            ("op", "ops", 1),
            ("oops", "ops", 1),
            ("opz", "ops", 1),
            ("osp", "ops", 1),
            ("regoin", "region", 1),
            ("ä", "a", 1),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn names_the_nearest_only_when_it_is_near() {
        let known = ["region", "required", "key", "duration_seconds"];
        for (name, expected) in [
            ("regoin", Some("region")),
            ("Region", Some("region")),
            ("requird", Some("required")),
            ("duration-seconds", Some("duration_seconds")),
            ("duration", None),
            ("keys", Some("key")),
            ("proxy", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
        assert_eq!(nearest(&"region".repeat(11), &known), None);
    }
}
