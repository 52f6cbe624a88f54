//! A table with columns that depend on each other.

use std::io::Write;

use super::{Prng, fill};

const COUNTRIES: [(&str, &str); 8] = [
    ("Germany", "EUR"),
    ("France", "EUR"),
    ("Japan", "JPY"),
    ("Kenya", "KES"),
    ("Brazil", "BRL"),
    ("Canada", "CAD"),
    ("India", "INR"),
    ("Norway", "NOK"),
];
const STATES: [&str; 4] = ["shipped", "open", "paid", "returned"];

pub(super) fn bytes(len: usize, prng: &mut Prng) -> Vec<u8> {
    let mut order = 100_000;
    let mut header = true;
    fill(len, |out| {
        if header {
            header = false;
            out.extend_from_slice(
                b"order,day,country,currency,product,quantity,price,total,state\n",
            );
        }
        order += 1 + prng.zipf(3);
        let written = row(out, order, prng);
        // Writing into a vector cannot fail.
        debug_assert!(written.is_ok());
    })
}

fn row(out: &mut Vec<u8>, order: u64, prng: &mut Prng) -> std::io::Result<()> {
    let (country, currency) = prng.pick(&COUNTRIES);
    let product = prng.zipf(8);
    let quantity = 1 + prng.zipf(4);
    let price = 199 + Prng::new(product).below(20_000);
    let total = quantity * price;
    let day = (order - 100_000) / 500;
    let state = STATES[(prng.zipf(3) as usize).min(STATES.len() - 1)];
    writeln!(
        out,
        "{order},2031-{:02}-{:02},{country},{currency},P{product:04},{quantity},{}.{:02},{}.{:02},{state}",
        1 + day / 28 % 12,
        1 + day % 28,
        price / 100,
        price % 100,
        total / 100,
        total % 100
    )
}
