//! The whole state of a run in one SafeTensors file, so that a resumed run equals one that was never
//! interrupted.

use std::collections::HashMap;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use codec_core::{Error, Result};

use super::adam::{self, Moments, State};
use crate::arrays::{Array, Stored, file, floats_of, tensor, values};

/// Names (`blocks.0.first`) and shapes of all parameters, in the order of the module.
#[must_use]
pub fn names<M: Module>(module: &M) -> Vec<(String, Vec<usize>)> {
    struct Names {
        path: Vec<String>,
        found: Vec<(String, Vec<usize>)>,
    }
    impl ModuleVisitor for Names {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let shape = param.val().dims().to_vec();
            self.found.push((self.path.join("."), shape));
        }
    }
    let mut names = Names {
        path: Vec::new(),
        found: Vec::new(),
    };
    module.visit(&mut names);
    names.found
}

/// What a checkpoint keeps of a run.
pub struct Checkpoint<M> {
    /// The module that is trained.
    pub module: M,
    /// Running means of its parameters.
    pub average: Vec<Tensor<1>>,
    /// State of the optimizer.
    pub state: State,
    /// Steps done.
    pub done: u64,
}

impl<M: Module> Checkpoint<M> {
    /// Writes the file beside `path` and renames it.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn write(&self, path: &Path, mut texts: HashMap<String, String>) -> Result<()> {
        let mut arrays = Vec::new();
        let mut add = |kind: &str, name: &str, shape: &[usize], value: Tensor<1>| -> Result<()> {
            let name = format!("{kind}/{name}");
            arrays.push(Stored::floats(name, shape.to_vec(), &values(value)?));
            Ok(())
        };
        let parameters = adam::parameters(&self.module);
        for (at, (name, shape)) in names(&self.module).iter().enumerate() {
            add("parameter", name, shape, parameters[at].clone())?;
            add("average", name, shape, self.average[at].clone())?;
            if let Some(Some(moments)) = self.state.get(at) {
                add("mean", name, shape, moments.mean.clone())?;
                add("square", name, shape, moments.square.clone())?;
                texts.insert(format!("steps/{name}"), moments.steps.to_string());
            }
        }
        texts.insert("done".to_owned(), self.done.to_string());
        let new = path.with_extension("new");
        std::fs::write(&new, file(&arrays, texts)?).map_err(Error::io("write a checkpoint"))?;
        std::fs::rename(&new, path).map_err(Error::io("rename a checkpoint"))
    }

    /// The run in the file at `path`, into a `module` of the same shape, and the texts beside it.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Corrupt`] if it is not of such a module.
    pub fn read(
        path: &Path,
        module: M,
        device: &Device,
    ) -> Result<(Self, HashMap<String, String>)> {
        let bytes = std::fs::read(path).map_err(Error::io("read a checkpoint"))?;
        let (arrays, texts) = floats_of(&bytes)?;
        let mut arrays: HashMap<String, Array> = arrays
            .into_iter()
            .map(|array| (array.name.clone(), array))
            .collect();
        let mut take = |kind: &str, name: &str, shape: &[usize]| {
            arrays
                .remove(&format!("{kind}/{name}"))
                .filter(|array| array.shape == shape)
                .map(|array| tensor(array.values.clone(), [array.values.len()], device))
        };
        let number = |key: &str| texts.get(key).and_then(|text| text.parse().ok());
        let missing =
            |name: &str| Error::corrupt(0, format!("no array {name} of this model's shape"));
        let (mut parameters, mut average, mut state) = (Vec::new(), Vec::new(), State::new());
        for (name, shape) in names(&module) {
            parameters.push(take("parameter", &name, &shape).ok_or_else(|| missing(&name))?);
            average.push(take("average", &name, &shape).ok_or_else(|| missing(&name))?);
            let moments = take("mean", &name, &shape).zip(take("square", &name, &shape));
            let steps = number(&format!("steps/{name}")).unwrap_or(0) as u32;
            state.push(moments.map(|(mean, square)| Moments {
                mean,
                square,
                steps,
            }));
        }
        let done = number("done").ok_or_else(|| missing("done"))?;
        let checkpoint = Checkpoint {
            module: adam::with_parameters(module, parameters),
            average,
            state,
            done,
        };
        Ok((checkpoint, texts))
    }
}
