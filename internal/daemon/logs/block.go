package logs

import "sync"

// blockSize is more than the longest record, so that every block can hold one, and as much as a
// read or a write moves at a time.
const blockSize = 128 << 10

type block [blockSize]byte

// blocks are lent to whoever moves bytes and given back when it waits, so that memory does not grow
// with services and followers that are quiet.
var blocks = sync.Pool{New: func() any { return new(block) }}

func takeBlock() *block { return blocks.Get().(*block) }

func (b *block) release() { blocks.Put(b) }
