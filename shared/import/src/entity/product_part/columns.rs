use crate::entity::description::{Column, Need};
use crate::entity::product::{COLUMNS, ProductColumn};

/// Looks up columns of a product file. A name that product files do not have breaks the build.
///
/// The product is there already, so a row needs nothing but its sku.
pub(in crate::entity) const fn columns<const N: usize>(names: [&str; N]) -> [Column<ProductColumn>; N] {
    let mut columns = [COLUMNS[0]; N];
    let mut place = 0;
    while place < N {
        let column = named(names[place]);
        let need = match column.need {
            Need::Always => Need::Always,
            Need::New | Need::NewIf(_) | Need::Never => Need::Never,
        };
        columns[place] = Column { need, ..column };
        place += 1;
    }
    columns
}

const fn named(name: &str) -> Column<ProductColumn> {
    let mut place = 0;
    while place < COLUMNS.len() {
        if is_same(COLUMNS[place].name.as_bytes(), name.as_bytes()) {
            return COLUMNS[place];
        }
        place += 1;
    }
    panic!("product files have no column of this name")
}

/// Texts cannot be compared with `==` while the build looks the columns up.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut place = 0;
    while place < one.len() {
        if one[place] != other[place] {
            return false;
        }
        place += 1;
    }
    true
}
