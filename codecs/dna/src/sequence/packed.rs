//! Two bits a base, four bases a byte, the first in the highest bits.

/// Packs bases; the last byte is filled with zeros.
pub(super) fn encode(bases: &[u8]) -> Vec<u8> {
    let (quads, rest) = bases.as_chunks::<4>();
    let mut packed = Vec::with_capacity(bases.len().div_ceil(4));
    packed.extend(
        quads
            .iter()
            .map(|[a, b, c, d]| a << 6 | b << 4 | c << 2 | d),
    );
    if !rest.is_empty() {
        let last = rest.iter().fold(0, |byte, base| byte << 2 | base);
        packed.push(last << (2 * (4 - rest.len())));
    }
    packed
}

/// The first `len` bases, or `None` if the packed ones are more or fewer.
pub(super) fn decode(packed: &[u8], len: usize) -> Option<Vec<u8>> {
    if packed.len() != len.div_ceil(4) {
        return None;
    }
    let mut bases = Vec::with_capacity(packed.len().checked_mul(4)?);
    for byte in packed {
        bases.extend_from_slice(&[byte >> 6, byte >> 4 & 3, byte >> 2 & 3, byte & 3]);
    }
    let filled = bases.split_off(len);
    filled.iter().all(|base| *base == 0).then_some(bases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back() {
        for len in 0..40 {
            let bases: Vec<u8> = (0..len).map(|i| (i * i % 7 % 4) as u8).collect();
            let packed = encode(&bases);
            assert_eq!(decode(&packed, len), Some(bases));
            assert_eq!(decode(&packed, len + 4), None);
        }
    }
}
