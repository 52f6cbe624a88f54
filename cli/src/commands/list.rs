//! `codec list`: the codecs and what they can be told.

use codec_suite::core::{Codec, ParamKind, ParamSpec, Params, Registry};
use serde::Serialize;

use crate::args::{Chatter, ListArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::settings::default_codec;
use crate::units::size_of_at_least;

/// One codec.
#[derive(Serialize)]
struct Record {
    schema: &'static str,
    codec: &'static str,
    version: u32,
    summary: &'static str,
    default: bool,
    lossless: bool,
    media: Vec<&'static str>,
    /// Suffixes of the standard files that decoding writes; none where it gives back the original.
    decodes_to: Vec<&'static str>,
    native_suffix: Option<&'static str>,
    encode_memory_bytes: u64,
    decode_memory_bytes: u64,
    params: Vec<ParamRecord>,
}

/// One parameter.
#[derive(Serialize)]
struct ParamRecord {
    name: &'static str,
    doc: &'static str,
    kind: &'static str,
    range: String,
    default: String,
}

pub(crate) fn run(args: &ListArgs) -> Exit {
    let mut console = Console::new("list", Chatter::default(), args.report.json);
    let registry = codec_suite::registry();
    if args.codecs.is_empty() {
        let records: Vec<Record> = registry
            .iter()
            .map(|codec| record(&registry, codec))
            .collect();
        if console.json() {
            records.iter().for_each(|record| console.record(record));
        } else {
            print_table(&records, &mut console);
        }
    }
    for name in &args.codecs {
        match registry.named(name) {
            Ok(codec) if console.json() => console.record(&record(&registry, codec)),
            Ok(codec) => print_details(&record(&registry, codec), &mut console),
            Err(error) => console.fail(None, &error.into()),
        }
    }
    console.finish()
}

fn record(registry: &Registry, codec: &dyn Codec) -> Record {
    let descriptor = codec.descriptor();
    let memory = codec.memory(&Params::defaults(descriptor.params));
    let default = default_codec(registry).map(|codec| codec.descriptor().id);
    Record {
        schema: "codec.list.v1",
        codec: descriptor.id,
        version: descriptor.version,
        summary: descriptor.summary,
        default: default.ok() == Some(descriptor.id),
        lossless: descriptor.lossless,
        media: descriptor.media.iter().map(|kind| kind.name()).collect(),
        decodes_to: descriptor
            .media
            .iter()
            .filter_map(|kind| kind.standard_suffix())
            .collect(),
        native_suffix: codec.native().map(|native| native.suffix()),
        encode_memory_bytes: memory.encode,
        decode_memory_bytes: memory.decode,
        params: descriptor.params.iter().map(param).collect(),
    }
}

fn param(spec: &ParamSpec) -> ParamRecord {
    let (kind, range, default) = match spec.kind {
        ParamKind::Integer { min, max, default } => {
            ("integer", format!("{min}..{max}"), default.to_string())
        }
        ParamKind::Size { min, max, default } => {
            let range = format!("{}..{}", size_of_at_least(min), size_of_at_least(max));
            ("size", range, default.to_owned())
        }
        ParamKind::Flag => ("flag", "true or false".to_owned(), "false".to_owned()),
        ParamKind::Choice { values, default } => ("choice", values.join(", "), default.to_owned()),
        _ => ("other", String::new(), String::new()),
    };
    ParamRecord {
        name: spec.name,
        doc: spec.doc,
        kind,
        range,
        default,
    }
}

fn print_table(records: &[Record], console: &mut Console) {
    console.line(&row(["codec", "levels", "native", "what it is"]));
    for record in records {
        let levels = record.params.iter().find(|param| param.name == "level");
        let levels = levels.map_or("-", |param| &param.range);
        let native = record.native_suffix.map(|suffix| format!(".{suffix}"));
        let default = if record.default { " [default]" } else { "" };
        let summary = format!("{}{default}", record.summary);
        let native = native.as_deref().unwrap_or("-");
        console.line(&row([record.codec, levels, native, &summary]));
    }
}

fn row([codec, levels, native, summary]: [&str; 4]) -> String {
    format!("{codec:<10} {levels:<8} {native:<8} {summary}")
}

fn print_details(record: &Record, console: &mut Console) {
    let yes_no = |yes| if yes { "yes" } else { "no" };
    console.line(&format!("{}: {}", record.codec, record.summary));
    console.line(&format!("  version   {}", record.version));
    console.line(&format!("  media     {}", record.media.join(", ")));
    console.line(&format!("  lossless  {}", yes_no(record.lossless)));
    if !record.decodes_to.is_empty() {
        console.line(&format!(
            "  decodes   to .{}",
            record.decodes_to.join(", .")
        ));
    }
    if let Some(suffix) = record.native_suffix {
        console.line(&format!(
            "  native    .{suffix}, with --native or -o NAME.{suffix}"
        ));
    }
    console.line(&format!(
        "  memory    {} to encode, {} to decode, for each thread, at the defaults",
        size_of_at_least(record.encode_memory_bytes),
        size_of_at_least(record.decode_memory_bytes)
    ));
    for param in &record.params {
        console.line(&format!(
            "  --set {}={}, default {}\n        {}",
            param.name, param.range, param.default, param.doc
        ));
    }
}
