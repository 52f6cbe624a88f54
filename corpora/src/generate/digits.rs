//! Pictures of handwritten digits, as far as pens and tables of points can imitate hands.

use super::Prng;

/// Pictures of digits and what they show, both in the format of MNIST (IDX).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits {
    /// Gray pixels, `u8 [count, side, side]` after a header of 16 bytes: 0 is paper, 255 is ink.
    pub pictures: Vec<u8>,
    /// The digits, `u8 [count]`, each `0..=9`, after a header of 8 bytes.
    pub labels: Vec<u8>,
}

/// `count` pictures of `side * side` pixels, `1..=256` each way; MNIST has 28.
///
/// Each is one pen stroke through jittered points of a digit's shape, with a width, size, slant and
/// place of its own, antialiased. A picture depends on `side`, the seed and its number only: a larger
/// `count` appends.
///
/// ```
/// use codec_corpora::generate::digits;
/// let few = digits(3, 28, 7);
/// assert_eq!(few.pictures.len(), 16 + 3 * 28 * 28);
/// assert_eq!(few.labels.len(), 8 + 3);
/// assert_eq!(few.pictures[16..], digits(9, 28, 7).pictures[16..][..3 * 28 * 28]);
/// ```
///
/// # Panics
/// If `side` is out of range.
#[must_use]
pub fn digits(count: u32, side: u32, seed: u64) -> Digits {
    assert!((1..=256).contains(&side), "pictures of {side} pixels a row");
    let mut pictures = vec![0, 0, 8, 3];
    for extent in [count, side, side] {
        pictures.extend_from_slice(&extent.to_be_bytes());
    }
    let mut labels = vec![0, 0, 8, 1];
    labels.extend_from_slice(&count.to_be_bytes());
    for number in 0..count {
        let mut prng = Prng::new(seed ^ u64::from(number + 1).wrapping_mul(0xd134_2543_de82_ef95));
        let digit = prng.below(SHAPES.len() as u64);
        labels.push(digit as u8);
        draw(
            SHAPES[digit as usize],
            i64::from(side),
            &mut prng,
            &mut pictures,
        );
    }
    Digits { pictures, labels }
}

/// Points of the stroke of each digit in a box of 100 x 100, `(0, 0)` at the top left.
const SHAPES: [&[(i64, i64)]; 10] = [
    &[
        (50, 0),
        (85, 12),
        (95, 50),
        (85, 88),
        (50, 100),
        (15, 88),
        (5, 50),
        (15, 12),
        (50, 0),
    ],
    &[(30, 20), (55, 0), (55, 100)],
    &[
        (8, 22),
        (30, 0),
        (75, 3),
        (90, 28),
        (60, 60),
        (5, 100),
        (95, 100),
    ],
    &[
        (10, 8),
        (60, 0),
        (90, 22),
        (45, 46),
        (95, 72),
        (60, 100),
        (8, 92),
    ],
    &[(70, 100), (70, 0), (5, 65), (95, 65)],
    &[
        (88, 0),
        (20, 0),
        (15, 45),
        (65, 40),
        (95, 70),
        (60, 100),
        (8, 92),
    ],
    &[
        (80, 2),
        (30, 25),
        (8, 70),
        (45, 100),
        (90, 78),
        (55, 48),
        (12, 66),
    ],
    &[(5, 2), (95, 0), (45, 100)],
    &[
        (50, 48),
        (88, 25),
        (50, 0),
        (14, 24),
        (50, 48),
        (94, 75),
        (50, 100),
        (6, 75),
        (50, 48),
    ],
    &[
        (90, 30),
        (50, 52),
        (10, 28),
        (50, 0),
        (90, 24),
        (88, 60),
        (60, 100),
    ],
];
/// Parts of a pixel in which lengths are measured.
const PIXEL: i64 = 256;

/// Appends the pixels of one picture.
fn draw(shape: &[(i64, i64)], side: i64, prng: &mut Prng, pixels: &mut Vec<u8>) {
    let extent = side * PIXEL;
    let stroke = smooth(&smooth(&placed(shape, extent, prng)));
    let radius = between(35, 65, prng) * extent / 1000;
    // Ink fades over a pixel and a half.
    let fade = 3 * PIXEL / 2;
    for row in 0..side {
        for column in 0..side {
            let pixel = (column * PIXEL + PIXEL / 2, row * PIXEL + PIXEL / 2);
            let pairs = stroke.iter().zip(&stroke[1..]);
            let nearest = pairs.map(|(from, to)| distance(pixel, *from, *to)).min();
            let inside = radius + fade / 2 - nearest.unwrap_or(extent);
            pixels.push((inside * 255 / fade).clamp(0, 255) as u8);
        }
    }
}

/// The points of a shape where this hand puts them.
fn placed(shape: &[(i64, i64)], extent: i64, prng: &mut Prng) -> Vec<(i64, i64)> {
    let (wide, high) = (between(400, 650, prng), between(600, 750, prng));
    let slant = between(-150, 300, prng);
    let (right, down) = (between(-30, 30, prng), between(-30, 30, prng));
    shape
        .iter()
        .map(|(x, y)| {
            // In thousandths of the picture's extent.
            let x = (x * 10 - 500 + between(-50, 50, prng)) * wide / 1000;
            let y = (y * 10 - 500 + between(-50, 50, prng)) * high / 1000;
            let x = 500 + right + x - y * slant / 1000;
            let y = 500 + down + y;
            (x * extent / 1000, y * extent / 1000)
        })
        .collect()
}

/// Each inner corner of a line cut off a quarter from it, which makes curves of corners (Chaikin 1974).
fn smooth(line: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let part = |(ax, ay): (i64, i64), (bx, by): (i64, i64)| ((3 * ax + bx) / 4, (3 * ay + by) / 4);
    let inner = line
        .iter()
        .zip(&line[1..])
        .flat_map(|(from, to)| [part(*from, *to), part(*to, *from)]);
    let mut smoothed = vec![line[0]];
    smoothed.extend(inner);
    smoothed.push(line[line.len() - 1]);
    smoothed
}

/// How far a point is from the line between two others.
fn distance(point: (i64, i64), from: (i64, i64), to: (i64, i64)) -> i64 {
    let (x, y) = (point.0 - from.0, point.1 - from.1);
    let (along_x, along_y) = (to.0 - from.0, to.1 - from.1);
    let along = x * along_x + y * along_y;
    let squared = along_x * along_x + along_y * along_y;
    if along <= 0 {
        (x * x + y * y).isqrt()
    } else if along >= squared {
        let (x, y) = (point.0 - to.0, point.1 - to.1);
        (x * x + y * y).isqrt()
    } else {
        (x * along_y - y * along_x).abs() / squared.isqrt()
    }
}

/// A number of `least..=most`.
fn between(least: i64, most: i64, prng: &mut Prng) -> i64 {
    least + prng.below((most - least + 1) as u64) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_depends_on_its_number_and_the_seed_only() {
        let (few, many) = (digits(5, 20, 3), digits(40, 20, 3));
        assert_eq!(few.pictures[..8], [0, 0, 8, 3, 0, 0, 0, 5]);
        assert_eq!(few.labels[..8], [0, 0, 8, 1, 0, 0, 0, 5]);
        assert_eq!(few.pictures[16..], many.pictures[16..][..5 * 400]);
        assert_eq!(few.labels[8..], many.labels[8..][..5]);
        assert_ne!(many, digits(40, 20, 4));
        assert_eq!(digits(0, 28, 1).pictures.len(), 16);
    }

    #[test]
    fn every_digit_is_drawn_and_no_two_pictures_are_the_same() {
        let drawn = digits(300, 28, 1);
        for digit in 0..10 {
            assert!(drawn.labels[8..].contains(&digit), "{digit}");
        }
        let mut pictures: Vec<&[u8]> = drawn.pictures[16..].chunks_exact(784).collect();
        pictures.sort_unstable();
        pictures.dedup();
        assert_eq!(pictures.len(), 300);
    }

    #[test]
    fn pixels_are_paper_with_strokes_that_neighbours_share() {
        let drawn = digits(200, 28, 1);
        let pixels = &drawn.pictures[16..];
        let ink = pixels.iter().filter(|pixel| **pixel > 127).count() * 100 / pixels.len();
        assert!((5..30).contains(&ink), "{ink} %");
        let gray = pixels
            .iter()
            .filter(|pixel| (1..255).contains(*pixel))
            .count();
        assert!(gray * 20 > pixels.len(), "{gray} of {}", pixels.len());
        let pairs = pixels.iter().zip(&pixels[1..]);
        let steps: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        // Random neighbours with so much ink would differ by more.
        let chance = 2 * ink as u64 * (100 - ink as u64) * 255 / 10_000;
        assert!(steps / (pixels.len() as u64) < chance / 2, "{steps}");
    }

    #[test]
    fn the_smallest_and_the_largest_pictures_are_drawn() {
        assert_eq!(digits(2, 1, 1).pictures.len(), 18);
        assert_eq!(digits(1, 256, 1).pictures.len(), 16 + 65_536);
    }
}
