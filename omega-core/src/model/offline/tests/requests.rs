//! What realistic requests lead to: the tool, and its whole input.

use super::called;
use serde_json::{Value, json};

fn cases() -> Vec<(&'static str, &'static [&'static str], Value)> {
    vec![
        // mathematics
        (
            "What is the determinant of [[2,1],[1,3]]?",
            &["mathjs::evaluate"],
            json!({"expression": "det([[2,1],[1,3]])"}),
        ),
        ("calculate 2*(3+4)^2", &["mathjs::evaluate"], json!({"expression": "2*(3+4)^2"})),
        ("convert 5 miles to km", &["mathjs::evaluate"], json!({"expression": "5 mile to km"})),
        ("what is 15% of 80?", &["mathjs::evaluate"], json!({"expression": "15 / 100 * 80"})),
        ("square root of 144", &["mathjs::evaluate"], json!({"expression": "sqrt(144)"})),
        ("20 degrees celsius in fahrenheit", &["mathjs::evaluate"], json!({"expression": "20 degC to degF"})),
        ("what is the factorial of 10", &["mathjs::evaluate"], json!({"expression": "factorial(10)"})),
        ("the median of 3, 5, 1 and 9", &["simple-statistics::median"], json!({"numbers": [3, 5, 1, 9]})),
        ("average of [1, 2, 6]", &["mathjs::evaluate"], json!({"expression": "mean([1, 2, 6])"})),
        (
            "What is the 95th percentile of [1,2,3,4,5] with p = 0.95",
            &["simple-statistics::quantile"],
            json!({"numbers": [1, 2, 3, 4, 5], "p": 0.95}),
        ),
        (
            "correlation of [1,2,3] and [2,4,7]",
            &["simple-statistics::sampleCorrelation"],
            json!({"x": [1, 2, 3], "y": [2, 4, 7]}),
        ),
        // data formats
        (
            "Parse this CSV:\n```csv\nname,age\nAda,36\n```",
            &["papaparse::parse"],
            json!({"csv": "name,age\nAda,36", "options": {"header": true}}),
        ),
        (
            "please parse it\n<stdin>\nname,age\nAda,36\n</stdin>",
            &["papaparse::parse"],
            json!({"csv": "name,age\nAda,36", "options": {"header": true}}),
        ),
        ("turn [{\"a\":1,\"b\":2}] into CSV", &["papaparse::unparse"], json!({"rows": [{"a": 1, "b": 2}]})),
        (
            "Convert this YAML to JSON:\n```yaml\na: 1\nb: [2, 3]\n```",
            &["js-yaml::load"],
            json!({"yaml": "a: 1\nb: [2, 3]"}),
        ),
        ("convert {\"a\": [1, 2]} to YAML", &["js-yaml::dump"], json!({"value": {"a": [1, 2]}})),
        ("repair this JSON: {a: 1, b: 'x',}", &["jsonrepair::jsonrepair"], json!({"json": "{a: 1, b: 'x',}"})),
        (
            "validate {\"a\": 1} against the schema {\"type\": \"object\"}",
            &["jsonschema::validate"],
            json!({"value": {"a": 1}, "schema": {"type": "object"}}),
        ),
        (
            "convert to json\n```xml\n<note><to>Ada</to></note>\n```",
            &["xml-js::xml2json"],
            json!({"xml": "<note><to>Ada</to></note>"}),
        ),
        // text
        ("slugify Hello Wörld & more", &["slugify::default"], json!({"text": "Hello Wörld & more"})),
        ("Please slugify \"Hello World\"", &["slugify::default"], json!({"text": "Hello World"})),
        ("slugify: My first post!", &["slugify::default"], json!({"text": "My first post!"})),
        (
            "Levenshtein distance between \"kitten\" and \"sitting\"",
            &["fastest-levenshtein::distance"],
            json!({"a": "kitten", "b": "sitting"}),
        ),
        (
            "levenshtein distance between kitten and sitting",
            &["fastest-levenshtein::distance"],
            json!({"a": "kitten", "b": "sitting"}),
        ),
        (
            "unified diff of \"a\\nb\" and \"a\\nc\"",
            &["diff::createPatch"],
            json!({"oldText": "a\\nb", "newText": "a\\nc"}),
        ),
        (
            "diff these lines\n```\none\ntwo\n```\n```\none\n2\n```",
            &["diff::diffLines", "diff::createPatch"],
            json!({"oldText": "one\ntwo", "newText": "one\n2"}),
        ),
        ("convert \"hello big world\" to snake case", &["change-case::snakeCase"], json!({"text": "hello big world"})),
        ("spell 1234 in words", &["number-to-words::toWords"], json!({"number": 1234})),
        ("write 1994 as a roman numeral", &["romans::romanize"], json!({"number": 1994})),
        ("cowsay moo", &["cowsay::say"], json!({"options": {"text": "moo"}})),
        (
            "which language is \"Das ist ein kurzer deutscher Satz\"?",
            &["franc::franc"],
            json!({"text": "Das ist ein kurzer deutscher Satz"}),
        ),
        // markup and code
        (
            "Render this markdown as html:\n```md\n# Hi\n\n*x*\n```",
            &["marked::parse"],
            json!({"markdown": "# Hi\n\n*x*"}),
        ),
        (
            "Convert this HTML to Markdown: `<h1>Hi</h1>`",
            &["node-html-markdown::NodeHtmlMarkdown.translate"],
            json!({"html": "<h1>Hi</h1>"}),
        ),
        (
            "format this sql: select a,b from t where x=1",
            &["sql-formatter::format"],
            json!({"sql": "select a,b from t where x=1", "options": {"language": "sql"}}),
        ),
        (
            "format\n```sql\nselect a,b from t where x=1\n```",
            &["sql-formatter::format"],
            json!({"sql": "select a,b from t where x=1"}),
        ),
        // checks
        ("is a@b.co a valid email address?", &["validator::isEmail"], json!({"email": "a@b.co"})),
        ("validate the email not-an@email", &["validator::isEmail"], json!({"email": "not-an@email"})),
        ("is https://example.com a valid URL", &["validator::isURL"], json!({"url": "https://example.com"})),
        ("does 1.5.2 satisfy ^1.0.0?", &["semver::satisfies"], json!({"version": "1.5.2", "range": "^1.0.0"})),
        ("compare versions 1.2.3 and 1.10.0", &["semver::compare"], json!({"a": "1.2.3", "b": "1.10.0"})),
        ("is 192.168.0.1 a valid ip", &["validator::isIP"], json!({"ip": "192.168.0.1"})),
        // dates
        ("parse the date \"next Friday at 3pm\"", &["chrono-node::parseDate"], json!({"text": "next Friday at 3pm"})),
        (
            "how many days from 2024-01-05 to 2024-03-01",
            &["date-fns::differenceInCalendarDays"],
            json!({"earlier": "2024-01-05", "later": "2024-03-01"}),
        ),
        ("add 10 days to 2024-01-05", &["date-fns::addDays"], json!({"date": "2024-01-05", "days": 10})),
        ("what is the ISO week number of 2024-01-05", &["date-fns::getISOWeek"], json!({"date": "2024-01-05"})),
        ("explain cron 0 9 * * 1-5", &["cronstrue::toString"], json!({"expression": "0 9 * * 1-5"})),
        (
            "what does the cron expression \"*/5 * * * *\" mean?",
            &["cronstrue::toString"],
            json!({"expression": "*/5 * * * *"}),
        ),
        // ids, codes, hashes
        ("generate a uuid", &["uuid::v4"], json!({})),
        (
            "make a QR code for https://example.com",
            &["qrcode::toString", "qrcode::toDataURL"],
            json!({"text": "https://example.com"}),
        ),
        ("sha256 hash of \"hello\"", &["hash-wasm::sha256"], json!({"text": "hello"})),
        ("base64 encode \"hello\"", &["js-base64::encode"], json!({"text": "hello"})),
        ("contrast ratio of #ffffff and #777777", &["wcag-contrast::hex"], json!({"a": "#ffffff", "b": "#777777"})),
        ("what is the country code of Japan", &["country-list::getCode"], json!({"name": "Japan"})),
        // the tool named
        ("mathjs::evaluate {\"expression\": \"1+1\"}", &["mathjs::evaluate"], json!({"expression": "1+1"})),
        ("use `validator::isEmail` with email: a@b.co", &["validator::isEmail"], json!({"email": "a@b.co"})),
        ("run parseDate on \"tomorrow\"", &["chrono-node::parseDate"], json!({"text": "tomorrow"})),
        ("fetch https://example.com/data.json", &["ofetch::ofetch"], json!({"url": "https://example.com/data.json"})),
        // the long tail
        ("Turn this JSON into YAML: {\"name\": \"Ada\"}", &["js-yaml::dump"], json!({"value": {"name": "Ada"}})),
        ("to yaml\n<stdin>\n{\"a\": [1, 2]}\n</stdin>", &["js-yaml::dump"], json!({"value": {"a": [1, 2]}})),
        ("fix this json {\"a\": 1,, \"b\": 2", &["jsonrepair::jsonrepair"], json!({"json": "{\"a\": 1,, \"b\": 2"})),
        (
            "minify this js: function f ( a ) { return a + 1 }",
            &["terser::minify"],
            json!({"code": "function f ( a ) { return a + 1 }"}),
        ),
        (
            "convert csv to json\n<stdin>\na,b\n1,2\n</stdin>",
            &["papaparse::parse"],
            json!({"csv": "a,b\n1,2", "options": {"header": true}}),
        ),
        (
            "html to text: <p>Hello <b>World</b></p>",
            &["html-to-text::convert"],
            json!({"html": "<p>Hello <b>World</b></p>"}),
        ),
        (
            "sanitize <script>alert(1)</script><p>hi</p>",
            &["sanitize-html::default"],
            json!({"html": "<script>alert(1)</script><p>hi</p>"}),
        ),
        ("is DE89370400440532013000 a valid IBAN?", &["validator::isIBAN"], json!({"iban": "DE89370400440532013000"})),
        ("Is \"978-3-16-148410-0\" a valid ISBN?", &["validator::isISBN"], json!({"isbn": "978-3-16-148410-0"})),
        ("is the password \"hunter2\" strong", &["validator::isStrongPassword"], json!({"password": "hunter2"})),
        (
            "validate the phone number +49 30 123456",
            &["libphonenumber-js::isValidPhoneNumber"],
            json!({"phone": "+49 30 123456"}),
        ),
        ("Please tell me if 2001:db8::1 is a valid IP address", &["validator::isIP"], json!({"ip": "2001:db8::1"})),
        (
            "which of 1.0.0, 1.4.2, 2.0.0 is the highest satisfying ^1.0.0",
            &["semver::maxSatisfying"],
            json!({"versions": ["1.0.0", "1.4.2", "2.0.0"], "range": "^1.0.0"}),
        ),
        (
            "is version 2.1.0 in range >=2.0.0 <3.0.0",
            &["semver::satisfies"],
            json!({"version": "2.1.0", "range": ">=2.0.0 <3.0.0"}),
        ),
        ("bump 1.2.3 to the next minor version", &["semver::inc"], json!({"version": "1.2.3", "release": "minor"})),
        ("what date is next friday", &["chrono-node::parseDate"], json!({"text": "next friday"})),
        (
            "format 2024-01-05 as dd.MM.yyyy",
            &["date-fns::format"],
            json!({"date": "2024-01-05", "pattern": "dd.MM.yyyy"}),
        ),
        ("what does 0 0 1 * * mean", &["cronstrue::toString"], json!({"expression": "0 0 1 * *"})),
        ("1h 20m in minutes", &["parse-duration::default"], json!({"duration": "1h 20m"})),
        (
            "generate 3 paragraphs of lorem ipsum",
            &["lorem-ipsum::loremIpsum"],
            json!({"options": {"count": 3, "units": "paragraphs"}}),
        ),
        (
            "give me a random password of length 20",
            &["generate-password::generate"],
            json!({"options": {"length": 20}}),
        ),
        ("ascii chart of 1,5,2,8,3", &["asciichart::plot"], json!({"numbers": [1, 5, 2, 8, 3]})),
        (
            "which of apple, apply, angle is closest to \"appel\"",
            &["fastest-levenshtein::closest"],
            json!({"text": "appel", "candidates": ["apple", "apply", "angle"]}),
        ),
        ("XIV as a number", &["romans::deromanize"], json!({"roman": "XIV"})),
        ("lighten #3366cc by 20%", &["polished::lighten"], json!({"amount": 0.2, "color": "#3366cc"})),
        ("255 in hexadecimal", &["mathjs::format"], json!({"value": 255, "options": {"notation": "hex"}})),
        ("integral of x^2", &["algebrite::run"], json!({"expression": "integral(x^2)"})),
        (
            "solve the system [[2,1],[1,3]] x = [3,5]",
            &["mathjs::lusolve"],
            json!({"matrix": [[2, 1], [1, 3]], "values": [3, 5]}),
        ),
        ("mime type of photo.png", &["mime-types::lookup"], json!({"file": "photo.png"})),
        (
            "decode the jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abc",
            &["jwt-decode::jwtDecode"],
            json!({"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abc"}),
        ),
        ("query string of {\"a\":1,\"b\":\"x y\"}", &["qs::stringify"], json!({"params": {"a": 1, "b": "x y"}})),
        (
            "jsonpath $.items[*].name of {\"items\":[{\"name\":\"x\"}]}",
            &["jsonpath-plus::JSONPath"],
            json!({"options": {"path": "$.items[*].name", "json": {"items": [{"name": "x"}]}}}),
        ),
        ("run bash: echo $((6*7))", &["bash-tool::createBashTool.bash"], json!({"command": "echo $((6*7))"})),
        (
            "distance between {\"latitude\": 52.5, \"longitude\": 13.4} and {\"latitude\": 48.8, \"longitude\": 2.35}",
            &["geolib::getDistance"],
            json!({"from": {"latitude": 52.5, "longitude": 13.4}, "to": {"latitude": 48.8, "longitude": 2.35}}),
        ),
        (
            "How many days are there between 1 January 2024 and 5 March 2024?",
            &["date-fns::differenceInCalendarDays"],
            json!({"earlier": "2024-01-01", "later": "2024-03-05"}),
        ),
        ("Give me the SHA-256 of hello world", &["hash-wasm::sha256"], json!({"text": "hello world"})),
        (
            "find papers about transformers",
            &["@agentic/arxiv::ArXivClient.arxiv_search"],
            json!({"searchQuery": "transformers"}),
        ),
    ]
}

#[test]
fn a_request_that_no_tool_serves_is_not_given_to_another() {
    for text in [
        "send an email to a@b.co",
        "translate \"good morning\" to German",
        "who won the world cup in 2018?",
        "is 17 prime?",
        "convert 100 usd to eur",
        "summarize the article at https://example.com/post",
        "write me a poem about autumn",
        "tell me a joke",
        "convert \"Hello World\" to Morse code",
        "book me a flight to Lisbon",
    ] {
        let answer = called(text);
        let honest = answer.as_ref().is_err_and(|answer| answer.starts_with("I found no tool that fits."));
        assert!(honest, "{text}: {answer:?}");
    }
}

#[test]
fn a_request_finds_its_tool_and_fills_its_input() {
    let mut wrong = Vec::new();
    let cases = cases();
    let all = cases.len();
    for (text, tools, input) in cases {
        match called(text) {
            Ok((tool, given)) if tools.contains(&tool.as_str()) && given == input => {}
            Ok((tool, given)) => {
                wrong.push(format!("{text:?}\n  got  {tool} {given}\n  want {} {input}", tools.join("|")))
            }
            Err(answer) => wrong.push(format!(
                "{text:?}\n  got no call but: {}\n  want {} {input}",
                answer.lines().next().unwrap(),
                tools.join("|")
            )),
        }
    }
    assert!(wrong.is_empty(), "{} of {all} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
