use std::io::Cursor;

use codec_core::{Budget, Error, ImageShape, Limits};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::*;

/// A picture with gradients and an edge.
fn sample(width: u32, height: u32, channels: u8) -> Picture {
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for channel in 0..u32::from(channels) {
                samples.push((x * 3 + y * 5 + channel * 40 + 90 * u32::from(x > y)) as u8);
            }
        }
    }
    Picture::new(width, height, channels, Samples::Eight(samples)).unwrap()
}

fn wide(picture: &Picture) -> Picture {
    let Samples::Eight(samples) = picture.samples() else {
        panic!("8 bits are expected");
    };
    let wide = samples.iter().map(|sample| u16::from(*sample) * 251 + 7);
    let shape = picture.shape();
    let samples = Samples::Sixteen(wide.collect());
    Picture::new(shape.width, shape.height, shape.channels, samples).unwrap()
}

fn eight(picture: &Picture) -> &[u8] {
    match picture.samples() {
        Samples::Eight(samples) => samples,
        Samples::Sixteen(_) => panic!("8 bits are expected"),
    }
}

fn png(picture: &Picture) -> Vec<u8> {
    let mut file = Vec::new();
    picture.write_png(&mut file).unwrap();
    file
}

fn jpeg(picture: &Picture) -> Vec<u8> {
    let mut file = Vec::new();
    let shape = picture.shape();
    let color = match shape.channels {
        1 => ExtendedColorType::L8,
        _ => ExtendedColorType::Rgb8,
    };
    JpegEncoder::new_with_quality(&mut file, 95)
        .write_image(eight(picture), shape.width, shape.height, color)
        .unwrap();
    file
}

fn webp(picture: &Picture) -> Vec<u8> {
    let mut file = Vec::new();
    let shape = picture.shape();
    WebPEncoder::new_lossless(&mut file)
        .write_image(
            eight(picture),
            shape.width,
            shape.height,
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    file
}

fn read(bytes: &[u8]) -> Result<Picture> {
    Picture::from_bytes(bytes, &Budget::default())
}

/// A JPEG file with EXIF data that state an orientation.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let len = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &len, &exif, &jpeg[2..]].concat()
}

#[test]
fn png_files_of_every_shape_survive() {
    for channels in 1..=4 {
        for (width, height) in [(1, 1), (17, 9), (300, 1), (1, 300)] {
            let picture = sample(width, height, channels);
            assert_eq!(read(&png(&picture)).unwrap(), picture);
            let picture = wide(&picture);
            assert_eq!(read(&png(&picture)).unwrap(), picture);
        }
    }
}

#[test]
fn rows_give_the_same_file_however_they_are_split() {
    let picture = sample(50, 40, 3);
    let whole = png(&picture);
    for step in [1, 7, 150, 1000] {
        let mut file = Vec::new();
        let mut writer = PngWriter::new(&mut file, picture.shape()).unwrap();
        for part in eight(&picture).chunks(step) {
            writer.rows8(part).unwrap();
        }
        writer.finish().unwrap();
        assert!(file == whole, "steps of {step}");
    }
}

#[test]
fn missing_and_surplus_rows_are_refused() {
    let shape = sample(4, 4, 1).shape();
    let mut file = Vec::new();
    let mut writer = PngWriter::new(&mut file, shape).unwrap();
    writer.rows8(&[0; 15]).unwrap();
    assert!(matches!(writer.rows8(&[0; 2]), Err(Error::Usage(_))));
    assert!(matches!(writer.rows16(&[0]), Err(Error::Usage(_))));
    assert!(matches!(writer.finish(), Err(Error::Usage(_))));
    for shape in [
        ImageShape { width: 0, ..shape },
        ImageShape {
            channels: 5,
            ..shape
        },
        ImageShape { bits: 12, ..shape },
        ImageShape {
            height: u32::MAX,
            ..shape
        },
    ] {
        assert!(matches!(
            PngWriter::new(&mut Vec::new(), shape),
            Err(Error::Usage(_))
        ));
    }
}

#[test]
fn the_error_of_a_sink_comes_through() {
    struct Full;
    impl MediaSink for Full {
        fn bytes(&mut self, _: &[u8]) -> Result<()> {
            Err(Error::Mismatch("full".to_owned()))
        }
    }
    let error = sample(4, 4, 1).write_png(&mut Full).unwrap_err();
    assert!(matches!(error, Error::Mismatch(_)), "{error}");
}

#[test]
fn jpeg_and_webp_files_are_read() {
    let picture = sample(33, 21, 3);
    assert_eq!(read(&webp(&picture)).unwrap(), picture);
    let decoded = read(&jpeg(&picture)).unwrap();
    assert_eq!(decoded.shape(), picture.shape());
    let apart = eight(&decoded).iter().zip(eight(&picture));
    let mean = apart.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / (33.0 * 21.0 * 3.0);
    assert!(mean < 12.0, "{mean}");
    assert_eq!(read(&jpeg(&sample(16, 16, 1))).unwrap().channels(), 1);
}

#[test]
fn pnm_files_are_read_and_scaled_to_full_range() {
    let read = |text: &[u8]| read(text).unwrap();
    assert_eq!(eight(&read(b"P2 3 1 255 0 128 255")), [0, 128, 255]);
    assert_eq!(eight(&read(b"P5 2 1 255\n\x01\xFE")), [1, 254]);
    assert_eq!(eight(&read(b"P6 1 1 255\n\x01\x02\x03")), [1, 2, 3]);
    assert_eq!(eight(&read(b"P1 2 1 1 0")), [0, 255]);
    let deep = read(b"P5 1 2 65535\n\x01\x02\xFF\xFF");
    assert_eq!(deep.samples(), &Samples::Sixteen(vec![0x102, 0xFFFF]));
}

#[test]
fn orientation_is_applied() {
    let picture = sample(32, 16, 1);
    let file = jpeg(&picture);
    let plain = read(&file).unwrap();
    let half = read(&with_orientation(&file, 3)).unwrap();
    let turned: Vec<u8> = eight(&plain).iter().rev().copied().collect();
    assert_eq!(eight(&half), turned);
    let quarter = read(&with_orientation(&file, 6)).unwrap();
    assert_eq!((quarter.width(), quarter.height()), (16, 32));
    // Clockwise: the first row begins with the left end of the last one.
    assert_eq!(eight(&quarter)[0], eight(&plain)[15 * 32]);
}

#[test]
fn every_truncation_is_corrupt_with_a_position_in_the_file() {
    let picture = sample(40, 30, 3);
    let pnm = [b"P6 40 30 255\n", eight(&picture)].concat();
    for file in [png(&picture), jpeg(&picture), webp(&picture), pnm] {
        for len in 12..file.len() {
            match read(&file[..len]) {
                Err(Error::Corrupt { at, .. }) => assert!(at <= len as u64),
                // Behind the last row, PNG has nothing but its end mark.
                Ok(decoded) => assert!(len + 12 >= file.len() && decoded == picture, "{len}"),
                Err(other) => panic!("{len} bytes of {:02x?}: {other}", &file[..4]),
            }
        }
    }
}

#[test]
fn damage_is_no_panic() {
    let picture = sample(24, 24, 3);
    for file in [png(&picture), jpeg(&picture), webp(&picture)] {
        for at in 0..file.len() {
            for flip in [0x01, 0x80, 0xFF] {
                let mut bad = file.clone();
                bad[at] ^= flip;
                let _ = read(&bad);
            }
        }
    }
}

#[test]
fn headers_that_lie_do_not_allocate() {
    let mut file = png(&sample(4, 4, 1));
    file[16..24].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    let crc = crc(&file[12..29]);
    file[29..33].copy_from_slice(&crc.to_be_bytes());
    let generous = Budget::new(Limits::none());
    let error = Picture::from_bytes(&file, &generous).unwrap_err();
    assert!(error.to_string().contains("holds at most"), "{error}");
    let error = Picture::from_bytes(b"P5 60000 60000 255\n", &generous).unwrap_err();
    assert!(error.to_string().contains("holds at most"), "{error}");
}

#[test]
fn pictures_beyond_the_limit_are_refused() {
    let small = Budget::new(Limits {
        memory: (1 << 20) + 1000,
        ..Limits::default()
    });
    assert!(Picture::from_bytes(&png(&sample(10, 10, 3)), &small).is_ok());
    let result = Picture::from_bytes(&jpeg(&sample(40, 40, 3)), &small);
    assert!(matches!(result, Err(Error::Limit { .. })));
    let file = png(&sample(10, 10, 3));
    let tiny = Budget::new(Limits {
        memory: file.len() as u64 - 1,
        ..Limits::default()
    });
    let result = Picture::read(&mut &file[..], &tiny);
    assert!(matches!(result, Err(Error::Limit { .. })));
}

#[test]
fn zero_sizes_and_other_files_are_refused() {
    for file in [&b"P5 0 4 255\n"[..], b"P5 4 0 255\n"] {
        assert!(matches!(read(file), Err(Error::Corrupt { .. })));
    }
    for file in [&b""[..], b"GIF89a", b"text", b"RIFF\0\0\0\0WAVE"] {
        assert!(matches!(read(file), Err(Error::Unsupported(_))));
    }
}

#[test]
fn animations_are_refused() {
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(Cursor::new(&mut file), 2, 2);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[0; 4]).unwrap();
    writer.write_image_data(&[1; 4]).unwrap();
    writer.finish().unwrap();
    let error = read(&file).unwrap_err();
    assert!(error.to_string().contains("animation"), "{error}");
}

#[test]
fn palettes_are_widened() {
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(Cursor::new(&mut file), 2, 1);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_depth(::png::BitDepth::One);
    encoder.set_palette(&[1, 2, 3, 4, 5, 6][..]);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[0b0100_0000]).unwrap();
    writer.finish().unwrap();
    let picture = read(&file).unwrap();
    assert_eq!(
        (picture.channels(), eight(&picture)),
        (3, &[1, 2, 3, 4, 5, 6][..])
    );
}

#[test]
fn comparison_is_of_eight_bit_colours() {
    let of = |channels, samples: &[u8]| {
        let picture = Picture::new(1, 1, channels, Samples::Eight(samples.to_vec())).unwrap();
        eight(&picture.to_rgb8()).to_vec()
    };
    assert_eq!(of(1, &[9]), [9, 9, 9]);
    assert_eq!(of(2, &[9, 0]), [255, 255, 255]);
    assert_eq!(of(3, &[1, 2, 3]), [1, 2, 3]);
    assert_eq!(of(4, &[0, 255, 100, 255]), [0, 255, 100]);
    assert_eq!(of(4, &[0, 0, 0, 128]), [127, 127, 127]);
    let deep = Picture::new(2, 1, 1, Samples::Sixteen(vec![0xFFFF, 257 * 3])).unwrap();
    assert_eq!(eight(&deep.to_rgb8()), [255, 255, 255, 3, 3, 3]);
}

#[test]
fn wrong_numbers_of_samples_are_refused() {
    for (width, height, channels) in [(2, 2, 1), (0, 0, 1), (1, 3, 0), (1, 1, 5)] {
        let result = Picture::new(width, height, channels, Samples::Eight(vec![0; 3]));
        assert!(matches!(result, Err(Error::Usage(_))));
    }
}

/// CRC-32 of PNG chunks.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
