from concurrent.futures import ProcessPoolExecutor

def is_prime(n):
    d = 2
    while d * d <= n:
        if n % d == 0:
            return False
        d += 1
    return n > 1

if __name__ == "__main__":
    numbers = [2147483647, 600851475143, 97, 1000000007]
    with ProcessPoolExecutor() as executor:
        for number, prime in zip(numbers, executor.map(is_prime, numbers)):
            print(f"{number} is prime:", prime)
