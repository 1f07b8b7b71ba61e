/// Where a value is written: in a column of its own, or among the `additional_attributes`.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellPlace<'p> {
    /// How findings call it.
    pub(super) label: &'p str,
    /// The column that it speaks for.
    pub(super) name: &'p str,
}
