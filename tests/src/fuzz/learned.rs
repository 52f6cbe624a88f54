//! Pictures and sounds under learned models.

use std::sync::{Arc, OnceLock};

use codec_suite::core::container::{Frame, StreamHeader};
use codec_suite::core::{
    AudioShape, Codec, FrameSource, ImageShape, Job, MediaDescription, Params, Result, Shape,
};
use codec_suite::models::vq::VqCodec;
use codec_suite::models::vq::model::VqModel;
use codec_suite::models::walloc::WallocCodec;
use codec_suite::models::walloc::audio::WallocAudioCodec;
use codec_suite::models::walloc::audio::model::AudioModel;
use codec_suite::models::walloc::model::ImageModel;

use super::job;

const PICTURES: &[u8] = include_bytes!("../../lossy-vectors/walloc/v1/model.safetensors");
const INDICES: &[u8] = include_bytes!("../../lossy-vectors/vq/v1/model.safetensors");
const SOUNDS: &[u8] = include_bytes!("../../lossy-vectors/walloc-audio/v1/model.safetensors");

/// The payload decoder of `walloc`. The first bytes are the shape of the picture.
pub fn walloc_payload(data: &[u8]) {
    let Some((shape, payload)) = picture(data) else {
        return;
    };
    static HASH: OnceLock<Option<u64>> = OnceLock::new();
    let hash = HASH.get_or_init(|| ImageModel::read(PICTURES).ok().map(|model| model.hash()));
    let codec = WallocCodec::default();
    decode(&codec, Shape::Image(shape), *hash, PICTURES, payload);
}

/// The payload decoder of `vq`. The first bytes are the shape of the picture.
pub fn vq_payload(data: &[u8]) {
    let Some((shape, payload)) = picture(data) else {
        return;
    };
    static HASH: OnceLock<Option<u64>> = OnceLock::new();
    let hash = HASH.get_or_init(|| VqModel::read(INDICES).ok().map(|model| model.hash()));
    let codec = VqCodec::default();
    decode(&codec, Shape::Image(shape), *hash, INDICES, payload);
}

/// The shape of a picture in three bytes, and what is behind them.
fn picture(data: &[u8]) -> Option<(ImageShape, &[u8])> {
    let [width, height, kind, payload @ ..] = data else {
        return None;
    };
    let shape = ImageShape {
        width: u32::from(*width) * 5 + 1,
        height: u32::from(*height) + 1,
        channels: kind % 4 + 1,
        bits: if kind & 4 == 0 { 8 } else { 16 },
    };
    Some((shape, payload))
}

/// The payload decoder of `walloc-audio`. The first bytes are the shape of the sound.
pub fn walloc_audio_payload(data: &[u8]) {
    let [channels, low, high, kind, payload @ ..] = data else {
        return;
    };
    let shape = AudioShape {
        rate: 8000,
        channels: channels % 8 + 1,
        samples: u64::from(u16::from_le_bytes([*low, *high])) << (kind & 1),
        bits: if kind & 2 == 0 { 16 } else { 32 },
        is_float: kind & 2 != 0,
    };
    static HASH: OnceLock<Option<u64>> = OnceLock::new();
    let hash = HASH.get_or_init(|| AudioModel::read(SOUNDS).ok().map(|model| model.hash()));
    decode(
        &WallocAudioCodec,
        Shape::Audio(shape),
        *hash,
        SOUNDS,
        payload,
    );
}

/// Decodes one frame, and once more as a second one.
fn decode(codec: &dyn Codec, shape: Shape, hash: Option<u64>, model: &[u8], payload: &[u8]) {
    let Some(hash) = hash else { return };
    let params = Params::defaults(codec.descriptor().params);
    let media = MediaDescription::new(shape, "");
    let mut header = StreamHeader::new(codec.descriptor(), &params, media, 1 << 20);
    header.model = hash.to_le_bytes().to_vec();
    let job = Job {
        model: Some(Arc::from(model)),
        ..job()
    };
    let frame = || Frame::lossy(0, payload.to_vec());
    let mut frames = Frames(vec![frame()]);
    // What does not decode is an error; anything else is a picture or a sound.
    let _ = codec.decode(&header, &mut frames, &job, &mut Vec::new());
    let mut frames = Frames(vec![frame(), frame()]);
    let _ = codec.decode(&header, &mut frames, &job, &mut Vec::new());
}

struct Frames(Vec<Frame>);

impl FrameSource for Frames {
    fn next_frame(&mut self) -> Result<Option<Frame>> {
        Ok(self.0.pop())
    }
}

/// Files of models of pictures, and a frame under them.
pub fn walloc_model(data: &[u8]) {
    let hash = ImageModel::read(data).ok().map(|model| model.hash());
    let shape = ImageShape {
        width: 50,
        height: 30,
        channels: 3,
        bits: 8,
    };
    let payload = [40, 0, 0, 0, 0, 0, 200, 3, 77, 15, 91, 240, 8];
    let codec = WallocCodec::default();
    decode(&codec, Shape::Image(shape), hash, data, &payload);
}

/// Files of models of indices, and a frame under them.
pub fn vq_model(data: &[u8]) {
    let hash = VqModel::read(data).ok().map(|model| model.hash());
    let shape = ImageShape {
        width: 50,
        height: 30,
        channels: 3,
        bits: 8,
    };
    let payload = [7, 2, 0, 0, 0, 0, 4, 0, 5, 0, 3, 77, 15, 91, 240, 8, 1, 2, 3];
    let codec = VqCodec::default();
    decode(&codec, Shape::Image(shape), hash, data, &payload);
}

/// Files of models of sounds, and a frame under them.
pub fn walloc_audio_model(data: &[u8]) {
    let hash = AudioModel::read(data).ok().map(|model| model.hash());
    let shape = AudioShape {
        rate: 8000,
        channels: 1,
        samples: 9000,
        bits: 16,
        is_float: false,
    };
    let payload = [90, 0, 0, 0, 0, 200, 0, 3, 77, 15, 91, 240, 8, 1, 2, 3];
    decode(&WallocAudioCodec, Shape::Audio(shape), hash, data, &payload);
}
