//! Structs that are read from rows of the database, each field from the column of its name.
//!
//! In place of sqlx's own derive and its `migrate!`: these bring a procedural macro that has both databases' drivers built a second
//! time, with all that they need, before the engine can be compiled at all.

/// A struct and how it is read. What stands behind `flatten` is read from the same row, and what stands behind `or_default` is its
/// type's default where a statement does not ask for the column.
macro_rules! row {
    (
        $(#[$about:meta])*
        $vis:vis struct $name:ident {
            $($(#[$told:meta])* $seen:vis $field:ident: $type:ty),* $(,)?
        }
        $(flatten { $($whole:ident: $of:ty),* $(,)? })?
        $(or_default { $($perhaps:ident: $kind:ty),* $(,)? })?
    ) => {
        $(#[$about])*
        $vis struct $name {
            $($(#[$told])* $seen $field: $type,)*
            $($($whole: $of,)*)?
            $($($perhaps: $kind,)*)?
        }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            $($type: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)*
            $($($of: sqlx::FromRow<'r, R>,)*)?
            $($($kind: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)*)?
        {
            fn from_row(row: &'r R) -> sqlx::Result<Self> {
                Ok(Self {
                    $($field: row.try_get(stringify!($field))?,)*
                    $($($whole: sqlx::FromRow::from_row(row)?,)*)?
                    $($($perhaps: match row.try_get(stringify!($perhaps)) {
                        Err(sqlx::Error::ColumnNotFound(_)) => <_>::default(),
                        found => found?,
                    },)*)?
                })
            }
        }
    };
}
pub(crate) use row;
