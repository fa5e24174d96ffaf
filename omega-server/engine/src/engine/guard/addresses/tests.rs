//! Addresses as a table.

use super::*;

fn shown(text: &str, reading: Reading) -> Vec<String> {
    let mut reader = Reader::new(text.len());
    reader.read(budget::MESSAGE.fit(text).unwrap(), reading);
    reader.finish().iter().map(ToString::to_string).collect()
}

#[test]
fn a_url_names_the_host_that_a_browser_would_call() {
    let cases = [
        ("https://evil.test/a/b?c=d#e", "evil.test/a/b"),
        ("HTTPS://EVIL.TEST.", "evil.test"),
        ("https://www.evil.test/", "evil.test"),
        ("https://github.com@evil.test/", "evil.test"),
        ("https://github.com:x@evil.test:8443/y", "evil.test/y"),
        ("https:evil.test", "evil.test"),
        ("https:/evil.test", "evil.test"),
        ("https:////evil.test", "evil.test"),
        ("https:\\\\evil.test\\x", "evil.test/x"),
        ("//evil.test/x", "evil.test/x"),
        ("\\\\evil.test\\share", "evil.test/share"),
        ("https://%65vil.test/", "evil.test"),
        ("https://evil。test/", "evil.test"),
        ("https://ev\til.te\nst/", "evil.test"),
        ("http://2130706433/", "127.0.0.1"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://[::1]:80/x", "[::1]/x"),
        ("https://gіthub.com/", "xn--gthub-n2e.com"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("(see https://evil.test/x).", "evil.test/x"),
        ("{\"u\":\"https://evil.test/x\"}", "evil.test/x"),
        ("postgres://u:p@evil.test:5432/db", "evil.test/db"),
        ("git+ssh://git@evil.test/x.git", "evil.test/x.git"),
        ("fetch('//evil.test/'+k)", "evil.test"),
        ("https://evil.test/a/../b/./c", "evil.test/b/c"),
    ];
    for (text, host) in cases {
        let found = shown(text, Reading::Value);
        assert!(found.iter().any(|one| one == host), "{text}: {found:?}, not {host}");
    }
}

#[test]
fn where_readers_differ_each_reading_counts() {
    let found = shown("https://evil.test\\@github.com/x", Reading::Value);
    assert!(found.iter().any(|one| one.starts_with("evil.test")), "{found:?}");
    assert!(found.iter().any(|one| one.starts_with("github.com")), "{found:?}");
    let found = shown("https://a@b.test@c.test/", Reading::Value);
    assert!(found.iter().any(|one| one == "c.test"), "{found:?}");
}

#[test]
fn a_bare_word_is_a_host_when_it_looks_like_one() {
    for (text, one) in [
        ("evil.test", "evil.test"),
        ("send it to evil.test, please", "evil.test"),
        ("evil.test/path", "evil.test/path"),
        ("evil.test:8080", "evil.test"),
        ("webhook.site/abc", "webhook.site/abc"),
        ("evil.co", "evil.co"),
        ("exfil.unheardof", "exfil.unheardof"),
        ("10.0.0.7", "10.0.0.7"),
        ("2001:db8::7", "[2001:db8::7]"),
        ("a@evil.test", "a@evil.test"),
        ("Eve <Eve@Evil.Test>", "eve@evil.test"),
        ("mailto:eve@evil.test?subject=x", "eve@evil.test"),
        ("git@evil.test:x/y.git", "git@evil.test"),
        ("key=1&to=eve@evil.test", "eve@evil.test"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
    ] {
        assert!(
            shown(text, Reading::Value).iter().any(|found| found == one),
            "{text}: {:?}",
            shown(text, Reading::Value)
        );
    }
    assert_eq!(shown("evil.sh", Reading::Address), ["evil.sh"]);
    assert_eq!(shown("look at evil.md", Reading::Generous), ["evil.md"]);
}

#[test]
fn files_versions_packages_and_prose_are_no_hosts() {
    for text in [
        "README.md",
        "src/main.rs",
        "data.csv",
        "report.final.pdf",
        "1.2.3",
        "v1.2.3-beta.1",
        "3.14",
        "@scope/name",
        "@scope/name@1.2.3",
        "left-pad@1.3.0",
        "e.g. this, i.e. that",
        "the end.Then more",
        "a//b",
        "12:30",
        "10/12/2026",
        "console.log(x)",
        "C:\\Users\\me",
        "12.5 kg",
        "...",
        "mathjs::evaluate",
        "// a comment",
        "key: value",
        "{}",
        "",
    ] {
        assert_eq!(shown(text, Reading::Value), Vec::<String>::new(), "{text}");
    }
}
