#!/usr/bin/env python3
"""Two browsers and what they meet by: `webrtc.py serve`, `webrtc.py a`, `webrtc.py b`.

serve: the page, and a mailbox for each of the two; /await answers once /done has come.
a, b:  a headless Chromium at that page, until /await answers.
"""
import http.server
import json
import os
import queue
import subprocess
import sys
import threading
import urllib.request

PORT = 8000
boxes = {"a": queue.Queue(), "b": queue.Queue()}
done = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, body, kind="application/json"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("/for/"):
            self.answer(boxes[self.path[5:]].get())
        elif self.path == "/await":
            done.wait()
            self.answer(b"{}")
        elif self.path.startswith("/?"):
            with open(os.path.join(os.path.dirname(__file__), "webrtc.html"), "rb") as page:
                self.answer(page.read(), "text/html")
        else:
            self.send_error(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/to/"):
            boxes[self.path[4:]].put(body)
        elif self.path == "/log":
            print(json.loads(body), flush=True)
        elif self.path == "/done":
            done.set()
        self.answer(b"{}")


def serve():
    http.server.ThreadingHTTPServer(("", PORT), Handler).serve_forever()


def browse(who):
    server = os.environ["KNOTHOLE_SERVER"]
    browser = subprocess.Popen([
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage", "--disable-features=WebRtcHideLocalIpsWithMdns",
        "--user-data-dir=/tmp/browser-" + who,
        "http://%s:%d/?%s,%s" % (server, PORT, who, os.environ["KNOTHOLE_TURN"])])
    try:
        urllib.request.urlopen("http://%s:%d/await" % (server, PORT), timeout=40).read()
    finally:
        browser.kill()
        browser.wait()


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else browse(sys.argv[1])
