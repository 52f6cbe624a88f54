//! Measures what coding a record costs, for circuits of several sizes, and draws it.
//!
//! ```text
//! cargo run --release -p codec-circuit --example cost -- train-images.idx cost.svg
//! ```
//!
//! Pictures are taken as they are and reduced by two and by four, and circuits of 8 to 64 states learn a
//! little from each. A time is CPU time of one thread for one picture, alone in its codeword or with
//! fifteen others. The line through the times of pictures alone is `t = a D + b |p|`: something for each
//! of D variables, and something for each of |p| parameters.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::time::Duration;

use codec_circuit::{
    Circuit, Coder, GROUP, Learner, Model, Records, Schema, Settings, Shipped, Smoothing, array,
    chow_liu_tree,
};
use codec_core::{Budget, Error, Result};
use cpu_time::ThreadTime;

const STATES: [usize; 4] = [8, 16, 32, 64];
const REDUCTIONS: [usize; 3] = [4, 2, 1];
/// Pictures to learn from; as many as [`MEASURED`] more are coded.
const LEARNED: usize = 3_000;
const MEASURED: usize = 64;
const BATCH: usize = 250;
/// Each time is the least of so many.
const TURNS: usize = 5;

/// The cost of one circuit.
struct Cost {
    variables: usize,
    states: usize,
    parameters: u64,
    /// Milliseconds for a picture: to encode and to decode it alone, and with fifteen others.
    alone: [f64; 2],
    grouped: [f64; 2],
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, plot] = arguments.as_slice() else {
        println!("usage: cost pictures.idx plot.svg (nothing to do without pictures)");
        return Ok(());
    };
    let data = std::fs::read(path).map_err(Error::io("read pictures"))?;
    let parts = array::part(&data)?;
    let Some((rows, columns)) = parts.schema.grid else {
        return Err(Error::Unsupported("the file has no pictures".to_owned()));
    };
    let count = parts.records.len().min(LEARNED + MEASURED);
    let pictures = parts.records.range(0..count);
    println!("| D | K | parameters | alone: encode, decode, ms | 16 together, ms |");
    let mut costs = Vec::new();
    for by in REDUCTIONS {
        let reduced = reduce(&pictures, columns, by);
        let schema = Schema::picture(rows / by, columns / by);
        for states in STATES {
            let circuit = learn(&schema, &reduced.range(0..count - MEASURED), states)?;
            let cost = measure(circuit, states, &reduced.range(count - MEASURED..count))?;
            print_row(&cost);
            costs.push(cost);
        }
    }
    if let Some(shipped) = Shipped::fitting(&parts.schema).next() {
        let model = Model::read(shipped.file, &Budget::default())?;
        let measured = pictures.range(count - MEASURED..count);
        print!("shipped: ");
        print_row(&measure(model.into_circuit(), 0, &measured)?);
    }
    let fit = Fit::of(&costs);
    println!(
        "encoding alone: {:.3} us a variable and {:.3} ns a parameter, off by at most {:.0} %",
        fit.of_variable * 1e3,
        fit.of_parameter * 1e6,
        fit.worst(&costs) * 100.0
    );
    std::fs::write(plot, draw(&costs, fit)).map_err(Error::io("write the plot"))
}

/// Means of squares of `by` times `by` pixels.
fn reduce(pictures: &Records, columns: usize, by: usize) -> Records {
    let rows = pictures.width() / columns;
    let (rows, across) = (rows / by, columns / by);
    let mut values = Vec::with_capacity(pictures.len() * rows * across);
    for picture in pictures.iter() {
        for at in 0..rows * across {
            let (row, column) = (at / across * by, at % across * by);
            let square = (0..by * by).map(|pixel| {
                let (down, along) = (pixel / by, pixel % by);
                usize::from(picture[(row + down) * columns + column + along])
            });
            values.push((square.sum::<usize>() / (by * by)) as u8);
        }
    }
    Records::new(rows * across, values)
}

fn learn(schema: &Schema, records: &Records, states: usize) -> Result<Circuit> {
    let threads = NonZeroUsize::MIN;
    let tree = chow_liu_tree(schema, records, threads)?;
    let settings = Settings {
        states,
        labels_per_state: 2,
        batch: BATCH,
        steps: (0.5, 0.1),
        batches: records.len().div_ceil(BATCH) as u32,
        smoothing: Smoothing {
            emission: 1.0,
            growth: 1.5,
            transition: 1.0,
        },
        seed: 1,
    };
    let mut learner = Learner::new(schema, &tree, records, settings, threads)?;
    learner.epoch(records, threads)?;
    Ok(learner.circuit().clone())
}

fn measure(circuit: Circuit, states: usize, records: &Records) -> Result<Cost> {
    let parameters = circuit.parameters();
    let coder = Coder::new(circuit);
    let of_share = |share: usize| -> Result<[f64; 2]> {
        let mut least = [f64::INFINITY; 2];
        for _ in 0..TURNS {
            let mut codewords = Vec::new();
            let starts = (0..records.len()).step_by(share);
            let start = ThreadTime::now();
            for first in starts.clone() {
                codewords.push(coder.encode(&records.range(first..first + share))?);
            }
            let encoded = start.elapsed();
            for (codeword, first) in codewords.iter().zip(starts) {
                let decoded = coder.decode(codeword, share)?;
                if decoded != records.range(first..first + share) {
                    return Err(Error::Internal("a codeword decodes to others".to_owned()));
                }
            }
            let decoded = start.elapsed() - encoded;
            let each = |time: Duration| time.as_secs_f64() * 1e3 / records.len() as f64;
            least[0] = least[0].min(each(encoded));
            least[1] = least[1].min(each(decoded));
        }
        Ok(least)
    };
    Ok(Cost {
        variables: records.width(),
        states,
        parameters,
        alone: of_share(1)?,
        grouped: of_share(GROUP)?,
    })
}

fn print_row(cost: &Cost) {
    let [encode, decode] = cost.alone;
    let [grouped_encode, grouped_decode] = cost.grouped;
    println!(
        "| {} | {} | {} | {encode:.3}, {decode:.3} | {grouped_encode:.3}, {grouped_decode:.3} |",
        cost.variables, cost.states, cost.parameters
    );
}

/// Milliseconds for each variable and each parameter.
#[derive(Clone, Copy)]
struct Fit {
    of_variable: f64,
    of_parameter: f64,
}

impl Fit {
    /// Least squares of relative errors.
    fn of(costs: &[Cost]) -> Self {
        let [mut dd, mut dp, mut pp, mut d, mut p] = [0.0f64; 5];
        for cost in costs {
            let time = cost.alone[0];
            let x = cost.variables as f64 / time;
            let y = cost.parameters as f64 / time;
            dd += x * x;
            dp += x * y;
            pp += y * y;
            d += x;
            p += y;
        }
        let determinant = dd * pp - dp * dp;
        Self {
            of_variable: (d * pp - p * dp) / determinant,
            of_parameter: (p * dd - d * dp) / determinant,
        }
    }

    fn time(self, variables: f64, parameters: f64) -> f64 {
        self.of_variable * variables + self.of_parameter * parameters
    }

    fn worst(self, costs: &[Cost]) -> f64 {
        let off = |cost: &Cost| {
            let expected = self.time(cost.variables as f64, cost.parameters as f64);
            (expected / cost.alone[0] - 1.0).abs()
        };
        costs.iter().map(off).fold(0.0, f64::max)
    }
}

/// Times against parameters, both by powers of ten.
fn draw(costs: &[Cost], fit: Fit) -> String {
    const SIZE: [f64; 2] = [640.0, 420.0];
    const EDGE: f64 = 72.0;
    let extremes = |values: &dyn Fn(&Cost) -> f64| {
        let logs = costs.iter().map(|cost| values(cost).log10());
        let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), log| {
            (low.min(log), high.max(log))
        });
        (low.floor(), high.ceil())
    };
    let across = extremes(&|cost| cost.parameters as f64);
    let up = extremes(&|cost| cost.alone[0].min(cost.grouped[0]));
    let x = |parameters: f64| {
        EDGE + (parameters.log10() - across.0) / (across.1 - across.0) * (SIZE[0] - 2.0 * EDGE)
    };
    let y =
        |time: f64| SIZE[1] - EDGE - (time.log10() - up.0) / (up.1 - up.0) * (SIZE[1] - 2.0 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        SIZE[0], SIZE[1]
    );
    let mut line = |text: String| {
        svg += &text;
        svg.push('\n');
    };
    let (left, right) = (EDGE, SIZE[0] - EDGE);
    let (top, bottom) = (EDGE, SIZE[1] - EDGE);
    for power in across.0 as i32..=across.1 as i32 {
        let at = x(10f64.powi(power));
        line(format!(
            "<path d=\"M{at:.1} {top}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">10^{power}</text>",
            bottom + 16.0
        ));
    }
    for power in up.0 as i32..=up.1 as i32 {
        let at = y(10f64.powi(power));
        line(format!(
            "<path d=\"M{left} {at:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{} ms</text>",
            left - 6.0,
            at + 4.0,
            10f64.powi(power)
        ));
    }
    let colours = ["#1b6ca8", "#c1440e", "#2e7d32"];
    let mut variables: Vec<usize> = costs.iter().map(|cost| cost.variables).collect();
    variables.dedup();
    for (number, (&variables, colour)) in variables.iter().zip(colours).enumerate() {
        let mut path = String::new();
        for cost in costs.iter().filter(|cost| cost.variables == variables) {
            let (at, parameters) = (x(cost.parameters as f64), cost.parameters as f64);
            let expected = y(fit.time(variables as f64, parameters));
            let command = if path.is_empty() { 'M' } else { 'L' };
            let _never_fails = write!(path, "{command}{at:.1} {expected:.1}");
            line(format!(
                "<circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/>\
                 <circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"none\" stroke=\"{colour}\"/>",
                y(cost.alone[0]),
                y(cost.grouped[0])
            ));
        }
        line(format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\"/>"
        ));
        line(format!(
            "<text x=\"{}\" y=\"{}\" fill=\"{colour}\">D = {variables}</text>",
            left + 10.0,
            top + 16.0 * (number as f64 + 1.0)
        ));
    }
    line(format!(
        "<text x=\"{left}\" y=\"24\">Encoding a picture, CPU time by number of parameters; K = 8, 16, 32, 64\
         </text><text x=\"{left}\" y=\"42\">full: alone, with the line a D + b |p|; hollow: 16 together</text>"
    ));
    svg + "</svg>\n"
}
