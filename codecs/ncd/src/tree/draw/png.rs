//! A picture as PNG: lines by their distance from each pixel, glyphs from a font of bitmaps.

use codec_core::{Error, Result};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster};

use super::{Anchor, Colour, Picture, Text};

/// Most pixels of a bitmap.
const MOST: f64 = 100e6;
/// Height of the glyphs' box, in pixels of the glyph; the font is 73 % of it.
const BOX: f64 = 32.0;
const EM: f64 = BOX * 0.73;
/// Where the middle of small letters is in the box.
const MIDDLE: f64 = BOX * 0.555;

pub(super) fn write(picture: &Picture) -> Result<Vec<u8>> {
    let pixels = picture.width * picture.height;
    let scale = [2.0, 1.0]
        .into_iter()
        .find(|scale| pixels * scale * scale <= MOST);
    let scale = scale.ok_or_else(|| {
        let (width, height) = (picture.width.ceil(), picture.height.ceil());
        Error::Unsupported(format!(
            "the drawing is too large for a bitmap, {width} x {height} pixels: draw an .svg"
        ))
    })?;
    let mut bitmap = Bitmap::new(picture, scale);
    for line in &picture.lines {
        bitmap.line(line.from, line.to, line.width, line.colour);
    }
    for dot in &picture.dots {
        bitmap.line(dot.at, dot.at, 2.0 * dot.radius, dot.colour);
    }
    for text in &picture.texts {
        bitmap.text(text);
    }
    bitmap.encoded()
}

struct Bitmap {
    width: usize,
    height: usize,
    /// Pixels of the bitmap for one of the picture.
    scale: f64,
    /// Red, green and blue of each pixel, row by row.
    rgb: Vec<u8>,
}

impl Bitmap {
    fn new(picture: &Picture, scale: f64) -> Self {
        let pixels = |length: f64| (length * scale).ceil().max(1.0) as usize;
        let (width, height) = (pixels(picture.width), pixels(picture.height));
        Bitmap {
            width,
            height,
            scale,
            rgb: vec![0xff; width * height * 3],
        }
    }

    /// Lets `colour` cover a pixel by a part of it.
    fn cover(&mut self, x: usize, y: usize, part: f64, colour: Colour) {
        let at = (y * self.width + x) * 3;
        for (channel, ink) in self.rgb[at..at + 3].iter_mut().zip(colour) {
            let mixed = f64::from(*channel) * (1.0 - part) + f64::from(ink) * part;
            *channel = mixed.round() as u8;
        }
    }

    /// The pixels whose middles are at most `around` away from the box of two points.
    fn near(&self, from: (f64, f64), to: (f64, f64), around: f64) -> [std::ops::Range<usize>; 2] {
        let range = |one: f64, other: f64, end: usize| {
            let first = (one.min(other) - around).floor().clamp(0.0, end as f64) as usize;
            let last = (one.max(other) + around).ceil().clamp(0.0, end as f64) as usize;
            first..last
        };
        [
            range(from.0, to.0, self.width),
            range(from.1, to.1, self.height),
        ]
    }

    /// A line with round ends.
    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Colour) {
        let scaled = |(x, y): (f64, f64)| (x * self.scale, y * self.scale);
        let (from, to) = (scaled(from), scaled(to));
        let half = width * self.scale / 2.0;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let square = dx * dx + dy * dy;
        let [columns, rows] = self.near(from, to, half + 1.0);
        for y in rows {
            let py = y as f64 + 0.5 - from.1;
            // Of a slanted line, only the columns near it.
            let columns = match dy.abs() > 1.0 && square > 0.0 {
                true => {
                    let across = (half + 1.0) * square.sqrt() / dy.abs();
                    let x = from.0 + py * dx / dy;
                    let first = (x - across).floor().clamp(0.0, self.width as f64) as usize;
                    let last = (x + across).ceil().clamp(0.0, self.width as f64) as usize;
                    first.max(columns.start)..last.min(columns.end)
                }
                false => columns.clone(),
            };
            for x in columns {
                let px = x as f64 + 0.5 - from.0;
                let along = if square > 0.0 {
                    ((px * dx + py * dy) / square).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let away = (px - along * dx).hypot(py - along * dy);
                let part = (half + 0.5 - away).clamp(0.0, 1.0);
                if part > 0.0 {
                    self.cover(x, y, part, colour);
                }
            }
        }
    }

    fn text(&mut self, text: &Text) {
        let glyphs: Vec<RasterizedChar> = text.text.chars().filter_map(glyph).collect();
        let advance: f64 = glyphs.first().map_or(0.0, |glyph| glyph.width() as f64);
        let length = advance * glyphs.len() as f64;
        let start = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -length / 2.0,
            Anchor::End => -length,
        };
        // First the rim, so that it covers no glyph.
        for is_rim in [true, false] {
            for (number, glyph) in glyphs.iter().enumerate() {
                self.glyph(text, glyph, start + advance * number as f64, is_rim);
            }
        }
    }

    /// A glyph that starts `left` of its own pixels from the text's place along its line.
    fn glyph(&mut self, text: &Text, glyph: &RasterizedChar, left: f64, is_rim: bool) {
        let size = text.size * self.scale / EM;
        let (sin, cos) = text.angle.to_radians().sin_cos();
        let origin = (text.at.0 * self.scale, text.at.1 * self.scale);
        let place = |x: f64, y: f64| {
            let (x, y) = ((left + x) * size, (y - MIDDLE) * size);
            (origin.0 + x * cos - y * sin, origin.1 + x * sin + y * cos)
        };
        let width = glyph.width() as f64;
        let corners = [
            place(0.0, 0.0),
            place(width, 0.0),
            place(0.0, BOX),
            place(width, BOX),
        ];
        let low = corners
            .iter()
            .fold((f64::INFINITY, f64::INFINITY), |low, corner| {
                (low.0.min(corner.0), low.1.min(corner.1))
            });
        let high = corners.iter().fold((0.0f64, 0.0f64), |high, corner| {
            (high.0.max(corner.0), high.1.max(corner.1))
        });
        // The rim in pixels of the glyph.
        let rim = if is_rim { 1.5 * self.scale / size } else { 0.0 };
        let [columns, rows] = self.near(low, high, rim * size + 1.0);
        for y in rows {
            for x in columns.clone() {
                let (px, py) = (x as f64 + 0.5 - origin.0, y as f64 + 0.5 - origin.1);
                let u = (px * cos + py * sin) / size - left;
                let v = (py * cos - px * sin) / size + MIDDLE;
                let part = if is_rim {
                    let around = [(0.0, 0.0), (-rim, 0.0), (rim, 0.0), (0.0, -rim), (0.0, rim)];
                    let parts = around.map(|(du, dv)| sample(glyph, u + du, v + dv));
                    parts.into_iter().fold(0.0, f64::max)
                } else {
                    sample(glyph, u, v)
                };
                if part > 0.0 {
                    let colour = if is_rim { [0xff; 3] } else { text.colour };
                    self.cover(x, y, part, colour);
                }
            }
        }
    }

    fn encoded(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(&mut bytes, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgb);
        let failed = |error: png::EncodingError| Error::Internal(format!("PNG: {error}"));
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&self.rgb).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(bytes)
    }
}

fn glyph(c: char) -> Option<RasterizedChar> {
    let raster = |c| get_raster(c, FontWeight::Regular, RasterHeight::Size32);
    raster(c).or_else(|| raster('?'))
}

/// How much ink there is at a place of the glyph, between its four nearest pixels.
fn sample(glyph: &RasterizedChar, u: f64, v: f64) -> f64 {
    let (u, v) = (u - 0.5, v - 0.5);
    let (left, top) = (u.floor(), v.floor());
    let (right_part, lower_part) = (u - left, v - top);
    let pixel = |x: f64, y: f64| {
        if x < 0.0 || y < 0.0 {
            return 0.0;
        }
        let ink = glyph.pixel(x as usize, y as usize).unwrap_or(0);
        f64::from(ink) / 255.0
    };
    let row = |y: f64| pixel(left, y) * (1.0 - right_part) + pixel(left + 1.0, y) * right_part;
    row(top) * (1.0 - lower_part) + row(top + 1.0) * lower_part
}
