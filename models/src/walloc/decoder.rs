//! The decoder of an image model on a device.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use codec_core::{Error, Result};
use codec_wavelet::Packet2d;

use super::model::ImageModel;
use super::net::{Shape, Synthesis};
use super::step_size;
use super::tiles::{ANALYSIS_MARGIN, Area, Grid, cropped};
use crate::arrays::{Array, tensor, values};
use crate::train::adam::with_parameters;
use crate::train::checkpoint::names;

/// Turns latents into pixels.
#[derive(Debug)]
pub struct Decoder {
    synthesis: Synthesis,
    shape: Shape,
    packet: Packet2d,
    device: Device,
}

impl Decoder {
    /// The decoder of `model` on `device`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the model lacks an array or has one of another shape.
    pub fn new(model: &ImageModel, device: &Device) -> Result<Self> {
        Self::of_arrays(model.shape(), &model.synthesis, device)
    }

    /// The decoder of `shape` with these arrays.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_arrays(shape: &Shape, arrays: &[Array], device: &Device) -> Result<Self> {
        let shape = shape.clone();
        let empty = Synthesis::new(&shape, 0, device);
        let mut values = Vec::new();
        for (name, dimensions) in names(&empty) {
            let array = arrays.iter().find(|array| array.name == name);
            let array = array
                .filter(|array| array.shape == dimensions)
                .ok_or_else(|| {
                    Error::corrupt(
                        0,
                        format!("model: no array synthesis/{name} of {dimensions:?}"),
                    )
                })?;
            values.push(tensor(array.values.clone(), [array.values.len()], device));
        }
        let packet =
            Packet2d::new(shape.levels).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Decoder {
            synthesis: with_parameters(empty.no_grad(), values),
            shape,
            packet,
            device: device.clone(),
        })
    }

    /// Sizes of the network.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Latents around a place that its pixels depend on.
    #[must_use]
    pub fn margin(&self) -> usize {
        2 * self.shape.blocks + 1 + ANALYSIS_MARGIN
    }

    /// Memory to decode latents of `len` places at once, in bytes: the layers' inputs and outputs.
    #[must_use]
    pub fn memory(shape: &Shape, len: usize) -> u64 {
        let values = 4 * shape.coefficients() + 8 * shape.width + 3 * shape.channels();
        len as u64 * values as u64 * 4
    }

    /// Pixels of `inner`, planar `[3, rows, columns]` from -0.5 to 0.5, from the integers of `outer`
    /// (`[channels, rows, columns]`), which is `inner` grown by the margin.
    ///
    /// # Errors
    /// [`Error::Internal`] if the device gives nothing back.
    pub fn pixels(
        &self,
        integers: &[i16],
        grid: &Grid,
        outer: &Area,
        inner: &Area,
        step: usize,
        prefix: usize,
    ) -> Result<Vec<f32>> {
        let size = step_size(step);
        let mut dequantised: Vec<f32> = integers
            .iter()
            .map(|&value| f32::from(value) * size)
            .collect();
        debug_assert_eq!(integers.len(), self.shape.prefixes[prefix] * outer.len());
        dequantised.resize(self.shape.channels() * outer.len(), 0.0);
        self.pixels_of(dequantised, size, (step, prefix), grid, outer, inner)
    }

    /// As [`pixels`](Self::pixels), from latents `[channels, rows, columns]` that are off by about
    /// `size`, under the condition of a step and a prefix.
    ///
    /// # Errors
    /// As [`pixels`](Self::pixels).
    pub fn pixels_of(
        &self,
        latents: Vec<f32>,
        size: f32,
        (step, prefix): (usize, usize),
        grid: &Grid,
        outer: &Area,
        inner: &Area,
    ) -> Result<Vec<f32>> {
        let (h, w) = (outer.height(), outer.width());
        let latents: Tensor<4> = tensor(latents, [1, self.shape.channels(), h, w], &self.device);
        let condition = self.shape.condition(step, prefix);
        let condition: Tensor<2> = tensor(condition, [1, self.shape.conditions()], &self.device);
        let steps: Tensor<2> = tensor(vec![size], [1, 1], &self.device);
        let synthesised = self.synthesis.forward(latents, steps, condition, prefix);
        let coefficients = values(synthesised)?;
        let near = grid.grown(inner, ANALYSIS_MARGIN);
        let coefficients = cropped(&coefficients, outer, &near);
        let (near_rows, near_columns) = grid.pixels(&near);
        let pixels = self
            .packet
            .inverse(&coefficients, [3, near_rows.len(), near_columns.len()])
            .map_err(|error| Error::Internal(error.to_string()))?;
        let (rows, columns) = grid.pixels(inner);
        let from = Area {
            rows: near_rows,
            columns: near_columns,
        };
        Ok(cropped(&pixels, &from, &Area { rows, columns }))
    }
}
