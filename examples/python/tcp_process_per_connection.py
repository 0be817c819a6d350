import socket
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Process

def serve(client):
    with client:
        while data := client.recv(1024):
            client.sendall(data.decode().upper().encode())

def serve_all(listener, count):
    processes = []
    for _ in range(count):
        client, _ = listener.accept()
        with client:
            process = Process(target=serve, args=(client,))
            process.start()
            processes.append(process)
    for process in processes:
        process.join()
    return sum(process.exitcode == 0 for process in processes)

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
        print("processes that have ended well:", served)
