# The commands that everybody needs; `just` lists them.

_default:
    @just --list --unsorted

# Ask something with a build of now
ask *words:
    cargo run --quiet -p omega-cli -- ask {{words}}

# Start the server with the page on http://127.0.0.1:8634/omega
serve *flags:
    cargo run --release -- serve --port 8634 {{flags}}

# Format, then lint as CI does
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets --locked --features omega-server/failpoints -- -D warnings

# Run the tests that match a filter (`just test 'test(layers)'`), or all
test filter='all()':
    cargo nextest run --workspace --locked --features omega-server/failpoints -E '{{filter}}'

# Check, test and build the page; what it builds is committed
page:
    npm --prefix omega-server/web ci --no-audit --no-fund --silent
    npm --prefix omega-server/web run --silent check
    npm --prefix omega-server/web test --silent
    npm --prefix omega-server/web run --silent build

# Write anew what is generated and committed: completions, snapshots, the page's test cases, docs/openapi.json
regenerate:
    OMEGA_WRITE_COMPLETIONS=1 OMEGA_UPDATE_FOLD_CASES=1 OMEGA_WRITE_OPENAPI=1 INSTA_UPDATE=always cargo nextest run --workspace --locked --features omega-server/failpoints -E 'test(generated) | test(fold) | test(snapshot) | test(description)'

# Everything that CI does, with what it needs to be installed
ci:
    .ci/run
