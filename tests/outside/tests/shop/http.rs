//! As much of an HTTP client as the tests need: one request, one connection.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

/// Posts JSON and returns the status and the JSON of the answer.
pub fn post(address: &str, path: &str, tenant: Option<&str>, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let tenant = tenant.map_or_else(String::new, |tenant| format!("x-tenant-id: {tenant}\r\n"));
    let length = body.len();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{tenant}\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();

    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}
