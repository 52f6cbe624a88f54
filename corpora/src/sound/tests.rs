use std::io::{self, Cursor};

use codec_core::Limits;
use hound::{SampleFormat, WavSpec};

use super::*;

/// A few tones, from -`peak` to `peak`.
fn tones(frames: usize, channels: usize, peak: f64) -> Vec<f64> {
    let sample = |index: usize| {
        let (time, channel) = ((index / channels) as f64, (index % channels) as f64);
        peak * (0.6 * (time * (0.05 + 0.01 * channel)).sin() + 0.4 * (time * 0.31).cos())
    };
    (0..frames * channels).map(sample).collect()
}

fn integers(frames: usize, channels: u8, bits: u8) -> Sound {
    let peak = full_scale(bits) - 1.0;
    let samples = tones(frames, usize::from(channels), peak);
    let samples = samples.iter().map(|sample| sample.round() as i32).collect();
    Sound::new(44_100, channels, bits, SoundSamples::Integer(samples)).unwrap()
}

fn floats(frames: usize, channels: u8) -> Sound {
    let samples = tones(frames, usize::from(channels), 1.5);
    let samples = samples.iter().map(|sample| *sample as f32).collect();
    Sound::new(96_000, channels, 32, SoundSamples::Float(samples)).unwrap()
}

fn wav(sound: &Sound) -> Vec<u8> {
    let mut file = Vec::new();
    sound.write_wav(&mut file).unwrap();
    file
}

fn read(mut bytes: &[u8]) -> Result<Sound> {
    Sound::read(&mut bytes, &Budget::default())
}

/// A FLAC file of 16 bits with verbatim frames of up to 192 samples, as no encoder would write it.
fn flac(samples: &[i32], channels: u8, stated: u64) -> Vec<u8> {
    let mut out = b"fLaC\x80\0\0\x22".to_vec();
    out.extend([0, 192, 0, 192, 0, 0, 0, 0, 0, 0]);
    // Rate 20 bits, channels - 1 3 bits, bits - 1 5 bits, samples 36 bits.
    let packed =
        44_100u64 << 44 | u64::from(channels - 1) << 41 | 15 << 36 | (stated & 0xF_FFFF_FFFF);
    out.extend(packed.to_be_bytes());
    out.extend([0; 16]);
    let channels = usize::from(channels);
    for (number, block) in samples.chunks(192 * channels).enumerate() {
        let frames = block.len() / channels;
        let mut frame = vec![0xFF, 0xF8, 0x69, (channels as u8 - 1) << 4 | 0b1000];
        frame.push(number as u8);
        frame.push(frames as u8 - 1);
        // The block size of 8 bits stands in the second byte as 0110.
        frame.push(crc(&frame, 0x07, 8) as u8);
        for channel in 0..channels {
            frame.push(0b0000_0010);
            for sample in block.iter().skip(channel).step_by(channels) {
                frame.extend((*sample as i16).to_be_bytes());
            }
        }
        let sum = crc(&frame, 0x8005, 16) as u16;
        frame.extend(sum.to_be_bytes());
        out.extend(frame);
    }
    out
}

fn crc(bytes: &[u8], polynomial: u32, bits: u32) -> u32 {
    let mask = u32::MAX >> (32 - bits);
    bytes.iter().fold(0, |crc, byte| {
        let start = crc ^ (u32::from(*byte) << (bits - 8));
        (0..8).fold(start, |crc, _| {
            let carry = (crc >> (bits - 1)) & 1;
            ((crc << 1) ^ (polynomial * carry)) & mask
        })
    })
}

#[test]
fn wav_files_of_every_format_survive() {
    for channels in [1, 2, 3, 6, 8, 255] {
        for bits in [8, 16, 24, 32] {
            let sound = integers(101, channels, bits);
            assert_eq!(read(&wav(&sound)).unwrap(), sound, "{channels} x {bits}");
        }
        let sound = floats(101, channels);
        assert_eq!(read(&wav(&sound)).unwrap(), sound);
    }
}

#[test]
fn the_lengths_in_a_wav_file_are_those_of_the_file() {
    for sound in [
        integers(3, 1, 8),
        integers(4, 1, 8),
        integers(5, 6, 24),
        floats(3, 2),
    ] {
        let file = wav(&sound);
        let stated = u32::from_le_bytes(file[4..8].try_into().unwrap());
        assert_eq!(stated as usize + 8, file.len());
        assert_eq!(file.len() % 2, 0);
    }
}

#[test]
fn odd_numbers_of_bits_are_written_as_whole_bytes() {
    let twelve = integers(50, 2, 12);
    let read = read(&wav(&twelve)).unwrap();
    assert_eq!(read.shape().bits, 16);
    assert_eq!(read.to_f32(), twelve.to_f32());
}

#[test]
fn floats_are_rounded_and_cut_off_in_files_of_integers() {
    let shape = AudioShape {
        rate: 8000,
        channels: 1,
        samples: 6,
        bits: 16,
        is_float: false,
    };
    let mut file = Vec::new();
    let mut writer = WavWriter::new(&mut file, shape).unwrap();
    writer.write_f32(&[0.0, 1.0, -1.0, 7.0]).unwrap();
    writer.write_f32(&[0.25, f32::NAN]).unwrap();
    writer.finish().unwrap();
    let expected = SoundSamples::Integer(vec![0, 32_767, -32_768, 32_767, 8192, 0]);
    assert_eq!(read(&file).unwrap().samples(), &expected);
}

#[test]
fn files_of_another_writer_are_read() {
    for (bits, sample_format) in [
        (8, SampleFormat::Int),
        (16, SampleFormat::Int),
        (24, SampleFormat::Int),
        (32, SampleFormat::Int),
        (32, SampleFormat::Float),
    ] {
        let spec = WavSpec {
            channels: 2,
            sample_rate: 22_050,
            bits_per_sample: bits,
            sample_format,
        };
        let mut file = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
        for sample in [0, 1, -1, 127, -128, 5] {
            match sample_format {
                SampleFormat::Int => writer.write_sample(sample).unwrap(),
                SampleFormat::Float => writer.write_sample(sample as f32).unwrap(),
            }
        }
        writer.finalize().unwrap();
        let sound = read(file.get_ref()).unwrap();
        assert_eq!(sound.shape().samples, 3);
        assert_eq!(u16::from(sound.shape().bits), bits);
        match sound.samples() {
            SoundSamples::Integer(samples) => assert_eq!(samples, &[0, 1, -1, 127, -128, 5]),
            SoundSamples::Float(samples) => assert_eq!(samples[3], 127.0),
        }
    }
}

#[test]
fn flac_files_are_read() {
    for channels in [1, 2, 6] {
        let sound = integers(500, channels, 16);
        let SoundSamples::Integer(samples) = sound.samples() else {
            panic!("integers are expected");
        };
        assert_eq!(read(&flac(samples, channels, 500)).unwrap(), sound);
        // Without a length.
        assert_eq!(read(&flac(samples, channels, 0)).unwrap(), sound);
        let file = flac(samples, channels, 501);
        let error = read(&file).unwrap_err().to_string();
        assert!(error.contains("after 500 of 501"), "{error}");
    }
}

#[test]
fn pieces_of_any_size_are_the_whole() {
    let sound = integers(500, 2, 16);
    let SoundSamples::Integer(samples) = sound.samples() else {
        panic!("integers are expected");
    };
    for file in [wav(&sound), flac(samples, 2, 500)] {
        for step in [1, 7, 192, 1000] {
            let mut input = &file[..];
            let mut reader = SoundReader::new(&mut input).unwrap();
            assert_eq!(reader.shape(), sound.shape());
            let mut all = Vec::new();
            loop {
                match reader.read(step).unwrap() {
                    SoundSamples::Integer(part) if part.is_empty() => break,
                    SoundSamples::Integer(part) => all.extend(part),
                    SoundSamples::Float(_) => panic!("integers are expected"),
                }
            }
            assert_eq!(&all, samples, "pieces of {step}");
        }
    }
}

#[test]
fn every_truncation_is_corrupt_with_a_position_in_the_file() {
    let sound = integers(300, 2, 16);
    let SoundSamples::Integer(samples) = sound.samples() else {
        panic!("integers are expected");
    };
    for file in [wav(&sound), flac(samples, 2, 300), wav(&floats(100, 1))] {
        for len in 12..file.len() {
            match read(&file[..len]) {
                Err(Error::Corrupt { at, .. }) => assert!(at <= len as u64),
                other => panic!("{len} of {} bytes: {other:?}", file.len()),
            }
        }
    }
}

#[test]
fn damage_is_no_panic() {
    let sound = integers(40, 2, 16);
    let SoundSamples::Integer(samples) = sound.samples() else {
        panic!("integers are expected");
    };
    for file in [wav(&sound), wav(&integers(9, 6, 24)), flac(samples, 2, 40)] {
        for at in 0..file.len() {
            for value in [0x00, 0x01, 0x7F, 0x80, 0xFF] {
                let mut bad = file.clone();
                bad[at] = value;
                let _ = read(&bad);
            }
        }
    }
}

#[test]
fn empty_sound_and_one_sample_are_sound() {
    for frames in [0, 1] {
        for sound in [integers(frames, 2, 16), floats(frames, 1)] {
            assert_eq!(read(&wav(&sound)).unwrap(), sound);
        }
    }
}

#[test]
fn other_files_are_unsupported_and_failing_input_is_its_own_error() {
    for file in [&b""[..], b"OggS", b"ID3 mp3 file", b"RIFF\0\0\0\0AVI "] {
        assert!(matches!(read(file), Err(Error::Unsupported(_))), "{file:?}");
    }
    struct Failing(Cursor<Vec<u8>>);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("the disk is gone")),
                read => Ok(read),
            }
        }
    }
    let mut half = wav(&integers(100, 1, 16));
    half.truncate(100);
    let error = Sound::read(&mut Failing(Cursor::new(half)), &Budget::default()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(error.to_string().contains("the disk is gone"));
}

#[test]
fn a_length_that_lies_does_not_allocate() {
    let mut file = wav(&integers(2, 1, 16));
    file[40..44].copy_from_slice(&0xFFFF_FFF0u32.to_le_bytes());
    assert!(matches!(read(&file), Err(Error::Corrupt { .. })));
}

#[test]
fn sound_beyond_the_limit_is_refused() {
    let budget = Budget::new(Limits {
        memory: 1000,
        ..Limits::default()
    });
    let file = wav(&integers(1000, 1, 16));
    let result = Sound::read(&mut &file[..], &budget);
    assert!(matches!(result, Err(Error::Limit { .. })));
}

#[test]
fn what_no_file_can_hold_is_refused() {
    let shape = integers(1, 1, 16).shape();
    let begin = |shape| WavWriter::new(&mut Vec::new(), shape).map(drop);
    for bad in [
        AudioShape { rate: 0, ..shape },
        AudioShape {
            channels: 0,
            ..shape
        },
        AudioShape { bits: 33, ..shape },
        AudioShape {
            is_float: true,
            ..shape
        },
    ] {
        assert!(matches!(begin(bad), Err(Error::Usage(_))));
    }
    for samples in [1 << 31, u64::MAX] {
        let long = AudioShape { samples, ..shape };
        assert!(matches!(begin(long), Err(Error::Unsupported(_))));
    }
    let mut file = Vec::new();
    let mut writer = WavWriter::new(&mut file, shape).unwrap();
    let too_wide = SoundSamples::Integer(vec![1 << 15]);
    assert!(matches!(writer.write(&too_wide), Err(Error::Usage(_))));
    let mut writer = WavWriter::new(&mut file, shape).unwrap();
    assert!(matches!(writer.write_f32(&[0.0; 2]), Err(Error::Usage(_))));
    assert!(matches!(writer.finish(), Err(Error::Usage(_))));
}

#[test]
fn channels_come_apart() {
    let sound = Sound::new(8000, 2, 8, SoundSamples::Integer(vec![64, -64, 32, -128])).unwrap();
    assert_eq!(sound.channels_f32(), [[0.5, 0.25], [-0.5, -1.0]]);
    assert!(Sound::new(8000, 2, 8, SoundSamples::Integer(vec![1; 3])).is_err());
    assert!(Sound::new(8000, 1, 16, SoundSamples::Float(vec![1.0])).is_err());
}
