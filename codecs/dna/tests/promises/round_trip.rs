//! What is encoded comes back, whatever it is.

use codec_core::BlockCodec;
use codec_dna::DnaBlocks;
use proptest::prelude::*;

use crate::{bases, decode, encode, lines, reads};

#[track_caller]
fn check(content: &[u8]) {
    if content.is_empty() {
        return;
    }
    for level in [1, 3, 6, 9] {
        let payload = encode(content, level);
        let decoded = decode(&payload, content.len(), level).unwrap();
        assert!(
            decoded == content,
            "level {level}: {:?}",
            String::from_utf8_lossy(content)
        );
    }
}

/// What FASTA files and broken ones are made of.
fn sequences() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ACGT]{1,70}",
        2 => "[acgt]{1,70}",
        2 => "[ACGTNacgtn]{1,20}",
        1 => "N{1,60}",
        1 => "[ACGU]{1,40}",
        1 => "[RYKMSWBDHVN*.-]{1,9}",
        1 => "[A-Za-z >@+;]{1,9}",
        4 => prop_oneof![Just("\n".to_owned()), Just("\r\n".to_owned())],
        2 => "\n>[a-z|]{0,9}[0-9]{0,4}\n",
        1 => Just("\n\n".to_owned()),
        1 => Just("\r".to_owned()),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// What FASTQ files and broken ones are made of.
fn fastq() -> impl Strategy<Value = String> {
    let record = (
        "[a-z.:]{0,6}[0-9]{0,4}",
        "[ACGT]{0,30}|[ACGTNacgtn-]{0,30}",
        any::<bool>(),
        0usize..9,
    );
    let record = record.prop_map(|(name, letters, again, offset)| {
        let again = if again { &name[..] } else { "" };
        let quality = |n: usize| char::from(b'#' + ((n + offset) * 7 % 20) as u8);
        let qualities: String = (0..letters.len()).map(quality).collect();
        format!("@{name}\n{letters}\n+{again}\n{qualities}\n")
    });
    let piece = prop_oneof![
        9 => record,
        1 => "[@+!-~\n]{0,20}",
        1 => "@[a-z]{0,3}\n[ACGT]{0,9}\n",
    ];
    let crlf = |text: String| text.replace('\n', "\r\n");
    let content = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    (content, any::<bool>(), 0usize..5).prop_map(move |(content, is_crlf, cut)| {
        let content = if is_crlf { crlf(content) } else { content };
        let mut len = content.len().saturating_sub(cut);
        while !content.is_char_boundary(len) {
            len -= 1;
        }
        content[..len].to_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(content in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&content);
    }

    #[test]
    fn what_looks_like_sequences(content in sequences()) {
        check(content.as_bytes());
    }

    #[test]
    fn what_looks_like_fastq(content in fastq()) {
        check(content.as_bytes());
    }

    #[test]
    fn every_cut_of_a_file_into_blocks(
        content in prop_oneof![sequences(), fastq()],
        len in 1usize..300,
    ) {
        let mut rest = content.as_bytes();
        while !rest.is_empty() {
            let block = &rest[..len.min(rest.len())];
            let end = DnaBlocks::default().block_end(block);
            prop_assert!((1..=block.len()).contains(&end));
            check(&block[..end]);
            rest = &rest[end..];
        }
    }
}

#[test]
fn files_of_every_kind() {
    let sequence = bases(5_000, 1);
    let masked: String = sequence[..3_000]
        .chars()
        .enumerate()
        .map(|(n, letter)| {
            if n / 170 % 3 == 1 {
                letter.to_ascii_lowercase()
            } else {
                letter
            }
        })
        .collect();
    let genome = lines(&sequence, 60, "\n");
    let crlf = lines(&sequence, 70, "\r\n");
    for content in [
        sequence.clone(),
        sequence.to_lowercase(),
        sequence.clone() + "\n",
        sequence.to_lowercase() + "\n",
        sequence.clone() + "\r\n",
        sequence.replace('T', "U"),
        genome.clone(),
        crlf.clone(),
        format!(">one\n{genome}"),
        format!(">one\r\n{crlf}>two\r\n{crlf}"),
        format!(
            ">one\n{genome}\n\n>two\n{}\n>three\n{genome}",
            &genome[..1234]
        ),
        format!(">one\n{}", genome.trim_end()),
        format!(">masked\n{}", lines(&masked, 50, "\n")),
        format!(">gap\n{}{}{genome}", "N".repeat(6_000), "n".repeat(500)),
        ">empty\n>empty too\n".repeat(50),
        "\n".repeat(3_000),
        "N".repeat(3_000),
        reads(50),
        reads(50).replace('\n', "\r\n"),
        reads(50).trim_end().to_owned(),
        reads(20) + "@broken\nACGT\n+\n!!!\n" + &reads(30) + "\n\n",
        "no record\n".to_owned() + &reads(50),
    ] {
        check(content.as_bytes());
    }
}

#[test]
fn blocks_end_with_a_record_or_a_line() {
    let reads = reads(20);
    let blocks = DnaBlocks::default();
    for cut in 500..reads.len() {
        let end = blocks.block_end(&reads.as_bytes()[..cut]);
        assert!(
            end > 0 && reads[..end].lines().count().is_multiple_of(4),
            "{cut} {end}"
        );
        assert!(codec_dna::fastq::check(&reads.as_bytes()[..end]).is_ok());
    }
    assert_eq!(blocks.block_end(b">a\nACGT\nAC"), 8);
    assert_eq!(blocks.block_end(b"ACGTACGT"), 8);
}
