//! The queue server, faked by threads of this program. The file `target/source` says
//! how it behaves: `ok`, `slow`, `cut` or `gone`.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const BEHAVIOUR: &str = "target/source";

/// Starts a server that is `ok`, and returns its address.
pub fn start() -> io::Result<SocketAddr> {
    let _ = fs::remove_file(BEHAVIOUR);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // An error means that whoever asked is gone.
            thread::spawn(move || answer(stream));
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut question = String::new();
    BufReader::new(&stream).read_line(&mut question)?;
    let answer = match question.trim_end() {
        "lengths" => "mail 3\nprint 5\nend\n",
        _ => "bytes 1250000\nend\n",
    };
    let behaviour = fs::read_to_string(BEHAVIOUR).unwrap_or("ok".to_owned());
    match behaviour.trim_end() {
        "gone" => Ok(()),
        "cut" => stream.write_all(&answer.as_bytes()[..7]),
        "slow" => answer.bytes().try_for_each(|byte| {
            thread::sleep(Duration::from_millis(200));
            stream.write_all(&[byte])
        }),
        _ => stream.write_all(answer.as_bytes()),
    }
}
