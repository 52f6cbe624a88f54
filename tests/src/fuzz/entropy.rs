//! Entropy coders and their tables.

use codec_suite::entropy::EntropyDecoder;
use codec_suite::entropy::adaptive::{ByteModel, CountModel};
use codec_suite::entropy::ans::{AnsDecoder, StaticDecoder, decode_bytes};
use codec_suite::entropy::range::RangeDecoder;
use codec_suite::entropy::stack::StackCoder;
use codec_suite::entropy::table::{EscapedTable, StaticTable};

use super::MAX_CONTENT;

/// The readers of tables and of blocks with tables.
///
/// # Panics
/// If a table that was read does not survive being written.
#[expect(clippy::expect_used, reason = "a failure here is the finding")]
pub fn entropy_tables(data: &[u8]) {
    let _ = decode_bytes(data, MAX_CONTENT);
    let _ = EscapedTable::read(data, 300);
    if let Ok((table, read)) = StaticTable::read(data, 1 << 16) {
        assert!(read <= data.len());
        let mut written = Vec::new();
        table.write(&mut written);
        let (again, _) = StaticTable::read(&written, 1 << 16).expect("a written table is valid");
        assert_eq!(again.precision(), table.precision());
        let mut symbols = vec![0u8; 1000];
        let rest = data.get(read..).unwrap_or_default();
        if table.alphabet() <= 256 {
            let _ = StaticDecoder::new(&table).decode(rest, &mut symbols);
        }
    }
}

/// The sequential decoders with adaptive models. The first byte chooses the coder.
pub fn entropy_coders(data: &[u8]) {
    let Some((&choice, data)) = data.split_first() else {
        return;
    };
    match choice % 3 {
        0 => {
            let mut coder = RangeDecoder::new(data);
            decode_adaptively(&mut coder);
            let _ = coder.finish();
        }
        1 => {
            if let Ok(mut coder) = AnsDecoder::new(data) {
                decode_adaptively(&mut coder);
                let _ = coder.finish();
            }
        }
        _ => {
            let mut coder = StackCoder::from_bits(data);
            decode_adaptively(&mut coder);
            let _ = coder.into_bits();
        }
    }
}

/// Decodes until the coder reports an error, but not for ever: an adaptive model may need next to no
/// input for a symbol.
fn decode_adaptively(coder: &mut impl EntropyDecoder) {
    let mut bytes = ByteModel::new();
    let Ok(mut counts) = CountModel::new(1000) else {
        return;
    };
    for _ in 0..4096 {
        if bytes.decode(coder).is_err() || counts.decode(coder).is_err() {
            return;
        }
    }
}
