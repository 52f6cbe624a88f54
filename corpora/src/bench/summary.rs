//! What a set of records comes to: sums over items, comparisons with peers, the Pareto front.

use super::record::Record;

/// One spec summed up over the items it worked on.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The spec.
    pub label: String,
    /// Its codec.
    pub codec: String,
    /// What was written: `container`, `native` or `system`.
    pub stream: String,
    /// Labels of its peers.
    pub peers: Vec<String>,
    /// How many items it worked on.
    pub items: usize,
    /// Content, in bytes.
    pub content_bytes: u64,
    /// Compressed files, in bytes.
    pub encoded_bytes: u64,
    /// Wall time to encode, in seconds.
    pub encode_s: f64,
    /// Wall time to decode, in seconds.
    pub decode_s: f64,
    /// User and system time to encode, in seconds.
    pub encode_cpu_s: f64,
    /// User and system time to decode, in seconds.
    pub decode_cpu_s: f64,
    /// The largest peak of memory, in bytes.
    pub peak_rss_bytes: Option<u64>,
    /// The largest peak of memory of a decoder, in bytes.
    pub decode_rss_bytes: Option<u64>,
}

impl Summary {
    /// Content bytes per compressed byte.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.content_bytes as f64 / self.encoded_bytes.max(1) as f64
    }

    /// Compressed bits per byte of content.
    #[must_use]
    pub fn bits_per_byte(&self) -> f64 {
        self.encoded_bytes as f64 * 8.0 / self.content_bytes.max(1) as f64
    }

    /// Encoding speed by wall time, in units of 10^6 content bytes per second.
    #[must_use]
    pub fn encode_speed(&self) -> f64 {
        speed(self.content_bytes, self.encode_s)
    }

    /// Decoding speed by wall time, in units of 10^6 content bytes per second.
    #[must_use]
    pub fn decode_speed(&self) -> f64 {
        speed(self.content_bytes, self.decode_s)
    }

    fn of(record: &Record) -> Summary {
        Summary {
            label: record.label.clone(),
            codec: record.codec.clone(),
            stream: record.stream.clone(),
            peers: record.peers.clone(),
            items: 1,
            content_bytes: record.content_bytes,
            encoded_bytes: record.encoded_bytes,
            encode_s: record.encode_s,
            decode_s: record.decode_s,
            encode_cpu_s: record.encode_cpu_s,
            decode_cpu_s: record.decode_cpu_s,
            peak_rss_bytes: record.peak_rss_bytes,
            decode_rss_bytes: record.decode_rss_bytes,
        }
    }

    fn add(&mut self, record: &Record) {
        self.items += 1;
        self.content_bytes += record.content_bytes;
        self.encoded_bytes += record.encoded_bytes;
        self.encode_s += record.encode_s;
        self.decode_s += record.decode_s;
        self.encode_cpu_s += record.encode_cpu_s;
        self.decode_cpu_s += record.decode_cpu_s;
        self.peak_rss_bytes = self.peak_rss_bytes.max(record.peak_rss_bytes);
        self.decode_rss_bytes = self.decode_rss_bytes.max(record.decode_rss_bytes);
    }
}

/// The records summed up by label, in order of first appearance.
pub fn summaries<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<Summary> {
    let mut summaries: Vec<Summary> = Vec::new();
    for record in records {
        match summaries.iter_mut().find(|s| s.label == record.label) {
            Some(summary) => summary.add(record),
            None => summaries.push(Summary::of(record)),
        }
    }
    summaries
}

/// The names of the items, in order of first appearance.
#[must_use]
pub fn items(records: &[Record]) -> Vec<&str> {
    let mut items: Vec<&str> = Vec::new();
    for record in records {
        if !items.contains(&record.item.as_str()) {
            items.push(&record.item);
        }
    }
    items
}

/// A codec beside a system tool with the same settings: each figure is ours divided by the tool's,
/// so that below 1 ours is smaller or quicker.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The codec's spec.
    pub label: String,
    /// The tool's spec.
    pub peer: String,
    /// Compressed size.
    pub size: f64,
    /// Wall time to encode.
    pub encode: f64,
    /// User and system time to encode.
    pub encode_cpu: f64,
    /// Wall time to decode.
    pub decode: f64,
    /// User and system time to decode.
    pub decode_cpu: f64,
    /// Peak memory, where both are known.
    pub memory: Option<f64>,
}

/// Every codec beside each of its peers, where both worked on the same number of items.
#[must_use]
pub fn comparisons(summaries: &[Summary]) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for ours in summaries {
        for label in &ours.peers {
            let peer = summaries.iter().find(|other| other.label == *label);
            if let Some(peer) = peer.filter(|peer| peer.items == ours.items) {
                comparisons.push(compare(ours, peer));
            }
        }
    }
    comparisons
}

fn compare(ours: &Summary, peer: &Summary) -> Comparison {
    let memory = ours.peak_rss_bytes.zip(peer.peak_rss_bytes);
    Comparison {
        label: ours.label.clone(),
        peer: peer.label.clone(),
        size: ours.encoded_bytes as f64 / peer.encoded_bytes.max(1) as f64,
        encode: ours.encode_s / peer.encode_s,
        encode_cpu: ours.encode_cpu_s / peer.encode_cpu_s,
        decode: ours.decode_s / peer.decode_s,
        decode_cpu: ours.decode_cpu_s / peer.decode_cpu_s,
        memory: memory.map(|(ours, peer)| ours as f64 / peer.max(1) as f64),
    }
}

/// Which points no other point beats in both coordinates, where more is better; by falling `x`.
///
/// ```
/// use codec_corpora::bench::pareto;
/// assert_eq!(pareto(&[(1.0, 9.0), (5.0, 5.0), (4.0, 4.0), (9.0, 1.0)]), [3, 1, 0]);
/// ```
#[must_use]
pub fn pareto(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<(usize, &(f64, f64))> = points.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
    let mut highest = f64::NEG_INFINITY;
    let mut front = Vec::new();
    for (index, point) in order {
        if point.1 > highest {
            highest = point.1;
            front.push(index);
        }
    }
    front
}

/// Millions of bytes per second; infinite if it took no time at all.
fn speed(bytes: u64, seconds: f64) -> f64 {
    bytes as f64 / 1e6 / seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::testing::record;

    #[test]
    fn items_are_summed_up_by_label_in_order() {
        let records = [
            record("b:1", "x", 1000, 500),
            record("a:1", "x", 1000, 250),
            record("b:1", "y", 3000, 500),
        ];
        let sums = summaries(&records);
        assert_eq!(items(&records), ["x", "y"]);
        assert_eq!(sums.len(), 2);
        assert_eq!((sums[0].label.as_str(), sums[0].items), ("b:1", 2));
        assert!((sums[0].ratio() - 4.0).abs() < 1e-9);
        assert!((sums[0].bits_per_byte() - 2.0).abs() < 1e-9);
        assert!((sums[0].encode_s - 3000.0).abs() < 1e-9);
        assert!((sums[0].decode_speed() - 4000.0 / 1e6 / 1500.0).abs() < 1e-9);
    }

    #[test]
    fn a_codec_is_compared_with_its_peers_over_the_same_items() {
        let mut ours = record("xz:6", "x", 1000, 300);
        ours.peers = vec!["system-xz:6".into(), "system-soup:1".into()];
        let peer = record("system-xz:6", "x", 1000, 600);
        let sums = summaries(&[ours.clone(), peer.clone()]);
        let comparisons = comparisons(&sums);
        assert_eq!(comparisons.len(), 1);
        assert!((comparisons[0].size - 0.5).abs() < 1e-9);
        assert!((comparisons[0].encode - 1.75).abs() < 1e-9);
        assert_eq!(comparisons[0].memory, Some(1.0));
        let uneven = summaries(&[ours.clone(), peer, record("xz:6", "y", 10, 5)]);
        assert_eq!(super::comparisons(&uneven), []);
    }

    #[test]
    fn equal_points_are_on_the_front_once() {
        assert_eq!(pareto(&[(1.0, 1.0), (1.0, 1.0)]).len(), 1);
        assert!(pareto(&[]).is_empty());
    }
}
