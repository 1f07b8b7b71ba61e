use super::position::CsvPosition;

/// One row: its cells, and where it stands.
///
/// The cells are private because `ends` must cut `text` at character boundaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvRow {
    /// Where the row starts.
    pub position: CsvPosition,
    /// Where the next row can be read from.
    pub next: CsvPosition,
    /// All cells one after the other.
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
}

impl CsvRow {
    /// Joins the bytes of the cells, or says which cell (from 0) and which character of it (from 0) is not UTF-8.
    pub(super) fn from_bytes(
        position: CsvPosition,
        next: CsvPosition,
        bytes: &[u8],
        ends: &[usize],
    ) -> Result<Self, (usize, usize)> {
        let is_whole = |text: &&str| ends.iter().all(|&end| text.is_char_boundary(end));
        if let Some(text) = std::str::from_utf8(bytes).ok().filter(is_whole) {
            return Ok(Self { position, next, text: text.to_owned(), ends: ends.to_vec() });
        }
        let mut start = 0;
        for (index, &end) in ends.iter().enumerate() {
            let cell = &bytes[start..end];
            if let Err(error) = std::str::from_utf8(cell) {
                let before = String::from_utf8_lossy(&cell[..error.valid_up_to()]);
                return Err((index, before.chars().count()));
            }
            start = end;
        }
        unreachable!("if every cell is UTF-8, so is the row, cut at character boundaries")
    }

    /// Makes a row at the same place with other cells.
    #[must_use]
    pub fn of_cells<T: AsRef<str>>(&self, cells: &[T]) -> Self {
        let mut row = Self { text: String::new(), ends: Vec::with_capacity(cells.len()), ..*self };
        for cell in cells {
            row.text.push_str(cell.as_ref());
            row.ends.push(row.text.len());
        }
        row
    }

    /// Makes a row of its cells, for a file that is written and not read.
    pub(crate) fn written<'c>(position: CsvPosition, cells: impl IntoIterator<Item = &'c str>) -> Self {
        let mut row = Self { position, next: position, text: String::new(), ends: Vec::new() };
        for cell in cells {
            row.text.push_str(cell);
            row.ends.push(row.text.len());
        }
        row
    }

    /// Returns how many cells the row has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a row has at least one cell")]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Says whether there is nothing in any cell.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Drops the cells behind a number of them, if there is nothing in any of those.
    pub(super) fn drop_blank_cells_behind(&mut self, cells: usize) {
        let end = cells.checked_sub(1).and_then(|last| self.ends.get(last).copied());
        if let Some(end) = end.filter(|&end| self.text[end..].trim().is_empty()) {
            self.text.truncate(end);
            self.ends.truncate(cells);
        }
    }

    /// Returns a cell by its index from 0, if the row has it.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        Some(&self.text[start..end])
    }

    /// Puts a text into a cell that the row has.
    pub(crate) fn fill(&mut self, index: usize, text: &str) {
        let Some(&end) = self.ends.get(index) else { return };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.replace_range(start..end, text);
        for behind in &mut self.ends[index..] {
            *behind = *behind + text.len() - (end - start);
        }
    }

    /// Returns the row with other texts in its cells.
    #[must_use]
    pub(crate) fn with_cells<'a>(&'a self, text_of: impl Fn(&'a str) -> &'a str) -> Self {
        let mut changed = Self { text: String::with_capacity(self.text.len()), ends: Vec::new(), ..*self };
        for cell in self.iter() {
            changed.text += text_of(cell);
            changed.ends.push(changed.text.len());
        }
        changed
    }

    /// Iterates over the cells in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}
