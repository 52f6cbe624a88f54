//! Generated logs: the same lines for the same seed.

/// Numbers that look random (xorshift64*).
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    pub(crate) fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.below(256) as u8).collect()
    }
}

const USERS: [&str; 8] = [
    "root", "alice", "bob", "guest", "admin", "carol", "dave", "eve",
];
const HOSTS: [&str; 4] = ["combo", "web-1", "db02", "edge"];
const PATHS: [&str; 6] = [
    "/",
    "/index.html",
    "/api/v1/items",
    "/img/logo.png",
    "/login",
    "/a%20b?q=1&r=x",
];

/// Kinds of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Syslog,
    Access,
    JsonLines,
    KeyValue,
    /// The same block of lines over and over, as machines of a kind write when they boot.
    Boots,
    /// Lines with a time, and traces without one behind some of them.
    Traces,
    /// Syslog with carriage returns.
    CarriageReturns,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Syslog,
        Self::Access,
        Self::JsonLines,
        Self::KeyValue,
        Self::Boots,
        Self::Traces,
        Self::CarriageReturns,
    ];

    /// A log of at least `len` bytes that ends with a newline.
    pub(crate) fn log(self, len: usize, seed: u64) -> Vec<u8> {
        let mut noise = Noise::new(seed);
        let mut out = String::with_capacity(len + 1024);
        let mut second = 1_000 + seed % 5_000;
        while out.len() < len {
            second += noise.below(4);
            match self {
                Self::Syslog => out += &syslog(&mut noise, second, "\n"),
                Self::CarriageReturns => out += &syslog(&mut noise, second, "\r\n"),
                Self::Access => out += &access(&mut noise, second),
                Self::JsonLines => out += &json(&mut noise, second),
                Self::KeyValue => out += &key_value(&mut noise, second),
                Self::Boots => out += &boot(&mut noise),
                Self::Traces => out += &trace(&mut noise, second),
            }
        }
        out.into_bytes()
    }
}

/// `HH:MM:SS`.
fn clock(second: u64) -> String {
    let (hour, minute) = (second / 3600 % 24, second / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}", second % 60)
}

fn syslog(noise: &mut Noise, second: u64, end: &str) -> String {
    let host = noise.pick(&HOSTS);
    let user = noise.pick(&USERS);
    let pid = 1000 + noise.below(9000);
    let text = match noise.below(5) {
        0 => format!("sshd[{pid}]: session opened for user {user} by (uid=0)"),
        1 => format!(
            "sshd[{pid}]: Failed password for {user} from 10.0.{}.{} port {}",
            noise.below(4),
            noise.below(256),
            noise.below(65_536)
        ),
        2 => format!(
            "kernel: eth0: link up, {} Mbps",
            [10, 100, 1000][noise.below(3) as usize]
        ),
        3 => format!(
            "CRON[{pid}]: ({user}) CMD (run-parts /etc/cron.{})",
            noise.pick(&["hourly", "daily"])
        ),
        _ => format!("su(pam_unix)[{pid}]: session closed for user {user}"),
    };
    let day = 14 + second / 86_400;
    format!("Jun {day:02} {} {host} {text}{end}", clock(second))
}

fn access(noise: &mut Noise, second: u64) -> String {
    format!(
        "192.168.{}.{} - {} [14/Jun/2024:{} +0000] \"{} {} HTTP/1.1\" {} {} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n",
        noise.below(3),
        noise.below(256),
        noise.pick(&["-", "alice", "bob"]),
        clock(second),
        noise.pick(&["GET", "GET", "POST"]),
        noise.pick(&PATHS),
        [200, 200, 304, 404, 500][noise.below(5) as usize],
        noise.below(100_000)
    )
}

fn json(noise: &mut Noise, second: u64) -> String {
    format!(
        "{{\"time\":\"2024-06-14T{}.{:03}Z\",\"level\":\"{}\",\"user\":\"{}\",\"took\":{}.{},\"msg\":\"request {} done\"}}\n",
        clock(second),
        noise.below(1000),
        noise.pick(&["info", "warn", "error"]),
        noise.pick(&USERS),
        noise.below(20),
        noise.below(10),
        noise.below(1_000_000)
    )
}

fn key_value(noise: &mut Noise, second: u64) -> String {
    format!(
        "2024-06-14 {},{:03} level={} component={} id={:08x} size={} elapsed={}ms\n",
        clock(second),
        noise.below(1000),
        noise.pick(&["INFO", "DEBUG", "WARN"]),
        noise.pick(&["cache", "store", "net"]),
        noise.below(1 << 32),
        noise.below(70_000),
        noise.below(500)
    )
}

fn boot(noise: &mut Noise) -> String {
    let mut out = String::new();
    for step in 0..60u64 {
        if noise.below(40) == 0 {
            out += &format!("usb {}-1: new device number {}\n", step % 4, noise.below(9));
        }
        let part = ["acpi", "pci 0000:00", "cpu", "ahci", "usbus"][step as usize % 5];
        out += &format!(
            "{part}.{step}: <device> on bus {} at {:#x}\n",
            step / 7,
            step * 4096
        );
        if step % 20 == 19 {
            out.push('\n');
        }
    }
    out
}

fn trace(noise: &mut Noise, second: u64) -> String {
    let mut out = format!(
        "2024-06-14 {} {} [worker-{}] job {} {}\n",
        clock(second),
        noise.pick(&["INFO", "ERROR"]),
        noise.below(8),
        noise.below(100_000),
        noise.pick(&["done", "failed", "started"])
    );
    if noise.below(4) == 0 {
        out += "java.lang.IllegalStateException: broken\n";
        for _ in 0..noise.below(6) {
            out += &format!(
                "\tat com.example.{}.run({}.java:{})\n",
                noise.pick(&["Job", "Queue", "Pool"]),
                noise.pick(&["Job", "Queue", "Pool"]),
                noise.below(400)
            );
        }
        if noise.below(3) == 0 {
            out.push('\n');
        }
    }
    out
}
