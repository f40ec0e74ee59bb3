"""Files on records: attachments, and photos of contacts and accounts (ACC-11)."""
