import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.dummy import Pool

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"wool" * int(self.path[-1]))

    def log_message(self, *_):
        pass

def download(url):
    with urllib.request.urlopen(url) as response:
        return len(response.read())

if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hostname, port = server.server_address

    urls = [f"http://{hostname}:{port}/{n}" for n in range(1, 7)]
    with Pool(3) as pool:
        print(*pool.map(download, urls))
    server.shutdown()
