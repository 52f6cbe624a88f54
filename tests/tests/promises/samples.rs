//! Small generated data of many kinds, by name.

use codec_corpora::generate::Sample;

/// About `len` bytes of every kind of data, and the shortest inputs there are.
pub(crate) fn samples(len: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut samples = vec![
        ("nothing", Vec::new()),
        ("one byte", vec![0]),
        ("two bytes", vec![255, 0]),
        ("zeros", vec![0; len]),
        ("period of three", b"abc".repeat(len / 3)),
    ];
    samples.extend(
        Sample::ALL
            .into_iter()
            .map(|sample| (sample.name(), sample.bytes(len, 1))),
    );
    samples
}
