//! Lengths against zlib's own, frozen and, where Python is at hand, live; and the quick search for
//! matches against the walk that zlib does.

use std::io::Write;
use std::process::{Command, Stdio};

use codec_core::{Blocks, CodeLength, Codec, ParamSpec};
use proptest::prelude::*;

use super::matches::{Effort, Match, WINDOW};
use super::*;
use crate::{Deflate, Gzip};

/// Kinds of generated content.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Bytes without any order: stored blocks.
    Noise,
    /// One byte again and again.
    Zeros,
    /// Four letters, with copies of earlier parts where some letters changed.
    Dna,
    /// Words from a list of 300, by rank.
    Text,
    /// Byte `i` half as often as byte `i - 1`: codes that run into the limits of their lengths.
    Steep,
    /// Runs, copies from up to 70,000 bytes back, and noise of few or many values.
    Mixed,
    /// Noise that comes again after exactly the largest distance of a match, and one more.
    Far,
}

const KINDS: [Kind; 7] = [
    Kind::Noise,
    Kind::Zeros,
    Kind::Dna,
    Kind::Text,
    Kind::Steep,
    Kind::Mixed,
    Kind::Far,
];

/// Numbers that look random (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

impl Kind {
    fn generate(self, len: usize) -> Vec<u8> {
        let mut numbers = Numbers(len as u64);
        let mut content = Vec::with_capacity(len + 1000);
        while content.len() < len {
            self.append(&mut numbers, &mut content);
        }
        content.truncate(len);
        content
    }

    fn append(self, numbers: &mut Numbers, content: &mut Vec<u8>) {
        match self {
            Kind::Noise => content.push(numbers.next() as u8),
            Kind::Zeros => content.push(0),
            Kind::Dna => {
                if content.len() > 100 && numbers.below(20) == 0 {
                    copy(content, 1 + numbers.below(2000), numbers.below(80));
                } else {
                    content.push(b"ACGT"[numbers.below(4)]);
                }
            }
            Kind::Text => {
                let rank = numbers.below(300) * numbers.below(300) / 300;
                let mut word = Numbers(rank as u64);
                for _ in 0..1 + word.below(8) {
                    content.push(b'a' + word.below(26) as u8);
                }
                content.push(b' ');
            }
            Kind::Steep => content.push(numbers.next().trailing_zeros() as u8),
            Kind::Mixed => match numbers.below(8) {
                0..3 if !content.is_empty() => {
                    let reach = [50, 5000, 33_000, 70_000][numbers.below(4)];
                    let len = [3, 4, 5, 9, 30, 258, 259, 600][numbers.below(8)];
                    copy(content, 1 + numbers.below(reach), len);
                }
                3 => {
                    let byte = numbers.below(4) as u8;
                    content.resize(content.len() + numbers.below(600), byte);
                }
                _ => {
                    let values = [2, 4, 20, 256][numbers.below(4)];
                    for _ in 0..numbers.below(60) {
                        content.push(numbers.below(values) as u8);
                    }
                }
            },
            Kind::Far => {
                for _ in 0..32_506 {
                    content.push(numbers.next() as u8);
                }
                copy(content, 32_506, 300);
                copy(content, 32_507, 300);
            }
        }
    }
}

/// Appends up to `len` bytes from `distance` bytes back, as far as there are that many.
fn copy(content: &mut Vec<u8>, distance: usize, len: usize) {
    let distance = distance.min(content.len());
    for _ in 0..len {
        content.push(content[content.len() - distance]);
    }
}

/// Lengths of raw deflate streams by zlib 1.2.13 at levels 1 to 9.
const FROZEN: &[(Kind, usize, [u64; 9])] = &[
    (
        Kind::Noise,
        300,
        [305, 305, 305, 305, 305, 305, 305, 305, 305],
    ),
    (
        Kind::Noise,
        3000,
        [3005, 3005, 3005, 3005, 3005, 3005, 3005, 3005, 3005],
    ),
    (
        Kind::Noise,
        40000,
        [
            40015, 40015, 40015, 40015, 40015, 40015, 40015, 40015, 40015,
        ],
    ),
    (
        Kind::Noise,
        140000,
        [
            140045, 140045, 140045, 140045, 140045, 140045, 140045, 140045, 140045,
        ],
    ),
    (Kind::Zeros, 300, [8, 8, 8, 7, 7, 7, 7, 7, 7]),
    (Kind::Zeros, 3000, [31, 31, 31, 20, 20, 20, 20, 20, 20]),
    (Kind::Zeros, 40000, [192, 192, 192, 55, 55, 55, 55, 55, 55]),
    (
        Kind::Zeros,
        140000,
        [628, 628, 628, 153, 153, 153, 153, 153, 153],
    ),
    (Kind::Dna, 300, [85, 83, 83, 82, 85, 83, 80, 79, 79]),
    (
        Kind::Dna,
        3000,
        [715, 631, 591, 564, 518, 496, 496, 496, 496],
    ),
    (
        Kind::Dna,
        40000,
        [10643, 8886, 7468, 7419, 6215, 6175, 6250, 6293, 6293],
    ),
    (
        Kind::Dna,
        140000,
        [
            37547, 31503, 26135, 26229, 21939, 21749, 21907, 21998, 21998,
        ],
    ),
    (
        Kind::Text,
        300,
        [179, 179, 179, 179, 179, 179, 179, 179, 179],
    ),
    (
        Kind::Text,
        3000,
        [1333, 1329, 1325, 1288, 1286, 1286, 1286, 1286, 1286],
    ),
    (
        Kind::Text,
        40000,
        [
            14166, 14139, 14092, 13335, 13223, 13145, 13145, 13143, 13143,
        ],
    ),
    (
        Kind::Text,
        140000,
        [
            47958, 47841, 47491, 44713, 43914, 43391, 43371, 43359, 43359,
        ],
    ),
    (
        Kind::Steep,
        300,
        [122, 120, 119, 118, 113, 113, 113, 113, 113],
    ),
    (
        Kind::Steep,
        3000,
        [1120, 1090, 1058, 1033, 1008, 1011, 1009, 1010, 1010],
    ),
    (
        Kind::Steep,
        40000,
        [
            14893, 14437, 13983, 13734, 13341, 13002, 12904, 12822, 12805,
        ],
    ),
    (
        Kind::Steep,
        140000,
        [
            51785, 50269, 48416, 47823, 46387, 44967, 44336, 43439, 43111,
        ],
    ),
    (Kind::Mixed, 300, [50, 50, 50, 50, 50, 50, 50, 50, 50]),
    (
        Kind::Mixed,
        3000,
        [293, 291, 291, 280, 279, 276, 276, 273, 273],
    ),
    (
        Kind::Mixed,
        40000,
        [4861, 4666, 4475, 4401, 4206, 4088, 4056, 3965, 3957],
    ),
    (
        Kind::Mixed,
        140000,
        [
            19495, 19010, 18418, 17787, 17234, 16832, 16714, 16352, 16268,
        ],
    ),
    (
        Kind::Far,
        300,
        [305, 305, 305, 305, 305, 305, 305, 305, 305],
    ),
    (
        Kind::Far,
        3000,
        [3005, 3005, 3005, 3005, 3005, 3005, 3005, 3005, 3005],
    ),
    (
        Kind::Far,
        40000,
        [
            39767, 39767, 39767, 39764, 39764, 39764, 39764, 39764, 39764,
        ],
    ),
    (
        Kind::Far,
        140000,
        [
            139057, 139057, 139057, 139033, 139033, 139033, 139033, 139033, 139033,
        ],
    ),
];

#[test]
fn lengths_are_those_of_zlib() {
    for &(kind, len, expected) in FROZEN {
        let content = kind.generate(len);
        let found = std::array::from_fn(|i| deflated_len(&content, &Rules::of_level(i as u32 + 1)));
        assert_eq!(expected, found, "{kind:?} of {len} bytes, levels 1 to 9");
    }
}

/// Bytes as often as Leonardo's numbers say, which makes the deepest codes, as literals alone: what
/// Python's `zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_HUFFMAN_ONLY)` makes of them. The
/// lengths are sums over 0 to 7 more of the last byte, which costs one bit, so that every bit counts.
#[test]
fn codes_are_limited_as_by_zlib() {
    for (symbols, expected) in [(15, 8471), (16, 13628), (17, 21976), (18, 35497)] {
        let mut blocks = super::blocks::Blocks::new();
        let (mut times, mut following) = (1, 1);
        for symbol in 0..symbols {
            for _ in 0..times {
                blocks.literal(7 * symbol);
            }
            (times, following) = (following, times + following + 1);
        }
        let mut sum = 0;
        for _ in 0..8 {
            let mut ended = blocks.clone();
            ended.end(0);
            sum += ended.bytes();
            blocks.literal(7 * (symbols - 1));
        }
        assert_eq!(sum, expected, "{symbols} different bytes");
    }
}

/// Reads contents, each behind its length as 4 bytes, and prints zlib's version, then the lengths of
/// each at levels 1 to 9.
const PYTHON: &str = "
import sys, zlib
print(zlib.ZLIB_RUNTIME_VERSION)
while head := sys.stdin.buffer.read(4):
    content = sys.stdin.buffer.read(int.from_bytes(head, 'little'))
    print(*[len(zlib.compress(content, level)) - 6 for level in range(1, 10)])
";

#[test]
fn lengths_are_those_of_python() {
    let lens = [
        0, 1, 2, 3, 7, 9, 100, 261, 262, 263, 300, 3000, 16_383, 16_384, 32_768, 40_000, 65_274,
        65_275, 65_536, 65_537, 140_000,
    ];
    let contents: Vec<(Kind, Vec<u8>)> = KINDS
        .iter()
        .flat_map(|kind| lens.map(|len| (*kind, kind.generate(len))))
        .collect();
    let child = Command::new("python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: there is no python3");
        return;
    };
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Fails where Python has no zlib; there is no output then.
            for (_, content) in &contents {
                let _ = stdin.write_all(&(content.len() as u32).to_le_bytes());
                let _ = stdin.write_all(content);
            }
            drop(stdin);
        });
        child.wait_with_output().unwrap()
    });
    let output = String::from_utf8(output.stdout).unwrap();
    let mut lines = output.lines();
    let version = lines.next().unwrap_or("none");
    let original = version.starts_with("1.2.") || version.starts_with("1.3");
    if !original || version.contains(|c: char| c.is_alphabetic()) {
        eprintln!("skipped: python3 has another zlib ({version})");
        return;
    }
    for (kind, content) in &contents {
        let found: Vec<String> = (1..=9)
            .map(|level| deflated_len(content, &Rules::of_level(level)).to_string())
            .collect();
        let len = content.len();
        let expected = lines.next().unwrap_or("nothing");
        assert_eq!(expected, found.join(" "), "{kind:?} of {len} bytes");
    }
}

fn params(specs: &'static [ParamSpec], level: u32) -> Params {
    let mut params = Params::defaults(specs);
    params.set("level", &level.to_string()).unwrap();
    params
}

#[test]
fn gzip_adds_header_and_trailer() {
    let content = Kind::Text.generate(1000);
    let (gzip, deflate) = (Blocks(Gzip), Blocks(Deflate));
    let params = params(gzip.descriptor().params, 9);
    let bits = |lengths: Option<&dyn CodeLength>| lengths.unwrap().bits(&content, &params).unwrap();
    let raw = bits(deflate.code_length());
    assert_eq!(
        raw,
        8.0 * deflated_len(&content, &Rules::of_level(9)) as f64
    );
    assert_eq!(bits(gzip.code_length()), raw + 18.0 * 8.0);
    assert_eq!(GZIP.bits(b"", &params).unwrap(), 20.0 * 8.0);
}

/// Asks twice, with another question between, so that what the first left behind would show.
fn check_primed(x: &[u8], y: &[u8], level: u32) {
    let params = params(Blocks(Gzip).descriptor().params, level);
    let (start, end) = x.split_at(x.len() / 3);
    let primed = GZIP.primed(&[start, end], &params).unwrap();
    let whole = GZIP.bits(&[x, y].concat(), &params).unwrap();
    assert_eq!(primed.joint_bits(y).unwrap(), whole);
    let alone = GZIP.bits(x, &params).unwrap();
    assert_eq!(primed.joint_bits(b"").unwrap(), alone);
    let twice = GZIP.bits(&[x, x].concat(), &params).unwrap();
    assert_eq!(primed.joint_bits(x).unwrap(), twice);
    assert_eq!(primed.bits(y).unwrap(), (whole - alone).max(0.0));
    assert_eq!(primed.joint_bits(y).unwrap(), whole);
}

#[test]
fn primed_lengths_are_those_of_the_whole_around_the_window() {
    let lens = [0, 200, 268, 269, 16_000, 32_500, 32_768, 65_300, 65_536];
    for kind in [Kind::Noise, Kind::Dna, Kind::Mixed] {
        for (i, len) in lens.into_iter().enumerate() {
            let content = kind.generate(len + 2500);
            for level in [1 + i as u32 % 3, 4 + i as u32 % 6, 9] {
                check_primed(&content[..len], &content[len..], level);
            }
        }
    }
}

/// The match that zlib finds by walking its chain of `text[..at]` position by position.
fn walk(text: &[u8], at: usize, longer_than: usize, effort: Effort) -> Option<Match> {
    let hash = |p: usize| {
        let byte = |i: usize| usize::from(text[p + i]);
        (byte(0) << 10 ^ byte(1) << 5 ^ byte(2)) & 0x7FFF
    };
    let most = (text.len() - at).min(258);
    let (mut best, mut found) = (longer_than, None);
    let mut chain = (1..at).rev().filter(|&p| hash(p) == hash(at));
    for step in 0..effort.chain {
        let Some(p) = chain.next() else { break };
        // The first may be one byte farther away than those after it.
        if at - p > WINDOW - 262 - usize::from(step > 0) {
            break;
        }
        let len = (0..most).take_while(|&i| text[p + i] == text[at + i]);
        let len = len.count();
        if len > best {
            best = len;
            let distance = at - p;
            found = Some(Match { len, distance });
            if len >= effort.nice.min(most) {
                break;
            }
        }
    }
    found
}

fn check_search(text: &[u8], positions: impl Fn(usize) -> bool, effort: Effort) {
    let mut index = Index::new(text.len());
    for at in 0..text.len() - 2 {
        index.insert(text, at);
        if positions(at) {
            for longer_than in [2, 3, 4, 5, 6, 7, 15] {
                let quick = index.longest(text, at, longer_than, effort);
                let most = text.len() - at;
                let expected = walk(text, at, longer_than, effort).filter(|_| longer_than < most);
                assert_eq!(quick, expected, "at {at}, longer than {longer_than}");
            }
        }
    }
}

#[test]
fn searches_find_the_match_of_a_walk_at_the_end_of_the_window() {
    let at_end = |at| at % 997 == 0 || at > 32_400 && at < 32_600 && at % 3 == 0 || at == 32_506;
    for kind in [Kind::Far, Kind::Dna, Kind::Mixed] {
        let text = kind.generate(34_000);
        for chain in [4, 128, 4096] {
            check_search(&text, at_end, Effort { chain, nice: 258 });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn searches_find_the_match_of_a_walk(
        text in prop_oneof![
            prop::collection::vec(prop::sample::select(b"ACGT".to_vec()), 3..700),
            prop::collection::vec(0..2u8, 3..400),
            prop::collection::vec(any::<u8>(), 3..600),
            // Bytes that collide in zlib's hash: it drops the first byte's upper bits.
            prop::collection::vec(prop::sample::select(vec![1u8, 33, 65, 97]), 3..500),
        ],
        chain in prop::sample::select(vec![1u16, 2, 4, 32, 4096]),
        nice in prop::sample::select(vec![16usize, 20, 258]),
    ) {
        check_search(&text, |_| true, Effort { chain, nice });
    }

    #[test]
    fn primed_lengths_are_those_of_the_whole(
        kind in prop::sample::select(KINDS.to_vec()),
        x in 0..2000usize,
        y in 0..1500usize,
        level in 1..=9u32,
    ) {
        let content = kind.generate(x + y);
        check_primed(&content[..x], &content[x..], level);
    }
}
