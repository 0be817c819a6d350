import socket
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

def serve(client):
    with client:
        while data := client.recv(1024):
            client.sendall(data.decode().upper().encode())

def serve_all(listener, count):
    with ProcessPoolExecutor(4) as executor:
        clients = [executor.submit(serve, listener.accept()[0]) for _ in range(count)]
        for client in clients:
            client.result()
    return len(clients)

def ask(address, question):
    with socket.create_connection(address) as server:
        server.sendall(question.encode())
        server.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: server.recv(1024), b"")).decode()

if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(50) as clients:
        address = listener.getsockname()
        questions = [f"client {n}" for n in range(50)]
        answers = clients.map(lambda question: ask(address, question), questions)
        served = serve_all(listener, 50)
        print("answered rightly:", sum(a == f"CLIENT {n}" for n, a in enumerate(answers)))
        print("clients that were served:", served)
