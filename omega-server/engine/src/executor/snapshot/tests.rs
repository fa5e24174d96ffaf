use super::*;
use std::os::unix::fs::symlink;

fn package(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const MANIFEST: (&str, &str) = ("package.json", r#"{"name":"@me/tool","version":"1.2.3-beta.1+x","main":"lib"}"#);

#[test]
fn a_copy_is_named_by_its_contents_and_holds_nothing_hidden_or_installed() {
    let cache = tempfile::tempdir().unwrap();
    let folder = package(&[
        MANIFEST,
        ("lib/index.js", "1"),
        (".env", "KEY=secret"),
        ("lib/.cache/x", "x"),
        ("node_modules/zod/index.js", "z"),
    ]);
    symlink("lib/index.js", folder.path().join("also.js")).unwrap();
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    let first = of_folder(cache.path(), folder.path()).unwrap();
    assert_eq!(first.name, "@me/tool");
    assert!(first.version.starts_with("1.2.3-beta.1.local.h") && is_snapshot(&first.version), "{}", first.version);
    assert!(semver::Version::parse(&first.version).is_ok());
    assert_eq!(of_folder(cache.path(), folder.path()).unwrap(), first, "the same again");
    let spec = Spec::new(&first.name, &first.version).unwrap();
    let (copy, wanted) = find(cache.path(), &spec).unwrap();
    let mut names: Vec<_> = super::super::contents::walk(&copy)
        .flatten()
        .filter(|(entry, _)| entry.file_type().unwrap().is_file())
        .map(|(entry, _)| entry.path().strip_prefix(&copy).unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["also.js", "lib/index.js", "package.json"]);
    assert!(wanted.is_empty());
    fs::write(folder.path().join("lib/index.js"), "2").unwrap();
    let second = of_folder(cache.path(), folder.path()).unwrap();
    assert_ne!(second.version, first.version);
    assert!(find(cache.path(), &spec).is_ok(), "what began with it goes on");
}

#[test]
fn what_can_not_be_tried_says_why_and_what_to_do() {
    let cache = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("secret"), "s").unwrap();
    for (files, link, words) in [
        (vec![("index.js", "1")], None, "has no package.json"),
        (vec![("package.json", "[]")], None, "no JSON object"),
        (vec![("package.json", r#"{"name":"../x"}"#)], None, "is none that npm takes"),
        (vec![("package.json", r#"{"name":"x","main":"dist/a.js"}"#)], None, "build the package first"),
        (
            vec![("package.json", r#"{"name":"x","exports":{".":{"types":"./a.d.ts","import":"./dist/a.mjs"}}}"#)],
            None,
            "points to ./dist/a.mjs",
        ),
        (vec![MANIFEST, ("lib/index.js", "")], Some(out.path().join("secret")), "leads out of the folder"),
        (vec![MANIFEST, ("lib/index.js", "")], Some("/etc/passwd".into()), "leads out of the folder"),
        (vec![MANIFEST, ("lib/index.js", "")], Some(out.path().to_owned()), "leads out of the folder"),
        (vec![MANIFEST, ("lib/index.js", "")], Some("lib".into()), "link to a folder"),
    ] {
        let folder = package(&files);
        if let Some(target) = link {
            symlink(target, folder.path().join("link.js")).unwrap();
        }
        let error = of_folder(cache.path(), folder.path()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(of_folder(cache.path(), Path::new("/nonexistent")).is_err());
    let drafts = fs::read_dir(cache.path().join(FOLDER)).unwrap().count();
    assert_eq!(drafts, 0, "nothing of what was refused stays");
}

#[test]
fn only_packages_of_npm_are_installed_for_a_copy() {
    let cache = tempfile::tempdir().unwrap();
    let wants = |field: &str, range: &str| {
        let manifest = format!(
            r#"{{"name":"x","{field}":{{"dep":"{range}"}},"peerDependenciesMeta":{{"dep":{{"optional":{}}}}}}}"#,
            field == "optional"
        );
        let folder = package(&[("package.json", &manifest)]);
        let Snapshot { name, version } = of_folder(cache.path(), folder.path()).unwrap();
        find(cache.path(), &Spec::new(&name, &version).unwrap()).map(|(_, wanted)| wanted)
    };
    for range in ["^1", "latest", "1 - 2", ""] {
        assert_eq!(wants("dependencies", range).unwrap().len(), 1, "{range}");
    }
    assert_eq!(wants("peerDependencies", "^1").unwrap().len(), 1);
    assert_eq!(wants("devDependencies", "file:..").unwrap().len(), 0);
    for range in ["file:../x", "workspace:*", "link:/", "git+https://h/x.git", "user/repo", "http://h/x.tgz", "/etc"] {
        let error = wants("dependencies", range).unwrap_err();
        assert!(error.message.contains("publish that package, or bundle it"), "{error}");
    }
}

#[test]
fn versions_of_copies_are_told_from_all_others() {
    for version in ["1.0.0-local.h0123456789abcdef", "0.0.0-beta.1.local.hffffffffffffffff"] {
        assert!(is_snapshot(version), "{version}");
    }
    for version in ["1.0.0", "1.0.0-local", "latest", "1.0.0-local.h012", "1.0.0-xlocal.h0123456789abcdef", "^1"] {
        assert!(!is_snapshot(version), "{version}");
    }
}

/// A tarball of entries: kind, name and contents.
fn packed(entries: &[(u8, &str, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (kind, name, contents) in entries {
        let mut header = [0_u8; 512];
        header[..name.len().min(100)].copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
        header[124..135].copy_from_slice(format!("{:011o}", contents.len()).as_bytes());
        header[156] = *kind;
        header[257..262].copy_from_slice(b"ustar");
        tar.extend(header);
        tar.extend(*contents);
        tar.resize(tar.len().div_ceil(512) * 512, 0);
    }
    tar.resize(tar.len() + 1024, 0);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut gzip, &tar).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn a_tarball_is_unpacked_with_long_names_and_nothing_of_it_leads_out() {
    let cache = tempfile::tempdir().unwrap();
    let file = cache.path().join("tool-1.0.0.tgz");
    let long = format!("package/{}/index.js", "d".repeat(150));
    let pax = format!("{} path={long}\n", long.len() + 10);
    let manifest = br#"{"name":"tool","version":"1.0.0","main":"index.js"}"#;
    let good: &[(u8, &str, &[u8])] = &[
        (b'0', "package/package.json", manifest),
        (b'5', "package/lib/", b""),
        (0, "package/index.js", b"1"),
        (b'x', "package/pax", pax.as_bytes()),
        (b'0', "package/short", b"long"),
        (b'L', "././@LongLink", b"package/gnu/name.js\0"),
        (b'0', "package/short", b"gnu"),
        (b'2', "package/link", b""),
    ];
    fs::write(&file, packed(good)).unwrap();
    let Snapshot { name, version } = of_tarball(cache.path(), &file).unwrap();
    let (copy, _) = find(cache.path(), &Spec::new(&name, &version).unwrap()).unwrap();
    assert_eq!(fs::read(copy.join("gnu/name.js")).unwrap(), b"gnu");
    assert_eq!(fs::read(copy.join("d".repeat(150)).join("index.js")).unwrap(), b"long");
    assert!(!copy.join("link").exists());
    for (bad, words) in [
        (packed(&[(b'0', "package/../../evil", b"x")]), "no path within"),
        (packed(&[(b'0', "package", b"x")]), "no path within"),
        (packed(&[(b'0', "package/index.js", b"x")]), "package.json is missing"),
        (b"no gzip at all".to_vec(), "can't be unpacked"),
        (packed(good)[..60].to_vec(), "package"),
    ] {
        fs::write(&file, bad).unwrap();
        let error = of_tarball(cache.path(), &file).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(!cache.path().join("evil").exists());
}
