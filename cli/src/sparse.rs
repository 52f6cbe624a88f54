//! Files with holes: long runs of zeros take no space on disk.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// Length and alignment of the smallest hole, in bytes.
const HOLE: usize = 4 << 10;

/// Writes to a new, empty file and leaves holes where aligned 4 KiB of zeros would go.
///
/// The file has its full length only after [`Sparse::finish`].
pub(crate) struct Sparse {
    file: File,
    position: u64,
    /// Zeros that were passed over since the last byte written.
    pending: u64,
}

impl Sparse {
    pub(crate) fn new(file: File) -> Self {
        Sparse {
            file,
            position: 0,
            pending: 0,
        }
    }

    /// Gives the file its full length, even if it ends in a hole.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if self.pending > 0 {
            self.file.set_len(self.position)?;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.pending > 0 {
            self.file.seek(SeekFrom::Start(self.position))?;
            self.pending = 0;
        }
        self.file.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

impl Write for Sparse {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let unaligned = (self.position % HOLE as u64) as usize;
        let head = ((HOLE - unaligned) % HOLE).min(buffer.len());
        let (head, body) = buffer.split_at(head);
        if !head.is_empty() {
            self.put(head)?;
        }
        let mut rest = body;
        while !rest.is_empty() {
            let zeros = leading(rest, is_hole);
            let (hole, after) = rest.split_at(zeros);
            self.position += hole.len() as u64;
            self.pending += hole.len() as u64;
            let data = leading(after, |block| !is_hole(block));
            let (data, after) = after.split_at(data);
            if !data.is_empty() {
                self.put(data)?;
            }
            rest = after;
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Length of the blocks at the start of `bytes` for which `matches` holds.
fn leading(bytes: &[u8], matches: impl Fn(&[u8]) -> bool) -> usize {
    let blocks = bytes.chunks(HOLE).take_while(|block| matches(block));
    blocks.map(<[u8]>::len).sum()
}

/// Whether a block is whole and all zeros.
fn is_hole(block: &[u8]) -> bool {
    block.len() == HOLE && block.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    fn written_in(pieces: &[&[u8]]) -> (Vec<u8>, u64) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let mut sparse = Sparse::new(File::create(&path).unwrap());
        for piece in pieces {
            sparse.write_all(piece).unwrap();
        }
        sparse.finish().unwrap();
        (
            fs::read(&path).unwrap(),
            fs::metadata(&path).unwrap().blocks() * 512,
        )
    }

    #[test]
    fn content_is_the_same_however_it_is_cut_into_pieces() {
        let mut content = vec![0; 100_000];
        for index in [0, 5000, 40_000, 70_001, 99_990] {
            content[index] = 1;
        }
        for ended_in_zeros in [content.clone(), [&content[..], &[0; 20_000]].concat()] {
            for len in [1, 100, 4096, 5000, 1 << 20] {
                let pieces: Vec<&[u8]> = ended_in_zeros.chunks(len).collect();
                assert_eq!(written_in(&pieces).0, ended_in_zeros, "pieces of {len}");
            }
        }
        assert!(written_in(&[]).0.is_empty());
    }

    #[test]
    fn zeros_take_no_space() {
        let (content, on_disk) = written_in(&[b"x", &[0; 1 << 20], b"y", &[0; 1 << 20]]);
        assert_eq!(content.len(), (2 << 20) + 2);
        assert!(on_disk <= 64 << 10, "{on_disk} bytes on disk");
    }
}
