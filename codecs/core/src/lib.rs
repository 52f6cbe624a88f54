//! The codec trait, parameters, limits, errors, and the container.
