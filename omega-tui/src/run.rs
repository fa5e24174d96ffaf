//! The loop: input, news and time in; the state changes; a frame when something changed.

use crate::{
    app::{App, Effect, Input},
    messages,
    network::{self, FindAgain, Machine, RememberIn},
    pacer::Pacer,
    screen,
    terminal::{Screen, Stopped},
    theme::{Environment, Mode, Theme, ThemeChoice},
};
use crossterm::event::EventStream;
use futures_util::StreamExt;
use omega_core::{api::Timestamp, client::Client, id::ConversationId};
use std::{
    fmt,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

/// How often what moves by itself moves.
const TICK: Duration = Duration::from_millis(100);
/// News taken in before the next look at the keyboard.
const BATCH: usize = 256;

#[derive(Debug, Clone)]
pub struct Options {
    pub client: Client,
    /// Finds the server again when it is lost.
    pub find_again: Option<FindAgain>,
    /// Keeps which conversations there are.
    pub remember: Option<RememberIn>,
    /// A conversation to come back to.
    pub conversation: Option<ConversationId>,
    /// `provider/model` of the first messages.
    pub model: Option<String>,
    pub theme: ThemeChoice,
    /// A text to begin with, not sent yet.
    pub draft: Option<String>,
}

impl Options {
    /// With everything else as it comes.
    pub fn new(client: Client) -> Self {
        let (find_again, remember) = (None, None);
        Self { client, find_again, remember, conversation: None, model: None, theme: ThemeChoice::Auto, draft: None }
    }
}

/// What is left when the screen is gone. As text: the last answer, and the command to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The conversation, if there was one: made here, or seen here.
    pub conversation: Option<ConversationId>,
    /// Its title, or else how its first message began.
    pub title: Option<String>,
    pub answer: Option<String>,
    /// The signal that ended it, as a number; `None` when the user left.
    pub signal: Option<i32>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(answer) = &self.answer {
            writeln!(f, "{}\n", crate::clean::clean(answer.trim_end()))?;
        }
        if let Some(id) = &self.conversation {
            writeln!(f, "come back with: omega chat --conversation {id}")?;
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
    #[error("the terminal failed: {0}")]
    Io(#[from] io::Error),
}

/// Runs the terminal UI until the user leaves. The terminal is as before when it returns, also after a panic.
///
/// # Errors
/// [`Error::NoTerminal`] where there is none, [`Error::Io`] when it fails.
pub async fn run(options: Options) -> Result<Outcome, Error> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Error::NoTerminal);
    }
    let environment = Environment::of_process();
    let mut screen = Screen::enter()?;
    let (mode, typed) = ground(options.theme, &environment);
    let theme = Theme::new(mode, environment.depth());
    let mut app = App::new(theme, options.conversation, options.model);
    app.base_url = options.client.base_url().to_owned();
    app.composer.insert(&options.draft.unwrap_or_default());
    app.composer.insert(&typed);

    let (ends, network_end) = messages::pair();
    let machine = Machine { find_again: options.find_again, remember: options.remember };
    let network = tokio::spawn(network::serve(options.client, machine, options.conversation, network_end));
    let ended = drive(&mut app, &mut screen, ends).await;
    // Leaving never waits for the network.
    network.abort();
    drop(screen);
    let signal = ended?;
    let conversation = app.conversation.filter(|_| app.is_there);
    Ok(Outcome { conversation, title: app.title(), answer: app.last_answer(), signal })
}

/// Dark or light, and what was typed while the terminal was asked.
fn ground(choice: ThemeChoice, environment: &Environment) -> (Mode, String) {
    match choice {
        ThemeChoice::Dark => (Mode::Dark, String::new()),
        ThemeChoice::Light => (Mode::Light, String::new()),
        ThemeChoice::Auto => match environment.mode() {
            Some(mode) => (mode, String::new()),
            None => {
                let probed = crate::terminal::probe();
                (probed.mode.unwrap_or(Mode::Dark), probed.typed)
            }
        },
    }
}

async fn drive(app: &mut App, screen: &mut Screen, mut ends: messages::ScreenEnd) -> io::Result<Option<i32>> {
    let mut keys = EventStream::new();
    let mut stopped = Stopped::new()?;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut pacer = Pacer::default();
    pacer.request();
    loop {
        let due = pacer.due(Instant::now());
        let wakes = app.wakes_in(Timestamp::now()).map(Duration::from_millis);
        let mut inputs = Vec::new();
        tokio::select! {
            event = keys.next() => match event {
                Some(event) => inputs.push(Input::Terminal(event?)),
                // The terminal is gone.
                None => return Ok(None),
            },
            signal = stopped.next() => return Ok(Some(signal)),
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {
                screen.draw(|frame| screen::draw(app, frame))?;
                pacer.drawn(Instant::now());
                app.seen(Timestamp::now());
            }
            Some(update) = ends.updates.recv() => {
                inputs.push(Input::Network(update));
                while let (true, Ok(update)) = (inputs.len() < BATCH, ends.updates.try_recv()) {
                    inputs.push(Input::Network(update));
                }
            }
            _ = ticks.tick(), if app.is_moving() => inputs.push(Input::Tick),
            () = tokio::time::sleep(wakes.unwrap_or_default()), if wakes.is_some() => inputs.push(Input::Tick),
        }
        for input in inputs {
            pacer.request();
            for effect in app.update(input, Timestamp::now()) {
                match effect {
                    Effect::Command(command) => {
                        // The network task lives as long as this loop.
                        let _ = ends.commands.send(command);
                    }
                    Effect::Mouse(on) => screen.set_mouse(on)?,
                    Effect::Clear => screen.clear()?,
                    Effect::Quit => return Ok(None),
                }
            }
        }
    }
}
