//! Rows written value by value in the schema's order, and cut into record batches.

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int32Builder, Int64Builder,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};

/// A batch's rows and the bytes of text after which it is cut: what a blob takes in memory while it
/// is read. A column of text holds less than 2 GiB, and a row's text comes from one request, which
/// is far below the difference.
const MAX_ROWS: usize = 128 * 1024;
const MAX_TEXT: usize = 8 << 20;

pub(crate) struct Table {
    schema: SchemaRef,
    columns: Vec<Column>,
    /// The column that the next value of the row under way is for.
    next: usize,
    rows: usize,
    text: usize,
    batches: Vec<RecordBatch>,
}

enum Column {
    Text(StringBuilder),
    Integer(Int32Builder),
    Long(Int64Builder),
    Double(Float64Builder),
    Boolean(BooleanBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Date(Date32Builder),
}

impl Table {
    pub fn new(schema: SchemaRef) -> Self {
        let columns = schema
            .fields()
            .iter()
            .map(|field| Column::new(field.data_type()))
            .collect();
        Self {
            schema,
            columns,
            next: 0,
            rows: 0,
            text: 0,
            batches: Vec::new(),
        }
    }

    /// End the row under way.
    pub fn end_row(&mut self) {
        assert_eq!(self.next, self.columns.len(), "a row fills every column");
        self.next = 0;
        self.rows += 1;
        if self.rows == MAX_ROWS || self.text >= MAX_TEXT {
            self.cut();
        }
    }

    /// The batches that are whole.
    pub fn take_batches(&mut self) -> std::vec::Drain<'_, RecordBatch> {
        self.batches.drain(..)
    }

    /// The batches that are left, the last rows among them.
    pub fn finish(mut self) -> Vec<RecordBatch> {
        if self.rows > 0 {
            self.cut();
        }
        self.batches
    }

    fn cut(&mut self) {
        let arrays = self.columns.iter_mut().map(Column::finish).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays)
            .expect("the columns were made from the schema");
        self.batches.push(batch);
        self.rows = 0;
        self.text = 0;
    }

    #[inline]
    fn column(&mut self) -> &mut Column {
        let column = &mut self.columns[self.next];
        self.next += 1;
        column
    }

    /// NUL, which PostgreSQL refuses, becomes U+FFFD.
    #[inline]
    pub fn text(&mut self, value: &str) {
        self.text += value.len();
        let Column::Text(column) = self.column() else {
            unreachable!("the row follows the schema");
        };
        if memchr::memchr(0, value.as_bytes()).is_some() {
            column.append_value(value.replace('\0', "\u{fffd}"));
        } else {
            column.append_value(value);
        }
    }

    #[inline]
    pub fn optional_text(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// OTLP does not tell an empty text from an absent one.
    #[inline]
    pub fn text_or_null(&mut self, value: &str) {
        self.optional_text(Some(value).filter(|value| !value.is_empty()));
    }

    #[inline]
    pub fn integer(&mut self, value: impl Into<Option<i32>>) {
        let Column::Integer(column) = self.column() else {
            unreachable!("the row follows the schema");
        };
        column.append_option(value.into());
    }

    #[inline]
    pub fn long(&mut self, value: impl Into<Option<i64>>) {
        let Column::Long(column) = self.column() else {
            unreachable!("the row follows the schema");
        };
        column.append_option(value.into());
    }

    #[inline]
    pub fn double(&mut self, value: Option<f64>) {
        let Column::Double(column) = self.column() else {
            unreachable!("the row follows the schema");
        };
        column.append_option(value);
    }

    #[inline]
    pub fn boolean(&mut self, value: Option<bool>) {
        let Column::Boolean(column) = self.column() else {
            unreachable!("the row follows the schema");
        };
        column.append_option(value);
    }

    /// Microseconds since 1970 in UTC.
    #[inline]
    pub fn timestamp(&mut self, value: i64) {
        let Column::Timestamp(column) = self.column() else {
            unreachable!("the row follows the schema");
        };
        column.append_value(value);
    }

    /// Days since 1970.
    #[inline]
    pub fn date(&mut self, value: i32) {
        let Column::Date(column) = self.column() else {
            unreachable!("the row follows the schema");
        };
        column.append_value(value);
    }

    fn null(&mut self) {
        let Column::Text(column) = self.column() else {
            unreachable!("the row follows the schema");
        };
        column.append_null();
    }
}

impl Column {
    fn new(kind: &DataType) -> Self {
        match kind {
            DataType::Utf8 => Column::Text(StringBuilder::new()),
            DataType::Int32 => Column::Integer(Int32Builder::new()),
            DataType::Int64 => Column::Long(Int64Builder::new()),
            DataType::Float64 => Column::Double(Float64Builder::new()),
            DataType::Boolean => Column::Boolean(BooleanBuilder::new()),
            DataType::Timestamp(_, _) => Column::Timestamp(TimestampMicrosecondBuilder::new()),
            DataType::Date32 => Column::Date(Date32Builder::new()),
            _ => unreachable!("the schema has no other type"),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        let builder: &mut dyn ArrayBuilder = match self {
            Column::Text(builder) => builder,
            Column::Integer(builder) => builder,
            Column::Long(builder) => builder,
            Column::Double(builder) => builder,
            Column::Boolean(builder) => builder,
            Column::Timestamp(builder) => builder,
            Column::Date(builder) => builder,
        };
        builder.finish()
    }
}
