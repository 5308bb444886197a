#pragma once
// The vector store on disk: one file with a checksum over every byte. It is written beside its place and renamed into
// it, so that a reader sees the old file or the new one whole, also after a power cut; and a file that is not what its
// checksum says is refused, never repaired or overwritten. It is mapped, not read: processes share its memory, and what
// they share is page cache, which the kernel takes back when it needs it.
//
//   header    128 bytes: magic, version, dimensions, counts and sizes
//   embedder  its name
//   tables    where each source's name lies; where each chunk's text and terms lie, its source, its code's scale
//   weights   how rare each word is (32-bit floats)
//   terms     the words of each chunk as numbers
//   texts     sources, then chunks, one after the other
//   codes     one byte a number of the vectors, for a first pass
//   vectors   32-bit floats
//   graph     which chunks are near each other, in a large store
//   checksum  CRC-32 of all before it
// All numbers are little-endian, and each section begins at a multiple of 64 bytes; see vector_file_format.h.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chatcore/retrieval/vector_store.h"

namespace chatcore::retrieval {

// Maps the file and checks every byte of it. Takes no more than the file has, whatever its header claims. Errors:
// not_found, permission_denied, conflict (of an earlier version: whole as far as one can tell, to be made again by
// `chatcore ingest`), corrupt (not a vector store, cut short, damaged, or of a later version), internal (disk). The
// message says what to do.
base::Result<VectorStore> read_vector_file(const std::string& path);

// The same, for use with one embedder, known by its name. Errors: also conflict when another one made the vectors.
base::Result<VectorStore> load_vector_store(const std::string& path, std::string_view embedder, std::size_t dimensions);

// Replaces `path` whole. Errors: invalid_argument (more text than the format can count), exhausted (disk full),
// permission_denied, internal; then what was at `path` is still there.
base::Status write_vector_file(const std::string& path, const StoreContents& contents);

// A store of these bytes, which `memory` keeps alive; errors as above, with `name` for the file's. The bytes begin at a
// multiple of 64.
base::Result<VectorStore> parse_vector_file(std::span<const std::byte> bytes, std::shared_ptr<const void> memory,
                                            const std::string& name);
// Without a file, in memory of its own.
VectorStore make_vector_store(const StoreContents& contents);

}  // namespace chatcore::retrieval
