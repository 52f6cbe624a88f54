//! What `circuit` promises as a codec.

use std::num::NonZeroUsize;
use std::sync::Arc;

use codec_circuit::{CircuitCodec, Front, Model, Records, Schema, array};
use codec_core::container::{Reader, StreamHeader};
use codec_core::{
    Codec, Error, FrameSource, Job, Media, Params, Registry, Result, Stats, decode_streams,
    encode_stream,
};

/// The high bits of a linear congruential generator.
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// Pictures of 5 x 5 pixels with a bright row or column each, as IDX.
fn pictures(count: usize, seed: u64) -> Vec<u8> {
    let mut noise = Noise(seed);
    let mut content = vec![0, 0, 8, 3];
    for extent in [count as u32, 5, 5] {
        content.extend(extent.to_be_bytes());
    }
    for _ in 0..count {
        let (line, is_row) = (noise.below(5), noise.below(2) == 0);
        for pixel in 0..25 {
            let at = if is_row { pixel / 5 } else { pixel % 5 };
            let light = if at == line { 200 } else { 0 };
            content.push((light + noise.below(16)) as u8);
        }
    }
    content
}

/// A table in which columns depend on each other.
fn table(rows: usize) -> Vec<u8> {
    let mut noise = Noise(9);
    let mut content = b"city,country,level,size,note\n".to_vec();
    for row in 0..rows {
        let (city, country) = [
            ("Oslo", "NO"),
            ("Rome", "IT"),
            ("Bergen", "NO"),
            ("Bari", "IT"),
        ][noise.below(4) as usize];
        let level = 20 * (city.len() as u64) + noise.below(9);
        let size = level / 2 + noise.below(9);
        content.extend(format!("{city},{country},{level},{size},n{}\n", row % 3).bytes());
    }
    content
}

fn job(threads: usize) -> Job {
    Job {
        threads: NonZeroUsize::new(threads).unwrap(),
        ..Job::single_threaded()
    }
}

fn encoded(content: &[u8], settings: &[(&str, &str)], job: &Job) -> Result<(Vec<u8>, Stats)> {
    let mut params = Params::defaults(CircuitCodec.descriptor().params);
    for (name, value) in settings {
        params.set(name, value)?;
    }
    let mut file = Vec::new();
    let media = &mut &content[..];
    let (stats, _) = encode_stream(
        &CircuitCodec,
        Media::bytes(media, ""),
        &params,
        job,
        &mut file,
    )?;
    Ok((file, stats))
}

fn decoded(file: &[u8], job: &Job) -> Result<Vec<u8>> {
    let mut registry = Registry::new();
    registry.register(Arc::new(CircuitCodec));
    let mut content = Vec::new();
    decode_streams(&registry, file, job, &mut content)?;
    Ok(content)
}

/// The file of a model of pictures, as it is in the payload of a file that was learned from.
fn model() -> Vec<u8> {
    let (file, _) = encoded(&pictures(2000, 1), &[("fit", "always")], &job(1)).unwrap();
    let (_, payload) = opened(&file);
    assert_eq!(payload[0], 2);
    let (mut len, mut at) = (0usize, 1);
    loop {
        len |= usize::from(payload[at] & 0x7f) << (7 * (at - 1));
        at += 1;
        if payload[at - 1] < 0x80 {
            break;
        }
    }
    payload[at..at + len].to_vec()
}

fn opened(file: &[u8]) -> (StreamHeader, Vec<u8>) {
    let job = job(1);
    let mut reader = Reader::new(file, &job.budget);
    let header = reader.next_stream().unwrap().unwrap();
    let frame = reader.next_frame().unwrap().unwrap();
    (header, frame.payload)
}

fn with_model(model: Vec<u8>) -> Job {
    Job {
        model: Some(model.into()),
        ..job(2)
    }
}

#[test]
fn every_content_comes_back_the_same_for_every_number_of_threads() {
    let contents = [
        Vec::new(),
        b"x".to_vec(),
        b"just a line of text\n".to_vec(),
        pictures(0, 1),
        pictures(1, 1),
        pictures(17, 2),
        pictures(500, 3),
        table(17),
        table(900),
        array::npy_bytes(&[300, 6], 2, &[7; 3600]),
        (0..5000u32).map(|at| ((at * at) >> 7) as u8).collect(),
    ];
    for (number, content) in contents.iter().enumerate() {
        for fit in ["auto", "never"] {
            let settings = [("fit", fit), ("level", "2")];
            let (file, _) = encoded(content, &settings, &job(1)).unwrap();
            for threads in [2, 7] {
                let again = encoded(content, &settings, &job(threads)).unwrap();
                assert!(again.0 == file, "content {number} with {threads} threads");
                assert!(decoded(&file, &job(threads)).unwrap() == *content);
            }
        }
    }
}

#[test]
fn a_model_is_kept_only_where_it_makes_the_file_smaller() {
    let content = pictures(2000, 1);
    let (fitted, stats) = encoded(&content, &[], &job(2)).unwrap();
    let (plain, none) = encoded(&content, &[("fit", "never")], &job(2)).unwrap();
    assert!(fitted.len() < plain.len());
    assert_eq!(none.records, None);
    let records = stats.records.unwrap();
    assert_eq!((records.records, records.values), (2000, 2000 * 25));
    assert!(records.is_model_inside && records.model_bytes > 0);
    let counted = records.codeword_bytes + records.model_bytes;
    assert!(stats.payload_bytes - counted < 100, "{stats:?}");

    let mut noise = Noise(3);
    let values: Vec<u8> = (0..4000).map(|_| noise.below(256) as u8).collect();
    let content = array::npy_bytes(&[400, 10], 1, &values);
    let (file, stats) = encoded(&content, &[("fit", "always")], &job(2)).unwrap();
    assert_eq!(stats.records, None);
    assert!(file.len() < content.len() + 100);
    assert_eq!(decoded(&file, &job(1)).unwrap(), content);
}

#[test]
fn tables_become_smaller_than_as_bytes() {
    let content = table(3000);
    let (file, stats) = encoded(&content, &[], &job(2)).unwrap();
    let (plain, _) = encoded(&content, &[("fit", "never")], &job(2)).unwrap();
    assert!(
        file.len() < plain.len(),
        "{} and {}",
        file.len(),
        plain.len()
    );
    assert_eq!(stats.records.unwrap().records, 3000);
}

#[test]
fn a_given_model_is_named_by_the_header_and_needed_to_decode() {
    let model = model();
    let content = pictures(40, 77);
    let given = with_model(model.clone());
    let (file, stats) = encoded(&content, &[], &given).unwrap();
    let records = stats.records.unwrap();
    assert_eq!(records.model_bytes, model.len() as u64);
    assert!(!records.is_model_inside);
    assert_eq!(decoded(&file, &given).unwrap(), content);

    let budget = &job(1).budget;
    let hash = Model::read(&model, budget).unwrap().hash();
    assert_eq!(opened(&file).0.model, hash.to_le_bytes());
    let Err(Error::Unsupported(text)) = decoded(&file, &job(1)) else {
        panic!("decoded without the model");
    };
    assert!(
        text.contains("--model") && text.contains("CODEC_MODEL_DIR"),
        "{text}"
    );

    let circuit = Model::read(&model, budget).unwrap().into_circuit();
    let other = Model::write(&circuit, &[], 601, 1.0).unwrap();
    let Err(Error::Unsupported(text)) = decoded(&file, &with_model(other)) else {
        panic!("decoded with another model");
    };
    assert!(text.contains("the model given has"), "{text}");
}

#[test]
fn what_does_not_fit_a_given_model_is_refused() {
    let given = with_model(model());
    let other = array::npy_bytes(&[2, 4, 4], 1, &[0; 32]);
    let error = encoded(&other, &[], &given).unwrap_err();
    assert!(
        matches!(&error, Error::Unsupported(text) if text.contains("4 x 4") && text.contains("5 x 5"))
    );
    let text = encoded(b"no records", &[], &given).unwrap_err();
    assert!(matches!(text, Error::Unsupported(_)));
    let cut = &pictures(9, 1)[..200];
    assert!(matches!(
        encoded(cut, &[], &given),
        Err(Error::Corrupt { .. })
    ));
    let both = encoded(&pictures(9, 1), &[("fit", "always")], &given);
    assert!(matches!(both, Err(Error::Usage(_))));
    let no_model = encoded(&pictures(9, 1), &[], &with_model(b"CIRX".to_vec()));
    assert!(matches!(no_model, Err(Error::Unsupported(_))));
}

#[test]
fn arrays_that_break_their_rules_are_refused_unless_bytes_are_asked_for() {
    let cut = &pictures(9, 1)[..200];
    let Err(Error::Corrupt { problem, .. }) = encoded(cut, &[], &job(1)) else {
        panic!("a cut array was taken");
    };
    assert!(problem.contains("fit=never"), "{problem}");
    let (file, _) = encoded(cut, &[("fit", "never")], &job(1)).unwrap();
    assert_eq!(decoded(&file, &job(1)).unwrap(), cut);
    let not_records = encoded(b"only text", &[("fit", "always")], &job(1));
    assert!(matches!(not_records, Err(Error::Unsupported(_))));
}

#[test]
fn content_of_several_blocks_comes_back() {
    let block = [("block", "65536"), ("level", "1")];
    for content in [table(9000), pictures(4000, 2)] {
        assert!(content.len() > 65536);
        let (file, stats) = encoded(&content, &block, &job(2)).unwrap();
        assert!(stats.frames > 1);
        assert_eq!(decoded(&file, &job(1)).unwrap(), content);
    }
    let long = encoded(
        &pictures(4000, 2),
        &[("block", "65536"), ("fit", "always")],
        &job(1),
    );
    assert!(matches!(long, Err(Error::Usage(text)) if text.contains("--block")));
}

#[test]
fn records_are_had_without_those_before_them() {
    let content = pictures(2000, 3);
    let (file, _) = encoded(&content, &[], &job(1)).unwrap();
    let job = job(2);
    let mut reader = Reader::new(&file[..], &job.budget);
    let header = reader.next_stream().unwrap().unwrap();
    let frame = reader.next_frame().unwrap().unwrap();
    for numbers in [0..1, 64..65, 131..999, 1999..2700, 0..2000, 2000..2001] {
        let (values, count) = CircuitCodec
            .records(&header, &frame, numbers.clone(), &job)
            .unwrap();
        assert_eq!(count, 2000);
        let end = numbers.end.min(2000) as usize;
        let expected = &content[16 + 25 * numbers.start as usize..16 + 25 * end];
        assert!(values == expected, "{numbers:?}");
    }
}

#[test]
fn damaged_payloads_are_errors_or_other_content_but_no_panics() {
    let mut noise = Noise(1);
    for content in [pictures(2000, 3), table(3000)] {
        let (file, stats) = encoded(&content, &[("level", "5")], &job(1)).unwrap();
        assert!(stats.records.is_some());
        let (header, payload) = opened(&file);
        for _ in 0..300 {
            let mut damaged = payload.clone();
            let at = noise.below(damaged.len() as u64) as usize;
            // Half of the damage is where the model begins.
            let at = if noise.below(2) == 0 { at % 300 } else { at };
            match noise.below(3) {
                0 => damaged.truncate(at),
                1 => damaged[at] ^= 1 << noise.below(8),
                _ => damaged[at] = noise.below(256) as u8,
            }
            if damaged == payload {
                continue;
            }
            let frame = codec_core::container::Frame::new(&content, damaged);
            let mut frames = Some(frame);
            struct One<'a>(&'a mut Option<codec_core::container::Frame>);
            impl FrameSource for One<'_> {
                fn next_frame(&mut self) -> Result<Option<codec_core::container::Frame>> {
                    Ok(self.0.take())
                }
            }
            let mut out = Vec::new();
            let result = CircuitCodec.decode(&header, &mut One(&mut frames), &job(1), &mut out);
            match result {
                Ok(_) => assert!(out == content),
                Err(Error::Corrupt { .. } | Error::Limit { .. } | Error::Unsupported(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}

#[test]
fn code_lengths_tell_classes_of_records_apart() {
    let lengths = CircuitCodec.code_length().unwrap();
    let params = Params::defaults(CircuitCodec.descriptor().params);
    let columns = |seed: u64| {
        let mut noise = Noise(seed);
        let values: Vec<u8> = (0..250)
            .map(|at| {
                if at % 5 == 2 {
                    90
                } else {
                    noise.below(30) as u8
                }
            })
            .collect();
        array::npy_bytes(&[10, 5, 5], 1, &values)
    };
    let lines = pictures(400, 1);
    let of_lines = lengths.primed(&[&lines, b"\n"], &params).unwrap();
    let others: Vec<Vec<u8>> = (10..30).map(columns).collect();
    let pieces: Vec<&[u8]> = others.iter().map(|piece| &piece[..]).collect();
    let of_columns = lengths.primed(&pieces, &params).unwrap();
    let (line, column) = (pictures(10, 50), columns(70));
    assert!(of_lines.bits(&line).unwrap() < 0.8 * of_columns.bits(&line).unwrap());
    assert!(of_columns.bits(&column).unwrap() < 0.8 * of_lines.bits(&column).unwrap());
    let joint = of_lines.joint_bits(&line).unwrap();
    let alone = lengths.bits(&lines, &params).unwrap();
    assert!(joint > alone && joint <= alone + lengths.bits(&line, &params).unwrap() + 1.0);
    let wide = array::npy_bytes(&[1, 6], 1, b"abcdef");
    assert!(of_lines.bits(&wide).is_err());
    assert!(lengths.primed(&[b"\n"], &params).is_err());
}

#[test]
fn a_model_of_another_kind_of_file_is_refused() {
    let model = model();
    let circuit = Model::read(&model, &job(1).budget).unwrap().into_circuit();
    assert_eq!(*circuit.schema(), Schema::picture(5, 5));
    assert!(circuit.check(&Records::new(25, vec![255; 25])).is_ok());
    let unknown = Model::write(&circuit, &[9], 600, 1.0).unwrap();
    let refused = encoded(&pictures(5, 1), &[], &with_model(unknown));
    assert!(matches!(refused, Err(Error::Unsupported(text)) if text.contains("kind 9")));
    let front = Front::part(&table(90)).unwrap().front.to_bytes().unwrap();
    let other = Model::write(&circuit, &front, 600, 1.0).unwrap();
    let refused = encoded(&pictures(5, 1), &[], &with_model(other));
    assert!(matches!(refused, Err(Error::Corrupt { .. })));
}

#[test]
fn solid_records_are_fewer_bytes_and_still_had_by_number() {
    let content = pictures(900, 4);
    let apart = [("fit", "always"), ("solid", "never")];
    let solid = [("fit", "always"), ("solid", "always")];
    let (apart, _) = encoded(&content, &apart, &job(1)).unwrap();
    let (one, _) = encoded(&content, &solid, &job(1)).unwrap();
    let (three, _) = encoded(&content, &solid, &job(3)).unwrap();
    assert_eq!(one, three);
    assert!(one.len() < apart.len(), "{} {}", one.len(), apart.len());
    assert_eq!(decoded(&one, &job(2)).unwrap(), content);
    let job = job(1);
    let mut reader = Reader::new(&one[..], &job.budget);
    let header = reader.next_stream().unwrap().unwrap();
    let frame = reader.next_frame().unwrap().unwrap();
    let (records, count) = CircuitCodec.records(&header, &frame, 17..19, &job).unwrap();
    assert_eq!(count, 900);
    assert_eq!(records, content[16 + 17 * 25..16 + 19 * 25]);
}
