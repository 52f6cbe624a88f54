//! Stages of indices, and the latents that they add up to.

use super::codebook::{Codebook, Learning, learn};

/// Places of a coarse place's side.
pub const COARSE: usize = 2;

/// The codebooks of all stages.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages {
    /// Channels of the latents.
    pub channels: usize,
    /// Leading channels that the first stage gives.
    pub coarse_channels: usize,
    /// Of vectors of `coarse_channels` for each of the four places of a coarse place.
    pub coarse: Codebook,
    /// Of vectors of all channels of a place.
    pub fine: Vec<Codebook>,
}

/// Sizes of a grid of latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Size {
    /// Places.
    #[must_use]
    pub fn area(self) -> usize {
        self.height * self.width
    }

    /// The coarse grid over it.
    #[must_use]
    pub fn coarse(self) -> Size {
        Size {
            height: self.height.div_ceil(COARSE),
            width: self.width.div_ceil(COARSE),
        }
    }

    /// The grid of the indices of a stage.
    #[must_use]
    pub fn of_stage(self, stage: usize) -> Size {
        if stage == 0 { self.coarse() } else { self }
    }
}

impl Stages {
    /// Number of stages.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.fine.len()
    }

    /// The codebook of a stage.
    ///
    /// # Panics
    /// If there is no such stage.
    #[must_use]
    pub fn book(&self, stage: usize) -> &Codebook {
        if stage == 0 {
            &self.coarse
        } else {
            &self.fine[stage - 1]
        }
    }

    /// What a stage quantises at a place of its grid: of `latents` (`[area, channels]`). Where a
    /// coarse place reaches beyond the grid, the last places count twice.
    pub fn wanted(&self, latents: &[f32], size: Size, stage: usize, at: usize, out: &mut Vec<f32>) {
        out.clear();
        if stage > 0 {
            out.extend_from_slice(&latents[at * self.channels..][..self.channels]);
            return;
        }
        let coarse = size.coarse();
        let (row, column) = (at / coarse.width, at % coarse.width);
        for part in 0..COARSE * COARSE {
            let y = (row * COARSE + part / COARSE).min(size.height - 1);
            let x = (column * COARSE + part % COARSE).min(size.width - 1);
            let start = (y * size.width + x) * self.channels;
            out.extend_from_slice(&latents[start..start + self.coarse_channels]);
        }
    }

    /// Shows where in `[area, channels]` each value of an index's vector goes.
    pub fn each(
        &self,
        size: Size,
        stage: usize,
        at: usize,
        code: usize,
        mut seen: impl FnMut(usize, i16),
    ) {
        let vector = self.book(stage).vector(code);
        if stage > 0 {
            for (channel, &value) in vector.iter().enumerate() {
                seen(at * self.channels + channel, value);
            }
            return;
        }
        let coarse = size.coarse();
        let (row, column) = (at / coarse.width, at % coarse.width);
        for (part, values) in vector.chunks_exact(self.coarse_channels).enumerate() {
            let (y, x) = (
                row * COARSE + part / COARSE,
                column * COARSE + part % COARSE,
            );
            if y < size.height && x < size.width {
                let start = (y * size.width + x) * self.channels;
                for (channel, &value) in values.iter().enumerate() {
                    seen(start + channel, value);
                }
            }
        }
    }
}

impl Stages {
    /// The latents that indices add up to, `[area, channels]` in units.
    #[must_use]
    pub fn sum(&self, tokens: &[Vec<u16>], size: Size) -> Vec<i32> {
        let mut sum = vec![0; size.area() * self.channels];
        for (stage, indices) in tokens.iter().enumerate() {
            for (at, &code) in indices.iter().enumerate() {
                self.each(size, stage, at, code.into(), |place, value| {
                    sum[place] += i32::from(value);
                });
            }
        }
        sum
    }
}

/// Latents of a crop in units, `[area, channels]`.
#[derive(Debug, Clone)]
pub struct Crop {
    /// Its grid.
    pub size: Size,
    /// `[area, channels]`.
    pub latents: Vec<f32>,
}

/// How stages are learned.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// Leading channels that the first stage gives.
    pub coarse_channels: usize,
    /// Codes of each stage.
    pub codes: Vec<usize>,
    /// Rounds of k-means.
    pub rounds: usize,
    /// What is random.
    pub seed: u64,
}

/// Learns the stages one after the other, each of what those before leave of `crops`; says, too, how
/// many codes of each are nearest to something.
///
/// # Panics
/// If there are no crops.
#[must_use]
pub fn fit(crops: &[Crop], channels: usize, plan: &Plan) -> (Stages, Vec<usize>) {
    let mut left: Vec<Crop> = crops.to_vec();
    let mut used = Vec::new();
    let mut stages = Stages {
        channels,
        coarse_channels: plan.coarse_channels,
        coarse: Codebook::new(
            vec![0; COARSE * COARSE * plan.coarse_channels],
            COARSE * COARSE * plan.coarse_channels,
        ),
        fine: Vec::new(),
    };
    for (stage, &codes) in plan.codes.iter().enumerate() {
        if stage > 0 {
            stages.fine.push(Codebook::new(vec![0; channels], channels));
        }
        let (mut data, mut wanted) = (Vec::new(), Vec::new());
        for crop in &left {
            for at in 0..crop.size.of_stage(stage).area() {
                stages.wanted(&crop.latents, crop.size, stage, at, &mut wanted);
                data.extend_from_slice(&wanted);
            }
        }
        let learning = Learning {
            codes,
            rounds: plan.rounds,
            has_zero: stage > 0,
            seed: plan.seed + stage as u64,
        };
        let book = learn(&data, stages.book(stage).dimension(), learning);
        if stage == 0 {
            stages.coarse = book;
        } else if let Some(last) = stages.fine.last_mut() {
            *last = book;
        }
        let mut is_used = vec![false; codes];
        for crop in &mut left {
            for code in stages.subtract(crop, stage) {
                is_used[usize::from(code)] = true;
            }
        }
        used.push(is_used.iter().filter(|&&is_used| is_used).count());
    }
    (stages, used)
}

impl Stages {
    /// Takes the nearest vectors of a stage away; gives their indices.
    fn subtract(&self, crop: &mut Crop, stage: usize) -> Vec<u16> {
        let (mut wanted, mut distances) = (Vec::new(), Vec::new());
        let mut codes = Vec::new();
        for at in 0..crop.size.of_stage(stage).area() {
            self.wanted(&crop.latents, crop.size, stage, at, &mut wanted);
            self.book(stage).distances(&wanted, &mut distances);
            let code = super::codebook::least(&distances);
            self.each(crop.size, stage, at, code, |place, value| {
                crop.latents[place] -= f32::from(value);
            });
            codes.push(code as u16);
        }
        codes
    }
}
