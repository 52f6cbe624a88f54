//! What of a source file's attributes its output takes over: times, permissions, owner.

use std::fs::{File, FileTimes, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

/// The permission bits; never the bits that let a program run as someone else.
const PERMISSIONS: u32 = 0o777;

/// The permissions to create an output with: never wider than the source's, so that nobody can look
/// into a private file while it is being written; as usual where there is no source.
pub(crate) fn to_create_with(source: Option<&Metadata>) -> Permissions {
    let mode = source.map_or(0o666, |source| source.mode() & 0o666 | 0o600);
    Permissions::from_mode(mode)
}

/// Gives a finished output the owner as far as that is allowed, the permissions, and the time of
/// modification of its source.
pub(crate) fn copy(source: &Metadata, output: &File) -> io::Result<()> {
    // Only the superuser may give files away; for everyone else the file stays theirs.
    let _ = fchown(output, Some(source.uid()), None);
    let same_group = fchown(output, None, Some(source.gid())).is_ok();
    let mode = mode_for(source.mode(), same_group);
    output.set_permissions(Permissions::from_mode(mode))?;
    output.set_times(FileTimes::new().set_modified(source.modified()?))
}

/// What the source's group may do, another group may only do if everyone may.
fn mode_for(source: u32, same_group: bool) -> u32 {
    let mode = source & PERMISSIONS;
    if same_group {
        mode
    } else {
        mode & !0o070 | mode & (mode << 3) & 0o070
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_bits_are_dropped_and_a_foreign_group_gains_nothing() {
        assert_eq!(mode_for(0o104_755, true), 0o755);
        assert_eq!(mode_for(0o100_640, false), 0o600);
        assert_eq!(mode_for(0o100_664, false), 0o644);
    }
}
