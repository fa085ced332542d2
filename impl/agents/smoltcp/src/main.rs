//! smoltcp as an agent of finwait: one interface, one connection at a time, time as it is told.
//! The protocol is in docs/agent-protocol.md.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::{BufRead, Write as _};
use std::panic;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::socket::tcp::{RecvError, Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};

const MTU: usize = 1500;
const BUFFER: usize = 8192; // of each direction; without window scaling it is advertised in full
const IUT: IpAddress = IpAddress::v4(10, 0, 0, 1);
const TESTER: IpAddress = IpAddress::v4(10, 0, 0, 2);
/// No honest turn of the stack sends so much at once: both buffers together hold 16 segments.
const MOST_PACKETS: usize = 10_000;
/// The stack stands still where it asks to be polled again and again without doing anything.
const PATIENCE_WITH_POLLS: u32 = 4;

/// What is claimed, in microseconds. CLOSE_DELAY of socket/tcp.rs (10 s) is TIME-WAIT: 2 MSL. The RTO is at most
/// RTTE_MAX_RTO (60 s); nothing is ever given up unless the user sets a timeout, so neither R2 is claimed.
const CLAIMS: &str = "claim name smoltcp
claim clock virtual
claim tick 10000
claim step 10000
claim msl 5000000
claim reaction 0
claim throttle 1000000
claim patience 61000000
claim receive-buffer 8192
claim mss 1460
claim listener-persists no
claim calls open-passive open-active accept send receive close abort status
ok
";

// ---- the wire -----------------------------------------------------------------------------------------------

#[derive(Default)]
struct Wire {
    to_stack: VecDeque<Vec<u8>>,
    from_stack: Vec<Vec<u8>>,
}

struct Received(Vec<u8>);
struct Transmitted<'a>(&'a mut Vec<Vec<u8>>);

impl phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl phy::TxToken for Transmitted<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        assert!(self.0.len() < MOST_PACKETS, "poll() does not end: it sends the same over and over");
        self.0.push(packet);
        result
    }
}

impl Device for Wire {
    type RxToken<'a> = Received;
    type TxToken<'a> = Transmitted<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received, Transmitted<'_>)> {
        let packet = self.to_stack.pop_front()?;
        Some((Received(packet), Transmitted(&mut self.from_stack)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Transmitted<'_>> {
        Some(Transmitted(&mut self.from_stack))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        capabilities
    }
}

// ---- the user -----------------------------------------------------------------------------------------------

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Active,
    Listener, // until it is accepted: smoltcp's listening socket becomes the connection
    Accepted,
}

/// A socket as the tester knows it.
struct Name {
    handle: SocketHandle,
    role: Role,
    told: bool, // opened, or acceptable
    seen: State,
    ended: Option<&'static str>, // why later calls fail
}

impl Name {
    /// Why a SEND, a CLOSE or an ABORT fails: after a normal end there is no connection any more.
    fn refusal(&self) -> Option<&'static str> {
        self.ended.map(|why| if why == "closing" { "no-connection" } else { why })
    }
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Listen => "LISTEN",
        State::SynSent => "SYN-SENT",
        State::SynReceived => "SYN-RECEIVED",
        State::Established => "ESTABLISHED",
        State::FinWait1 => "FIN-WAIT-1",
        State::FinWait2 => "FIN-WAIT-2",
        State::CloseWait => "CLOSE-WAIT",
        State::Closing => "CLOSING",
        State::LastAck => "LAST-ACK",
        State::TimeWait => "TIME-WAIT",
    }
}

fn opening(state: State) -> bool {
    matches!(state, State::Listen | State::SynSent | State::SynReceived)
}

fn hex(octets: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    if octets.is_empty() {
        out.push('-');
    }
    for octet in octets {
        out.push(DIGITS[usize::from(octet >> 4)] as char);
        out.push(DIGITS[usize::from(octet & 15)] as char);
    }
}

fn octets(text: &str) -> Vec<u8> {
    if text == "-" {
        return Vec::new();
    }
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hexadecimal digits"))
        .collect()
}

struct Host {
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    names: BTreeMap<u32, Name>,
    now: Instant,
    out: String,
}

impl Host {
    fn new(seed: u64) -> Host {
        let mut wire = Wire::default();
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let now = Instant::from_micros(0);
        let mut interface = Interface::new(config, &mut wire, now);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(IUT, 24)).expect("room for an address");
        });
        Host { wire, interface, sockets: SocketSet::new(vec![]), names: BTreeMap::new(), now, out: String::new() }
    }

    fn socket(&mut self, handle: SocketHandle) -> &mut Socket<'static> {
        self.sockets.get_mut(handle)
    }

    // ---- running the stack ----

    /// Until it has nothing more to do at this instant. `reset` says that a RST has just been delivered.
    fn settle(&mut self, reset: bool) {
        self.interface.poll(self.now, &mut self.wire, &mut self.sockets);
        for packet in std::mem::take(&mut self.wire.from_stack) {
            let _ = write!(self.out, "datagram {} ", self.now.total_micros());
            hex(&packet, &mut self.out);
            self.out.push('\n');
        }
        self.notice(reset);
    }

    fn advance(&mut self, by: i64) {
        let target = Instant::from_micros(self.now.total_micros() + by);
        let mut idle = 0;
        loop {
            self.settle(false);
            let due = match self.interface.poll_at(self.now, &self.sockets) {
                Some(due) if due <= target => due,
                _ => break,
            };
            if due > self.now {
                self.now = due;
                idle = 0;
            } else {
                idle += 1;
            }
            if idle > PATIENCE_WITH_POLLS {
                let next = Instant::from_micros(self.now.total_micros() + 1000);
                if next > target {
                    break;
                }
                self.now = next;
            }
        }
        self.now = target;
        self.settle(false);
    }

    /// Tells what the user would be told: smoltcp's users find it by looking at the state.
    fn notice(&mut self, reset: bool) {
        let at = self.now.total_micros();
        for (number, name) in &mut self.names {
            let state = self.sockets.get::<Socket>(name.handle).state();
            let before = std::mem::replace(&mut name.seen, state);
            if state == State::Listen {
                name.told = false;
            }
            if !name.told && !opening(state) && state != State::Closed {
                name.told = true;
                match name.role {
                    Role::Active => _ = writeln!(self.out, "opened {at} {number}"),
                    _ => _ = writeln!(self.out, "acceptable {at} {number}"),
                }
            }
            if state != State::Closed || before == State::Closed || name.ended.is_some() {
                continue;
            }
            let why = match before {
                State::LastAck | State::Closing | State::TimeWait => "closing",
                State::SynSent | State::SynReceived if reset => "refused",
                _ if reset => "reset",
                _ => "timed-out",
            };
            name.ended = Some(why);
            if why != "closing" && name.role != Role::Listener {
                let _ = writeln!(self.out, "failed {at} {number} {why}");
            }
        }
    }

    // ---- user calls ----

    fn add(&mut self) -> SocketHandle {
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        self.sockets.add(Socket::new(buffer(), buffer()))
    }

    fn name(&mut self, number: u32, handle: SocketHandle, role: Role) {
        let seen = self.socket(handle).state();
        self.names.insert(number, Name { handle, role, told: false, seen, ended: None });
    }

    fn open_passive(&mut self, number: u32, port: u16) -> &'static str {
        let taken = self.names.values().any(|name| {
            let socket = self.sockets.get::<Socket>(name.handle);
            socket.state() == State::Listen && socket.listen_endpoint().port == port
        });
        if taken {
            return "exists";
        }
        let handle = self.add();
        if self.socket(handle).listen(port).is_err() {
            return "invalid";
        }
        self.name(number, handle, Role::Listener);
        "ok"
    }

    fn open_active(&mut self, number: u32, local: u16, remote: u16) -> &'static str {
        let taken = self.names.values().any(|name| {
            let socket = self.sockets.get::<Socket>(name.handle);
            let ports = socket.local_endpoint().zip(socket.remote_endpoint());
            socket.state() != State::Closed && ports.is_some_and(|(l, r)| (l.port, r.port) == (local, remote))
        });
        if taken {
            return "exists";
        }
        let handle = self.add();
        let socket = self.sockets.get_mut::<Socket>(handle);
        if socket.connect(self.interface.context(), (TESTER, remote), (IUT, local)).is_err() {
            return "invalid";
        }
        self.name(number, handle, Role::Active);
        "ok"
    }

    fn accept(&mut self, listener: u32, child: u32) -> &'static str {
        match self.names.get(&listener) {
            Some(name) if name.role != Role::Listener => return "no-connection",
            Some(name) if !name.told || name.ended.is_some() => return "pending",
            Some(_) => (),
            None => return "no-connection",
        }
        let mut name = self.names.remove(&listener).expect("a listener");
        name.role = Role::Accepted;
        self.names.insert(child, name);
        "ok"
    }

    fn send(&mut self, number: u32, data: &[u8]) -> String {
        let Some(name) = self.names.get(&number) else { return "no-connection".into() };
        if let Some(why) = name.refusal() {
            return why.into();
        }
        let handle = name.handle;
        let socket = self.socket(handle);
        if opening(socket.state()) {
            return "pending".into();
        }
        match socket.send_slice(data) {
            Ok(0) if !data.is_empty() => "pending".into(),
            Ok(taken) => format!("ok {taken}"),
            Err(_) => "closing".into(),
        }
    }

    fn receive(&mut self, number: u32, count: usize) -> String {
        let Some(name) = self.names.get(&number) else { return "no-connection".into() };
        let (handle, ended) = (name.handle, name.ended);
        if ended == Some("no-connection") {
            return "no-connection".into(); // who has given the socket back does not read from it any more
        }
        let mut data = vec![0; count];
        let socket = self.socket(handle);
        if opening(socket.state()) {
            return "pending".into();
        }
        match socket.recv_slice(&mut data) {
            Ok(0) => "pending".into(),
            Ok(got) => {
                let mut line = String::from("ok ");
                hex(&data[..got], &mut line);
                line
            }
            Err(RecvError::Finished) => "closing".into(),
            Err(RecvError::InvalidState) => ended.unwrap_or("closing").into(),
        }
    }

    fn close(&mut self, number: u32) -> &'static str {
        let Some(name) = self.names.get(&number) else { return "no-connection" };
        if let Some(why) = name.refusal() {
            return why;
        }
        let handle = name.handle;
        self.socket(handle).close();
        if self.socket(handle).state() == State::Closed {
            self.names.get_mut(&number).expect("a name").ended = Some("no-connection");
        }
        "ok"
    }

    fn abort(&mut self, number: u32) -> &'static str {
        let Some(name) = self.names.get_mut(&number) else { return "no-connection" };
        // The socket is given back, whatever has become of the connection.
        let refusal = name.refusal();
        name.ended = Some("no-connection");
        if let Some(why) = refusal {
            return why;
        }
        let handle = name.handle;
        self.socket(handle).abort();
        "ok"
    }

    fn status(&mut self, number: u32) -> String {
        let Some(name) = self.names.get(&number) else { return "no-connection".into() };
        match self.sockets.get::<Socket>(name.handle).state() {
            State::Closed => "no-connection".into(),
            state => format!("ok {}", state_name(state)),
        }
    }

    fn call(&mut self, words: &[&str]) -> String {
        let number = |i: usize| words[i].parse::<u32>().expect("a number");
        let port = |i: usize| words[i].parse::<u16>().expect("a port");
        let result = match words[0] {
            "open-passive" => self.open_passive(number(1), port(2)).into(),
            "open-active" => self.open_active(number(1), port(2), port(3)).into(),
            "accept" => self.accept(number(1), number(2)).into(),
            "send" => self.send(number(1), &octets(words[2])),
            "receive" => self.receive(number(1), words[2].parse().expect("a count")),
            "close" => self.close(number(1)).into(),
            "abort" => self.abort(number(1)).into(),
            "status" => self.status(number(1)),
            _ => "unsupported".into(),
        };
        self.settle(false);
        result
    }

    /// The answer to one request, complete.
    fn answer(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let result = match words[0] {
            "hello" => {
                let version = option_env!("FINWAIT_SMOLTCP_VERSION").unwrap_or("unknown");
                return format!("claim version {version}\n{CLAIMS}");
            }
            "reset" => {
                *self = Host::new(words[1].parse().expect("a seed"));
                "ok".into()
            }
            "deliver" => {
                let packet = octets(words[1]);
                let flags = usize::from(packet[0] & 15) * 4 + 13;
                let reset = packet.get(flags).is_some_and(|flags| flags & 4 != 0);
                self.wire.to_stack.push_back(packet);
                self.settle(reset);
                "ok".into()
            }
            "advance" => {
                self.advance(words[1].parse().expect("microseconds"));
                "ok".into()
            }
            "call" => self.call(&words[1..]),
            _ => "unsupported".into(),
        };
        let mut answer = std::mem::take(&mut self.out);
        answer.push_str(&result);
        answer.push('\n');
        answer
    }
}

fn main() {
    panic::set_hook(Box::new(|_| ())); // it is told in the answer
    let mut host = Host::new(0);
    let stdout = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let answer = panic::catch_unwind(panic::AssertUnwindSafe(|| host.answer(&line))).unwrap_or_else(|why| {
            let why = why.downcast::<String>().map(|text| *text).unwrap_or_else(|why| {
                why.downcast_ref::<&str>().map_or("a panic", |text| *text).to_string()
            });
            host = Host::new(0);
            format!("crashed {}\n", why.replace('\n', " "))
        });
        let mut out = stdout.lock();
        if out.write_all(answer.as_bytes()).and_then(|()| out.flush()).is_err() {
            break;
        }
    }
}
