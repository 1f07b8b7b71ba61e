"""What LocalStack needs to run Systole as plain host processes: no Docker, no downloads at run time."""
