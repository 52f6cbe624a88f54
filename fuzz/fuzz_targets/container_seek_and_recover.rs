#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| codec_tests::fuzz::container_seek_and_recover(data));
