//! Folders of pictures, read as one array.

use std::io::{Seek, Write};
use std::path::Path;

use codec_suite::circuit::array;

use crate::args::EncodeArgs;
use crate::console;
use crate::failure::Failure;
use crate::source::{Source, name_of};
use crate::units::count;

/// Suffix of what a folder is read as.
pub(crate) const SUFFIX: &str = "npy";
/// Most bytes of pixels if nothing else is asked for.
const MOST_PIXELS: u64 = 1 << 30;

/// The pixels of a folder of pictures as a `.npy` file, in the order of names.
pub(crate) fn open(path: &Path, args: &EncodeArgs) -> Result<Source, Failure> {
    if path.file_name().is_none() && args.target.output.is_none() && !args.target.stdout {
        return Err(Failure::usage("is a folder without a name to go by")
            .hint("-o FILE says where to write"));
    }
    let most = args.resources.memory.unwrap_or(MOST_PIXELS);
    let pictures = array::read_folder(path, most)
        .map_err(|error| Failure::from(error).hint("-r encodes each file of a folder by itself"))?;
    let cannot = |error| Failure::io("cannot write a temporary file", &error);
    let mut file = tempfile::tempfile().map_err(cannot)?;
    file.write_all(&pictures.to_npy()).map_err(cannot)?;
    file.rewind().map_err(cannot)?;
    let text = format!(
        "{} in the order of their names, as one array: decoding gives {SUFFIX} with the pixels, not the files",
        count(pictures.records.len() as u64, "picture"),
    );
    console::remark(args.chatter, Some(&name_of(Some(path))), &text);
    Source::from_file(file)
}
