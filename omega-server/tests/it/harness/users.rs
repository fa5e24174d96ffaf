//! Somebody else on the same server, put into its database beside it.

use super::Omega;
use omega_core::{client::Client, id::UserId};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use sqlx::{ConnectOptions, Connection, PgConnection, sqlite::SqliteConnectOptions};

/// A user who administers nothing, their key, and a client that has it.
pub struct Other {
    pub user: UserId,
    pub key: String,
    pub client: Client,
}

/// Makes one.
pub async fn another_user(omega: &Omega) -> Other {
    another_on(&omega.database, &omega.url).await
}

/// Makes one of the server at this address.
pub async fn another_on(database: &str, url: &str) -> Other {
    let (user, key) = (UserId::new(), omega_server::http::auth::new_key().unwrap());
    run(database, &format!(
        "INSERT INTO users (id, display_name, gravatar_hash, role, created_at) VALUES ('{user}', 'guest', '', 'user', 1)"
    ))
    .await;
    let insert =
        "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, created_at) VALUES ($1, $2, 'k', $3, $4, 1)";
    let (id, prefix) = (uuid::Uuid::now_v7().to_string(), &key[..16]);
    let hash = Sha256::digest(key.as_bytes()).to_vec();
    macro_rules! insert {
        ($connection:expr) => {{
            let mut connection = $connection;
            let query = sqlx::query(insert).bind(id).bind(user.to_string()).bind(prefix).bind(hash);
            query.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }};
    }
    match database.strip_prefix("sqlite:") {
        Some(path) => insert!(SqliteConnectOptions::new().filename(path).connect().await.unwrap()),
        None => insert!(PgConnection::connect(database).await.unwrap()),
    }
    let client = Client::new(url, SecretString::from(key.clone())).unwrap();
    Other { user, key, client }
}

/// Statements, straight into a database.
pub async fn run(database: &str, sql: &str) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    match database.strip_prefix("sqlite:") {
        Some(path) => {
            let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        None => {
            let mut connection = PgConnection::connect(database).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}
