use super::*;
use omega_core::budget::QUERY;

fn index(rows: &[(&str, &str, &str)]) -> Index {
    let mut index = Index::default();
    for (id, text, category) in rows {
        put(&mut index, id, text, category, 0, false);
    }
    index
}

fn put(index: &mut Index, id: &str, text: &str, category: &str, downloads: u64, broken: bool) {
    let (package, name) = id.split_once("::").unwrap();
    index.put(&Document { id, name, package, text: &[text], inputs: "", category, downloads, broken, trust: 0 });
}

fn words(text: &str) -> Bounded<'_> {
    QUERY.fit(text).unwrap()
}

fn ids(found: &[FoundDocument]) -> Vec<&str> {
    found.iter().map(|hit| hit.id.as_str()).collect()
}

#[test]
fn a_request_in_plain_words_finds_the_tool() {
    let index = index(&[
        ("papaparse::parse", "Parses CSV text into rows", "data"),
        ("mathjs::evaluate", "Calculates an expression", "data"),
        ("marked::parse", "Renders Markdown as HTML", "documentation"),
    ]);
    assert_eq!(
        ids(&index.search(words("Could you please help me parsing a csv file?"), None, 5))[0],
        "papaparse::parse"
    );
    assert_eq!(ids(&index.search(words("calculate expressions"), None, 5)), ["mathjs::evaluate"]);
    assert!(index.search(words("zebra"), None, 5).is_empty());
    assert!(index.search(words(""), None, 5).is_empty());
    assert!(index.search(words("csv"), None, 0).is_empty());
}

#[test]
fn a_category_filters_and_an_unknown_one_finds_nothing() {
    let index = index(&[("a::parse", "parse things", "data"), ("b::parse", "parse things", "html")]);
    assert_eq!(ids(&index.search(words("parse"), Some("HTML"), 5)), ["b::parse"]);
    assert!(index.search(words("parse"), Some("nowhere"), 5).is_empty());
}

#[test]
fn a_document_put_again_replaces_the_old_one() {
    let mut index = index(&[("a::b", "apples", "x")]);
    put(&mut index, "a::b", "pears", "x", 0, false);
    assert_eq!(index.len(), 1);
    assert!(index.search(words("apples"), None, 5).is_empty());
    assert_eq!(ids(&index.search(words("pears"), None, 5)), ["a::b"]);
    assert!(index.remove("a::b") && !index.remove("a::b"));
    assert!(index.is_empty() && index.search(words("pears"), None, 5).is_empty());
}

#[test]
fn broken_tools_come_last_and_downloads_only_break_ties() {
    let mut index = Index::default();
    put(&mut index, "a::x", "weather report", "", 10, false);
    put(&mut index, "b::x", "weather report", "", 20, false);
    put(&mut index, "c::x", "weather report weather", "", 999, true);
    assert_eq!(ids(&index.search(words("weather"), None, 5)), ["b::x", "a::x", "c::x"]);
}

#[test]
fn load_order_never_changes_an_answer() {
    let rows = [
        ("a::one", "split text into words", "x"),
        ("b::two", "split text into lines", "x"),
        ("c::three", "join lines into text", "x"),
        ("d::four", "split a bill", "x"),
    ];
    let mut turned = rows;
    turned.reverse();
    for query in ["split text", "lines", "text into words and lines"] {
        assert_eq!(index(&rows).search(words(query), None, 9), index(&turned).search(words(query), None, 9), "{query}");
    }
}

#[test]
fn a_name_is_found_in_every_spelling_and_with_a_typing_error() {
    let index = index(&[
        ("html-to-text::convert", "Lays out a page", "html"),
        ("@acme/texthtml::run", "Text to html and html to text and text of html", "html"),
        ("left-pad::leftPad", "Pads", "text"),
    ]);
    for query in ["html-to-text", "html to text", "htmlToText", "htmltotext", "htlm-to-text", "html-to-txt"] {
        assert_eq!(ids(&index.search(words(query), None, 3))[0], "html-to-text::convert", "{query}");
    }
}

#[test]
fn the_nearest_ids_are_those_of_that_name_first() {
    let index = index(&[
        ("mathjs::evaluate", "x", "x"),
        ("other::evaluate", "x", "x"),
        ("mathjs::inv", "x", "x"),
        ("unrelated::thing", "x", "x"),
    ]);
    assert_eq!(index.nearest("math::evaluate", 2), ["mathjs::evaluate", "other::evaluate"]);
    assert_eq!(index.nearest("mathjs::evalaute", 1), ["mathjs::evaluate"]);
    assert!(index.nearest("mathjs::nothing", 5).contains(&String::from("mathjs::inv")));
    assert!(index.nearest("qqqqqq::zzzzzz", 5).is_empty());
}

#[test]
fn replacing_documents_again_and_again_leaves_nothing_behind() {
    let mut index = index(&[("steady::one", "a rock that stays", "x")]);
    for round in 0..3_000 {
        put(&mut index, "busy::two", &format!("round {round}"), "x", 0, false);
    }
    assert!(index.documents.len() < 2_000, "{}", index.documents.len());
    assert_eq!(ids(&index.search(words("round 2999"), None, 5)), ["busy::two"]);
    assert_eq!(ids(&index.search(words("rock that stays"), None, 5)), ["steady::one"]);
    assert_eq!(index.nearest("steady::oen", 1), ["steady::one"]);
    assert_eq!(index.list(None, 0, 9), ["steady::one", "busy::two"]);
    assert!(index.search(words("round 7"), None, 5).len() == 1, "`round` is left, 7 is not");
}

#[test]
fn what_is_known_to_work_comes_before_its_equal_and_not_before_what_fits_better() {
    let mut index = Index::default();
    let put = |index: &mut Index, id: &str, text: &str, trust: i8| {
        index.put(&Document {
            id,
            name: id,
            package: "p",
            text: &[text],
            inputs: "",
            category: "",
            downloads: 9,
            broken: false,
            trust,
        });
    };
    put(&mut index, "a", "converts currencies", -3);
    put(&mut index, "b", "converts currencies", 0);
    put(&mut index, "c", "converts currencies", 3);
    put(&mut index, "d", "converts currencies by the rates of today", -4);
    put(&mut index, "e", "converts temperatures", 4);
    let ids = |text: &str| index.search(words(text), None, 9).into_iter().map(|found| found.id).collect::<Vec<_>>();
    assert_eq!(ids("converts currencies")[..3], ["c", "b", "a"]);
    assert_eq!(ids("rates of currencies today")[0], "d");
}

/// `a::x` is everybody's and the user's own; the rest is one of both.
#[test]
fn an_index_above_stands_in_place_of_what_is_below_and_its_hits_compare() {
    let rows: Vec<(String, String)> = (0..50).map(|n| (format!("other{n}::f"), format!("filler number {n}"))).collect();
    let mut shared = Index::default();
    for (id, text) in &rows {
        put(&mut shared, id, text, "data", 0, false);
    }
    put(&mut shared, "a::x", "weather forecast for a city", "data", 0, false);
    put(&mut shared, "b::y", "weather forecast with maps", "data", 0, false);
    let own = index(&[("a::x", "zebra stripes", "mine"), ("c::z", "weather forecast for a city of mine", "mine")]);
    let find = |own: Option<&Index>, text: &str| {
        let found = shared.search_below(own, words(text), None, 5);
        found.into_iter().map(|hit| hit.id).collect::<Vec<_>>()
    };
    assert_eq!(find(None, "city weather forecast")[0], "a::x");
    assert!(find(None, "zebra stripes").is_empty(), "what is a user's own is found by nobody else");
    assert_eq!(find(Some(&own), "zebra stripes"), ["a::x"]);
    assert_eq!(find(Some(&own), "city weather forecast"), ["c::z", "b::y"], "the row below is not there for its user");
    assert_eq!(find(Some(&own), "forecast with maps")[0], "b::y", "one's own is not preferred either");
    let filtered = |category| shared.search_below(Some(&own), words("weather"), Some(category), 5);
    assert_eq!((ids(&filtered("mine")), ids(&filtered("data"))), (vec!["c::z"], vec!["b::y"]));
    let listed = shared.list_below(Some(&own), Some("data"), 0, 100);
    assert!(listed.len() == 51 && !listed.iter().any(|id| id == "a::x"));
    // As good as if all were in one index.
    let mut whole = Index::default();
    for (id, text) in rows.iter().map(|(id, text)| (id.as_str(), text.as_str())).chain([
        ("b::y", "weather forecast with maps"),
        ("a::x", "zebra stripes"),
        ("c::z", "weather forecast for a city of mine"),
    ]) {
        put(&mut whole, id, text, "data", 0, false);
    }
    for text in ["weather forecast", "city", "maps of zebra", "number 7"] {
        let alone: Vec<String> = whole.search(words(text), None, 5).into_iter().map(|hit| hit.id).collect();
        assert_eq!(find(Some(&own), text), alone, "{text}");
    }
}

/// Random numbers that are the same every time.
fn random() -> impl FnMut(usize) -> usize {
    let mut state = 11_u64;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    }
}

/// What can't be among the best is passed over. Nothing else may be: the best few are the first of all, in a corpus of several windows
/// whose words are as rare as one and as frequent as half, with what is broken, trusted, gone, of a category and the user's own.
#[test]
fn the_best_few_are_the_first_of_all() {
    const WORDS: usize = 300;
    let mut random = random();
    // The lower a word's number, the more frequent it is.
    let mut word = move || (0..2).fold(random(WORDS), |most, _| random(1 + most));
    let mut any = self::random();
    let mut sentence = |most: usize| (0..=any(most)).map(|_| format!("w{}", word())).collect::<Vec<_>>().join(" ");
    let (mut shared, mut own) = (Index::default(), Index::default());
    let mut choose = self::random();
    for number in 0..11_000_usize {
        let id = if choose(200) == 0 { format!("w{}::f{number}", choose(9)) } else { format!("p{number}::f{number}") };
        let (package, name) = id.split_once("::").unwrap();
        let (name, text) = if choose(5) == 0 { (sentence(1), sentence(20)) } else { (name.to_owned(), sentence(12)) };
        let document = Document {
            id: &id,
            name: &name,
            package,
            text: &[&text],
            inputs: &sentence(3),
            category: if choose(20) == 0 { "rare" } else { "usual" },
            downloads: u64::try_from(choose(3)).unwrap(),
            broken: choose(15) == 0,
            trust: i8::try_from(choose(9)).unwrap() - 4,
        };
        shared.put(&document);
        if choose(100) == 0 {
            own.put(&document);
        }
        if choose(30) == 0 {
            shared.remove(&id);
        }
    }
    for round in 0..120 {
        let text = sentence([1, 3, 8, 40][round % 4]);
        let category = [None, None, Some("rare")][round % 3];
        let own = (round % 2 == 0).then_some(&own);
        let search = |limit| shared.search_below(own, words(&text), category, limit);
        let all = search(20_000);
        for limit in [1, 3, 10, 60] {
            let found = search(limit);
            assert_eq!(found, all[..limit.min(all.len())], "{limit} of {text}");
        }
    }
}

fn saved(index: &Index) -> Vec<u8> {
    let mut bytes = Vec::new();
    index.save(b"about", &mut bytes).unwrap();
    bytes
}

#[test]
fn a_saved_index_is_the_same_and_goes_on() {
    let mut random = random();
    let mut index = Index::default();
    for number in 0..3_000 {
        let id = format!("package{}::tool{number}", random(500));
        let text = format!("w{} w{} w{}", random(3), random(40), random(400));
        put(&mut index, &id, &text, ["data", "web"][random(2)], 3, random(9) == 0);
    }
    index.remove("package1::tool1");
    let bytes = saved(&index);
    let (mut again, about) = Index::load(bytes.as_slice()).unwrap();
    assert_eq!((about.as_slice(), Index::about(bytes.as_slice()).unwrap()), (b"about".as_slice(), b"about".to_vec()));
    assert!(saved(&again) == bytes);
    let same = |index: &Index, again: &Index| {
        assert_eq!((index.len(), index.list(None, 0, 9_999)), (again.len(), again.list(None, 0, 9_999)));
        for text in ["w1", "w1 w7 w300", "package7", "tool 700", "tool12345", "w399 w39 w2"] {
            let search = |index: &Index| index.search(words(text), None, 50);
            assert_eq!((search(index), index.nearest(text, 9)), (search(again), again.nearest(text, 9)), "{text}");
        }
    };
    same(&index, &again);
    for index in [&mut index, &mut again] {
        put(index, "new::w7", "w7 of another", "web", 9, false);
        put(index, "package2::tool2", "something else", "web", 9, false);
        for number in 0..1_500 {
            index.remove(&format!("package{}::tool{number}", number % 500));
        }
    }
    same(&index, &again);
}

/// Whatever happens to a file: it is read as it was written, or not at all.
#[test]
fn a_spoiled_file_is_no_index() {
    let index = index(&[("papaparse::parse", "Parses CSV text into rows", "data"), ("a::b", "something", "x")]);
    let bytes = saved(&index);
    assert!(Index::load(bytes.as_slice()).is_ok());
    for length in 0..bytes.len() {
        assert!(Index::load(&bytes[..length]).is_err(), "cut to {length}");
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            assert!(Index::load(bytes.as_slice()).is_err(), "{bit} of {at}");
        }
    }
}
