//! Latents that are known, with room around them.

use super::{Around, ChannelModel, MOST_MAGNITUDE, Tap};

/// Columns of room to the left and to the right.
const SIDE: usize = 2;
/// Rows of room above.
const ABOVE: usize = 2;

/// Known latents of a tile, their magnitudes and the sums of magnitudes around them, zero where
/// nothing is known.
pub(super) struct Planes {
    pub(super) height: usize,
    pub(super) width: usize,
    stride: usize,
    values: Vec<i16>,
    magnitudes: Vec<i16>,
    rings: Vec<i16>,
}

impl Planes {
    pub(super) fn new(channels: usize, height: usize, width: usize) -> Self {
        let stride = width + 2 * SIDE;
        let len = channels * stride * (height + ABOVE + 1);
        Planes {
            height,
            width,
            stride,
            values: vec![0; len],
            magnitudes: vec![0; len],
            rings: vec![0; len],
        }
    }

    /// Index of a place.
    pub(super) fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        (channel * (self.height + ABOVE + 1) + row + ABOVE) * self.stride + column + SIDE
    }

    fn moved(&self, at: usize, down: i8, right: i8) -> usize {
        (at as isize + isize::from(down) * self.stride as isize + isize::from(right)) as usize
    }

    pub(super) fn value(&self, at: usize, down: i8, right: i8) -> i16 {
        self.values[self.moved(at, down, right)]
    }

    pub(super) fn magnitude(&self, at: usize, down: i8, right: i8) -> i16 {
        self.magnitudes[self.moved(at, down, right)]
    }

    pub(super) fn ring(&self, at: usize) -> i16 {
        self.rings[at]
    }

    pub(super) fn set(&mut self, at: usize, value: i16) {
        self.values[at] = value;
        self.magnitudes[at] = value.saturating_abs().min(MOST_MAGNITUDE);
    }

    /// The latents of `row`.
    pub(super) fn row(&self, channel: usize, row: usize) -> &[i16] {
        &self.values[self.at(channel, row, 0)..][..self.width]
    }

    /// Fills in the sums around the places of a channel that is complete.
    pub(super) fn finish(&mut self, channel: usize) {
        let s = self.stride;
        for row in 0..self.height {
            let start = self.at(channel, row, 0);
            for at in start..start + self.width {
                let m = |at: usize| self.magnitudes[at];
                let near = m(at - 1) + m(at + 1) + m(at - s) + m(at + s);
                let far = m(at - s - 1) + m(at - s + 1) + m(at + s - 1) + m(at + s + 1);
                self.rings[at] = 2 * near + far;
            }
        }
    }

    /// Sums that do not depend on the row's own latents: of the mean and of the scale.
    pub(super) fn row_sums(
        &self,
        model: &ChannelModel,
        row: usize,
        mean: &mut [i32],
        scale: &mut [i32],
    ) {
        mean.fill(0);
        scale.fill(model.scale);
        for tap in &model.mean {
            add(mean, self.shifted(&self.values, tap, row), tap.weight);
        }
        for tap in &model.above {
            add(scale, self.shifted(&self.magnitudes, tap, row), tap.weight);
        }
        for Around {
            channel,
            centre,
            ring,
        } in &model.around
        {
            let start = self.at(usize::from(*channel), row, 0);
            add(scale, &self.magnitudes[start..][..self.width], *centre);
            add(scale, &self.rings[start..][..self.width], *ring);
        }
    }

    fn shifted<'a>(&self, plane: &'a [i16], tap: &Tap, row: usize) -> &'a [i16] {
        let start = self.at(usize::from(tap.channel), row, 0);
        &plane[self.moved(start, tap.down, tap.right)..][..self.width]
    }
}

#[inline]
fn add(sums: &mut [i32], values: &[i16], weight: i16) {
    if weight == 0 {
        return;
    }
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += i32::from(value) * i32::from(weight);
    }
}
