//! Where networks run, chosen when the program runs.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use codec_core::{Error, Result};

/// What `--device` says: `cpu`, `wgpu` or `wgpu:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// burn's own backend on the processor.
    #[default]
    Cpu,
    /// A GPU through wgpu: the first that is found, or the one of that number.
    Wgpu(Option<usize>),
}

/// How long a GPU may take to answer before it counts as absent: without a driver the backend can
/// wait for ever.
#[cfg(feature = "wgpu")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(4);

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once(':') {
            None if text == "cpu" => Ok(DeviceChoice::Cpu),
            None if text == "wgpu" => Ok(DeviceChoice::Wgpu(None)),
            Some(("wgpu", number)) => number
                .parse()
                .map(|number| DeviceChoice::Wgpu(Some(number)))
                .map_err(|_| Error::Usage(format!("device {text}: `{number}` is not a number"))),
            _ => Err(Error::Usage(format!(
                "device {text}: there are cpu, wgpu and wgpu:N"
            ))),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceChoice::Cpu => f.write_str("cpu"),
            DeviceChoice::Wgpu(None) => f.write_str("wgpu"),
            DeviceChoice::Wgpu(Some(number)) => write!(f, "wgpu:{number}"),
        }
    }
}

impl DeviceChoice {
    /// The device, after a first sum on it has come out right.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there is no such device, it does not answer within five seconds, or
    /// this build has no GPU support.
    pub fn open(self) -> Result<Device> {
        match self {
            DeviceChoice::Cpu => Ok(Device::flex()),
            DeviceChoice::Wgpu(number) => open_wgpu(number),
        }
    }
}

#[cfg(not(feature = "wgpu"))]
fn open_wgpu(_number: Option<usize>) -> Result<Device> {
    Err(Error::Unsupported(
        "this build has no GPU support; build with the feature `wgpu`, or use --device cpu"
            .to_owned(),
    ))
}

#[cfg(feature = "wgpu")]
fn open_wgpu(number: Option<usize>) -> Result<Device> {
    use burn::tensor::{DeviceKind, Tensor};

    let kind = number.map_or(DeviceKind::DefaultDevice, DeviceKind::DiscreteGpu);
    let (sender, receiver) = std::sync::mpsc::channel();
    // The thread is left behind if the driver never answers; the process ends soon after.
    std::thread::spawn(move || {
        let answer = std::panic::catch_unwind(move || {
            let device = Device::wgpu(kind);
            let sum = Tensor::<1>::ones([64], &device).sum();
            let right = sum.try_into_scalar::<f32>().is_ok_and(|sum| sum == 64.0);
            right.then_some(device)
        });
        drop(sender.send(answer.ok().flatten()));
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(Some(device)) => Ok(device),
        _ => Err(Error::Unsupported(format!(
            "device {} does not answer: is there a GPU with a Vulkan driver? --device cpu works everywhere",
            DeviceChoice::Wgpu(number)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_alike() {
        for name in ["cpu", "wgpu", "wgpu:3"] {
            assert_eq!(name.parse::<DeviceChoice>().unwrap().to_string(), name);
        }
        for name in ["", "gpu", "wgpu:", "wgpu:x", "cpu:0"] {
            assert!(name.parse::<DeviceChoice>().is_err(), "{name}");
        }
    }
}
