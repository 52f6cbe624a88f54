//! Lengths in as few bytes as they need: seven bits a byte, low ones first (LEB128).

use crate::EntropyError;

/// Appends `value` in 1 to 10 bytes.
pub(crate) fn write(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The number at `*at`, which moves past it.
pub(crate) fn read(input: &[u8], at: &mut usize) -> Result<u64, EntropyError> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *input
            .get(*at)
            .ok_or(EntropyError::Truncated { at: input.len() })?;
        let bits = u64::from(byte & 0x7f);
        if bits > u64::MAX >> shift {
            break;
        }
        *at += 1;
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(EntropyError::Corrupt {
        at: *at,
        what: "a length does not fit 64 bits",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_length_comes_back(value in any::<u64>(), shift in 0u32..64) {
            let value = value >> shift;
            let mut bytes = Vec::new();
            write(value, &mut bytes);
            let mut at = 0;
            prop_assert_eq!(read(&bytes, &mut at), Ok(value));
            prop_assert_eq!(at, bytes.len());
        }
    }

    #[test]
    fn a_length_of_more_than_64_bits_is_an_error() {
        assert!(read(&[0xff; 11], &mut 0).is_err());
        let mut two_to_64 = [0x80; 10];
        two_to_64[9] = 2;
        assert!(read(&two_to_64, &mut 0).is_err());
    }

    #[test]
    fn a_length_that_stops_in_the_middle_is_truncated() {
        assert_eq!(
            read(&[0x80], &mut 0),
            Err(EntropyError::Truncated { at: 1 })
        );
    }
}
