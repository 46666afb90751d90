//! nginx with one worker that holds the same header against the same token and gives the same reply.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Server, TOKEN, document};

/// Ended when dropped.
pub(crate) struct Nginx {
    pub(crate) server: Server,
    master: Child,
    _folder: TempDir,
}

impl Nginx {
    /// None where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        fs::write(folder.path().join("nginx.conf"), configuration(address)).unwrap();
        let master = Command::new("nginx")
            .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .spawn()
            .ok()?;
        let patience = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < patience, "nginx does not answer");
            std::thread::yield_now();
        }
        let id = master.id();
        // It listens before it has a worker.
        let worker = || {
            fs::read_to_string(format!("/proc/{id}/task/{id}/children"))
                .ok()?
                .trim()
                .parse()
                .ok()
        };
        let thread = loop {
            if let Some(worker) = worker() {
                break worker;
            }
            assert!(Instant::now() < patience, "nginx has no worker");
            std::thread::yield_now();
        };
        Some(Self {
            server: Server { address, thread },
            master,
            _folder: folder,
        })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A master that is killed leaves its worker behind.
        let pid = rustix::process::Pid::from_child(&self.master);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.master.wait();
    }
}

/// Where it keeps what it never gets: bodies. Its own places are root's.
const FOLDERS: &str = "client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\n\
                       uwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n";

fn configuration(address: SocketAddr) -> String {
    let body = String::from_utf8(document().to_vec()).unwrap();
    format!(
        "daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log stderr crit;\nevents {{ worker_connections 1024; }}\n\
         http {{\naccess_log off;\nkeepalive_requests 1000000000;\ndefault_type application/json;\n{FOLDERS}\
         server {{\nlisten {address};\nlocation = /credentials/ops {{\n\
         if ($http_authorization != \"{TOKEN}\") {{ return 401; }}\n\
         add_header Cache-Control no-store;\nadd_header X-Content-Type-Options nosniff;\nreturn 200 '{body}';\n}}\n}}\n}}\n"
    )
}
