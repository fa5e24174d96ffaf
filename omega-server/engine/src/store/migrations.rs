//! The steps that bring a database's schema up to date, as they stand in `migrations/`: the same numbers and names for both engines.

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// A step's number, its name, and its text for an engine.
type Step = (i64, &'static str, &'static str);

/// Files that are compiled in, named once for both engines.
macro_rules! steps {
    ($($number:literal $name:literal $file:literal;)*) => {
        const SQLITE: &[Step] = &[$(($number, $name, include_str!(concat!("../../../../migrations/sqlite/", $file)))),*];
        const POSTGRES: &[Step] = &[$(($number, $name, include_str!(concat!("../../../../migrations/postgres/", $file)))),*];
        #[cfg(test)]
        const FILES: &[&str] = &[$($file),*];
    };
}

steps! {
    1 "first" "0001_first.sql";
    2 "open runs" "0002_open_runs.sql";
    3 "versions" "0003_versions.sql";
    4 "index files" "0004_index_files.sql";
}

pub(super) fn sqlite() -> Migrator {
    of(SQLITE)
}

pub(super) fn postgres() -> Migrator {
    of(POSTGRES)
}

fn of(steps: &[Step]) -> Migrator {
    let step = |(number, name, text): &Step| {
        Migration::new(*number, (*name).into(), MigrationType::Simple, (*text).into_sql_str(), false)
    };
    Migrator::with_migrations(steps.iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_file_is_a_step_with_its_number_and_its_name() {
        for (engine, steps) in [("sqlite", SQLITE), ("postgres", POSTGRES)] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(engine);
            let names =
                std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            assert_eq!(names, FILES, "{engine}");
            for (name, (number, told, text)) in names.iter().zip(steps) {
                assert_eq!(*name, format!("{number:04}_{}.sql", told.replace(' ', "_")));
                assert_eq!(*text, std::fs::read_to_string(folder.join(name)).unwrap(), "{name}");
                assert!(!text.starts_with("-- no-transaction"), "{name}: each step is a transaction");
            }
        }
    }
}
