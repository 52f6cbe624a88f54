//! Tests of tables as wholes.

use proptest::prelude::*;

use super::*;

fn comes_back(table: &[u8]) -> TableParts {
    let parts = TableParts::of(table).unwrap();
    let mut written = Vec::new();
    parts.front.write(&mut written).unwrap();
    written.extend_from_slice(b"more");
    let (front, len) = TableFront::read(&written).unwrap();
    assert_eq!((&front, len), (&parts.front, written.len() - 4));
    let content = whole(&front, &parts.records, &parts.rest, table.len()).unwrap();
    assert!(content == table);
    parts
}

#[test]
fn log_tables_of_real_systems() {
    let Ok(folder) = std::env::var("TABLES") else {
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let table = std::fs::read(&file).unwrap();
        let parts = comes_back(&table);
        let mut front = Vec::new();
        parts.front.write(&mut front).unwrap();
        let schema = parts.front.schema();
        let mut bits = 0.0;
        for v in 0..schema.len() {
            let of_rows = parts.records.iter().map(|r| r[v]).collect();
            bits += measure::Symbols {
                of_rows,
                count: usize::from(schema.variables[v].symbols),
            }
            .own_bits();
        }
        println!(
            "{} {} front {} rest {} records~{:.0} total {:.0}",
            file.file_name().unwrap().to_string_lossy(),
            table.len(),
            front.len(),
            parts.rest.len(),
            bits / 8.0,
            front.len() as f64 + parts.rest.len() as f64 + bits / 8.0
        );
        for (n, d) in parts.front.names().iter().zip(parts.front.descriptions()) {
            println!("    {n}: {d}");
        }
    }
}
