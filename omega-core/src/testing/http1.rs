//! As much of an HTTP/1.1 server as the stand-in needs: requests with a length, answers whole or in chunks, connections
//! that stay open.

use super::RawAnswer;
use std::{collections::BTreeMap, io};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

pub(super) struct HttpRequest {
    pub method: String,
    pub target: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// A connection from a client.
pub(super) struct Connection {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn new(socket: TcpStream) -> Self {
        // Events are small and must not wait for each other. Without it they only come later.
        let _ = socket.set_nodelay(true);
        let (read, write) = socket.into_split();
        Self { read, write, buffer: Vec::new() }
    }

    /// The next request, or nothing when the client is gone or speaks no HTTP.
    pub(super) async fn request(&mut self) -> Option<HttpRequest> {
        let end = loop {
            match self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end,
                None => self.fill().await?,
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.get("content-length").map_or(Some(0), |length| length.parse::<usize>().ok())?;
        while self.buffer.len() < length {
            self.fill().await?;
        }
        let body = self.buffer.drain(..length).collect();
        Some(HttpRequest { method, target, headers, body })
    }

    async fn fill(&mut self) -> Option<()> {
        (self.read.read_buf(&mut self.buffer).await.ok()? > 0).then_some(())
    }

    pub(super) async fn answer(&mut self, status: u16, headers: &[(&str, String)], body: &str) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {status} -\r\ncontent-type: application/json\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        self.write.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await
    }

    /// An answer byte for byte, and the end of the connection.
    pub(super) async fn raw(&mut self, answer: &RawAnswer) -> io::Result<()> {
        let length: usize = answer.pieces.iter().map(Vec::len).sum();
        let mut head = format!("HTTP/1.1 {} -\r\nconnection: close\r\n", answer.status);
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", length + usize::from(answer.breaks)));
        self.write.write_all(head.as_bytes()).await?;
        for piece in &answer.pieces {
            self.write.write_all(piece).await?;
            self.write.flush().await?;
            // The reader gets to see this piece by itself.
            tokio::task::yield_now().await;
        }
        self.write.shutdown().await
    }

    pub(super) async fn begin_stream(&mut self) -> io::Result<()> {
        self.write
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            .await
    }

    /// A piece of the stream.
    pub(super) async fn chunk(&mut self, data: &str) -> io::Result<()> {
        self.write.write_all(format!("{:x}\r\n{data}\r\n", data.len()).as_bytes()).await
    }

    pub(super) async fn end_stream(&mut self) -> io::Result<()> {
        self.write.write_all(b"0\r\n\r\n").await
    }

    /// Comes back when the client hangs up.
    pub(super) async fn hung_up(&mut self) {
        while self.fill().await.is_some() {}
    }
}
