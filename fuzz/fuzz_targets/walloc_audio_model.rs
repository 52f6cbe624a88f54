#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codec_tests::fuzz::walloc_audio_model(data));
