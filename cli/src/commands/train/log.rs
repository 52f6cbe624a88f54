//! Passes as rows of a table.

use std::fmt::Write;

use codec_suite::circuit::{Pass, PassKind};

use crate::units::grouped;

/// All passes as CSV: bits are those per dimension, and empty where nothing was measured.
pub(super) fn csv(passes: &[Pass]) -> String {
    let mut out = String::from(
        "pass,kind,moved_states,step,train_bits,validation_bits,seconds,cpu_seconds\n",
    );
    let bits = |bits: Option<f64>| bits.map_or(String::new(), |bits| format!("{bits:.6}"));
    for (number, pass) in passes.iter().enumerate() {
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "{number},{},{},{:.6},{},{},{:.3},{:.3}",
            name(pass.kind),
            pass.moved,
            pass.step,
            bits(pass.train_bits),
            bits(pass.validation_bits),
            pass.seconds,
            pass.cpu_seconds
        );
    }
    out
}

/// A pass in a line for people; `total` is how many passes of its kind there are to be.
pub(super) fn line(pass: &Pass, number: usize, total: u32) -> String {
    let mut out = match pass.kind {
        PassKind::Start => "start".to_owned(),
        PassKind::Epoch => format!("epoch {number} of {total}: step {:.3}", pass.step),
        PassKind::Full => format!("full pass {number} of {total}"),
    };
    let separator = |out: &str| if out.contains(':') { ", " } else { ": " };
    if pass.moved > 0 {
        let _ = write!(
            out,
            "{}{} states moved",
            separator(&out),
            grouped(pass.moved as u64)
        );
    }
    for (name, bits) in [
        ("training", pass.train_bits),
        ("validation", pass.validation_bits),
    ] {
        if let Some(bits) = bits {
            let _ = write!(out, "{}{name} {bits:.4}", separator(&out));
        }
    }
    if pass.train_bits.or(pass.validation_bits).is_some() {
        out.push_str(" bits per dimension");
    }
    let _ = write!(
        out,
        "{}{:.1} s, {:.1} s of CPU",
        separator(&out),
        pass.seconds,
        pass.cpu_seconds
    );
    out
}

pub(super) fn name(kind: PassKind) -> &'static str {
    match kind {
        PassKind::Start => "start",
        PassKind::Epoch => "epoch",
        PassKind::Full => "full",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_a_row_and_a_line() {
        let start = Pass {
            kind: PassKind::Start,
            moved: 0,
            step: 0.0,
            train_bits: None,
            validation_bits: Some(2.5),
            seconds: 1.0,
            cpu_seconds: 2.0,
        };
        let epoch = Pass {
            kind: PassKind::Epoch,
            moved: 7,
            step: 0.5,
            train_bits: Some(1.25),
            validation_bits: None,
            ..start
        };
        assert_eq!(
            csv(&[start, epoch]).lines().collect::<Vec<_>>()[1..],
            [
                "0,start,0,0.000000,,2.500000,1.000,2.000",
                "1,epoch,7,0.500000,1.250000,,1.000,2.000"
            ]
        );
        assert_eq!(
            line(&start, 0, 1),
            "start: validation 2.5000 bits per dimension, 1.0 s, 2.0 s of CPU"
        );
        assert_eq!(
            line(&epoch, 1, 3),
            "epoch 1 of 3: step 0.500, 7 states moved, training 1.2500 bits per dimension, 1.0 s, 2.0 s of CPU"
        );
    }
}
