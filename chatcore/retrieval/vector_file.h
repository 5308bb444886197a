#pragma once
// The vector store on disk: one file with a checksum over every byte. It is written beside its place and renamed into
// it, so that a reader sees the old file or the new one whole, also after a power cut; and a file that is not what its
// checksum says is refused, never repaired or overwritten.
//
//   header    56 bytes: magic, version, dimensions, counts and sizes (see vector_file.cc)
//   embedder  its name
//   tables    a length for every source; a length and a source index for every chunk (32 bits each)
//   texts     sources, then chunks, one after the other
//   numbers   weights, then vectors (32-bit floats)
//   checksum  CRC-32 of all before it
// All numbers are little-endian.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chatcore/retrieval/vector_store.h"

namespace chatcore::retrieval {

// Reads no more than the file has, whatever its header claims. Errors: not_found, permission_denied, corrupt (not a
// vector store, cut short, damaged, or of a later version; the message says what to do), internal (disk).
base::Result<VectorStore> read_vector_file(const std::string& path);

// The same, for use with one embedder, known by its name. Errors: also corrupt when another one made the vectors.
base::Result<VectorStore> load_vector_store(const std::string& path, std::string_view embedder, std::size_t dimensions);

// Replaces `path` whole. Errors: invalid_argument (more text than the format can count), exhausted (disk full),
// permission_denied, internal; then what was at `path` is still there.
base::Status write_vector_file(const std::string& path, const StoreContents& contents);

}  // namespace chatcore::retrieval
