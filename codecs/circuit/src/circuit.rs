//! The circuit: a hidden tree Markov model.

use codec_core::{Error, Result};

use crate::lanes::padded;
use crate::{Schema, Tree};

/// A probabilistic circuit over the variables of a schema: a hidden Chow–Liu tree.
///
/// Every variable `x_u` has a latent variable `z_u` with finitely many states. The latent variables
/// form a tree, and a variable depends on its own latent variable only:
///
/// ```text
/// P(x) = Σ_z  P(z_root) Π_u P(z_u | z_parent(u)) Π_u P(x_u | z_u)
/// ```
///
/// As a circuit this is smooth and structured decomposable, which is why every marginal and every
/// conditional costs one pass over its parameters. With one state everywhere it is the model of
/// independent variables; with one state per symbol and emissions that name the symbol it is the
/// plain Chow–Liu tree.
///
/// Source: Liu and Van den Broeck, "Tractable regularization of probabilistic circuits" (2021), for
/// hidden Chow–Liu trees; Chow and Liu, "Approximating discrete probability distributions with
/// dependence trees" (1968), for the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Circuit {
    pub(crate) schema: Schema,
    pub(crate) tree: Tree,
    pub(crate) nodes: Vec<Node>,
}

/// The parameters of one variable and its latent variable.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Number of states.
    pub(crate) states: usize,
    /// For each state what it stands for, in ascending order where nodes share labels and 0 everywhere
    /// where they do not; see [`crate::sharing`].
    pub(crate) labels: Vec<u16>,
    /// `P(state | state of the parent)`, `[states of the parent, padded(states)]`; one row for the
    /// root. Padding is zero.
    pub(crate) transition: Vec<f32>,
    /// `P(symbol | state)`, `[symbols, padded(states)]`. Padding is zero.
    pub(crate) emission: Vec<f32>,
}

impl Node {
    /// Length of a padded vector of states.
    pub(crate) fn stride(&self) -> usize {
        padded(self.states)
    }

    /// `P(symbol | state)` for every state.
    #[inline(always)]
    pub(crate) fn emission_of(&self, symbol: u8) -> &[f32] {
        let stride = self.stride();
        &self.emission[usize::from(symbol) * stride..][..stride]
    }
}

impl Circuit {
    /// Most states of a latent variable.
    pub const MOST_STATES: usize = 1024;

    pub(crate) fn new(schema: Schema, tree: Tree, nodes: Vec<Node>) -> Result<Self> {
        let circuit = Self {
            schema,
            tree,
            nodes,
        };
        if circuit.is_consistent() {
            Ok(circuit)
        } else {
            Err(Error::Internal(
                "the parts of a circuit do not fit together".to_owned(),
            ))
        }
    }

    fn is_consistent(&self) -> bool {
        self.schema.len() == self.tree.len()
            && self.nodes.len() == self.tree.len()
            && self.nodes.iter().enumerate().all(|(at, node)| {
                let rows = self
                    .tree
                    .parent(at)
                    .map_or(1, |parent| self.nodes[parent].states);
                let symbols = usize::from(self.schema.variables[at].symbols);
                (1..=Self::MOST_STATES).contains(&node.states)
                    && node.labels.len() == node.states
                    && node.transition.len() == rows * node.stride()
                    && node.emission.len() == symbols * node.stride()
            })
    }

    /// The variables.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The tree of the latent variables.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Number of states of the latent variable of `variable`.
    ///
    /// # Panics
    /// If there is no such variable.
    #[must_use]
    pub fn states(&self, variable: usize) -> usize {
        self.nodes[variable].states
    }

    /// States of the parent of a node's latent variable: 1 for the root, which has none.
    pub(crate) fn parent_states(&self, node: usize) -> usize {
        self.tree
            .parent(node)
            .map_or(1, |parent| self.nodes[parent].states)
    }

    /// The labels of the states of a node's parent; one label for the root, which has no parent.
    pub(crate) fn parent_labels(&self, node: usize) -> &[u16] {
        self.tree
            .parent(node)
            .map_or(&[0], |parent| &self.nodes[parent].labels)
    }

    /// Number of parameters, zeros included and without padding: `|p|` of the papers.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let of_node = |node: usize| {
            let symbols = usize::from(self.schema.variables[node].symbols);
            (self.nodes[node].states * (self.parent_states(node) + symbols)) as u64
        };
        (0..self.nodes.len()).map(of_node).sum()
    }

    /// Checks that records have this circuit's shape.
    ///
    /// # Errors
    /// [`Error::Unsupported`] naming the record, the variable and what was expected.
    pub fn check(&self, records: &crate::Records) -> Result<()> {
        let wanted = self.schema.len();
        if records.width() != wanted {
            return Err(Error::Unsupported(format!(
                "records have {} values and the model has {wanted} variables",
                records.width()
            )));
        }
        for (number, record) in records.iter().enumerate() {
            for (at, (&value, variable)) in record.iter().zip(&self.schema.variables).enumerate() {
                if u16::from(value) >= variable.symbols {
                    return Err(Error::Unsupported(format!(
                        "record {number}, variable {at}: the value {value} is not below the model's {} symbols",
                        variable.symbols
                    )));
                }
            }
        }
        Ok(())
    }
}
