//! Adds frozen files for codecs, versions and contents that have none. Never changes one.

use std::fs;
use std::path::Path;

use codec_tests::frozen;

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    for codec in codec_suite::registry().lossless() {
        let descriptor = codec.descriptor();
        let folder = root
            .join(descriptor.id)
            .join(format!("v{}", descriptor.version));
        fs::create_dir_all(&folder)?;
        for content in frozen::contents(descriptor.id) {
            let path = folder.join(format!("{}.cdc", content.name));
            if !path.exists() {
                fs::write(&path, frozen::encode(descriptor.id, &content))?;
                println!("added {}", path.display());
            }
        }
    }
    Ok(())
}
