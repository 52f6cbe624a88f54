//! What is run on a file: a codec or a peer, at one setting.

use codec_core::{Codec, Error, MediaKind, ParamKind, ParamSpec, Params, Registry, Result};

use super::peer::Peer;

/// A codec or a peer at one setting: a point of a curve.
#[derive(Debug, Clone)]
pub struct Coding {
    /// The curve it belongs to: the codec with what all its points share, or the peer's name.
    pub curve: String,
    /// What makes it this point of the curve, such as `quality=40`.
    pub setting: String,
    pub(super) coder: Coder,
}

#[derive(Debug, Clone)]
pub(super) enum Coder {
    Codec { id: &'static str, params: Params },
    Peer { peer: Peer, setting: &'static str },
}

impl Coding {
    /// Whether it is a program of the system.
    #[must_use]
    pub fn is_peer(&self) -> bool {
        matches!(self.coder, Coder::Peer { .. })
    }

    /// Whether it takes media of that kind.
    #[must_use]
    pub fn takes(&self, kind: MediaKind, registry: &Registry) -> bool {
        match &self.coder {
            Coder::Peer { peer, .. } => peer.kind() == kind,
            Coder::Codec { id, .. } => registry
                .find(id)
                .is_some_and(|codec| codec.descriptor().media.contains(&kind)),
        }
    }

    /// The peer at each of its settings.
    #[must_use]
    pub fn of_peer(peer: Peer) -> Vec<Coding> {
        let settings = peer.ladder().iter();
        let coding = |setting: &&'static str| Coding {
            curve: peer.name().to_owned(),
            setting: format!("{} {setting}", peer.option()),
            coder: Coder::Peer { peer, setting },
        };
        settings.map(coding).collect()
    }

    /// A codec at every value of one parameter. `spec` is the codec's name, and what all have in
    /// common behind colons, as in `walloc:channels=12`; `settings` is `NAME=VALUE,VALUE,...`, and
    /// without it [`ladder`] chooses.
    ///
    /// # Errors
    /// [`Error::Usage`] for unknown names, values out of range, and codecs of neither pictures nor
    /// sound.
    pub fn of_codec(
        spec: &str,
        settings: Option<&str>,
        registry: &Registry,
    ) -> Result<Vec<Coding>> {
        let mut pieces = spec.split(':').map(str::trim);
        let codec = registry.named(pieces.next().unwrap_or_default())?;
        let descriptor = codec.descriptor();
        let mut media = descriptor.media.iter();
        if !media.any(|kind| matches!(kind, MediaKind::Image | MediaKind::Audio)) {
            return Err(Error::Usage(format!(
                "codec '{}' takes neither pictures nor sound: codec bench measures it",
                descriptor.id
            )));
        }
        let mut common = Params::defaults(descriptor.params);
        for piece in pieces {
            let (name, value) = piece.split_once('=').unwrap_or((piece, "true"));
            common.set(name.trim(), value.trim())?;
        }
        let ladder = match settings {
            Some(settings) => Some(listed(settings)?),
            None => ladder(codec),
        };
        let coding = |setting: String, params: Params| Coding {
            curve: spec.to_owned(),
            setting,
            coder: Coder::Codec {
                id: descriptor.id,
                params,
            },
        };
        let Some((name, values)) = ladder else {
            return Ok(vec![coding("default".to_owned(), common)]);
        };
        let point = |value: String| {
            let mut params = common.clone();
            params.set(&name, &value)?;
            Ok(coding(format!("{name}={value}"), params))
        };
        values.into_iter().map(point).collect()
    }
}

/// Parameters that say how much quality is wanted, the first that a codec has.
const QUALITIES: [&str; 2] = ["quality", "level"];
/// Points of a ladder, unless there are fewer values.
const POINTS: i64 = 6;

/// The settings that are measured where none are named: six values of `quality`, or else of `level`,
/// from the least to the most. `None` for codecs that have neither.
#[must_use]
pub fn ladder(codec: &dyn Codec) -> Option<(String, Vec<String>)> {
    let find = |name: &&str| {
        let mut params = codec.descriptor().params.iter();
        params.find(|spec| spec.name == *name)
    };
    let ParamSpec { name, kind, .. } = QUALITIES.iter().find_map(find)?;
    let ParamKind::Integer { min, max, .. } = kind else {
        return None;
    };
    let steps = (max - min).clamp(1, POINTS - 1);
    let mut values: Vec<i64> = (0..=steps)
        .map(|step| min + (max - min) * step / steps)
        .collect();
    values.dedup();
    let values = values.iter().map(i64::to_string).collect();
    Some(((*name).to_owned(), values))
}

fn listed(settings: &str) -> Result<(String, Vec<String>)> {
    let parsed = settings.split_once('=').map(|(name, values)| {
        let values = values.split(',').map(|value| value.trim().to_owned());
        (name.trim().to_owned(), values.collect::<Vec<_>>())
    });
    match parsed {
        Some((name, values))
            if !name.is_empty() && values.iter().all(|value| !value.is_empty()) =>
        {
            Ok((name, values))
        }
        _ => Err(Error::Usage(format!(
            "'{settings}' are no settings: NAME=VALUE,VALUE is expected, such as quality=20,50,80"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::registry;
    use super::*;

    fn settings(spec: &str, settings: Option<&str>) -> Result<Vec<String>> {
        let codings = Coding::of_codec(spec, settings, &registry())?;
        Ok(codings.into_iter().map(|coding| coding.setting).collect())
    }

    #[test]
    fn a_ladder_goes_from_the_least_to_the_most() {
        let found = settings("coarse", None).unwrap();
        let values = ["1", "20", "40", "59", "79", "99"].map(|value| format!("quality={value}"));
        assert_eq!(found, values);
    }

    #[test]
    fn settings_can_be_listed() {
        let found = settings("coarse:shift=3", Some("quality=5, 7")).unwrap();
        assert_eq!(found, ["quality=5", "quality=7"]);
        let coding = &Coding::of_codec("coarse:shift=3", None, &registry()).unwrap()[0];
        assert_eq!(coding.curve, "coarse:shift=3");
        assert!(coding.takes(MediaKind::Image, &registry()));
        assert!(coding.takes(MediaKind::Audio, &registry()));
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for (spec, listed) in [
            ("unknown", None),
            ("none", None),
            ("coarse:oops=3", None),
            ("coarse", Some("quality")),
            ("coarse", Some("quality=")),
            ("coarse", Some("quality=5,,7")),
            ("coarse", Some("quality=1000")),
            ("coarse", Some("oops=1")),
        ] {
            let result = settings(spec, listed);
            assert!(matches!(result, Err(Error::Usage(_))), "{spec} {listed:?}");
        }
    }
}
