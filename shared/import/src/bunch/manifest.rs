use crate::file_name::FileName;

/// Characters of a wrong line that are shown.
const MAX_QUOTED_CHARS: usize = 60;

/// The content of an ok file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Manifest {
    /// Names nothing: the ok file's own name says what it releases.
    Empty,
    /// Names files, one a line.
    List(Vec<ManifestLine>),
}

/// A line of an ok file that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ManifestLine {
    /// Counted from 1.
    pub(super) number: usize,
    /// The file it names.
    pub(super) name: Result<FileName, NamesNoFile>,
}

/// A line of an ok file that is not the name of an import file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamesNoFile {
    /// The beginning of what it says instead.
    pub(super) text: String,
}

impl Manifest {
    /// Reads the content of an ok file: LF or CRLF, blank lines and a byte order mark do not matter.
    pub(super) fn parse(content: &str) -> Self {
        let content = content.strip_prefix('\u{feff}').unwrap_or(content);
        let lines: Vec<ManifestLine> = content
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty())
            .map(|(number, line)| ManifestLine {
                number,
                name: line.parse().map_err(|_| NamesNoFile { text: beginning(line) }),
            })
            .collect();
        match lines.is_empty() {
            true => Self::Empty,
            false => Self::List(lines),
        }
    }

    /// Returns its lines; one that names nothing has none.
    pub(super) fn lines(&self) -> &[ManifestLine] {
        match self {
            Self::Empty => &[],
            Self::List(lines) => lines,
        }
    }
}

/// Enough of a line to find it again: a file that was taken for an ok file may have endless ones.
fn beginning(line: &str) -> String {
    match line.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
