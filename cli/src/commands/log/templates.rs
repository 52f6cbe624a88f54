//! `codec log templates`: the templates of a log.

use codec_suite::log::structure::Template;
use serde::Serialize;

use super::args::TemplatesArgs;
use super::learned;
use super::text::LogText;
use crate::args::Chatter;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::decoding_job;
use crate::shown::safe;
use crate::source::name_of;

#[derive(Serialize)]
struct Record {
    schema: &'static str,
    template: u32,
    count: u64,
    text: String,
    example: String,
}

pub(crate) fn run(args: &TemplatesArgs) -> Exit {
    let mut console = Console::new("log templates", Chatter::default(), args.report.json);
    if let Err(failure) = list(args, &mut console) {
        console.fail(Some(&name_of(Some(&args.file))), &failure);
    }
    console.finish()
}

fn list(args: &TemplatesArgs, console: &mut Console) -> Result<(), Failure> {
    let job = decoding_job(args.resources, None);
    let miner = learned(&LogText::new(&args.file)?, &job)?;
    let mut templates: Vec<&Template> = miner.templates().collect();
    templates.sort_by_key(|template| (std::cmp::Reverse(template.count()), template.id().0));
    for template in templates.into_iter().take(args.top.unwrap_or(usize::MAX)) {
        let record = Record {
            schema: "codec.log.template.v1",
            template: template.id().0,
            count: template.count(),
            text: template.to_string(),
            example: String::from_utf8_lossy(template.example()).into_owned(),
        };
        if console.json() {
            console.record(&record);
        } else {
            console.line(&format!(
                "{:>6} {:>9}  {}\n{:>16}  {}",
                record.template,
                record.count,
                safe(&record.text),
                "e.g.",
                safe(&record.example)
            ));
        }
        if console.reader_gone() {
            break;
        }
    }
    Ok(())
}
