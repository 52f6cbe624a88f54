//! Random circuits, and enumeration of everything that can happen in them.

use super::*;

/// A random circuit of up to five variables; a share of the parameters is zero.
pub(super) fn random_circuit(random: &mut Random, zeros: f64) -> Circuit {
    let variables = 1 + more_of_two(random, 5);
    circuit_of(random, variables, 3, 3, zeros)
}

/// A number below `bound`, rather a large one: small cases are the easy ones.
pub(super) fn more_of_two(random: &mut Random, bound: usize) -> usize {
    random.below(bound).max(random.below(bound))
}

pub(super) fn circuit_of(
    random: &mut Random,
    count: usize,
    most_states: usize,
    most_symbols: usize,
    zeros: f64,
) -> Circuit {
    let kinds = [Kind::Categorical, Kind::Ordinal];
    let variables: Vec<Variable> = (0..count)
        .map(|_| Variable {
            kind: kinds[random.below(2)],
            symbols: 1 + more_of_two(random, most_symbols) as u16,
        })
        .collect();
    // Any variable may be the root and come before or after its parent.
    let mut order: Vec<u32> = (0..count as u32).collect();
    random.shuffle(&mut order);
    let mut parents = vec![None; count];
    for at in 1..count {
        parents[order[at] as usize] = Some(order[random.below(at)]);
    }
    let states: Vec<usize> = (0..count)
        .map(|_| 1 + more_of_two(random, most_states))
        .collect();
    let nodes = (0..count)
        .map(|at| {
            let rows = parents[at].map_or(1, |parent: u32| states[parent as usize]);
            let symbols = usize::from(variables[at].symbols);
            let mut numbers = |rows: usize| {
                let mut numbers = vec![0.0f32; rows * padded(states[at])];
                for row in numbers.chunks_exact_mut(padded(states[at])) {
                    for value in &mut row[..states[at]] {
                        *value = random.unit() as f32;
                        if random.unit() < zeros {
                            *value = 0.0;
                        }
                    }
                }
                numbers
            };
            Node {
                labels: vec![0; states[at]],
                states: states[at],
                transition: numbers(rows),
                emission: numbers(symbols),
            }
        })
        .collect();
    let schema = Schema {
        variables,
        grid: None,
    };
    Circuit::new(schema, Tree::new(parents).unwrap(), nodes).unwrap()
}

/// A record, states and their probability.
pub(super) struct World {
    pub(super) record: Vec<u8>,
    pub(super) states: Vec<usize>,
    pub(super) probability: f64,
}

/// Every record with every combination of states, straight from the definition of the model.
pub(super) fn worlds(circuit: &Circuit) -> Vec<World> {
    let d = circuit.schema.len();
    let mut worlds = vec![World {
        record: vec![0; d],
        states: vec![0; d],
        probability: 1.0,
    }];
    for at in circuit.tree.preorder() {
        let node = &circuit.nodes[at];
        let symbols = usize::from(circuit.schema.variables[at].symbols);
        let stride = node.stride();
        let share = |value: f32, all: &mut dyn Iterator<Item = f32>| {
            let total: f64 = all.map(f64::from).sum();
            if total > 0.0 {
                f64::from(value) / total
            } else {
                0.0
            }
        };
        let mut next = Vec::new();
        for world in &worlds {
            let above = circuit
                .tree
                .parent(at)
                .map_or(0, |parent| world.states[parent]);
            let row = &node.transition[above * stride..][..stride];
            for state in 0..node.states {
                let transition = share(row[state], &mut row.iter().copied());
                for symbol in 0..symbols {
                    let column = node.emission[state..].iter().step_by(stride).copied();
                    let emission = share(node.emission[symbol * stride + state], &mut { column });
                    let (mut record, mut states) = (world.record.clone(), world.states.clone());
                    record[at] = symbol as u8;
                    states[at] = state;
                    next.push(World {
                        record,
                        states,
                        probability: world.probability * transition * emission,
                    });
                }
            }
        }
        worlds = next;
    }
    worlds
}

pub(super) fn fits(world: &World, known: &[Option<u8>]) -> bool {
    let mut pairs = world.record.iter().zip(known);
    pairs.all(|(value, known)| known.is_none_or(|known| known == *value))
}

pub(super) fn probability(worlds: &[World], event: impl Fn(&World) -> bool) -> f64 {
    let worlds = worlds.iter().filter(|world| event(world));
    worlds.map(|world| world.probability).sum()
}

pub(super) fn random_evidence(circuit: &Circuit, random: &mut Random, count: usize) -> Evidence {
    let variables = &circuit.schema.variables;
    let mut values = Vec::new();
    for _ in 0..count {
        let share = random.unit();
        for variable in variables {
            let value = random.below(usize::from(variable.symbols)) as u8;
            values.push((random.unit() < share).then_some(value));
        }
    }
    Evidence::new(variables.len(), values)
}

/// Random circuits, without and with zeros, and evidence of several records.
pub(super) fn cases(count: u64) -> impl Iterator<Item = (Circuit, Evidence, Random)> {
    (0..count).map(|seed| {
        let mut random = Random::new(seed);
        let zeros = [0.0, 0.3, 0.6][seed as usize % 3];
        let circuit = random_circuit(&mut random, zeros);
        let evidence = random_evidence(&circuit, &mut random, 10);
        (circuit, evidence, random)
    })
}
