//! Pixels of 8 bits as planes of floats and back.

use crate::error::{Error, check_length};
use crate::work::{self, Task};
use std::num::NonZeroUsize;

/// Planes `[C, h, w]` of rows of interleaved pixels of `C` bytes: value `v` becomes `v / 255 - 0.5`, to
/// rounding.
///
/// Each row begins `stride` bytes after the one before, so that a tile of a larger image can be read.
///
/// ```
/// let bytes = [0, 51, 255, 255, 102, 0];
/// let mut planes = [0.0; 6];
/// codec_wavelet::planes_of_bytes::<3>(&bytes, 6, [1, 2], &mut planes)?;
/// let expected = [-0.5, 0.5, -0.3, -0.1, 0.5, -0.5];
/// assert!(planes.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6_f32));
/// # Ok::<(), codec_wavelet::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Length`] if there are fewer bytes than the rows need, or not as many values.
pub fn planes_of_bytes<const C: usize>(
    bytes: &[u8],
    stride: usize,
    [h, w]: [usize; 2],
    planes: &mut [f32],
) -> Result<(), Error> {
    check::<C>(bytes.len(), stride, [h, w], planes.len())?;
    if planes.is_empty() {
        return Ok(());
    }
    let mut planes = planes.chunks_exact_mut(h * w);
    let planes = [(); C].map(|()| planes.next().unwrap_or_default());
    let task = Unpack {
        bytes,
        stride,
        width: w,
        planes,
    };
    work::run(NonZeroUsize::MIN, vec![task]);
    Ok(())
}

/// Rows of interleaved pixels of `C` bytes of planes `[C, h, w]`: value `v` becomes `(v + 0.5) * 255`,
/// rounded to the nearest byte, halves to even ones, and numbers that are none to 0.
///
/// Each row begins `stride` bytes after the one before; bytes between rows keep their values.
///
/// # Errors
///
/// [`Error::Length`] if there are fewer bytes than the rows need, or not as many values.
pub fn bytes_of_planes<const C: usize>(
    planes: &[f32],
    [h, w]: [usize; 2],
    bytes: &mut [u8],
    stride: usize,
) -> Result<(), Error> {
    check::<C>(bytes.len(), stride, [h, w], planes.len())?;
    if planes.is_empty() {
        return Ok(());
    }
    let mut planes = planes.chunks_exact(h * w);
    let planes = [(); C].map(|()| planes.next().unwrap_or_default());
    let task = Pack {
        planes,
        width: w,
        bytes,
        stride,
    };
    work::run(NonZeroUsize::MIN, vec![task]);
    Ok(())
}

fn check<const C: usize>(
    bytes: usize,
    stride: usize,
    [h, w]: [usize; 2],
    values: usize,
) -> Result<(), Error> {
    let row = w.checked_mul(C).ok_or(Error::TooLarge)?;
    check_length("planes", h.checked_mul(row).ok_or(Error::TooLarge)?, values)?;
    if values == 0 {
        return Ok(());
    }
    let needed = stride
        .checked_mul(h - 1)
        .and_then(|start| start.checked_add(row))
        .ok_or(Error::TooLarge)?;
    if stride < row && h > 1 {
        return check_length("bytes of a row", row, stride);
    }
    check_length("bytes", needed, bytes.min(needed))
}

struct Unpack<'a, 'b, const C: usize> {
    bytes: &'a [u8],
    stride: usize,
    width: usize,
    planes: [&'b mut [f32]; C],
}

impl<const C: usize> Task for Unpack<'_, '_, C> {
    #[inline(always)]
    fn run(mut self) {
        let mut values = vec![0.0; self.width * C];
        for (y, row) in self.bytes.chunks(self.stride.max(1)).enumerate() {
            let at = y * self.width;
            if at + self.width > self.planes[0].len() {
                break;
            }
            for (value, byte) in values.iter_mut().zip(row) {
                *value = f32::from(*byte) * (1.0 / 255.0) - 0.5;
            }
            for (channel, plane) in self.planes.iter_mut().enumerate() {
                let plane = &mut plane[at..at + self.width];
                for (value, pixel) in plane.iter_mut().zip(values.as_chunks::<C>().0) {
                    *value = pixel[channel];
                }
            }
        }
    }
}

struct Pack<'a, 'b, const C: usize> {
    planes: [&'a [f32]; C],
    width: usize,
    bytes: &'b mut [u8],
    stride: usize,
}

impl<const C: usize> Task for Pack<'_, '_, C> {
    #[inline(always)]
    fn run(self) {
        /// Added to a number from 0 to 255, it leaves the nearest whole one in the lowest bits.
        const ROUND: f32 = 8_388_608.0;
        let mut bytes = vec![0; self.width];
        for (y, row) in self.bytes.chunks_mut(self.stride.max(1)).enumerate() {
            let at = y * self.width;
            if at + self.width > self.planes[0].len() {
                break;
            }
            for (channel, plane) in self.planes.iter().enumerate() {
                for (byte, value) in bytes.iter_mut().zip(&plane[at..at + self.width]) {
                    #[expect(clippy::manual_clamp, reason = "what is no number becomes 0")]
                    let value = ((value + 0.5) * 255.0).max(0.0).min(255.0);
                    *byte = (value + ROUND).to_bits() as u8;
                }
                for (pixel, byte) in row.as_chunks_mut::<C>().0.iter_mut().zip(&bytes) {
                    pixel[channel] = *byte;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut planes = [0.0; 256];
        planes_of_bytes::<4>(&bytes, 32, [8, 8], &mut planes).unwrap();
        assert_eq!((planes[0], planes[255]), (-0.5, 0.5));
        assert_eq!(planes[64 + 9], 37.0 / 255.0 - 0.5);
        let mut back = [0; 256];
        bytes_of_planes::<4>(&planes, [8, 8], &mut back, 32).unwrap();
        assert_eq!(back[..], bytes);
    }

    #[test]
    fn tiles_leave_what_is_beside_them() {
        let image: Vec<u8> = (0..5 * 7 * 3).collect();
        let mut planes = [0.0; 2 * 4 * 3];
        let first = 7 * 3 + 3;
        planes_of_bytes::<3>(&image[first..], 7 * 3, [2, 4], &mut planes).unwrap();
        assert!(
            (planes[8 + 4 + 1] - (f32::from(image[first + 21 + 4]) / 255.0 - 0.5)).abs() < 1e-7
        );
        let mut back = [255; 5 * 7 * 3];
        bytes_of_planes::<3>(&planes, [2, 4], &mut back[first..], 7 * 3).unwrap();
        for (at, (before, after)) in image.iter().zip(back).enumerate() {
            let (y, x) = (at / 21, at % 21 / 3);
            let inside = (1..3).contains(&y) && (1..5).contains(&x);
            assert_eq!(after, if inside { *before } else { 255 }, "{at}");
        }
    }

    #[test]
    fn any_number_becomes_a_byte() {
        let planes = [
            f32::NAN,
            f32::NEG_INFINITY,
            f32::INFINITY,
            -0.6,
            0.51,
            0.001,
        ];
        let mut bytes = [9; 6];
        bytes_of_planes::<1>(&planes, [2, 3], &mut bytes, 3).unwrap();
        assert_eq!(bytes, [0, 0, 255, 0, 255, 128]);
    }

    #[test]
    fn lengths_are_checked() {
        assert!(planes_of_bytes::<3>(&[0; 12], 6, [2, 2], &mut [0.0; 12]).is_ok());
        assert!(planes_of_bytes::<3>(&[0; 11], 6, [2, 2], &mut [0.0; 12]).is_err());
        assert!(planes_of_bytes::<3>(&[0; 12], 5, [2, 2], &mut [0.0; 12]).is_err());
        assert!(planes_of_bytes::<3>(&[0; 12], 6, [2, 2], &mut [0.0; 11]).is_err());
        assert!(planes_of_bytes::<3>(&[], 0, [0, 2], &mut []).is_ok());
        assert!(bytes_of_planes::<1>(&[0.0; 2], [1, 2], &mut [0; 1], 2).is_err());
    }
}
