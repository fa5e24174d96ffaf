//! Own keys of model providers in the keyring of the user's machine: with a real keyring daemon on a bus of its own where the
//! machine has one, and without any.

use crate::home::{Done, Home, signal};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const ONE: &str = "sk-own-canary-0000000001";
const TWO: &str = "sk-own-canary-0000000002";
const CANARY: &[u8] = b"sk-own-canary";

/// A user who is signed in: a home, a bus, and a keyring that is unlocked.
struct Session {
    home: Home,
    user: PathBuf,
    bus: Child,
    keyring: Child,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(pid) = self.server() {
            signal("KILL", pid);
        }
        for child in [&mut self.keyring, &mut self.bus] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Session {
    /// Nothing where the machine has no keyring daemon, or does not let it start; it says so.
    fn begin() -> Option<Self> {
        for program in ["dbus-daemon", "dbus-send", "gnome-keyring-daemon"] {
            if let Err(error) = Command::new(program).arg("--version").output() {
                skip(&format!("{program}: {error}"));
                return None;
            }
        }
        let home = Home::new();
        let user = home.path().join("user");
        std::fs::create_dir(&user).unwrap();
        // Without folders of services, so that nothing but this keyring is ever started.
        let bus = home.file(
            "bus.conf",
            &format!(
                "<busconfig><type>session</type><listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context=\"default\">\
                 <allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>",
                home.path().join("bus").display()
            ),
        );
        let silent = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let bus = silent(Command::new("dbus-daemon").arg("--nofork").arg(format!("--config-file={}", bus.display())));
        let socket = home.path().join("bus");
        until("the bus", || socket.exists());
        let mut keyring = Command::new("gnome-keyring-daemon");
        keyring.args(["--foreground", "--components=secrets", "--unlock"]).stdin(Stdio::piped());
        let mut keyring = silent(as_user(&mut keyring, home.path(), &user));
        keyring.stdin.take().unwrap().write_all(b"password\n").unwrap();
        let mut session = Self { home, user, bus, keyring };
        let owner = ["--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"];
        let mut ended = None;
        until("the keyring", || {
            ended = session.keyring.try_wait().unwrap();
            ended.is_some() || session.on_bus(&owner, "string:org.freedesktop.secrets").contains("true")
        });
        if let Some(status) = ended {
            skip(&format!("the keyring daemon does not start here: {status}"));
            return None;
        }
        Some(session)
    }

    fn on_bus(&self, call: &[&str], argument: &str) -> String {
        let mut command = Command::new("dbus-send");
        command.args(["--session", "--print-reply"]).args(call).arg(argument);
        let done = as_user(&mut command, self.home.path(), &self.user).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    }

    /// What Omega has in the keyring, apart from the API key of the local server.
    fn entries(&self) -> usize {
        let search = [
            "--dest=org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.SearchItems",
        ];
        let found = self.on_bus(&search, "dict:string:string:service,omega");
        found.matches("object path \"/org/freedesktop/secrets/collection").count().checked_sub(1).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments);
        command.env_remove("OMEGA_HOME");
        as_user(&mut command, self.home.path(), &self.user);
        command
    }

    fn omega(&self, arguments: &[&str]) -> Done {
        self.command(arguments).output().unwrap().into()
    }

    fn set(&self, value: &str, command: &mut Command) -> Done {
        let file = self.home.file("stdin", value);
        command.stdin(std::fs::File::open(file).unwrap()).output().unwrap().into()
    }

    fn data(&self) -> PathBuf {
        self.user.join(".local/share/omega")
    }

    fn server(&self) -> Option<u64> {
        let text = std::fs::read_to_string(self.data().join("run/server.json")).ok()?;
        serde_json::from_str::<serde_json::Value>(&text).ok()?["pid"].as_u64()
    }

    fn kill_server(&self) {
        if let Some(pid) = self.server() {
            signal("KILL", pid);
            until("its end", || !Path::new(&format!("/proc/{pid}/stat")).exists() || is_zombie(pid));
        }
    }
}

#[allow(clippy::print_stderr, reason = "it says on the terminal what it skipped")]
fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

fn is_zombie(pid: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

fn as_user<'c>(command: &'c mut Command, home: &Path, user: &Path) -> &'c mut Command {
    let bus = format!("unix:path={}", home.join("bus").display());
    command.env("HOME", user).env("XDG_RUNTIME_DIR", home).env("DBUS_SESSION_BUS_ADDRESS", bus)
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "still waiting for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether any file below a folder has it.
fn has(folder: &Path, text: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| match path.is_dir() {
        true => has(&path, text),
        false => std::fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text)),
    })
}

#[test]
fn an_own_key_is_in_the_keyring_and_moves_and_goes_with_what_names_it() {
    let Some(session) = Session::begin() else { return };
    let set = ["keys", "set", "OPENAI_API_KEY"];
    let stored = session.set(ONE, &mut session.command(&set)).expect(0);
    assert!(stored.stderr.contains("models, in your keyring"), "{}", stored.stderr);
    let listed = session.omega(&["keys", "list"]).expect(0).stdout;
    assert!(listed.contains("in your keyring") && listed.contains("…0001"), "{listed}");
    assert_eq!(session.entries(), 1);
    assert!(session.omega(&["models"]).expect(0).stdout.contains("openai  paid with your own key"));

    session.set(TWO, &mut session.command(&set)).expect(0);
    assert_eq!(session.entries(), 1, "what was replaced is gone");
    session.omega(&["vault", "rotate", "--deep"]).expect(0);
    assert_eq!(session.entries(), 1);
    assert!(session.omega(&["models"]).expect(0).stdout.contains("openai  paid with your own key"));
    assert!(!has(&session.user, CANARY), "neither database nor log nor settings have it");

    session.set(ONE, &mut session.command(&["keys", "set", "OPENAI_API_KEY", "--in", "vault"])).expect(0);
    assert_eq!(session.entries(), 0);
    assert!(session.omega(&["keys", "list"]).expect(0).stdout.contains("in the vault"));
    session.set(ONE, &mut session.command(&set)).expect(0);
    assert_eq!(session.entries(), 1);
    session.omega(&["keys", "remove", "OPENAI_API_KEY"]).expect(0);
    assert_eq!(session.entries(), 0);
    let refused = session.set(ONE, &mut session.command(&["keys", "set", "GITHUB_TOKEN", "--in", "keyring"]));
    assert!(refused.code != 0 && refused.stderr.contains("--in keyring"), "{}", refused.stderr);
}

#[test]
fn killed_between_keyring_and_database_a_key_is_the_old_or_the_new_one_and_nothing_is_left_over() {
    let Some(session) = Session::begin() else { return };
    if session.home.omega(&["debug", "failpoints"]).stdout.contains("has none of them") {
        return;
    }
    let set = ["keys", "set", "OPENAI_API_KEY"];
    session.set(ONE, &mut session.command(&set)).expect(0);
    for (point, left, last) in
        [("keyring.noted", 1, "…0001"), ("keyring.written", 2, "…0001"), ("keyring.named", 2, "…0002")]
    {
        session.kill_server();
        let mut command = session.command(&set);
        let done = session.set(TWO, command.env("OMEGA_FAILPOINT", point));
        assert_ne!(done.code, 0, "{point}: {}", done.stderr);
        session.kill_server();
        assert_eq!(session.entries(), left, "{point}");
        let listed = session.omega(&["keys", "list"]).expect(0).stdout;
        assert!(listed.contains(last) && listed.contains("in your keyring"), "{point}: {listed}");
        assert!(session.omega(&["models"]).expect(0).stdout.contains("openai  paid with your own key"), "{point}");
        until("what is left over to be gone", || session.entries() == 1);
    }
}

#[test]
fn a_keyring_that_hangs_costs_seconds_and_says_what_to_do() {
    let Some(session) = Session::begin() else { return };
    session.set(ONE, &mut session.command(&["keys", "set", "OPENAI_API_KEY"])).expect(0);
    // The next server remembers nothing of it.
    session.kill_server();
    // A key of the server's API that is in no keyring.
    let key =
        session.omega(&["api-keys", "create", "test", "--json"]).expect(0).json()["key"].as_str().unwrap().to_owned();
    let server: serde_json::Value =
        serde_json::from_slice(&std::fs::read(session.data().join("run/server.json")).unwrap()).unwrap();
    let url = server["url"].as_str().unwrap().to_owned();
    let omega = |arguments: &[&str]| {
        let mut command = session.command(arguments);
        command.env("OMEGA_SERVER", &url).env("OMEGA_API_KEY", &key);
        command
    };
    signal("STOP", u64::from(session.keyring.id()));
    let asked = Done::from(omega(&["ask", "-m", "openai/gpt-4.1-mini", "hello"]).output().unwrap());
    assert!(
        asked.code != 0 && asked.stderr.contains("Unlock it") && asked.stderr.contains("--in vault"),
        "{}",
        asked.stderr
    );
    let models = Done::from(omega(&["models"]).output().unwrap()).expect(0).stdout;
    assert!(models.contains("✗ openai") || !models.contains("openai  paid"), "{models}");
    let refused = session.set(TWO, &mut omega(&["keys", "set", "OPENAI_API_KEY"]));
    assert!(refused.code != 0 && refused.stderr.contains("--in vault"), "{}", refused.stderr);
    let listed = Done::from(omega(&["keys", "list"]).output().unwrap()).expect(0).stdout;
    assert!(listed.contains("…0001"), "the one before is as it was: {listed}");
    let removed = Done::from(omega(&["keys", "remove", "OPENAI_API_KEY"]).output().unwrap()).expect(0);
    assert!(removed.stderr.contains("pays for nothing any more"), "{}", removed.stderr);
    let vault = session.set(TWO, &mut omega(&["keys", "set", "OPENAI_API_KEY", "--in", "vault"])).expect(0);
    assert!(vault.stderr.contains("in the vault"), "{}", vault.stderr);
    signal("CONT", u64::from(session.keyring.id()));
    let changed = || session.set(ONE, &mut omega(&["keys", "set", "OPENAI_API_KEY"])).code == 0;
    until("the keyring to answer", changed);
    until("what is left over to be gone", || session.entries() == 1);
}

#[test]
fn without_a_keyring_an_own_key_is_sealed_in_the_vault_and_that_is_said() {
    let home = Home::new();
    let stored = home.omega_with(&["keys", "set", "OPENAI_API_KEY"], ONE).expect(0);
    for words in ["models, in the vault", "not in a keyring: OMEGA_HOME"] {
        assert!(stored.stderr.contains(words), "{}", stored.stderr);
    }
    assert!(home.omega(&["keys", "list"]).expect(0).stdout.contains("in the vault"));
    assert!(home.omega(&["models"]).expect(0).stdout.contains("your own key"));
    assert!(!has(&home.path().join("data"), CANARY));
    for refused in [home.omega_with(&["keys", "set", "OPENAI_API_KEY", "--in", "keyring"], TWO), {
        let mut command = home.command(&["keys", "set", "OPENAI_API_KEY", "--in", "somewhere"]);
        command.output().unwrap().into()
    }] {
        assert!(refused.code != 0 && refused.stderr.contains("vault"), "{}", refused.stderr);
    }
    assert!(home.omega(&["keys", "list"]).expect(0).stdout.contains("…0001"), "the one before is as it was");
}

#[test]
fn a_keyring_that_was_chosen_for_own_keys_and_is_missing_is_no_reason_for_another_place() {
    let home = Home::new().env("OMEGA_PROVIDER_KEYS_IN", "keyring");
    let refused = home.omega_with(&["keys", "set", "OPENAI_API_KEY"], ONE);
    assert!(refused.code != 0 && refused.stderr.contains("--in vault"), "{}", refused.stderr);
    assert_eq!(home.omega(&["keys", "list"]).expect(0).stdout, "");
    home.omega_with(&["keys", "set", "OPENAI_API_KEY", "--in", "vault"], ONE).expect(0);
}
