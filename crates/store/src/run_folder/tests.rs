use std::collections::BTreeMap;

use super::*;
use crate::{Chunk, Column, content_hash};

fn manifest(seed: u64) -> Manifest {
    let chunk = |i: u64| Chunk {
        name: format!("arm-0_chunk-{i:04}"),
        key: content_hash([seed.to_le_bytes().as_slice(), &i.to_le_bytes()]),
    };
    Manifest {
        command: "tool trial example".into(),
        study: "example".into(),
        seed,
        model_hash: content_hash([b"model".as_slice()]),
        versions: BTreeMap::from([("tool".into(), "0.1.0".into())]),
        settings: BTreeMap::from([("patients".into(), "500".into())]),
        circumstances: BTreeMap::from([("threads".into(), "2".into())]),
        chunks: (0..3).map(chunk).collect(),
        ..Manifest::default()
    }
}

fn part(i: usize) -> Table {
    let rows = 0..4;
    Table::new(vec![Column::f64("pfs", "month", rows.map(|row| (10 * i + row) as f64))])
}

#[test]
fn an_interrupted_run_continues_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let [whole, broken] = ["whole", "broken"].map(|name| dir.path().join(name));
    let mut straight = RunFolder::open_or_create(&whole, &manifest(1)).unwrap();
    for i in straight.missing_parts() {
        straight.write_part(i, &part(i)).unwrap();
    }
    straight.finish().unwrap();

    let first = RunFolder::open_or_create(&broken, &manifest(1)).unwrap();
    first.write_part(1, &part(1)).unwrap();
    // What a kill leaves: a temporary file, and (were it not for the rename) half a part.
    fs::write(broken.join("parts/.hersim-abc.partial"), b"half").unwrap();
    let half = &fs::read(first.part_path(1).unwrap()).unwrap()[..40];
    fs::write(first.part_path(2).unwrap(), half).unwrap();
    drop(first);

    let mut second = RunFolder::open_or_create(&broken, &manifest(1)).unwrap();
    assert_eq!(second.missing_parts(), [0, 2]);
    assert_eq!(second.finish().unwrap_err().code(), "missing-parts");
    for i in second.missing_parts() {
        second.write_part(i, &part(i)).unwrap();
    }
    second.finish().unwrap();
    for i in 0..3 {
        let bytes = |f: &RunFolder| fs::read(f.part_path(i).unwrap()).unwrap();
        assert_eq!(bytes(&straight), bytes(&second));
    }
    assert_eq!(fs::read_dir(broken.join("parts")).unwrap().count(), 3);
    assert_eq!(second.read_parts().unwrap().rows(), 12);
    assert!(RunFolder::open(&broken).unwrap().is_complete());
}

#[test]
fn the_time_and_the_command_of_the_first_start_stay() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    let first = RunFolder::open_or_create(&path, &manifest(1)).unwrap();
    assert!(first.manifest().created.ends_with('Z'));
    let mut again = manifest(1);
    again.command = "tool resume".into();
    again.circumstances.insert("threads".into(), "64".into());
    let second = RunFolder::open_or_create(&path, &again).unwrap();
    assert_eq!(first.manifest(), second.manifest());
}

#[test]
fn another_run_is_refused_and_every_difference_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    RunFolder::open_or_create(&path, &manifest(1)).unwrap();
    let before = fs::read(path.join("manifest.json")).unwrap();
    let mut other = manifest(2);
    other.settings.insert("patients".into(), "50".into());
    other.settings.insert("dose".into(), "4 mg/kg".into());
    let error = RunFolder::open_or_create(&path, &other).unwrap_err();
    let text = error.to_string().replace(&path.display().to_string(), "RUN");
    let key = |seed: u64| manifest(seed).chunks[0].key.clone();
    let expected = format!(
        "RUN holds a different run:\n  seed: 1 there, 2 here\n  settings.dose: not set there, \
         4 mg/kg here\n  settings.patients: 500 there, 50 here\n  chunks[0].key: {} there, {} \
         here\n  = mend: choose another folder with --out, repeat the command with the values \
         there, or discard that run with --start-over",
        key(1),
        key(2)
    );
    assert_eq!(text, expected);
    assert_eq!(fs::read(path.join("manifest.json")).unwrap(), before);
}

#[test]
fn a_part_of_other_inputs_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| dir.path().join(name));
    let one = RunFolder::open_or_create(&a, &manifest(1)).unwrap();
    let two = RunFolder::open_or_create(&b, &manifest(2)).unwrap();
    one.write_part(0, &part(0)).unwrap();
    fs::copy(one.part_path(0).unwrap(), two.part_path(0).unwrap()).unwrap();
    assert!(one.has_part(0));
    assert!(!two.has_part(0));
    assert!(!one.has_part(99));
    assert_eq!(one.part_path(99).unwrap_err().code(), "no-such-chunk");
}

#[test]
fn folders_and_files_of_others_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let theirs = dir.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("thesis.docx"), b"years of work").unwrap();
    for open in [RunFolder::open_or_create, RunFolder::start_over] {
        let error = open(&theirs, &manifest(1)).unwrap_err();
        assert_eq!(error.code(), "not-a-run-folder");
        assert!(error.to_string().contains("thesis.docx"), "{error}");
    }
    assert_eq!(fs::read_dir(&theirs).unwrap().count(), 1);

    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    for path in [file.clone(), file.join("run")] {
        let error = RunFolder::open_or_create(&path, &manifest(1)).unwrap_err();
        assert_eq!(error.code(), "not-a-directory");
    }
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(RunFolder::open_or_create(&empty, &manifest(1)).is_ok());
}

#[test]
fn starting_over_discards_the_parts_and_keeps_other_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    let old = RunFolder::start_over(&path, &manifest(1)).unwrap();
    old.write_part(0, &part(0)).unwrap();
    old.write_text("notes.txt", "mine").unwrap();
    let new = RunFolder::start_over(&path, &manifest(2)).unwrap();
    assert_eq!(new.missing_parts(), [0, 1, 2]);
    assert_eq!(new.manifest().seed, 2);
    assert!(!old.part_path(0).unwrap().exists());
    assert_eq!(fs::read_to_string(path.join("notes.txt")).unwrap(), "mine");
}

#[test]
fn a_manifest_that_cannot_be_read_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run");
    let folder = RunFolder::open_or_create(&path, &manifest(1)).unwrap();
    let good = fs::read_to_string(folder.path().join("manifest.json")).unwrap();
    let newer = good.replace("\"format\": 1", "\"format\": 9");
    for text in ["", "{", &newer, "{\"format\": 1}"] {
        fs::write(path.join("manifest.json"), text).unwrap();
        let error = RunFolder::open_or_create(&path, &manifest(1)).unwrap_err();
        assert_eq!(error.code(), "bad-manifest", "{text}");
        assert_eq!(fs::read_to_string(path.join("manifest.json")).unwrap(), text);
    }
}

#[test]
fn names_outside_the_folder_or_of_its_own_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = RunFolder::open_or_create(&dir.path().join("run"), &manifest(1)).unwrap();
    for name in ["../a.html", "parts", "manifest.json", "", "a/b"] {
        assert_eq!(folder.write_text(name, "x").unwrap_err().code(), "bad-name");
    }
    let mut twice = manifest(1);
    twice.chunks[1].name = twice.chunks[0].name.to_uppercase();
    let error = RunFolder::open_or_create(&dir.path().join("b"), &twice).unwrap_err();
    assert_eq!(error.code(), "bad-name");
    assert!(!dir.path().join("b").exists());
}

/// Fills a real file system of 64 KiB, where the machine lets the test mount one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing() {
    use std::process::Command;
    let dir = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(dir.path())
        .output()
        .is_ok_and(|done| done.status.success());
    if !mounted {
        eprintln!("skipped: cannot mount a small disk here");
        return;
    }
    let folder = RunFolder::open_or_create(&dir.path().join("run"), &manifest(1)).unwrap();
    folder.write_part(0, &part(0)).unwrap();
    let noise = (0..30_000u64).map(|i| f64::from_bits(i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 2));
    let error = folder.write_part(1, &Table::new(vec![Column::f64("x", "1", noise)])).unwrap_err();
    let missing = folder.missing_parts();
    let files = fs::read_dir(folder.path().join("parts")).unwrap().count();
    let unmounted = Command::new("umount").arg(dir.path()).status().is_ok_and(|s| s.success());
    assert!(unmounted);
    assert_eq!(error.code(), "disk-full", "{error}");
    assert_eq!(missing, [1, 2]);
    assert_eq!(files, 1);
}
