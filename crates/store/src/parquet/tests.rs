use std::fs;

use super::*;

fn table() -> Table {
    Table::new(vec![
        Column::text("arm", ["a", "b", "ü, \"quoted\""]),
        Column::f64_opt("pfs", "month", [Some(7.25), None, Some(f64::MIN_POSITIVE)]),
        Column {
            name: "n".into(),
            unit: None,
            values: Values::I64(vec![None, Some(i64::MIN), Some(i64::MAX)]),
        },
        Column::bool("event", [true, false, true]),
        Column {
            name: "bulk.copies".into(),
            unit: Some("copies/cell".into()),
            values: Values::F64(vec![None, None, None]),
        },
    ])
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    for table in [table(), Table::default(), Table::new(vec![Column::f64("empty", "day", [])])] {
        write_parquet(&table, &path).unwrap();
        assert_eq!(read_parquet(&path).unwrap(), table);
    }
}

#[test]
fn not_a_number_and_signed_zero_keep_their_bits() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let values = [f64::NAN, -0.0, f64::INFINITY];
    write_parquet(&Table::new(vec![Column::f64("x", "1", values)]), &path).unwrap();
    let Values::F64(back) = &read_parquet(&path).unwrap().columns[0].values else { panic!() };
    for (a, b) in values.iter().zip(back) {
        assert_eq!(a.to_bits(), b.unwrap().to_bits());
    }
}

#[test]
fn many_row_groups_keep_their_order() {
    let rows = ROWS_PER_GROUP + 3;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let column = Column::f64_opt("x", "1", (0..rows).map(|i| (i % 7 != 0).then_some(i as f64)));
    let table = Table::new(vec![column]);
    write_parquet(&table, &path).unwrap();
    assert!(read_parquet(&path).unwrap() == table);
}

#[test]
fn the_same_table_gives_the_same_bytes_without_a_version_in_them() {
    let first = encode(&table(), &[("key", "1")]).unwrap();
    assert_eq!(first, encode(&table(), &[("key", "1")]).unwrap());
    assert_ne!(first, encode(&table(), &[("key", "2")]).unwrap());
    let text = String::from_utf8_lossy(&first);
    assert!(text.contains("hersim") && !text.contains("parquet-rs"));
}

#[test]
fn a_damaged_file_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let bytes = encode(&table(), &[]).unwrap();
    for cut in [0, 3, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&path, &bytes[..cut]).unwrap();
        let error = read_parquet(&path).unwrap_err();
        assert_eq!(error.code(), "bad-parquet");
        assert!(error.to_string().contains("t.parquet"), "{error}");
    }
    let missing = read_parquet(&dir.path().join("none.parquet")).unwrap_err();
    assert_eq!(missing.code(), "io");
}
