//! Pages instead of answers: from the web server, a firewall or the shop's error handler.

/// A page.
pub(crate) fn html(status: u16, title: &str) -> String {
    let (heading, text) = match status {
        503 => (
            "Service Temporarily Unavailable",
            "The server is temporarily unable to service your request due to maintenance downtime or capacity problems. Please try again later.",
        ),
        403 => {
            ("Request blocked", "Your request was refused by the security rules of this site. Incident number 7f3a.")
        }
        404 => ("404 Not Found", "The requested page was not found on this server."),
        500 => (
            "There has been an error processing your request",
            "Exception printing is disabled by default for security reasons.",
        ),
        _ => (title, "The server cannot answer this request."),
    };
    format!(
        "<!doctype html>\n<html>\n<head>\n<title>{title}</title>\n<meta name=\"robots\" content=\"*\"/>\n</head>\n<body>\n<h1>{heading}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
    )
}

/// What the error handler says of a PHP type error, with a line end.
pub(crate) const TYPE_ERROR: &str = "An error has happened during application run. See exception log for details.\n";
