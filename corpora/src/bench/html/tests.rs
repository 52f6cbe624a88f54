//! Tests of the page: well-formed, complete, and harmless whatever the names.

use super::*;
use crate::bench::testing::record;

/// The names of all elements, or what is wrong with the page's structure as XML.
fn elements(page: &str) -> Result<Vec<String>, String> {
    let mut rest = page.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    let (mut open, mut all) = (Vec::<String>::new(), Vec::new());
    while let Some((text, after)) = rest.split_once('<') {
        let is_code = matches!(open.last().map(String::as_str), Some("style" | "script"));
        if !is_code && text.contains('>') {
            return Err(format!("stray '>' in '{text}'"));
        }
        for entity in text.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
            if !known.iter().any(|name| entity.starts_with(name)) {
                return Err(format!("bare '&' before '{entity}'"));
            }
        }
        let (tag, after) = after.split_once('>').ok_or("unfinished tag")?;
        if tag.matches('"').count() % 2 != 0 {
            return Err(format!("unquoted attribute in '{tag}'"));
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(format!("'</{name}>' closes nothing"));
            }
        } else {
            let name = tag.split([' ', '/']).next().unwrap_or_default().to_owned();
            all.push(name.clone());
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        rest = after;
    }
    match open.is_empty() {
        true => Ok(all),
        false => Err(format!("left open: {open:?}")),
    }
}

fn example() -> Vec<Record> {
    let mut ours = record("zstd:19", "a.txt", 1_000_000, 250_000);
    ours.peers = vec!["system-zstd:19".into()];
    let mut again = record("zstd:19", "b.txt", 4000, 1000);
    again.peers.clone_from(&ours.peers);
    vec![
        ours,
        record("system-zstd:19", "a.txt", 1_000_000, 260_000),
        record("xz:6", "a.txt", 1_000_000, 240_000),
        again,
        record("system-zstd:19", "b.txt", 4000, 1100),
    ]
}

#[test]
fn the_page_is_well_formed_and_shows_the_numbers() {
    let page = render(&example());
    let elements = elements(&page).unwrap();
    let count = |name: &str| elements.iter().filter(|element| *element == name).count();
    assert_eq!(count("figure"), 2 + 2 * 2);
    assert_eq!(count("details"), 2);
    assert_eq!(count("script"), 2);
    for text in ["250,000", "4.000", "(1 of 2 files)", "0.9613×", "zstd:19"] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = render(&example());
    for word in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn the_records_can_be_read_out_of_the_page() {
    let records = example();
    let page = render(&records);
    let (_, after) = page.split_once("type=\"application/json\">").unwrap();
    let (json, _) = after.split_once("</script>").unwrap();
    assert_eq!(serde_json::from_str::<Vec<Record>>(json).unwrap(), records);
}

#[test]
fn names_cannot_break_out_of_the_page() {
    let evil = "</script><script>alert('x')</script>&\"\u{1b}[1m";
    let mut records = example();
    for record in &mut records {
        record.item = evil.into();
        record.dataset = evil.into();
    }
    let page = render(&records);
    elements(&page).unwrap();
    assert!(!page.contains("<script>alert") && !page.contains('\u{1b}'));
}

#[test]
fn no_records_make_a_page_that_says_so() {
    let page = render(&[]);
    elements(&page).unwrap();
    assert!(page.contains("none"));
}
