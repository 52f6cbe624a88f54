//! Sequences.

use codec_suite::core::{BlockCodec, Params};
use codec_suite::dna::{DnaBlocks, bases_of, fastq};

/// The payload decoder of `dna`. The first two bytes are the content length, the next one the level
/// and whether there is a reference.
pub fn dna_payload(data: &[u8]) {
    let [low, high, choice, payload @ ..] = data else {
        return;
    };
    let blocks = dna_blocks(*choice);
    let mut params = Params::defaults(blocks.descriptor().params);
    // A level out of range leaves the default.
    let _ = params.set("level", &(choice % 10).to_string());
    let content_len = usize::from(*low) | usize::from(*high) << 8;
    if let Ok(content) = blocks.decode_block(payload, content_len, &params) {
        // The container refuses any other length; a decoder must not run far past it either.
        assert!(content.len() <= content_len.saturating_add(1 << 16));
    }
}

/// Blocks with a reference of a few bases, or without one.
fn dna_blocks(choice: u8) -> DnaBlocks {
    let reference: &[u8] = if choice >= 128 {
        &[0, 1, 2, 3, 3, 1]
    } else {
        &[]
    };
    DnaBlocks {
        reference: reference.repeat(20).into(),
    }
}

/// Encoding and decoding with `dna`, in blocks that end where it wants them to. The first byte
/// chooses level and reference, the second one the length of blocks; the rest stands for letters and
/// marks that sequences are made of, or for itself.
///
/// # Panics
/// If the content does not come back.
#[expect(clippy::expect_used, reason = "a failure here is the finding")]
pub fn dna_round_trip(data: &[u8]) {
    let [choice, len, rest @ ..] = data else {
        return;
    };
    let blocks = dna_blocks(*choice);
    let mut params = Params::defaults(blocks.descriptor().params);
    let _ = params.set("level", &(choice % 10).to_string());
    let letters = b"ACGTACGTACGTacgtNNnU\n\n\n\r>@+!I-* 1R";
    let letter = |byte: &u8| letters[usize::from(*byte) % letters.len()];
    let content: Vec<u8> = match choice / 10 % 4 {
        0 => rest.to_vec(),
        _ => rest.iter().map(letter).collect(),
    };
    let block_len = 16 * (usize::from(*len) + 1);
    let mut rest = &content[..];
    while !rest.is_empty() {
        let block = rest.get(..block_len).unwrap_or(rest);
        let end = blocks.block_end(block);
        assert!((1..=block.len()).contains(&end));
        let (block, behind) = rest.split_at(end);
        rest = behind;
        let payload = blocks.encode_block(block, &params);
        let payload = payload.expect("any content can be encoded");
        let decoded = blocks.decode_block(&payload, block.len(), &params);
        assert!(decoded.expect("what was encoded can be decoded") == block);
    }
}

/// The readers of FASTA and FASTQ.
///
/// # Panics
/// If they contradict each other.
pub fn dna_readers(data: &[u8]) {
    assert!(bases_of(data).len() <= data.len());
    let records = fastq::Records::new(data);
    let whole: Vec<_> = records.clone().flatten().collect();
    for record in &whole {
        assert_eq!(record.sequence.len(), record.qualities.len());
    }
    match fastq::check(data) {
        Ok(count) => assert_eq!(count, whole.len() as u64),
        Err(malformed) => {
            assert_eq!(malformed.record, whole.len() as u64 + 1);
            assert!(malformed.line <= 4 * malformed.record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_for_sequences_run_on_sequences() {
        let fastq = b"@r1 x\nACGTN\n+\nIII!#\n@r2 x\nAC\n+r2 x\nII\n";
        dna_readers(fastq);
        dna_readers(b">a\nACGT\n");
        for choice in 0..=255 {
            dna_round_trip(&[&[choice, 3], &fastq[..], &fastq[..30]].concat());
            dna_payload(&[&[200, 0, choice], &fastq[..]].concat());
        }
    }
}
