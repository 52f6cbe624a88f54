//! A picture as SVG.

use std::fmt::Write;

use super::{Anchor, Colour, Picture};

pub(super) fn write(picture: &Picture) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = draw(picture, &mut out);
    out
}

fn draw(picture: &Picture, out: &mut String) -> std::fmt::Result {
    let (width, height) = (picture.width.ceil(), picture.height.ceil());
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" \
         font-family=\"'DejaVu Sans', Verdana, 'Segoe UI', Arial, sans-serif\">"
    )?;
    writeln!(
        out,
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"
    )?;
    writeln!(out, "<g stroke-linecap=\"round\" fill=\"none\">")?;
    for line in &picture.lines {
        writeln!(
            out,
            "<path d=\"M{} {}L{} {}\" stroke=\"{}\" stroke-width=\"{}\"/>",
            short(line.from.0),
            short(line.from.1),
            short(line.to.0),
            short(line.to.1),
            hex(line.colour),
            line.width
        )?;
    }
    writeln!(out, "</g>")?;
    for dot in &picture.dots {
        writeln!(
            out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>",
            short(dot.at.0),
            short(dot.at.1),
            dot.radius,
            hex(dot.colour)
        )?;
    }
    // A white rim keeps names and numbers readable on branches.
    writeln!(
        out,
        "<g stroke=\"#ffffff\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\">"
    )?;
    for text in &picture.texts {
        let anchor = match text.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (short(text.at.0), short(text.at.1));
        let turn = if text.angle == 0.0 {
            String::new()
        } else {
            format!(" transform=\"rotate({} {x} {y})\"", short(text.angle))
        };
        writeln!(
            out,
            "<text x=\"{x}\" y=\"{y}\" dy=\"{}\" font-size=\"{}\" text-anchor=\"{anchor}\" \
             fill=\"{}\"{turn}>{}</text>",
            short(text.size * 0.36),
            text.size,
            hex(text.colour),
            escaped(&text.text)
        )?;
    }
    writeln!(out, "</g>\n</svg>")
}

fn hex([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A hundredth of a pixel is enough.
fn short(value: f64) -> f64 {
    let rounded = (value * 100.0).round() / 100.0;
    // Not "-0".
    rounded + 0.0
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
    out
}
