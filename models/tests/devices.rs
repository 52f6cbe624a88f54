//! A GPU computes what the CPU computes: networks, training, pictures.
//!
//! Runs with the feature `wgpu` on any Vulkan device, a software one included. Where there is none
//! the tests fail, unless `CODEC_SKIP_GPU` is set.
#![cfg(feature = "wgpu")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions shared by tests fail as tests do"
)]

use std::path::Path;
use std::time::Instant;

use burn::tensor::{Device, Tensor};
use codec_core::{Budget, Codec, Job, Media, Params, Registry, decode_streams, encode_stream};
use codec_corpora::picture::{Picture, Samples};
use codec_models::arrays::{tensor, values};
use codec_models::device::DeviceChoice;
use codec_models::latents::Latents;
use codec_models::random::Random;
use codec_models::walloc::WallocCodec;
use codec_models::walloc::net::{Shape, Synthesis};
use codec_models::walloc::session::{Plan, Session};

/// The GPU, or nothing where tests shall do without.
fn gpu() -> Option<Device> {
    let opened = DeviceChoice::Wgpu(None).open();
    if opened.is_err() && std::env::var_os("CODEC_SKIP_GPU").is_some() {
        eprintln!("skipped: there is no GPU, and CODEC_SKIP_GPU is set");
        return None;
    }
    Some(opened.unwrap())
}

/// Sizes of the shipped model.
fn shape() -> Shape {
    Plan::new(1, 1).settings.shape
}

fn noise<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let mut random = Random::new(seed, 1);
    let count = shape.iter().product();
    let values = std::iter::repeat_with(|| random.normal()).take(count);
    tensor(values.collect(), shape, device)
}

/// What a network of the shipped sizes gives, and how its loss changes with its input and with its
/// first layers.
fn network(device: &Device, prefix: usize) -> Vec<Vec<f32>> {
    let shape = shape();
    let device = &device.clone().autodiff();
    let mut net = Synthesis::new(&shape, 5, device);
    // The last layer starts at zero, and with it everything that is to be compared.
    net.output = burn::module::Param::from_tensor(noise(net.output.val().dims(), 6, device) * 0.1);
    let near = &mut net.linear[prefix].near;
    *near = burn::module::Param::from_tensor(noise(near.val().dims(), 7, device) * 0.1);
    let latents = noise([2, shape.channels(), 8, 6], 8, device).require_grad();
    let steps = tensor(vec![0.1, 0.3], [2, 1], device);
    let condition = [shape.condition(20, prefix), shape.condition(37, prefix)].concat();
    let condition = tensor(condition, [2, shape.conditions()], device);
    let out = net.forward(latents.clone(), steps, condition, prefix);
    let gradients = out.clone().square().mean().backward();
    let block = &net.blocks[0];
    vec![
        values(out).unwrap(),
        values(latents.grad(&gradients).unwrap()).unwrap(),
        values(block.depthwise.val().grad(&gradients).unwrap()).unwrap(),
        values(block.film.val().grad(&gradients).unwrap()).unwrap(),
        values(net.input.val().grad(&gradients).unwrap()).unwrap(),
        values(net.linear[prefix].near.val().grad(&gradients).unwrap()).unwrap(),
    ]
}

fn close(a: &[f32], b: &[f32], part: f32) -> bool {
    let largest = a.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    largest > 0.0 && a.len() == b.len() && worst.fold(0.0, f32::max) <= part * largest
}

#[test]
fn a_device_opens() {
    gpu();
}

/// Asks a process of its own, where the loader finds no driver.
#[test]
fn without_a_driver_there_is_an_answer_within_five_seconds() {
    let started = Instant::now();
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_device_opens"])
        .env("VK_DRIVER_FILES", "none.json")
        .env("VK_ICD_FILENAMES", "none.json")
        .env("LIBGL_DRIVERS_PATH", "none")
        .env_remove("CODEC_SKIP_GPU")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned()
        + &String::from_utf8_lossy(&child.stderr);
    assert!(
        !child.status.success() && said.contains("does not answer"),
        "{said}"
    );
    assert!(
        started.elapsed().as_secs_f32() < 7.0,
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn networks_and_their_gradients_agree() {
    let Some(gpu) = gpu() else { return };
    for prefix in 0..shape().prefixes.len() {
        let (on_cpu, on_gpu) = (network(&Device::flex(), prefix), network(&gpu, prefix));
        for (number, (a, b)) in on_cpu.iter().zip(&on_gpu).enumerate() {
            assert!(close(a, b, 1e-4), "prefix {prefix}, array {number}");
        }
    }
}

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut random = Random::new(4, 0);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let samples = places.flat_map(|(x, y)| {
        let base = x / 2 + (y / 16 % 2) * 60 + random.below(9) as u32;
        [0, 20, 40].map(|colour| (base + colour).min(255) as u8)
    });
    let samples = Samples::Eight(samples.collect());
    let picture = Picture::new(width, height, 3, samples).unwrap();
    let mut png = Vec::new();
    picture.write_png(&mut png).unwrap();
    png
}

fn decoded(file: &[u8], device: DeviceChoice) -> Vec<u8> {
    let mut registry = Registry::new();
    for codec in codec_models::codecs(device) {
        registry.register(codec);
    }
    let mut png = Vec::new();
    decode_streams(&registry, file, &Job::single_threaded(), &mut png).unwrap();
    match Picture::from_bytes(&png, &Budget::default())
        .unwrap()
        .into_samples()
    {
        Samples::Eight(samples) => samples,
        Samples::Sixteen(_) => panic!("a picture of 8 bits came back with 16"),
    }
}

#[test]
fn pictures_differ_by_one_step_at_most_and_latents_not_at_all() {
    if gpu().is_none() {
        return;
    }
    let png = picture(150, 90);
    let job = Job::single_threaded();
    let files = [DeviceChoice::Cpu, DeviceChoice::Wgpu(None)].map(|device| {
        let codec = WallocCodec { device };
        let params = Params::defaults(codec.descriptor().params);
        let (mut input, mut file) = (&png[..], Vec::new());
        encode_stream(
            &codec,
            Media::bytes(&mut input, "png"),
            &params,
            &job,
            &mut file,
        )
        .unwrap();
        file
    });
    assert_eq!(files[0], files[1]);
    let latents = Latents::read(&mut &files[0][..], &job).unwrap();
    assert_eq!(latents.shape, [48, 12, 19]);
    let on_cpu = decoded(&files[0], DeviceChoice::Cpu);
    let on_gpu = decoded(&files[0], DeviceChoice::Wgpu(None));
    let differ = on_cpu.iter().zip(&on_gpu).map(|(a, b)| a.abs_diff(*b));
    assert!(differ.max().unwrap() <= 1);
}

/// A small run of two parts.
fn session(folder: &Path, state: &Path, device: &Device) -> Session {
    let mut plan = Plan::new(20, 1);
    plan.settings.shape.prefixes = vec![2, 4];
    plan.settings.shape.wide = 2;
    plan.settings.shape.width = 8;
    plan.settings.shape.blocks = 1;
    plan.settings.chances = vec![0.5, 0.5];
    plan.settings.batch = 1;
    plan.settings.side = 64;
    plan.joint = 12;
    plan.form_crops = 4;
    plan.context_crops = 2;
    Session::open(plan, &[folder.to_owned()], state, device.clone(), 1).unwrap()
}

#[test]
fn twenty_steps_lose_alike_and_a_run_that_is_cut_off_goes_on() {
    let Some(gpu) = gpu() else { return };
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("p.png"), picture(256, 256)).unwrap();
    let states = tempfile::tempdir().unwrap();
    let run = |name: &str, device: &Device, steps: u64| {
        let mut session = session(data.path(), &states.path().join(name), device);
        let mut losses = Vec::new();
        while session.done() < steps {
            losses.push(session.step().unwrap().loss);
        }
        (session, losses)
    };
    let started = Instant::now();
    let (_, on_cpu) = run("cpu", &Device::flex(), 20);
    let (whole, on_gpu) = run("gpu", &gpu, 20);
    eprintln!("twenty steps on both in {:?}", started.elapsed());
    for (step, (a, b)) in on_cpu.iter().zip(&on_gpu).enumerate() {
        assert!(
            (a - b).abs() <= 1e-4 * a.abs().max(1.0),
            "step {step}: {a}, {b}"
        );
    }
    run("cut", &gpu, 9).0.keep().unwrap();
    let (resumed, _) = run("cut", &gpu, 20);
    let bytes = |session: Session| session.finish().unwrap().to_bytes().unwrap();
    assert_eq!(bytes(resumed), bytes(whole));
}
