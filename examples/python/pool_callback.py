import re
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Pool

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"<title>Page {self.path}</title>".encode())

    def log_message(self, *_):
        pass

def download(url):
    with urllib.request.urlopen(url) as response:
        return response.read().decode()

if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hostname, port = server.server_address

    titles = []
    def callback(html):
        titles.append(re.search("<title>(.*)</title>", html)[1])

    pool = Pool(4)
    for n in range(1, 9):
        pool.apply_async(download, [f"http://{hostname}:{port}/{n}"], callback=callback)
    pool.close()
    pool.join()
    print("\n".join(sorted(titles)))
    server.shutdown()
