from concurrent.futures import ProcessPoolExecutor

def divide(a, b):
    return a / b

if __name__ == "__main__":
    with ProcessPoolExecutor() as executor:
        half = executor.submit(divide, 1, 2)
        failed = executor.submit(divide, 1, 0)
        print("result:", half.result())
        print("done:", half.done(), "cancelled:", half.cancelled())
        print("failed:", isinstance(failed.exception(), ZeroDivisionError))
