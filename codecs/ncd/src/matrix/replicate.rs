//! Replicates of items, to see how far a tree hangs on parts of them.

use codec_core::{Error, Result};

/// Bytes of an anchor.
const ANCHOR: usize = 12;
/// Mean distance of anchors, in bytes.
const SPACING: u64 = 64;
/// How much of the pieces a replicate keeps: all but 1/e.
const KEPT: f64 = 0.632;
/// Shortest content: a hundred pieces, so that a replicate is never empty.
const SHORTEST: usize = 100 * SPACING as usize;

/// Replicate `number` of `contents`: a jackknife of pieces.
///
/// Each content is cut into pieces of 64 bytes on average, where its own bytes say so: in front of
/// every twelve bytes (an anchor) whose hash is a multiple of 64. A piece is kept or left out by the
/// hash of its anchor and `number`, so that contents which share a piece share its fate, wherever
/// it stands in them. Leaving 1/e of the data out gives supports that compare to those of a
/// bootstrap (Farris et al., *Parsimony jackknifing outperforms neighbor-joining*, 1996). A
/// bootstrap proper would draw pieces several times, which is the very thing that a compressor
/// notices.
///
/// Contents that are far apart share few anchors and lose different pieces, so that they look
/// farther apart than they are, and deep branches get less support than they deserve.
///
/// # Errors
/// [`Error::Usage`] if a content has fewer than 6,400 bytes, with its place in `contents`, from 1.
///
/// ```
/// let text: Vec<u8> = (0..20_000u32).flat_map(|n| n.to_string().into_bytes()).collect();
/// let replicates = codec_ncd::matrix::replicate(&[&text, &text], 7)?;
/// assert_eq!(replicates[0], replicates[1]);
/// let kept = replicates[0].len() as f64 / text.len() as f64;
/// assert!(0.6 < kept && kept < 0.67);
/// # Ok::<(), codec_core::Error>(())
/// ```
pub fn replicate(contents: &[&[u8]], number: u64) -> Result<Vec<Vec<u8>>> {
    let replicate = |(place, content): (usize, &&[u8])| {
        if content.len() < SHORTEST {
            return Err(Error::Usage(format!(
                "item {} has {} bytes, and a replicate needs at least {SHORTEST}",
                place + 1,
                content.len()
            )));
        }
        Ok(pieces_kept(content, number))
    };
    contents.iter().enumerate().map(replicate).collect()
}

fn pieces_kept(content: &[u8], number: u64) -> Vec<u8> {
    let mut kept = Vec::with_capacity(content.len());
    let mut is_kept = true;
    for (at, byte) in content.iter().enumerate() {
        if let Some(anchor) = content.get(at..at + ANCHOR) {
            let hash = anchor
                .iter()
                .fold(0, |hash, byte| mixed(hash ^ u64::from(*byte)));
            if hash.is_multiple_of(SPACING) {
                let chance = mixed(hash ^ mixed(number)) as f64 / u64::MAX as f64;
                is_kept = chance < KEPT;
            }
        }
        if is_kept {
            kept.push(*byte);
        }
    }
    kept
}

/// The mixing function of SplitMix64 (Steele, Lea & Flood 2014), one step on.
fn mixed(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_pieces_share_their_fate_wherever_they_stand() {
        let text: Vec<u8> = (0..20_000u32)
            .flat_map(|n| mixed(u64::from(n)).to_le_bytes())
            .collect();
        let turned = [&text[70_000..], &text[..70_000]].concat();
        let found = replicate(&[&text, &turned], 3).unwrap();
        let kept = found[0].len() as f64 / text.len() as f64;
        assert!((kept - KEPT).abs() < 0.03, "{kept}");
        // All but what is near the two ends is there, in the order of the turned text.
        let piece = &found[0][10_000..20_000];
        assert!(found[1].windows(piece.len()).any(|window| window == piece));
        assert_ne!(replicate(&[&text], 4).unwrap()[0], found[0]);
        assert!(
            replicate(&[&text[..100]], 1)
                .unwrap_err()
                .to_string()
                .contains("item 1 has 100")
        );
    }
}
