use std::collections::HashMap;

use super::echo;
use super::keys::SOURCE_PROFILE;
use super::kind::Word;
use super::mistake::Reported;
use super::suggest::nearest;
use super::table::{NamedTable, Table};
use crate::aws::ProfileName;

/// Among more profiles than these a guess at what was meant costs too much.
const MOST_GUESSED_AMONG: usize = 100;

/// How many profiles of a circle a message names.
const MOST_NAMED: usize = 8;

/// `source_profile`.
pub(super) fn named_in(table: &Table<'_>) -> Result<ProfileName, Reported> {
    let name = table.string(&SOURCE_PROFILE, |text| text.parse().map_err(|_| SOURCE_PROFILE.must));
    table.required(&SOURCE_PROFILE, name)
}

/// That every `source_profile` is another profile of the file, and that none leads back to itself. Sources may stand
/// before or after those that they sign for.
pub(super) fn check(profiles: &[NamedTable<'_>]) -> Result<(), Reported> {
    let names: Vec<_> = profiles
        .iter()
        .map(|(name, _)| name.as_ref().map_or("", ProfileName::as_str))
        .collect();
    let places: HashMap<&str, usize> = names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
    let mut result = Ok(());
    let mut next = vec![None; profiles.len()];
    for (index, (_, table)) in profiles.iter().enumerate() {
        let Some((table, source)) = table.as_ref().ok().and_then(|table| Some((table, source_in(table)?))) else {
            continue;
        };
        next[index] = places.get(source.as_str()).copied();
        match next[index].map(|place| (names[place], profiles[place].1.as_ref())) {
            None => {
                let text = unknown(source.as_str(), names[index], &names);
                result = Err(table.report(&SOURCE_PROFILE, text));
            }
            Some((name, Ok(source))) => {
                let asked = may_ask(table, name, source);
                result = result.and(asked);
            }
            Some((_, Err(_))) => {}
        }
    }
    for circle in circles(&next) {
        let members: Vec<_> = circle.iter().map(|&index| names[index]).collect();
        if let Ok(table) = &profiles[circle[0]].1 {
            result = Err(table.report(&SOURCE_PROFILE, leads_back(&members)));
        }
    }
    result
}

/// What AWS lets temporary credentials ask of STS depends on the action that gave them.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html>
fn may_ask(table: &Table<'_>, name: &str, source: &Table<'_>) -> Result<(), Reported> {
    let name = echo::profile(name);
    let text = match (Word::of(source), Word::of(table)) {
        (Word::Federation, _) => format!(
            "names {name}, a federated user, who may ask nothing of STS but GetCallerIdentity; name a session or a role, \
             or write `key` instead"
        ),
        (Word::Root, _) => {
            format!("names {name}, a root session, which has its one task and may assume nothing; name a role")
        }
        (Word::Session, Word::Root) => format!(
            "names {name}, a session, which may do nothing in STS but assume roles; chain a role from it, and name that"
        ),
        _ => return Ok(()),
    };
    Err(table.report(&SOURCE_PROFILE, text))
}

/// What is no name at all is told where the profile is read.
fn source_in(table: &Table<'_>) -> Option<ProfileName> {
    table.text(&SOURCE_PROFILE)?.parse().ok()
}

fn unknown(source: &str, own: &str, names: &[&str]) -> String {
    match guess(source, own, names) {
        Some(guess) => format!("names no profile of this file; did you mean `{guess}`?"),
        None => String::from("names no profile of this file; name one, or add it as [profile.<that name>]"),
    }
}

/// The profile that was probably meant, which may be told.
pub(super) fn guess<'n>(source: &str, own: &str, names: &[&'n str]) -> Option<&'n str> {
    if names.len() > MOST_GUESSED_AMONG {
        return None;
    }
    let harmless = |name: &&str| *name != own && !name.is_empty() && echo::profile(name) == *name;
    nearest(source, &names.iter().copied().filter(harmless).collect::<Vec<_>>())
}

fn leads_back(names: &[&str]) -> String {
    let [first, rest @ ..] = names else {
        return String::new();
    };
    if rest.is_empty() {
        return String::from("must name another profile than its own");
    }
    let mut shown: Vec<_> = names.iter().take(MOST_NAMED).map(|name| echo::profile(name)).collect();
    if names.len() > MOST_NAMED {
        shown.push("…");
    }
    shown.push(echo::profile(first));
    format!(
        "must not lead back: {}; give one of them a `key` instead",
        shown.join(" → ")
    )
}

/// Every circle in a graph of at most one edge a node, once each, from its lowest node on.
fn circles(next: &[Option<usize>]) -> Vec<Vec<usize>> {
    let mut walks = vec![None; next.len()];
    let mut found = Vec::new();
    for start in 0..next.len() {
        let mut node = start;
        while walks[node].is_none() {
            walks[node] = Some(start);
            match next[node] {
                Some(to) => node = to,
                None => break,
            }
        }
        let met_itself = walks[node] == Some(start) && next[node].is_some();
        if met_itself {
            found.push(circle_through(node, next));
        }
    }
    found
}

fn circle_through(node: usize, next: &[Option<usize>]) -> Vec<usize> {
    let following = |&node: &usize| next[node];
    let mut circle = vec![node];
    circle.extend(std::iter::successors(next[node], following).take_while(|&other| other != node));
    let lowest = circle.iter().enumerate().min_by_key(|(_, node)| **node);
    let lowest = lowest.map_or(0, |(position, _)| position);
    circle.rotate_left(lowest);
    circle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_circle_once() {
        for (next, expected) in [
            (vec![], vec![]),
            (vec![None, Some(0), Some(1)], vec![]),
            (vec![Some(0)], vec![vec![0]]),
            (vec![Some(1), Some(0), Some(0)], vec![vec![0, 1]]),
            (vec![Some(3), Some(2), Some(1), Some(2)], vec![vec![1, 2]]),
            (
                vec![Some(2), Some(1), Some(4), None, Some(0), Some(3), Some(1)],
                vec![vec![0, 2, 4], vec![1]],
            ),
        ] {
            assert_eq!(circles(&next), expected, "{next:?}");
        }
    }
}
