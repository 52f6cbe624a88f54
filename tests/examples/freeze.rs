//! Adds frozen files for codecs, versions and contents that have none. Never changes one.

use std::error::Error;
use std::fs;
use std::path::Path;

use codec_corpora::sound::Sound;
use codec_suite::core::Budget;
use codec_suite::models::device::DeviceChoice;
use codec_suite::models::vq;
use codec_suite::models::walloc::audio::fit::fit;
use codec_suite::models::walloc::session::{Plan, Session};
use codec_tests::frozen;
use codec_tests::frozen_lossy::{self, Original, originals, suffix};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for codec in codec_suite::registry().iter() {
        let descriptor = codec.descriptor();
        let kind = match descriptor.lossless {
            true => "vectors",
            false => "lossy-vectors",
        };
        let folder = root
            .join(kind)
            .join(descriptor.id)
            .join(format!("v{}", descriptor.version));
        fs::create_dir_all(&folder)?;
        match descriptor.lossless {
            true => freeze(&folder, descriptor.id)?,
            false => freeze_lossy(&folder, descriptor.id)?,
        }
    }
    Ok(())
}

fn add(path: &Path, content: &[u8]) -> Result<(), Box<dyn Error>> {
    fs::write(path, content)?;
    println!("added {}", path.display());
    Ok(())
}

fn freeze(folder: &Path, codec: &str) -> Result<(), Box<dyn Error>> {
    for content in frozen::contents(codec) {
        let path = folder.join(format!("{}.cdc", content.name));
        if !path.exists() {
            add(&path, &frozen::encode(codec, &content))?;
        }
    }
    Ok(())
}

fn freeze_lossy(folder: &Path, codec: &str) -> Result<(), Box<dyn Error>> {
    let model_path = folder.join("model.safetensors");
    if !model_path.exists() {
        let model = match codec {
            "walloc" => model_of_pictures()?,
            "vq" => model_of_indices()?,
            _ => model_of_sounds(&originals(codec))?,
        };
        add(&model_path, &model)?;
    }
    let model = fs::read(&model_path)?;
    for original in originals(codec) {
        let path = folder.join(format!("{}.cdc", original.name));
        if path.exists() {
            continue;
        }
        let file = frozen_lossy::encode(codec, &model, &original)?;
        add(&path, &file)?;
        let latents = frozen_lossy::latents(codec, &model, &file)?;
        add(&path.with_extension("latents"), latents.as_bytes())?;
        if original.is_kept {
            let decoded = frozen_lossy::decode(&model, &file)?;
            add(&path.with_extension(suffix(codec)), &decoded)?;
        }
    }
    Ok(())
}

/// A model of few channels with a small network, hardly trained.
fn model_of_pictures() -> Result<Vec<u8>, Box<dyn Error>> {
    let folder = std::env::temp_dir().join("codec-freeze");
    fs::create_dir_all(folder.join("pictures"))?;
    let large = frozen_lossy::large_picture();
    fs::write(folder.join("pictures/p.png"), large)?;
    let mut plan = Plan::new(200, 1);
    plan.settings.shape.prefixes = vec![2, 4];
    plan.settings.shape.wide = 2;
    plan.settings.shape.width = 8;
    plan.settings.shape.blocks = 1;
    plan.settings.chances = vec![0.5, 0.5];
    plan.form_crops = 40;
    plan.context_crops = 20;
    let device = DeviceChoice::Cpu.open()?;
    let kept = folder.join("state");
    let mut session = Session::open(plan, &[folder.join("pictures")], &kept, device, 1)?;
    while !session.is_finished() {
        session.step()?;
    }
    let model = session.finish()?.to_bytes()?;
    fs::remove_dir_all(folder)?;
    Ok(model)
}

/// A model of few codes with a small network, hardly trained.
fn model_of_indices() -> Result<Vec<u8>, Box<dyn Error>> {
    let folder = std::env::temp_dir().join("codec-freeze-vq");
    fs::create_dir_all(folder.join("pictures"))?;
    fs::write(folder.join("pictures/p.png"), frozen_lossy::large_picture())?;
    let mut plan = vq::session::Plan::new(60, 1);
    plan.shape.levels = 3;
    plan.shape.prefixes = vec![8];
    plan.shape.wide = 8;
    plan.shape.width = 8;
    plan.shape.blocks = 1;
    plan.stages.coarse_channels = 4;
    plan.stages.codes = vec![24, 16, 16];
    plan.crops = 30;
    plan.prior_steps = 100;
    plan.batch = 1;
    let device = DeviceChoice::Cpu.open()?;
    let kept = folder.join("state");
    let pictures = [folder.join("pictures")];
    let mut session = vq::session::Session::open(plan, &pictures, &kept, &device, &mut |_| {})?;
    while !session.is_finished() {
        session.step()?;
    }
    let model = session.model()?.to_bytes()?;
    fs::remove_dir_all(folder)?;
    Ok(model)
}

fn model_of_sounds(originals: &[Original]) -> Result<Vec<u8>, Box<dyn Error>> {
    let read = |original: &Original| Sound::read(&mut &original.bytes[..], &Budget::default());
    let sounds: Result<Vec<_>, _> = originals.iter().map(read).collect();
    Ok(fit(&sounds?, 1)?.to_bytes()?)
}
