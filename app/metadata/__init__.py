"""What a front end needs to know to build forms and lists by itself: fields, options, labels, and what the asker may do."""
