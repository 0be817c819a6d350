/**
 * The proxies of a manager's containers.
 *
 * @module
 */

import type {
  Typecode,
  TypecodeElement,
  TypecodeInit,
  TypecodeInteger,
} from "../sync/_typecodes.ts";
import type { Callable } from "./callable.ts";
import type { BaseProxy } from "./proxy.ts";

/** What a dict can be made of: keys and values. */
export type DictInit<K, V> =
  | ReadonlyMap<K, V>
  | Iterable<readonly [K, V]>
  | (K extends string ? Readonly<Record<K, V>> : never)
  | DictProxy<K, V>;

/** What can be gone through: what is sent is all of it. A proxy is gone through where it lives. */
export type ListInit<T> = readonly T[] | ReadonlySet<T> | ListProxy<T> | SetProxy<T>;

/**
 * A dict in a manager: Python's `dict`, as Python's `DictProxy` has it.
 *
 * - Keys are told apart as a `Map` does it: they are texts, numbers and other values that are no objects, or
 *   proxies. An object is a `TypeError`, since it arrives as a copy that would never be found again.
 * - What is got is a copy; proxies in it stay proxies. To change a list in a dict, put a proxy of one there.
 * - `for await` gives the keys. When any comes or goes meanwhile, that is a {@linkcode RuntimeError}, as in Python.
 * - All of it can fail with what {@linkcode BaseProxy._callmethod} throws.
 *
 * @typeParam K The keys.
 * @typeParam V The values.
 */
export interface DictProxy<K, V> extends BaseProxy, AsyncIterable<K> {
  /** The value of a key; the fallback, by default `null`, where there is none. */
  get(key: K): Promise<V | null>;
  /** The value of a key; the fallback where there is none. */
  get<F>(key: K, fallback: F): Promise<V | F>;
  /** Sets the value of a key. */
  set(key: K, value: V): Promise<void>;
  /** Deletes a key; a {@linkcode KeyError} when it is not there. */
  delete(key: K): Promise<void>;
  /** Whether it has a key. */
  has(key: K): Promise<boolean>;
  /** Deletes a key and gives its value; a {@linkcode KeyError} when it is not there. */
  pop(key: K): Promise<V>;
  /** Deletes a key and gives its value; the fallback where it is not there. */
  pop<F>(key: K, fallback: F): Promise<V | F>;
  /** Deletes the key that was added last and gives it and its value; a {@linkcode KeyError} when it is empty. */
  popitem(): Promise<[K, V]>;
  /** The value of a key, which is set to `value` where there is none. */
  setdefault(key: K, value: V): Promise<V>;
  /** Sets all keys of another: all, or when one can't be a key, none. */
  update(source: DictInit<K, V>): Promise<void>;
  /** The keys, in the order in which they were added. */
  keys(): Promise<K[]>;
  /** The values, in the order of their keys. */
  values(): Promise<V[]>;
  /** Keys and values. */
  items(): Promise<[K, V][]>;
  /** Deletes all keys. */
  clear(): Promise<void>;
  /** A copy, which is a `Map`. */
  copy(): Promise<Map<K, V>>;
  /** How many keys there are. */
  len(): Promise<number>;
  /** The same as `copy`. */
  _getvalue(): Promise<Map<K, V>>;
}

/** How to sort. */
export interface SortOptions {
  /** Whether the greatest comes first. */
  readonly reverse?: boolean | undefined;
}

/**
 * A list in a manager: Python's `list`, as Python's `ListProxy` has it.
 *
 * - An index may be negative: -1 is the last. One that is out of range is a {@linkcode ValueError}.
 * - ListInit are equal when all that they hold is; proxies, when they are of the same object.
 * - What is got is a copy; proxies in it stay proxies.
 * - `for await` goes by index: what changes meanwhile is seen.
 * - All of it can fail with what {@linkcode BaseProxy._callmethod} throws.
 *
 * @typeParam T The items.
 */
export interface ListProxy<T> extends BaseProxy, AsyncIterable<T> {
  /** The item at an index. */
  get(index: number): Promise<T>;
  /** Sets the item at an index, which must be there. */
  set(index: number, value: T): Promise<void>;
  /** Adds an item at the end. */
  append(value: T): Promise<void>;
  /** Adds all items of another at the end. */
  extend(items: ListInit<T>): Promise<void>;
  /** Puts an item before the one at an index; any index will do. */
  insert(index: number, value: T): Promise<void>;
  /** Takes an item away, by default the last, and gives it. */
  pop(index?: number): Promise<T>;
  /** Takes the first item away that is equal to `value`; a {@linkcode ValueError} when there is none. */
  remove(value: T): Promise<void>;
  /** The index of the first such item from `start` up to `stop`; a {@linkcode ValueError} when there is none. */
  index(value: T, start?: number, stop?: number): Promise<number>;
  /** Whether there is such an item. */
  has(value: T): Promise<boolean>;
  /** How many such items there are. */
  count(value: T): Promise<number>;
  /** Turns it around. */
  reverse(): Promise<void>;
  /**
   * Sorts it: numbers by size, texts by their characters, dates by time, arrays by the first items that differ. A
   * `TypeError` when it holds anything else, or several of these; it stays as it was then.
   */
  sort(options?: SortOptions): Promise<void>;
  /** A copy of the items from `start` up to `end`. */
  slice(start?: number, end?: number): Promise<T[]>;
  /** Takes all items away. */
  clear(): Promise<void>;
  /** A copy. */
  copy(): Promise<T[]>;
  /** How many items there are. */
  len(): Promise<number>;
  /** The same as `copy`. */
  _getvalue(): Promise<T[]>;
}

/**
 * A set in a manager: Python's `set`, as Python's `SetProxy` has it.
 *
 * - ListInit are told apart as a `Set` does it: see {@linkcode DictProxy} for what can be one.
 * - `for await` gives the items that there are when it begins.
 * - All of it can fail with what {@linkcode BaseProxy._callmethod} throws.
 *
 * @typeParam T The items.
 */
export interface SetProxy<T> extends BaseProxy, AsyncIterable<T> {
  /** Adds an item. */
  add(item: T): Promise<void>;
  /** Takes an item away, if it is there. */
  discard(item: T): Promise<void>;
  /** Takes an item away; a {@linkcode KeyError} when it is not there. */
  remove(item: T): Promise<void>;
  /** Whether an item is there. */
  has(item: T): Promise<boolean>;
  /** Takes any item away and gives it; a {@linkcode KeyError} when there is none. */
  pop(): Promise<T>;
  /** Takes all items away. */
  clear(): Promise<void>;
  /** A copy, which is a `Set`. */
  copy(): Promise<Set<T>>;
  /** How many items there are. */
  len(): Promise<number>;
  /** Adds all items of the others. */
  update(...others: ListInit<T>[]): Promise<void>;
  /** Keeps only what is in all of the others, too. */
  intersection_update(...others: ListInit<T>[]): Promise<void>;
  /** Keeps only what is in none of the others. */
  difference_update(...others: ListInit<T>[]): Promise<void>;
  /** Keeps what is in one of the two only, and adds what is in the other only. */
  symmetric_difference_update(other: ListInit<T>): Promise<void>;
  /** What is in any of them. */
  union(...others: ListInit<T>[]): Promise<Set<T>>;
  /** What is in all of them. */
  intersection(...others: ListInit<T>[]): Promise<Set<T>>;
  /** What is in this one only. */
  difference(...others: ListInit<T>[]): Promise<Set<T>>;
  /** What is in one of the two only. */
  symmetric_difference(other: ListInit<T>): Promise<Set<T>>;
  /** Whether the two have no item in common. */
  isdisjoint(other: ListInit<T>): Promise<boolean>;
  /** Whether all of its items are in the other. */
  issubset(other: ListInit<T>): Promise<boolean>;
  /** Whether all of the other's items are in it. */
  issuperset(other: ListInit<T>): Promise<boolean>;
  /** The same as `copy`. */
  _getvalue(): Promise<Set<T>>;
}

/**
 * Names and what they stand for, in a manager: Python's `Namespace`, whose attributes are got and set by methods
 * here, since that takes a promise. `for await` gives names and values. A name that is not there is a
 * {@linkcode KeyError}.
 *
 * @typeParam T The names, and the types of their values.
 */
export interface NamespaceProxy<T extends object>
  extends BaseProxy, AsyncIterable<[name: keyof T & string, value: T[keyof T]]> {
  /** The value of a name. */
  get<K extends keyof T & string>(name: K): Promise<T[K]>;
  /** Sets it. */
  set<K extends keyof T & string>(name: K, value: T[K]): Promise<void>;
  /** Takes a name away. */
  delete(name: keyof T & string): Promise<void>;
  /** Whether there is such a name. */
  has(name: keyof T & string): Promise<boolean>;
  /** A copy, as a plain object. */
  copy(): Promise<T>;
  /** The same as `copy`. */
  _getvalue(): Promise<T>;
}

/**
 * A number, byte or character in a manager: Python's `Value`, as Python's `ValueProxy` has it. It takes what the
 * type code says, as {@linkcode RawValue} does.
 *
 * @typeParam C The type code.
 */
export interface ValueProxy<C extends Typecode> extends BaseProxy {
  /** The value. */
  get(): Promise<TypecodeElement<C>>;
  /** Sets it. */
  set(value: TypecodeInit<C>): Promise<void>;
  /** Adds to an integer, in one step with reading it; gives what it was before. */
  add(n: TypecodeInteger<C>): Promise<TypecodeInteger<C>>;
  /** Sets an integer, in one step with reading it; gives what it was before. */
  exchange(value: TypecodeInteger<C>): Promise<TypecodeInteger<C>>;
  /** Sets an integer if it is `expected`, in one step; gives what it was before. */
  compareExchange(
    expected: TypecodeInteger<C>,
    replacement: TypecodeInteger<C>,
  ): Promise<TypecodeInteger<C>>;
  /** The same as `get`. */
  _getvalue(): Promise<TypecodeElement<C>>;
}

/**
 * Numbers, bytes or characters in a manager: Python's `Array`, as Python's `ArrayProxy` has it. They are what the
 * type code says, as of a {@linkcode RawArray}. `for await` goes by index.
 *
 * @typeParam C The type code.
 */
export interface ArrayProxy<C extends Typecode>
  extends BaseProxy, AsyncIterable<TypecodeElement<C>> {
  /** The element at an index; a {@linkcode ValueError} when there is none. */
  get(index: number): Promise<TypecodeElement<C>>;
  /** Sets it. */
  set(index: number, value: TypecodeInit<C>): Promise<void>;
  /** A copy of the elements from `start` up to `end`, as `RawArray.slice` gives it. */
  slice(start?: number, end?: number): Promise<unknown>;
  /** Adds to an integer, in one step with reading it; gives what it was before. */
  add(index: number, n: TypecodeInteger<C>): Promise<TypecodeInteger<C>>;
  /** Sets an integer, in one step with reading it; gives what it was before. */
  exchange(index: number, value: TypecodeInteger<C>): Promise<TypecodeInteger<C>>;
  /** Sets an integer if it is `expected`, in one step; gives what it was before. */
  compareExchange(
    index: number,
    expected: TypecodeInteger<C>,
    replacement: TypecodeInteger<C>,
  ): Promise<TypecodeInteger<C>>;
  /** A copy of all elements. */
  copy(): Promise<unknown>;
  /** How many there are. */
  len(): Promise<number>;
}

/** What a pool in a manager calls: `task(url, function)`, or a function that was named so before. */
export type PoolFunction<A extends unknown[], R> = Callable<A, R>;

/** How to map in a pool of a manager. */
export interface PoolMapOptions {
  /** How many items a worker gets at a time; default chosen by how long they take. */
  readonly chunksize?: number | undefined;
}

/** How a pool in a manager is made. */
export interface ManagedPoolOptions {
  /** The most workers at a time; default as many as there are processors. */
  readonly processes?: number | undefined;
  /** What each worker calls first. */
  readonly initializer?: PoolFunction<never[], unknown> | undefined;
  /** Its arguments. */
  readonly initargs?: readonly unknown[] | undefined;
  /** After how many calls a worker is replaced. */
  readonly maxtasksperchild?: number | undefined;
}

/**
 * The result of a call that a pool in a manager has taken: Python's `AsyncResult`, whose methods give promises.
 *
 * @typeParam R The result.
 */
export interface AsyncResultProxy<R> extends BaseProxy {
  /** The result, or the error of the call; a `TimeoutError` when it is not there within so many milliseconds. */
  get(timeout?: number): Promise<R>;
  /** Waits until it is there, or for so many milliseconds. */
  wait(timeout?: number): Promise<void>;
  /** Whether the call has ended. */
  ready(): Promise<boolean>;
  /** Whether it has ended without an error; a {@linkcode ValueError} before its end. */
  successful(): Promise<boolean>;
}

/**
 * A pool in a manager: Python's `Pool`, as Python's `PoolProxy` has it. The manager's process has the workers.
 *
 * Functions go by reference, as `task(url, function)`, to a module that the manager knows: the program's main
 * module, one listed in its `modules`, or one of what is registered with it. Any other is a `TypeError`.
 */
export interface PoolProxy extends BaseProxy {
  /** Has a worker call a function, and waits for its result. */
  apply<A extends unknown[], R>(fn: PoolFunction<A, R>, args?: A): Promise<Awaited<R>>;
  /** Has a worker call a function, and does not wait for it. */
  apply_async<A extends unknown[], R>(
    fn: PoolFunction<A, R>,
    args?: A,
  ): Promise<AsyncResultProxy<Awaited<R>>>;
  /** Has workers call a function for each item, and waits for all results. */
  map<T, R>(
    fn: PoolFunction<[T], R>,
    items: readonly T[],
    options?: PoolMapOptions,
  ): Promise<Awaited<R>[]>;
  /** The same, and does not wait for it. */
  map_async<T, R>(
    fn: PoolFunction<[T], R>,
    items: readonly T[],
    options?: PoolMapOptions,
  ): Promise<AsyncResultProxy<Awaited<R>[]>>;
  /** As `map`, of arrays of arguments. */
  starmap<A extends unknown[], R>(
    fn: PoolFunction<A, R>,
    items: readonly A[],
    options?: PoolMapOptions,
  ): Promise<Awaited<R>[]>;
  /** The same, and does not wait for it. */
  starmap_async<A extends unknown[], R>(
    fn: PoolFunction<A, R>,
    items: readonly A[],
    options?: PoolMapOptions,
  ): Promise<AsyncResultProxy<Awaited<R>[]>>;
  /** As `map`, with one result after the other. */
  imap<T, R>(
    fn: PoolFunction<[T], R>,
    items: readonly T[],
    options?: PoolMapOptions,
  ): Promise<BaseProxy & AsyncIterable<Awaited<R>>>;
  /** The same, in the order in which they come. */
  imap_unordered<T, R>(
    fn: PoolFunction<[T], R>,
    items: readonly T[],
    options?: PoolMapOptions,
  ): Promise<BaseProxy & AsyncIterable<Awaited<R>>>;
  /** Takes no more work. */
  close(): Promise<void>;
  /** Ends its workers. */
  terminate(): Promise<void>;
  /** Waits for the workers to end, once it is closed or terminated. */
  join(): Promise<void>;
}
