//! From a picture to the payloads of its tiles.

use codec_core::{Error, Result};
use codec_corpora::picture::Picture;
use codec_wavelet::Packet2d;

use super::UNIT;
use super::model::VqModel;
use super::stages::Size;
use super::tile::{PACES, choose, encode};
use crate::walloc::encoder::{coded_alpha, latents_of};
use crate::walloc::tiles::{Area, Grid};

/// Encodes the tiles of one picture.
pub struct Encoder<'a> {
    model: &'a VqModel,
    picture: &'a Picture,
    grid: Grid,
    packet: Packet2d,
}

impl<'a> Encoder<'a> {
    /// An encoder for a picture on `grid`.
    ///
    /// # Errors
    /// [`Error::Internal`] if the model has too many levels.
    pub fn new(model: &'a VqModel, picture: &'a Picture, grid: Grid) -> Result<Self> {
        let packet = Packet2d::new(model.shape().levels);
        Ok(Encoder {
            model,
            picture,
            grid,
            packet: packet.map_err(|error| Error::Internal(error.to_string()))?,
        })
    }

    /// The payload of a tile with so many stages at a pace; see [`Payload`].
    ///
    /// # Errors
    /// [`Error::Internal`] if the transform refuses.
    pub fn payload(
        &self,
        number: u32,
        tile: &Area,
        (count, pace): (usize, usize),
    ) -> Result<Vec<u8>> {
        let model = self.model;
        let planes = latents_of(
            self.picture,
            &self.grid,
            &self.packet,
            &model.analysis,
            tile,
        )?;
        let (area, channels) = (tile.len(), model.stages.channels);
        let mut latents = vec![0.0; planes.len()];
        for (channel, plane) in planes.chunks_exact(area).enumerate() {
            for (at, value) in plane.iter().enumerate() {
                latents[at * channels + channel] = value * UNIT;
            }
        }
        let size = Size {
            height: tile.height(),
            width: tile.width(),
        };
        let tokens = choose(
            &model.stages,
            &model.priors,
            &latents,
            size,
            (count, pace),
            |_, _, _| {},
        );
        let parts = encode(&model.stages, &model.priors, &tokens, size, pace)?;
        let mut payload = vec![pace as u8, parts.len() as u8];
        payload.extend(number.to_le_bytes());
        for part in &parts {
            payload.extend((part.len() as u16).to_le_bytes());
        }
        parts.iter().for_each(|part| payload.extend(part));
        payload.extend(coded_alpha(self.picture, &self.grid, tile).unwrap_or_default());
        Ok(payload)
    }
}

/// The payload of a tile.
///
/// One byte for the pace, one for the number of stages, the number of the tile as 4 bytes; for each
/// stage the length of its indices as 2 bytes, all little-endian; the indices of each stage; the alpha
/// channel, where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload<'a> {
    /// The pace.
    pub pace: usize,
    /// Number of the tile, from left to right, then down.
    pub number: u32,
    /// Coded indices of each stage.
    pub parts: Vec<&'a [u8]>,
    /// Where the first part starts in the payload.
    pub parts_at: usize,
    /// What is left: the alpha channel.
    pub rest: &'a [u8],
}

impl<'a> Payload<'a> {
    /// Takes a payload apart; `stages` is how many stages the model has.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the position in the payload.
    pub fn new(payload: &'a [u8], stages: usize) -> Result<Self> {
        let short = |at: usize| Error::corrupt(at as u64, "a tile that ends too early");
        let (&[pace, count, a, b, c, d], rest) =
            payload.split_first_chunk::<6>().ok_or_else(|| short(0))?;
        let (pace, count) = (usize::from(pace), usize::from(count));
        if pace >= PACES {
            return Err(Error::corrupt(0, format!("pace {pace}, there are {PACES}")));
        }
        if count == 0 || count > stages {
            return Err(Error::corrupt(1, format!("{count} stages of {stages}")));
        }
        let (lengths, mut rest) = rest.split_at_checked(2 * count).ok_or_else(|| short(6))?;
        let mut parts = Vec::new();
        for &length in lengths.as_chunks::<2>().0 {
            let length = usize::from(u16::from_le_bytes(length));
            let at = payload.len() - rest.len();
            let (part, left) = rest.split_at_checked(length).ok_or_else(|| short(at))?;
            parts.push(part);
            rest = left;
        }
        Ok(Payload {
            pace,
            number: u32::from_le_bytes([a, b, c, d]),
            parts,
            parts_at: 6 + 2 * count,
            rest,
        })
    }
}
