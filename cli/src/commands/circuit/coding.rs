//! What a model does to records, measured with the real coder: every record is decoded and compared.

use std::num::NonZeroUsize;

use codec_suite::circuit::{Coder, GROUP, Model, Records, bits};
use codec_suite::core::{Error, ordered};
use cpu_time::ThreadTime;
use serde::Serialize;

use crate::console::Console;
use crate::progress::Progress;
use crate::units::grouped;

/// Sizes and times of records under a model.
#[derive(Serialize, Clone)]
pub(crate) struct Measured {
    pub(crate) records: usize,
    /// Values of a record.
    pub(crate) dimensions: usize,
    /// By the likelihood of the stored model, without a coder.
    pub(crate) ideal_bits_per_dimension: f64,
    pub(crate) model_bytes: usize,
    /// The model's bits over all values of these records.
    pub(crate) model_bits_per_dimension: f64,
    /// One codeword for each record, then one for each group.
    pub(crate) codewords: Vec<Codewords>,
}

/// What the coder did with records.
#[derive(Serialize, Clone)]
pub(crate) struct Codewords {
    /// Records of a codeword, at most.
    pub(crate) records_per_codeword: usize,
    /// Of all codewords, without framing.
    pub(crate) bytes: u64,
    pub(crate) bits_per_dimension: f64,
    pub(crate) with_model_bits_per_dimension: f64,
    /// Records that decoded to themselves: all, or the command fails.
    pub(crate) verified: usize,
    /// Milliseconds of one core for each record.
    pub(crate) encode_ms_per_record: f64,
    pub(crate) decode_ms_per_record: f64,
}

/// Codes all records one by one and in groups.
pub(crate) fn measure(
    model: &Model,
    model_bytes: usize,
    records: &Records,
    threads: NonZeroUsize,
    console: &Console,
) -> Result<Measured, Error> {
    let ideal: f64 = bits(model.circuit(), records, threads)?.iter().sum();
    let values = records.values().len() as f64;
    let model_bits = model_bytes as f64 * 8.0 / values;
    let coder = Coder::new(model.circuit().clone());
    let work = 2 * records.len() as u64;
    let progress = Progress::counting("coding", work, "records", console.chatter());
    let mut codewords = Vec::new();
    for group in [1, GROUP] {
        let (bytes, encode, decode) = code(&coder, records, group, threads, &progress)?;
        let rate = bytes as f64 * 8.0 / values;
        let per_record = 1000.0 / records.len() as f64;
        codewords.push(Codewords {
            records_per_codeword: group,
            bytes,
            bits_per_dimension: rate,
            with_model_bits_per_dimension: rate + model_bits,
            verified: records.len(),
            encode_ms_per_record: encode * per_record,
            decode_ms_per_record: decode * per_record,
        });
    }
    Ok(Measured {
        records: records.len(),
        dimensions: records.width(),
        ideal_bits_per_dimension: ideal / values,
        model_bytes,
        model_bits_per_dimension: model_bits,
        codewords,
    })
}

/// Bytes of codewords of `group` records, and the seconds of encoding and of decoding them.
fn code(
    coder: &Coder,
    records: &Records,
    group: usize,
    threads: NonZeroUsize,
    progress: &Progress,
) -> Result<(u64, f64, f64), Error> {
    let mut starts = (0..records.len()).step_by(group);
    let mut sums = (0, 0.0, 0.0);
    ordered(
        threads,
        || Ok(starts.next()),
        |start| {
            let coded = records.range(start..(start + group).min(records.len()));
            let clock = ThreadTime::now();
            let codeword = coder.encode(&coded)?;
            let encode = clock.elapsed();
            let clock = ThreadTime::now();
            let decoded = coder.decode(&codeword, coded.len())?;
            let decode = clock.elapsed();
            if decoded != coded {
                return Err(Error::Mismatch(format!(
                    "record {start}, or one of its group, does not decode to itself"
                )));
            }
            progress.done(coded.len() as u64);
            Ok((codeword.len(), encode, decode))
        },
        |coded| {
            let (len, encode, decode) = coded;
            sums.0 += len as u64;
            sums.1 += encode.as_secs_f64();
            sums.2 += decode.as_secs_f64();
            Ok(())
        },
    )?;
    Ok(sums)
}

/// Prints sizes and times as a table.
pub(crate) fn print(measured: &Measured, console: &mut Console) {
    let bytes = measured.ideal_bits_per_dimension / 8.0
        * measured.records as f64
        * measured.dimensions as f64;
    let model = format!("with the model / {}", grouped(measured.records as u64));
    console.line(&format!(
        "{:<26}{:>10}{:>14}{:>12}{:>12}{:>26}",
        "", "bits/dim", "bytes", "ms encode", "ms decode", model
    ));
    console.line(&format!(
        "{:<26}{:>10.4}{:>14}",
        "ideal",
        measured.ideal_bits_per_dimension,
        grouped(bytes.ceil() as u64)
    ));
    for codewords in &measured.codewords {
        let name = match codewords.records_per_codeword {
            1 => "a codeword each".to_owned(),
            records => format!("{records} in a codeword"),
        };
        console.line(&format!(
            "{name:<26}{:>10.4}{:>14}{:>12.3}{:>12.3}{:>26.4}",
            codewords.bits_per_dimension,
            grouped(codewords.bytes),
            codewords.encode_ms_per_record,
            codewords.decode_ms_per_record,
            codewords.with_model_bits_per_dimension,
        ));
    }
}
