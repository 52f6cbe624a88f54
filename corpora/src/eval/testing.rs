//! What the tests of evaluations share: a registry with a small lossy codec, and made-up records.

use std::collections::BTreeMap;
use std::sync::Arc;

use codec_core::container::{Frame, StreamHeader};
use codec_core::{
    Budget, Codec, Content, Descriptor, Error, FrameSink, FrameSource, Job, Media,
    MediaDescription, MediaKind, MediaSink, Memory, ParamKind, ParamSpec, Params, Registry, Result,
    Shape, Stats,
};

use crate::bench::{Build, Machine, Record, SCHEMA, testing};
use crate::picture::{Picture, Samples};
use crate::sound::{Sound, SoundSamples};

/// The registry of the bench's tests, whose codecs take bytes, and `coarse`, which rounds the samples of
/// pictures and sound and stores the file.
pub(super) fn registry() -> Registry {
    let mut registry = testing::registry();
    registry.register(Arc::new(Coarse));
    registry
}

/// A record of a picture with a rate and a PSNR; `JPEG` is a peer.
pub(super) fn record(curve: &str, setting: &str, item: &str, rate: f64, psnr: f64) -> Record {
    Record {
        schema: SCHEMA.into(),
        codec: curve.into(),
        label: format!("{curve}:{setting}"),
        params: BTreeMap::new(),
        stream: if curve == "JPEG" {
            "system"
        } else {
            "container"
        }
        .into(),
        peers: Vec::new(),
        dataset: "made up".into(),
        item: item.into(),
        content_bytes: 1000,
        encoded_bytes: 100,
        bits_per_byte: 0.8,
        bpp: Some(rate),
        metrics: BTreeMap::from([("psnr_db".to_owned(), psnr)]),
        encode_s: 1.0,
        decode_s: 1.0,
        encode_cpu_s: 0.5,
        decode_cpu_s: 0.25,
        peak_rss_bytes: None,
        decode_rss_bytes: None,
        threads: 1,
        runs: 1,
        timing: "call".into(),
        build: Build::here(),
        machine: Machine::here(),
        model_sha256: None,
        date: "2031-03-14T15:09:26Z".into(),
    }
}

struct Coarse;

impl Codec for Coarse {
    fn descriptor(&self) -> &Descriptor {
        const fn integer(name: &'static str, max: i64) -> ParamSpec {
            ParamSpec {
                name,
                doc: "",
                kind: ParamKind::Integer {
                    min: 1,
                    max,
                    default: 1,
                },
                needed_to_decode: false,
            }
        }
        &Descriptor {
            id: "coarse",
            version: 1,
            summary: "",
            media: &[MediaKind::Image, MediaKind::Audio],
            lossless: false,
            params: const { &[integer("quality", 99), integer("shift", 8)] },
        }
    }

    fn memory(&self, _: &Params) -> Memory {
        Memory {
            encode: 0,
            decode: 0,
        }
    }

    fn encode(
        &self,
        media: Media<'_>,
        params: &Params,
        _: &Job,
        frames: &mut dyn FrameSink,
    ) -> Result<Stats> {
        let Content::Bytes(reader) = media.content else {
            return Err(Error::Usage("bytes are expected".into()));
        };
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(Error::io("read"))?;
        let step = 100 - params.integer("quality") as i32;
        let mut payload = Vec::new();
        let shape = match Picture::from_bytes(&bytes, &Budget::default()) {
            Ok(picture) => {
                let Samples::Eight(samples) = picture.samples() else {
                    return Err(Error::Unsupported("16 bits".into()));
                };
                let rounded = samples.iter().map(|s| (i32::from(*s) / step * step) as u8);
                let shape = picture.shape();
                let samples = Samples::Eight(rounded.collect());
                Picture::new(shape.width, shape.height, shape.channels, samples)?
                    .write_png(&mut payload)?;
                Shape::Image(shape)
            }
            Err(_) => {
                let sound = Sound::read(&mut &bytes[..], &Budget::default())?;
                let SoundSamples::Integer(samples) = sound.samples() else {
                    return Err(Error::Unsupported("floats".into()));
                };
                let rounded = samples.iter().map(|s| s / (step * 10) * (step * 10));
                let shape = sound.shape();
                let samples = SoundSamples::Integer(rounded.collect());
                Sound::new(shape.rate, shape.channels, shape.bits, samples)?
                    .write_wav(&mut payload)?;
                Shape::Audio(shape)
            }
        };
        let len = shape.content_len().unwrap_or(0);
        let description = MediaDescription::new(shape, &media.description.suffix);
        let header = StreamHeader::new(self.descriptor(), params, description, len);
        frames.begin(&header)?;
        let mut stats = Stats::default();
        stats.add_frame(bytes.len() as u64, payload.len() as u64);
        frames.frame(Frame::lossy(len, payload))?;
        Ok(stats)
    }

    fn decode(
        &self,
        _: &StreamHeader,
        frames: &mut dyn FrameSource,
        _: &Job,
        media: &mut dyn MediaSink,
    ) -> Result<Stats> {
        let mut stats = Stats::default();
        while let Some(frame) = frames.next_frame()? {
            media.bytes(&frame.payload)?;
            let len = frame.payload.len() as u64;
            stats.add_frame(len, len);
        }
        Ok(stats)
    }
}
