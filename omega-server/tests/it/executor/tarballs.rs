//! Tarballs that unpack to more than anybody has, or elsewhere: each ends in words, costs what its limit says, and leaves nothing.

use super::{
    hostile::processes_in,
    npm::described,
    tarball::{DEVICE, FILE, FOLDER, HARD_LINK, LINK, PIPE, SPARSE, Tarball, packed},
    *,
};
use crate::{
    harness::Omega,
    price::{PATIENCE, Pulse},
};
use omega_core::{
    budget::{IMAGE, IMAGE_BYTES},
    testing::{
        Script,
        hostile::{Growth, peak_memory},
    },
};
use std::{
    io::{self, BufWriter, Write},
    os::unix::fs::MetadataExt,
    process::ChildStdin,
    time::Instant,
};

const MIB: u64 = 1 << 20;
/// Small, so that tests take little; the watch is the same.
const SMALL: Limits = Limits { scratch: 96 * MIB, entries: 10_000, depth: 32, ..Limits::INSTALL };
/// What this process may have taken at most: tarballs are 1 MiB or so here, and stay with their registry.
const MEMORY: usize = 256 << 20;
const TOOL: &str = "export const t = { description: '', inputSchema: {}, execute: () => 'fine' };";

fn small(config: LocalConfig) -> LocalConfig {
    LocalConfig { installs: SMALL, ..config }
}

type Pipe = BufWriter<ChildStdin>;

/// A tarball with a tool in it and something hostile.
fn with_tool(name: &str, write: impl FnOnce(&mut Tarball<Pipe>) -> io::Result<()> + Send) -> Vec<u8> {
    let manifest = described(name, "1.0.0", &json!({})).to_string();
    packed(move |tarball| {
        tarball.file("package/package.json", manifest.as_bytes())?;
        tarball.file("package/index.mjs", TOOL.as_bytes())?;
        write(tarball)
    })
}

/// What a shape writes, with how many.
type Shape<W> = fn(&mut Tarball<W>, usize) -> io::Result<()>;

fn shapes<W: Write>() -> [(&'static str, Shape<W>); 9] {
    [
        ("files", |tarball, count| (0..count).try_for_each(|n| tarball.entry(FILE, &format!("package/f{n}"), ""))),
        ("folders", |tarball, count| (0..count).try_for_each(|n| tarball.entry(FOLDER, &format!("package/d{n}/"), ""))),
        ("files-in-folders", |tarball, count| {
            (0..count / 2).try_for_each(|n| tarball.entry(FILE, &format!("package/d{n}/f"), ""))
        }),
        ("hard-links", |tarball, count| {
            (0..count).try_for_each(|n| tarball.entry(HARD_LINK, &format!("package/h{n}"), "package/index.mjs"))
        }),
        ("links", |tarball, count| {
            (0..count).try_for_each(|n| tarball.entry(LINK, &format!("package/l{n}"), "index.mjs"))
        }),
        ("one-name", |tarball, count| (0..count).try_for_each(|_| tarball.entry(FILE, "package/same", ""))),
        ("long-names", |tarball, count| {
            (0..count).try_for_each(|n| tarball.pax(&format!("package/{}{n}", "n".repeat(200))))
        }),
        ("gnu-names", |tarball, count| {
            (0..count).try_for_each(|n| tarball.gnu(&format!("package/{}{n}", "n".repeat(200))))
        }),
        ("pax-header", |tarball, count| {
            tarball.pax_record("comment", &"A".repeat(count * 200))?;
            tarball.entry(FILE, "package/said", "")
        }),
    ]
}

/// Whatever took room under the cache is gone, but for packages that were kept.
async fn assert_little_is_left(sandbox: &Sandbox) {
    let started = Instant::now();
    while taken(sandbox.cache.path()) > 24 * MIB {
        assert!(started.elapsed() < Duration::from_secs(120), "{} bytes are left", taken(sandbox.cache.path()));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(processes_in(sandbox.cache.path()), Vec::<String>::new());
}

/// Files and folders below a folder, links not followed, without recursion; what goes meanwhile does not count.
fn everything(folder: &Path) -> impl Iterator<Item = fs::Metadata> {
    let mut folders = vec![folder.to_owned()];
    std::iter::from_fn(move || {
        let entries = fs::read_dir(folders.pop()?).into_iter().flatten().flatten();
        let found = entries.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)));
        let (below, all): (Vec<_>, Vec<_>) = found.map(|(path, meta)| (meta.is_dir().then_some(path), meta)).unzip();
        folders.extend(below.into_iter().flatten());
        Some(all)
    })
    .flatten()
}

/// Bytes that they take on the disk, each as often as it has names, and a block at least.
fn taken(folder: &Path) -> u64 {
    everything(folder).map(|meta| (meta.blocks() * 512).max(4096)).sum()
}

#[tokio::test]
async fn what_unpacks_to_more_than_its_share_is_ended_and_leaves_nothing() {
    let Some(sandbox) = hostile::alone(small).await else { return };
    let bombs: [(&str, &str, Vec<u8>); 7] = [
        ("large", "96 MiB", with_tool("large", |tarball| tarball.zeros("package/zeros", 300 * MIB))),
        (
            "larges",
            "96 MiB",
            with_tool("larges", |tarball| (0..600).try_for_each(|n| tarball.zeros(&format!("package/z{n}"), MIB / 2))),
        ),
        ("huge", "MiB", with_tool("huge", |tarball| tarball.zeros("package/zeros", 1400 * MIB))),
        ("files", "10000 files and folders", with_tool("files", |tarball| shapes()[0].1(tarball, 100_000))),
        ("folders", "10000 files and folders", with_tool("folders", |tarball| shapes()[1].1(tarball, 100_000))),
        ("deep", "32 deep", with_tool("deep", |tarball| tarball.pax(&format!("package/{}f", "d/".repeat(1500))))),
        (
            "deep-gnu",
            "32 deep",
            with_tool("deep-gnu", |tarball| tarball.gnu(&format!("package/{}f", "d/".repeat(1500)))),
        ),
    ];
    for (name, limit, tarball) in bombs {
        assert!(tarball.len() < 8 << 20, "{name} is a bomb");
        sandbox.registry.publish_tarball(name, json!({}), tarball);
        let outer = format!("needs-{name}");
        sandbox.registry.publish(&outer, "1.0.0", json!({ "dependencies": { name: "1.0.0" } }), TOOL);
        for package in [name, &outer] {
            let error = sandbox.executor.describe(package, "1.0.0", "").await.unwrap_err();
            assert_eq!(error.code, ToolErrorCode::InstallFailed, "{package}: {error}");
            for part in [package, limit, "use another version"] {
                assert!(error.message.contains(part), "{package} says {part}: {error}");
            }
            assert!(!error.message.contains(&*sandbox.cache.path().to_string_lossy()), "{error}");
            let asked = sandbox.registry.downloads().len();
            assert_eq!(sandbox.executor.describe(package, "1.0.0", "").await.unwrap_err(), error, "it is remembered");
            assert_eq!(sandbox.registry.downloads().len(), asked, "it is not tried again at once");
            assert!(!sandbox.cache.path().join(format!("tools/{package}@1.0.0")).exists());
        }
    }
    assert_little_is_left(&sandbox).await;
    assert!(peak_memory() < MEMORY, "{} bytes", peak_memory());
    sandbox.registry.publish("after", "1.0.0", json!({}), TOOL);
    assert_eq!(sandbox.run("after::t", json!({})).await.result, Ok(json!("fine")));
}

#[tokio::test]
async fn what_a_healing_unpacks_is_bounded_too_and_takes_the_image_with_it() {
    let Some(sandbox) = hostile::alone(small).await else { return };
    sandbox.registry.publish_tarball(
        "healme",
        json!({}),
        with_tool("healme", |tarball| shapes()[0].1(tarball, 100_000)),
    );
    let wants =
        json!({ "peerDependencies": { "healme": "^1" }, "peerDependenciesMeta": { "healme": { "optional": true } } });
    sandbox.registry.publish("healed", "1.0.0", wants, "import 'healme'; export const t = 1;");
    let error = sandbox.executor.describe("healed", "1.0.0", "").await.unwrap_err();
    assert_eq!(error.code, ToolErrorCode::InstallFailed, "{error}");
    assert!(error.message.contains("10000 files and folders"), "{error}");
    assert!(!sandbox.cache.path().join("tools/healed@1.0.0").exists());
    assert_little_is_left(&sandbox).await;
}

#[tokio::test]
async fn no_tarball_writes_outside_and_what_is_none_is_refused_in_words() {
    let Some(sandbox) = hostile::alone(small).await else { return };
    let mark = format!("omega-unpacked-{}", std::process::id());
    let (up, root) = (format!("package/{}{mark}", "../".repeat(12)), format!("/tmp/{mark}"));
    let victim = sandbox.cache.path().join("victim");
    fs::write(&victim, "whole").unwrap();
    let behind = format!("package/out/{mark}");
    let target = victim.to_string_lossy().into_owned();
    let whole = with_tool("whole", |_| Ok(()));
    let long = "a".repeat(64 << 10);
    let cases: Vec<(&str, bool, Vec<u8>)> = vec![
        ("upwards", false, with_tool("upwards", |tarball| tarball.file(&format!("package/../../{mark}"), b"x"))),
        ("far-upwards", false, with_tool("far-upwards", |tarball| tarball.pax(&up))),
        ("absolute", false, with_tool("absolute", |tarball| tarball.file(&root, b"x"))),
        ("absolute-pax", false, with_tool("absolute-pax", |tarball| tarball.pax(&root))),
        (
            "through-a-link",
            false,
            with_tool("through-a-link", |tarball| {
                tarball.entry(LINK, "package/out", "/tmp")?;
                tarball.file(&behind, b"x")
            }),
        ),
        (
            "onto-a-link",
            false,
            with_tool("onto-a-link", |tarball| {
                tarball.entry(LINK, "package/victim", &target)?;
                tarball.file("package/victim", b"broken")
            }),
        ),
        (
            "onto-a-hard-link",
            false,
            with_tool("onto-a-hard-link", |tarball| {
                tarball.entry(HARD_LINK, "package/victim", &target)?;
                tarball.file("package/victim", b"broken")
            }),
        ),
        (
            "devices",
            false,
            with_tool("devices", |tarball| {
                tarball.entry(DEVICE, "package/null", "")?;
                tarball.entry(PIPE, "package/pipe", "")
            }),
        ),
        ("sparse", false, with_tool("sparse", |tarball| tarball.entry(SPARSE, "package/sparse", ""))),
        ("nul", false, with_tool("nul", |tarball| tarball.pax("package/a\0b"))),
        ("long-name", false, with_tool("long-name", |tarball| tarball.pax(&format!("package/{long}")))),
        (
            "claims-terabytes",
            false,
            with_tool("claims-terabytes", |tarball| {
                tarball.pax_record("size", "9999999999999")?;
                tarball.entry(FILE, "package/huge", "")
            }),
        ),
        ("twice", false, with_tool("twice", |tarball| tarball.file("package/index.mjs", b"export const other = 1;"))),
        ("members", false, [whole.as_slice(), &whole].concat()),
        ("truncated", true, whole[..whole.len() / 2].to_vec()),
        ("text", true, b"this is no tarball".to_vec()),
        ("no-tar", true, packed_text()),
        ("nothing", true, Vec::new()),
    ];
    for (name, is_refused, tarball) in cases {
        sandbox.registry.publish_tarball(name, json!({}), tarball);
        let described = sandbox.executor.describe(name, "1.0.0", "").await;
        assert!(!is_refused || described.is_err(), "{name}");
        if let Err(error) = described {
            assert!(
                matches!(error.code, ToolErrorCode::InstallFailed | ToolErrorCode::ImportFailed),
                "{name}: {error}"
            );
            assert!(!error.message.contains(&*sandbox.cache.path().to_string_lossy()), "{name}: {error}");
            assert!(!error.message.contains("panicked"), "{name}: {error}");
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "whole", "{name}");
        for above in sandbox.cache.path().ancestors().chain([Path::new("/tmp")]) {
            assert!(!above.join(&mark).exists(), "{name}: {}", above.display());
        }
    }
    sandbox.registry.publish("after", "1.0.0", json!({}), TOOL);
    assert_eq!(sandbox.run("after::t", json!({})).await.result, Ok(json!("fine")));
}

fn packed_text() -> Vec<u8> {
    packed(|tarball| tarball.raw(&b"text that is no header ".repeat(400)))
}

/// Processor time of the programs of this process and of all that it waited for. Without the kernel's: a disk's journal takes six
/// times as much for the same files when it likes.
fn worked() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).step_by(2).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// What it costs to install a tarball of so many, in a sandbox that has nothing else to do.
async fn cost(shape: &str, write: Shape<Pipe>, count: usize) -> Option<Duration> {
    let sandbox = hostile::alone(|config| config).await?;
    sandbox.registry.publish_tarball(shape, json!({}), with_tool(shape, |tarball| write(tarball, count)));
    let before = worked();
    // One that is refused costs too.
    if let Err(error) = sandbox.executor.describe(shape, "1.0.0", "").await {
        assert_eq!(error.code, ToolErrorCode::InstallFailed, "{shape}: {error}");
    }
    // What it leaves is removed behind everybody's back, and counts too.
    let trash = sandbox.cache.path().join("trash");
    while fs::read_dir(&trash).is_ok_and(|left| left.count() > 0) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Some(worked() - before)
}

#[tokio::test]
async fn what_unpacks_to_twice_as_much_costs_less_than_three_times_as_much() {
    const COUNT: usize = 10_000;
    for (shape, write) in shapes() {
        let mut growth = Growth { once: Duration::MAX / 8, twice: Duration::MAX / 2 };
        for _ in 0..3 {
            let Some(once) = cost(shape, write, COUNT).await else { return };
            let Some(twice) = cost(shape, write, 2 * COUNT).await else { return };
            growth = Growth { once: growth.once.min(once), twice: growth.twice.min(twice) };
            if growth.is_linear() {
                break;
            }
        }
        assert!(growth.is_linear(), "{shape}: {growth:?}");
        assert!(peak_memory() < MEMORY, "{shape}: {} bytes", peak_memory());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_tarballs_at_the_limit_are_unpacked_the_server_answers() {
    // A quarter of the real limits: minutes of the same are no more than half a minute of it.
    const BYTES: u64 = IMAGE_BYTES.most as u64 / 4;
    const FILES: usize = IMAGE.most / 4;
    let installs = Limits { scratch: BYTES, entries: FILES, ..Limits::INSTALL };
    let Some(sandbox) = hostile::alone(|config| LocalConfig { installs, ..config }).await else { return };
    let bombs = [
        ("files", with_tool("files", |tarball| shapes()[0].1(tarball, 2 * FILES))),
        (
            "zeros",
            with_tool("zeros", |tarball| {
                let half_more = 3 * BYTES / 2 / (64 * MIB);
                (0..half_more).try_for_each(|n| tarball.zeros(&format!("package/z{n}"), 64 * MIB))
            }),
        ),
    ];
    let mut largest = 0;
    for (name, tarball) in &bombs {
        sandbox.registry.publish_tarball(name, json!({}), tarball.clone());
    }
    let omega = Omega::start(Script::new()).await;
    let pulse = Pulse::of(&omega);
    for (name, _) in &bombs {
        let installing = sandbox.executor.describe(name, "1.0.0", name);
        tokio::pin!(installing);
        let outcome = loop {
            match tokio::time::timeout(Duration::from_secs(1), &mut installing).await {
                Ok(outcome) => break outcome,
                Err(_) => {
                    let tools = sandbox.cache.path().join("tools");
                    largest = largest.max(tokio::task::spawn_blocking(move || written(&tools)).await.unwrap());
                }
            }
        };
        let error = outcome.unwrap_err();
        assert_eq!(error.code, ToolErrorCode::InstallFailed, "{name}: {error}");
    }
    let longest = pulse.longest().await;
    assert!(longest < PATIENCE, "{longest:?}");
    assert!(largest < 2 * BYTES, "{largest} bytes on the disk");
    assert_little_is_left(&sandbox).await;
}

/// Bytes of files below a folder, each once however many names it has.
fn written(folder: &Path) -> u64 {
    everything(folder).filter(|meta| meta.is_file()).map(|meta| meta.blocks() * 512 / meta.nlink().max(1)).sum()
}
