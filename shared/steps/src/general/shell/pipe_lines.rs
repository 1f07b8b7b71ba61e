//! A pipe, cut into lines for the log.

use pipeline::visible::visible;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Most bytes of one line of the log; what is longer is broken.
const LINE_BYTES: usize = 1_000;

/// A pipe, cut into lines.
pub(super) struct PipeLines<R> {
    pipe: Option<R>,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> PipeLines<R> {
    pub(super) fn of(pipe: Option<R>) -> Self {
        PipeLines { pipe, buffer: Vec::new() }
    }

    pub(super) fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Reads what is there; the end closes the pipe.
    pub(super) async fn read(&mut self) -> std::io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        if pipe.read_buf(&mut self.buffer).await? == 0 {
            self.pipe = None;
        }
        Ok(())
    }

    /// Lets go of the pipe, whoever else still holds it.
    pub(super) fn close(&mut self) {
        self.pipe = None;
    }

    /// Takes the lines that are complete; at the end of the pipe the last one is.
    pub(super) fn take(&mut self) -> Vec<String> {
        let (mut lines, mut taken) = (Vec::new(), 0);
        while let Some((line, rest)) = line_of(&self.buffer[taken..], self.pipe.is_none()) {
            lines.push(visible(&String::from_utf8_lossy(line)).into_owned());
            taken += rest;
        }
        self.buffer.drain(..taken);
        lines
    }
}

/// The first line, and how many bytes it takes with its end.
fn line_of(buffer: &[u8], is_last: bool) -> Option<(&[u8], usize)> {
    if let Some(end) = buffer.iter().take(LINE_BYTES + 1).position(|byte| *byte == b'\n') {
        let line = &buffer[..end];
        return Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1));
    }
    if buffer.len() > LINE_BYTES {
        let cut = cut_of(buffer);
        return Some((&buffer[..cut], cut));
    }
    (is_last && !buffer.is_empty()).then_some((buffer, buffer.len()))
}

/// Where a line that is too long is broken: before the character that does not fit whole. Bytes that are no UTF-8 are
/// broken anywhere.
fn cut_of(buffer: &[u8]) -> usize {
    let is_inside = |at: usize| buffer[at] & 0b1100_0000 == 0b1000_0000;
    // A character has four bytes at most.
    (LINE_BYTES - 3..=LINE_BYTES).rev().find(|at| !is_inside(*at)).unwrap_or(LINE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(bytes: &[u8]) -> Vec<String> {
        let mut pipe = PipeLines::of(Some(bytes));
        let mut lines = Vec::new();
        while pipe.is_open() {
            pipe.read().await.unwrap();
            lines.extend(pipe.take());
        }
        lines
    }

    #[tokio::test]
    async fn a_long_line_is_broken_between_characters() {
        for character in ["ä", "€", "👩"] {
            for before in 0..5 {
                let text = format!("{}{}\n", "x".repeat(before), character.repeat(800));
                let lines = lines(text.as_bytes()).await;
                assert_eq!(format!("{}\n", lines.concat()), text);
                assert!(lines.iter().all(|line| line.len() <= LINE_BYTES), "{lines:?}");
            }
        }
    }

    #[tokio::test]
    async fn lines_end_with_line_ends_of_either_kind_and_with_the_pipe() {
        assert_eq!(lines(b"one\r\ntwo\n\nbar\rbar\nlast").await, ["one", "two", "", "bar␍bar", "last"]);
        let full = format!("{}\n{}", "x".repeat(LINE_BYTES), "y".repeat(LINE_BYTES));
        assert_eq!(lines(full.as_bytes()).await.len(), 2);
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_are_broken_and_shown() {
        let lines = lines(&[0x80; 2_500]).await;
        assert_eq!(lines.concat().chars().count(), 2_500);
    }
}
