//! Training: data, optimizer, schedule, checkpoints and logs.

pub mod adam;
pub mod checkpoint;
mod folders;
pub mod pictures;
pub mod sounds;

/// The learning rate at `step` of `steps`: a linear start over the first `warm` steps, then half a
/// cosine down to a hundredth.
#[must_use]
pub fn cosine(peak: f32, step: u64, steps: u64, warm: u64) -> f32 {
    if step < warm {
        return peak * (step + 1) as f32 / warm as f32;
    }
    let part = (step - warm) as f32 / (steps.saturating_sub(warm)).max(1) as f32;
    let falling = 0.5 * (1.0 + (std::f32::consts::PI * part.min(1.0)).cos());
    peak * (0.01 + 0.99 * falling)
}
