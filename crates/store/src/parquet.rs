//! Tables as Parquet files: the same table always gives the same bytes.
//!
//! Every column is optional and flat. Nothing in the file depends on when, where or by which
//! build it was written: the creator is fixed and there is no time stamp. The unit of a column
//! stands in the file's key-value metadata under `unit:<column>`.

use std::{collections::HashMap, fs::File, path::Path, sync::Arc};

use parquet::{
    basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical},
    column::reader::ColumnReader,
    data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::WriterProperties,
        reader::{FileReader, SerializedFileReader},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::types::Type,
};

use crate::{Column, StoreError, Table, Values, atomic::write_atomically};

/// Rows per row group: bounds the memory of a reader.
const ROWS_PER_GROUP: usize = 1 << 20;

/// Written into every file in place of a version, so that bytes do not change with a build.
const CREATED_BY: &str = "hersim";

/// Prefix of the metadata keys that hold units.
const UNIT: &str = "unit:";

/// Writes a table as one Parquet file, snappy-compressed and with units in its metadata.
///
/// Atomic: the file is whole or unchanged. The same table gives the same bytes.
///
/// # Errors
/// `BadTable` as `Table::check`, or what the system says about the path.
pub fn write_parquet(table: &Table, path: &Path) -> Result<(), StoreError> {
    write_atomically(path, &encode(table, &[])?)
}

/// Reads a Parquet file of flat columns: doubles, floats, whole numbers, booleans, UTF-8 text.
///
/// # Errors
/// `BadParquet` when it is damaged or holds another kind of column, or what the system says.
pub fn read_parquet(path: &Path) -> Result<Table, StoreError> {
    let file = File::open(path).map_err(|e| StoreError::io("read", path, e))?;
    let bad = |e: ParquetError| StoreError::BadParquet { path: path.into(), why: words(e) };
    decode(file).map_err(bad)
}

/// The value of a key in the metadata of a whole file; `None` when the file is absent, cut
/// short, or has no such key.
pub(crate) fn metadata_value(path: &Path, key: &str) -> Option<String> {
    let file = File::open(path).ok()?;
    let reader = SerializedFileReader::new(file).ok()?;
    let pairs = reader.metadata().file_metadata().key_value_metadata()?;
    pairs.iter().find(|pair| pair.key == key)?.value.clone()
}

/// The bytes of the file, with further metadata.
pub(crate) fn encode(table: &Table, metadata: &[(&str, &str)]) -> Result<Vec<u8>, StoreError> {
    table.check()?;
    let bad = |e: ParquetError| StoreError::BadTable { why: words(e) };
    encode_checked(table, metadata).map_err(bad)
}

fn encode_checked(table: &Table, metadata: &[(&str, &str)]) -> Result<Vec<u8>, ParquetError> {
    let units = table.columns.iter().filter_map(|column| {
        let unit = column.unit.clone()?;
        Some(KeyValue::new(format!("{UNIT}{}", column.name), unit))
    });
    let others = metadata.iter().map(|(k, v)| KeyValue::new(k.to_string(), v.to_string()));
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_string())
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(units.chain(others).collect()))
        .build();
    let mut writer =
        SerializedFileWriter::new(Vec::new(), Arc::new(schema(table)?), Arc::new(properties))?;
    for start in (0..table.rows()).step_by(ROWS_PER_GROUP) {
        let rows = start..(start + ROWS_PER_GROUP).min(table.rows());
        let mut group = writer.next_row_group()?;
        for column in &table.columns {
            let rows = rows.clone();
            match &column.values {
                Values::F64(v) => write_column::<DoubleType, _>(&mut group, &v[rows], |x| *x)?,
                Values::I64(v) => write_column::<Int64Type, _>(&mut group, &v[rows], |x| *x)?,
                Values::Bool(v) => write_column::<BoolType, _>(&mut group, &v[rows], |x| *x)?,
                Values::Text(v) => write_column::<ByteArrayType, _>(&mut group, &v[rows], |x| {
                    ByteArray::from(x.as_bytes().to_vec())
                })?,
            }
        }
        group.close()?;
    }
    writer.into_inner()
}

/// One optional leaf per column.
fn schema(table: &Table) -> Result<Type, ParquetError> {
    let field = |column: &Column| {
        let (physical, logical) = match column.values {
            Values::F64(_) => (Physical::DOUBLE, None),
            Values::I64(_) => (Physical::INT64, None),
            Values::Bool(_) => (Physical::BOOLEAN, None),
            Values::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    };
    let fields = table.columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("schema").with_fields(fields).build()
}

/// Writes the values that are present and, per row, whether one is.
fn write_column<T: DataType, V>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    rows: &[Option<V>],
    convert: impl Fn(&V) -> T::T,
) -> Result<(), ParquetError> {
    let present: Vec<i16> = rows.iter().map(|v| i16::from(v.is_some())).collect();
    let values: Vec<T::T> = rows.iter().flatten().map(convert).collect();
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the schema has too few columns".into()));
    };
    column.typed::<T>().write_batch(&values, Some(&present), None)?;
    column.close()
}

fn decode(file: File) -> Result<Table, ParquetError> {
    let reader = SerializedFileReader::new(file)?;
    let metadata = reader.metadata();
    let pairs = metadata.file_metadata().key_value_metadata();
    let units: HashMap<&str, &String> = pairs
        .into_iter()
        .flatten()
        .filter_map(|pair| Some((pair.key.strip_prefix(UNIT)?, pair.value.as_ref()?)))
        .collect();
    let leaves = metadata.file_metadata().schema_descr().columns();
    let mut table = Table::default();
    for leaf in leaves {
        if leaf.max_rep_level() > 0 || leaf.path().parts().len() > 1 {
            return Err(ParquetError::General(format!("column `{}` is nested", leaf.path())));
        }
        let text = leaf.converted_type() == ConvertedType::UTF8
            || leaf.logical_type_ref() == Some(&LogicalType::String);
        let values = match leaf.physical_type() {
            Physical::DOUBLE | Physical::FLOAT => Values::F64(Vec::new()),
            Physical::INT64 | Physical::INT32 => Values::I64(Vec::new()),
            Physical::BOOLEAN => Values::Bool(Vec::new()),
            Physical::BYTE_ARRAY if text => Values::Text(Vec::new()),
            other => {
                let why = format!("column `{}` holds {other}, not a known kind", leaf.name());
                return Err(ParquetError::General(why));
            }
        };
        let unit = units.get(leaf.name()).map(|unit| unit.to_string());
        table.columns.push(Column { name: leaf.name().to_string(), unit, values });
    }
    for index in 0..metadata.num_row_groups() {
        let group = reader.get_row_group(index)?;
        let rows = usize::try_from(group.metadata().num_rows())
            .map_err(|_| ParquetError::General("a row group has a negative size".into()))?;
        for (i, (column, leaf)) in table.columns.iter_mut().zip(leaves).enumerate() {
            let nullable = leaf.max_def_level() > 0;
            read_column(group.get_column_reader(i)?, rows, nullable, &mut column.values)?;
        }
    }
    Ok(table)
}

/// Appends one column of one row group.
fn read_column(
    reader: ColumnReader,
    rows: usize,
    nullable: bool,
    into: &mut Values,
) -> Result<(), ParquetError> {
    /// Reads all rows, then puts the present values where the levels say.
    macro_rules! read {
        ($reader:expr, $into:expr, $convert:expr) => {{
            let mut reader = $reader;
            let (mut levels, mut values) = (Vec::<i16>::new(), Vec::new());
            let mut done = 0;
            while done < rows {
                let some = nullable.then_some(&mut levels);
                let (read, _, _) = reader.read_records(rows - done, some, None, &mut values)?;
                if read == 0 {
                    return Err(ParquetError::General(format!("{done} of {rows} rows found")));
                }
                done += read;
            }
            let mut present = values.into_iter();
            for row in 0..rows {
                let here = !nullable || levels.get(row) == Some(&1);
                let value = if here { present.next() } else { None };
                $into.push(value.map($convert).transpose()?);
            }
        }};
    }
    let text = |bytes: ByteArray| -> Result<String, ParquetError> {
        String::from_utf8(bytes.data().to_vec())
            .map_err(|e| ParquetError::General(format!("text is not UTF-8: {e}")))
    };
    match (reader, into) {
        (ColumnReader::DoubleColumnReader(r), Values::F64(v)) => {
            read!(r, v, Ok::<f64, ParquetError>)
        }
        (ColumnReader::FloatColumnReader(r), Values::F64(v)) => {
            read!(r, v, |x: f32| Ok::<f64, ParquetError>(f64::from(x)))
        }
        (ColumnReader::Int64ColumnReader(r), Values::I64(v)) => {
            read!(r, v, Ok::<i64, ParquetError>)
        }
        (ColumnReader::Int32ColumnReader(r), Values::I64(v)) => {
            read!(r, v, |x: i32| Ok::<i64, ParquetError>(i64::from(x)))
        }
        (ColumnReader::BoolColumnReader(r), Values::Bool(v)) => {
            read!(r, v, Ok::<bool, ParquetError>)
        }
        (ColumnReader::ByteArrayColumnReader(r), Values::Text(v)) => read!(r, v, text),
        _ => return Err(ParquetError::General("a column changes its type".into())),
    }
    Ok(())
}

/// The library's message without its own heading.
fn words(error: ParquetError) -> String {
    match error {
        ParquetError::General(why) | ParquetError::EOF(why) => why,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
