//! What a record is made of: variables with finitely many symbols.

/// How the symbols of a variable relate to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Names without an order.
    Categorical,
    /// Numbers or ranges of numbers: near symbols mean near things.
    Ordinal,
}

/// One variable of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Variable {
    /// How its symbols relate.
    pub kind: Kind,
    /// Number of symbols, `1..=256`: a value is below it.
    pub symbols: u16,
}

/// The variables of a record, in the order of its values, and how they lie in space.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schema {
    /// The variables, at least one.
    pub variables: Vec<Variable>,
    /// Rows and columns where the variables are the pixels of a picture, row by row, several in
    /// each pixel if there are more variables than `rows * columns`.
    pub grid: Option<(usize, usize)>,
}

impl Schema {
    /// Most symbols of a variable.
    pub const MOST_SYMBOLS: u16 = 256;

    /// `count` ordinal variables of 256 symbols, without a place in space.
    #[must_use]
    pub fn bytes(count: usize) -> Self {
        let variable = Variable {
            kind: Kind::Ordinal,
            symbols: Self::MOST_SYMBOLS,
        };
        Self {
            variables: vec![variable; count],
            grid: None,
        }
    }

    /// The gray pixels of a picture.
    #[must_use]
    pub fn picture(rows: usize, columns: usize) -> Self {
        Self {
            grid: Some((rows, columns)),
            ..Self::bytes(rows * columns)
        }
    }

    /// Number of variables.
    #[must_use]
    pub fn len(&self) -> usize {
        self.variables.len()
    }

    /// Whether there are no variables.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }
}
