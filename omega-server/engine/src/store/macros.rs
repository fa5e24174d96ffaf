//! One call, two engines: each macro takes a statement, a row type and the binds, and runs it on whichever is open. No text
//! that is bound has a U+0000 (`crate::domain::nul`).

/// Reads all rows outside a transaction.
macro_rules! read_all {
    ($db:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $db {
            $crate::store::Db::Sqlite { read, .. } => sqlx::query_as::<_, $row>($crate::store::sql::Text::sqlite(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_all(read).await,
            $crate::store::Db::Postgres(pool) => sqlx::query_as::<_, $row>($crate::store::sql::Text::postgres(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_all(pool).await,
        }
        .map_err($crate::store::StoreError::from)
    };
}

/// Reads at most one row outside a transaction.
macro_rules! read_opt {
    ($db:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $db {
            $crate::store::Db::Sqlite { read, .. } => sqlx::query_as::<_, $row>($crate::store::sql::Text::sqlite(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_optional(read).await,
            $crate::store::Db::Postgres(pool) => sqlx::query_as::<_, $row>($crate::store::sql::Text::postgres(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_optional(pool).await,
        }
        .map_err($crate::store::StoreError::from)
    };
}

/// Reads exactly one row outside a transaction.
macro_rules! read_one {
    ($db:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $db {
            $crate::store::Db::Sqlite { read, .. } => sqlx::query_as::<_, $row>($crate::store::sql::Text::sqlite(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_one(read).await,
            $crate::store::Db::Postgres(pool) => sqlx::query_as::<_, $row>($crate::store::sql::Text::postgres(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_one(pool).await,
        }
        .map_err($crate::store::StoreError::from)
    };
}

/// Reads all rows inside a transaction.
macro_rules! tx_all {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::store::Tx::Sqlite { tx, .. } => sqlx::query_as::<_, $row>($crate::store::sql::Text::sqlite(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_all(&mut **tx).await,
            $crate::store::Tx::Postgres(tx) => sqlx::query_as::<_, $row>($crate::store::sql::Text::postgres(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_all(&mut **tx).await,
        }
        .map_err($crate::store::StoreError::from)
    };
}

/// Reads at most one row inside a transaction.
macro_rules! tx_opt {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::store::Tx::Sqlite { tx, .. } => sqlx::query_as::<_, $row>($crate::store::sql::Text::sqlite(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_optional(&mut **tx).await,
            $crate::store::Tx::Postgres(tx) => sqlx::query_as::<_, $row>($crate::store::sql::Text::postgres(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.fetch_optional(&mut **tx).await,
        }
        .map_err($crate::store::StoreError::from)
    };
}

/// Changes rows inside a transaction, and says how many.
macro_rules! exec {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::store::Tx::Sqlite { tx, .. } => {
                sqlx::query($crate::store::sql::Text::sqlite(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
            $crate::store::Tx::Postgres(tx) => {
                sqlx::query($crate::store::sql::Text::postgres(&$sql))$(.bind($crate::domain::nul::Stored::stored($bind)))*.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::store::StoreError::from)
    };
}

pub(crate) use {exec, read_all, read_one, read_opt, tx_all, tx_opt};
