//! Models of classes of sequences: all classes answer each question in one pass.
//!
//! Each class has counts of the bases that followed each context, and the counts of seven classes
//! stand side by side, so that one look into memory serves them all. Of the contexts, some are plain,
//! some are bound to the place in a codon as counted from the beginning of a sequence, and some are of
//! amino acids: what a gene codes for outlasts its bases. Predictions are averaged with weights that
//! follow how well each context did on the last bases of the question, under each class by itself.
//! That forgetting is quick (a weight goes with the square root of its past at every base, a decay of
//! 0.5 in the terms of GeCo: Pratas, Pinho and Ferreira, "Efficient compression of genomic
//! sequences", 2016): a relative is recognised within a few bases, wherever it begins.
//!
//! Nothing is coded here: lengths are computed in floating point, in a fixed order.

/// Classes that share tables.
const GROUP: usize = 7;

/// Lanes of the arithmetic over classes: [`GROUP`] and one that stays unused.
const LANES: usize = 8;

/// What predicts the next base.
#[derive(Clone, Copy, Debug)]
enum Context {
    /// So many bases.
    Bases(u32),
    /// The place in a codon and so many bases.
    InFrame(u32),
    /// The amino acids of so many whole codons before this one, and this one's bases.
    Residues(u32),
    /// The same, with amino acids of a kind being one.
    Kinds(u32),
}

const CONTEXTS: [Context; 9] = [
    Context::InFrame(3),
    Context::InFrame(5),
    Context::InFrame(7),
    Context::Bases(9),
    Context::Bases(12),
    Context::Residues(3),
    Context::Residues(5),
    Context::Kinds(4),
    Context::Kinds(7),
];

/// What is added to each count, for contexts that are always known, and for those that tell a
/// relative.
const PRIOR_OPEN: f32 = 4.0;
const PRIOR_RELATIVE: f32 = 0.06;

/// A weight stays at least this.
const LEAST_WEIGHT: f32 = 1e-4;

/// Contexts of up to so many values have a cell each; others are hashed.
const MOST_DIRECT: u64 = 1 << 18;
/// log2 of the fewest and the most cells of a hashed table.
const HASHED_BITS: (u32, u32) = (12, 22);
/// Cells that a context may be in.
const BUCKET: usize = 4;

/// Probabilities that are multiplied before a logarithm is taken.
const FACTORS: usize = 16;

/// Bases of a question that are looked up at a time, so that what is found stays small however long
/// the question is.
const PIECE: usize = 256 * FACTORS;

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Models of any number of classes.
#[derive(Clone, Debug)]
pub(crate) struct ClassTables {
    groups: Vec<Group>,
    classes: usize,
}

impl ClassTables {
    /// Learns the sequences of each class, as bases of 0 to 3.
    pub(crate) fn train(classes: &[Vec<Vec<u8>>]) -> Self {
        Self {
            groups: classes.chunks(GROUP).map(Group::train).collect(),
            classes: classes.len(),
        }
    }

    /// Bits for `bases` under each class.
    pub(crate) fn lengths(&self, bases: &[u8]) -> Vec<f64> {
        let groups = self.groups.iter().flat_map(|group| group.lengths(bases));
        let mut lengths: Vec<f64> = groups.collect();
        lengths.truncate(self.classes);
        lengths
    }
}

/// Up to [`GROUP`] classes.
#[derive(Clone, Debug)]
struct Group {
    tables: Vec<Table>,
}

/// Counts of the four bases under each class, in four bits each, and a check of the context.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    counts: [u16; GROUP],
    check: u16,
}

#[derive(Clone, Debug)]
struct Table {
    context: Context,
    cells: Vec<Cell>,
    is_hashed: bool,
    /// (n + a) / (sum + 4 a) by sum and n.
    estimates: Box<[[f32; 16]; 64]>,
}

impl Group {
    fn train(classes: &[Vec<Vec<u8>>]) -> Self {
        let len: usize = classes.iter().flatten().map(Vec::len).sum();
        let mut tables: Vec<Table> = CONTEXTS.iter().map(|c| Table::new(*c, len)).collect();
        // Table by table: steps of one table do not wait for each other.
        for table in &mut tables {
            for (class, sequences) in classes.iter().enumerate() {
                for bases in sequences {
                    let mut walk = Walk::default();
                    for &base in bases {
                        if let Some(key) = walk.key(table.context) {
                            table.count(key, class, base);
                        }
                        walk.push(base);
                    }
                }
            }
        }
        Self { tables }
    }

    fn lengths(&self, bases: &[u8]) -> [f64; GROUP] {
        let mut walks = [Walk::default(); CONTEXTS.len()];
        let mut weights = [[1.0 / CONTEXTS.len() as f32; LANES]; CONTEXTS.len()];
        let mut lengths = [0.0; GROUP];
        // Probabilities multiplied up, to take few logarithms.
        let mut products = [1.0f64; GROUP];
        for piece in bases.chunks(PIECE) {
            let tables = self.tables.iter().zip(&mut walks);
            let found: Vec<Vec<[u16; GROUP]>> = tables
                .map(|(table, walk)| table.look_up(piece, walk))
                .collect();
            for (at, &base) in piece.iter().enumerate() {
                let mut predicted = [[0.25f32; LANES]; CONTEXTS.len()];
                for ((lanes, table), found) in predicted.iter_mut().zip(&self.tables).zip(&found) {
                    table.estimate(&found[at], base, lanes);
                }
                let mixed = mix(&mut weights, &predicted);
                for (product, probability) in products.iter_mut().zip(mixed) {
                    *product *= f64::from(probability);
                }
                if at % FACTORS == FACTORS - 1 || at + 1 == piece.len() {
                    for (length, product) in lengths.iter_mut().zip(&mut products) {
                        *length -= std::mem::replace(product, 1.0).log2();
                    }
                }
            }
        }
        lengths
    }
}

/// The weighted mean of predictions under each class; weights learn how each one did.
#[inline(always)]
fn mix(
    weights: &mut [[f32; LANES]; CONTEXTS.len()],
    predicted: &[[f32; LANES]; CONTEXTS.len()],
) -> [f32; LANES] {
    let mut sums = [0.0f32; LANES];
    let mut mixed = [0.0f32; LANES];
    for (weights, predicted) in weights.iter().zip(predicted) {
        for lane in 0..LANES {
            sums[lane] += weights[lane];
            mixed[lane] += weights[lane] * predicted[lane];
        }
    }
    let mut totals = [0.0f32; LANES];
    for (weights, predicted) in weights.iter_mut().zip(predicted) {
        for lane in 0..LANES {
            weights[lane] = (weights[lane] / sums[lane]).sqrt() * predicted[lane];
            totals[lane] += weights[lane];
        }
    }
    for weights in weights.iter_mut() {
        for lane in 0..LANES {
            weights[lane] = (weights[lane] / totals[lane]).max(LEAST_WEIGHT);
        }
    }
    std::array::from_fn(|lane| mixed[lane] / sums[lane])
}

impl Table {
    /// A table for about `len` bases in all.
    fn new(context: Context, len: usize) -> Self {
        let values = context.values();
        let is_hashed = values > MOST_DIRECT;
        let (fewest, most) = HASHED_BITS;
        let hashed = 1 << (len.max(2).ilog2() - 1).clamp(fewest, most);
        let cells = if is_hashed { hashed } else { values as usize };
        let prior = if context.is_open() {
            PRIOR_OPEN
        } else {
            PRIOR_RELATIVE
        };
        let estimate = |sum: usize, n: usize| (n as f32 + prior) / (sum as f32 + 4.0 * prior);
        let estimates = std::array::from_fn(|sum| std::array::from_fn(|n| estimate(sum, n)));
        Self {
            context,
            cells: vec![Cell::default(); cells],
            is_hashed,
            estimates: Box::new(estimates),
        }
    }

    /// Counts a base that followed a context; where the bucket is full of others, it is passed over.
    #[inline(always)]
    fn count(&mut self, key: u64, class: usize, base: u8) {
        let cell = if self.is_hashed {
            let (start, check) = self.place(key);
            let bucket = &mut self.cells[start..start + BUCKET];
            let ours = |cell: &&mut Cell| cell.check == check || cell.check == 0;
            let Some(cell) = bucket.iter_mut().find(ours) else {
                return;
            };
            cell.check = check;
            cell
        } else {
            &mut self.cells[key as usize]
        };
        let counts = &mut cell.counts[class];
        let shift = 4 * u32::from(base);
        if *counts >> shift & 15 == 15 {
            *counts = *counts >> 1 & 0x7777;
        }
        *counts += 1 << shift;
    }

    /// The counts before each base, where `walk` has come to them.
    fn look_up(&self, bases: &[u8], walk: &mut Walk) -> Vec<[u16; GROUP]> {
        let mut look_up = |base: &u8| {
            let found = walk.key(self.context).map(|key| self.find(key));
            walk.push(*base);
            found.unwrap_or_default()
        };
        bases.iter().map(&mut look_up).collect()
    }

    #[inline(always)]
    fn find(&self, key: u64) -> [u16; GROUP] {
        if !self.is_hashed {
            return self.cells[key as usize].counts;
        }
        let (start, check) = self.place(key);
        let bucket = self.cells[start..start + BUCKET].iter();
        let mut ours = bucket.filter(|cell| cell.check == check);
        ours.next().map_or([0; GROUP], |cell| cell.counts)
    }

    /// The bucket of a context, and its check, which is not 0.
    #[inline(always)]
    fn place(&self, key: u64) -> (usize, u16) {
        let hash = key.wrapping_mul(GOLDEN);
        let start = (hash >> 32) as usize & (self.cells.len() - BUCKET);
        (start, (hash >> 16) as u16 | 1)
    }

    /// The probability of a base under each class that knows the context.
    #[inline(always)]
    fn estimate(&self, found: &[u16; GROUP], base: u8, lanes: &mut [f32; LANES]) {
        for (lane, counts) in lanes.iter_mut().zip(found) {
            if *counts != 0 {
                let sum = (counts & 15) + (counts >> 4 & 15) + (counts >> 8 & 15) + (counts >> 12);
                let n = counts >> (4 * u32::from(base)) & 15;
                *lane = self.estimates[usize::from(sum)][usize::from(n)];
            }
        }
    }
}

impl Context {
    /// Numbers that keys stay below.
    fn values(self) -> u64 {
        match self {
            Self::Bases(order) => 1 << (2 * order),
            Self::InFrame(order) => 3 << (2 * order),
            Self::Residues(codons) => 1 << (5 * codons + 6),
            Self::Kinds(codons) => 1 << (4 * codons + 6),
        }
    }

    /// Whether any sequence shows most of its values.
    fn is_open(self) -> bool {
        matches!(self, Self::InFrame(_))
    }
}

/// A way through a sequence, base by base.
#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    last: u64,
    len: usize,
    /// The amino acids of the whole codons so far, five bits each, the last one lowest.
    residues: u64,
    /// Their kinds, four bits each.
    kinds: u64,
}

impl Walk {
    #[inline(always)]
    fn push(&mut self, base: u8) {
        self.last = self.last << 2 | u64::from(base);
        self.len += 1;
        if self.len.is_multiple_of(3) {
            let residue = RESIDUES[self.last as usize & 63];
            self.residues = self.residues << 5 | u64::from(residue);
            self.kinds = self.kinds << 4 | u64::from(KINDS[usize::from(residue)]);
        }
    }

    /// The number of a context here, once the sequence is long enough for one.
    #[inline(always)]
    fn key(&self, context: Context) -> Option<u64> {
        let place = self.len % 3;
        match context {
            Context::Bases(order) => {
                let key = self.last & ((1 << (2 * order)) - 1);
                (self.len >= order as usize).then_some(key)
            }
            Context::InFrame(order) => {
                let bases = self.last & ((1 << (2 * order)) - 1);
                (self.len >= order as usize).then_some(bases * 3 + place as u64)
            }
            Context::Residues(codons) => self.codon_key(self.residues, 5, codons),
            Context::Kinds(codons) => self.codon_key(self.kinds, 4, codons),
        }
    }

    /// The key of the last codons, of `width` bits each, and the bases after them.
    #[inline(always)]
    fn codon_key(&self, symbols: u64, width: u32, codons: u32) -> Option<u64> {
        let place = self.len % 3;
        let symbols = symbols & ((1 << (width * codons)) - 1);
        let begun = self.last & ((1 << (2 * place)) - 1);
        let key = (symbols << 4 | begun) << 2 | place as u64;
        (self.len - place >= 3 * codons as usize).then_some(key)
    }
}

/// The amino acid (or stop) of each codon under the standard genetic code, as a number below 32.
static RESIDUES: [u8; 64] = residues();

const fn residues() -> [u8; 64] {
    // By codons in the order AAA, AAC, AAG, AAT, ACA, ...
    let letters = b"KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF";
    let mut table = [0; 64];
    let mut codon = 0;
    while codon < 64 {
        let letter = letters[codon];
        table[codon] = if letter == b'*' { 31 } else { letter - b'A' };
        codon += 1;
    }
    table
}

/// Amino acids that replace each other most often are of a kind: Murphy's reduction to ten (Murphy,
/// Wallqvist and Levy, "Simplified amino acid alphabets for protein fold recognition", 2000).
static KINDS: [u8; 32] = kinds();

const fn kinds() -> [u8; 32] {
    let kinds: [&[u8]; 10] = [
        b"LVIM", b"C", b"A", b"G", b"ST", b"P", b"FYW", b"EDNQ", b"KR", b"H",
    ];
    let mut table = [0; 32];
    let mut kind = 0;
    while kind < kinds.len() {
        let mut at = 0;
        while at < kinds[kind].len() {
            table[(kinds[kind][at] - b'A') as usize] = kind as u8 + 1;
            at += 1;
        }
        kind += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synonymous_codons_are_one_context() {
        let walk = |bases: &[u8]| {
            let mut walk = Walk::default();
            bases.iter().for_each(|base| walk.push(*base));
            walk
        };
        // Leucine, serine: CTG AGC and TTA TCA; then an A.
        let one = walk(&[1, 3, 2, 0, 2, 1, 0]);
        let other = walk(&[3, 3, 0, 3, 1, 0, 0]);
        let context = Context::Residues(2);
        assert_eq!(one.key(context), other.key(context));
        assert_ne!(one.key(Context::Bases(5)), other.key(Context::Bases(5)));
        assert_eq!(one.key(Context::Residues(3)), None);
        // Isoleucine is of leucine's kind.
        let akin = walk(&[0, 3, 3, 0, 2, 1, 0]);
        assert_eq!(akin.key(Context::Kinds(2)), one.key(Context::Kinds(2)));
        assert_ne!(akin.key(context), one.key(context));
    }

    #[test]
    fn keys_stay_below_their_number_of_values() {
        let mut walk = Walk::default();
        for base in [3; 60] {
            walk.push(base);
            for context in CONTEXTS {
                assert!(walk.key(context).is_none_or(|key| key < context.values()));
            }
        }
    }

    #[test]
    fn unknown_sequences_cost_two_bits_a_base_and_nothing_costs_nothing() {
        let tables = ClassTables::train(&[vec![vec![0; 30]], vec![]]);
        let lengths = tables.lengths(&[1, 2, 3, 1, 3, 2, 1, 3]);
        assert_eq!(lengths.len(), 2);
        assert!((lengths[1] - 16.0).abs() < 1e-3, "{lengths:?}");
        assert_eq!(tables.lengths(&[]), [0.0, 0.0]);
    }

    /// Questions are taken piece by piece; where one ends makes no difference.
    #[test]
    fn a_question_of_many_pieces_is_one_sequence() {
        let mut state = 3u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 62) as u8
        };
        let bases: Vec<u8> = (0..3 * PIECE + 17).map(|_| next()).collect();
        let group = Group::train(&[vec![bases.clone()]]);
        for table in &group.tables {
            let whole = table.look_up(&bases, &mut Walk::default());
            let mut walk = Walk::default();
            let pieces = bases
                .chunks(PIECE)
                .map(|piece| table.look_up(piece, &mut walk));
            assert_eq!(
                pieces.collect::<Vec<_>>().concat(),
                whole,
                "{:?}",
                table.context
            );
        }
        let unknown = ClassTables::train(&[vec![]]).lengths(&bases);
        assert!((unknown[0] - 2.0 * bases.len() as f64).abs() < 1e-3);
    }
}
