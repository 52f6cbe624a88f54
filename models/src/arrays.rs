//! Arrays by name: from tensors and back, in SafeTensors files.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use codec_core::{Error, Result};
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// A named array of 32-bit floats.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its name.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its values, the last dimension fastest.
    pub values: Vec<f32>,
}

/// A tensor of values, the last dimension fastest.
pub fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The values of a tensor, the last dimension fastest.
///
/// # Errors
/// [`Error::Internal`] if the device cannot be read.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor
        .try_into_data()
        .map_err(|error| Error::Internal(error.to_string()))?
        .try_into_vec::<f32>()
        .map_err(|error| Error::Internal(format!("{error:?}")))
}

/// An array as it lies in a file.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) kind: Dtype,
    pub(crate) shape: Vec<usize>,
    /// Little-endian values.
    pub(crate) bytes: Vec<u8>,
}

impl Stored {
    pub(crate) fn new(
        name: impl Into<String>,
        kind: Dtype,
        shape: Vec<usize>,
        bytes: impl Iterator<Item = u8>,
    ) -> Self {
        Stored {
            name: name.into(),
            kind,
            shape,
            bytes: bytes.collect(),
        }
    }

    /// An array of 32-bit floats.
    pub(crate) fn floats(name: impl Into<String>, shape: Vec<usize>, values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        Self::new(name, Dtype::F32, shape, bytes)
    }

    /// An array of 16-bit integers.
    pub(crate) fn shorts(name: impl Into<String>, shape: Vec<usize>, values: &[i16]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        Self::new(name, Dtype::I16, shape, bytes)
    }

    /// An array as 16-bit floats, its name behind `prefix`.
    pub(crate) fn halves(prefix: &str, array: &Array) -> Self {
        let halves = array.values.iter();
        let halves = halves.flat_map(|&value| f16::from_f32(value).to_le_bytes());
        let name = format!("{prefix}{}", array.name);
        Self::new(name, Dtype::F16, array.shape.clone(), halves)
    }

    /// An array of 32-bit integers.
    pub(crate) fn longs(name: impl Into<String>, shape: Vec<usize>, values: &[i32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        Self::new(name, Dtype::I32, shape, bytes)
    }

    /// An array of 16-bit integers without sign.
    pub(crate) fn words(name: impl Into<String>, shape: Vec<usize>, values: &[u16]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        Self::new(name, Dtype::U16, shape, bytes)
    }
}

/// The SafeTensors file of `arrays` and of texts beside them.
///
/// # Errors
/// [`Error::Internal`] if the arrays are not of their shapes.
pub(crate) fn file(arrays: &[Stored], texts: HashMap<String, String>) -> Result<Vec<u8>> {
    let internal = |error: safetensors::SafeTensorError| Error::Internal(error.to_string());
    let views: std::result::Result<Vec<_>, _> = arrays
        .iter()
        .map(|array| {
            TensorView::new(array.kind, array.shape.clone(), &array.bytes)
                .map(|view| (array.name.as_str(), view))
        })
        .collect();
    safetensors::serialize(views.map_err(internal)?, Some(texts)).map_err(internal)
}

/// The arrays of a file of 32-bit floats, and its texts.
///
/// # Errors
/// [`Error::Corrupt`] if the file is not of this kind.
pub(crate) fn floats_of(bytes: &[u8]) -> Result<(Vec<Array>, HashMap<String, String>)> {
    let corrupt = |error: &dyn std::fmt::Display| Error::corrupt(0, error.to_string());
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| corrupt(&error))?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| corrupt(&error))?;
    let mut arrays = Vec::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(Error::corrupt(
                0,
                format!("array {name} is not of 32-bit floats"),
            ));
        }
        let (values, _) = view.data().as_chunks::<4>();
        arrays.push(Array {
            name,
            shape: view.shape().to_vec(),
            values: values
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect(),
        });
    }
    Ok((arrays, header.metadata().clone().unwrap_or_default()))
}

/// An array of a model's file.
///
/// # Errors
/// [`Error::Corrupt`] if there is none of that name and type.
pub(crate) fn view<'a>(file: &SafeTensors<'a>, name: &str, kind: Dtype) -> Result<TensorView<'a>> {
    file.tensor(name)
        .ok()
        .filter(|view| view.dtype() == kind)
        .ok_or_else(|| Error::corrupt(0, format!("model: no array {name} of type {kind:?}")))
}

/// An array of finite 32-bit floats of a model's file.
///
/// # Errors
/// [`Error::Corrupt`] if there is none of that name and shape.
pub(crate) fn floats(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
    let view = view(file, name, Dtype::F32)?;
    let (chunks, _) = view.data().as_chunks::<4>();
    let values: Vec<f32> = chunks
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    if view.shape() != shape || values.iter().any(|value| !value.is_finite()) {
        return Err(Error::corrupt(
            0,
            format!("model: array {name} is not finite of {shape:?}"),
        ));
    }
    Ok(values)
}

/// An array of 16-bit integers of a model's file.
///
/// # Errors
/// [`Error::Corrupt`] if there is none of that name.
pub(crate) fn shorts(file: &SafeTensors<'_>, name: &str) -> Result<Vec<i16>> {
    let view = view(file, name, Dtype::I16)?;
    let (chunks, _) = view.data().as_chunks::<2>();
    Ok(chunks
        .iter()
        .map(|bytes| i16::from_le_bytes(*bytes))
        .collect())
}

/// An array of 16-bit integers without sign of a model's file.
///
/// # Errors
/// [`Error::Corrupt`] if there is none of that name.
pub(crate) fn words(file: &SafeTensors<'_>, name: &str) -> Result<Vec<u16>> {
    let view = view(file, name, Dtype::U16)?;
    let (chunks, _) = view.data().as_chunks::<2>();
    Ok(chunks
        .iter()
        .map(|bytes| u16::from_le_bytes(*bytes))
        .collect())
}

/// An array of 32-bit integers of a model's file.
///
/// # Errors
/// [`Error::Corrupt`] if there is none of that name.
pub(crate) fn longs(file: &SafeTensors<'_>, name: &str) -> Result<Vec<i32>> {
    let view = view(file, name, Dtype::I32)?;
    let (chunks, _) = view.data().as_chunks::<4>();
    Ok(chunks
        .iter()
        .map(|bytes| i32::from_le_bytes(*bytes))
        .collect())
}

/// An array of finite 16-bit floats of a model's file.
///
/// # Errors
/// [`Error::Corrupt`] if it is of another type.
pub(crate) fn halves(name: &str, view: &TensorView<'_>) -> Result<Array> {
    let values: Vec<f32> = view
        .data()
        .as_chunks::<2>()
        .0
        .iter()
        .map(|bytes| f16::from_le_bytes(*bytes).to_f32())
        .collect();
    if view.dtype() != Dtype::F16 || values.iter().any(|value| !value.is_finite()) {
        return Err(Error::corrupt(
            0,
            format!("model: array {name} is not of finite 16-bit floats"),
        ));
    }
    Ok(Array {
        name: name.to_owned(),
        shape: view.shape().to_vec(),
        values,
    })
}
