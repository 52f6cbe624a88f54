//! Damaged payloads are errors, or other content of the same length: never a panic.

use codec_core::Error;

use crate::{bases, decode, encode, lines, reads};

fn contents() -> Vec<String> {
    let sequence = bases(300, 3);
    vec![
        sequence.to_lowercase() + "\n",
        format!(
            ">one 1\n{}>one 2\n{}",
            lines(&sequence, 60, "\n"),
            lines(&sequence[9..], 60, "\n")
        ),
        format!(
            ">a\r\n{}\nNNNNN{}nnnn\n\n-{}",
            lines(&sequence[..200], 50, "\r\n"),
            sequence[..99].to_lowercase(),
            &sequence[..50]
        ),
        reads(3),
        reads(3) + "@x\nA\n" + &reads(1),
        "words, and nothing but words\n".repeat(5),
    ]
}

#[test]
fn no_truncated_payload_is_taken_for_the_content() {
    for content in contents() {
        for level in [1, 5] {
            let payload = encode(content.as_bytes(), level);
            for len in 0..payload.len() {
                match decode(&payload[..len], content.len(), level) {
                    Err(Error::Corrupt { at, .. }) => assert!(at <= payload.len() as u64),
                    Err(other) => panic!("{other}"),
                    // The container's checksum is there for that.
                    Ok(decoded) => assert!(decoded != content.as_bytes()),
                }
            }
        }
    }
}

#[test]
fn no_flipped_byte_makes_it_panic() {
    for content in contents() {
        for level in [1, 5] {
            let payload = encode(content.as_bytes(), level);
            for at in 0..payload.len() {
                for flip in [1, 0x10, 0x80, 0xFF] {
                    let mut payload = payload.clone();
                    payload[at] ^= flip;
                    if let Ok(decoded) = decode(&payload, content.len(), level) {
                        assert!(decoded.len() <= content.len() + 1);
                    }
                }
            }
        }
    }
}

#[test]
fn another_content_length_is_an_error() {
    for content in contents().into_iter().take(5) {
        let payload = encode(content.as_bytes(), 3);
        // Of one base more or less nothing but the container's hash may tell.
        for len in [content.len() - 1, content.len() + 1] {
            let _ = decode(&payload, len, 3);
        }
        for len in [0, 1, content.len() / 2, 4 * content.len(), 1 << 31] {
            // Classical codecs leave it to the container to compare lengths.
            if let Ok(decoded) = decode(&payload, len, 3) {
                assert!(decoded.len() != len, "{len} instead of {}", content.len());
            }
        }
    }
}

#[test]
fn blocks_of_a_higher_level_than_the_stream_are_refused() {
    let content = bases(500, 1);
    let payload = encode(content.as_bytes(), 9);
    assert!(decode(&payload, content.len(), 9).is_ok());
    assert!(matches!(
        decode(&payload, content.len(), 1),
        Err(Error::Corrupt { at: 0, .. })
    ));
}
