#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codec_tests::fuzz::entropy_coders(data));
