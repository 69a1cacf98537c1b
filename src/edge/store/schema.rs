//! The file format of the journal: how a connection is prepared, its tables and their version.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::StoreError;

/// How long a connection waits for another one's lock. The project lock keeps writers apart and readers never block
/// one, so only a foreign program or the recovery of a killed one is ever waited for.
const BUSY: Duration = Duration::from_secs(1);

/// What each format adds to the one before it. Never edit an entry that was released: append one.
const STEPS: [&str; 1] = ["
    CREATE TABLE fact (
        seq  INTEGER PRIMARY KEY,
        wall INTEGER NOT NULL,
        kind TEXT NOT NULL,
        task INTEGER,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX fact_of_task ON fact (task) WHERE task IS NOT NULL;
"];

/// Opens the journal for its one writer, creating or upgrading it.
///
/// # Errors
/// [`StoreError`] when it cannot be opened, written or understood.
pub(super) fn open_to_write(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path)?;
    upgrade(&connection, path)?;
    Ok(connection)
}

/// Connects to the file at `path`, or to one in memory when it is `:memory:`.
fn connect(path: &Path) -> Result<Connection, StoreError> {
    let wrap = |error: rusqlite::Error| StoreError::from_database(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(wrap)?;
    // First the time-out: switching to WAL needs a lock, which would fail at once without it.
    connection.busy_timeout(BUSY).map_err(wrap)?;
    // Where WAL cannot be had (memory, some network folders) SQLite keeps its rollback journal, as durable and slower.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).map_err(wrap)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(wrap)?;
    // On macOS a plain fsync leaves the data in the drive's cache.
    connection.pragma_update(None, "fullfsync", "ON").map_err(wrap)?;
    Ok(connection)
}

/// Brings the tables to the newest format, in one transaction.
fn upgrade(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let wrap = |error: rusqlite::Error| StoreError::from_database(path, &error);
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(wrap)?;
    let found = version(&transaction, path)?;
    let steps = usize::try_from(found).map_or(&[][..], |known| STEPS.get(known..).unwrap_or_default());
    if !steps.is_empty() {
        transaction
            .execute_batch("CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL) STRICT; DELETE FROM schema;")
            .map_err(wrap)?;
        for step in steps {
            transaction.execute_batch(step).map_err(wrap)?;
        }
        transaction.execute("INSERT INTO schema (version) VALUES (?1)", [newest()]).map_err(wrap)?;
    }
    transaction.commit().map_err(wrap)
}

/// Opens the journal to read it while a supervisor may be writing; changes nothing.
///
/// # Errors
/// [`StoreError::Missing`] when there is none, another [`StoreError`] when it cannot be read or understood.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let wrap = |error: rusqlite::Error| StoreError::from_database(path, &error);
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => return Err(StoreError::Missing { path: path.to_owned() }),
        Err(error) => return Err(StoreError::Other { path: path.to_owned(), cause: error.to_string() }),
    }
    let connection = connect_to_read(path, "").map_err(wrap)?;
    // A journal in WAL mode needs a shared-memory file even to be read. Where none can be made, and no log says that
    // something is still to be merged, the file itself is all there is.
    let needs_memory = |error: &StoreError| matches!(error, StoreError::ReadOnly { .. }) && !has_log(path);
    let (connection, found) = match version(&connection, path) {
        Err(error) if needs_memory(&error) => {
            let connection = connect_to_read(path, "&immutable=1").map_err(wrap)?;
            let found = version(&connection, path)?;
            (connection, found)
        }
        found => (connection, found?),
    };
    if found == 0 {
        // The file was created a moment ago and its tables are still to come.
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    Ok(connection)
}

/// Connects to an existing file without the right to change it.
fn connect_to_read(path: &Path, options: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let mut address = PathBuf::from("file:");
    address.as_mut_os_string().push(escaped(path));
    address.as_mut_os_string().push(format!("?mode=ro{options}"));
    let connection = Connection::open_with_flags(address, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Writes a path as it must stand in a `file:` address.
fn escaped(path: &Path) -> OsString {
    let mut address = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'%' => address.extend_from_slice(b"%25"),
            b'?' => address.extend_from_slice(b"%3f"),
            b'#' => address.extend_from_slice(b"%23"),
            other => address.push(*other),
        }
    }
    OsString::from_vec(address)
}

/// Whether a write-ahead log lies beside the journal.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).exists()
}

/// Returns the format of the journal, 0 for an empty file.
fn version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let wrap = |error: rusqlite::Error| StoreError::from_database(path, &error);
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .and_then(|mut names| names.query_map([], |row| row.get(0))?.collect())
        .map_err(wrap)?;
    if tables.is_empty() {
        return Ok(0);
    }
    let cause = "it holds tables, but no known format";
    let foreign = || StoreError::Corrupt { path: path.to_owned(), cause: cause.to_owned() };
    if !tables.iter().any(|name| name == "schema") {
        return Err(foreign());
    }
    let found: i64 = connection
        .query_row("SELECT version FROM schema", [], |row| row.get(0))
        .map_err(|error| if error == rusqlite::Error::QueryReturnedNoRows { foreign() } else { wrap(error) })?;
    match found {
        newer if newer > newest() => Err(StoreError::Newer { path: path.to_owned(), found: newer, known: newest() }),
        known if known > 0 => Ok(known),
        _ => Err(foreign()),
    }
}

/// Returns the newest format this program knows.
fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}
