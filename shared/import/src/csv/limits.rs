//! How large the parts of a file may be.

/// Largest cell in bytes. Descriptions stay far below it; what is larger is a quote that was never closed.
pub const MAX_CELL_BYTES: usize = 1024 * 1024;

/// Most cells in a row. The widest known product files have about a hundred columns.
pub const MAX_COLUMNS: usize = 2_000;
