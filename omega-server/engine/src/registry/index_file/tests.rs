use super::*;
use crate::{
    registry::{
        Source, ToolRows,
        tests::{Fixture, Sandbox, fixture, found},
    },
    store::Store,
};
use omega_core::{api::registry::AddPackage, registry::Registry as _};

/// A registry with more rows than are indexed before it opens, and a folder with its index.
async fn saved() -> (Fixture, tempfile::TempDir) {
    let fixture = fixture().await;
    let lines: Vec<String> =
        (0..12_000).map(|n| format!("{{\"toolId\":\"many{n}::run\",\"description\":\"Number {n}\"}}")).collect();
    fixture.registry.import(lines.join("\n").as_bytes()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    save(&fixture, folder.path()).await;
    (fixture, folder)
}

async fn save(fixture: &Fixture, folder: &Path) {
    IndexFile::new(folder).save(&*fixture.rows, &fixture.registry.index).await.unwrap();
}

async fn open(rows: &Arc<Store>, folder: &Path) -> Arc<RegistryService> {
    let file = Some(IndexFile::new(folder));
    RegistryService::open_with(rows.clone(), Arc::new(Sandbox::default()), file).await.unwrap()
}

async fn whole(registry: &RegistryService) {
    while registry.is_loading() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn with_a_file_all_is_there_when_the_registry_opens() {
    let (fixture, folder) = saved().await;
    let total = fixture.registry.status().tools;
    let again = open(&fixture.rows, folder.path()).await;
    assert_eq!((again.status().tools, again.status().packages), (total, fixture.registry.status().packages));
    assert_eq!(found(&again, "number 11999").await[0], "many11999::run");
    let without = RegistryService::open(fixture.rows.clone(), Arc::new(Sandbox::default())).await.unwrap();
    assert!(without.status().tools < total, "without one it is not");
}

#[tokio::test]
async fn what_happened_since_it_was_saved_is_in_it_too() {
    let (fixture, folder) = saved().await;
    let Fixture { rows, registry, .. } = &fixture;
    let request = AddPackage { package: String::from("@acme/tools"), ..AddPackage::default() };
    registry.add(None, request).await.unwrap();
    save(&fixture, folder.path()).await;
    // Rows that are new, changed, taken out and called.
    let more: Vec<String> =
        (11_990..24_000).map(|n| format!("{{\"toolId\":\"many{n}::run\",\"description\":\"Walrus {n}\"}}")).collect();
    registry.import(more.join("\n").as_bytes()).await.unwrap();
    assert_eq!(registry.remove(None, "@acme/tools").await.unwrap(), 2);
    let called = registry.known(Viewer::Anybody, &"many7::run".parse().unwrap()).await.unwrap();
    for _ in 0..9 {
        registry.record_outcome(Viewer::Anybody, &called, false).await;
    }
    let again = open(rows, folder.path()).await;
    whole(&again).await;
    again.check_index().await.unwrap();
    assert_eq!(again.status().tools, registry.status().tools);
    for text in ["walrus 23999", "walrus 11995", "number 7", "acme anvil", "number 11995"] {
        assert_eq!(found(&again, text).await, found(registry, text).await, "{text}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_this_databases_or_is_spoiled_is_as_if_there_were_none() {
    let (fixture, folder) = saved().await;
    let file = fs::read_dir(folder.path().join("index")).unwrap().next().unwrap().unwrap().path();
    let bytes = fs::read(&file).unwrap();
    let total = fixture.registry.status().tools;
    let token = file.file_name().unwrap().to_str().unwrap().to_owned();
    let index_of = async |rows: &Store, up_to| IndexFile::new(folder.path()).load(rows, up_to).await;
    let now = fixture.registry.index.revision();
    assert!(index_of(&fixture.rows, now).await.is_some());

    // Another database, even when it has got further.
    let other = self::fixture().await;
    assert!(index_of(&other.rows, now + 9).await.is_none() && file.exists());
    // Rows that were set back to before it was saved.
    assert!(index_of(&fixture.rows, now - 1).await.is_none() && !file.exists());
    // Another file by its name; cut; a byte that is another.
    let elsewhere = file.with_file_name(Uuid::new_v4().to_string());
    fs::write(&elsewhere, &bytes).unwrap();
    fixture.rows.index_saved(elsewhere.file_name().unwrap().to_str().unwrap()).await.unwrap();
    assert!(index_of(&fixture.rows, now).await.is_none(), "{token}");
    for spoiled in [bytes[..bytes.len() / 2].to_vec(), Vec::new(), {
        let mut other = bytes.clone();
        other[bytes.len() / 3] ^= 1;
        other
    }] {
        fs::write(&file, spoiled).unwrap();
        let again = open(&fixture.rows, folder.path()).await;
        whole(&again).await;
        assert_eq!((again.status().tools, file.exists()), (total, false));
        assert_eq!(found(&again, "number 11999").await[0], "many11999::run");
    }
}

#[tokio::test]
async fn a_file_that_can_not_be_saved_leaves_the_last_one_and_nothing_else() {
    let (fixture, folder) = saved().await;
    let names = || {
        let entries = fs::read_dir(folder.path().join("index")).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>()
    };
    let before = names();
    let file = IndexFile::new(folder.path());
    assert!(file.load(&*fixture.rows, i64::MAX).await.is_some());
    let page = fixture.rows.page(None, 1).await.unwrap();
    fixture.rows.upsert(None, &[StoredTool { source: Source::Mirror, ..page[0].clone() }], &[]).await.unwrap();
    file.save(&*fixture.rows, &fixture.registry.index).await.unwrap();
    let after = names();
    assert!(after.len() == 1 && after != before, "the one before is given up");
    // In place of the folder there is a file.
    fs::rename(folder.path().join("index"), folder.path().join("kept")).unwrap();
    fs::write(folder.path().join("index"), "x").unwrap();
    assert!(file.save(&*fixture.rows, &fixture.registry.index).await.is_err());
    fs::remove_file(folder.path().join("index")).unwrap();
    fs::rename(folder.path().join("kept"), folder.path().join("index")).unwrap();
    assert_eq!(names(), after);
    assert!(file.load(&*fixture.rows, i64::MAX).await.is_some());
}

#[tokio::test]
async fn what_a_kill_left_unfinished_is_removed_and_what_is_being_written_is_not() {
    let fixture = fixture().await;
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("index")).unwrap();
    let part = |age: Duration| {
        let path = folder.path().join("index").join(Uuid::new_v4().to_string()).with_extension(UNFINISHED);
        File::create(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
        path
    };
    let (left, written) = (part(UNFINISHED_LASTS * 2), part(Duration::from_secs(9)));
    assert!(IndexFile::new(folder.path()).load(&*fixture.rows, 0).await.is_none());
    assert!(!left.exists() && written.exists());
}
