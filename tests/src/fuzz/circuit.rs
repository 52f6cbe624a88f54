//! Records under circuits.

use codec_suite::circuit::{CircuitCodec, Model};
use codec_suite::core::container::{Frame, StreamHeader};
use codec_suite::core::{Codec, FrameSource, Job, MediaDescription, Params, Result};

use super::{MAX_CONTENT, budget, job};

/// The payload decoder of `circuit`. The first two bytes are the content length.
pub fn circuit_payload(data: &[u8]) {
    let [low, high, payload @ ..] = data else {
        return;
    };
    let params = Params::defaults(CircuitCodec.descriptor().params);
    let media = MediaDescription::bytes("");
    let header = StreamHeader::new(
        CircuitCodec.descriptor(),
        &params,
        media,
        MAX_CONTENT as u64,
    );
    let frame = Frame {
        content_len: u64::from(*low) | u64::from(*high) << 8,
        ..Frame::new(&[], payload.to_vec())
    };
    let job = job();
    // What does not decode is an error; what does has another hash.
    let _ = CircuitCodec.records(&header, &frame, 1..3, &job);
    let _ = CircuitCodec.decode(&header, &mut One(Some(frame)), &job, &mut Vec::new());
}

struct One(Option<Frame>);

impl FrameSource for One {
    fn next_frame(&mut self) -> Result<Option<Frame>> {
        Ok(self.0.take())
    }
}

/// Files of models, and encoding with them.
///
/// # Panics
/// If content that a model encodes does not come back.
#[expect(clippy::expect_used, reason = "a failure here is the finding")]
pub fn circuit_model(data: &[u8]) {
    if Model::read(data, &budget()).is_err() {
        return;
    }
    let job = Job {
        model: Some(data.into()),
        ..job()
    };
    let content = b"\0\0\x08\x02\0\0\0\x01\0\0\0\x02ab";
    let params = Params::defaults(CircuitCodec.descriptor().params);
    let mut file = Vec::new();
    let mut input = &content[..];
    let media = codec_suite::core::Media::bytes(&mut input, "");
    let encoded = codec_suite::core::encode_stream(&CircuitCodec, media, &params, &job, &mut file);
    if encoded.is_ok() {
        let mut decoded = Vec::new();
        codec_suite::core::decode_streams(&codec_suite::registry(), &file[..], &job, &mut decoded)
            .expect("what was encoded decodes");
        assert_eq!(decoded, content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of four values that tell which of four kinds the row is of, and little more.
    fn rows() -> Vec<u8> {
        let mut state = 1u32;
        let mut below = |bound: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % bound
        };
        let mut values = Vec::new();
        for _ in 0..1500 {
            let kind = below(4);
            values.extend((0..4).map(|column| ((kind + column * 3) % 4 * 4 + below(4)) as u8));
        }
        codec_suite::circuit::array::npy_bytes(&[1500, 4], 1, &values)
    }

    #[test]
    fn payloads_and_models_run_through() {
        let content = rows();
        for solid in ["never", "always"] {
            let settings = [("level", "1"), ("solid", solid)];
            let file = codec_suite::encode(&content, "circuit", &settings).unwrap();
            let budget = budget();
            let mut reader = codec_suite::core::container::Reader::new(&file[..], &budget);
            reader.next_stream().unwrap().unwrap();
            let payload = reader.next_frame().unwrap().unwrap().payload;
            assert_eq!(payload[0], 2, "a model is inside");
            run_through(&payload, content.len() as u16);
        }
    }

    /// A payload with a model inside, that model, and both with damage in every byte of the model and
    /// in some of what is behind it.
    fn run_through(payload: &[u8], content_len: u16) {
        let len = content_len.to_le_bytes();
        circuit_payload(&[&len[..], payload].concat());
        let model_at = payload
            .windows(4)
            .position(|bytes| bytes == b"CIRC")
            .unwrap();
        let number = payload[1..model_at].iter().rev();
        let model_len = number.fold(0, |len, byte| len << 7 | usize::from(byte & 0x7f));
        let model = model_at..model_at + model_len;
        for at in (0..model.end).chain((model.end..payload.len()).step_by(17)) {
            let mut damaged = payload.to_vec();
            damaged[at] ^= 1 << (at % 8);
            circuit_payload(&[&len[..], &damaged].concat());
            if model.contains(&at) {
                circuit_model(&damaged[model.clone()]);
            }
        }
        circuit_model(&payload[model]);
    }
}
