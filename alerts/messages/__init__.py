"""Messages in the reader's language: `words` fills the templates, `writer` makes a message of a case."""
