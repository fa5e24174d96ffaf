//! `omega registry import`

use super::unpacked::unpacked;
use crate::{connect::Context, exit::Failure, ui::Ui};
use clap::Args;
use omega_core::{api::Imported, client::Client, counted::counted, sanitize::one_line};
use std::{
    cell::Cell,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

/// Import many tools from JSON Lines files: TPMJS's rows, or `{toolId, name, description, ...}`
///
/// Files that are packed with zstd are unpacked. A row that is there already and has not changed is not written again, so an
/// import that was interrupted is simply done once more.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  omega registry import tools.jsonl
  omega registry import tools.jsonl.zst more.jsonl")]
pub struct Import {
    /// The files; `-` reads stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the sums as JSON
    #[arg(long)]
    json: bool,
}

/// One request's share of the lines: few requests for a million rows, little memory, and something to tell in between.
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Refused lines and notices that are told.
const MOST_TOLD: usize = 20;

impl Import {
    pub async fn run(&self, context: &Context) -> Result<(), Failure> {
        // Nothing is imported of some files when another can't be opened.
        let sources = self.files.iter().map(|file| Source::open(file)).collect::<Result<Vec<_>, _>>()?;
        let client = context.connect().await?.client;
        let mut sum = Imported { imported: 0, refused: Vec::new(), notices: Vec::new(), total: 0 };
        for source in sources {
            source.import(&client, &context.ui, &mut sum, self.files.len() > 1).await?;
        }
        context.ui.clear_live();
        if self.json {
            return context.ui.json(&sum);
        }
        for refused in &sum.refused {
            context.ui.warn(format!("refused: {}", one_line(refused, 200)));
        }
        for notice in &sum.notices {
            context.ui.warn(one_line(notice, 200));
        }
        context.ui.line(format!(
            "{} imported; the registry has {}",
            counted(sum.imported, "row"),
            counted(sum.total, "tool")
        ))
    }
}

/// A file that is read.
struct Source {
    name: String,
    lines: BufReader<Box<dyn Read>>,
    /// Bytes of the file that were read, and all of them where that is known.
    read: Rc<Cell<u64>>,
    size: Option<u64>,
}

/// Counts what is read.
struct Counted<R>(R, Rc<Cell<u64>>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(into)?;
        self.1.set(self.1.get() + u64::try_from(read).unwrap_or(0));
        Ok(read)
    }
}

impl Source {
    fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let unreadable = |error| unreadable(&name, &error);
        let (file, size): (Box<dyn Read>, _) = if path == Path::new("-") {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(unreadable)?;
            let about = file.metadata().map_err(unreadable)?;
            if about.is_dir() {
                return Err(Failure::usage(format!("{name} is a folder; name the files in it")));
            }
            (Box::new(file), about.is_file().then_some(about.len()))
        };
        let read = Rc::new(Cell::new(0));
        let counted = BufReader::with_capacity(1 << 20, Counted(file, Rc::clone(&read)));
        let lines = BufReader::with_capacity(1 << 20, unpacked(counted).map_err(unreadable)?);
        Ok(Self { name, lines, read, size })
    }

    async fn import(mut self, client: &Client, ui: &Ui, sum: &mut Imported, of_several: bool) -> Result<(), Failure> {
        let (mut batch, mut first_line, mut line) = (Vec::new(), 1, 1);
        loop {
            let read = self.lines.read_until(b'\n', &mut batch).map_err(|error| {
                let so_far = format!("imported before that: {}", counted(sum.imported, "row"));
                unreadable(&self.name, &error).hint(so_far)
            })?;
            line += u64::from(read > 0);
            if read == 0 || batch.len() >= BATCH_BYTES {
                let place = match (of_several, first_line) {
                    (false, 1) => String::new(),
                    (false, _) => format!("(lines from {first_line}) "),
                    (true, _) => format!("{} (lines from {first_line}) ", self.name),
                };
                send(client, std::mem::take(&mut batch), &place, sum).await?;
                first_line = line;
                self.tell(ui, sum.imported);
            }
            if read == 0 {
                return Ok(());
            }
        }
    }

    /// Says how far it has got, where somebody looks.
    fn tell(&self, ui: &Ui, imported: u64) {
        let part = self.size.map(|size| self.read.get().saturating_mul(100) / size.max(1));
        let part = part.map(|percent| format!(" · {} {percent} %", self.name)).unwrap_or_default();
        let words = one_line(&format!("{} imported{part}", counted(imported, "row")), 200);
        if ui.has_live() { ui.live(&[], ("●", &words)) } else { ui.detail(words) }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::usage(format!("{name} can't be read: {error}"))
}

async fn send(client: &Client, batch: Vec<u8>, place: &str, sum: &mut Imported) -> Result<(), Failure> {
    if batch.is_empty() {
        return Ok(());
    }
    let answer = client.import_tools(batch).await?;
    sum.imported += answer.imported;
    sum.total = answer.total;
    let room = MOST_TOLD.saturating_sub(sum.refused.len());
    sum.refused.extend(answer.refused.into_iter().take(room).map(|text| format!("{place}{text}")));
    let room = MOST_TOLD.saturating_sub(sum.notices.len());
    sum.notices.extend(answer.notices.into_iter().take(room));
    Ok(())
}
