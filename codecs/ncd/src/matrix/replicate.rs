//! Replicates of items, to see how far a tree hangs on parts of them.

use codec_core::{Error, Result};

use crate::shuffle::Shuffle;

/// Blocks that each content is cut into.
const BLOCKS: usize = 100;
/// Blocks that a replicate keeps: all but 1/e.
const KEPT: usize = 63;

/// Replicate `number` of `contents`: a jackknife of blocks.
///
/// Each content is cut into 100 blocks of equal length, 63 of which are kept in their order: the same
/// ones, by chance from `number`, of every content. Leaving 1/e of the data out gives supports that
/// compare to those of a bootstrap (Farris et al., *Parsimony jackknifing outperforms
/// neighbor-joining*, 1996). A bootstrap proper would draw blocks several times, which is the very
/// thing that a compressor notices. That blocks of the same number correspond is true of genomes
/// with one order of genes and the like; where it is not, replicates of like items are less alike
/// than they should be.
///
/// # Errors
/// [`Error::Usage`] if a content has fewer than 100 bytes, with its place in `contents`, from 1.
///
/// ```
/// let genome = vec![b'A'; 1000];
/// let replicates = codec_ncd::matrix::replicate(&[&genome], 7)?;
/// assert_eq!(replicates[0].len(), 630);
/// # Ok::<(), codec_core::Error>(())
/// ```
pub fn replicate(contents: &[&[u8]], number: u64) -> Result<Vec<Vec<u8>>> {
    let mut kept: Vec<usize> = (0..BLOCKS).collect();
    Shuffle::new(number).shuffle(&mut kept);
    kept.truncate(KEPT);
    kept.sort_unstable();
    let replicate = |(place, content): (usize, &&[u8])| {
        let len = content.len();
        if len < BLOCKS {
            return Err(Error::Usage(format!(
                "item {} has {len} bytes, and a replicate needs {BLOCKS} at least",
                place + 1
            )));
        }
        let block = |number: &usize| &content[number * len / BLOCKS..(number + 1) * len / BLOCKS];
        Ok(kept.iter().flat_map(block).copied().collect())
    };
    contents.iter().enumerate().map(replicate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicates_keep_the_same_blocks_of_every_item_in_order() {
        let long: Vec<u8> = (0..100).flat_map(|block| [block; 7]).collect();
        let short: Vec<u8> = (0..100).collect();
        let found = replicate(&[&long, &short], 3).unwrap();
        assert_eq!(found[1].len(), KEPT);
        assert!(found[1].is_sorted());
        let sevens: Vec<u8> = found[1].iter().flat_map(|block| [*block; 7]).collect();
        assert_eq!(found[0], sevens);
        assert_eq!(replicate(&[&long, &short], 3).unwrap(), found);
        assert_ne!(replicate(&[&short], 4).unwrap()[0], found[1]);
        let error = replicate(&[&short, &short[1..]], 1).unwrap_err();
        assert!(error.to_string().contains("item 2 has 99 bytes"));
    }
}
