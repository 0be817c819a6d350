from multiprocessing import Pool

def square(n):
    return n * n

if __name__ == "__main__":
    with Pool() as pool:
        squares = pool.map(square, range(100))
    print("the last:", squares[-1])
    print("their sum:", sum(squares))
