"""An STS that knows two keys of a user: an emulator for each, behind one door that passes a request on by the key that signed it."""

import http.client
import http.server
import re
import threading


class Door:
    """Listens where pods look for STS. It must be made, and `serve` run, in the pod's network."""

    def __init__(self, listen, emulators):
        address, port = listen.split(":")
        # By the id of a long-term key; those of sessions are learnt from the replies.
        self.whose = {emulator.access["AWS_ACCESS_KEY_ID"]: emulator for emulator in emulators}
        self.server = http.server.ThreadingHTTPServer((address, int(port)), self._handler())

    def serve(self):
        """Until `end`; the threads that answer are where this one is."""
        self.server.serve_forever(poll_interval=0.1)

    def end(self):
        threading.Thread(target=self.server.shutdown).start()

    def _handler(door):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                key = re.search(r"Credential=(\w+)/", self.headers["Authorization"]).group(1)
                emulator = door.whose[key]
                connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"), timeout=30)
                connection.request("POST", self.path, body, dict(self.headers))
                reply = connection.getresponse()
                content = reply.read()
                for found in re.findall(rb"<AccessKeyId>(\w+)<", content):
                    door.whose[found.decode()] = emulator
                self.send_response_only(reply.status)
                for name, value in reply.getheaders():
                    if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        return Handler
