// SPDX-License-Identifier: Apache-2.0
internal import COctets

/// Bytes that arrive at one end and leave at the other: the buffer of every reader and writer.
///
/// Storage is taken on first use and given back by ``releaseIfEmpty()``, so that an idle connection costs nothing. Bytes never
/// move while somebody borrows ``bytes``; the compiler proves it, because the queue cannot be copied and a borrow ends before a
/// mutation begins. Invariant: `0 <= head <= tail <= capacity`, and the storage exists whenever `capacity > 0`.
@safe package struct ByteQueue: ~Copyable {
  @usableFromInline var storage: UnsafeMutablePointer<UInt8>?
  @usableFromInline var capacity = 0
  @usableFromInline var head = 0
  @usableFromInline var tail = 0

  /// An empty queue that holds no storage yet.
  @inlinable package init() { unsafe storage = nil }

  deinit { unsafe coctets_free(storage) }

  /// How many bytes wait to be consumed.
  @inlinable package var count: Int { tail - head }

  /// How many bytes can be added before the storage must grow or its bytes move.
  @inlinable package var room: Int { capacity - tail }

  /// Whether nothing waits to be consumed.
  @inlinable package var isEmpty: Bool { tail == head }

  /// The bytes that wait, oldest first.
  @inlinable package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      guard let storage = unsafe storage else { return Span() }
      let span = unsafe Span(_unsafeStart: UnsafePointer(storage + head), count: tail - head)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Forgets the oldest bytes.
  @inlinable package mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "only what waits can be consumed")
    head += count
    if head == tail {
      head = 0
      tail = 0
    }
  }

  /// Forgets everything.
  @inlinable package mutating func removeAll() {
    head = 0
    tail = 0
  }

  /// Gives the storage back when nothing waits, and it has more than so many bytes.
  package mutating func releaseIfEmpty(largerThan kept: Int = 0) {
    guard isEmpty, capacity > kept else { return }
    unsafe coctets_free(storage)
    unsafe storage = nil
    capacity = 0
  }

  /// Adds bytes behind those that wait.
  @inlinable package mutating func append(_ more: Span<UInt8>) {
    guard !more.isEmpty else { return }
    reserve(more.count)
    unsafe more.withUnsafeBufferPointer { unsafe (storage! + tail).update(from: $0.baseAddress!, count: $0.count) }
    tail += more.count
  }

  /// Adds one byte.
  @inlinable package mutating func append(_ byte: UInt8) {
    reserve(1)
    unsafe storage![tail] = byte
    tail += 1
  }

  /// Adds the UTF-8 of a text.
  @inlinable package mutating func append(_ text: String) {
    append(text.utf8.span)
  }

  /// Adds the UTF-8 of a literal, without a string being made.
  @inlinable package mutating func append(_ text: StaticString) {
    reserve(text.utf8CodeUnitCount)
    unsafe (storage! + tail).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    tail += text.utf8CodeUnitCount
  }

  /// Adds bytes from an array.
  @inlinable package mutating func append(_ more: [UInt8]) {
    append(more.span)
  }

  /// Lets `body` write into at least `room` free bytes; it answers how many it wrote.
  @inlinable package mutating func fill(room: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    reserve(room)
    let free = unsafe UnsafeMutableRawBufferPointer(start: storage! + tail, count: capacity - tail)
    let written = unsafe body(free)
    precondition(written >= 0 && written <= capacity - tail, "a writer stays inside the room it was given")
    tail += written
    return written
  }

  /// Lets `body` add at most `room` bytes.
  @inlinable package mutating func append(addingCapacity room: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
    reserve(room)
    let free = unsafe UnsafeMutableBufferPointer(start: storage! + tail, count: room)
    var output = unsafe OutputSpan(buffer: free, initializedCount: 0)
    body(&output)
    tail += unsafe output.finalize(for: free)
  }

  /// Where the first `byte` stands, counted from the oldest byte; the search starts at `start`.
  @inlinable package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
    bytes.firstIndex(of: byte, from: start)
  }

  /// Makes room for `room` more bytes behind those that wait, moving or growing the storage when it must.
  @inlinable package mutating func reserve(_ room: Int) {
    if capacity - tail >= room { return }
    makeRoom(room)
  }

  @usableFromInline mutating func makeRoom(_ room: Int) {
    let waiting = count
    if let storage = unsafe storage, waiting + room <= capacity, waiting <= head {
      unsafe storage.update(from: storage + head, count: waiting)
    } else {
      var wanted = max(capacity, ByteQueue.smallest)
      while wanted < waiting + room { wanted *= 2 }
      guard let memory = unsafe coctets_allocate(wanted) else { preconditionFailure("there is no memory left") }
      let larger = unsafe memory.bindMemory(to: UInt8.self, capacity: wanted)
      if let storage = unsafe storage {
        unsafe larger.update(from: storage + head, count: waiting)
        unsafe coctets_free(storage)
      }
      unsafe storage = larger
      capacity = wanted
    }
    head = 0
    tail = waiting
  }

  @usableFromInline static let smallest = 512
}
