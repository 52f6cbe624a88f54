//! Newick, and the TREES block of Nexus.

use codec_core::{Error, Result};

use super::{Node, Tree};
use crate::nexus::{quoted, unquoted};
use crate::text::{Place, shortened};

impl Tree {
    /// Reads one tree in Newick. Names may stand in quotation marks `'`, comments in `[]` are left
    /// out, and a number behind an inner node is its support in percent. A tree is rooted if its
    /// root has two children, unless a comment `[&U]` or `[&R]` before it says otherwise.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with line and reason.
    pub fn parse_newick(text: &str) -> Result<Tree> {
        let mut trees = Self::parse_newick_trees(text)?.into_iter();
        match (trees.next(), trees.next()) {
            (Some(tree), None) => Ok(tree),
            _ => Err(Error::corrupt(0, "expected one tree, found several")),
        }
    }

    /// Reads all trees of a Newick file, of which there is at least one.
    ///
    /// # Errors
    /// As [`Tree::parse_newick`].
    pub fn parse_newick_trees(text: &str) -> Result<Vec<Tree>> {
        let mut reader = Reader {
            text,
            at: 0,
            rooted: None,
        };
        let mut trees = Vec::new();
        while trees.is_empty() || !reader.at_end()? {
            trees.push(reader.tree()?);
        }
        Ok(trees)
    }

    /// The tree in Newick, on one line without its end. Lengths have single precision; supports
    /// stand behind inner nodes in percent, where an inner node has no name.
    #[must_use]
    pub fn newick(&self) -> String {
        enum Step {
            Open(usize),
            Text(&'static str),
            Close(usize),
        }
        let mut out = String::new();
        let mut steps = vec![Step::Open(self.root)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Text(text) => out.push_str(text),
                Step::Open(node) if self.nodes[node].children.is_empty() => {
                    self.label(node, &mut out)
                }
                Step::Open(node) => {
                    out.push('(');
                    steps.push(Step::Close(node));
                    for (number, child) in self.nodes[node].children.iter().enumerate().rev() {
                        steps.push(Step::Open(*child));
                        if number > 0 {
                            steps.push(Step::Text(","));
                        }
                    }
                }
                Step::Close(node) => {
                    out.push(')');
                    self.label(node, &mut out);
                }
            }
        }
        out.push(';');
        out
    }

    fn label(&self, node: usize, out: &mut String) {
        let node = &self.nodes[node];
        match (&node.name, node.support) {
            // Without quotation marks it would be read as a support.
            (Some(name), _) if !node.children.is_empty() && number(name).is_some() => {
                out.push_str(&format!("'{name}'"));
            }
            (Some(name), _) => out.push_str(&quoted(name)),
            (None, Some(support)) => out.push_str(&(support as f32).to_string()),
            (None, None) => {}
        }
        if let (Some(length), Some(_)) = (node.length, node.parent) {
            out.push(':');
            out.push_str(&(length as f32).to_string());
        }
    }
}

/// Trees with their names as a Nexus file: a TAXA block with the names of the leaves, and a TREES
/// block.
#[must_use]
pub fn nexus(trees: &[(&str, &Tree)]) -> String {
    let mut out = String::from("#NEXUS\n\n");
    if let Some((_, tree)) = trees.first() {
        let names = tree.leaf_names();
        out.push_str(&format!(
            "BEGIN TAXA;\n  DIMENSIONS NTAX={};\n  TAXLABELS\n",
            names.len()
        ));
        for name in names {
            out.push_str(&format!("    {}\n", quoted(name)));
        }
        out.push_str("  ;\nEND;\n\n");
    }
    out.push_str("BEGIN TREES;\n");
    for (name, tree) in trees {
        let rooted = if tree.is_rooted() { 'R' } else { 'U' };
        out.push_str(&format!(
            "  TREE {} = [&{rooted}] {}\n",
            quoted(name),
            tree.newick()
        ));
    }
    out.push_str("END;\n");
    out
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// What the last comment said about the root.
    rooted: Option<bool>,
}

impl Reader<'_> {
    fn tree(&mut self) -> Result<Tree> {
        self.rooted = None;
        let mut nodes = vec![Node::default()];
        let mut at = 0;
        let mut leaves = std::collections::HashSet::new();
        self.blank()?;
        let said = self.rooted;
        loop {
            self.blank()?;
            if self.eat('(') {
                at = child(&mut nodes, at);
                continue;
            }
            // The node is a leaf here, or was closed and is labelled.
            loop {
                self.label(&mut nodes[at])?;
                if nodes[at].children.is_empty() {
                    let Some(name) = &nodes[at].name else {
                        return Err(self.expected("the name of a leaf"));
                    };
                    if !leaves.insert(name.clone()) {
                        return Err(self.place().error(format!("two leaves are named {name}")));
                    }
                }
                let Some(parent) = nodes[at].parent else {
                    if !self.eat(';') {
                        return Err(self.expected("; at the end of the tree"));
                    }
                    let rooted = said.unwrap_or(nodes[0].children.len() == 2);
                    return Ok(Tree {
                        nodes,
                        root: 0,
                        rooted,
                    });
                };
                if self.eat(',') {
                    at = child(&mut nodes, parent);
                    break;
                }
                if !self.eat(')') {
                    return Err(self.expected(", or )"));
                }
                at = parent;
            }
        }
    }

    /// Name or support, and length.
    fn label(&mut self, node: &mut Node) -> Result<()> {
        self.blank()?;
        let rest = &self.text[self.at..];
        if rest.starts_with('\'') {
            let (name, len) = unquoted(rest)
                .ok_or_else(|| self.place().error("a quotation mark ' is not closed"))?;
            self.at += len;
            node.name = Some(name);
        } else {
            let word = self.word();
            match number(word) {
                Some(support) if !node.children.is_empty() => node.support = Some(support),
                _ if word.is_empty() => {}
                _ => node.name = Some(word.to_owned()),
            }
        }
        self.blank()?;
        if self.eat(':') {
            self.blank()?;
            let start = self.at;
            let word = self.word();
            let Some(length) = number(word) else {
                let problem = format!("expected the length of a branch, found {word:?}");
                self.at = start;
                return Err(self.place().error(problem));
            };
            node.length = Some(length);
            self.blank()?;
        }
        Ok(())
    }

    /// The characters up to the next one that means something.
    fn word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| c.is_whitespace() || "()[]:;,'".contains(c));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn eat(&mut self, mark: char) -> bool {
        let found = self.text[self.at..].starts_with(mark);
        self.at += usize::from(found);
        found
    }

    /// Skips white space and comments.
    fn blank(&mut self) -> Result<()> {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            let rest = &self.text[self.at..];
            if !rest.starts_with('[') {
                return Ok(());
            }
            let end = rest
                .find(']')
                .ok_or_else(|| self.place().error("a comment [ is not closed"))?;
            match rest[1..end].trim().to_ascii_uppercase().as_str() {
                "&R" => self.rooted = Some(true),
                "&U" => self.rooted = Some(false),
                _ => {}
            }
            self.at += end + 1;
        }
    }

    fn at_end(&mut self) -> Result<bool> {
        self.blank()?;
        Ok(self.at == self.text.len())
    }

    fn place(&self) -> Place {
        let line = 1 + self.text[..self.at].matches('\n').count();
        Place { line, at: self.at }
    }

    fn expected(&self, what: &str) -> Error {
        let rest = self.text[self.at..].lines().next().unwrap_or_default();
        let found = match rest {
            "" => "the text ends".to_owned(),
            rest => format!("found {:?}", shortened(rest)),
        };
        self.place().error(format!("expected {what}, {found}"))
    }
}

/// A number that single precision has.
fn number(word: &str) -> Option<f64> {
    word.parse()
        .ok()
        .filter(|number: &f64| (*number as f32).is_finite())
}

/// A new node below `parent`.
fn child(nodes: &mut Vec<Node>, parent: usize) -> usize {
    let child = nodes.len();
    nodes[parent].children.push(child);
    nodes.push(Node {
        parent: Some(parent),
        ..Node::default()
    });
    child
}
