//! The loop: input, news and time in; the state changes; a frame when something changed.

use crate::{
    app::{App, Effect, Input},
    clipboard, editor,
    escape::Escape,
    keymap::Keymap,
    late_answer::LateAnswer,
    messages::{self, Link, Update},
    motion::{self, MotionChoice},
    network::{self, Connecting, FindAgain, Machine, NoServer, Notebook, RememberIn},
    pacer::Pacer,
    picture::Showing,
    probe::Probed,
    screen,
    terminal::{Screen, Stopped},
    theme::{Environment, Mode, Theme, ThemeChoice},
};
use crossterm::event::EventStream;
use futures_util::StreamExt;
use omega_core::{api::Timestamp, id::ConversationId};
use std::{
    fmt,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// How often what moves by itself moves.
const TICK: Duration = Duration::from_millis(100);
/// News taken in before the next look at the keyboard.
const BATCH: usize = 256;

#[derive(Debug)]
pub struct Options {
    /// The server; the screen is there before it.
    pub connecting: Connecting,
    /// Finds the server again when it is lost.
    pub find_again: Option<FindAgain>,
    /// Keeps which conversations there are.
    pub remember: Option<RememberIn>,
    /// Keeps what is written, and knows what was written and used before.
    pub notebook: Option<Notebook>,
    /// A conversation to come back to.
    pub conversation: Option<ConversationId>,
    /// `provider/model` of the first messages.
    pub model: Option<String>,
    pub theme: ThemeChoice,
    /// Whether things may move by themselves.
    pub motion: MotionChoice,
    /// What keys do.
    pub keys: Keymap,
    /// A text to begin with, not sent yet.
    pub draft: Option<String>,
}

impl Options {
    /// With everything else as it comes.
    pub fn new(connecting: impl Into<Connecting>) -> Self {
        let connecting = connecting.into();
        let (find_again, remember, notebook) = (None, None, None);
        let (conversation, model, theme, draft) = (None, None, ThemeChoice::Auto, None);
        let (motion, keys) = (MotionChoice::Auto, Keymap::default());
        Self { connecting, find_again, remember, notebook, conversation, model, theme, motion, keys, draft }
    }
}

/// What is left when the screen is gone. As text: the way back. The answer is in the conversation, where it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The conversation, if there was one: made here, or seen here.
    pub conversation: Option<ConversationId>,
    /// Its title, or else how its first message began.
    pub title: Option<String>,
    /// Whether something was written and not sent; it is there again then.
    pub has_draft: bool,
    /// The signal that ended it, as a number; `None` when the user left.
    pub signal: Option<i32>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(title) = self.title.as_ref().filter(|_| self.conversation.is_some()) {
            writeln!(f, "{}", crate::wrap::fit(vec![crate::clean::one_line(title).into()], 76))?;
        }
        if let Some(id) = &self.conversation {
            writeln!(f, "come back with: omega chat --conversation {id}")?;
        }
        if self.has_draft {
            writeln!(f, "what you wrote and did not send is kept")?;
        }
        Ok(())
    }
}

/// The terminal UI could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Input or output is no terminal.
    #[error("the terminal UI needs a terminal; in scripts use `omega ask`")]
    NoTerminal,
    /// The terminal can't place text where it is wanted.
    #[error("this terminal (TERM=dumb) can't show a full screen; `omega chat --inline` goes line by line")]
    Dumb,
    #[error("the terminal failed: {0}")]
    Io(#[from] io::Error),
    /// There is no server to talk to.
    #[error("{error}")]
    NoServer {
        error: NoServer,
        /// Whether something was written meanwhile; it is there again then.
        has_draft: bool,
    },
}

/// Runs the terminal UI until the user leaves. The terminal is as before when it returns, also after a panic.
///
/// # Errors
/// [`Error::NoTerminal`] where there is none, [`Error::Dumb`] where it can't place text, [`Error::Io`] when it fails,
/// [`Error::NoServer`] when the server that was waited for is not coming.
pub async fn run(options: Options) -> Result<Outcome, Error> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Error::NoTerminal);
    }
    let environment = Environment::of_process();
    if environment.term == "dumb" {
        return Err(Error::Dumb);
    }
    let (ends, network_end) = messages::pair();
    let notebook = options.notebook;
    let machine = Machine { find_again: options.find_again, remember: options.remember, notebook: notebook.clone() };
    // First of all: it goes on while the terminal is asked and drawn on.
    let mut network = tokio::spawn(network::serve(options.connecting, machine, options.conversation, network_end));
    let mut screen = Screen::enter()?;
    let asked = Instant::now();
    let Probed { ground, typed, reads_kitty } = probed(&environment);
    let late = if ground.is_none() { LateAnswer::since(asked) } else { LateAnswer::default() };
    let theme = theme(options.theme, ground, &environment);
    let mut app = App::new(theme, options.conversation, options.model);
    app.here.link = Link::Connecting;
    app.keys = options.keys;
    app.pictures = Showing::of(reads_kitty, |name| std::env::var(name).ok());
    app.keeps_drafts = notebook.is_some();
    app.composer.insert(&options.draft.unwrap_or_default());
    app.composer.insert(&typed);

    let surroundings = motion::Environment::of_process();
    let still = motion::is_still(options.motion, &surroundings);
    app.is_still = still == Some(true);
    let desktop = still.is_none().then_some(surroundings);
    let looks = Looks { late, choice: options.theme, environment };
    let ended = tokio::select! {
        ended = drive(&mut app, &mut screen, ends, desktop, looks) => ended.map_err(Error::from),
        error = no_server(&mut network) => Err(Error::NoServer { error, has_draft: false }),
    };
    // Leaving never waits for the network.
    network.abort();
    drop(screen);
    let draft = app.draft();
    let kept = notebook.map(|notebook| notebook.keep_now(app.here.id, &draft));
    let has_draft = !draft.is_empty() && matches!(kept, Some(Ok(())));
    match ended {
        Ok(signal) => {
            let conversation = app.here.id.filter(|_| app.here.is_there);
            Ok(Outcome { conversation, title: app.title(), has_draft, signal })
        }
        Err(Error::NoServer { error, .. }) => Err(Error::NoServer { error, has_draft }),
        Err(error) => Err(error),
    }
}

/// Waits until it is known that there is no server.
async fn no_server(network: &mut JoinHandle<Result<(), NoServer>>) -> NoServer {
    match network.await {
        Ok(Err(error)) => error,
        // It ends with the screen.
        Ok(Ok(())) | Err(_) => std::future::pending().await,
    }
}

/// What the terminal says about its ground, and what was typed while it was asked.
fn probed(environment: &Environment) -> Probed {
    use crate::theme::Depth;
    match environment.depth() {
        Depth::None => Probed::default(),
        Depth::True | Depth::Indexed | Depth::Sixteen => crate::probe::probe(),
    }
}

/// The theme on the terminal's own ground where that fits what was asked for, else on a ground of its own.
fn theme(choice: ThemeChoice, ground: Option<u32>, environment: &Environment) -> Theme {
    let seen = ground.map(Mode::of).or_else(|| environment.mode());
    let mode = match choice {
        ThemeChoice::Dark => Mode::Dark,
        ThemeChoice::Light => Mode::Light,
        ThemeChoice::Auto => seen.unwrap_or(Mode::Dark),
    };
    Theme::on(mode, ground.filter(|ground| Mode::of(*ground) == mode), environment.depth())
}

/// What a loop needs besides the state.
struct Outside<'a> {
    screen: &'a mut Screen,
    /// Made anew after somebody else had the keyboard, whose keys and signals were none for this.
    keys: Option<EventStream>,
    stopped: Option<Stopped>,
    commands: mpsc::UnboundedSender<messages::Command>,
    told: mpsc::UnboundedSender<Told>,
    title: String,
}

/// How it is to look, and whether the terminal still has to say something about that.
struct Looks {
    late: LateAnswer,
    choice: ThemeChoice,
    environment: Environment,
}

/// What came of something that was done on this machine.
enum Told {
    Copied(Result<clipboard::Copied, String>),
    Update(Update),
}

async fn drive(
    app: &mut App,
    screen: &mut Screen,
    mut ends: messages::ScreenEnd,
    desktop: Option<motion::Environment>,
    mut looks: Looks,
) -> io::Result<Option<i32>> {
    let (told, mut news) = mpsc::unbounded_channel();
    if let Some(desktop) = desktop {
        let told = told.clone();
        tokio::spawn(async move {
            if motion::desktop_is_still(&desktop).await {
                let _ = told.send(Told::Update(Update::Still));
            }
        });
    }
    let mut outside =
        Outside { screen, keys: None, stopped: None, commands: ends.commands, told, title: String::new() };
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut pacer = Pacer::default();
    let mut escape = Escape::default();
    let mut gone = std::pin::pin!(crate::terminal::gone());
    pacer.request();
    loop {
        let held = escape.due();
        let due = pacer.due(Instant::now());
        let wakes = app.wakes_in(Timestamp::now()).map(Duration::from_millis);
        let keys = outside.keys.get_or_insert_with(EventStream::new);
        let stopped = match &mut outside.stopped {
            Some(stopped) => stopped,
            none => none.insert(Stopped::new()?),
        };
        let mut inputs = Vec::new();
        tokio::select! {
            event = keys.next() => match event {
                Some(event) => {
                    let now = Instant::now();
                    let events = escape.take(event?, now).into_iter().flat_map(|event| looks.late.take(event, now));
                    inputs.extend(events.map(Input::Terminal));
                    if let Some(ground) = looks.late.ground() {
                        app.wear(theme(looks.choice, Some(ground), &looks.environment));
                        pacer.request();
                    }
                }
                None => return Ok(None),
            },
            () = &mut gone => return Ok(None),
            signal = stopped.next() => match signal {
                crate::terminal::SUSPEND => {
                    outside.suspend()?;
                    pacer.request();
                }
                signal => return Ok(Some(signal)),
            },
            () = tokio::time::sleep_until(held.unwrap_or_else(Instant::now).into()), if held.is_some() => {
                inputs.extend(escape.expired(Instant::now()).into_iter().map(Input::Terminal));
            }
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {
                outside.draw(app)?;
                pacer.drawn(Instant::now());
                app.seen(Timestamp::now());
            }
            Some(update) = ends.updates.recv() => {
                inputs.push(Input::Network(update));
                while let (true, Ok(update)) = (inputs.len() < BATCH, ends.updates.try_recv()) {
                    inputs.push(Input::Network(update));
                }
            }
            Some(told) = news.recv() => inputs.push(Input::Network(match told {
                Told::Copied(Ok(copied)) => {
                    copied.sequence.iter().try_for_each(|sequence| outside.screen.send(sequence))?;
                    Update::Told(copied.words)
                }
                Told::Copied(Err(error)) => Update::Failed(error),
                Told::Update(update) => update,
            })),
            _ = ticks.tick(), if app.is_moving() => {
                if app.is_due(Timestamp::now()) {
                    inputs.push(Input::Tick);
                }
            }
            () = tokio::time::sleep(wakes.unwrap_or_default()), if wakes.is_some() => inputs.push(Input::Tick),
        }
        for input in inputs {
            match &input {
                Input::Terminal(_) => pacer.request(),
                Input::Network(_) | Input::Tick => pacer.request_calmly(),
            }
            for effect in app.update(input, Timestamp::now()) {
                if outside.carry_out(effect)? {
                    return Ok(None);
                }
            }
        }
    }
}

impl Outside<'_> {
    fn draw(&mut self, app: &mut App) -> io::Result<()> {
        app.cell = crate::terminal::cell();
        loop {
            self.screen.draw(|frame| {
                screen::draw(app, frame);
                app.transcript.links()
            })?;
            let picture = app.layers.top().and_then(|layer| layer.picture());
            if !self.screen.show(picture, app.pictures)? {
                break;
            }
        }
        let title = app.window_title();
        if title != self.title {
            self.screen.set_title(&title)?;
            self.title = title;
        }
        Ok(())
    }

    /// Does what the state asks for; true when it was to leave.
    fn carry_out(&mut self, effect: Effect) -> io::Result<bool> {
        match effect {
            Effect::Command(command) => {
                // The network task lives as long as this loop.
                let _ = self.commands.send(command);
            }
            Effect::Mouse(on) => self.screen.set_mouse(on)?,
            Effect::Clear => self.screen.clear()?,
            Effect::Copy { text, what } => {
                let told = self.told.clone();
                tokio::spawn(async move {
                    let environment = clipboard::Environment::of_process();
                    let _ = told.send(Told::Copied(clipboard::copy(text, &what, &environment).await));
                });
            }
            Effect::Edit { text, ending } => self.edit(&text, ending)?,
            Effect::Suspend => self.suspend()?,
            Effect::Notify(words) => self.screen.notify(&words)?,
            Effect::Quit => return Ok(true),
        }
        Ok(false)
    }

    /// Lets the person's editor have the terminal and a text. Nothing else is done meanwhile, as in any shell.
    fn edit(&mut self, text: &str, ending: &str) -> io::Result<()> {
        let var = |name| std::env::var(name).ok();
        let command = editor::command(var("VISUAL"), var("EDITOR"));
        // Two readers of one keyboard would share its keys.
        (self.keys, self.stopped) = (None, None);
        self.screen.leave_for_a_while()?;
        let edited = editor::edit(text, ending, &command);
        self.screen.come_back()?;
        let update = match edited {
            Ok(text) => Update::Edited(text),
            Err(error) => Update::Failed(format!("the editor ({}) could not be used: {error}", command.join(" "))),
        };
        // The receiver lives as long as this loop.
        let _ = self.told.send(Told::Update(update));
        Ok(())
    }

    /// Gives the terminal back to the shell, until that lets this go on.
    fn suspend(&mut self) -> io::Result<()> {
        (self.keys, self.stopped) = (None, None);
        self.screen.leave_for_a_while()?;
        crate::terminal::stop();
        self.screen.come_back()
    }
}
