use serde_json::Value;

use super::{profiles, text, time};

const HEADINGS: [&str; 9] = [
    "PROFILE",
    "STATE",
    "EXPIRATION",
    "RENEWAL",
    "ISSUED",
    "KIND",
    "SOURCE",
    "ACCOUNT",
    "REQUIRED",
];

/// A row a profile, in aligned columns.
pub(super) fn of(status: &Value) -> String {
    let now = &status["now"];
    let rows = profiles(status).map(|profile| row(profile, now));
    let rows: Vec<_> = std::iter::once(HEADINGS.map(str::to_owned)).chain(rows).collect();
    let widths: Vec<_> = (0..HEADINGS.len()).map(|column| width(&rows, column)).collect();
    let mut table = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        table.extend([line.trim_end(), "\n"]);
    }
    table
}

fn row(profile: &Value, now: &Value) -> [String; HEADINGS.len()] {
    let words = |value: &Value| text(value).replace('_', " ");
    let source = match &profile["source_profile"] {
        Value::Null => words(&profile["source"]),
        name => text(name),
    };
    [
        text(&profile["name"]),
        words(&profile["state"]),
        time::at(&profile["expiration"], now),
        time::away(&profile["renewal"], now),
        time::away(&profile["issued"], now),
        text(&profile["kind"]),
        source,
        text(&profile["account"]),
        (if profile["required"] == true { "yes" } else { "no" }).to_owned(),
    ]
}

fn width(rows: &[[String; HEADINGS.len()]], column: usize) -> usize {
    rows.iter()
        .map(|row| row[column].chars().count())
        .max()
        .unwrap_or_default()
}
